"""Real processes on one SQLite file and one Redis: limits hold, and a kill loses nothing."""

import asyncio
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest

from router.errors import LedgerUnavailable
from router.ledger.base import Scope, ScopeSummary
from router.ledger.redis import RedisLedger
from router.ledger.sqlite import SqliteLedger
from router.ledger.store import Store

from . import worker

PROCESSES = 4
CALLS = 150
LIMIT = 300_500
SCOPE = Scope(name="daily", limit_pico=LIMIT)


@pytest.fixture(params=["sqlite", "redis"])
def shared(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str]:
    """Kind and address of a store that processes can share."""
    if request.param == "sqlite":
        return "sqlite", str(tmp_path / "ledger.db")
    return "redis", f"{request.getfixturevalue('redis_url')}|{uuid.uuid4().hex}"


def started(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", f"{__package__}.worker", *arguments]
    root = Path(__file__).resolve().parents[3]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root)


def test_processes_share_one_limit(shared: tuple[str, str]) -> None:
    """Several processes spend at once: their own bills equal the ledger, which is in its limit."""
    workers = [started(*shared, f"w{n}", str(CALLS), str(LIMIT)) for n in range(PROCESSES)]
    spent = sum(int(process.communicate(timeout=120)[0].split()[-1]) for process in workers)

    async def look() -> ScopeSummary:
        store = worker.opened(*shared)
        summary = await store.summary(SCOPE)
        assert await store.audit() == ()
        await store.aclose()
        return summary

    summary = asyncio.run(look())
    assert (summary.posted_pico - spent, summary.held_pico) == (0, 0)
    assert LIMIT - 1_000 < summary.posted_pico <= LIMIT


@pytest.mark.parametrize("moment", range(3))
def test_a_killed_process_loses_nothing(shared: tuple[str, str], moment: int) -> None:
    """After kill -9 every settlement that was told is there once, and open holds expire."""
    process = started("hang", *shared, "dead")
    assert process.stdout
    lines = [process.stdout.readline() for _ in range(25 + 7 * moment)]
    process.kill()
    lines += process.communicate()[0].splitlines()
    told = [
        line.split()[1] for line in lines if line.startswith("settled") and line[-1:].strip(" ")
    ]

    async def recover() -> tuple[list[str], int, int]:
        store = worker.opened(*shared, ahead_s=3600)
        swept = await store.sweep()
        rows = await store.rows(SCOPE)
        exact = [row.hold_id for row in rows if row.basis == "exact"]
        assert len(swept) == sum(row.basis == "expired" for row in rows) <= 1
        assert await store.audit() == ()
        summary = await store.summary(SCOPE)
        await store.aclose()
        return exact, summary.posted_pico, summary.held_pico + 900 * len(exact) + 1_000 * len(swept)

    exact, posted, expected = asyncio.run(recover())
    assert set(told) - {told[-1]} <= set(exact) and len(exact) == len(set(exact))
    assert posted == expected


def stores_that_are_down(folder: Path) -> dict[str, Store]:
    (folder / "garbage.db").write_bytes(b"this is not a database" * 100)
    return {
        "no folder": SqliteLedger(folder / "missing" / "ledger.db"),
        "not a database": SqliteLedger(folder / "garbage.db"),
        "no server": RedisLedger("redis://:secret@127.0.0.1:1/0", timeout_s=0.2),
    }


@pytest.mark.parametrize("name", ["no folder", "not a database", "no server"])
def test_a_store_that_is_down_says_so(name: str, tmp_path: Path) -> None:
    """The error names the store and what to do, and no password."""
    if name == "no server":
        pytest.importorskip("redis")
    store = stores_that_are_down(tmp_path)[name]
    with pytest.raises(LedgerUnavailable, match=r"ledger .* cannot be used: .*store_down") as down:
        asyncio.run(store.reserve("a", [SCOPE], 1, ttl_s=60))
    assert "secret" not in str(down.value)


def test_a_ledger_of_a_later_version_is_refused(tmp_path: Path) -> None:
    """A file with another schema is left alone, and the error says which it is."""
    import sqlite3

    path = tmp_path / "ledger.db"
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(LedgerUnavailable, match="has schema 99, this version reads 1"):
        asyncio.run(SqliteLedger(path).summary(SCOPE))


def test_waiting_for_another_process_leaves_the_loop_free(tmp_path: Path) -> None:
    """While another connection holds the file, other tasks run, and the step ends in time."""
    import sqlite3

    path = tmp_path / "ledger.db"
    store = SqliteLedger(path, busy_s=0.05)

    async def main() -> int:
        await store.summary(SCOPE)
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        turns, began_s = 0, time.monotonic()
        task = asyncio.ensure_future(store.reserve("a", [SCOPE], 1, ttl_s=60))
        while not task.done() and time.monotonic() - began_s < 5:
            turns += 1
            await asyncio.sleep(0)
        with pytest.raises(LedgerUnavailable, match="locked"):
            await task
        other.execute("ROLLBACK")
        other.close()
        assert (await store.reserve("a", [SCOPE], 1, ttl_s=60)).hold
        await store.aclose()
        return turns

    assert asyncio.run(main()) > 10
