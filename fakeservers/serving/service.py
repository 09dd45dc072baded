"""One fake at work: has a request answered and the answer delivered, whatever carries both."""

import asyncio
from email.utils import formatdate
from functools import lru_cache

from ..evidence.journal import Exchange
from ..wire.base import Answer, HttpRequest
from . import receiving
from .connection import Connection
from .delivery import at_once, in_time
from .elsewhere import Elsewhere, Running, is_left
from .exchange import Fake
from .load import Turn

__all__ = ["Delivery", "Service"]

MINUTE_S = 60


class Service:
    """What a protocol speaks to. What the script leaves open is answered from `elsewhere`, where
    that is given."""

    def __init__(self, fake: Fake, elsewhere: Elsewhere | None = None) -> None:
        self.fake = fake
        self._elsewhere = elsewhere
        self._date = (0, "")
        self._round_s: float | None = None

    def answer(
        self, http: HttpRequest, connection: Connection, *, too_large: bool = False
    ) -> Running | None:
        """Answer a request, of which `too_large` a body was not kept. Returns None when the
        answer is written, else what must still be run."""
        fake, elsewhere = self.fake, self._elsewhere
        if elsewhere is not None and not too_large and is_left(fake, http):
            return elsewhere(fake, http, connection)
        if too_large:
            answer, exchange = fake.too_large(http, receiving.BODY_BYTES_MAX)
        else:
            answer, exchange = fake.respond(http)
        answer.headers = (*answer.headers, ("date", self._http_date()))
        if exchange.fault is None and exchange.timing is None:
            rest = at_once(answer, exchange, connection, fake.clock)
            if rest is None:
                return None
            answer.body = rest
        return Delivery(self, answer, exchange, connection)

    def arrival(self, started_s: float) -> float:
        """When a request came that was begun with at `started_s`. Those that the loop reads in one
        round were all there when it read the first: that they had to wait for one another adds
        nothing to the times that are asked for."""
        if self._round_s is None:
            self._round_s = started_s
            asyncio.get_running_loop().call_soon(self._end_round)
        return self._round_s

    def _end_round(self) -> None:
        self._round_s = None

    def _http_date(self) -> str:
        second = int(self.fake.clock.wall())
        if self._date[0] != second:
            self._date = (second, _http_date(second))
        return self._date[1]


def _http_date(second: int) -> str:
    """As HTTP writes it. In virtual time hardly two answers leave in the same second."""
    minute, rest = divmod(second, MINUTE_S)
    return f"{_http_minute(minute)}{rest:02} GMT"


@lru_cache(maxsize=4)
def _http_minute(minute: int) -> str:
    return formatdate(minute * MINUTE_S, usegmt=True).removesuffix("00 GMT")


class Delivery:
    """An answer of the fake's own that is not yet on its way."""

    def __init__(
        self, service: Service, answer: Answer, exchange: Exchange, connection: Connection
    ) -> None:
        self._fake = service.fake
        self._answer = answer
        self._connection = connection
        self.exchange = exchange
        self._turn: Turn | None = None
        self._begun_s = exchange.started_s
        if exchange.timing is not None:
            self._begun_s = service.arrival(exchange.started_s)
            self._turn = self._fake.load.enter(exchange.timing.pace)

    @property
    def closes_after_requests(self) -> int | None:
        """After how many requests the connection is closed, by a fault."""
        fault = self.exchange.fault
        return fault.requests_max if fault is not None else None

    async def run(self) -> None:
        clock = self._fake.clock
        begun_s = self._begun_s
        if self._turn is not None and await self._turn.comes():
            begun_s = clock.now()
        await in_time(self._answer, self.exchange, self._connection, clock, begun_s)

    def done(self, _task: "asyncio.Task[None] | None" = None) -> None:
        """The answer is delivered, or nobody waits for it any more."""
        if self._turn is not None:
            self._fake.load.leave(self._turn)
            self._turn = None
        # The journal keeps the exchange, and need not keep what its waiting times were drawn from.
        self.exchange.timing = None
        if self.exchange.outcome == "pending":
            self.exchange.ends("disconnected", self._fake.clock.now(), self._connection.sent_bytes)
