"""OpenAI's `POST /v1/responses` as the gateway serves it."""

from .dialect import ResponsesDialect

__all__ = ["ResponsesDialect"]
