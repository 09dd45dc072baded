"""How the parts of a request are read, whatever brought them, and how much of one is taken."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qsl, unquote

import httptools

from ..wire.base import HttpRequest, RequestHeaders

__all__ = [
    "BLANK_LINE",
    "BODY_BYTES_MAX",
    "DRAINED_BYTES_MAX",
    "Heads",
    "Query",
    "read_headers",
    "read_query",
    "read_url",
]

BLANK_LINE = b"\r\n\r\n"

BODY_BYTES_MAX = 64 * 1024 * 1024
"""A longer request body is answered with 413."""

DRAINED_BYTES_MAX = 4 * BODY_BYTES_MAX
"""How much of a too long body is read and thrown away, so that its sender hears the answer."""

HEADERS_REMEMBERED_MAX = 256
URLS_REMEMBERED_MAX = 256

HEADS_REMEMBERED_MAX = 256
UNUSUAL = frozenset({"expect", "transfer-encoding", "upgrade"})
"""Headers that make a request more than its head and so many bytes."""

HEAD_BYTES_MAX = 4096
"""A longer head is parsed anew each time, so that what is remembered stays small."""

NOTHING: Mapping[str, str] = {}


class Query(dict[str, str]):
    """A query's values by name, the last one of each; `raw` is the query as it came."""

    __slots__ = ("raw",)

    def __init__(self, raw: str) -> None:
        super().__init__(parse_qsl(raw, keep_blank_values=True))
        self.raw = raw


@lru_cache(maxsize=URLS_REMEMBERED_MAX)
def read_url(url: bytes) -> tuple[str, Mapping[str, str]]:
    """Path and query. A program asks the same few addresses all the time."""
    parsed = httptools.parse_url(url)
    path = parsed.path.decode("latin-1")
    return unquote(path) if "%" in path else path, read_query(parsed.query or b"")


def read_query(query: bytes) -> Mapping[str, str]:
    if not query:
        return NOTHING
    return Query(query.decode("latin-1"))


@lru_cache(maxsize=HEADERS_REMEMBERED_MAX)
def read_headers(raw: tuple[tuple[bytes, bytes], ...]) -> RequestHeaders:
    """Clients send the same ones again and again, and the journal keeps them: so they are read,
    and kept, once."""
    return RequestHeaders(
        (name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in raw
    )


@dataclass(slots=True)
class _Head:
    """A head that was parsed, and the bytes of every request that begins with it."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    request_bytes: int


class Heads:
    """Heads of requests that came in one piece, from the request line to the blank line. A client
    sends the same few all the time, and the same bytes read alike: they are parsed once."""

    def __init__(self) -> None:
        self._known: dict[bytes, _Head] = {}

    def request(self, data: bytes) -> HttpRequest | None:
        """The one request that the data is, if its head is known; None to have it parsed."""
        end = data.find(BLANK_LINE)
        head = self._known.get(data[:end])
        if head is None or head.request_bytes != len(data):
            return None
        return HttpRequest(
            method=head.method,
            path=head.path,
            query=head.query,
            headers=head.headers,
            body=data[end + 4 :],
        )

    def learn(self, data: bytes, parsed: HttpRequest) -> None:
        """Remember the head of a request that is all of the data, and keeps its connection."""
        end = data.find(BLANK_LINE)
        if end > HEAD_BYTES_MAX or end + 4 + len(parsed.body) != len(data):
            return
        if not UNUSUAL.isdisjoint(parsed.headers):
            return
        if len(self._known) >= HEADS_REMEMBERED_MAX:
            del self._known[next(iter(self._known))]
        self._known[data[:end]] = _Head(
            parsed.method, parsed.path, parsed.query, parsed.headers, len(data)
        )
