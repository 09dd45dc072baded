"""Ollama, over the official `ollama` SDK."""

from .client import OllamaClient

__all__ = ["OllamaClient"]
