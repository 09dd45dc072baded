"""No body, however odd, is answered with a server error."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from fakeservers.behaviour.models import catalogue
from fakeservers.clock import SystemClock
from fakeservers.serving.exchange import Fake
from fakeservers.wire.base import HttpRequest
from fakeservers.wire.gemini import messages
from fakeservers.wire.gemini.protojson import Message
from fakeservers.wire.gemini.provider import PROVIDER

FAKE = Fake(PROVIDER, seed=0, clock=SystemClock(), models=lambda: catalogue("gemini"))

KINDS = {
    "generateContent": messages.GENERATE_CONTENT_REQUEST,
    "streamGenerateContent": messages.GENERATE_CONTENT_REQUEST,
    "countTokens": messages.COUNT_TOKENS_REQUEST,
    "embedContent": messages.EMBED_CONTENT_REQUEST,
    "batchEmbedContents": messages.BATCH_EMBED_CONTENTS_REQUEST,
}

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
anything = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=6,
)
schemas = st.deferred(
    lambda: st.dictionaries(
        st.sampled_from(("type", "properties", "items", "anyOf", "enum", "required", "nullable")),
        st.sampled_from(("STRING", "object", "ARRAY", ["string", "null"], 5))
        | schemas
        | st.dictionaries(st.text(max_size=3), schemas, max_size=2)
        | anything,
        max_size=3,
    )
)
enums = st.sampled_from(("user", "model", "ANY", "AUTO", "application/json", "image/png", "f"))


def of(kind: Message, depth: int = 0) -> st.SearchStrategy[Any]:
    """Bodies that are nearly right: known fields, each with a likely or with any value."""
    fields: dict[str, st.SearchStrategy[Any]] = {}
    for spelling, name in kind.names.items():
        likely = anything | enums | schemas
        if (held := kind.holds.get(name)) is not None and depth < 5:
            inner = of(held, depth + 1)
            likely = inner | st.lists(inner, max_size=2) | anything
        fields[spelling] = likely
    one = st.sampled_from(sorted(fields)).flatmap(
        lambda name: st.tuples(st.just(name), fields[name])
    )
    return st.lists(one, max_size=4).map(dict)


BODIES = {method: of(kind) for method, kind in KINDS.items()}


@settings(max_examples=100, derandomize=True, deadline=None)
@given(method=st.sampled_from(sorted(KINDS)), data=st.data())
def test_no_body_breaks_the_server(method: str, data: st.DataObject) -> None:
    """Any JSON, and anything that is nearly a request, is answered with 200 or 400."""
    hi = {"contents": [{"parts": [{"text": "Hi"}]}]} if "Content" in method else {}
    body = data.draw(BODIES[method].map(lambda drawn: {**hi, **drawn}) | anything)
    http = HttpRequest(
        method="POST",
        path=f"/v1/models/gemini-2.5-flash:{method}",
        headers={"x-goog-api-key": "k"},
        body=json.dumps(body).encode(),
    )
    answer, exchange = FAKE.respond(http)
    if not isinstance(answer.body, bytes):
        b"".join(frame.data for frame in answer.body)
    assert answer.status in (200, 400, 403), exchange.problem
