"""Stored chat completions, asked for as a client does."""

import json
from typing import Any

import pytest

from fakeservers.serving.exchange import Fake
from fakeservers.wire.base import HttpRequest, single
from fakeservers.wire.openai.provider import PROVIDER
from tests.fakeservers.support import fake, post

PATH = "/v1/chat/completions"
HELLO = {"role": "user", "content": "Hi"}
LOOK = {"role": "user", "content": [{"type": "text", "text": "Look"}]}


def ask(openai: Fake, http: HttpRequest) -> tuple[int, Any]:
    answer, _ = openai.respond(http)
    assert isinstance(answer.body, bytes)
    return answer.status, json.loads(answer.body)


def get(openai: Fake, path: str, method: str = "GET", **query: str) -> tuple[int, Any]:
    headers = {"authorization": "Bearer key"}
    return ask(openai, HttpRequest(method=method, path=PATH + path, query=query, headers=headers))


def create(openai: Fake, **fields: Any) -> str:
    """The id of a stored completion."""
    body = {"model": "gpt-4o-mini", "messages": [HELLO, LOOK], "store": True} | fields
    id: str = ask(openai, post(PATH, body))[1]["id"]
    return id


@pytest.fixture
def openai() -> Fake:
    return fake(PROVIDER)


def test_get(openai: Fake) -> None:
    """A stored completion is read as it was answered, with its metadata."""
    id = create(openai, metadata={"a": "b"})
    status, body = get(openai, f"/{id}")
    assert (status, body["id"], body["metadata"]) == (200, id, {"a": "b"})


def test_streamed_is_stored(openai: Fake) -> None:
    """A streamed completion is stored whole, with the text that was streamed."""
    request = {"model": "gpt-4o-mini", "messages": [HELLO], "store": True, "stream": True}
    answer, _ = openai.respond(post(PATH, request))
    frames = [frame.data for frame in single(answer.body)]  # type: ignore[arg-type]
    chunks = [json.loads(data[6:]) for data in frames if b"DONE" not in data]
    text = "".join(chunk["choices"][0]["delta"].get("content") or "" for chunk in chunks)
    _, body = get(openai, f"/{chunks[0]['id']}")
    assert body["choices"][0]["message"]["content"] == text


def test_not_stored(openai: Fake) -> None:
    """Nothing else can be read."""
    status, body = get(openai, f"/{create(openai, store=False)}")
    assert status == 404
    assert body["error"]["message"].startswith("Chat completion with id 'chatcmpl-")


def test_update(openai: Fake) -> None:
    """Its metadata can be changed, and nothing else."""
    id = create(openai, metadata={"a": "b"})
    _, changed = ask(openai, post(f"{PATH}/{id}", {"metadata": {"c": "d"}}))
    assert changed["metadata"] == {"c": "d"}
    assert get(openai, f"/{id}")[1] == changed


def test_update_needs_metadata(openai: Fake) -> None:
    """An update says what to change."""
    status, body = ask(openai, post(f"{PATH}/{create(openai)}", {}))
    assert (status, body["error"]["param"]) == (400, "metadata")


def test_delete(openai: Fake) -> None:
    """What is deleted is gone, with its messages."""
    id = create(openai)
    confirmed = {"object": "chat.completion.deleted", "id": id, "deleted": True}
    assert get(openai, f"/{id}", "DELETE") == (200, confirmed)
    assert get(openai, f"/{id}")[0] == 404
    assert get(openai, f"/{id}/messages")[0] == 404


def test_messages(openai: Fake) -> None:
    """The messages are those of the request; content in parts stands apart."""
    id = create(openai)
    _, body = get(openai, f"/{id}/messages")
    assert [message["content"] for message in body["data"]] == ["Hi", None]
    assert body["data"][1]["content_parts"] == LOOK["content"]
    assert (body["first_id"], body["last_id"]) == (f"{id}-0", f"{id}-1")


def test_list(openai: Fake) -> None:
    """The list is read a page at a time, oldest first."""
    ids = [create(openai, seed=seed) for seed in range(3)]
    _, first = get(openai, "", limit="2")
    assert ([item["id"] for item in first["data"]], first["has_more"]) == (ids[:2], True)
    _, rest = get(openai, "", limit="2", after=first["last_id"])
    assert ([item["id"] for item in rest["data"]], rest["has_more"]) == (ids[2:], False)
    assert [item["id"] for item in get(openai, "", order="desc")[1]["data"]] == ids[::-1]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"model": "gpt-4o-mini"}, 1),
        ({"model": "gpt-4o"}, 0),
        ({"metadata[a]": "b"}, 1),
        ({"metadata[a]": "c"}, 0),
    ],
    ids=str,
)
def test_filters(openai: Fake, query: dict[str, str], found: int) -> None:
    """Model and metadata narrow the list."""
    create(openai, metadata={"a": "b"})
    assert len(get(openai, "", **query)[1]["data"]) == found


@pytest.mark.parametrize("limit", ["0", "101", "x"])
def test_limit(openai: Fake, limit: str) -> None:
    """A limit that is none is refused."""
    status, body = get(openai, "", limit=limit)
    assert (status, body["error"]["param"]) == (400, "limit")
