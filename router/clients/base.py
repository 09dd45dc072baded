"""What a provider's client must be, and the one failure that it may raise.

Nothing here knows a vendor. A client turns an LLMRequest into its vendor's request, exactly one
HTTP request a call (vendor retries off), and what comes back into the router's types; every
failure of the vendor or of the way there becomes a ProviderFailure.
"""

import inspect
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Literal, Protocol, cast, runtime_checkable

from ..errors import ERROR_CLASSES, ConfigError, ErrorClass, ErrorClassName
from ..types import Certainty, LLMRequest, LLMResponse, RateLimit, StreamEvent, Usage

__all__ = ["LLMClient", "LimitScope", "ProviderFailure", "check_client"]

# Which of the account's limits a 429 closed; "unknown" closes the whole key for that model.
LimitScope = Literal[
    "requests", "tokens", "input_tokens", "output_tokens", "day", "concurrency", "unknown"
]


@runtime_checkable
class LLMClient(Protocol):
    """One provider. `request.model` overrides the client's own model when it is set.

    `cost_per_1k_tokens` (US dollars, 0 for what is free) and `latency_ms` are the client's
    static idea of itself, used where no price and no measurement is known. `available` is False
    while the client cannot work at all (its key is missing, say).
    """

    @property
    def name(self) -> str: ...

    @property
    def model(self) -> str: ...

    @property
    def cost_per_1k_tokens(self) -> Decimal: ...

    @property
    def latency_ms(self) -> float: ...

    @property
    def available(self) -> bool: ...

    async def complete(self, request: LLMRequest, *, timeout_s: float | None = None) -> LLMResponse:
        """One HTTP request, one whole response. Raises ProviderFailure."""
        ...

    def stream(
        self, request: LLMRequest, *, timeout_s: float | None = None
    ) -> AsyncIterator[StreamEvent]:
        """An async generator: one HTTP request when first asked for an event. Raises
        ProviderFailure, also mid-stream; a missing terminal marker is the class "stream_cut".
        Closing the generator (`aclose`) or cancelling it closes the connection at once."""
        ...


_MEMBERS = (
    "available",
    "complete",
    "cost_per_1k_tokens",
    "latency_ms",
    "model",
    "name",
    "stream",
)


def check_client(name: str, client: object) -> LLMClient:
    """The client itself, if it satisfies the Protocol.

    Raises ConfigError that names what is missing.
    """
    missing = [member for member in _MEMBERS if not hasattr(client, member)]
    if missing:
        raise ConfigError(
            f"the client of provider {name!r}, a {type(client).__name__}, is no LLMClient:"
            f" it lacks {', '.join(missing)} (router.clients.base.LLMClient says what they are)"
        )
    for member in ("complete", "stream"):
        if problem := _misshaped(member, getattr(client, member)):
            raise ConfigError(
                f"the client of provider {name!r}, a {type(client).__name__}, is no LLMClient:"
                f" {problem}"
            )
    return cast("LLMClient", client)


def _misshaped(member: str, method: object) -> str:
    """Why a method cannot be called as the Protocol's, as far as that shows without a call."""
    head = f"write {'async def' if member == 'complete' else 'def'} {member}(self, request, *,"
    if not callable(method):
        return f"its {member} is no method: {head} timeout_s=None)"
    try:
        inspect.signature(method).bind(None, timeout_s=None)
    except TypeError as problem:
        return f"its {member} cannot be called so, {problem}: {head} timeout_s=None)"
    except ValueError:
        return ""  # of no known signature
    if member == "stream" and inspect.iscoroutinefunction(method):
        return "its stream is a coroutine: an async generator has a `yield` in it"
    if member == "complete" and inspect.isasyncgenfunction(method):
        return "its complete is an async generator: it returns one LLMResponse"
    return ""


class ProviderFailure(Exception):
    """One attempt failed. Carries no body of the vendor's: `message` is short and clean.

    `retry_after_s` is how long the vendor asks to wait, in seconds from now whatever its syntax
    was, rounded up, never down. `usage` is what the vendor told before it failed, if it did.
    """

    def __init__(
        self,
        error_class: ErrorClassName,
        message: str = "",
        *,
        certainty: Certainty,
        status: int | None = None,
        code: str = "",
        retry_after_s: float | None = None,
        scope: LimitScope = "unknown",
        usage: Usage | None = None,
        request_id: str = "",
        limits: tuple[RateLimit, ...] = (),
    ) -> None:
        super().__init__(message or error_class)
        self.error_class: ErrorClassName = error_class
        self.message = message
        self.certainty: Certainty = certainty
        self.status = status
        self.code = code
        self.retry_after_s = retry_after_s
        self.scope: LimitScope = scope
        self.usage = usage
        self.request_id = request_id
        self.limits = limits

    @property
    def row(self) -> ErrorClass:
        """This class's line of the decision table."""
        return ERROR_CLASSES[self.error_class]
