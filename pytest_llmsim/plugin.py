"""What pytest loads in every run: options, markers, fixtures, and the few hooks that a suite
without fakes passes through.

Imports the standard library and pytest only; the fakes, and the hooks around each test (`hooks`),
are imported when a test asks for them.
"""

from collections.abc import Generator

import pytest

from .fixtures import *  # noqa: F403 - pytest finds fixtures by their names in here
from .registered import MARKERS, NAMED_LIKE_OURS, add_options, is_anything_said

pytest.register_assert_rewrite("pytest_llmsim.assertions")


def pytest_addoption(parser: pytest.Parser) -> None:
    add_options(parser)


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """The first hook of a run: no conftest has imported the program yet."""
    if is_anything_said(early_config, early_config.known_args_namespace):
        from .addresses import keep_addresses

        keep_addresses(early_config)


def pytest_configure(config: pytest.Config) -> None:
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)
    if is_anything_said(config, config.option):
        from .settings import merge

        merge(config)
    if config.getoption("llmsim_check_determinism"):
        from .determinism import Rehearsals

        config.pluginmanager.register(Rehearsals())


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makeitem(
    collector: pytest.Module | pytest.Class, name: str, obj: object
) -> None:
    if collector.istestfunction(obj, name):
        own = getattr(obj, "pytestmark", [])
        marks = [*(own if isinstance(own, list) else [own]), *collector.iter_markers()]
        if any(mark.name.startswith(NAMED_LIKE_OURS) for mark in marks):
            from .virtual import use_world

            try:
                use_world(collector, obj, marks)
            except pytest.UsageError as problem:
                # Shown as it is, without the hooks that led here.
                raise collector.CollectError(str(problem)) from None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    if call.excinfo is None:
        return (yield)
    from .tracing import explain_scope, say_only, show_users_lines

    show_users_lines(item, call)
    report = yield
    say_only(item, call, report)
    explain_scope(call, report)
    return report


def pytest_terminal_summary(terminalreporter: "pytest.TerminalReporter") -> None:
    config = terminalreporter.config
    reports = [one for every in terminalreporter.stats.values() for one in every]
    if config.getoption("llmsim_traffic"):
        from .report import write_traffic

        write_traffic(terminalreporter)
    if config.getoption("llmsim_report"):
        from .report import write_summary

        write_summary(terminalreporter)
    if any(hasattr(report, "llmsim_drift") for report in reports):
        from .recorded import write_drift

        write_drift(terminalreporter)
    if any(hasattr(report, "llmsim_real") for report in reports):
        from .report import write_spent

        write_spent(terminalreporter)
