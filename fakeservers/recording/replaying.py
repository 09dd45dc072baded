"""A recorded answer on its way: in the same pieces, each a chunk of its own, at once or in the time
that they took."""

import asyncio
from email.utils import formatdate

from ..clock import sleep_until
from ..evidence.journal import Exchange, Outcome
from ..serving.connection import Connection
from ..serving.exchange import Fake
from ..wire.base import Headers
from .exchanges import Recorded
from .said import replies_of
from .used import usage_of

__all__ = ["ORIGIN", "Answering", "Replayed", "note"]

ORIGIN = "{origin}"
"""In a recorded header: the address of whoever answers, as in that of an upload."""


class Answering:
    """What all answers from elsewhere have in common while they are on their way."""

    def __init__(self, fake: Fake, exchange: Exchange, connection: Connection) -> None:
        self.fake = fake
        self.exchange = exchange
        self.connection = connection

    @property
    def closes_after_requests(self) -> int | None:
        return None

    async def run(self) -> None:
        raise NotImplementedError

    def done(self, _task: "asyncio.Task[None] | None" = None) -> None:
        """The answer is delivered, or nobody waits for it any more."""
        if self.exchange.outcome == "pending":
            now_s = self.fake.clock.now()
            self.exchange.ends("disconnected", now_s, self.connection.sent_bytes)


def note(exchange: Exchange, recorded: Recorded) -> None:
    """Note in the journal what an answer says and what it used."""
    answer = recorded.provider, recorded.status, recorded.body
    exchange.usage = usage_of(*answer)
    exchange.replies = replies_of(*answer)


class Replayed(Answering):
    """One such answer. `time_scale` 1 takes the time that it took, 0 none."""

    def __init__(
        self,
        fake: Fake,
        exchange: Exchange,
        connection: Connection,
        recorded: Recorded,
        *,
        time_scale: float,
    ) -> None:
        super().__init__(fake, exchange, connection)
        self._recorded = recorded
        self._time_scale = time_scale
        exchange.status = recorded.status
        exchange.streamed = recorded.streamed
        note(exchange, recorded)

    async def run(self) -> None:
        recorded, connection, clock = self._recorded, self.connection, self.fake.clock
        length = None if recorded.streamed else len(recorded.body)
        connection.start(recorded.status, self._headers(), length)
        self.exchange.begun = True
        last = len(recorded.pieces) - 1
        for number, piece in enumerate(recorded.pieces):
            if self._time_scale:
                await sleep_until(clock, self.exchange.started_s + piece.at_s * self._time_scale)
            if number == last:
                self._ends(connection.sent_bytes + len(piece.data))
            connection.write(piece.data)
            await connection.drained()
        if last < 0:
            self._ends(0)
        if recorded.cut:
            connection.close()
        else:
            connection.finish()

    def _ends(self, sent_bytes: int) -> None:
        outcome: Outcome = "cut" if self._recorded.cut else "complete"
        self.exchange.ends(outcome, self.fake.clock.now(), sent_bytes)

    def _headers(self) -> Headers:
        origin = f"http://{self.exchange.headers.get('host', 'localhost')}"
        headers = tuple((n, v.replace(ORIGIN, origin)) for n, v in self._recorded.headers)
        return (*headers, ("date", formatdate(self.fake.clock.wall(), usegmt=True)))
