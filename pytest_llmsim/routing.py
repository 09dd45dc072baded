"""The router of a test: the project's own configuration, or all providers, over the test's fakes.

`router` is imported only when a test asks for it, and `import_router` tells when the project's
own `router.py` was found instead. What must not be here: how a router decides or what a call costs.
"""

import asyncio
import os
import ssl
from collections.abc import Mapping
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from .words import check_keywords

if TYPE_CHECKING:
    from fakeservers import FakeServers, Simulation
    from router import CostTracker, LLMRouter, SyncRouter
    from router.budget import LedgerBudget
    from router.setup import RouterSetup

__all__ = ["import_router", "new_budget", "new_costs", "new_router", "new_sync_router"]

SDKS = {"claude": "anthropic", "openai": "openai", "gemini": "google.genai", "ollama": "ollama"}
"""The package of each provider's SDK."""

MARKER = "llmsim_budget"
CHAIN = "llmsim_chain"

SHADOWING = (
    "llmsim: `import router` found {found}, which hides the router that pytest-llmsim brings. "
    "Rename it, or take its parent off sys.path, or define the fixture llmsim_router in a "
    "conftest.py of your own."
)

INSIDE = (
    "llmsim_router waits inside of a coroutine in virtual time, where nobody could answer: take "
    "the fixture llmsim_async_router and await its calls."
)


def import_router(name: str = "") -> Any:
    """A module of pytest-llmsim's router. Raises UsageError that names what was found in its
    place: a project may well have a `router.py` of its own."""
    package = import_module("router")
    beside = Path(__file__).parent.parent
    found = Path(getattr(package, "__file__", None) or "")
    if found.parent.parent != beside or found.name != "__init__.py":
        where = getattr(package, "__file__", None) or next(iter(package.__path__), "?")
        raise pytest.UsageError(SHADOWING.format(found=where))
    return import_module(f"router.{name}") if name else package


def new_costs() -> "CostTracker":
    return cast("CostTracker", import_router().CostTracker())


def new_budget(item: pytest.Item, config_file: str | None) -> "LedgerBudget":
    """A budget in memory: the limits of the `llmsim_budget` markers, the closest first, over
    those of the configuration. Raises UsageError for a limit that there is not."""
    budget = import_router("budget")
    known = [name for name, f in _fields(budget.CostManagementPolicy).items() if f.init]
    given: dict[str, Any] = {}
    for marker in item.iter_markers(MARKER):
        if marker.args:
            raise pytest.UsageError(f"{item.nodeid}: {MARKER}(...) takes keywords only.")
        check_keywords(item, marker, known, marker.kwargs)
        given = {**marker.kwargs, **given}
    policy = _policy(config_file) or budget.CostManagementPolicy()
    try:
        policy = replace(policy, **given)
    except (ValueError, TypeError, import_router().ConfigError) as problem:
        raise pytest.UsageError(f"{item.nodeid}: {MARKER}: {problem}") from None
    ledger = import_router("ledger.memory").MemoryLedger
    return cast("LedgerBudget", budget.LedgerBudget(policy, ledger()))


def new_router(
    item: pytest.Item,
    servers: "FakeServers",
    config_file: str | None,
    budget: "LedgerBudget",
    costs: "CostTracker",
) -> "LLMRouter":
    """An asynchronous router whose random choices depend on the seed of the fakes, and which asks
    nobody but the chain of the closest `llmsim_chain` marker, if there is one."""
    setup = replace(_chained(item, _setup(config_file)), budget=budget, costs=costs)
    _hurry(setup)
    return cast("LLMRouter", import_router().LLMRouter(setup, seed=servers.seed))


def new_sync_router(router: "LLMRouter", world: "Simulation | None") -> "SyncRouter":
    """The same verbs without `await`; in a simulated world its loop is the world's."""
    facade = import_router("facade").SyncRouter
    if world is None:
        return cast("SyncRouter", facade(router))
    run = world.run

    class InWorld(facade):  # type: ignore[misc,valid-type]
        """Waits in virtual time; has no thread, in which time would be real."""

        def __init__(self) -> None:
            self.router = router

        def close(self) -> None:
            self._run(router.aclose())

        def _run(self, work: Any) -> Any:
            if asyncio._get_running_loop() is None:
                return run(work)
            work.close()
            raise RuntimeError(INSIDE)

    return cast("SyncRouter", InWorld())


def _setup(config_file: str | None) -> "RouterSetup":
    config = import_router("config")
    if config_file is None:
        return cast("RouterSetup", config.setup_from_env(_of_installed(os.environ)))
    return cast("RouterSetup", config.load_setup(config_file, environ=_environ()))


def _chained(item: pytest.Item, setup: "RouterSetup") -> "RouterSetup":
    """The setup of the marker's providers alone, in its order. Raises UsageError for a name that
    is none."""
    marker = item.get_closest_marker(CHAIN)
    if marker is None:
        return setup
    names = marker.args
    if not names or marker.kwargs or not all(isinstance(name, str) for name in names):
        raise pytest.UsageError(
            f"{item.nodeid}: {CHAIN} takes names of providers: {CHAIN}('claude', 'openai')."
        )
    options = import_router("options").CallOptions(chain=names)
    try:
        chosen = import_router("routing.selection").select(setup, options)
    except import_router("errors").UnknownProvider as problem:
        raise pytest.UsageError(f"{item.nodeid}: {CHAIN}: {problem}") from None
    policy = replace(setup.policy, strategy=chosen.strategy, fallbacks={})
    return replace(setup, endpoints=chosen.endpoints, groups=(), rules=(), policy=policy)


def _of_installed(environ: Mapping[str, str]) -> Mapping[str, str]:
    """The environment without the providers whose SDK is not installed: a test has all of their
    keys set, the program has the SDKs that it uses. All of it when there is no SDK, so that the
    error says what to install."""
    known = import_router("clients.registry").PROVIDERS
    missing = [name for name, sdk in SDKS.items() if not _is_installed(sdk)]
    if len(missing) == len(SDKS):
        return environ
    dropped = {key for name in missing for key in (*known[name].keys, known[name].url)}
    return {key: value for key, value in environ.items() if key not in dropped}


def _is_installed(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:  # not even the package around it
        return False


def _hurry(setup: "RouterSetup") -> None:
    """Spare clients whose addresses the test set, all of them plain HTTP, the 30 ms in which they
    would read certificates: their TLS context trusts nobody."""
    if any(endpoint.target.base_url for endpoint in setup.endpoints):
        return
    for endpoint in setup.endpoints:
        if (connections := getattr(endpoint.client, "_connections", None)) is not None:
            connections.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _environ() -> Mapping[str, str]:
    """What is spent in a test stays in memory, wherever the configuration keeps it."""
    return {**os.environ, "LLM_ROUTER__BUDGET__LEDGER": "memory"}


def _policy(config_file: str | None) -> Any:
    if config_file is None:
        return None
    return getattr(_setup(config_file).budget, "policy", None)


def _fields(cls: Any) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", cls.__dataclass_fields__)
