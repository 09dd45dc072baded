"""What the clients of vendors share: one request, whole or streamed, and what is checked of it.

Each client adds how its request is sent. Not for other providers: those satisfy `LLMClient` in
whichever way they like.
"""

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from ..types import LLMRequest, LLMResponse, StreamEvent
from .base import ProviderFailure
from .calling import Decoder, Framing, closed, lowered, streamed, whole
from .failures import Vendor, body_of
from .framing import SseEvents
from .sdk import Connections, Key, imported

if TYPE_CHECKING:
    import httpx
    import httpx2

__all__ = ["Form", "VendorClient", "checked", "extra_of", "ready"]

Response = TypeVar("Response", "httpx.Response", "httpx2.Response")


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How a vendor's answers are read: its errors, a whole answer, a stream's bytes and events."""

    vendor: Vendor
    response: Callable[[Any, Mapping[str, str]], LLMResponse]
    stream: Callable[[], Decoder]
    framing: Callable[[], Framing] = SseEvents


class VendorClient(ABC):
    """One request of one vendor, in its form. `sdk` is the module that it is sent with and the
    extra that installs it, None for none but the HTTP library."""

    sdk: tuple[str, str] | None = None

    def __init__(
        self,
        form: Form,
        *,
        name: str,
        model: str,
        key: Key,
        must_have_key: bool = True,
        cost_per_1k_tokens: Decimal,
        latency_ms: float,
        connections: Connections | None,
    ) -> None:
        self.name = name
        self.model = model
        self.cost_per_1k_tokens = cost_per_1k_tokens
        self.latency_ms = latency_ms
        self._form = form
        self._key = key
        self._must_have_key = must_have_key
        self._connections = connections or Connections()

    @property
    def available(self) -> bool:
        """Whether there is a key, where there must be one."""
        return not self._must_have_key or self._key.read() is not None

    async def complete(self, request: LLMRequest, *, timeout_s: float | None = None) -> LLMResponse:
        """One request, one whole answer. Raises ProviderFailure."""
        send = partial(self._send, request, stream=False)
        return await whole(self._form.vendor, send, self._form.response, timeout_s=timeout_s)

    def stream(
        self, request: LLMRequest, *, timeout_s: float | None = None
    ) -> AsyncGenerator[StreamEvent, None]:
        """One request, when first asked for an event. Raises ProviderFailure, also midway."""
        form, send = self._form, partial(self._send, request, stream=True)
        return streamed(form.vendor, send, form.framing(), form.stream(), timeout_s=timeout_s)

    def warm_up(self) -> None:
        """Import the SDK and read the certificates now, not within the first call's time: it may
        take seconds. Raises ConfigError where the SDK is not installed."""
        if self.sdk is not None:
            imported(self.sdk[0], extra=self.sdk[1])
        _ = self._connections.tls

    @abstractmethod
    async def _send(self, request: LLMRequest, *, stream: bool) -> Any:
        """The response with its head read and its body not."""


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
