"""The markers that say what happens to a test's fakes: faults, paces, limits.

Read from the closest to the farthest, and written as rules in that order, so that a function's
come before its class's. They are the weather of a test: none of them has to be met. What must not
be here: settings (`settings`), budgets and chains (`routing`), load (`load`).
"""

import inspect
import math
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pytest

from .words import check_keywords, check_providers, did_you_mean

if TYPE_CHECKING:
    from fakeservers import FakeProvider, FakeServers

__all__ = ["apply_markers", "scripted_by_markers"]


def apply_markers(item: pytest.Item, servers: "FakeServers") -> None:
    """Write the rules that a test's markers say. Raises UsageError that names what is allowed."""
    for mark in item.iter_markers():
        if (apply := _APPLIED.get(mark.name)) is not None:
            for handle in _handles(item, mark, servers):
                _write(item, mark, apply, handle)


def scripted_by_markers(item: pytest.Item) -> Iterator[tuple[str, str]]:
    """Providers that markers script, each with the marker's name."""
    for mark in item.iter_markers():
        if mark.name in _APPLIED:
            yield from ((str(name), mark.name) for name in _names(mark))


def _write(
    item: pytest.Item,
    mark: pytest.Mark,
    apply: Callable[..., None],
    handle: "FakeProvider",
) -> None:
    from fakeservers import ScriptError

    if _takes_only_named(apply):
        check_keywords(item, mark, ["provider", *_keywords(apply)], mark.kwargs)
    try:
        apply(handle, *mark.args[1:], **{k: v for k, v in mark.kwargs.items() if k != "provider"})
    except ScriptError as problem:
        raise pytest.UsageError(f"{item.nodeid}: {mark.name}: {problem}") from None
    except TypeError as problem:
        takes = _keywords(apply)
        raise pytest.UsageError(
            f"{item.nodeid}: {mark.name}: {_plain(problem)}. It takes provider, {', '.join(takes)}."
        ) from None


def _fault(
    handle: "FakeProvider",
    fault: object,
    *,
    times: int | None = None,
    rate: Any = 1.0,
    between: Any = (),
    every: Any = None,
) -> None:
    if isinstance(fault, str):
        fault = _named(fault)
    from fakeservers.behaviour.schedule import Window

    what = tuple(fault) if isinstance(fault, list | tuple) else (fault,)
    if not between and every is None and rate == 1.0:
        between = Window(0.0, math.inf)  # what holds at times need not be met
    handle.on().fails(*what, times=times, rate=rate, between=between, every=every)


def _pace(handle: "FakeProvider", preset: Any = None, **fields: Any) -> None:
    from fakeservers import ScriptError, presets

    if isinstance(preset, str):
        names = {name.lower(): getattr(presets, name) for name in presets.__all__}
        if preset.lower() not in names:
            meant = did_you_mean(preset, names)
            raise ScriptError(f"no preset {preset!r}; there are {', '.join(names)}.{meant}")
        preset = names[preset.lower()]
    handle.paces(preset, **fields)


def _limits(handle: "FakeProvider", **limits: int | None) -> None:
    handle.limits(**limits)


_APPLIED: Mapping[str, Callable[..., None]] = {
    "llmsim_fault": _fault,
    "llmsim_limits": _limits,
    "llmsim_pace": _pace,
}


def _named(word: str) -> object:
    """The fault of a name, where its constructor needs nothing more."""
    import fakeservers
    from fakeservers.behaviour import failures, faults

    names = [
        name
        for name in (*failures.__all__, *faults.__all__)
        if name in fakeservers.__all__ and _needs_nothing(getattr(fakeservers, name))
    ]
    if word not in names:
        raise fakeservers.ScriptError(
            f"no fault {word!r}; there are {', '.join(sorted(names))}, statuses such as 503, and "
            f"what fails() takes.{did_you_mean(word, names)}"
        )
    return getattr(fakeservers, word)()


def _needs_nothing(made: Any) -> bool:
    if inspect.isclass(made):
        return False
    parameters = inspect.signature(made).parameters.values()
    return all(p.default is not p.empty or p.kind is p.VAR_POSITIONAL for p in parameters)


def _handles(
    item: pytest.Item, mark: pytest.Mark, servers: "FakeServers"
) -> Iterator["FakeProvider"]:
    known = servers.providers
    names = _names(mark)
    if not names:
        raise pytest.UsageError(
            f"{item.nodeid}: {mark.name} names no provider: {mark.name}({next(iter(known))!r}, "
            f"...); there are {', '.join(known)}."
        )
    check_providers(item, mark, names, known)
    yield from (known[str(name)] for name in names)


def _names(mark: pytest.Mark) -> tuple[object, ...]:
    """The providers that a marker names: its first argument, or by keyword."""
    named: object = mark.args[0] if mark.args else mark.kwargs.get("provider", ())
    return tuple(named) if isinstance(named, list | tuple | set) else (named,)


def _keywords(apply: Callable[..., None]) -> list[str]:
    return [name for name in inspect.signature(apply).parameters if name != "handle"]


def _takes_only_named(apply: Callable[..., None]) -> bool:
    kinds = [parameter.kind for parameter in inspect.signature(apply).parameters.values()]
    return inspect.Parameter.VAR_KEYWORD not in kinds


def _plain(problem: TypeError) -> str:
    """Python's own words, without the name of a function that nobody wrote."""
    return str(problem).partition("() ")[2] or str(problem)
