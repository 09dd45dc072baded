"""The fixtures. None is autouse and none is async, so that every kind of test can have them.

Whatever a fixture gives is imported when it is asked for. Each may be overridden in a project's
conftest by one of the same name, `llmsim_router_config` is there for that.
"""

from collections.abc import Generator
from typing import TYPE_CHECKING

import pytest

from .registered import PROVIDERS

if TYPE_CHECKING:
    from fakeservers import FakeProvider, FakeServers
    from router import CostTracker, LLMRouter, SyncRouter
    from router.budget import LedgerBudget

    from .clients import Clients, Tls
    from .clock import FakesClock
    from .stage import Stage

__all__ = [
    "_llmsim_hooks",
    "_llmsim_stage",
    "_llmsim_tls",
    "llmsim",
    "llmsim_async_router",
    "llmsim_budget",
    "llmsim_claude",
    "llmsim_clients",
    "llmsim_clock",
    "llmsim_costs",
    "llmsim_gemini",
    "llmsim_ollama",
    "llmsim_openai",
    "llmsim_provider",
    "llmsim_router",
    "llmsim_router_config",
]


@pytest.fixture(scope="session")
def _llmsim_hooks(pytestconfig: pytest.Config) -> None:
    """What the fakes of a test begin with: from here on our hooks stand around each test."""
    from .hooks import Hooks

    pytestconfig.pluginmanager.register(Hooks())


@pytest.fixture(scope="session")
def _llmsim_stage(pytestconfig: pytest.Config, _llmsim_hooks: None) -> "Generator[Stage]":
    from .settings import settings_of
    from .stage import Stage

    stage = Stage(pytestconfig, settings_of(pytestconfig))
    yield stage
    stage.close()


@pytest.fixture(scope="session")
def _llmsim_tls() -> "Tls":
    from .clients import Tls

    return Tls()


# --- the fakes ---


@pytest.fixture
def llmsim(request: pytest.FixtureRequest, _llmsim_stage: "Stage") -> "Generator[FakeServers]":
    """Fake Claude, OpenAI, Gemini and Ollama, to which the environment points for this test."""
    from .virtual import check_load, check_scope

    check_scope(request.node)
    check_load(request.node)
    with _llmsim_stage.play(request.node) as servers:
        yield servers


@pytest.fixture
def llmsim_claude(llmsim: "FakeServers") -> "FakeProvider":
    """The fake Claude of this test."""
    return llmsim.claude


@pytest.fixture
def llmsim_openai(llmsim: "FakeServers") -> "FakeProvider":
    """The fake OpenAI of this test."""
    return llmsim.openai


@pytest.fixture
def llmsim_gemini(llmsim: "FakeServers") -> "FakeProvider":
    """The fake Gemini of this test."""
    return llmsim.gemini


@pytest.fixture
def llmsim_ollama(llmsim: "FakeServers") -> "FakeProvider":
    """The fake Ollama of this test."""
    return llmsim.ollama


@pytest.fixture(params=PROVIDERS)
def llmsim_provider(request: pytest.FixtureRequest, llmsim: "FakeServers") -> "FakeProvider":
    """Each fake in turn: the test runs once a provider. For some of them:
    `@pytest.mark.parametrize("llmsim_provider", ["claude", "openai"], indirect=True)`."""
    try:
        return llmsim[request.param]
    except KeyError as problem:
        raise pytest.UsageError(f"llmsim_provider: {problem.args[0]}") from None


@pytest.fixture
def llmsim_clock(request: pytest.FixtureRequest, llmsim: "FakeServers") -> "FakesClock":
    """The clock of this test's fakes: `llmsim_clock.advance("1m")`."""
    from .stash import CLOCK

    return request.node.stash[CLOCK]  # type: ignore[no-any-return]


@pytest.fixture
def llmsim_clients(
    request: pytest.FixtureRequest, llmsim: "FakeServers", _llmsim_tls: "Tls"
) -> "Generator[Clients]":
    """Makes SDK clients quickly: `llmsim_clients.openai()`, `.async_anthropic()` and so on."""
    from .clients import Clients
    from .settings import marked, settings_of
    from .switching import ASKED

    settings = marked(request.node, settings_of(request.config))
    clients = Clients(_llmsim_tls, lambda provider: settings.mode_of(provider) in ASKED)
    yield clients
    clients.close()


# --- the router ---


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
    request: pytest.FixtureRequest,
    llmsim: "FakeServers",
    llmsim_router_config: str | None,
    llmsim_budget: "LedgerBudget",
    llmsim_costs: "CostTracker",
) -> "LLMRouter":
    """A router whose providers are this test's fakes, to be awaited."""
    from .routing import new_router

    return new_router(request.node, llmsim, llmsim_router_config, llmsim_budget, llmsim_costs)


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
    from .virtual import world_of

    router = new_router(request.node, llmsim, llmsim_router_config, llmsim_budget, llmsim_costs)
    facade = new_sync_router(router, world_of(request.node))
    yield facade
    facade.close()
