"""The wire formats that the gateway speaks, by their names. Each is without state."""

from collections.abc import Mapping

from .anthropic import AnthropicDialect
from .gemini import GeminiDialect
from .ollama import OllamaDialect
from .openai import OpenAIDialect
from .responses import ResponsesDialect
from .values import Dialect

__all__ = ["DIALECTS"]

DIALECTS: Mapping[str, Dialect] = {
    dialect.wire: dialect
    for dialect in (
        OpenAIDialect(),
        ResponsesDialect(),
        AnthropicDialect(),
        GeminiDialect(),
        OllamaDialect(),
    )
}
