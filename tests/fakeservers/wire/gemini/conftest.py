"""A Gemini fake without sockets, asked as a client would ask it."""

import json
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from fakeservers.behaviour.models import catalogue
from fakeservers.clock import SystemClock
from fakeservers.serving.exchange import Fake
from fakeservers.wire.base import HttpRequest
from fakeservers.wire.gemini.provider import PROVIDER


class Heard(NamedTuple):
    """An answer as it left: `text` is the whole body, streamed or not."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def error(self) -> Any:
        return self.json["error"]

    @property
    def events(self) -> list[Any]:
        """The data of a stream of server-sent events, in Gemini's framing."""
        assert self.text.endswith("\r\n\r\n")
        blocks = self.text.removesuffix("\r\n\r\n").split("\r\n\r\n")
        return [json.loads(block.removeprefix("data: ")) for block in blocks]


Ask = Callable[..., Heard]


@pytest.fixture
def fake() -> Fake:
    return Fake(PROVIDER, seed=0, clock=SystemClock(), models=lambda: catalogue("gemini"))


@pytest.fixture
def ask(fake: Fake) -> Ask:
    """Send `body` (JSON, or bytes as they are) to a path below the host."""

    def send(
        path: str = "/v1beta/models/gemini-2.5-flash:generateContent",
        body: Any = None,
        *,
        method: str | None = None,
        query: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
        validates: bool = True,
    ) -> Heard:
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body)
        http = HttpRequest(
            method=method or ("GET" if body is None else "POST"),
            path=path,
            query=query or {},
            headers={"x-goog-api-key": "k"} if headers is None else headers,
            body=raw.encode() if isinstance(raw, str) else raw,
            validates=validates,
        )
        answer, _ = fake.respond(http)
        content = answer.body
        if not isinstance(content, bytes):
            content = b"".join(frame.data for frame in content)
        return Heard(answer.status, dict(answer.headers), content.decode())

    return send


@pytest.fixture
def parsed(fake: Fake, ask: Ask) -> Callable[..., Any]:
    """The canonical request that a body becomes, whether the service would take it or not."""

    def parse(body: Any, path: str = "/v1beta/models/gemini-2.5-flash:generateContent") -> Any:
        heard = ask(path, body, validates=False)
        assert heard.status == 200, heard.text
        *_, exchange = fake.journal
        return exchange.request

    return parse
