"""Ollama's `POST /api/chat` as the gateway serves it."""

from .dialect import OllamaDialect

__all__ = ["OllamaDialect"]
