"""The requests that one fake has been asked before, as many as are kept."""

from collections import OrderedDict
from hashlib import blake2b

from ..canonical import Request
from ..wire.base import HttpRequest
from ..wire.multipart import unbounded
from .steady import Steady

__all__ = ["Asked", "Known", "draws"]

KNOWN_MAX = 4_096
"""Distinct requests whose repetitions are told apart; the oldest is forgotten."""

FIRST_KEPT_MAX = 64
"""Distinct requests of which what was read is kept before they come again: most tests, and every
simulated world, send no more than these."""

READ_BYTES_MAX = 4096
"""A longer body is read anew each time, so that what is kept stays small."""


class Asked:
    """A request that has been asked: `times` before this one. Retries and load tests send the
    same again and again, so from the second time on what was read is kept; of the first few
    requests of a fake `at_first`."""

    __slots__ = ("at_first", "how", "key", "read", "steady", "times")

    def __init__(self, key: bytes, *, at_first: bool) -> None:
        self.key = key
        self.at_first = at_first
        self.times = 0
        self.read: Request | None = None
        self.how: tuple[str | None, ...] = ()
        """What the headers were that tell how to read it."""
        self.steady: Steady | None = None
        """What it comes to, where that is always the same."""

    def keep(self, read: Request, how: tuple[str | None, ...], size: int) -> None:
        """Keep what a body of `size` bytes was read as, if it is small and is to come again."""
        if (self.times or self.at_first) and size <= READ_BYTES_MAX:
            self.read, self.how = read, how


class Known:
    def __init__(self) -> None:
        self._asked: OrderedDict[bytes, Asked] = OrderedDict()

    def asked(self, http: HttpRequest) -> Asked:
        """What is known of the request from the times that it was asked before."""
        key = _key(http)
        known = self._asked.get(key)
        if known is not None:
            known.times += 1
            self._asked.move_to_end(key)
            return known
        known = self._asked[key] = Asked(key, at_first=len(self._asked) < FIRST_KEPT_MAX)
        if len(self._asked) > KNOWN_MAX:
            self._asked.popitem(last=False)
        return known

    def coming(self, http: HttpRequest) -> bytes:
        """What the next request like this draws its chance from; `asked` is not told."""
        key = _key(http)
        known = self._asked.get(key)
        return draws(key, 0 if known is None else known.times + 1)

    def reread(self) -> None:
        """Read everything anew: bodies are now read in another way."""
        for asked in self._asked.values():
            asked.read = asked.steady = None


def draws(key: bytes, times: int) -> bytes:
    """What chance is drawn from: what is asked, and how often it was asked before."""
    return key + times.to_bytes(8, "big")


def _key(http: HttpRequest) -> bytes:
    place = f"{http.method} {http.path} {http.query or ''}\n".encode("utf-8", "replace")
    return blake2b(place + unbounded(http.body), digest_size=16).digest()
