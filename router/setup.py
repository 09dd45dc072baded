"""One whole setting of a router as a frozen value: what a configuration file is read into.

A reload makes a new one; calls in flight keep theirs. State (breakers, gates, ledgers) is not
here: it belongs to targets' ids and outlives a setup. Reading files is `config.py`'s, whose
`load_setup(path, *, environ)` and `setup_from_env(environ)` return a RouterSetup.
"""

from dataclasses import dataclass, field

from .accounting import Budget, CostSink, PriceBook
from .clients.base import LLMClient, check_client
from .errors import ConfigError
from .policy import Group, RouterPolicy, TaskRule
from .types import Target

__all__ = ["Endpoint", "RouterSetup"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A target and the client that speaks to it. One client may serve several models; each key
    has a client of its own."""

    target: Target
    client: LLMClient


@dataclass(frozen=True, slots=True, kw_only=True)
class RouterSetup:
    """Endpoints in the order of preference, and all else that a router needs.

    None for `budget` means that nothing limits it. `source` says where it was read from.
    """

    endpoints: tuple[Endpoint, ...]
    prices: PriceBook
    groups: tuple[Group, ...] = ()
    rules: tuple[TaskRule, ...] = ()
    policy: RouterPolicy = field(default_factory=RouterPolicy)
    budget: Budget | None = None
    costs: CostSink | None = None
    version: int = 1
    source: str = "code"

    def __post_init__(self) -> None:
        ids = [endpoint.target.id for endpoint in self.endpoints]
        twice = next((name for name in ids if ids.count(name) > 1), None)
        if twice:
            raise ConfigError(
                f"two targets are called {twice!r}; give one of them another name, model, key_id or"
                " base_url",
                where=self.source,
            )
        for endpoint in self.endpoints:
            check_client(endpoint.target.provider, endpoint.client)
