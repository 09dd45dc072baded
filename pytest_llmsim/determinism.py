"""`--llmsim-check-determinism`: every test in virtual time runs twice, and what the fakes saw and
answered must be the same, byte by byte."""

from collections.abc import Generator
from itertools import zip_longest
from typing import TYPE_CHECKING, cast

import pytest
from _pytest.runner import runtestprotocol

from .stash import FAKES
from .virtual import is_virtual

if TYPE_CHECKING:
    from fakeservers import Simulation

__all__ = ["Rehearsals", "compare"]

REHEARSED = pytest.StashKey[bytes | None]()
"""The record of the first run; None while it runs."""

SHOWN_CHARS = 60


class Rehearsals:
    """The hook of a run with that option."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Run a test in virtual time for the first time, without a report."""
        if is_virtual(item):
            item.stash[REHEARSED] = None
            # pytest keeps the fixtures of all that the next item is inside of: of wider scopes.
            runtestprotocol(item, log=False, nextitem=cast(pytest.Item, item.parent))
        return (yield)


def compare(item: pytest.Item) -> None:
    """At the end of the first run keep its record, at the end of the second one compare."""
    servers = item.stash.get(FAKES, None)
    if servers is None or REHEARSED not in item.stash:
        return
    now = cast("Simulation", servers).record()
    first = item.stash[REHEARSED]
    if first is None:
        item.stash[REHEARSED] = now
    elif first != now:
        pytest.fail(_difference(first, now), pytrace=False)


def _difference(first: bytes, second: bytes) -> str:
    """Where the first exchange that differs does so."""
    lines = zip_longest(first.decode().splitlines(), second.decode().splitlines(), fillvalue="")
    number, (one, other) = next((n, pair) for n, pair in enumerate(lines, 1) if pair[0] != pair[1])
    at = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), 0)
    since = max(0, at - SHOWN_CHARS)
    return (
        f"llmsim: two runs of this test with the same seed differ at exchange {number}:\n"
        f"  first:  ...{one[since : at + SHOWN_CHARS]}\n"
        f"  second: ...{other[since : at + SHOWN_CHARS]}\n"
        f"What a program takes from outside of the world does that: counters and caches in "
        f"modules, the order of sets, threads of its own."
    )
