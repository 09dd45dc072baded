"""The router behind HTTP: OpenAI's, Anthropic's, Gemini's and Ollama's own APIs, one budget.

    from router.gateway import GatewaySettings, create_app

Needs starlette and uvicorn, which are imported when these names are first used. What must not be
here: decisions about targets, money or retries (the router's), and anything of the fakes.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .app import create_app
    from .settings import GatewaySettings

__all__ = ["GatewaySettings", "create_app"]

_HOMES = {"GatewaySettings": "settings", "create_app": "app"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)


def __dir__() -> list[str]:
    return __all__
