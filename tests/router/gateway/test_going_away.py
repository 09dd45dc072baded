"""A caller who goes away, a caller who is not let in, a gateway that is told to end."""

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from fakeservers import FakeServers, slow_first_byte, stall
from pytest_llmsim.clock import FakesClock
from router.errors import ConfigError
from router.gateway import GatewaySettings, create_app
from router.router import LLMRouter
from tests.router.world import FakeClient, Say, World, run

from .support import Gateway, endpoint, gateway, router_over

HELLO = {"model": "claude", "messages": [{"role": "user", "content": "Hello?"}]}
PATIENCE_S = 60
HOUR_S = 3600.0


def waits_for(condition: Callable[[], bool]) -> None:
    """Returns when this holds."""
    ends_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < ends_s, "it never came to hold"
        time.sleep(0.002)


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_cancel_reaches_the_provider(llmsim: FakeServers, served: Gateway, streamed: bool) -> None:
    """When the caller closes its connection, the upstream request is closed though the provider
    would work for another hour, and what it cost is booked."""
    hour = stall(after_chunks=1, for_s=HOUR_S) if streamed else slow_first_byte(HOUR_S)
    llmsim.claude.fails(hour)

    async def leave() -> None:
        async with httpx2.AsyncClient(base_url=served.origin, timeout=PATIENCE_S) as http:
            asking = asyncio.create_task(_read(http, HELLO | {"stream": streamed}))
            while not llmsim.claude.calls:
                await asyncio.sleep(0.005)
            asking.cancel()
            await asyncio.wait((asking,))

    asyncio.run(leave())
    waits_for(lambda: llmsim.claude.last.outcome == "disconnected")
    waits_for(lambda: len(served.router.costs.records) == 1)
    assert served.router.costs.records[0].outcome == "cancelled"


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_a_cancel_takes_no_time(streamed: bool) -> None:
    """The upstream request is closed in the very instant in which the caller is seen to leave."""
    slow = Say(text="One two three.", after_s=1, gap_s=HOUR_S) if streamed else Say(after_s=HOUR_S)
    world = World(FakeClient("a", slow))
    body = json.dumps(HELLO | {"model": "auto", "stream": streamed}).encode()
    coming = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> dict[str, Any]:
        if coming:
            return coming.pop()
        await asyncio.sleep(5)
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        pass

    async def main() -> float:
        scope = {"type": "http", "method": "POST", "path": "/v1/chat/completions"}
        scope |= {"headers": [(b"host", b"localhost")], "query_string": b"", "root_path": ""}
        await create_app(world.router, GatewaySettings())(scope, receive, send)
        assert (world.clients["a"].open, len(world.costs.records)) == (0, 1)
        return asyncio.get_running_loop().time()

    assert run(main()) == 5


async def _read(http: httpx2.AsyncClient, body: object) -> None:
    async with http.stream("POST", "/v1/chat/completions", json=body) as answer:
        async for _ in answer.aiter_bytes():
            pass


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"authorization": "Bearer wrong"}, 401),
        ({"authorization": "Bearer sesame"}, 200),
        ({"x-api-key": "sesame"}, 200),
        ({"x-goog-api-key": "sesame"}, 200),
    ],
)
def test_the_token(llmsim: FakeServers, headers: dict[str, str], status: int) -> None:
    """With a token, it is asked for wherever an SDK puts its key."""
    with gateway(router_over(endpoint(llmsim, "openai")), token="sesame") as served:
        answer = served.http.post(
            "/v1/chat/completions", json=HELLO | {"model": "auto"}, headers=headers
        )
        assert answer.status_code == status
        assert served.http.get("/v1/costs").status_code == 401


@pytest.mark.parametrize(("key", "told"), [("", False), ("sesame", True)])
def test_health_needs_no_token(llmsim: FakeServers, key: str, told: bool) -> None:
    """But whom the gateway asks is told only to who has it."""
    with gateway(router_over(endpoint(llmsim, "openai")), token="sesame") as served:
        answer = served.http.get("/healthz", headers={"x-api-key": key} if key else {})
    assert answer.status_code == 200 and ("targets" in answer.json()) == told


@pytest.mark.parametrize(
    "headers", [{"host": "evil.example"}, {"origin": "https://evil.example"}], ids=str
)
def test_no_page_of_a_browser_may_spend(served: Gateway, headers: dict[str, str]) -> None:
    """Without a token, neither a foreign page nor a foreign name of this address is answered."""
    answer = served.http.post("/v1/chat/completions", json=HELLO, headers=headers)
    assert answer.status_code == 401 and "without a token" in answer.json()["error"]["message"]


def test_other_machines_need_a_token() -> None:
    """Listening for other machines without a token is refused, with the way out."""
    with pytest.raises(ConfigError, match="give --token"):
        GatewaySettings(host="0.0.0.0")
    assert "sesame" not in repr(GatewaySettings(host="0.0.0.0", token="sesame"))


def test_no_more_calls_than_the_bound(llmsim: FakeServers, llmsim_clock: FakesClock) -> None:
    """Beyond calls_max a call is refused at once, and may be tried again."""
    llmsim.openai.fails(slow_first_byte(HOUR_S))
    body = HELLO | {"model": "auto"}
    with gateway(router_over(endpoint(llmsim, "openai")), calls_max=1) as served:

        async def both() -> list[int]:
            async with httpx2.AsyncClient(base_url=served.origin, timeout=PATIENCE_S) as http:
                first = asyncio.create_task(http.post("/v1/chat/completions", json=body))
                while not llmsim.openai.calls:
                    await asyncio.sleep(0.005)
                second = await http.post("/v1/chat/completions", json=body)
                llmsim_clock.advance(HOUR_S)
                return [(await first).status_code, second.status_code]

        assert asyncio.run(both()) == [200, 503]


def test_a_caller_that_takes_nothing() -> None:
    """After send_stall_s it is given up without a fault in the log, and the call is ended."""
    router = LLMRouter.with_mocks("claude", responses=["Paris."])
    app = create_app(router, GatewaySettings(send_stall_s=0.01))
    body = json.dumps(HELLO | {"stream": True}).encode()
    came = [{"type": "http.request", "body": body, "more_body": False}]
    sent: list[str] = []

    async def receive() -> Any:
        return came.pop() if came else await asyncio.Event().wait()

    async def send(message: Any) -> None:
        sent.append(message["type"])
        if message["type"] == "http.response.body":
            await asyncio.Event().wait()

    asyncio.run(app(_scope(), receive, send))
    assert sent == ["http.response.start", "http.response.body"]
    assert [record.outcome for record in router.costs.records] == ["cancelled"]


def _scope() -> Any:
    host = (b"host", b"127.0.0.1")
    path = {"path": "/v1/chat/completions", "raw_path": b"", "query_string": b"", "root_path": ""}
    return {"type": "http", "method": "POST", "headers": [host], "scheme": "http", **path}


def test_a_body_that_is_too_large(llmsim: FakeServers) -> None:
    """It is refused before it is read to its end."""
    with gateway(router_over(endpoint(llmsim, "openai")), body_bytes_max=1000) as served:
        assert served.chat(user="x" * 2000).status_code == 413


def test_no_such_path(served: Gateway) -> None:
    """A path that is none is told with those there are."""
    answer = served.http.post("/v1/completions", json={})
    assert answer.status_code == 404
    assert "/v1/chat/completions" in answer.json()["error"]["message"]
