"""What never reaches a recording: credentials, cookies, who the account is, and whatever in a body
looks like one of these.

Of a request's headers nothing is kept; of an answer's those that clients act on, by name. Bodies
are searched for the credentials of the request itself, for the known forms of keys, and for
values of fields that are named like secrets.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from ..evidence.journal import REDACTED
from ..wire.base import Headers, HttpRequest, Provider
from .exchanges import Piece

__all__ = ["clean", "clean_pieces", "clean_query", "credentials", "kept_headers"]

MARK = REDACTED.encode()

CREDENTIAL_CHARS_MIN = 8
"""A shorter credential is no secret, and would be found in ordinary words."""

KEPT_HEADERS = re.compile(
    r"access-control-.*|content-type|content-encoding|content-disposition|location|retry-after(?:-ms)?"
    r"|x-should-retry|(?:x-)?request-id|x-goog-upload-.*|openai-(?:model|processing-ms|version)"
    r"|x-ratelimit-.*|anthropic-(?:ratelimit-.*|priority-.*)"
)
"""What SDKs read, and what programs read through them. Cookies, and the names of organisations,
projects and of the machines in between, are not among these."""

QUERY_SECRETS = frozenset({"access_token", "api-key", "api_key", "key", "sig", "token"})
"""Keys of a query that carry credentials, whoever the provider is."""

_KEY = r"(?<![A-Za-z0-9])"
_FORMS: Mapping[str, str] = {
    "sk-": rf"{_KEY}sk-[A-Za-z0-9_-]{{16,}}",  # Claude, OpenAI
    "aiza": rf"{_KEY}AIza[A-Za-z0-9_-]{{30,}}",  # Google
    "aq.": rf"{_KEY}AQ\.[A-Za-z0-9_-]{{20,}}",
    "ya29.": rf"{_KEY}ya29\.[A-Za-z0-9_.-]{{20,}}",
    **{f"gh{kind}_": rf"{_KEY}gh{kind}_[A-Za-z0-9]{{20,}}" for kind in "oprsu"},  # GitHub
    "github_pat_": rf"{_KEY}github_pat_[A-Za-z0-9_]{{20,}}",
    "xox": rf"{_KEY}xox[abeprs]-[A-Za-z0-9-]{{10,}}",  # Slack
    "akia": rf"{_KEY}AKIA[A-Z0-9]{{16}}(?![A-Z0-9])",  # AWS
    "asia": rf"{_KEY}ASIA[A-Z0-9]{{16}}(?![A-Z0-9])",
    "hf_": rf"{_KEY}hf_[A-Za-z0-9]{{20,}}",  # Hugging Face
    "org-": rf"{_KEY}org-[A-Za-z0-9]{{16,}}",  # organisations and projects of OpenAI
    "proj_": rf"{_KEY}proj_[A-Za-z0-9]{{16,}}",
    "eyj": r"eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]+",  # JSON web tokens
    "bearer ": r"(?i:bearer )(?P<value>[A-Za-z0-9._~+/=-]{16,})",
    "private key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----",
}
"""What keys look like, by what stands in each, in small letters."""

_NAMES = (
    *("access_token", "api_key", "api-key", "apikey", "authorization", "client_secret", "cookie"),
    *("id_token", "password", "passwd", "private_key", "refresh_token", "secret", "session_token"),
    "x-api-key",
)
_FIELDS: Mapping[str, str] = {
    name: rf"""(?i:\\?"{name}\\?"\s*:\s*\\?")(?P<value>[^"\\]+)""" for name in _NAMES
}
"""Fields of JSON, also of JSON inside a text of JSON."""

_SIGNED = ("x-amz-credential", "x-amz-security-token", "x-amz-signature", "x-goog-signature")
_QUERY: Mapping[str, str] = {
    f"{name}=": rf"""(?i:[?&]{name}=)(?P<value>[^&\s"'\\<>]+)"""
    for name in (*sorted(QUERY_SECRETS), "signature", *_SIGNED)
}
"""Parts of an address, also of one inside a text: what signs it, or pays for it."""

_PATTERNS = tuple(
    (needle.encode(), re.compile(pattern.encode(), re.S))
    for needle, pattern in {**_FORMS, **_FIELDS, **_QUERY}.items()
)


def credentials(http: HttpRequest, provider: Provider) -> tuple[bytes, ...]:
    """The credentials that a request brings: with and without a scheme such as `Bearer`."""
    given = [v for n, v in (*http.headers.items(), *http.query.items()) if n in provider.secrets]
    bare = (value.rpartition(" ")[2] for value in given)
    long = {v for v in (*given, *bare) if len(v) >= CREDENTIAL_CHARS_MIN and v != REDACTED}
    return tuple(value.encode() for value in sorted(long, key=len, reverse=True))


def clean_query(query: Mapping[str, str], provider: Provider) -> dict[str, str]:
    """The query without its credentials."""
    secrets = provider.secrets | QUERY_SECRETS
    return {name: value for name, value in query.items() if name.lower() not in secrets}


def kept_headers(headers: Headers, known: Collection[bytes]) -> Headers:
    """Of an answer's headers those that are recorded, each clean."""
    return tuple(
        (name.lower(), clean(value.encode(), known).decode())
        for name, value in headers
        if KEPT_HEADERS.fullmatch(name.lower())
    )


def clean(data: bytes, known: Collection[bytes]) -> bytes:
    """The data with a mark in the place of what is secret; `known` is secret in any case."""
    return b"".join(p.data for p in clean_pieces((Piece(0.0, data),), known))


def clean_pieces(pieces: Sequence[Piece], known: Collection[bytes]) -> tuple[Piece, ...]:
    """The same for a body in pieces, in which a secret may begin in one and end in another."""
    whole = b"".join(piece.data for piece in pieces)
    spans = list(_spans(whole, known))
    if not spans:
        return tuple(pieces)
    cleaned: list[Piece] = []
    begins = 0
    for piece in pieces:
        ends = begins + len(piece.data)
        kept, at = [], begins
        for start, stop in spans:
            if stop <= begins or start >= ends:
                continue
            kept.append(whole[at : max(at, start)])
            if start >= begins:
                kept.append(MARK)
            at = min(stop, ends)
        kept.append(whole[at:ends])
        cleaned.append(Piece(piece.at_s, b"".join(kept)))
        begins = ends
    return tuple(cleaned)


def _spans(whole: bytes, known: Collection[bytes]) -> Iterator[tuple[int, int]]:
    """Where secrets stand, in order and apart from each other."""
    found: list[tuple[int, int]] = []
    # To look for what must be there takes a third of the time of looking for all forms.
    small = whole.lower()
    for needle, pattern in _PATTERNS:
        if needle in small:
            found += [match.span(match.lastgroup or 0) for match in pattern.finditer(whole)]
    for secret in known:
        found += [match.span() for match in re.finditer(re.escape(secret), whole)]
    last = 0
    for start, stop in sorted(span for span in found if whole[slice(*span)] != MARK):
        if stop > last:
            yield max(start, last), stop
            last = stop
