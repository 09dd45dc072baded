"""The list of models, page by page."""

import json
from types import SimpleNamespace
from typing import Any

import pytest

from fakeservers.canonical import Rejected, ResourceResult
from fakeservers.wire.anthropic.models import ListModels, RetrieveModel
from fakeservers.wire.base import HttpRequest


def model(id: str, **fields: Any) -> Any:
    """What a catalogue tells about a model."""
    told = {
        "id": id,
        "created_s": 1_772_000_000,
        "display_name": id.title(),
        "context_window": 200_000,
        "max_output_tokens": 64_000,
        "vision": True,
        "thinking": True,
        "tools": True,
        "json_schema": True,
        "deprecated_on": "",
        "retires_on": "",
        "extra": {"line": "opus", "efforts": ["low"], "thinking_types": ["adaptive"]},
    }
    return SimpleNamespace(**{**told, **fields})


MODELS = tuple(model(name) for name in "abcde")


def listed(stamp: Any, **query: str) -> Any:
    http = HttpRequest(method="GET", path="/v1/models", query=query)
    endpoint = ListModels()
    answer = endpoint.render(endpoint.parse(http), ResourceResult(items=MODELS), stamp)
    assert isinstance(answer.body, bytes)
    return json.loads(answer.body)


@pytest.mark.parametrize(
    ("query", "names", "has_more"),
    [
        ({}, "abcde", False),
        ({"limit": "2"}, "ab", True),
        ({"limit": "2", "after_id": "b"}, "cd", True),
        ({"limit": "2", "after_id": "d"}, "e", False),
        ({"limit": "2", "before_id": "d"}, "bc", True),
        ({"limit": "2", "before_id": "c"}, "ab", False),
        ({"after_id": "zz"}, "", False),
        ({"before_id": "zz"}, "", False),
    ],
)
def test_pages(stamp: Any, query: dict[str, str], names: str, has_more: bool) -> None:
    """A page starts after a model, or ends before one, and says whether there are more."""
    page = listed(stamp, **query)
    assert [item["id"] for item in page["data"]] == list(names)
    assert (page["has_more"], page["first_id"], page["last_id"]) == (
        has_more,
        names[:1] or None,
        names[-1:] or None,
    )


@pytest.mark.parametrize("limit", ["0", "1001", "many", ""])
def test_wrong_limit(stamp: Any, limit: str) -> None:
    """A limit is a number from 1 to 1000."""
    with pytest.raises(Rejected, match="limit: Input should be"):
        listed(stamp, limit=limit)


def test_a_model(stamp: Any) -> None:
    """A model has its dates, its limits, its line and its capabilities."""
    endpoint = RetrieveModel()
    request = endpoint.parse(
        HttpRequest(method="GET", path="/v1/models/a", params={"id": "claude-a"})
    )
    old = model("claude-a", deprecated_on="2026-04-14", extra={"lifecycle": "deprecated"})
    answer = endpoint.render(request, ResourceResult(items=(old,)), stamp)
    assert isinstance(answer.body, bytes)
    said = json.loads(answer.body)
    assert request.id == "claude-a"
    assert (said["lifecycle"], said["line"]) == ("deprecated", None)
    assert (said["deprecated_at"], said["retires_at"]) == ("2026-04-14T00:00:00Z", None)
    assert said["capabilities"]["thinking"]["types"]["enabled"] == {"supported": True}
    assert said["capabilities"]["effort"]["supported"] is False
