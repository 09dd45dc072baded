"""Claude, over the official `anthropic` SDK."""

from .client import AnthropicClient

__all__ = ["AnthropicClient"]
