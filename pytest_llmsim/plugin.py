"""What pytest loads in every run: options, markers, fixtures, hooks.

Imports the standard library and pytest only; the fakes are imported when a test asks for them.
"""

from collections.abc import Generator

import pytest

from .addresses import keep_addresses
from .determinism import compare, rehearse
from .fixtures import *  # noqa: F403 - pytest finds fixtures by their names in here
from .markers import REGISTERED
from .recorded import add_drift, drift_problems, write_drift
from .report import add_traffic, add_usage, write_spent, write_summary, write_traffic
from .settings import SETTINGS, add_options, settings_of
from .stash import BODY_ENDED, BODY_PASSED, FAKES, GUARD, METER
from .tracing import explain_scope, say_only, show_users_lines
from .virtual import check_loops, run_in_world, use_world

pytest.register_assert_rewrite("pytest_llmsim.assertions")


def pytest_addoption(parser: pytest.Parser) -> None:
    add_options(parser)


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """The first hook of a run: no conftest has imported the program yet."""
    keep_addresses(early_config)


def pytest_configure(config: pytest.Config) -> None:
    for marker in REGISTERED:
        config.addinivalue_line("markers", marker)
    config.stash[SETTINGS] = settings_of(config)


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makeitem(
    collector: pytest.Module | pytest.Class, name: str, obj: object
) -> None:
    if collector.istestfunction(obj, name):
        try:
            use_world(collector, obj)
        except pytest.UsageError as problem:
            # Shown as it is, without the hooks that led here.
            raise collector.CollectError(str(problem)) from None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    rehearse(item)
    return (yield)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> object:
    return run_in_world(pyfuncitem)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
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


def _problems(item: pytest.Item) -> list[str]:
    """What did not go as scripted, and who was about to go past the fakes."""
    servers, guard = item.stash.get(FAKES, None), item.stash.get(GUARD, None)
    blocked = guard.blocked if guard is not None else []
    meter = item.stash.get(METER, None)
    stopped = [meter.stopped] if meter is not None and meter.stopped else []
    found = servers.problems() if servers is not None else []
    return [*stopped, *dict.fromkeys(blocked), *found, *drift_problems(item)]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    show_users_lines(item, call)
    report = yield
    say_only(item, call, report)
    explain_scope(call, report)
    if report.when == "call":
        add_traffic(item, report)
        if item.stash.get(BODY_ENDED, False):
            add_usage(item, report)
            add_drift(item, report)
    return report


def pytest_terminal_summary(terminalreporter: "pytest.TerminalReporter") -> None:
    settings = terminalreporter.config.stash[SETTINGS]
    if settings.traffic:
        write_traffic(terminalreporter)
    if settings.report:
        write_summary(terminalreporter)
    write_drift(terminalreporter)
    write_spent(terminalreporter)
