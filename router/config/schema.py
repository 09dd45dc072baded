"""The tables of a `llm-providers.toml`, as frozen values with their defaults.

What belongs here: names, types and defaults of keys. What must not: what is made of them. A
`[router]` table is a `RouterPolicy`, `[groups.<name>]` a `Group`, `[[rules]]` a `TaskRule`, as in
`policy.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ..budget.policy import Mode, StoreDown
from ..money import Usd
from ..pricing import OUTPUT_TOKENS_DEFAULT
from ..types import Capabilities, Timeouts
from ..windows import Span

__all__ = [
    "BudgetTable",
    "ClientName",
    "GatewayTable",
    "LimitTable",
    "PriceTable",
    "PricesTable",
    "ProviderTable",
]

ClientName = Literal[
    "anthropic", "claude", "gemini", "google", "http", "mock", "ollama", "openai",
    "openai-responses", "plain",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceTable:
    """A price in US dollars, as `pricing.Price`."""

    input_usd_per_mtok: Usd | None = None
    output_usd_per_mtok: Usd | None = None
    cached_read_usd_per_mtok: Usd | None = None
    cache_write_5m_usd_per_mtok: Usd | None = None
    cache_write_1h_usd_per_mtok: Usd | None = None
    reasoning_usd_per_mtok: Usd | None = None
    requests_usd: Usd | None = None
    tools_usd: Mapping[str, Usd] = field(default_factory=dict)
    like: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderTable:
    """One `[[providers]]`: where it is, its key, its models, what it costs, how it is routed to.

    `client` says who speaks to it; by default its name says so, or its endpoint, or it is an
    OpenAI-compatible endpoint ("http"). Each of `models` with each of `api_keys_env` is a target.
    """

    name: str
    client: ClientName | None = None
    endpoint: str = ""
    api_key_env: str = ""
    api_keys_env: tuple[str, ...] = ()
    model: str = ""
    models: tuple[str, ...] = ()
    cost_per_1k_tokens: Usd | None = None
    price: PriceTable | None = None
    timeout_ms: float | None = None
    timeouts: Timeouts | None = None
    key_header: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    enabled: bool = True
    weight: float = 1.0
    quality: float = 0.5
    latency_ms: float | None = None
    context_tokens_max: int | None = None
    output_tokens_max: int | None = None
    rpm_max: int | None = None
    tpm_max: int | None = None
    domains: frozenset[str] = frozenset()
    task_types: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    capabilities: Capabilities | None = None
    fallback: bool = False

    def __post_init__(self) -> None:
        positive = ("timeout_ms", "context_tokens_max", "output_tokens_max", "rpm_max", "tpm_max")
        for name in positive:
            value = getattr(self, name)
            if value is not None and value <= 0:
                raise ValueError(f"{name} is {value:g}; it must be more than 0")
        if self.timeout_ms is not None and self.timeouts is not None:
            raise ValueError("write timeout_ms or [timeouts], not both")
        if self.cost_per_1k_tokens is not None and self.price is not None:
            raise ValueError("write cost_per_1k_tokens or [price], not both")
        if self.api_key_env and self.api_keys_env:
            raise ValueError("write api_key_env or api_keys_env, not both")
        if self.model and self.models:
            raise ValueError("write model or models, not both")


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitTable:
    """One `[[budget.limits]]`, as `budget.Limit`; its window's span, zone and length beside."""

    name: str
    usd: Usd | None = None
    per: str = ""
    only: Mapping[str, str] = field(default_factory=dict)
    window: Span = "total"
    zone: str | None = None
    rolling_s: float | None = None
    mode: Mode | None = None
    warn_percent: int | None = None
    store_down: StoreDown | None = None
    soft_percent: int = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetTable:
    """`[budget]`: a CostManagementPolicy, and the ledger that keeps it.

    `ledger` is "memory", "sqlite:<path>" (relative to the file), or "redis://host:port/0".
    """

    ledger: str = "memory"
    per_task_usd: Usd | None = None
    daily_usd: Usd | None = None
    monthly_usd: Usd | None = None
    zone: str = "UTC"
    limits: tuple[LimitTable, ...] = ()
    mode: Mode = "strict"
    warn_percent: int = 80
    store_down: StoreDown = "closed"
    output_tokens_default: int = OUTPUT_TOKENS_DEFAULT
    clamp_tokens_min: int = 16
    hold_ttl_s: float = 900.0


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayTable:
    """`[gateway]`: how callers of the gateway name models, and what they may ask.

    `models` gives names of their own to a group, provider, target or "auto"; `unknown_models` is
    where any other name goes ("": it is refused). `unsupported_fields` of a request that the
    router cannot carry are refused, or left out and told in a response header.
    """

    models: Mapping[str, str] = field(default_factory=dict)
    unknown_models: str = ""
    unsupported_fields: Literal["refuse", "leave_out"] = "refuse"


@dataclass(frozen=True, slots=True, kw_only=True)
class PricesTable:
    """`[prices]`: what to do without one, and prices by "provider/model"."""

    unknown: Literal["error", "estimate"] = "error"
    batch: bool = False
