"""What the tests of this wire start from: a fake that is asked directly, a stamp."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from fakeservers.canonical import CompletionResult, Reply, Usage
from fakeservers.rng import Ids
from fakeservers.wire.base import Answer, HttpRequest, Stamp, single

Post = Callable[..., HttpRequest]


@pytest.fixture
def stamp() -> Stamp:
    """The same identifiers, and half past a second, for every answer."""
    return Stamp(ids=Ids(b"test"), now_s=1_790_000_000.5)


@pytest.fixture
def post() -> Post:
    """A POST of this value as JSON, or of these bytes."""

    def post(body: Any, path: str = "/api/chat", **params: str) -> HttpRequest:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return HttpRequest(method="POST", path=path, body=data, params=params)

    return post


@pytest.fixture
def said() -> Callable[..., CompletionResult]:
    """A result that says these parts."""

    def said(*parts: Any, **reply: Any) -> CompletionResult:
        return CompletionResult(
            replies=(Reply(parts=parts, **reply),),
            usage=Usage(input_tokens=7, output_tokens=3),
            model="llama3.2",
        )

    return said


@pytest.fixture
def lines() -> Callable[[Answer], list[Any]]:
    """The objects of a streamed answer."""

    def lines(answer: Answer) -> list[Any]:
        assert not isinstance(answer.body, bytes)
        frames = list(single(answer.body))
        assert all(frame.data.endswith(b"\n") for frame in frames)
        return [json.loads(frame.data) for frame in frames]

    return lines
