"""Anthropic's `POST /v1/messages` as the gateway serves it."""

from .dialect import AnthropicDialect

__all__ = ["AnthropicDialect"]
