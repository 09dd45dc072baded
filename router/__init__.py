"""A router for language models: fallback, budgets and exact cost over several providers.

    from router import LLMRouter

    async with LLMRouter.from_env() as router:
        answer = await router.complete("What is the capital of France?")

Names are loaded when they are first used: importing this package imports no SDK and no prices.
What must not be here: anything of pytest, of the plugin or of the fakes.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .budget import CostManagementPolicy
    from .clients.anthropic import AnthropicClient
    from .clients.base import LLMClient, ProviderFailure
    from .clients.gemini import GeminiClient
    from .clients.http import HTTPClient
    from .clients.mock import MockLLMClient
    from .clients.ollama import OllamaClient
    from .clients.openai import OpenAIClient
    from .clients.registry import create_provider
    from .costs import CostTracker, MockCostTracker
    from .errors import (
        AllAttemptsFailed,
        BudgetExceeded,
        CallFailed,
        ConfigError,
        DeadlineExceeded,
        NoTarget,
        RouterError,
        StreamInterrupted,
        UnknownPrice,
        UnknownProvider,
    )
    from .facade import SyncRouter
    from .policy import RouterPolicy
    from .router import LLMRouter
    from .types import (
        Answer,
        Image,
        LLMRequest,
        LLMResponse,
        Message,
        OutputSchema,
        TaskContext,
        TaskRequest,
        TaskResponse,
        Text,
        Tool,
        ToolCall,
        ToolResult,
        Usage,
    )

__all__ = [
    "AllAttemptsFailed",
    "Answer",
    "AnthropicClient",
    "BudgetExceeded",
    "CallFailed",
    "ConfigError",
    "CostManagementPolicy",
    "CostTracker",
    "DeadlineExceeded",
    "GeminiClient",
    "HTTPClient",
    "Image",
    "LLMClient",
    "LLMRequest",
    "LLMResponse",
    "LLMRouter",
    "Message",
    "MockCostTracker",
    "MockLLMClient",
    "NoTarget",
    "OllamaClient",
    "OpenAIClient",
    "OutputSchema",
    "ProviderFailure",
    "RouterError",
    "RouterPolicy",
    "StreamInterrupted",
    "SyncRouter",
    "TaskContext",
    "TaskRequest",
    "TaskResponse",
    "Text",
    "Tool",
    "ToolCall",
    "ToolResult",
    "UnknownPrice",
    "UnknownProvider",
    "Usage",
    "create_provider",
]

_HOMES = {
    "budget": ("CostManagementPolicy",),
    "clients.anthropic": ("AnthropicClient",),
    "clients.base": ("LLMClient", "ProviderFailure"),
    "clients.gemini": ("GeminiClient",),
    "clients.http": ("HTTPClient",),
    "clients.mock": ("MockLLMClient",),
    "clients.ollama": ("OllamaClient",),
    "clients.openai": ("OpenAIClient",),
    "clients.registry": ("create_provider",),
    "costs": ("CostTracker", "MockCostTracker"),
    "errors": (
        "AllAttemptsFailed",
        "BudgetExceeded",
        "CallFailed",
        "ConfigError",
        "DeadlineExceeded",
        "NoTarget",
        "RouterError",
        "StreamInterrupted",
        "UnknownPrice",
        "UnknownProvider",
    ),
    "facade": ("SyncRouter",),
    "policy": ("RouterPolicy",),
    "router": ("LLMRouter",),
    "types": (
        "Answer",
        "Image",
        "LLMRequest",
        "LLMResponse",
        "Message",
        "OutputSchema",
        "TaskContext",
        "TaskRequest",
        "TaskResponse",
        "Text",
        "Tool",
        "ToolCall",
        "ToolResult",
        "Usage",
    ),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_HOME_OF[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
