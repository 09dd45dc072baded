"""What the tests of this wire start from: a request's bytes, a result, a stamp."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from fakeservers.canonical import ChatRequest, CompletionResult, Reply, Usage
from fakeservers.rng import Seed
from fakeservers.wire.anthropic.messages import Messages
from fakeservers.wire.base import Answer, HttpRequest, Stamp

DEFAULTS = {
    "model": "claude-sonnet-5",
    "max_tokens": 64,
    "messages": [{"role": "user", "content": "Hi"}],
}


@pytest.fixture
def stamp() -> Stamp:
    """The same identifiers for every answer."""
    return Stamp(ids=Seed("test").ids(), now_s=1_790_000_000.0, elapsed_ms=300)


@pytest.fixture
def post() -> Callable[[Any], HttpRequest]:
    """A POST of this value as JSON, or of these bytes, to a fake that does not validate: what
    is read is tested apart from what is refused."""

    def post(body: Any) -> HttpRequest:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return HttpRequest(method="POST", path="/v1/messages", body=data, validates=False)

    return post


@pytest.fixture
def ask(post: Callable[[Any], HttpRequest]) -> Callable[..., ChatRequest]:
    """The canonical form of a request to /v1/messages with these fields."""

    def ask(**fields: Any) -> ChatRequest:
        return Messages().parse(post({**DEFAULTS, **fields}))

    return ask


@pytest.fixture
def strictly() -> Callable[..., ChatRequest]:
    """The same of a fake that validates."""

    def strictly(**fields: Any) -> ChatRequest:
        data = json.dumps({**DEFAULTS, **fields}).encode()
        headers = {"anthropic-version": "2023-06-01"}
        http = HttpRequest(method="POST", path="/v1/messages", headers=headers, body=data)
        return Messages().parse(http)

    return strictly


@pytest.fixture
def answer(ask: Callable[..., ChatRequest], stamp: Stamp) -> Callable[..., Answer]:
    """The answer that says these parts to a request with these fields."""

    def answer(*parts: Any, reply: Any = None, usage: Any = None, **fields: Any) -> Answer:
        result = CompletionResult(
            replies=(Reply(parts=parts, **(reply or {})),),
            usage=usage or Usage(input_tokens=10, output_tokens=5),
            model="claude-sonnet-5",
        )
        return Messages().render(ask(**fields), result, stamp)

    return answer
