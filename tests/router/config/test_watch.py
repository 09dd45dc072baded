"""A reload is whole or not at all, and keeps what did not change."""

import asyncio
from pathlib import Path

from router.budget import LedgerBudget
from router.config import ConfigWatcher, load_setup
from router.errors import ConfigError
from router.setup import RouterSetup

from .files import MOCK, ONE, written

TWO = ONE + '[[providers]]\nname = "claude"\nmodel = "c"\n[budget]\ndaily_usd = 1\n'


class Holder:
    """What the router is to a watcher."""

    def __init__(self, setup: RouterSetup) -> None:
        self.setup = setup

    def reload(self, setup: RouterSetup) -> None:
        self.setup = setup


def watched(folder: Path, problems: list[ConfigError]) -> tuple[Holder, ConfigWatcher, Path]:
    path = written(folder, TWO)
    holder = Holder(load_setup(path, environ=MOCK))
    watcher = ConfigWatcher(holder, path, environ=MOCK, on_problem=problems.append, interval_s=0.01)
    return holder, watcher, path


def test_a_change_is_taken_over_whole(tmp_path: Path) -> None:
    """The new setup has the new limit, and the clients, costs and ledger of the one before."""
    holder, watcher, path = watched(tmp_path, [])
    before = holder.setup
    assert not watcher.look()
    path.write_text(TWO.replace("daily_usd = 1", "daily_usd = 2").replace('"c"', '"d"'))
    assert watcher.look() and not watcher.look()
    after = holder.setup
    assert isinstance(before.budget, LedgerBudget) and isinstance(after.budget, LedgerBudget)
    assert (after.version, after.budget.policy.daily_usd) == (before.version + 1, 2)
    assert after.costs is before.costs and after.budget.ledger is before.budget.ledger
    assert after.endpoints[0].client is before.endpoints[0].client
    assert after.endpoints[1].client is not before.endpoints[1].client


def test_a_wrong_file_changes_nothing(tmp_path: Path) -> None:
    """The old setup goes on; the problem is told once, and gone with the next right file."""
    problems: list[ConfigError] = []
    holder, watcher, path = watched(tmp_path, problems)
    before = holder.setup
    path.write_text(ONE + "[router]\nstrategy = 'none'\n")
    assert not watcher.look() and not watcher.look()
    assert holder.setup is before and problems == [watcher.problem]
    path.unlink()
    assert not watcher.look() and len(problems) == 2
    path.write_text(ONE)
    assert watcher.look() and watcher.problem is None


def test_it_looks_by_itself(tmp_path: Path) -> None:
    """Run in the background it notices a change within its interval."""
    holder, watcher, path = watched(tmp_path, [])

    async def main() -> None:
        task = asyncio.create_task(watcher.run())
        path.write_text(ONE)
        async with asyncio.timeout(60):
            while len(holder.setup.endpoints) > 1:
                await asyncio.sleep(0.005)
        task.cancel()

    asyncio.run(main())
    assert holder.setup.version == 2
