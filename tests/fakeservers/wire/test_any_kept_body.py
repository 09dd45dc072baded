"""Endpoints of files, batches, conversations and media, whatever they are sent: never a 500."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fakeservers.serving.exchange import Fake
from fakeservers.wire.registry import installed
from tests.fakeservers.support import fake, post

PATHS = {
    "claude": ("/v1/messages/batches", "/v1/files", "/v1/messages/batches/msgbatch_x/cancel"),
    "openai": (
        "/v1/batches",
        "/v1/files",
        "/v1/uploads",
        "/v1/conversations",
        "/v1/conversations/conv_x/items",
        "/v1/images/generations",
        "/v1/images/edits",
        "/v1/audio/speech",
        "/v1/audio/transcriptions",
    ),
    "gemini": (
        "/v1beta/cachedContents",
        "/v1beta/models/gemini-2.5-flash:batchGenerateContent",
        "/upload/v1beta/files",
    ),
}
BATCH_KEYS = ("requests", "custom_id", "params", "input_file_id", "endpoint", "completion_window")
MEDIA_KEYS = ("prompt", "size", "n", "input", "voice", "speed", "response_format", "model")
OTHER_KEYS = ("metadata", "items", "role", "content", "type", "file", "contents", "ttl", "batch")
FILE_KEYS = ("inputConfig", "fileName", "request", "bytes", "filename", "mime_type", "purpose")
KEYS = (*BATCH_KEYS, *MEDIA_KEYS, *OTHER_KEYS, *FILE_KEYS, "expires_after", "anchor", "seconds")
WORDS = ("", "x", "24h", "/v1/responses", "user", "message", "gpt-image-2", "tts-1", "300s")
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-5, 10**6)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(WORDS)
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6)
    ),
    max_leaves=12,
)
REPEATED = settings(
    max_examples=20,
    deadline=None,
    # One fake for all examples: what it keeps of one must not break the next.
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
SPOTS = [(name, path) for name, paths in PATHS.items() for path in paths]
PROVIDERS = {provider.name: provider for provider in installed()}
HEADERS = {"x-api-key": "k", "anthropic-version": "2023-06-01", "x-goog-api-key": "k"}


@pytest.fixture
def asked(name: str) -> Fake:
    """The fake of the provider with this name."""
    return fake(PROVIDERS[name])


@pytest.mark.parametrize(("name", "path"), SPOTS, ids=[path for _, path in SPOTS])
@REPEATED
@given(body=VALUES | st.dictionaries(st.sampled_from(KEYS), VALUES, min_size=2, max_size=8))
def test_any_json_is_answered(asked: Fake, path: str, body: Any) -> None:
    """JSON of any shape is accepted or refused in the provider's words."""
    answer, exchange = asked.respond(post(path, body, **HEADERS))
    assert (answer.status < 500, exchange.problem) == (True, None)


FORM = b'--x\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n'
FIELDS = st.lists(
    st.tuples(
        st.sampled_from(
            [b"file", b"image", b"purpose", b"prompt", b"model", b"n", b"size", b"data"]
        ),
        st.sampled_from([b"", b'; filename="a.jsonl"', b'; filename=""']),
        st.sampled_from([b"", b"batch", b"1", b"whisper-1", b"gpt-image-2", b"\xff\x00", b"{}"]),
    ),
    max_size=6,
)


@pytest.mark.parametrize(("name", "path"), SPOTS, ids=[path for _, path in SPOTS])
@REPEATED
@given(fields=FIELDS, end=st.sampled_from([b"--x--\r\n", b"--x", b""]))
def test_any_form_is_answered(
    asked: Fake, path: str, fields: list[tuple[bytes, bytes, bytes]], end: bytes
) -> None:
    """A form of any fields, whole or cut, is accepted or refused in the provider's words."""
    body = b"".join(FORM % parts for parts in fields) + end
    headers = {**HEADERS, "content-type": "multipart/form-data; boundary=x"}
    answer, exchange = asked.respond(post(path, body, **headers))
    assert (answer.status < 500, exchange.problem) == (True, None)
