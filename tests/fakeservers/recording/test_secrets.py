"""No credential reaches a recording."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakeservers.recording.exchanges import Piece
from fakeservers.recording.matching import sought
from fakeservers.recording.secrets import (
    clean,
    clean_pieces,
    clean_query,
    credentials,
    kept_headers,
)
from fakeservers.wire.base import HttpRequest
from fakeservers.wire.registry import installed

PROVIDERS = [provider for provider in installed() if provider.name != "tiny"]
TAILS = st.text(
    alphabet="abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=36
)
PREFIXES = (
    "sk-",
    "sk-ant-api03-",
    "sk-proj-",
    "AIza",
    "AQ.",
    "ya29.",
    "ghp_",
    "xoxb-",
    "hf_",
    "org-",
)
AROUND = st.sampled_from([b"", b'{"a": "', b"key: ", b" ", b"\n", b"data: "])


@given(TAILS, st.sampled_from(PREFIXES), AROUND, AROUND)
def test_what_looks_like_a_key_is_marked(tail, prefix, before, after):
    """Wherever it stands in a body."""
    key = f"{prefix}{tail}".encode()
    assert key not in clean(before + key + after, ())


@given(st.data())
def test_the_keys_of_the_request_are_found_wherever_they_are(data):
    """In its body and in what is answered, whatever their form, cut into pieces anywhere."""
    provider = data.draw(st.sampled_from(PROVIDERS))
    key = data.draw(st.text(alphabet="abcXYZ019_.+/-", min_size=8, max_size=60))
    name = data.draw(st.sampled_from(sorted(provider.secrets)))
    http = HttpRequest(
        method="POST",
        path="/v1/x",
        query={"key": key},
        headers={name: data.draw(st.sampled_from([key, f"Bearer {key}"]))},
        body=f'{{"said": "{key}"}}'.encode(),
    )
    known = credentials(http, provider)
    asked = sought(http, provider, known)
    assert key.encode() not in asked.body and key not in repr(asked)
    whole = b"data: " + key.encode() + b" and " + key.encode() + b"!\n"
    at = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=5)))
    cuts = zip([0, *at], [*at, len(whole)], strict=True)
    pieces = clean_pieces([Piece(0.0, whole[a:b]) for a, b in cuts], known)
    joined = b"".join(piece.data for piece in pieces)
    assert key.encode() not in joined
    assert joined == b"data: <redacted> and <redacted>!\n"


@pytest.mark.parametrize(
    "text",
    [
        "task-management-of-something-long, risk-averse-and-prudent-people",
        '{"id": "chatcmpl-ZA8yL508RqdClpKbDYR2n8lkFYKGv", "request": "req_0da6a41a983a191f1d9463"}',
        '{"id": "msg_01XFDUDYJgAACzvnptvVoYEL", "signature": "EqoBCkgIARABGAIiQL8AzC5Jxw=="}',
        '{"name": "login", "parameters": {"password": {"type": "string"}}}',
        '{"max_tokens": 1024, "id": "toolu_01A09q90qw90lq917835lq9"}',
    ],
)
def test_what_is_no_secret_stays(text):
    """Ids, signatures, schemas and ordinary words."""
    assert clean(text.encode(), ()) == text.encode()


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ('{"api_key": "abc"}', '{"api_key": "<redacted>"}'),
        (
            r'{"arguments": "{\"password\": \"abc\"}"}',
            r'{"arguments": "{\"password\": \"<redacted>\"}"}',
        ),
        ('"https://x/y?a=1&key=abc&b=2"', '"https://x/y?a=1&key=<redacted>&b=2"'),
        (
            "https://x/y?X-Amz-Signature=0af9 and so on",
            "https://x/y?X-Amz-Signature=<redacted> and so on",
        ),
        ("Authorization: Bearer abcdefghijklmnopqrst", "Authorization: Bearer <redacted>"),
        ("-----BEGIN PRIVATE KEY-----\nMII\n-----END PRIVATE KEY-----", "<redacted>"),
    ],
)
def test_fields_that_are_named_like_secrets_are_marked(text, cleaned):
    """Also in JSON inside of JSON; what is marked is marked once."""
    assert clean(text.encode(), ()).decode() == cleaned
    assert clean(cleaned.encode(), ()).decode() == cleaned


def test_of_an_answers_headers_only_some_are_kept():
    """Those that clients act on; no cookie, no account, no machine in between."""
    headers = (
        ("Content-Type", "application/json"),
        ("Retry-After", "3"),
        ("Set-Cookie", "__cf_bm=secret"),
        ("openai-organization", "acme"),
        ("openai-project", "proj_x"),
        ("anthropic-organization-id", "0c4e"),
        ("cf-ray", "x"),
        ("x-ratelimit-limit-requests", "9"),
    )
    assert [name for name, _ in kept_headers(headers, ())] == [
        "content-type",
        "retry-after",
        "x-ratelimit-limit-requests",
    ]


def test_a_query_loses_its_keys():
    """Whoever the provider is."""
    query = {"key": "abc", "alt": "sse", "api_key": "x"}
    assert [clean_query(query, provider) for provider in PROVIDERS] == [{"alt": "sse"}] * len(
        PROVIDERS
    )
