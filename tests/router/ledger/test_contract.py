"""One contract, every store: what reserve, settle, renew, sweep and reconcile promise."""

import asyncio
import json
import sqlite3
import time
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

import pytest

from router.ledger.base import Scope, Settlement
from router.ledger.redis import RedisLedger
from router.ledger.sqlite import SqliteLedger
from router.ledger.store import Store

from .stores import Wall

T = TypeVar("T")
DAY = Scope(name="daily", window="day/2026-11-22", limit_pico=100, resets_at_s=1_800_086_400.0)
TEAM = Scope(name="team", key="red", limit_pico=60)
OPEN = Scope(name="all")


def run(store: Store, main: Coroutine[Any, Any, T]) -> T:
    """The coroutine's result; the store is closed in the same event loop."""

    async def whole() -> T:
        try:
            return await main
        finally:
            await store.aclose()

    return asyncio.run(whole())


def exact(amount_pico: int, detail: str = "") -> Settlement:
    return Settlement(basis="exact", amount_pico=amount_pico, detail=detail)


async def standing(store: Store, scope: Scope) -> tuple[int, int]:
    summary = await store.summary(scope)
    return summary.posted_pico, summary.held_pico


def test_a_hold_counts_until_it_is_settled(store: Store) -> None:
    """Reserve holds, settle releases and posts what was really spent."""

    async def main() -> list[tuple[int, int]]:
        reservation = await store.reserve("a", [DAY, TEAM], 50, ttl_s=60)
        assert reservation.hold and reservation.hold.amount_pico == 50
        held = await standing(store, DAY)
        assert await store.settle("a", exact(30))
        return [held, await standing(store, DAY), await standing(store, TEAM)]

    assert run(store, main()) == [(0, 50), (30, 0), (30, 0)]


def test_all_scopes_or_none(store: Store) -> None:
    """A scope without room refuses, says where it stands, and no other scope holds anything."""

    async def main() -> tuple[int, int]:
        await store.reserve("a", [TEAM], 20, ttl_s=60)
        refused = await store.reserve("b", [DAY, TEAM, OPEN], 41, ttl_s=60)
        assert refused.hold is None and refused.refused_by is not None
        assert (refused.refused_by.scope, refused.refused_by.held_pico) == (TEAM, 20)
        assert refused.refused_by.free_pico == 40
        assert await standing(store, OPEN) == (0, 0)
        return await standing(store, DAY)

    assert run(store, main()) == (0, 0)


def test_the_last_unit_fits_and_no_more(store: Store) -> None:
    """posted + held may be the limit itself, and not one pico-dollar more."""

    async def main() -> None:
        await store.reserve("a", [DAY], 60, ttl_s=60)
        await store.settle("a", exact(60))
        assert (await store.reserve("b", [DAY], 41, ttl_s=60)).hold is None
        assert (await store.reserve("c", [DAY], 40, ttl_s=60)).hold
        assert (await store.reserve("d", [DAY], 1, ttl_s=60)).hold is None

    run(store, main())


@pytest.mark.parametrize("amount", [0, 1])
def test_zero_admits_nothing_and_none_everything(store: Store, amount: int) -> None:
    """A limit of 0 refuses even what is free; no limit admits any amount."""

    async def main() -> None:
        nothing = Scope(name="closed", limit_pico=0)
        assert (await store.reserve("a", [nothing], amount, ttl_s=60)).hold is None
        assert (await store.reserve("b", [OPEN], 10**18 + amount, ttl_s=60)).hold
        observed = Scope(name="observed", limit_pico=0, enforced=False)
        assert (await store.reserve("c", [observed], amount, ttl_s=60)).hold
        assert await standing(store, observed) == (0, amount)

    run(store, main())


def test_settling_again_changes_nothing(store: Store) -> None:
    """A hold resolves once; a second settlement, or one of an unknown hold, is told by False."""

    async def main() -> list[bool]:
        await store.reserve("a", [DAY], 50, ttl_s=60)
        said = [await store.settle("a", exact(n)) for n in (30, 40)]
        said.append(await store.settle("unknown", exact(1)))
        assert await standing(store, DAY) == (30, 0)
        assert len(await store.rows(DAY)) == 1
        return said

    assert run(store, main()) == [True, False, False]


