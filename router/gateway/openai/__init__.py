"""OpenAI's `POST /v1/chat/completions` as the gateway serves it."""

from .dialect import OpenAIDialect

__all__ = ["OpenAIDialect"]
