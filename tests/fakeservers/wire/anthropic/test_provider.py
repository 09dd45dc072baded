"""Credentials, routes, environment; and that no body at all breaks an endpoint."""

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakeservers.behaviour.models import catalogue
from fakeservers.canonical import Rejected
from fakeservers.clock import SystemClock
from fakeservers.serving.exchange import Fake
from fakeservers.wire.anthropic.provider import PROVIDER
from fakeservers.wire.base import HttpRequest

VERSION = {"anthropic-version": "2026-10-21"}
KEY = {"x-api-key": "k"}


def get(headers: dict[str, str]) -> HttpRequest:
    return HttpRequest(method="GET", path="/v1/models", headers=headers)


@pytest.mark.parametrize("key", [KEY, {"authorization": "Bearer k"}, {"authorization": "bearer k"}])
@pytest.mark.parametrize("version", ["2023-06-01", "2026-10-21"])
def test_both_ways_to_send_a_key(key: dict[str, str], version: str) -> None:
    """A key is a header of its own, or a bearer token as the newest SDKs send it."""
    assert PROVIDER.admit is not None
    PROVIDER.admit(get({**key, "anthropic-version": version}))


@pytest.mark.parametrize(
    ("headers", "status", "kind"),
    [
        (VERSION, 401, "missing_key"),
        ({**VERSION, "x-api-key": ""}, 401, "missing_key"),
        ({**VERSION, "authorization": "Bearer "}, 401, "missing_key"),
        ({}, 401, "missing_key"),
        (KEY, 400, "invalid"),
    ],
    ids=["no key", "empty key", "empty token", "nothing", "no version"],
)
def test_not_admitted(headers: dict[str, str], status: int, kind: str) -> None:
    """Without a key, or without a version, nothing is answered."""
    assert PROVIDER.admit is not None
    with pytest.raises(Rejected) as caught:
        PROVIDER.admit(get(headers))
    assert (caught.value.error.status, caught.value.error.kind) == (status, kind)


def test_environment() -> None:
    """The SDK finds the fake by its base URL, which ends before /v1, and a dummy key."""
    assert PROVIDER.env("http://127.0.0.1:1") == {
        "ANTHROPIC_BASE_URL": "http://127.0.0.1:1",
        "ANTHROPIC_API_KEY": "llmsim-anthropic-key",
    }
    assert {"authorization", "x-api-key"} <= PROVIDER.secrets


TOOL = {"name": "f", "input_schema": {"type": "object", "properties": {"x": {"type": "string"}}}}
SOURCE = {"type": "base64", "media_type": "image/png", "data": "AA=="}
BODY: dict[str, Any] = {
    "model": "claude-haiku-4-5",
    "max_tokens": 40,
    "system": [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}],
    "messages": [
        {"role": "user", "content": "Hi"},
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"},
                {"type": "text", "text": "Let me see."},
                {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"x": "y"}},
                {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}},
            ],
        },
        {
            "role": "user",
            "content": [
                {
                    "type": "tool_result",
                    "tool_use_id": "toolu_1",
                    "is_error": False,
                    "content": [{"type": "text", "text": "z"}, {"type": "image", "source": SOURCE}],
                },
                {"type": "image", "source": SOURCE},
                {"type": "text", "text": "Call f."},
            ],
        },
    ],
    "tools": [TOOL, {"type": "bash_20250124", "name": "bash"}],
    "tool_choice": {"type": "tool", "name": "f", "disable_parallel_tool_use": True},
    "thinking": {"type": "enabled", "budget_tokens": 1024, "display": "summarized"},
    "output_config": {"effort": "low", "format": {"type": "json_schema", "schema": {}}},
    "stop_sequences": ["END"],
    "stream": True,
    "temperature": 1,
    "metadata": {"user_id": "u"},
    "service_tier": "auto",
}


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value within a JSON value, itself first."""
    yield at
    if isinstance(value, dict | list):
        inner = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in inner:
            yield from places(item, (*at, key))


def replaced(value: Any, at: tuple[Any, ...], new: Any) -> Any:
    """The value with something else in one place."""
    if not at:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[at[0]] = replaced(value[at[0]], at[1:], new)
    return copy


PLACES = list(places(BODY))
NAMES = st.sampled_from(["type", "text", "content", "role", "name", "input", "properties", "enum"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | NAMES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)


def fake() -> Fake:
    return Fake(PROVIDER, seed=0, clock=SystemClock(), models=lambda: catalogue("claude"))


@given(
    st.lists(st.tuples(st.sampled_from(PLACES), VALUES), max_size=2),
    st.sampled_from(["/v1/messages", "/v1/messages/count_tokens"]),
)
@settings(max_examples=150, derandomize=True, deadline=None)
def test_any_json_is_survived(changes: list[tuple[Any, Any]], path: str) -> None:
    """Whatever stands anywhere in a body, the answer is the provider's, and never a 500."""
    body: Any = BODY
    for at, new in changes:
        with suppress(LookupError, TypeError):
            body = replaced(body, at, new)
    data = json.dumps(body).encode()
    http = HttpRequest(method="POST", path=path, headers={**KEY, **VERSION}, body=data)
    answer, exchange = fake().respond(http)
    assert answer.status in (200, 400, 404), exchange.problem
    assert answer.body if isinstance(answer.body, bytes) else list(answer.body)


@given(
    st.dictionaries(st.sampled_from(["limit", "before_id", "after_id", "beta"]), st.text()),
    st.text(),
)
@settings(max_examples=50, derandomize=True, deadline=None)
def test_any_query_is_survived(query: dict[str, str], name: str) -> None:
    """Whatever a query or a model's name says, the answer is the provider's."""
    for path in ("/v1/models", f"/v1/models/{name}"):
        http = HttpRequest(method="GET", path=path, query=query, headers={**KEY, **VERSION})
        answer, exchange = fake().respond(http)
        assert answer.status in (200, 400, 404), exchange.problem
