"""Every route of every provider, whatever it is sent: the fake itself never fails, and what it
refuses is an error that the SDK of the API reads.

The routes are the providers' own, so one that is added is tested here; others change single values
of whole bodies, which goes deeper.
"""

import re
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakeservers.serving.exchange import Fake
from fakeservers.wire.base import HttpRequest
from fakeservers.wire.framing import dumps
from fakeservers.wire.registry import installed
from tests.fakeservers.support import fake
from tests.fakeservers.wire.refusing import Asked
from tests.fakeservers.wire.sdk_errors import reader_of

PROVIDERS = {provider.name: provider for provider in installed()}
TWINS = re.compile(r"gemini (/upload)?/(v1|v1alpha)/")
"""Gemini's versions share their endpoints: /v1beta is enough."""
ROUTES = sorted(
    (name, route.method, route.path)
    for name, provider in PROVIDERS.items()
    for route in provider.routes
    if not TWINS.match(f"{name} {route.path}")
)
WRITING = [(name, method, path) for name, method, path in ROUTES if method not in ("GET", "HEAD")]
HEADERS = {
    "authorization": "Bearer k",
    "x-api-key": "k",
    "anthropic-version": "2023-06-01",
    "x-goog-api-key": "k",
}
MODELS = {
    "claude": "claude-sonnet-4-5",
    "openai": "gpt-4o",
    "gemini": "gemini-2.5-flash",
    "ollama": "llama3.2",
}
WORDS = """
    model messages prompt input contents requests content parts role text type tools name metadata
    items file_id input_file_id endpoint completion_window custom_id params body stream max_tokens
    displayName ttl expireTime batch source from destination digest bytes part_ids purpose size n
    voice response_format file image
"""
KEYS = WORDS.split()
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**65), 2**65)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
    | st.sampled_from((*MODELS.values(), "user", "message", "text", "24h", "300s"))
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5)
    ),
    max_leaves=10,
)
BODIES = st.one_of(
    VALUES,
    st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=6),
    st.binary(max_size=30),
)
NAMES = st.sampled_from(("x", "models", "gpt-4o", "a/b", "%20", "\u00e9", "sha256:" + "0" * 64))
QUERY = st.dictionaries(
    st.sampled_from(
        ("limit", "after", "before_id", "after_id", "order", "pageSize", "pageToken", "alt")
    ),
    st.text(max_size=4) | st.sampled_from(("0", "-1", "10", "asc", "sse", "999999999999")),
    max_size=3,
)
EXAMPLES = 15


@cache
def served(name: str) -> Fake:
    """One fake for all examples: what it keeps of one must not break the next."""
    return fake(PROVIDERS[name])


def ask(name: str, method: str, path: str, body: Any, query: dict[str, str]) -> Asked:
    data = body if isinstance(body, bytes) else dumps(body).encode("utf-8", "replace")
    http = HttpRequest(method=method, path=path, query=query, headers=HEADERS, body=data)
    answer, exchange = served(name).respond(http)
    content = answer.body
    if not isinstance(content, bytes):
        content = b"".join(frame.data for frame in content)
    return Asked.of(answer.status, content, exchange.problem)


def filled(name: str, template: str, id: str) -> str:
    """The path with ids in it, or where it takes a model with one that there is."""
    path = re.sub(r"\{model(:path)?\}", MODELS[name], template)
    return re.sub(r"\{[^}]*\}", id, path)


@pytest.mark.parametrize(("name", "method", "path"), WRITING, ids=lambda part: part)
@settings(max_examples=EXAMPLES, derandomize=True, deadline=None)
@given(body=BODIES, id=NAMES)
def test_any_body(name: str, method: str, path: str, body: Any, id: str) -> None:
    """JSON of any shape, and bytes that are none, are answered or refused."""
    answer = ask(name, method, filled(name, path, id), body, {})
    assert (answer.broken, answer.status == 500) == (None, False), answer.text
    assert answer.status < 400 or reader_of(name, path)(answer), answer.text


@pytest.mark.parametrize(("name", "method", "path"), ROUTES, ids=lambda part: part)
@settings(max_examples=EXAMPLES, derandomize=True, deadline=None)
@given(query=QUERY, id=NAMES)
def test_any_query(name: str, method: str, path: str, query: dict[str, str], id: str) -> None:
    """Queries of any kind, and ids that were never given, are answered or refused."""
    answer = ask(name, method, filled(name, path, id), b"", query)
    assert (answer.broken, answer.status == 500) == (None, False), answer.text
    assert answer.status < 400 or method == "HEAD" or reader_of(name, path)(answer), answer.text
