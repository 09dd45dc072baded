"""The fakes of a test run: one server thread for all tests, fakes of its own for each test.

A test that has ended keeps its addresses for a while: a straggling request hears why it is too
late, and can neither be answered by another test's script nor fail that test.
"""

import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from .report import FAKES
from .settings import UNMATCHED, UNUSED, Settings, one_of, whole, yes_or_no

try:
    from fakeservers import FakeServers, ServerThread, simulate
except ImportError as problem:
    SHADOWED: str | None = str(problem)
else:
    SHADOWED = None

__all__ = ["Stage", "marked"]

ENDED_MAX = 32
"""Ended tests whose addresses still answer; the oldest are closed."""


class Stage:
    """Gives each test its fakes, and takes them back."""

    def __init__(self, settings: Settings) -> None:
        _check_import()
        self._settings = settings
        self._thread = ServerThread()
        self._thread.start()
        self._ended: deque[FakeServers] = deque()

    @contextmanager
    def play(self, item: pytest.Item) -> Iterator["FakeServers"]:
        """Fakes for one test, with its markers applied and the environment pointing at them."""
        settings = marked(item, self._settings)
        if settings.virtual:
            servers: FakeServers = simulate(settings.seed).start()
        else:
            servers = FakeServers(settings.seed, thread=self._thread).start()
        for fake in servers.providers.values():
            fake.unmatched = settings.unmatched
            fake.unused = settings.unused
        item.stash[FAKES] = servers
        try:
            with servers.pointed():
                yield servers
        finally:
            if settings.virtual:
                servers.stop()
            else:
                self._end(servers, item.nodeid)

    def close(self) -> None:
        for servers in self._ended:
            servers.stop()
        self._thread.stop()

    def _end(self, servers: "FakeServers", nodeid: str) -> None:
        servers.close(
            f"llmsim: this address belongs to the fakes of a test that has ended ({nodeid}). "
            f"A client that outlives a test must be built anew: do not keep it in a module or a "
            f"cache, or clear that cache between tests."
        )
        self._ended.append(servers)
        if len(self._ended) > ENDED_MAX:
            self._ended.popleft().stop()


def marked(item: pytest.Item, settings: Settings) -> Settings:
    """The settings with the test's `llmsim` markers on top, the closest winning."""
    given: dict[str, object] = {}
    for marker in item.iter_markers("llmsim"):
        if marker.args:
            raise pytest.UsageError(f"{item.nodeid}: llmsim(...) takes keywords only.")
        given = {**marker.kwargs, **given}
    if unknown := set(given) - {"seed", "unmatched", "unused", "virtual"}:
        raise pytest.UsageError(
            f"{item.nodeid}: llmsim({', '.join(sorted(unknown))}=...): "
            f"it takes seed, unmatched, unused and virtual."
        )
    return replace(
        settings,
        seed=whole("seed", given.get("seed", settings.seed)),
        unmatched=one_of("unmatched", given.get("unmatched", settings.unmatched), UNMATCHED),
        unused=one_of("unused", given.get("unused", settings.unused), UNUSED),
        virtual=yes_or_no("virtual", given.get("virtual", settings.virtual)),
    )


def _check_import() -> None:
    """A folder named like our package, in front of it on the path, would be imported instead."""
    beside = Path(__file__).parent.parent
    found = Path(getattr(sys.modules.get("fakeservers"), "__file__", None) or "")
    if SHADOWED is None and found.parent.parent == beside:
        return
    raise pytest.UsageError(
        f"llmsim: `import fakeservers` found {found or 'another package'}, which hides the one "
        f"that pytest-llmsim brings. Rename that folder, or take its parent off sys.path."
    )
