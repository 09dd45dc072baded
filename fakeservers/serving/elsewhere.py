"""Requests that are answered from elsewhere: by the service that a fake stands for, or by what it
answered before. What a rule of the script decides stays the fake's own.

What must not be here: where the answers come from (`recording`).
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from ..behaviour.scenario import decide
from ..canonical import Rejected
from ..evidence.journal import Exchange
from ..wire.base import HttpRequest
from .connection import Connection
from .credentials import admit
from .exchange import Fake

__all__ = ["Elsewhere", "Running", "entered", "is_left"]


class Running(Protocol):
    """An answer that is not yet on its way. `run` it, and then, even if it was cancelled before
    it began, call `done`."""

    @property
    def closes_after_requests(self) -> int | None:
        """After how many requests the connection is closed."""
        ...

    async def run(self) -> None: ...

    def done(self, _task: "asyncio.Task[None] | None" = None) -> None: ...


Elsewhere = Callable[[Fake, HttpRequest, Connection], Running]
"""Answers a request in the place of its fake."""


def is_left(fake: Fake, http: HttpRequest) -> bool:
    """Whether a request is none of the fake's own: it is let in, and no rule answers it or has
    something go wrong with it."""
    if fake.closed is not None:
        return False
    try:
        admit(replace(http, validates=False), fake.provider, fake._token)
    except Rejected:
        return False
    if not fake.script.rules:
        return True
    try:
        endpoint, params = fake._routes.find(http.method, http.path)
        request = endpoint.parse(replace(http, params=params))
    except (Rejected, RecursionError):
        return True
    decision = decide(
        fake.script,
        request,
        http.headers,
        fake.used,
        now_s=fake.clock.now() - fake._begun_s,
        draw=fake._root.of(fake._known.coming(http)).share_of,
    )
    return decision.rule is None and decision.fault is None


def entered(fake: Fake, http: HttpRequest) -> Exchange:
    """The request's entry in the journal, with what reads it. It counts as asked: the next one
    like it draws its own chance."""
    exchange = fake.enter(http)
    fake._known.asked(http)
    try:
        exchange.endpoint, params = fake._routes.find(http.method, http.path)
    except Rejected:
        return exchange
    exchange.http = replace(exchange.http, params=params)
    return exchange
