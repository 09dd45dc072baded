"""OpenAI, over the official `openai` SDK: Chat Completions and Responses."""

from .client import OpenAIClient

__all__ = ["OpenAIClient"]
