"""Fakes as the control endpoint drives them: their scenario's time, their journal as plain data.

Holds what the endpoint's verbs do; how they are asked for is `serving/control.py`.
"""

import time
from collections.abc import Iterator, Mapping
from typing import Any

from .api import FakeServers
from .evidence.journal import Exchange

__all__ = ["Remote"]


class Remote:
    """Drives running fakes."""

    def __init__(self, servers: FakeServers) -> None:
        self._servers = servers
        self._scenario = servers.scenario
        self._begun_s = time.monotonic()

    def begin(self) -> dict[str, Any]:
        """The scenario's time begins now."""
        self._servers.begin()
        self._begun_s = time.monotonic()
        return {"begun_unix_s": time.time(), "seed": self._scenario.seed}

    def reset(self) -> dict[str, Any]:
        """As just started: nothing seen or stored, the same scenario from its beginning."""
        self._servers.reset()
        self._servers.write(self._scenario)
        return self.begin()

    def journal(self, after: Mapping[str, int]) -> Iterator[dict[str, Any]]:
        """What each fake saw after its exchange of that number, oldest first. Raises ValueError
        for a fake that there is not."""
        if unknown := set(after) - set(self._servers.providers):
            known = ", ".join(self._servers.providers)
            raise ValueError(f"no fake {', '.join(sorted(unknown))}: there are {known}")
        for exchange in self._servers.journal:
            if exchange.number > after.get(exchange.provider, 0):
                yield _plain(exchange, self._begun_s)


def _plain(exchange: Exchange, begun_s: float) -> dict[str, Any]:
    """An exchange without its bodies; times are seconds since the scenario's begin."""
    usage = exchange.usage
    ended = exchange.outcome != "pending"
    return {
        "provider": exchange.provider,
        "number": exchange.number,
        "at_s": round(exchange.started_s - begun_s, 6),
        "took_s": round(exchange.ended_s - exchange.started_s, 6) if ended else None,
        "method": exchange.method,
        "path": exchange.path,
        "model": exchange.model,
        "status": exchange.status,
        "streamed": exchange.streamed,
        "outcome": exchange.outcome,
        "error": exchange.error.kind if exchange.error is not None else None,
        "fault": str(exchange.fault) if exchange.fault is not None else None,
        "rule": exchange.rule.number if exchange.rule is not None else None,
        "input_tokens": usage.input_tokens if usage is not None else 0,
        "output_tokens": usage.output_tokens if usage is not None else 0,
    }
