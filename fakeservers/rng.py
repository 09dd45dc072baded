"""Randomness that depends on what is asked, never on when.

A Seed is derived from (seed, provider, request content, nth occurrence), so neither concurrency
nor an added request changes another answer. Identifiers come straight from the hash: a whole
random generator costs more than the rest of a scripted answer.
"""

from hashlib import blake2b
from random import Random

__all__ = ["Ids", "Seed", "derive"]


def _table(alphabet: str) -> bytes:
    """Maps each byte to a letter; so nearly even that no test could tell."""
    return bytes(ord(alphabet[value % len(alphabet)]) for value in range(256))


_DIGITS = "0123456789"
_LOWER = "abcdefghijklmnopqrstuvwxyz"
_BASE36 = _table(_DIGITS + _LOWER)
_BASE62 = _table(_DIGITS + _LOWER.upper() + _LOWER)
_URLSAFE = _table(_DIGITS + _LOWER.upper() + _LOWER + "-_")


class Seed:
    """The root of all that is random in one answer."""

    __slots__ = ("_key",)

    def __init__(self, *parts: object) -> None:
        digest = blake2b(digest_size=32)
        for part in parts:
            data = part if isinstance(part, bytes) else str(part).encode("utf-8", "replace")
            digest.update(b"%d:" % len(data))
            digest.update(data)
        self._key = digest.digest()

    def of(self, part: bytes) -> "Seed":
        """The seed of one thing below this one."""
        seed = Seed.__new__(Seed)
        seed._key = blake2b(part, digest_size=32, key=self._key).digest()
        return seed

    def random(self) -> Random:
        """A random source that is the same for the same parts, on every run and machine."""
        return Random(int.from_bytes(self._key, "big"))

    def share_of(self, number: int) -> float:
        """For each number one from 0 up to, and without, 1."""
        key = blake2b(b"%d" % number, digest_size=6, key=self._key).digest()
        return int.from_bytes(key, "big") / (1 << 48)

    def ids(self) -> "Ids":
        return Ids(self._key)


def derive(*parts: object) -> Random:
    """The random source of these parts."""
    return Seed(*parts).random()


class Ids:
    """Identifiers and small numbers, in the order in which they are drawn."""

    __slots__ = ("_at", "_blocks", "_drawn", "_key")

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._drawn = b""
        self._at = 0
        self._blocks = 0

    def base62(self, length: int) -> str:
        return self._bytes(length).translate(_BASE62).decode("ascii")

    def base36(self, length: int) -> str:
        return self._bytes(length).translate(_BASE36).decode("ascii")

    def urlsafe(self, length: int) -> str:
        return self._bytes(length).translate(_URLSAFE).decode("ascii")

    def hex(self, length: int) -> str:
        return self._bytes((length + 1) // 2).hex()[:length]

    def integer(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return low + int.from_bytes(self._bytes(8), "big") % (high - low + 1)

    def _bytes(self, length: int) -> bytes:
        """So many bytes that were not drawn before."""
        end = self._at + length
        while len(self._drawn) < end:
            self._blocks += 1
            self._drawn += blake2b(self._key + self._blocks.to_bytes(8, "big")).digest()
        drawn = self._drawn[self._at : end]
        self._at = end
        return drawn
