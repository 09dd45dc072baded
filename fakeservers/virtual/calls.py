"""One request to a fake without the bytes of HTTP: it is handed over as it is, and its answer
comes back part by part, each when the network brings it. Who asks is in `asking` and `transport`.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from ..serving.breaking import Ending
from ..serving.elsewhere import Running
from ..serving.service import Service
from ..wire.base import Headers, HttpRequest
from .network import Network

__all__ = ["Call", "Head", "Part"]

UNREAD_MAX = 64
"""Parts of an answer that the fake may be ahead of its client."""

log = logging.getLogger("llmsim")


class Head(NamedTuple):
    """Status and headers."""

    status: int
    headers: Headers


Part = Head | bytes | Ending
"""What a client hears in turn: the head, pieces of the body, how it ends."""


class Call:
    """To the fake this is the connection that it answers on, to the client what it hears."""

    def __init__(self, service: Service, network: Network, http: HttpRequest) -> None:
        self.sent_bytes = 0
        self._service = service
        self._loop = network.loop
        self._way_s = network.rtt_s / 2
        self._http = http
        self._head: Head | None = None
        self._under_way: deque[Part] = deque()
        self._arrived: deque[Part] = deque()
        self._heard: asyncio.Future[None] | None = None
        self._taken: asyncio.Future[None] | None = None
        self._delivery: Running | None = None
        self._delivering: asyncio.Task[None] | None = None
        self._left = False

    # --- the client's side ---

    def ask(self) -> None:
        """Send the request. What is answered at once is `complete` when this returns, unless there
        is a way to go."""
        if self._way_s:
            self._loop.call_later(self._way_s, self._answer)
        else:
            self._answer()

    @property
    def complete(self) -> bool:
        """Whether the end of the answer has arrived."""
        return bool(self._arrived) and isinstance(self._arrived[-1], Ending)

    @property
    def silent(self) -> bool:
        """Whether `hear` would wait."""
        return not self._arrived

    async def hear(self) -> Part:
        """The next part of the answer, once it has arrived."""
        if not self._arrived:
            self._heard = self._loop.create_future()
            await self._heard
        part = self._arrived.popleft()
        if self._taken is not None and not self._taken.done():
            self._taken.set_result(None)
        return part

    def heard(self) -> tuple[Part, ...]:
        """All that has arrived and was not taken yet."""
        return tuple(self._arrived)

    def leave(self) -> None:
        """Hear no more: the fake stops, and has room for the next call at once."""
        self._left = True
        if self._delivery is not None and self._delivering is not None:
            self._delivering.cancel()
            self._delivery.done()

    # --- the fake's side ---

    def start(self, status: int, headers: Headers, length: int | None) -> None:
        if length is not None:
            headers = (*headers, ("content-length", str(length)))
        self._head = Head(status, headers)

    def write(self, data: bytes) -> None:
        self.sent_bytes += len(data)
        self._send(b"" if self._http.method == "HEAD" else data)

    def finish(self) -> None:
        self._send(Ending.FINISH)

    def send_whole(self, status: int, headers: Headers, body: bytes) -> None:
        self.sent_bytes = len(body)
        head = Head(status, (*headers, ("content-length", str(len(body)))))
        empty = not body or self._http.method == "HEAD"
        self._send_parts((head, Ending.FINISH) if empty else (head, body, Ending.FINISH))

    def send_stream(self, status: int, headers: Headers, pieces: Sequence[bytes]) -> None:
        self.start(status, headers, None)
        self.write(b"".join(pieces))
        self.finish()

    def close(self) -> None:
        self._send(Ending.CLOSE)

    def reset(self) -> None:
        self._send(Ending.RESET)

    @property
    def full(self) -> bool:
        return len(self._arrived) + len(self._under_way) >= UNREAD_MAX

    async def drained(self) -> None:
        while self.full:
            self._taken = self._loop.create_future()
            await self._taken

    # --- between them ---

    def _answer(self) -> None:
        delivery = self._service.answer(self._http, self)
        if delivery is None:
            return
        run = self._deliver(delivery)
        self._delivery = delivery
        self._delivering = self._loop.create_task(run, name=f"fake {self._http.path}")
        self._delivering.add_done_callback(delivery.done)
        if self._left:
            self.leave()

    async def _deliver(self, delivery: Running) -> None:
        try:
            await delivery.run()
        except Exception as problem:
            log.error("an answer broke off: %r", problem, exc_info=problem)
            self.reset()

    def _send(self, part: Part) -> None:
        """Send what is pending, the head, and then this, if it is anything."""
        head, self._head = self._head, None
        self._send_parts([sent for sent in (head, part) if sent])

    def _send_parts(self, parts: Sequence[Part]) -> None:
        if self._way_s:
            self._under_way += parts
            for _ in parts:
                self._loop.call_later(self._way_s, self._come)
        else:
            self._arrive(parts)

    def _come(self) -> None:
        # Whichever timer fires first, what was sent first arrives.
        self._arrive((self._under_way.popleft(),))

    def _arrive(self, parts: Sequence[Part]) -> None:
        self._arrived += parts
        if self._heard is not None and not self._heard.done():
            self._heard.set_result(None)
