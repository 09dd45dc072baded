"""What streams do wrong on the wire, and what every client makes of it."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import Any

import pytest

from router.clients.base import ProviderFailure
from router.clients.framing import MALFORMED_MAX
from router.types import TextDelta, as_request

from .rawserver import chunked, head, rawserver
from .streams import STREAMS, Script
from .support import Case, Heard, by_id, every_client, hear

HELLO = as_request("Hello")
PATIENCE_S = 60


async def _listen(case: Case, url: str, **limits: Any) -> Heard:
    client = case.make(url, case.model)
    try:
        async with aclosing(client.stream(HELLO, **limits)) as events:
            return hear([event async for event in events])
    finally:
        await client.aclose()


def _sent(case: Case, *pieces: bytes, **limits: Any) -> Heard:
    """What the client hears when these pieces come after the headers, and then the end."""

    async def talk(writer: asyncio.StreamWriter) -> None:
        writer.write(head(STREAMS[case.id].content_type))
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)

    return _heard(case, talk, **limits)


def _heard(
    case: Case,
    talk: Callable[[asyncio.StreamWriter], Awaitable[None]],
    *,
    waits: bool = False,
    **limits: Any,
) -> Heard:
    async def run() -> Heard:
        async with rawserver(talk, waits=waits) as server:
            return await _listen(case, server.url, **limits)

    return asyncio.run(run())


def _failed(case: Case, *pieces: bytes, **limits: Any) -> ProviderFailure:
    with pytest.raises(ProviderFailure) as caught:
        _sent(case, *pieces, **limits)
    return caught.value


def script(case: Case) -> Script:
    return STREAMS[case.id]


@every_client
def test_whole_stream(case: Case) -> None:
    """The scripts of these tests are whole streams, in whatever pieces they come."""
    for size in (1, 7, 10_000):
        whole = script(case).whole
        said = _sent(case, *(whole[i : i + size] for i in range(0, len(whole), size)))
        assert (said.text, said.finish_reason) == ("Hello world", "stop")
        assert said.usage is not None and (said.usage.input, said.usage.output) == (3, 2)


@every_client
def test_end_without_terminal_marker(case: Case) -> None:
    """A clean end of the body is a cut stream unless the terminal marker came: nothing is made
    up, and what was told of usage is kept."""
    failed = _failed(case, *script(case).before)
    assert (failed.error_class, failed.certainty) == ("stream_cut", "response_started")
    if case.id in ("claude", "gemini"):
        assert failed.usage is not None and failed.usage.input == 3


@every_client
def test_nothing_after_the_headers(case: Case) -> None:
    """Headers and then the end are a cut stream."""
    assert _failed(case).error_class == "stream_cut"


@every_client
def test_cut_within_a_line(case: Case) -> None:
    """Half a line at the end does not count as a line."""
    pieces = script(case).before
    assert _failed(case, *pieces[:-1], pieces[-1][:-12]).error_class == "stream_cut"


@pytest.mark.parametrize("name", ["chat", "http"])
def test_missing_done_is_no_failure(name: str) -> None:
    """A finish reason without `[DONE]` after it is an end."""
    said = _sent(by_id(name), STREAMS[name].whole.removesuffix(b"data: [DONE]\n\n"))
    assert said.finish_reason == "stop" and said.usage is not None


@every_client
def test_reset_midway(case: Case) -> None:
    """A connection that is reset midway is a cut stream."""

    async def talk(writer: asyncio.StreamWriter) -> None:
        writer.write(head(script(case).content_type) + b"".join(script(case).before))
        await writer.drain()
        await asyncio.sleep(0.02)
        writer.transport.abort()

    with pytest.raises(ProviderFailure) as caught:
        _heard(case, talk)
    assert caught.value.error_class == "stream_cut"


@every_client
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_reset_before_headers(case: Case, streamed: bool) -> None:
    """A connection that ends before any header may have been accepted: an early reset."""

    async def talk(writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    async def run() -> ProviderFailure:
        async with rawserver(talk) as server:
            with pytest.raises(ProviderFailure) as caught:
                client = case.make(server.url, case.model)
                if streamed:
                    await anext(client.stream(HELLO))
                else:
                    await client.complete(HELLO)
            await client.aclose()
            assert server.requests == 1, "vendor retries are off"
            return caught.value

    failed = asyncio.run(run())
    assert (failed.error_class, failed.certainty) == ("reset_early", "possibly_accepted")


@every_client
def test_whole_answer_cut(case: Case) -> None:
    """A whole answer whose body is shorter than was announced is a cut one."""

    async def talk(writer: asyncio.StreamWriter) -> None:
        writer.write(head("application/json", "content-length: 4000") + b'{"id": "x", "content"')
        await writer.drain()

    async def run() -> ProviderFailure:
        async with rawserver(talk) as server:
            client = case.make(server.url, case.model)
            with pytest.raises(ProviderFailure) as caught:
                await client.complete(HELLO)
            await client.aclose()
            return caught.value

    failed = asyncio.run(run())
    assert (failed.error_class, failed.certainty) == ("stream_cut", "response_started")


@every_client
def test_malformed_line_is_skipped(case: Case) -> None:
    """One malformed line is skipped and told, and the rest of the stream is read."""
    first, *rest = script(case).before
    said = _sent(case, first, script(case).garbage, *rest, *script(case).after)
    assert (said.text, said.finish_reason, said.malformed) == ("Hello world", "stop", 1)


@every_client
def test_too_much_garbage(case: Case) -> None:
    """A stream of garbage is bad protocol."""
    assert (
        _failed(case, *[script(case).garbage] * (MALFORMED_MAX + 1)).error_class == "protocol_bad"
    )


@every_client
def test_malformed_terminal_marker(case: Case) -> None:
    """A malformed line that hides the terminal marker leaves a cut stream."""
    assert _failed(case, *script(case).before, script(case).garbage).error_class == "stream_cut"


@every_client
def test_error_inside_the_stream(case: Case) -> None:
    """An error after content is an error in the stream, with the usage told before it."""
    failed = _failed(case, *script(case).before, script(case).error)
    assert (failed.error_class, failed.certainty) == ("stream_inband", "response_started")


@every_client
def test_error_as_first_thing(case: Case) -> None:
    """Before any content an error inside the stream counts as what it says."""
    limited = "stream_inband" if case.id == "ollama" else "rate_limit"  # Ollama has but words
    assert _failed(case, script(case).error).error_class == "stream_inband"
    assert _failed(case, script(case).limited).error_class == limited


@every_client
def test_time_of_the_attempt(case: Case) -> None:
    """A stalled stream ends when its time is over."""

    async def talk(writer: asyncio.StreamWriter) -> None:
        writer.write(head(script(case).content_type) + script(case).before[0])
        await writer.drain()

    with pytest.raises(ProviderFailure) as caught:
        _heard(case, talk, waits=True, timeout_s=0.2)
    assert caught.value.error_class == "timeout_total"


@every_client
@pytest.mark.parametrize("how", ["close", "cancel"])
def test_closing_closes_upstream(case: Case, how: str) -> None:
    """Closing the events, or cancelling who reads them, closes the connection at once."""

    async def talk(writer: asyncio.StreamWriter) -> None:
        writer.write(head(script(case).content_type) + b"".join(script(case).before))
        await writer.drain()

    async def run() -> None:
        async with rawserver(talk, waits=True) as server:
            client = case.make(server.url, case.model)
            await (_closed if how == "close" else _cancelled)(client)
            # The server writes nothing more and the client is not closed: nothing else ends it.
            await asyncio.wait_for(server.left.wait(), PATIENCE_S)
            await client.aclose()

    asyncio.run(run())


async def _closed(client: Any) -> None:
    events = client.stream(HELLO)
    async for event in events:
        if isinstance(event, TextDelta):
            break
    await events.aclose()


async def _cancelled(client: Any) -> None:
    heard = asyncio.Event()

    async def read() -> None:
        async with aclosing(client.stream(HELLO)) as events:
            async for event in events:
                if isinstance(event, TextDelta):
                    heard.set()

    task = asyncio.ensure_future(read())
    await heard.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@every_client
def test_a_finished_stream_keeps_its_connection(case: Case) -> None:
    """The next request goes over the same connection."""

    async def talk(writer: asyncio.StreamWriter) -> None:
        writer.write(chunked(script(case).content_type, script(case).whole))
        await writer.drain()

    async def run() -> tuple[int, int]:
        async with rawserver(talk, waits=True) as server:
            client = case.make(server.url, case.model)
            for _ in range(3):
                async with aclosing(client.stream(HELLO)) as events:
                    assert hear([event async for event in events]).text == "Hello world"
            await client.aclose()
            return server.requests, server.connections

    assert asyncio.run(run()) == (3, 1)