def test_the_same_id_is_the_same_hold(store: Store) -> None:
    """Reserving again with one id holds once; an id that was settled is refused."""

    async def main() -> None:
        first = await store.reserve("a", [DAY], 50, ttl_s=60)
        again = await store.reserve("a", [DAY], 50, ttl_s=60)
        assert first.hold and again.hold and again.hold.expires_at_s == first.hold.expires_at_s
        assert await standing(store, DAY) == (0, 50)
        await store.settle("a", exact(1))
        with pytest.raises(ValueError, match="hold 'a' was settled: an id is used once"):
            await store.reserve("a", [DAY], 50, ttl_s=60)

    run(store, main())


def test_void_posts_nothing_and_still_has_its_row(store: Store) -> None:
    """What was never sent costs nothing, and the ledger still tells of it."""

    async def main() -> None:
        await store.reserve("a", [DAY, TEAM], 50, ttl_s=60)
        await store.settle("a", Settlement(basis="void", amount_pico=50, detail="{}"))
        (row,) = await store.rows(TEAM)
        assert (row.basis, row.amount_pico, row.hold_pico, row.detail) == ("void", 0, 50, "{}")
        assert await standing(store, DAY) == (0, 0)

    run(store, main())


def test_the_rows_of_some_holds(store: Store) -> None:
    """Only theirs, in one account or in all of theirs; an open hold has none, nor has no hold."""

    async def main() -> None:
        for hold_id in "abc":
            await store.reserve(hold_id, [DAY, TEAM], 5, ttl_s=60)
        for hold_id in "ab":
            await store.settle(hold_id, exact(1))
        (row,) = await store.rows(DAY, holds=["b", "c", "nobody"])
        assert (row.hold_id, row.account) == ("b", DAY.account)
        assert {row.account for row in await store.rows(holds=["b"])} == {DAY.account, TEAM.account}
        assert await store.rows(holds=[]) == ()

    run(store, main())


def test_an_overrun_is_posted_as_it_is(store: Store) -> None:
    """A provider that bills more than was held is recorded; the scope then admits nothing."""

    async def main() -> None:
        await store.reserve("a", [DAY], 90, ttl_s=60)
        await store.settle("a", exact(130))
        assert await standing(store, DAY) == (130, 0)
        assert (await store.reserve("b", [DAY], 0, ttl_s=60)).hold is None

    run(store, main())


def test_what_expires_counts_whole_until_the_truth_is_known(store: Store, wall: Wall) -> None:
    """A hold whose process died is posted at its whole amount, listed, and put right once."""

    async def main() -> None:
        await store.reserve("dead", [DAY, TEAM], 50, ttl_s=60)
        wall.now_s += 60
        (swept,) = await store.sweep()
        assert (swept.hold_id, swept.amount_pico, swept.scopes) == ("dead", 50, (DAY, TEAM))
        assert await standing(store, DAY) == (50, 0)
        assert not await store.settle("dead", exact(20))
        assert [await store.reconcile("dead", exact(20)) for _ in range(2)] == [True, False]
        assert await standing(store, DAY) == (20, 0)
        rows = [(row.basis, row.amount_pico) for row in await store.rows(DAY)]
        assert rows == [("expired", 50), ("exact", -30)]
        assert await store.audit() == ()

    run(store, main())


def test_reconcile_is_for_what_expired(store: Store) -> None:
    """A hold that is open or was settled by its owner cannot be put right."""

    async def main() -> None:
        await store.reserve("a", [DAY], 50, ttl_s=60)
        assert not await store.reconcile("a", exact(1))
        await store.settle("a", exact(5))
        assert not await store.reconcile("a", exact(1))
        assert await standing(store, DAY) == (5, 0)

    run(store, main())


def test_reserve_sweeps_by_itself(store: Store, wall: Wall) -> None:
    """Nobody has to call sweep: the next reservation finds what expired."""

    async def main() -> None:
        await store.reserve("dead", [DAY], 100, ttl_s=60)
        wall.now_s += 61
        refused = (await store.reserve("b", [DAY], 1, ttl_s=60)).refused_by
        assert refused and (refused.posted_pico, refused.held_pico) == (100, 0)

    run(store, main())


def test_a_renewed_hold_lives_on(store: Store, wall: Wall) -> None:
    """While an answer streams its hold is renewed; one that is resolved cannot be."""

    async def main() -> list[bool]:
        await store.reserve("a", [DAY], 50, ttl_s=60)
        said = []
        for _ in range(3):
            wall.now_s += 59
            said.append(await store.renew("a", ttl_s=60))
            assert await store.sweep() == ()
        await store.settle("a", exact(7))
        return [*said, await store.renew("a", ttl_s=60), await store.renew("b", ttl_s=60)]

    assert run(store, main()) == [True, True, True, False, False]


