"""One HTTP request and what comes of it, the same for every vendor: whole, or as a stream.

Here live deadlines, the terminal marker's absence, malformed lines, errors inside an answer, and
the closing of the connection. What bytes mean is the decoder's, how they are asked for the
client's, whether to try again the router's.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from ..types import Gap, LLMResponse, Noise, StreamEvent, Usage
from .base import ProviderFailure
from .failures import Vendor
from .framing import Frame, Garbled

if TYPE_CHECKING:
    import httpx
    import httpx2

    Response = httpx.Response | httpx2.Response

__all__ = [
    "Decoder",
    "Framing",
    "InBand",
    "Unreadable",
    "closed",
    "lowered",
    "streamed",
    "whole",
]

T = TypeVar("T")
TRAILER_S = 5.0
"""How long a finished stream may take to tell its usage; after that it ends without."""
DRAIN_S = 0.1
"""How long the end of the body is waited for, so that the connection can be used again."""
CLOSE_S = 0.1
"""How long a connection's closing may take."""


class InBand(Exception):
    """An answer turned out to be an error; `body` is the vendor's error body."""

    def __init__(self, body: Any) -> None:
        super().__init__("an error inside an answer")
        self.body = body


class Unreadable(Exception):
    """An answer is not of its vendor's form; str() says where."""


class Framing(Protocol):
    """Bytes into JSON values: see framing.py."""

    malformed: int
    lost: int
    done: bool

    def feed(self, chunk: bytes) -> list[Frame]: ...

    def end(self) -> list[Frame]: ...


class Decoder(Protocol):
    """One stream of one vendor: JSON values into events.

    `finished` once the terminal marker came; `over` once nothing more can follow; `shown` once
    something visible came; `usage` as far as it was told. `feed` raises InBand and Unreadable.
    """

    finished: bool
    over: bool
    shown: bool
    usage: Usage | None

    def open(self, headers: Mapping[str, str]) -> Iterable[StreamEvent]: ...

    def feed(self, frame: Frame) -> Iterable[StreamEvent]: ...


async def whole(
    vendor: Vendor,
    send: Callable[[], Awaitable["Response"]],
    decode: Callable[[Any, Mapping[str, str]], LLMResponse],
    *,
    timeout_s: float | None,
) -> LLMResponse:
    """Send, read all, decode. Raises ProviderFailure."""
    response: Response | None = None
    try:
        async with asyncio.timeout(timeout_s):
            response = await send()
            await response.aread()
        return decode(_json(response), lowered(response.headers))
    except ProviderFailure:
        raise
    except Exception as problem:
        raise _failure(vendor, problem, response is not None, None) from None
    finally:
        if response is not None:
            await closed(response)


async def streamed(
    vendor: Vendor,
    send: Callable[[], Awaitable["Response"]],
    framing: Framing,
    decoder: Decoder,
    *,
    timeout_s: float | None,
) -> AsyncGenerator[StreamEvent, None]:
    """Send, and yield events until the vendor's end. Raises ProviderFailure, "stream_cut" when the
    terminal marker did not come; what goes wrong after it ends the stream as it is."""
    ends_s = None if timeout_s is None else asyncio.get_running_loop().time() + timeout_s
    response: Response | None = None
    odd = lost = 0
    try:
        response = await _within(send(), ends_s)
        for event in decoder.open(lowered(response.headers)):
            yield event
        chunks = response.aiter_bytes()
        while (frames := await _next(chunks, framing, decoder, ends_s)) is not None:
            # Told before what came with it: once that is shown, no other target can answer.
            for _ in range(framing.lost - lost):
                yield Gap(detail="an event that is not JSON")
            for _ in range(framing.malformed - framing.lost - odd):
                yield Noise(kind="malformed", detail="a line that is no event")
            odd, lost = framing.malformed - framing.lost, framing.lost
            for frame in frames:
                for event in decoder.feed(frame):
                    yield event
            if decoder.over or (framing.done and decoder.finished):
                await _drain(chunks)
                break
        if not decoder.finished:
            raise vendor.broken("stream_cut", "the stream ended without its terminal marker", True)
    except ProviderFailure as failure:
        failure.usage = failure.usage or decoder.usage
        raise
    except Exception as problem:
        if not decoder.finished:
            raise _failure(vendor, problem, response is not None, decoder) from None
    finally:
        if response is not None:
            await closed(response)


async def _within(work: Awaitable[T], ends_s: float | None) -> T:
    """Await until the loop's time is `ends_s`. Raises TimeoutError."""
    if ends_s is None:
        return await work
    async with asyncio.timeout_at(ends_s):
        return await work


async def closed(response: "Response") -> None:
    """Close, and with it the connection where the body was not read to its end."""
    try:
        async with asyncio.timeout(CLOSE_S):
            await response.aclose()
    except Exception:  # whatever a closing connection says, it is closed
        return


def lowered(headers: Mapping[str, str]) -> dict[str, str]:
    """Headers by lower-case name."""
    return {name.lower(): value for name, value in headers.items()}


async def _next(
    chunks: AsyncIterator[bytes], framing: Framing, decoder: Decoder, ends_s: float | None
) -> list[Frame] | None:
    """The frames of the next chunk; None at the end."""
    if decoder.finished:
        trailer_s = asyncio.get_running_loop().time() + TRAILER_S
        ends_s = trailer_s if ends_s is None else min(ends_s, trailer_s)
    try:
        return framing.feed(await _within(anext(chunks), ends_s))
    except StopAsyncIteration:
        return framing.end() or None


async def _drain(chunks: AsyncIterator[bytes]) -> None:
    try:
        async with asyncio.timeout(DRAIN_S):
            async for _ in chunks:
                pass
    except Exception:  # the answer is whole; only the connection is lost
        return


def _failure(
    vendor: Vendor, problem: Exception, started: bool, decoder: Decoder | None
) -> ProviderFailure:
    usage = decoder.usage if decoder else None
    shown = decoder.shown if decoder else False
    if isinstance(problem, InBand):
        return vendor.of_inband(problem.body, shown=shown, usage=usage)
    if isinstance(problem, TimeoutError):
        failure = vendor.broken("timeout_total", "the time for this attempt is over", started)
    elif isinstance(problem, UnicodeEncodeError) and not started:
        # The request's fault, whoever is asked: it must not count against this vendor's health.
        told = "the request holds half of a surrogate pair, which is no character"
        failure = ProviderFailure("bad_request", told, certainty="not_sent", code="no_character")
    elif isinstance(problem, (Garbled, Unreadable)):
        failure = vendor.broken("protocol_bad", str(problem), started)
    else:
        known = vendor.of_exception(problem, started=started)
        if known is None:
            raise problem
        failure = known
    failure.usage = failure.usage or usage
    return failure


def _json(response: "Response") -> Any:
    try:
        body = response.json()
    except ValueError:
        kind = response.headers.get("content-type", "no content type")
        raise Unreadable(f"the answer is not JSON ({kind})") from None
    if not isinstance(body, dict):
        raise Unreadable("the answer is not a JSON object")
    return body
