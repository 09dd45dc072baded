"""What can go wrong with an answer while it leaves: one frozen value, and its constructors.

Every field is a fault of its own; `together` combines several. What the provider itself says,
its errors, is built in `failures`. Nothing here touches a byte: delivery acts on the value.
"""

import math
from dataclasses import dataclass, fields
from typing import Any, Literal

from ..canonical import ApiError
from ..errors import ScriptError, own_keywords

__all__ = [
    "Fault",
    "bad_arguments",
    "closes_connection",
    "cut",
    "duplicate_chunk",
    "empty_body",
    "error_event",
    "finish_by_length",
    "garbage",
    "html_page",
    "line_endings",
    "missing_chunk",
    "over",
    "refused",
    "reset",
    "slow_first_byte",
    "split_utf8",
    "stall",
    "together",
    "trickle",
    "unknown_tool",
    "wrong_content_type",
    "wrong_length",
]

Ending = Literal["finish", "close", "reset", "skip"]
"""How an answer ends: whole; the connection closed or reset; without its content's rest."""

Garbage = Literal["json", "truncated_json", "sse_line", "bytes"]
LineEnding = Literal["lf", "crlf", "cr"]
Twist = Literal["bad_arguments", "unknown_tool", "length"]

HTML = (
    "<html>\r\n<head><title>{status} {reason}</title></head>\r\n<body>\r\n"
    "<center><h1>{status} {reason}</h1></center>\r\n<hr><center>nginx</center>\r\n"
    "</body>\r\n</html>\r\n"
)
"""The error page of a reverse proxy, as nginx writes it."""

REASONS = {500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Temporarily Unavailable",
           504: "Gateway Time-out"}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """How an answer leaves otherwise than it should. Chunks are those that carry output: the
    deltas of a stream, and for an answer in one piece its two halves.

    refused              nobody listens: connections are refused
    first_byte_delay_s   waits before the status line
    stall_after_chunks   waits after so many chunks (0: after the head), for `stall_s` seconds
    trickle_bytes        writes so many bytes at a time, every `trickle_every_s` seconds
    ends_after_chunks    ends after so many chunks (None: before the status line), as `ending` says
    ending               `close` or `reset` the connection, `finish` the HTTP answer there, or
                         `skip` the rest of the content and send what ends the stream
    error_after_chunks   an error event in the provider's own form, after so many chunks
    error_event          the error which that event tells
    garbage_after_chunks bytes that are not what they should be, of the kind `garbage`
    duplicate_chunk      the chunk of this number, from 1, is sent twice
    missing_chunk        the chunk of this number, from 1, is left out
    length_off           the content-length says so many bytes more than there are
    status               the status in place of the answer's
    body                 the body in place of the answer's
    content_type         the content type in place of the answer's
    line_ending          line ends of a stream
    splits_utf8          writes end inside characters of several bytes
    requests_max         the connection is closed after so many answers, without having said so
    twist                what is wrong with what the model says
    """

    refused: bool = False
    first_byte_delay_s: float = 0.0
    stall_after_chunks: int | None = None
    stall_s: float = 0.0
    trickle_bytes: int = 0
    trickle_every_s: float = 0.0
    ends_after_chunks: int | None = None
    ending: Ending | None = None
    error_after_chunks: int | None = None
    error_event: ApiError | None = None
    garbage_after_chunks: int = 0
    garbage: Garbage | None = None
    duplicate_chunk: int | None = None
    missing_chunk: int | None = None
    length_off: int = 0
    status: int | None = None
    body: bytes | None = None
    content_type: str | None = None
    line_ending: LineEnding | None = None
    splits_utf8: bool = False
    requests_max: int | None = None
    twist: Twist | None = None

    def __str__(self) -> str:
        changed = [f"{f}={getattr(self, f)!r}" for f in _FIELDS if self._sets(f)]
        return f"fault({', '.join(changed)})"

    def _sets(self, name: str) -> bool:
        return bool(getattr(self, name) != _DEFAULTS[name])


_FIELDS = tuple(field.name for field in fields(Fault))
_DEFAULTS = {field.name: field.default for field in fields(Fault)}


def together(*faults: Fault) -> Fault:
    """One fault that is all of these. Raises ScriptError when two say different things of
    the same."""
    changes: dict[str, Any] = {}
    for fault in faults:
        for name in _FIELDS:
            value = getattr(fault, name)
            if value == _DEFAULTS[name]:
                continue
            if changes.setdefault(name, value) != value:
                raise ScriptError(
                    f"Two faults disagree on {name}: {changes[name]!r} and {value!r}. "
                    f"Write them as two rules, in their order."
                )
    return Fault(**changes)


def over(fault: Fault, other: Fault) -> Fault:
    """The first fault, and what the other says that the first leaves open."""
    said = {name: getattr(fault, name) for name in _FIELDS if fault._sets(name)}
    more = {name: getattr(other, name) for name in _FIELDS if other._sets(name)}
    return Fault(**more | said)


@own_keywords
def cut(*, after_chunks: int = 1, ends: str = "connection") -> Fault:
    """The answer ends early, after `after_chunks` chunks.

    ends  `connection`: the connection is closed in the middle of the body. `stream`: the HTTP
          answer ends properly, but what marks the end of the stream is missing. `content`: the
          rest of the content is missing, and the end marks are sent; Gemini has its in the last
          chunk, so that both are one there. `answer`: the connection
          is closed before the status line, whatever `after_chunks` says. An answer in one piece
          has no such marks: by `stream` and `content` it is shorter, and its length says so.
    """
    endings: dict[str, Ending] = {
        "connection": "close",
        "stream": "finish",
        "content": "skip",
        "answer": "close",
    }
    if ends not in endings:
        raise ScriptError(f"cut(ends=...) is {_either(endings)}, not {ends!r}.")
    after = None if ends == "answer" else _chunks("cut", after_chunks)
    return Fault(ends_after_chunks=after, ending=endings[ends])


