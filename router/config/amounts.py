"""From `[prices]`, the providers' own prices and `[budget]` to a price book and a budget.

What belongs here: amounts of money. What must not: clients or routing.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from ..budget import CostManagementPolicy, Limit
from ..clients.registry import PROVIDERS
from ..errors import ConfigError
from ..ledger.store import Store
from ..money import Usd, pico_from_usd, usd_from_pico
from ..pricing import Price, PriceBook
from ..windows import Window
from .fill import Filler
from .schema import BudgetTable, LimitTable, PricesTable, PriceTable, ProviderTable

__all__ = ["make_policy", "make_prices", "open_ledger", "own_price"]

# What genai-prices calls the providers whose clients are built in.
_PRICED_AS = {"claude": "anthropic", "openai-responses": "openai", "gemini": "google"}


def own_price(table: ProviderTable, kind: str, model: str, *, is_mock: bool) -> Price | None:
    """The price that a provider's own table tells, or whose list its model stands in; None where
    the book finds it by the provider's name. Raises ValueError or TypeError for wrong amounts."""
    names: dict[str, Any] = {"provider": table.name, "model": model}
    price = None
    if table.price is not None:
        price = Price(**names, **_amounts(table.price))
    elif table.cost_per_1k_tokens is not None:
        per_mtok = _per_mtok(table.cost_per_1k_tokens)
        price = Price(**names, input_usd_per_mtok=per_mtok, output_usd_per_mtok=per_mtok)
    if is_mock or (price is None and kind == "ollama"):
        return Price(**names, input_usd_per_mtok=0, output_usd_per_mtok=0)
    if price is None and kind in PROVIDERS and table.name not in PROVIDERS:
        return Price(**names, like=f"{_PRICED_AS.get(kind, kind)}/{model}")
    return price


def make_prices(filler: Filler, tree: object, own: Iterable[Price]) -> PriceBook:
    """The book: the providers' own prices, and over them the tables `[prices."provider/model"]`."""
    tables = dict(tree) if isinstance(tree, Mapping) else {}
    if not isinstance(tree, Mapping):
        filler.problem(("prices",), "it is a table: [prices]")
    plain = {key: value for key, value in tables.items() if not isinstance(value, Mapping)}
    options = filler.table(PricesTable, plain, ("prices",)) or PricesTable()
    written: list[Price] = []
    for name, value in tables.items():
        if isinstance(value, Mapping):
            path = ("prices", name)
            provider, _, model = name.partition("/")
            table = filler.table(PriceTable, value, path)
            if table is not None:
                make = partial(Price, provider=provider, model=model or "*", **_amounts(table))
                price = filler.attempt(path, make)
                written += [price] if price is not None else []
    return PriceBook([*own, *written], unknown=options.unknown, batch=options.batch)


def make_policy(filler: Filler, tree: object) -> tuple[CostManagementPolicy, str] | None:
    """The policy of `[budget]` and the name of its ledger; None without the table."""
    table = None if tree is None else filler.table(BudgetTable, tree, ("budget",))
    if table is None:
        return None
    limits = []
    for number, limit in enumerate(table.limits):
        path = ("budget", "limits", number)
        limits.append(filler.attempt(path, partial(_limit, limit, table.zone)))
    values = {
        name: getattr(table, name)
        for name in BudgetTable.__dataclass_fields__
        if name not in ("ledger", "limits")
    }
    given = tuple(limit for limit in limits if limit is not None)
    policy = filler.attempt(("budget",), partial(CostManagementPolicy, limits=given, **values))
    return None if policy is None else (policy, table.ledger)


def open_ledger(text: str, folder: Path) -> Store:
    """The store that a text names: "memory", "sqlite:<path>", "redis://...".

    Raises ConfigError for anything else.
    """
    kind, _, rest = text.partition(":")
    if kind == "memory":
        from ..ledger.memory import MemoryLedger

        return MemoryLedger()
    if kind == "sqlite" and rest:
        from ..ledger.sqlite import SqliteLedger

        path = folder / Path(rest.removeprefix("//")).expanduser()
        if not path.parent.is_dir():
            raise ConfigError(f"there is no folder {path.parent} for it: make it first")
        return SqliteLedger(path)
    if kind in ("redis", "rediss", "unix"):
        from ..ledger.redis import RedisLedger

        return RedisLedger(text)
    raise ConfigError(
        f'ledger is "{text}"; it is "memory", "sqlite:costs.db" or "redis://localhost:6379/0"'
    )


def _per_mtok(cost_per_1k_tokens: Usd) -> Decimal:
    """The same price for a million tokens: a thousand times as much, exactly."""
    return usd_from_pico(pico_from_usd(cost_per_1k_tokens) * 1000)


def _amounts(table: PriceTable) -> dict[str, Any]:
    """What is set in a price's table, as Price takes it."""
    amounts: dict[str, Any] = {}
    for name in PriceTable.__dataclass_fields__:
        value = getattr(table, name)
        if name == "tools_usd":
            amounts[name] = tuple(value.items())
        elif value is not None:
            amounts[name] = value
    return amounts


def _limit(table: LimitTable, zone: str) -> Limit:
    names = ("name", "usd", "per", "only", "mode", "warn_percent", "store_down", "soft_percent")
    window = Window(span=table.window, zone=table.zone or zone, rolling_s=table.rolling_s)
    return Limit(window=window, **{name: getattr(table, name) for name in names})