def test_a_rolling_window_gives_back_what_is_old(store: Store, wall: Wall) -> None:
    """What was spent longer ago than the window no longer counts; what is younger does."""
    hour = Scope(name="rolling", limit_pico=100, rolling_s=3600.0)

    async def main() -> None:
        await store.reserve("a", [hour], 60, ttl_s=60)
        await store.settle("a", exact(60))
        wall.now_s += 1800
        await store.reserve("b", [hour], 40, ttl_s=86_400)
        wall.now_s += 1799
        assert (await store.reserve("c", [hour], 1, ttl_s=60)).hold is None
        wall.now_s += 62
        assert await standing(store, hour) == (0, 40)
        assert (await store.reserve("d", [hour], 60, ttl_s=60)).hold
        await store.settle("b", exact(40))
        assert await standing(store, hour) == (40, 60)
        assert await store.audit() == ()

    run(store, main())


def test_a_rolling_window_keeps_no_more_than_its_length(tmp_path: Path, wall: Wall) -> None:
    """Its old buckets become one, in which what expired there can still be put right."""
    path = tmp_path / "ledger.db"
    store = SqliteLedger(path, wall=wall)
    minute = Scope(name="rolling", limit_pico=10_000, rolling_s=60.0)

    async def main() -> None:
        await store.reserve("first", [minute], 50, ttl_s=1)
        for number in range(300):
            wall.now_s += 1.5
            await store.reserve(f"{number}", [minute], 3, ttl_s=60)
            await store.settle(f"{number}", exact(2))
        assert await store.reconcile("first", exact(20))
        assert await store.audit() == ()
        assert sum(row.amount_pico for row in await store.rows()) == 20 + 600

    run(store, main())
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT COUNT(*) FROM account").fetchone()[0] < 70


def test_redis_forgets_what_is_over_and_nothing_else(redis_url: str) -> None:
    """An account goes with its window; one without a window would begin anew with its whole
    limit, so it stays."""
    now_s = time.time()
    store = RedisLedger(redis_url, name="forgets", wall=lambda: now_s, retention_s=1_000)
    day = Scope(name="daily", window="day/x", resets_at_s=now_s + 500)
    rolling = Scope(name="rolling", window="rolling/60s", rolling_s=60.0)

    async def main() -> list[int]:
        await store.reserve("a", [day, rolling, TEAM], 1, ttl_s=60)
        client = store._client()
        keys = [f"{{forgets}}:a:{scope.account}" for scope in (day, rolling, TEAM)]
        return [await client.ttl(key) for key in keys]

    told = run(store, main())
    assert told == [pytest.approx(2_500, abs=5), pytest.approx(2_060, abs=5), -1]


def test_a_hold_belongs_to_the_window_of_its_creation(store: Store) -> None:
    """Settled after midnight, a call still counts for the day on which it began."""
    tomorrow = Scope(name="daily", window="day/2026-11-23", limit_pico=100)

    async def main() -> list[tuple[int, int]]:
        await store.reserve("a", [DAY], 50, ttl_s=60)
        await store.reserve("b", [tomorrow], 100, ttl_s=60)
        await store.settle("a", exact(45))
        return [await standing(store, DAY), await standing(store, tomorrow)]

    assert run(store, main()) == [(45, 0), (0, 100)]


def test_large_amounts_stay_exact(store: Store) -> None:
    """Beyond 2**53, where a double would round, every pico-dollar is still there."""
    limit = 9_000_000 * 10**12 + 1
    scope = Scope(name="large", limit_pico=limit)

    async def main() -> None:
        await store.reserve("a", [scope], limit - 1, ttl_s=60)
        assert (await store.reserve("b", [scope], 2, ttl_s=60)).hold is None
        assert (await store.reserve("c", [scope], 1, ttl_s=60)).hold
        await store.settle("a", exact(limit - 1_000_000_000_001))
        assert await standing(store, scope) == (limit - 1_000_000_000_001, 1)

    run(store, main())


