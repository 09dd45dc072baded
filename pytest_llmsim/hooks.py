"""The hooks around each test, from the first one on that asks for fakes.

Registered by a fixture, so before the body of that test and its report, and never in a suite that
uses no fakes.
"""

from collections.abc import Generator

import pytest

from .determinism import compare
from .recorded import add_drift, drift_problems
from .report import add_traffic, add_usage
from .stash import BODY_ENDED, BODY_PASSED, FAKES, GUARD, METER
from .virtual import check_loops, run_in_world

__all__ = ["Hooks"]


class Hooks:
    """What is registered; it keeps nothing itself."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> object:
        return run_in_world(pyfuncitem)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        check_loops(item)
        item.stash[BODY_ENDED] = item.stash[BODY_PASSED] = False
        try:
            result = yield
        finally:
            item.stash[BODY_ENDED] = True
            if (meter := item.stash.get(METER, None)) is not None and meter.stopped:
                item.session.shouldstop = "LLMSIM_MAX_USD is used up"
        if found := _problems(item):
            pytest.fail("\n\n".join(found), pytrace=False)
        compare(item)
        item.stash[BODY_PASSED] = True
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if report.when == "call":
            if BODY_ENDED not in item.stash:
                # The first test that asks for fakes did so in its body: the hook around that was
                # not there yet.
                item.stash[BODY_ENDED] = True
                if report.passed and (found := _problems(item)):
                    report.outcome, report.longrepr = "failed", "\n\n".join(found)
            add_traffic(item, report)
            if item.stash.get(BODY_ENDED, False):
                add_usage(item, report)
                add_drift(item, report)
        return report


def _problems(item: pytest.Item) -> list[str]:
    """What did not go as scripted, and who was about to go past the fakes."""
    servers, guard = item.stash.get(FAKES, None), item.stash.get(GUARD, None)
    blocked = guard.blocked if guard is not None else []
    meter = item.stash.get(METER, None)
    stopped = [meter.stopped] if meter is not None and meter.stopped else []
    found = servers.problems() if servers is not None else []
    return [*stopped, *dict.fromkeys(blocked), *found, *drift_problems(item)]
