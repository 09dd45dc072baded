"""Real processes over real sockets that share a budget in SQLite or Redis: the providers' bill is
the ledger, and within the limit, whoever is killed when."""

import asyncio
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakeservers import FakeServers
from router.ledger.base import Scope, ScopeSummary
from router.money import pico_from_usd
from tests.router.ledger.stores import redis_server

from .spender import LIMIT_NAME, opened

PROCESSES = 3
CALLS = 60
AT_ONCE = 20
# Some hundred of the calls, which may cost half a millidollar and cost some tenth of it.
LIMIT_USD = "0.012"
SCOPE = Scope(name=LIMIT_NAME, limit_pico=pico_from_usd(LIMIT_USD))


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    with redis_server() as url:
        yield url


@pytest.fixture(params=["sqlite", "redis"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a store that processes share; skipped without a Redis server."""
    if request.param == "sqlite":
        return str(tmp_path / "ledger.db")
    return f"{request.getfixturevalue('redis_url')}|{uuid.uuid4().hex}"


def started(servers: FakeServers, ledger: str) -> "subprocess.Popen[str]":
    order = [ledger, str(CALLS), str(AT_ONCE), LIMIT_USD]
    command = [sys.executable, "-m", f"{__package__}.spender", *order]
    root = Path(__file__).resolve().parents[2]
    environ = {**os.environ, **servers.env()}
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root, env=environ)


def standing(ledger: str) -> tuple[ScopeSummary, int]:
    """Where the account stands, and the sum of its rows; nothing may differ."""

    async def look() -> tuple[ScopeSummary, int]:
        store = opened(ledger)
        summary, rows = await store.summary(SCOPE), await store.rows(SCOPE)
        assert await store.audit() == ()
        await store.aclose()
        return summary, sum(row.amount_pico for row in rows)

    return asyncio.run(look())


def test_processes_share_one_budget_exactly(ledger: str) -> None:
    """B1, C1: what the processes say, what the ledger says and what is billed are one number,
    and not above the limit, though they ask for more than it admits."""
    with FakeServers() as servers:
        servers.openai.paces(ttft=0.05)
        workers = [started(servers, ledger) for _ in range(PROCESSES)]
        lines = [worker.communicate(timeout=120)[0].splitlines()[-1] for worker in workers]
        spent, refused = (
            sum(map(int, column)) for column in zip(*map(str.split, lines), strict=True)
        )
        summary, rows_pico = standing(ledger)
        assert spent == summary.posted_pico == rows_pico == servers.bill.total_pico
        assert summary.held_pico == 0
        assert SCOPE.limit_pico is not None and spent <= SCOPE.limit_pico
        assert 0 < refused < PROCESSES * CALLS


def test_a_killed_process_leaves_no_more_than_its_holds(ledger: str) -> None:
    """B3: kill -9 in the middle: what it had begun stays held until it expires, the ledger is
    never below the bill, and the others go on."""
    with FakeServers() as servers:
        servers.openai.paces(ttft=0.05)
        victim = started(servers, ledger)
        assert victim.stdout is not None
        for _ in range(10):
            assert victim.stdout.readline() == "called\n"
        victim.kill()
        victim.communicate()
        other = started(servers, ledger)
        told = other.communicate(timeout=120)[0].splitlines()[-1]
        summary, rows_pico = standing(ledger)
        assert int(told.split()[0]) > 0
        assert summary.posted_pico == rows_pico
        assert SCOPE.limit_pico is not None
        used_pico = summary.posted_pico + summary.held_pico
        assert servers.bill.total_pico <= used_pico <= SCOPE.limit_pico
