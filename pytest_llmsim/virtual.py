"""Tests marked `llmsim(virtual=True)`: they get the simulated world, and coroutines run in it.

The world hands its loop to whoever asks asyncio for a new one, so pytest-asyncio and anyio run
their tests and fixtures in it by themselves; what neither of them runs is run here. Nothing of the
fakes is imported here: marks are looked at in runs that may use none.
"""

import inspect
from collections.abc import Coroutine, Iterable
from typing import TYPE_CHECKING, Any, cast

import pytest

from .registered import BRINGS_FAKES, NAMED_LIKE_OURS, NAMES
from .stash import FAKES, LOAD
from .words import did_you_mean

if TYPE_CHECKING:
    from fakeservers import Simulation

__all__ = [
    "check_load",
    "check_loops",
    "check_scope",
    "is_virtual",
    "run_in_world",
    "use_world",
    "world_of",
]

MARKED = "llmsim"
LOADED = "llmsim_load"

TOO_LATE = (
    "llmsim: the event loop of this test was made before its simulated world was entered, so time "
    "would be real. Let async fixtures that are autouse ask for `llmsim`."
)
TOO_WIDE = (
    "llmsim: a simulated world, and with it its event loop, is one test's, but the loop of this "
    'test is to last for the {scope}. Write @pytest.mark.asyncio(loop_scope="function").'
)
TOO_OLD = (
    "llmsim: this test runs in an event loop that its plugin made past asyncio, so time would be "
    "real: pytest-asyncio does that before 1.1. Install a later one, or run without virtual=True."
)
NOT_ASYNCIO = (
    "llmsim: virtual time is asyncio's; {backend!r} has a loop of its own. Run this test with "
    '`anyio_backend = "asyncio"`, or without virtual=True.'
)


def use_world(collector: pytest.Collector, test: object, marks: Iterable[pytest.Mark]) -> None:
    """Have a test that is marked ask for the world first, before any other fixture; and for
    fakes, where its markers mean nothing without them. Raises UsageError for a marker that there
    is not: what is misspelt would change nothing."""
    for mark in marks:
        if mark.name.startswith(NAMED_LIKE_OURS) and mark.name not in NAMES:
            raise pytest.UsageError(
                f"{collector.nodeid}: there is no marker {mark.name!r}; there are "
                f"{', '.join(NAMES)}.{did_you_mean(mark.name, NAMES)}"
            )
    if any(
        mark.name in BRINGS_FAKES or (mark.name == MARKED and mark.kwargs.get("virtual") is True)
        for mark in marks
    ):
        pytest.mark.usefixtures(MARKED)(cast(Any, test))


def is_virtual(item: pytest.Item) -> bool:
    """Whether the closest mark that says so asks for virtual time; a load does by itself."""
    for mark in item.iter_markers():
        if mark.name == LOADED:
            return mark.kwargs.get("virtual", True) is True
        if mark.name == MARKED and "virtual" in mark.kwargs:
            return mark.kwargs["virtual"] is True
    return False


def run_in_world(item: pytest.Function) -> object:
    """Run a coroutine function that no other plugin runs, or a load. True when that was done."""
    world = world_of(item)
    if item.get_closest_marker(LOADED) is not None:
        _run_load(item, world)
        return True
    if world is None or not inspect.iscoroutinefunction(item.obj):
        return None
    if "anyio_backend" in item.funcargs:
        return None
    world.run(_called(item))
    return True


def _called(item: pytest.Function) -> Coroutine[Any, Any, object]:
    names = item._fixtureinfo.argnames
    called = item.obj(**{name: item.funcargs[name] for name in names})
    return cast("Coroutine[Any, Any, object]", called)


def _run_load(item: pytest.Function, world: "Simulation | None") -> None:
    """Call the test once for each visit, keep the report, and assert what the marker asserts."""
    import asyncio

    from . import load

    asked = load.load_of(item)
    servers = item.stash[FAKES]
    visits = load.run_load(asked, lambda: _called(item), seed=servers.seed)
    outcomes = asyncio.run(visits) if world is None else world.run(visits)
    cost_usd = servers.bill.total if asked.cost_usd_max is not None else None
    item.stash[LOAD] = load.report(asked, outcomes, cost_usd)
    if missed := load.shortfalls(asked, outcomes, cost_usd):
        pytest.fail("llmsim: the load was not borne: " + "; ".join(missed), pytrace=False)


def check_load(item: pytest.Item) -> None:
    """Refuse a load that is asked for in wrong words, before anything begins."""
    if item.get_closest_marker(LOADED) is None:
        return
    from . import load

    if not inspect.iscoroutinefunction(getattr(item, "obj", None)):
        raise pytest.UsageError(f"{item.nodeid}: {LOADED} is for a coroutine function: async def.")
    load.load_of(item)


def check_scope(item: pytest.Item) -> None:
    """Refuse a loop that would outlive the world, before the world is entered."""
    mark = item.get_closest_marker("asyncio")
    if mark is None or not is_virtual(item) or not item.config.pluginmanager.has_plugin("asyncio"):
        return
    scope = mark.kwargs.get("loop_scope") or item.config.getini("asyncio_default_test_loop_scope")
    if scope not in (None, "", "function"):
        pytest.fail(TOO_WIDE.format(scope=scope), pytrace=False)


def check_loops(item: pytest.Item) -> None:
    """Fail rather than run in real time what is marked as virtual."""
    import asyncio

    if not isinstance(item, pytest.Function) or (world := world_of(item)) is None:
        return
    for value in item.funcargs.values():
        if isinstance(value, asyncio.Runner) and value.get_loop() is not world.loop:
            pytest.fail(TOO_LATE, pytrace=False)
        if isinstance(value, asyncio.AbstractEventLoop) and value is not world.loop:
            pytest.fail(TOO_OLD, pytrace=False)
    backend = item.funcargs.get("anyio_backend", "asyncio")
    name, options = backend if isinstance(backend, tuple) else (backend, {})
    if name != "asyncio" or options.get("use_uvloop") or options.get("loop_factory"):
        pytest.fail(NOT_ASYNCIO.format(backend=backend), pytrace=False)


def world_of(item: pytest.Item) -> "Simulation | None":
    """The simulated world of a test; None where it lives in real time or has no fakes."""
    servers = item.stash.get(FAKES, None)
    return cast("Simulation", servers) if servers is not None and is_virtual(item) else None
