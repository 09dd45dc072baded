"""A process that spends on a shared ledger; started by tests, killed by some of them.

Arguments: kind, path or URL, prefix of its ids, number of calls, limit. It writes what it really
spent as the last line, and `ready` once its first hold is open. With `hang` it stops there.
"""

import asyncio
import sys
import time

from router.ledger.base import Scope, Settlement
from router.ledger.redis import RedisLedger
from router.ledger.sqlite import SqliteLedger
from router.ledger.store import Store


def opened(kind: str, address: str, *, ahead_s: float = 0.0) -> Store:
    """The store, for a process whose clock is ahead."""

    def wall() -> float:
        return time.time() + ahead_s

    if kind == "sqlite":
        return SqliteLedger(address, wall=wall, busy_s=60)
    url, _, name = address.partition("|")
    return RedisLedger(url, name=name, wall=wall)


async def main(kind: str, address: str, prefix: str, calls: str, limit: str) -> None:
    store = opened(kind, address)
    scope = Scope(name="daily", limit_pico=int(limit))
    spent = 0
    for number in range(int(calls)):
        hold_id = f"{prefix}-{number}"
        reservation = await store.reserve(hold_id, [scope], 1_000, ttl_s=600)
        if number == 0:
            print("ready", flush=True)
        if reservation.hold is not None:
            amount = 900 + number % 100
            await store.settle(hold_id, Settlement(basis="exact", amount_pico=amount))
            spent += amount
    print(spent, flush=True)
    await store.aclose()


async def hang(kind: str, address: str, prefix: str) -> None:
    """Settle calls for ever, one hold being open at any time; the test kills this process."""
    store = opened(kind, address)
    scope = Scope(name="daily", limit_pico=None)
    for number in range(10**9):
        await store.reserve(f"{prefix}-{number}", [scope], 1_000, ttl_s=600)
        if number == 20:
            print("ready", flush=True)
        await store.settle(f"{prefix}-{number}", Settlement(basis="exact", amount_pico=900))
        print(f"settled {prefix}-{number}", flush=True)


if __name__ == "__main__":
    arguments = sys.argv[1:]
    asyncio.run(hang(*arguments[1:]) if arguments[0] == "hang" else main(*arguments))
