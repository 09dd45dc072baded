"""What every client checks: of itself and of a request before it sends, of an answer's status."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from ..types import LLMRequest
from .base import ProviderFailure
from .calling import closed, lowered
from .failures import Vendor, body_of
from .sdk import Key

if TYPE_CHECKING:
    import httpx
    import httpx2

__all__ = ["checked", "extra_of", "ready"]

Response = TypeVar("Response", "httpx.Response", "httpx2.Response")


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


async def checked(response: Response, vendor: Vendor) -> Response:
    """The response if its status is 200 to 299; read, closed and raised as a ProviderFailure
    otherwise. For clients whose HTTP library does not raise by itself."""
    if response.is_success:
        return response
    try:
        await response.aread()
    finally:
        await closed(response)
    raise vendor.of_status(response.status_code, lowered(response.headers), body_of(response))


def _wrong(name: str, code: str, problem: str) -> ProviderFailure:
    return ProviderFailure("bad_request", f"{name}: {problem}", certainty="not_sent", code=code)
