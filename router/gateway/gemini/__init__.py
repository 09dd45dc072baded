"""Gemini's `:generateContent` and `:streamGenerateContent` as the gateway serves it."""

from .dialect import GeminiDialect

__all__ = ["GeminiDialect"]
