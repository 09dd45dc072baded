"""The fakes of a test run: one server thread for all tests, fakes of its own for each test.

A test that has ended keeps its addresses for a while: a straggling request hears why it is too
late, and can neither be answered by another test's script nor fail that test.
"""

import sys
from collections import deque
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .addresses import ADDRESSES
from .certificates import Certificates
from .clock import FakesClock, LeapingClock, WorldClock
from .guard import Guard
from .markers import apply_markers
from .recorded import end_recording, recording_of, resolved
from .registered import PROVIDERS
from .settings import BUILT_IN, Settings, marked
from .stash import BODY_PASSED, CLOCK, FAKES, GUARD, METER, SPENT
from .virtual import is_virtual

if TYPE_CHECKING:
    from fakeservers import Scenario

    from .metering import Meter

try:
    from fakeservers import FakeServers, ScriptError, ServerThread, load_scenario, simulate

    from .switching import ASKED, check_switched, pointed, real_urls, stand_ins
except ImportError as problem:
    SHADOWED: str | None = str(problem)
else:
    SHADOWED = None

__all__ = ["Stage"]

ENDED_MAX = 32
"""Ended tests whose addresses still answer; the oldest are closed."""


class Stage:
    """Gives each test its fakes, and takes them back."""

    def __init__(self, config: pytest.Config, settings: Settings) -> None:
        _check_import()
        self._config = config
        self._settings = settings
        self._thread = ServerThread()
        self._thread.start()
        self._ended: deque[FakeServers] = deque()
        self._certificates = Certificates()
        self._addresses = config.stash.get(ADDRESSES, None)
        self._meter: Meter | None = None

    @contextmanager
    def play(self, item: pytest.Item) -> Iterator["FakeServers"]:
        """Fakes for one test, with its markers applied and the environment pointing at them."""
        settings = replace(marked(item, self._settings), virtual=is_virtual(item))
        settings = resolved(item, settings)
        check_switched(item, settings)
        with self._real_environment(settings), self._playing(item, settings) as servers:
            yield servers

    @contextmanager
    def _playing(self, item: pytest.Item, settings: Settings) -> Iterator["FakeServers"]:
        meter = self._metering(item, settings)
        servers, clock = self._made(item, settings, meter)
        try:
            _set(servers, settings)
            apply_markers(item, servers)
            stand_ins(servers, settings, meter)
            item.stash[FAKES], item.stash[CLOCK] = servers, clock
            with ExitStack() as entered:
                entered.enter_context(pointed(servers, settings))
                fakes = tuple(p for p in PROVIDERS if settings.mode_of(p) not in ASKED)
                if fakes == PROVIDERS:
                    entered.enter_context(self._certificates.read_late())
                if settings.block_network and not settings.virtual:
                    guard = entered.enter_context(Guard(fakes).on_watch())
                    item.stash[GUARD] = guard
                yield servers
        finally:
            end_recording(servers, passed=item.stash.get(BODY_PASSED, False))
            if settings.virtual or settings.stable_urls:
                servers.stop()
            else:
                self._end(servers, item.nodeid)

    def _real_environment(self, settings: Settings) -> AbstractContextManager[None]:
        """Keys and addresses of the real services, where a test asks one and the run has them
        pointed at the fakes."""
        asks_real = any(settings.mode_of(name) in ASKED for name in PROVIDERS)
        return self._addresses.left() if self._addresses and asks_real else nullcontext()

    def close(self) -> None:
        if self._meter is not None:
            self._meter.close()
        for servers in self._ended:
            servers.stop()
        self._thread.stop()

    def _made(
        self, item: pytest.Item, settings: Settings, meter: "Meter | None"
    ) -> tuple["FakeServers", FakesClock]:
        scenario = self._scenario(item, settings)
        reals = real_urls(settings)
        upstreams = {name: meter.url(name) for name in reals} if meter is not None else {}
        recording = recording_of(item, settings, upstreams, reals)
        ports = self._addresses.ports if self._addresses is not None else None
        if settings.virtual:
            world = simulate(settings.seed, scenario=scenario, ports=ports, recording=recording)
            return world.start(), WorldClock(world)
        clock = LeapingClock()
        servers = FakeServers(
            settings.seed,
            scenario=scenario,
            thread=self._thread,
            clock=clock,
            ports=ports,
            recording=recording,
        ).start()
        return servers, clock

    def _metering(self, item: pytest.Item, settings: Settings) -> "Meter | None":
        """The meter of real calls, begun with the first test that may make one. Workers of a run
        share its cap evenly."""
        targets = real_urls(settings)
        if not targets:
            return None
        if self._meter is None:
            from .metering import Meter

            workers = getattr(self._config, "workerinput", {}).get("workercount", 1)
            cap = None if settings.max_usd is None else settings.max_usd / workers
            self._meter = Meter(cap)
        self._meter.targets.update(targets)
        item.stash[METER], item.stash[SPENT] = self._meter, self._meter.spent
        return self._meter

    def _scenario(self, item: pytest.Item, settings: Settings) -> "Scenario | None":
        """The scenario of a marker or of the run; a seed that was said is its seed too."""
        said = settings.scenario
        if not said:
            return None
        if isinstance(said, str | Path):
            is_marked = said != self._settings.scenario
            folder = item.path.parent if is_marked else self._config.invocation_params.dir
            try:
                said = load_scenario(folder / said)
            except ScriptError as problem:
                raise pytest.UsageError(f"llmsim: {problem}") from None
        scenario: Scenario = said
        if settings.why("seed") == BUILT_IN:
            return scenario
        return replace(scenario, seed=settings.seed)

    def _end(self, servers: "FakeServers", nodeid: str) -> None:
        servers.close(
            f"llmsim: this address belongs to the fakes of a test that has ended ({nodeid}). "
            f"A client that outlives a test must be built anew: do not keep it in a module or a "
            f"cache, or clear that cache between tests. A program that must keep it finds the same "
            f"addresses in every test with llmsim_stable_urls = true in the ini file."
        )
        self._ended.append(servers)
        if len(self._ended) > ENDED_MAX:
            self._ended.popleft().stop()


def _set(servers: "FakeServers", settings: Settings) -> None:
    """What was said about the fakes; the rest stays as a scenario, or they themselves, have it."""
    for handle in servers.providers.values():
        for name in ("unmatched", "unused", "impossible", "validation", "models"):
            if settings.why(name) != BUILT_IN:
                setattr(handle, name, getattr(settings, name))


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
