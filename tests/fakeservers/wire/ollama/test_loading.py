"""Models in memory: which answers bring them there, and `ps`."""

import json
from typing import Any

import pytest

from fakeservers.canonical import Use
from fakeservers.wire.base import HttpRequest
from fakeservers.wire.ollama.chat import Chat
from fakeservers.wire.ollama.loading import Loading
from fakeservers.wire.ollama.provider import PROVIDER
from fakeservers.wire.ollama.settings import FOREVER_S
from tests.fakeservers.support import fake
from tests.fakeservers.support import post as posted

HI = {"role": "user", "content": "Hi"}
PS = HttpRequest(method="GET", path="/api/ps")


def running(server: Any) -> list[dict[str, Any]]:
    answer, _ = server.respond(PS)
    found: list[dict[str, Any]] = json.loads(answer.body)["models"]
    return found


@pytest.mark.parametrize(
    ("keep_alive", "seconds"),
    [
        (None, None),
        (0, 0),
        ("0", 0),
        (90, 90),
        (1.5, 1.5),
        ("90s", 90),
        ("1h1.5m", 3690),
        ("500ms", 0.5),
        (-1, FOREVER_S),
        ("-1m", FOREVER_S),
        (10**30, FOREVER_S),
    ],
)
def test_keep_alive(
    post: Any, said: Any, stamp: Any, keep_alive: Any, seconds: float | None
) -> None:
    """Seconds, or a duration of Go's; for ever when it is below zero."""
    endpoint = Loading(Chat())
    asked = {"model": "llama3.2", "messages": [HI], "keep_alive": keep_alive}
    answer = endpoint.render(endpoint.parse(post(asked)), said(), stamp)
    assert answer.uses == Use(model="llama3.2:latest", at_s=stamp.now_s, keep_alive_s=seconds)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/chat", {"messages": [HI]}),
        ("/api/chat", {}),
        ("/api/generate", {"prompt": "Hi"}),
        ("/api/generate", {}),
        ("/api/embed", {"input": "Hi"}),
        ("/api/embeddings", {"prompt": "Hi"}),
        ("/v1/chat/completions", {"messages": [HI]}),
        ("/v1/completions", {"prompt": "Hi"}),
        ("/v1/embeddings", {"input": "Hi"}),
        ("/v1/responses", {"input": "Hi"}),
        ("/v1/messages", {"max_tokens": 9, "messages": [HI]}),
    ],
)
def test_a_model_is_in_memory_once_it_was_used(path: str, body: dict[str, Any]) -> None:
    """Whatever the operation; a load without a prompt, too."""
    server = fake(PROVIDER)
    answer, _ = server.respond(posted(path, {"model": "llama3.2", **body}))
    assert answer.status == 200
    assert [model["name"] for model in running(server)] == ["llama3.2:latest"]


def test_nothing_is_in_memory_at_first() -> None:
    """Nor after an answer that was an error, or about a model."""
    server = fake(PROVIDER)
    server.respond(posted("/api/chat", {"model": "nope", "messages": [HI]}))
    server.respond(posted("/api/show", {"model": "llama3.2"}))
    assert running(server) == []


def test_what_ps_tells_of_a_model() -> None:
    """Size, digest and details as in the listing; when it goes; its context."""
    server = fake(PROVIDER)
    asked = {"model": "llama3.2", "prompt": "Hi", "options": {"num_ctx": 8192}}
    server.respond(posted("/api/generate", asked))
    [model] = running(server)
    assert list(model) == [
        "name",
        "model",
        "size",
        "digest",
        "details",
        "expires_at",
        "size_vram",
        "context_length",
    ]
    assert model["size_vram"] == model["size"] > 0 and model["context_length"] == 8192


def test_the_context_is_no_longer_than_the_model_has() -> None:
    """Whatever was asked; what is no length counts as not asked."""
    server = fake(PROVIDER)
    for number, asked in enumerate([10**9, "x", -1, None]):
        options = {"num_ctx": asked}
        server.respond(
            posted(
                "/api/embed", {"model": f"llama3.2:{number}b", "input": "Hi", "options": options}
            )
        )
    lengths = {model["name"]: model["context_length"] for model in running(server)}
    assert lengths == {
        "llama3.2:0b": 131072,
        "llama3.2:1b": 4096,
        "llama3.2:2b": 4096,
        "llama3.2:3b": 4096,
    }


def test_a_deleted_model_is_not_in_memory() -> None:
    """It cannot be told of any more."""
    server = fake(PROVIDER)
    server.respond(posted("/api/generate", {"model": "llama3.2", "prompt": "Hi"}))
    body = json.dumps({"model": "llama3.2"}).encode()
    server.respond(HttpRequest(method="DELETE", path="/api/delete", body=body))
    assert running(server) == []


@pytest.mark.parametrize("path", ["/api/chat", "/api/generate", "/api/embed", "/api/embeddings"])
def test_a_keep_alive_that_is_none(path: str) -> None:
    """It is refused in Go's words."""
    answer, _ = fake(PROVIDER).respond(posted(path, {"model": "llama3.2", "keep_alive": "soon"}))
    assert (answer.status, answer.body) == (400, b'{"error":"time: invalid duration \\"soon\\""}')
