"""What the tests of this wire start from: a chat request, an answer to it, a stamp."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from fakeservers.canonical import ApiError, ChatRequest, CompletionResult, Rejected, Reply, Usage
from fakeservers.rng import Seed
from fakeservers.wire.base import Answer, Endpoint, Stamp, single
from fakeservers.wire.openai.chat import ChatCompletions
from tests.fakeservers.support import post

DEFAULTS = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hi"}]}
SNAPSHOT = "gpt-4o-mini-2024-07-18"


@pytest.fixture
def stamp() -> Stamp:
    """The same identifiers for every answer."""
    return Stamp(ids=Seed("test").ids(), now_s=1_790_000_000.9, elapsed_ms=300)


@pytest.fixture
def ask() -> Callable[..., ChatRequest]:
    """The canonical form of a chat request with these fields; `...` leaves one out."""

    def ask(provider: str = "openai", **fields: Any) -> ChatRequest:
        body = {key: value for key, value in (DEFAULTS | fields).items() if value is not ...}
        return ChatCompletions(provider).parse(post("/v1/chat/completions", body))

    return ask


@pytest.fixture
def refused() -> Callable[[Callable[[], Any]], ApiError]:
    """The error with which something is refused."""

    def refused(attempt: Callable[[], Any]) -> ApiError:
        with pytest.raises(Rejected) as caught:
            attempt()
        return caught.value.error

    return refused


@pytest.fixture
def parse() -> Callable[[Endpoint, Any], Any]:
    """What an endpoint reads from a body."""

    def parse(endpoint: Endpoint, body: Any) -> Any:
        return endpoint.parse(post("/v1/somewhere", body))

    return parse


@pytest.fixture
def answer(ask: Callable[..., ChatRequest], stamp: Stamp) -> Callable[..., Answer]:
    """The answer that says these parts, in every choice, to a chat request with these fields."""

    def answer(*parts: Any, finish: Any = "stop", model: str = SNAPSHOT, **fields: Any) -> Answer:
        request = ask(**fields)
        result = CompletionResult(
            replies=(Reply(parts=parts, finish=finish),) * request.choices,
            usage=Usage(input_tokens=10, output_tokens=5, cached_tokens=2, reasoning_tokens=1),
            model=model,
        )
        return ChatCompletions().render(request, result, stamp)

    return answer


@pytest.fixture
def said(answer: Callable[..., Answer]) -> Callable[..., dict[str, Any]]:
    """The body of such an answer."""

    def said(*parts: Any, **fields: Any) -> dict[str, Any]:
        body = answer(*parts, **fields).body
        assert isinstance(body, bytes)
        told: dict[str, Any] = json.loads(body)
        return told

    return said


@pytest.fixture
def chunks(answer: Callable[..., Answer]) -> Callable[..., list[dict[str, Any]]]:
    """The chunks of such an answer as a stream, which ends with `[DONE]`."""

    def chunks(*parts: Any, **fields: Any) -> list[dict[str, Any]]:
        body = answer(*parts, **{"stream": True, **fields}).body
        assert not isinstance(body, bytes)
        *frames, last = (frame.data for frame in single(body))
        assert last == b"data: [DONE]\n\n"
        assert all(frame.startswith(b"data: {") and frame.endswith(b"}\n\n") for frame in frames)
        return [json.loads(frame[6:]) for frame in frames]

    return chunks
