"""A recorded exchange as a value: what was asked, and the true answer to it, byte by byte."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..wire.base import Headers, HttpRequest

__all__ = ["Piece", "Recorded"]


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes of a body as they came together, and when, in seconds since the request."""

    at_s: float
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One exchange, without credentials.

    asked     the request: method, path, query and body; of its headers nothing is kept
    pieces    the answer's body, the encoding undone, as it came
    streamed  whether it came without a length told before, and is to leave so again
    cut       whether it broke off: its connection was closed before its end
    where     file and line, once it stands in a file
    """

    provider: str
    asked: HttpRequest
    status: int
    headers: Headers = ()
    pieces: tuple[Piece, ...] = ()
    streamed: bool = False
    cut: bool = False
    where: str = field(default="", compare=False)

    @property
    def body(self) -> bytes:
        return b"".join(piece.data for piece in self.pieces)

    @property
    def header(self) -> Mapping[str, str]:
        return dict(self.headers)
