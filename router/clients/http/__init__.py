"""Any other endpoint: one that imitates OpenAI's, or one that takes a prompt and gives a result."""

from .client import HTTPClient

__all__ = ["HTTPClient"]
