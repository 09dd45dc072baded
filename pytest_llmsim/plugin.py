"""What pytest loads in every run: options, the marker, the fixture, the hooks.

Imports the standard library and pytest only; the fakes are imported when a test asks for them.
"""

from collections.abc import Generator
from typing import TYPE_CHECKING

import pytest

from .determinism import compare, rehearse
from .report import FAKES, add_traffic, write_traffic
from .settings import SETTINGS, add_options, settings_of
from .virtual import check_loops, check_scope, run_in_world, use_world, world_of

if TYPE_CHECKING:
    from fakeservers import FakeServers
    from router import CostTracker, LLMRouter, SyncRouter
    from router.budget import LedgerBudget

    from .stage import Stage

MARKER = (
    "llmsim(seed=, unmatched=, unused=, virtual=): settings of the fakes for one test; unmatched "
    "is 'error' or 'natural', unused is 'error' or 'allow', virtual=True runs it in virtual time."
)

BUDGET_MARKER = (
    "llmsim_budget(per_task_usd=, daily_usd=, monthly_usd=, mode=, limits=, ...): limits of the "
    "budget of this test's routers, such as daily_usd='0.01'; fields of CostManagementPolicy."
)


def pytest_addoption(parser: pytest.Parser) -> None:
    add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", MARKER)
    config.addinivalue_line("markers", BUDGET_MARKER)
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


@pytest.fixture
def llmsim_router_config() -> str | None:
    """The path of the `llm-providers.toml` that the routers of tests are made from; None for all
    providers in their usual order. To be overridden in a conftest."""
    return None


@pytest.fixture
def llmsim_costs() -> "CostTracker":
    """What the routers of this test have spent: `total` is US dollars, exact."""
    from .routing import new_costs

    return new_costs()


@pytest.fixture
def llmsim_budget(
    request: pytest.FixtureRequest, llmsim: "FakeServers", llmsim_router_config: str | None
) -> "LedgerBudget":
    """The budget of this test's routers, in memory; its limits are set by the marker of this
    name, else by the configuration."""
    from .routing import new_budget

    return new_budget(request.node, llmsim_router_config)


@pytest.fixture
def llmsim_async_router(
    llmsim: "FakeServers",
    llmsim_router_config: str | None,
    llmsim_budget: "LedgerBudget",
    llmsim_costs: "CostTracker",
) -> "LLMRouter":
    """A router whose providers are this test's fakes, to be awaited."""
    from .routing import new_router

    return new_router(llmsim, llmsim_router_config, llmsim_budget, llmsim_costs)


@pytest.fixture
def llmsim_router(
    request: pytest.FixtureRequest,
    llmsim: "FakeServers",
    llmsim_router_config: str | None,
    llmsim_budget: "LedgerBudget",
    llmsim_costs: "CostTracker",
) -> "Generator[SyncRouter]":
    """A router whose providers are this test's fakes, without `await`."""
    from .routing import new_router, new_sync_router

    router = new_router(llmsim, llmsim_router_config, llmsim_budget, llmsim_costs)
    facade = new_sync_router(router, world_of(request.node))
    yield facade
    facade.close()


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
