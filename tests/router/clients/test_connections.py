"""How clients connect: one certificate store, the limits that were set, nothing left behind."""

import asyncio
import gc
import ssl
import sys
from contextlib import aclosing
from typing import Any

import httpx
import httpx2
import pytest

from router.clients.sdk import Connections
from router.errors import ConfigError
from router.types import TextDelta, as_request

from .rawserver import head, rawserver
from .streams import STREAMS
from .support import CONNECTIONS, Case, complete, every_client, every_way, failure, heard

HELLO = as_request("Hello")
SDKS = {
    "claude": ("anthropic", "anthropic"),
    "chat": ("openai", "openai"),
    "responses": ("openai", "openai"),
    "gemini": ("google.genai", "gemini"),
    "ollama": ("ollama", "ollama"),
    "http": ("httpx2", "router"),
}
ABORTED = 20
KEPT_MAX = 1
"""The last one may still be in its closing."""
TURNS = 5
"""How many turns of the loop the HTTP libraries' own generators get to be closed in."""


@every_client
@every_way
def test_time_to_connect_is_limited(
    monkeypatch: pytest.MonkeyPatch, case: Case, streamed: bool
) -> None:
    """Every request carries the limits of its Connections, whatever the SDK's own are."""
    limits: list[dict[str, Any]] = []

    async def refuse(self: Any, request: Any) -> Any:
        limits.append(request.extensions["timeout"])
        kind = httpx2 if isinstance(request, httpx2.Request) else httpx
        raise kind.ConnectError("no")

    for library in (httpx, httpx2):
        monkeypatch.setattr(library.AsyncHTTPTransport, "handle_async_request", refuse)
    assert failure(case.make("http://a.test", "m"), HELLO, streamed=streamed).error_class
    assert limits == [CONNECTIONS.timeout_s()]
    assert limits[0]["connect"] == CONNECTIONS.connect_s


def test_certificates_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients of one Connections share its TLS context."""
    made: list[ssl.SSLContext] = []
    create = httpx2.create_ssl_context

    def counted(*given: Any, **named: Any) -> ssl.SSLContext:
        made.append(create(*given, **named))
        return made[-1]

    monkeypatch.setattr(httpx2, "create_ssl_context", counted)
    shared = Connections()

    async def run() -> None:
        for _ in range(3):
            await shared.client().aclose()

    asyncio.run(run())
    assert len(made) == 1


@every_client
def test_nothing_stays_of_aborted_streams(case: Case) -> None:
    """Of streams that were left midway none piles up."""
    script = STREAMS[case.id]

    async def talk(writer: asyncio.StreamWriter) -> None:
        writer.write(head(script.content_type) + b"".join(script.before))
        await writer.drain()

    async def abort(client: Any) -> None:
        async with aclosing(client.stream(HELLO)) as events:
            async for event in events:
                if isinstance(event, TextDelta):
                    return

    async def run() -> int:
        async with rawserver(talk, waits=True) as server:
            client = case.make(server.url, case.model)
            for _ in range(ABORTED):
                await abort(client)
            for _ in range(TURNS):
                gc.collect()  # the loop ends what is collected in its next turn
                await asyncio.sleep(0)
            kinds = httpx.Response, httpx2.Response
            kept = sum(isinstance(it, kinds) for it in gc.get_objects())
            await client.aclose()
            return kept

    assert asyncio.run(run()) <= KEPT_MAX


@every_client
def test_a_client_outlives_its_loop(case: Case) -> None:
    """The same client serves one event loop after the other."""
    script = STREAMS[case.id]

    async def talk(writer: asyncio.StreamWriter) -> None:
        writer.write(head(script.content_type) + script.whole)
        await writer.drain()

    async def run(client: Any) -> None:
        async for _ in client.stream(HELLO):
            pass
        await client.aclose()

    async def serve(client_of: Any) -> Any:
        async with rawserver(talk) as server:
            client = client_of(server.url)
            await run(client)
            return client

    first = asyncio.run(serve(lambda url: case.make(url, case.model)))
    with pytest.raises(Exception, match=r"ConnectError|Connection"):  # its server is gone
        asyncio.run(run(first))


@every_client
def test_warming_up_reads_the_certificates(case: Case) -> None:
    """After warming up, the first call has nothing left to import or to read."""
    shared = Connections()
    client = case.make("http://a.test", "m")
    client._connections = shared
    client.warm_up()
    assert isinstance(shared.__dict__["tls"], ssl.SSLContext)


@every_client
@every_way
def test_a_missing_sdk_is_told(monkeypatch: pytest.MonkeyPatch, case: Case, streamed: bool) -> None:
    """Without its SDK a client says what to install."""
    module, extra = SDKS[case.id]
    monkeypatch.setitem(sys.modules, module, None)
    client = case.make("http://a.test", "m")
    client._connections = Connections()
    with pytest.raises(ConfigError, match=rf"pip install 'pytest-llmsim\[{extra}\]'"):
        (heard if streamed else complete)(client, HELLO)
