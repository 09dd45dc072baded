"""What pytest loads in every run: options, the marker, the fixture, the hooks.

Imports the standard library and pytest only; the fakes are imported when a test asks for them.
"""

from collections.abc import Generator
from typing import TYPE_CHECKING

import pytest

from .determinism import compare, rehearse
from .report import FAKES, add_traffic, write_traffic
from .settings import SETTINGS, add_options, settings_of
from .virtual import check_loops, check_scope, run_in_world, use_world

if TYPE_CHECKING:
    from fakeservers import FakeServers

    from .stage import Stage

MARKER = (
    "llmsim(seed=, unmatched=, unused=, virtual=): settings of the fakes for one test; unmatched "
    "is 'error' or 'natural', unused is 'error' or 'allow', virtual=True runs it in virtual time."
)


def pytest_addoption(parser: pytest.Parser) -> None:
    add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", MARKER)
    config.stash[SETTINGS] = settings_of(config)


@pytest.fixture(scope="session")
def _llmsim_stage(pytestconfig: pytest.Config) -> "Generator[Stage]":
    from .stage import Stage

    stage = Stage(pytestconfig.stash[SETTINGS])
    yield stage
    stage.close()


@pytest.fixture
def llmsim(request: pytest.FixtureRequest, _llmsim_stage: "Stage") -> "Generator[FakeServers]":
    """Fake Claude, OpenAI, Gemini and Ollama, to which the environment points for this test."""
    check_scope(request.node)
    with _llmsim_stage.play(request.node) as servers:
        yield servers


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makeitem(
    collector: pytest.Module | pytest.Class, name: str, obj: object
) -> None:
    if collector.istestfunction(obj, name):
        use_world(collector, obj)


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
    result = yield
    if (servers := item.stash.get(FAKES, None)) is not None and (found := servers.problems()):
        pytest.fail("\n\n".join(found), pytrace=False)
    compare(item)
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when == "call":
        add_traffic(item, report)
    return report


def pytest_terminal_summary(terminalreporter: "pytest.TerminalReporter") -> None:
    if terminalreporter.config.stash[SETTINGS].traffic:
        write_traffic(terminalreporter)