def test_amounts_that_come_to_whole_dollars(store: Store) -> None:
    """Sums and differences around 10**12 pico-dollars are what they are."""
    dollar = 10**12
    scope = Scope(name="dollars", limit_pico=3 * dollar)

    async def main() -> None:
        for hold_id, amount in (("a", 16 * dollar // 10), ("b", 4 * dollar // 10), ("c", dollar)):
            assert (await store.reserve(hold_id, [scope], amount, ttl_s=60)).hold
        assert await standing(store, scope) == (0, 3 * dollar)
        assert (await store.reserve("d", [scope], 1, ttl_s=60)).hold is None
        await store.settle("a", exact(dollar + 1))
        await store.settle("c", exact(dollar - 1))
        assert await standing(store, scope) == (2 * dollar, 4 * dollar // 10)

    run(store, main())


def test_a_thousand_at_once_never_exceed_the_limit(store: Store) -> None:
    """1,000 concurrent calls: as many are admitted as fit, and every pico-dollar is accounted."""
    scope = Scope(name="daily", limit_pico=700_003)

    async def call(number: int) -> int:
        reservation = await store.reserve(f"call-{number}", [scope, OPEN], 1_009, ttl_s=60)
        if reservation.hold is None:
            return 0
        await asyncio.sleep(0)
        spent = 1_009 - number % 7
        assert await store.settle(f"call-{number}", exact(spent, json.dumps({"n": number})))
        return spent

    async def main() -> tuple[int, int]:
        spent = sum(await asyncio.gather(*map(call, range(1_000))))
        posted, held = await standing(store, scope)
        assert (posted - spent, held) == (0, 0)
        assert posted <= 700_003 and await store.audit() == ()
        assert sum(row.amount_pico for row in await store.rows(scope)) == spent
        return await standing(store, OPEN)

    posted, held = run(store, main())
    assert held == 0 and posted >= 700_003 // 1_009 * 1_003


@pytest.mark.parametrize(
    ("amount", "error", "says"),
    [
        (-1, ValueError, "-1 pico-dollars: an amount is from 0"),
        (0.5, TypeError, "0.5 is not an int: amounts are whole pico-dollars"),
        (2**63, ValueError, "an amount is from 0 to 9223372036854775807"),
    ],
)
def test_amounts_are_checked(store: Store, amount: int, error: type[Exception], says: str) -> None:
    """A negative, fractional or endless amount is refused before anything is held."""
    with pytest.raises(error, match=says):
        run(store, store.reserve("a", [DAY], amount, ttl_s=60))


def test_one_account_named_twice_is_held_once(store: Store) -> None:
    """The tighter of two limits on one account decides, and the amount counts once."""
    wide = Scope(name="team", key="red", limit_pico=1_000)

    async def main() -> tuple[int, int]:
        assert (await store.reserve("a", [wide, TEAM], 61, ttl_s=60)).hold is None
        await store.reserve("b", [wide, TEAM], 60, ttl_s=60)
        return await standing(store, TEAM)

    assert run(store, main()) == (0, 60)


@pytest.mark.parametrize("kind", ["sqlite", "redis"])
def test_old_rows_are_folded(
    kind: str, wall: Wall, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Rows beyond the retention go, the sums and the limits stay."""
    store: Store
    if kind == "sqlite":
        store = SqliteLedger(tmp_path / "ledger.db", wall=wall, retention_s=1_000)
    else:
        url = request.getfixturevalue("redis_url")
        store = RedisLedger(url, name=kind + str(tmp_path), wall=wall, retention_s=1_000)

    async def main() -> None:
        for number in range(40):
            await store.reserve(f"{number}", [TEAM, OPEN], 1, ttl_s=60)
            if number % 2:
                wall.now_s += 61
                await store.sweep()
                assert await store.reconcile(f"{number}", exact(0))
            else:
                await store.settle(f"{number}", exact(1))
            assert await store.audit() == ()
        assert len(await store.rows(TEAM)) < 2 * 40
        wall.now_s += 10_000
        for number in range(40, 44):
            await store.reserve(f"{number}", [TEAM, OPEN], 1, ttl_s=60)
            await store.settle(f"{number}", exact(1))
        assert await store.audit() == ()
        assert len(await store.rows(TEAM)) == 4
        assert await standing(store, TEAM) == (24, 0)

    run(store, main())


def test_threads_share_a_store(store: Store) -> None:
    """Threads with event loops of their own see whole steps only."""
    scope = Scope(name="daily", limit_pico=500)

    async def spend(thread: int) -> int:
        spent = 0
        for number in range(40):
            hold_id = f"{thread}-{number}"
            if (await store.reserve(hold_id, [scope], 10, ttl_s=60)).hold:
                await store.settle(hold_id, exact(7))
                spent += 7
        return spent

    with ThreadPoolExecutor(4) as pool:
        spent = sum(pool.map(lambda thread: asyncio.run(_closing(store, spend(thread))), range(4)))
    posted, held = run(store, standing(store, scope))
    assert (posted, held) == (spent, 0) and 490 < posted <= 500


async def _closing(store: Store, main: Coroutine[Any, Any, T]) -> T:
    """The result; connections of this thread's event loop are closed, files are left open."""
    try:
        return await main
    finally:
        if isinstance(store, RedisLedger):
            await store.aclose()
