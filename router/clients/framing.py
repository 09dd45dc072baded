"""Bytes of a streamed answer into JSON values: server-sent events, and one JSON value a line.

Here live the two framings, without I/O and without anything of a provider. What is not JSON is
skipped and counted, so that one malformed line does not cost a healthy stream; one without an end,
or more of them than any policy would pass over, fail it. Whether what was skipped may have held a
piece of the answer is told apart: a line of an unknown field is nothing to any reader (WHATWG HTML,
9.2.6: "The field is ignored"), data that are not JSON are an event whose content is lost.
"""

import json
from typing import Any, NamedTuple

__all__ = [
    "LINE_BYTES_MAX",
    "MALFORMED_MAX",
    "Frame",
    "Garbled",
    "JsonBody",
    "JsonLines",
    "SseEvents",
]

LINE_BYTES_MAX = 32 * 2**20
"""The longest line or event kept while its end has not come: an inline image fits."""
BARE_BYTES_MAX = 2**16
"""The longest JSON without `data:` in a stream of events: an error fits."""
MALFORMED_MAX = 64
"""How many malformed lines are skipped at most; the router's policy allows fewer."""
COMMENTS = (b":", b"id:", b"retry:", b"id", b"retry")


class Garbled(Exception):
    """More of the stream was unreadable than is passed over; str() says what."""


class Frame(NamedTuple):
    """One JSON value of a stream: its event's name ("" without), the value, its bytes."""

    event: str
    value: Any
    data: bytes


class _Lines:
    """Splits at CR, LF and CRLF wherever the chunks were cut, and parses with a count of misses."""

    def __init__(self) -> None:
        self.malformed = 0
        """Lines or events that were not JSON, skipped."""
        self.lost = 0
        """Those of them that may have held a piece of the answer."""
        self.done = False
        """Whether OpenAI's `[DONE]` came."""
        self._tail = b""

    def _lines(self, chunk: bytes) -> list[bytes]:
        whole = self._tail + chunk
        # A CR at the very end may be half of a CRLF: it waits for the next chunk.
        end = max(whole.rfind(b"\n"), whole.rfind(b"\r", 0, -1)) + 1
        self._tail = whole[end:]
        if len(self._tail) > LINE_BYTES_MAX:
            raise Garbled(f"a line of more than {LINE_BYTES_MAX} bytes")
        return whole[:end].splitlines()

    def _rest(self) -> list[bytes]:
        rest, self._tail = self._tail, b""
        return rest.splitlines()

    def _parse(self, event: str, data: bytes) -> list[Frame]:
        if data.strip() == b"[DONE]":
            self.done = True
            return []
        try:
            return [Frame(event, json.loads(data), data)]
        except (ValueError, RecursionError):
            self._skip(lost=True)
            return []

    def _skip(self, *, lost: bool) -> None:
        self.malformed += 1
        self.lost += lost
        if self.malformed > MALFORMED_MAX:
            raise Garbled(f"more than {MALFORMED_MAX} malformed lines in one stream")


class JsonLines(_Lines):
    """One JSON value a line, as Ollama streams (`application/x-ndjson`)."""

    def feed(self, chunk: bytes) -> list[Frame]:
        """What `chunk` completes. Raises Garbled."""
        return [f for line in self._lines(chunk) if line.strip() for f in self._parse("", line)]

    def end(self) -> list[Frame]:
        """What the end of the stream completes. Raises Garbled."""
        return [f for line in self._rest() if line.strip() for f in self._parse("", line)]


class JsonBody(_Lines):
    """One JSON value, the whole body."""

    def feed(self, chunk: bytes) -> list[Frame]:
        """Nothing yet. Raises Garbled."""
        self._tail += chunk
        if len(self._tail) > LINE_BYTES_MAX:
            raise Garbled(f"a body of more than {LINE_BYTES_MAX} bytes")
        return []

    def end(self) -> list[Frame]:
        """The value, once."""
        whole, self._tail = self._tail, b""
        return self._parse("", whole) if whole.strip() else []


class SseEvents(_Lines):
    """Server-sent events whose data are JSON (WHATWG HTML, section 9.2).

    JSON that stands without `data:` is read as well, over several lines if need be: so Google's
    frontends write an error into a stream.
    """

    def __init__(self) -> None:
        super().__init__()
        self._event = ""
        self._data: list[bytes] = []
        self._bare: list[bytes] = []

    def feed(self, chunk: bytes) -> list[Frame]:
        """What `chunk` completes. Raises Garbled."""
        return [frame for line in self._lines(chunk) for frame in self._take(line)]

    def end(self) -> list[Frame]:
        """What the end of the stream completes: an event that is whole but for its empty line
        has been said. Raises Garbled."""
        frames = [frame for line in self._rest() for frame in self._take(line)]
        frames += self._take(b"")
        if self._bare:
            self._bare.clear()
            self._skip(lost=True)
        return frames

    def _take(self, line: bytes) -> list[Frame]:
        if line.startswith(b"data:"):
            self._keep(line[6:] if line.startswith(b"data: ") else line[5:])
        elif not line:
            return self._dispatch()
        elif line.startswith(b"event:"):
            self._event = line[6:].decode(errors="replace").strip()
        elif self._bare or line.startswith((b"{", b"[")):
            return self._take_bare(line)
        elif not line.startswith(COMMENTS):
            self._skip(lost=False)
        return []

    def _dispatch(self) -> list[Frame]:
        event, data = self._event, b"\n".join(self._data)
        self._event = ""
        self._data.clear()
        return self._parse(event, data) if data else []

    def _take_bare(self, line: bytes) -> list[Frame]:
        self._bare.append(line)
        whole = b"\n".join(self._bare)
        if len(whole) > BARE_BYTES_MAX:
            self._bare.clear()
            self._skip(lost=True)
            return []
        try:
            frame = Frame("", json.loads(whole), whole)
        except (ValueError, RecursionError):
            return []
        self._bare.clear()
        return [frame]

    def _keep(self, data: bytes) -> None:
        self._data.append(data)
        if len(self._data) > 1 and sum(map(len, self._data)) > LINE_BYTES_MAX:
            raise Garbled(f"an event of more than {LINE_BYTES_MAX} bytes")
