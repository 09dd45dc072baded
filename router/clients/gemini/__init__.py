"""Gemini, over the official `google-genai` SDK."""

from .client import GeminiClient

__all__ = ["GeminiClient"]