@own_keywords
def stall(*, after_chunks: int = 1, for_s: float = math.inf) -> Fault:
    """Nothing comes after so many chunks, for `for_s` seconds, by default for ever; with
    `after_chunks=0` after the headers."""
    return Fault(stall_after_chunks=_chunks("stall", after_chunks), stall_s=_time("for_s", for_s))


@own_keywords
def reset(*, after_chunks: int | None = None) -> Fault:
    """The connection is reset: once the request is read, or after so many chunks."""
    return Fault(ends_after_chunks=_chunks("reset", after_chunks), ending="reset")


@own_keywords
def refused() -> Fault:
    """Nobody listens: the port is closed for as long as the rule holds."""
    return Fault(refused=True)


@own_keywords
def slow_first_byte(delay_s: float) -> Fault:
    """The status line comes late."""
    return Fault(first_byte_delay_s=_time("delay_s", delay_s))


@own_keywords
def trickle(*, chunk_bytes: int = 1, every_s: float = 0.1) -> Fault:
    """The answer comes a few bytes at a time."""
    if chunk_bytes < 1:
        raise ScriptError(f"trickle(chunk_bytes=...) is at least 1, not {chunk_bytes!r}.")
    return Fault(trickle_bytes=chunk_bytes, trickle_every_s=_time("every_s", every_s))


@own_keywords
def garbage(kind: Garbage = "json", *, after_chunks: int = 0) -> Fault:
    """Bytes that are not what they should be.

    kind  `json`: the body, or the event after `after_chunks` chunks, is malformed JSON;
          `truncated_json`: it ends in the middle; `sse_line`: a line that is no field of an
          event stands between two events; `bytes`: bytes that are no text
    """
    kinds = ("json", "truncated_json", "sse_line", "bytes")
    if kind not in kinds:
        raise ScriptError(f"garbage(...) is {_either(kinds)}, not {kind!r}.")
    return Fault(garbage=kind, garbage_after_chunks=_chunks("garbage", after_chunks) or 0)


@own_keywords
def error_event(error: ApiError, *, after_chunks: int = 1) -> Fault:
    """After so many chunks the stream says in the provider's own form that it failed; an answer
    in one piece is that error."""
    if not isinstance(error, ApiError):
        raise ScriptError(
            f"error_event(...) takes an error such as overloaded() or http_error(500), "
            f"not {error!r}."
        )
    return Fault(error_event=error, error_after_chunks=_chunks("error_event", after_chunks))


@own_keywords
def duplicate_chunk(number: int = 1) -> Fault:
    """A chunk, counted from 1, is sent twice."""
    return Fault(duplicate_chunk=_number("duplicate_chunk", number))


@own_keywords
def missing_chunk(number: int = 1) -> Fault:
    """A chunk, counted from 1, is left out."""
    return Fault(missing_chunk=_number("missing_chunk", number))


@own_keywords
def wrong_length(by: int = 10) -> Fault:
    """The content-length says `by` bytes more than there are (fewer when negative)."""
    return Fault(length_off=by)


@own_keywords
def html_page(status: int = 502) -> Fault:
    """A proxy answers with its error page."""
    reason = REASONS.get(status, "Error")
    page = HTML.format(status=status, reason=reason).encode()
    return Fault(status=status, body=page, content_type="text/html")


@own_keywords
def empty_body(status: int | None = None) -> Fault:
    """The body is empty."""
    return Fault(body=b"", status=status)


@own_keywords
def wrong_content_type(content_type: str = "text/plain") -> Fault:
    """The content type is another one."""
    return Fault(content_type=content_type)


@own_keywords
def split_utf8() -> Fault:
    """Writes end in the middle of characters."""
    return Fault(splits_utf8=True)


@own_keywords
def line_endings(kind: LineEnding) -> Fault:
    """The lines of a stream end so."""
    if kind not in ("lf", "crlf", "cr"):
        raise ScriptError(f"line_endings(...) is {_either(('lf', 'crlf', 'cr'))}, not {kind!r}.")
    return Fault(line_ending=kind)


@own_keywords
def closes_connection(*, after_requests: int = 1) -> Fault:
    """The connection is closed after so many answers, without having said so."""
    return Fault(requests_max=_number("closes_connection", after_requests))


@own_keywords
def bad_arguments() -> Fault:
    """The arguments of tool calls are malformed JSON, where the wire has them as text."""
    return Fault(twist="bad_arguments")


@own_keywords
def unknown_tool() -> Fault:
    """The model calls a tool that it was not offered."""
    return Fault(twist="unknown_tool")


@own_keywords
def finish_by_length() -> Fault:
    """The answer stops in the middle, as if at its token limit."""
    return Fault(twist="length")


def _chunks(name: str, value: int | None) -> int | None:
    if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 0):
        raise ScriptError(f"{name}(after_chunks=...) is a whole number from 0, not {value!r}.")
    return value


def _number(name: str, value: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ScriptError(f"{name}(...) counts from 1, got {value!r}.")
    return value


def _time(name: str, value: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
        raise ScriptError(f"{name} is a number of seconds from 0, not {value!r}.")
    return float(value)


def _either(allowed: Any) -> str:
    *first, last = (f'"{name}"' for name in allowed)
    return f"{', '.join(first)} or {last}"
