"""The models on the machine, and the operations that report their progress."""

import json
from hashlib import sha256
from typing import Any

import pytest

from fakeservers.behaviour.models import Model
from fakeservers.canonical import Rejected, ResourceResult
from fakeservers.wire.base import Endpoint, HttpRequest, Stamp
from fakeservers.wire.ollama.blobs import HeadBlob, PostBlob
from fakeservers.wire.ollama.models import Copy, Delete, ListModels, Root, Show
from fakeservers.wire.ollama.progress import Create, Pull, Push

GET = HttpRequest(method="GET", path="/api/tags")
EXTRA = {
    "family": "llama",
    "families": ["llama"],
    "parameter_size": "3.2B",
    "quantization_level": "Q4_K_M",
    "size": 2019393189,
    "digest": "a" * 64,
    "capabilities": ["completion", "tools"],
}
LLAMA = Model(id="llama3.2:latest", created_s=1_700_000_000, context_window=131072, extra=EXTRA)
OWN = Model(id="own:latest", thinking=False)


def answered(endpoint: Any, http: HttpRequest, stamp: Stamp, *models: Model) -> Any:
    request = endpoint.parse(http)
    return endpoint.render(request, ResourceResult(items=models), stamp)


def test_list(stamp: Stamp) -> None:
    """A model is listed with its full name and what its file is."""
    body = json.loads(answered(ListModels(), GET, stamp, LLAMA, OWN).body)
    assert body["models"][0] == {
        "name": "llama3.2:latest",
        "model": "llama3.2:latest",
        "modified_at": "2023-11-14T22:13:20Z",
        "size": 2019393189,
        "digest": "a" * 64,
        "details": {
            "parent_model": "",
            "format": "gguf",
            "family": "llama",
            "families": ["llama"],
            "parameter_size": "3.2B",
            "quantization_level": "Q4_K_M",
        },
    }


def test_a_model_of_a_test_has_everything_too(stamp: Stamp) -> None:
    """What nobody told of a model is made up; it was changed now."""
    first, second = json.loads(answered(ListModels(), GET, stamp, LLAMA, OWN).body)["models"]
    assert first.keys() == second.keys() and len(second["digest"]) == 64
    assert second["modified_at"] == "2026-09-21T14:13:20.5Z"


def test_show(post: Any, stamp: Stamp) -> None:
    """A model in full: its file's metadata, with sorted keys, and what it can do."""
    body = json.loads(answered(Show(), post({"model": "llama3.2"}), stamp, LLAMA).body)
    assert body["capabilities"] == ["completion", "tools"]
    assert body["model_info"]["llama.context_length"] == 131072
    assert body["model_info"]["general.parameter_count"] == 3_200_000_000
    assert list(body["model_info"]) == sorted(body["model_info"])


def test_capabilities_follow_from_the_model(post: Any, stamp: Stamp) -> None:
    """They are told where the catalogue does not list them."""
    body = json.loads(answered(Show(), post({"name": "own"}), stamp, OWN).body)
    assert body["capabilities"] == ["completion", "tools", "vision"]


def test_root(stamp: Stamp) -> None:
    """The root tells in plain text that a server is there."""
    answer = answered(Root(), GET, stamp)
    assert answer.body == b"Ollama is running"
    assert answer.headers == (("content-type", "text/plain; charset=utf-8"),)


@pytest.mark.parametrize(
    ("endpoint", "body", "words"),
    [
        (Show(), {}, "model is required"),
        (Delete(), {"model": ""}, "model is required"),
        (Push(), {}, "model is required"),
        (Pull(), {}, "invalid model name"),
        (Create(), {"from": "x"}, "invalid model name"),
        (Create(), {"model": "x"}, "neither 'from' or 'files' was specified"),
        (Copy(), {"destination": "x"}, 'source "" is invalid'),
        (Copy(), {"source": "x"}, 'destination "" is invalid'),
    ],
)
def test_a_model_is_named(post: Any, endpoint: Endpoint, body: Any, words: str) -> None:
    """Without a name there is nothing to do."""
    with pytest.raises(Rejected) as caught:
        endpoint.parse(post(body))
    assert (caught.value.error.status, caught.value.error.message) == (400, words)


def test_changes_ask_for_full_names(post: Any) -> None:
    """A new model is known under its name with a tag; what is looked up stays as asked."""
    copy = Copy().parse(post({"source": "a", "destination": "me/b"}))
    assert (copy.action, copy.source, copy.id) == ("create", "a", "me/b:latest")
    assert Pull().parse(post({"name": "c:7b"})).id == "c:7b"
    assert Delete().parse(post({"name": "c"})).id == "c"


def test_pull_tells_how_far_it_is(post: Any, stamp: Stamp, lines: Any) -> None:
    """Each layer goes from nothing, which is left out, to its size; then come three steps."""
    told = lines(answered(Pull(), post({"model": "llama3.2"}), stamp, LLAMA))
    assert told[0] == {"status": "pulling manifest"}
    assert told[1] == {
        "status": "pulling aaaaaaaaaaaa",
        "digest": "sha256:" + "a" * 64,
        "total": 2019393189,
    }
    assert told[5]["completed"] == told[5]["total"]
    assert [step["status"] for step in told[-3:]] == [
        "verifying sha256 digest",
        "writing manifest",
        "success",
    ]


@pytest.mark.parametrize("endpoint", [Pull(), Push(), Create()])
def test_not_streamed_only_the_last_status(post: Any, stamp: Stamp, endpoint: Endpoint) -> None:
    """The server sets the content type itself there, without a charset."""
    http = post({"model": "m", "from": "llama3.2", "stream": False})
    answer = answered(endpoint, http, stamp, LLAMA)
    assert answer.body == b'{"status":"success"}'
    assert answer.headers == (("content-type", "application/json"),)


@pytest.mark.parametrize("endpoint", [Pull(), Push(), Create()])
def test_progress_ends_with_success(
    post: Any, stamp: Stamp, lines: Any, endpoint: Endpoint
) -> None:
    """Every stream of progress says at its end that it succeeded."""
    told = lines(answered(endpoint, post({"model": "m", "from": "x"}), stamp, LLAMA))
    assert told[-1] == {"status": "success"} and len(told) > 2


def test_a_blob_is_known_by_its_digest(post: Any, stamp: Stamp) -> None:
    """What was handed over is kept under its SHA-256."""
    digest = f"sha256:{sha256(b'weights').hexdigest()}"
    answer = answered(PostBlob(), post(b"weights", digest=digest), stamp)
    assert answer.status == 201 and [item.id for item in answer.stores] == [digest]
    assert HeadBlob().parse(post(b"", digest=digest)).id == digest


@pytest.mark.parametrize(
    ("digest", "words"),
    [("sha256:1", "invalid digest format"), ("sha256:" + "0" * 64, "digest mismatch, expected")],
)
def test_a_blob_with_another_digest(post: Any, digest: str, words: str) -> None:
    """A digest that is none, or another file's, is refused."""
    with pytest.raises(Rejected) as caught:
        PostBlob().parse(post(b"weights", digest=digest))
    assert words in str(caught.value)
