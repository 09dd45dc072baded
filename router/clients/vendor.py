"""What every client checks of itself and of a request before it sends."""

from collections.abc import Mapping
from typing import Any, Protocol

from ..types import LLMRequest
from .base import ProviderFailure
from .sdk import Key

__all__ = ["extra_of", "ready"]


class Named(Protocol):
    """The part of a client that is asked for here."""

    name: str
    model: str


def ready(client: Named, request: LLMRequest, key: Key | None) -> str:
    """The model to ask. Raises ProviderFailure, before anything is sent: "auth" without a key,
    "bad_request" without a model or a message."""
    if key is not None and key.read() is None:
        raise ProviderFailure(
            "auth",
            f"{client.name} has no API key: {key.hint}",
            certainty="not_sent",
            code="missing_key",
        )
    model = request.model or client.model
    if not model:
        raise _wrong(client.name, "model", "no model is named: pass model= to the client")
    if not request.messages:
        raise _wrong(client.name, "messages", "the request has no messages")
    return model


def extra_of(request: LLMRequest, *names: str) -> Mapping[str, Any]:
    """What the request adds to this client's body: by the vendor's name, then by the client's."""
    extra: dict[str, Any] = {}
    for name in names:
        extra |= request.extra.get(name, {})
    return extra


def _wrong(name: str, code: str, problem: str) -> ProviderFailure:
    return ProviderFailure("bad_request", f"{name}: {problem}", certainty="not_sent", code=code)
