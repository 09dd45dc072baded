"""The ledger in Redis: many processes on many hosts share one budget.

What belongs here: the connection, and the calls of the one script in `redis.lua`, which holds the
contract. What must not: a second way of changing an amount. Each step is one round trip and one
atomic script; it is repeated once when the connection breaks, which its ids make harmless.
"""

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NoReturn
from weakref import WeakKeyDictionary

from ..errors import LedgerUnavailable
from .base import Hold, LedgerRow, Reservation, Scope, ScopeSummary, Settlement
from .store import (
    Discrepancy,
    buckets,
    checked_amount,
    checked_scopes,
    posted_amount,
    scopes_from_json,
    scopes_to_json,
)

if TYPE_CHECKING:
    from redis.asyncio import Redis

__all__ = ["CONNECTIONS_MAX", "RETENTION_S", "RedisLedger"]

RETENTION_S = 35 * 86_400.0
"""How long settled holds stay as rows; older ones are folded into their accounts' sums."""

CONNECTIONS_MAX = 16
"""Connections of one event loop; further steps wait for one of them, in turn."""

_TIMEOUT_S = 2.0


class RedisLedger:
    """A `Store` in Redis 6 or later, found by its URL: `redis://localhost:6379/0`.

    `name` sets apart ledgers on one server. The clocks of the hosts should agree to a second:
    expiry and calendar windows go by the caller's `wall`. An account is forgotten when its window
    is over and its rows are folded; one without a window never is, for it would begin anew with
    its whole limit. A limit by task, key or tag over all time therefore keeps some 340 bytes for
    each value that it has seen; give it a window to bound that.
    """

    is_lasting = True

    def __init__(
        self,
        url: str,
        *,
        name: str = "llm-router",
        wall: Callable[[], float] = time.time,
        retention_s: float = RETENTION_S,
        timeout_s: float = _TIMEOUT_S,
    ) -> None:
        self._url = url
        self._prefix = "{" + name + "}"
        self._wall = wall
        self._retention_s = retention_s
        self._timeout_s = timeout_s
        # A connection belongs to the event loop in which it was made.
        self._clients: WeakKeyDictionary[asyncio.AbstractEventLoop, Redis] = WeakKeyDictionary()

    async def reserve(
        self, hold_id: str, scopes: Sequence[Scope], amount_pico: int, *, ttl_s: float
    ) -> Reservation:
        """Hold the amount in all scopes or in none. Raises ValueError for a settled id."""
        ordered = checked_scopes(scopes)
        now_s = self._wall()
        said, *values = await self._step(
            "reserve",
            now_s,
            hold_id,
            checked_amount(amount_pico),
            repr(now_s + ttl_s),
            scopes_to_json(ordered),
            json.dumps([self._claim(scope, now_s) for scope in ordered]),
            repr(self._retention_s),
        )
        if said == "settled":
            raise ValueError(f"hold {hold_id!r} was settled: an id is used once")
        if said == "refused":
            index, posted, held = map(int, values)
            summary = ScopeSummary(scope=ordered[index - 1], posted_pico=posted, held_pico=held)
            return Reservation(hold=None, refused_by=summary)
        created, expires, amount = values
        return Reservation(hold=_hold(hold_id, ordered, amount, created, expires))

    async def settle(self, hold_id: str, settlement: Settlement) -> bool:
        """Release the hold and post the amount; False if it is not open."""
        return await self._resolve("settle", hold_id, settlement)

    async def renew(self, hold_id: str, *, ttl_s: float) -> bool:
        """Push the expiry out; False if the hold is not open."""
        now_s = self._wall()
        return bool(await self._step("renew", now_s, hold_id, repr(now_s + ttl_s)))

    async def sweep(self) -> tuple[Hold, ...]:
        """Settle what expired at its whole amount, 256 holds at most."""
        swept = await self._step("sweep", self._wall())
        return tuple(
            _hold(hold_id, scopes_from_json(scopes), amount, created, expires)
            for hold_id, scopes, amount, created, expires in swept
        )

    async def reconcile(self, hold_id: str, settlement: Settlement) -> bool:
        return await self._resolve("reconcile", hold_id, settlement)

    async def summary(self, scope: Scope) -> ScopeSummary:
        now_s = self._wall()
        _, since = buckets(scope, now_s)
        posted, held = await self._step("summary", now_s, scope.account, since)
        return ScopeSummary(scope=scope, posted_pico=int(posted), held_pico=int(held))

    async def rows(
        self, scope: Scope | None = None, *, holds: Sequence[str] | None = None
    ) -> tuple[LedgerRow, ...]:
        """The rows of RETENTION_S, oldest first."""
        rows: list[LedgerRow] = []
        ids = await self._ids("done") if holds is None else holds
        for hold_id, hold in await self._holds(ids):
            if "basis" not in hold:
                continue  # open still
            for account in json.loads(hold["scopes"]):
                if scope is None or account == scope.account:
                    rows += _rows(hold_id, account, hold)
        return tuple(sorted(rows, key=lambda row: row.settled_at_s))

    async def audit(self) -> tuple[Discrepancy, ...]:
        """Exact while nothing is being written: it reads in several steps."""
        client = self._client()
        rows: dict[str, int] = {}
        holds: dict[str, int] = {}
        for row in await self.rows():
            rows[row.account] = rows.get(row.account, 0) + row.amount_pico
        for _, hold in await self._holds(await self._ids("live")):
            for account in json.loads(hold["scopes"]):
                holds[account] = holds.get(account, 0) + int(hold["amount"])
        found = []
        for account in sorted(await self._call(client.smembers(f"{self._prefix}:accounts"))):
            values = await self._call(client.hmget(f"{self._prefix}:a:{account}", ["t", "H", "f"]))
            posted, held, folded = (int(value or 0) for value in values)
            expected = (rows.get(account, 0) + folded, holds.get(account, 0))
            if (posted, held) != expected:
                found.append(
                    Discrepancy(
                        account=account,
                        posted_pico=posted,
                        rows_pico=expected[0],
                        held_pico=held,
                        holds_pico=expected[1],
                    )
                )
        return tuple(found)

    async def aclose(self) -> None:
        """Close this event loop's connections."""
        client = self._clients.pop(asyncio.get_running_loop(), None)
        if client is not None:
            await client.aclose()

    def _claim(self, scope: Scope, now_s: float) -> dict[str, object]:
        """What the script needs to know of a scope."""
        bucket, since = buckets(scope, now_s)
        claim: dict[str, object] = {"account": scope.account, "bucket": str(bucket), "since": since}
        if scope.limit_pico is not None and scope.enforced:
            claim["limit"] = str(scope.limit_pico)
        over_s = scope.resets_at_s if scope.rolling_s is None else now_s + scope.rolling_s
        if over_s is not None:
            claim["until_s"] = int(over_s + 2 * self._retention_s)
        return claim

    async def _resolve(self, step: str, hold_id: str, settlement: Settlement) -> bool:
        amount = posted_amount(settlement)
        done = await self._step(
            step, self._wall(), hold_id, settlement.basis, amount, settlement.detail
        )
        return bool(done)

    async def _ids(self, which: str) -> list[str]:
        found = await self._call(self._client().zrange(f"{self._prefix}:{which}", 0, -1))
        return list(found)

    async def _holds(self, ids: Sequence[str]) -> list[tuple[str, dict[str, str]]]:
        pipe = self._client().pipeline(transaction=False)
        for hold_id in ids:
            pipe.hgetall(f"{self._prefix}:h:{hold_id}")
        found = await self._call(pipe.execute())
        return [(hold_id, hold) for hold_id, hold in zip(ids, found, strict=True) if hold]

    async def _step(self, step: str, now_s: float, *arguments: object) -> Any:
        client = self._client()
        values = [str(argument) for argument in arguments]
        return await self._call(
            self._script(client)(keys=[self._prefix], args=[step, repr(now_s), *values])
        )

    def _script(self, client: "Redis") -> Any:
        return client.register_script(_source())

    def _client(self) -> "Redis":
        loop = asyncio.get_running_loop()
        client = self._clients.get(loop)
        if client is None:
            client = self._connected()
            self._clients[loop] = client
        return client

    def _connected(self) -> "Redis":
        try:
            from redis.asyncio import BlockingConnectionPool, Redis
            from redis.asyncio.retry import Retry
            from redis.backoff import NoBackoff
        except ImportError:
            raise LedgerUnavailable(
                "a ledger in Redis needs the package redis: pip install redis"
            ) from None
        pool = BlockingConnectionPool.from_url(
            self._url,
            max_connections=CONNECTIONS_MAX,
            timeout=None,
            decode_responses=True,
            socket_timeout=self._timeout_s,
            socket_connect_timeout=self._timeout_s,
            retry=Retry(NoBackoff(), 1),
        )
        return Redis.from_pool(pool)

    async def _call(self, awaitable: Any) -> Any:
        from redis.exceptions import RedisError

        try:
            return await awaitable
        except (RedisError, OSError, TimeoutError) as error:
            self._fail(error)

    def _fail(self, error: Exception) -> NoReturn:
        address, told = self._url.rpartition("@")[2], str(error).rstrip(".")
        raise LedgerUnavailable(
            f"ledger {address} cannot be used: {type(error).__name__}: {told}. Start it (docker"
            ' run -p 6379:6379 redis), mend its URL, or set the limit\'s store_down = "open"'
        ) from error


@cache
def _source() -> str:
    return files(__package__).joinpath("redis.lua").read_text("utf-8")


def _hold(hold_id: str, scopes: tuple[Scope, ...], amount: str, created: str, expires: str) -> Hold:
    return Hold(
        hold_id=hold_id,
        scopes=scopes,
        amount_pico=int(amount),
        created_at_s=float(created),
        expires_at_s=float(expires),
    )


def _rows(hold_id: str, account: str, hold: dict[str, str]) -> list[LedgerRow]:
    """A hold's row in one account, and the one that put it right, if one did."""

    def row(amount_pico: int, basis: str, settled: str, detail: str) -> LedgerRow:
        return LedgerRow(
            hold_id=hold_id,
            account=account,
            basis=basis,  # type: ignore[arg-type]  # written by this module alone
            hold_pico=int(hold["amount"]),
            amount_pico=amount_pico,
            settled_at_s=float(settled),
            detail=detail,
        )

    posted = int(hold["posted"])
    rows = [row(posted, hold["basis"], hold["settled"], hold["detail"])]
    if "truth" in hold:
        difference = int(hold["truth"]) - posted
        rows.append(
            row(difference, hold["truth_basis"], hold["truth_settled"], hold["truth_detail"])
        )
    return rows
