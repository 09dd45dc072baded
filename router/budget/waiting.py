"""Who waits for room in which account, in the order in which they came.

What belongs here: turns. What must not: amounts or limits. The first in line tries again when
something of its account was settled, when the poll is due (other processes settle too), or when
its deadline has come; whoever comes later stands behind, so that small calls cannot overtake a
large one for ever.
"""

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from ..clock import Clock

__all__ = ["POLL_S", "WAITING_MAX", "Line", "Ticket"]

POLL_S = 0.1
"""How often the first in line looks by itself."""

WAITING_MAX = 10_000
"""Calls that may wait for one account; a further one is refused at once."""


@dataclass(slots=True, eq=False)
class Ticket:
    """One waiting call, in the event loop in which it waits."""

    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)
    called: asyncio.Event = field(default_factory=asyncio.Event)


class Line:
    """The lines of all accounts."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lines: dict[str, deque[Ticket]] = {}

    def is_waited_for(self, accounts: Iterable[str]) -> str:
        """The first of the accounts for which somebody waits, "" for none."""
        return next((account for account in accounts if self._lines.get(account)), "")

    def join(self, account: str) -> Ticket:
        """A ticket at the end of the line."""
        ticket = Ticket()
        self._lines.setdefault(account, deque()).append(ticket)
        return ticket

    def is_too_long(self, account: str) -> bool:
        """Whether more wait than may: who joined last must give up."""
        return len(self._lines[account]) > WAITING_MAX

    def leave(self, account: str, ticket: Ticket) -> None:
        line = self._lines[account]
        line.remove(ticket)
        if line:
            _call(line[0])
        else:
            del self._lines[account]

    def is_first(self, account: str, ticket: Ticket) -> bool:
        return self._lines[account][0] is ticket

    def call(self, accounts: Iterable[str]) -> None:
        """Something of these accounts was settled: the first in each line may try."""
        for account in accounts:
            if line := self._lines.get(account):
                _call(line[0])

    async def wait(self, ticket: Ticket, until_s: float) -> None:
        """Return when called, after the poll, or at `until_s` of the clock."""
        called = asyncio.ensure_future(ticket.called.wait())
        timer = asyncio.ensure_future(
            self._clock.sleep_until(min(until_s, self._clock.now() + POLL_S))
        )
        try:
            await asyncio.wait((called, timer), return_when=asyncio.FIRST_COMPLETED)
        finally:
            called.cancel()
            timer.cancel()
            ticket.called.clear()


def _call(ticket: Ticket) -> None:
    if not ticket.loop.is_closed():
        ticket.loop.call_soon_threadsafe(ticket.called.set)
