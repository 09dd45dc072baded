"""What is wrong with the network at the moment, by port: what a script cannot say, because its
faults begin once a request has come. Who suffers it is `network` and `transport`."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

__all__ = ["Trouble", "TroubleKind", "Troubles"]

TroubleKind = Literal["silent", "slow"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """One thing that is wrong with a port.

    silent   bytes and connections are held back until it is over, as by a dead link
    slow     bytes take `delay_s` longer each way
    """

    kind: TroubleKind
    delay_s: float = 0.0


class Troubles:
    """The troubles of every port; several may overlap, and the same one twice."""

    def __init__(self) -> None:
        self._by_port: dict[int, list[Trouble]] = {}
        self._over: dict[int, asyncio.Event] = {}

    def begin(self, port: int, trouble: Trouble) -> None:
        self._by_port.setdefault(port, []).append(trouble)

    def end(self, port: int, trouble: Trouble) -> None:
        here = self._by_port.get(port, [])
        here.remove(trouble)
        if not here:
            self._by_port.pop(port, None)
        if not self.has(port, "silent") and (over := self._over.pop(port, None)) is not None:
            over.set()

    def has(self, port: int, kind: TroubleKind) -> bool:
        return any(trouble.kind == kind for trouble in self._at(port))

    def delay_s(self, port: int) -> float:
        """By how much bytes are late in each direction."""
        return sum(trouble.delay_s for trouble in self._at(port) if trouble.kind == "slow")

    async def silence_over(self, port: int) -> None:
        """Return when nothing is held back any more, at once if nothing is."""
        while self.has(port, "silent"):
            await self._over.setdefault(port, asyncio.Event()).wait()

    def __bool__(self) -> bool:
        """Whether anything is wrong anywhere."""
        return bool(self._by_port)

    def _at(self, port: int) -> Iterator[Trouble]:
        # Nearly always there is none at all, and this is asked for every write.
        return iter(self._by_port.get(port, ()) if self._by_port else ())
