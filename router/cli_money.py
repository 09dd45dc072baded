"""`python -m router prices`, `check` and `costs`: what models cost, what a file means, what a
ledger holds.

What belongs here: options and tables. What must not: anything that a program could not do itself
with `PriceBook`, `load_setup` and a ledger. Nothing here asks a provider or spends anything.
"""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import click

from .errors import RouterError

__all__ = ["check", "costs", "prices"]

_T = TypeVar("_T")
_KINDS = {
    "input": "input_tokens",
    "cached": "cache_read_tokens",
    "write 5m": "cache_write_tokens",
    "write 1h": "cache_write_1h_tokens",
    "output": "output_tokens",
}
_MTOK = 1_000_000
_EXPIRED = "(expired)"
_CONFIG = click.Path(dir_okay=False, path_type=Path)
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")


@click.command()
@click.argument("models", nargs=-1, metavar="[PROVIDER/MODEL]...")
@click.option("--config", type=_CONFIG, help="Also every target of this llm-providers.toml.")
@click.option("--at", type=click.DateTime(), help="Prices at this time (UTC) instead of now.")
@click.option("--tier", default="", metavar="NAME", help="Of this service tier, as 'priority'.")
@click.option("--batch", is_flag=True, help="Of batch processing.")
@_JSON
def prices(
    models: tuple[str, ...],
    config: Path | None,
    at: datetime | None,
    tier: str,
    batch: bool,
    as_json: bool,
) -> None:
    """Show what models cost, in US dollars for a million tokens: openai/gpt-4o claude/..."""
    from .pricing import PriceBook

    moment_s = None if at is None else at.replace(tzinfo=UTC).timestamp()
    rows: list[dict[str, Any]] = []
    book: Any = PriceBook(batch=batch)
    wanted = [(book, *_split(model), "") for model in models]
    if config is not None:
        setup = _told(lambda: _load(config))
        targets = [endpoint.target for endpoint in setup.endpoints]
        wanted += [(setup.prices, t.provider, t.model, t.base_url) for t in targets]
    if not wanted:
        raise click.UsageError("name a model as PROVIDER/MODEL, or --config FILE")
    for source, provider, model, base_url in wanted:
        ask = partial(source.rates, provider, model, base_url=base_url, at_s=moment_s, tier=tier)
        rates = _told(ask)
        for level in rates.levels:
            row = {"model": f"{provider}/{model}", "over": max(level.over, 0)}
            for name, kind in _KINDS.items():
                row[name] = _per_mtok(rates.usd_per_unit(kind, level.over + 1))
            rows.append({**row, "source": rates.version, "guess": rates.guess})
    if as_json:
        _print_json(rows)
    else:
        _print_prices(rows)


@click.command()
@click.argument("file", type=_CONFIG, default=Path("llm-providers.toml"))
@_JSON
def check(file: Path, as_json: bool) -> None:
    """Read a llm-providers.toml and say what it means, or every problem in it."""
    setup = _told(lambda: _load(file))
    rows = []
    for endpoint in setup.endpoints:
        target, card = endpoint.target, setup.prices.card(endpoint.target)
        output = card.rates.usd_per_unit("output_tokens")
        rows.append(
            {
                "target": target.id,
                "client": type(endpoint.client).__name__,
                "input": _per_mtok(card.rates.usd_per_unit("input_tokens")),
                "output": _per_mtok(output),
                "price from": card.version,
                "timeout_s": target.timeouts.total_s,
            }
        )
    limits = _limits(setup.budget)
    if as_json:
        _print_json({"source": setup.source, "targets": rows, "limits": limits})
        return
    _print_table(f"{setup.source}: {len(rows)} targets, {setup.policy.strategy}", rows)
    for group in setup.groups:
        click.echo(f"group {group.name}: {', '.join(group.members)}")
    for limit in limits:
        click.echo(f"limit {limit['name']}: {limit['usd']} ({limit['mode']}, {limit['window']})")
    click.echo(f"{file.name} is right.")


@click.command()
@click.argument("ledger", required=False)
@click.option("--config", type=_CONFIG, help="Take the ledger of this llm-providers.toml.")
@click.option(
    "--by",
    type=click.Choice(["provider", "model", "tag", "task"]),
    default="provider",
    show_default=True,
    help="What to add up by.",
)
@click.option("--since", type=click.DateTime(), help="Only what was settled from then on (UTC).")
@_JSON
def costs(
    ledger: str | None, config: Path | None, by: str, since: datetime | None, as_json: bool
) -> None:
    """Show what a ledger holds: sqlite:costs.db, a path, or redis://...

    Also whether its counters equal its rows, and which holds expired without a settlement.
    """
    if (ledger is None) == (config is None):
        raise click.UsageError("name a ledger as sqlite:costs.db or redis://..., or --config FILE")
    since_s = 0.0 if since is None else since.replace(tzinfo=UTC).timestamp()
    summary, expired, wrong = _told(lambda: asyncio.run(_read(ledger, config, since_s)))
    sums: Mapping[str, Any] = getattr(summary, f"{by}s")
    rows = [_cost_row(by, name, metric) for name, metric in sorted(sums.items())]
    rows.append(_cost_row(by, "total", summary.total))
    if as_json:
        _print_json({"costs": rows, "expired": expired, "discrepancies": wrong})
    else:
        _print_table("Costs in US dollars, exact", rows)
        if expired:
            click.echo(f"{len(expired)} holds expired and count whole: {', '.join(expired[:10])}")
        for account in wrong:
            click.echo(f"account {account}: its counter differs from its rows", err=True)
    if wrong:
        raise SystemExit(1)


async def _read(ledger: str | None, config: Path | None, since_s: float) -> tuple[Any, Any, Any]:
    """The summary of a ledger's records, the ids of its expired holds, and wrong accounts."""
    from .budget.policy import EVERYTHING
    from .costs import CostTracker, record_from_json
    from .ledger.base import Scope

    store = _store(ledger, config)
    try:
        rows = await store.rows(Scope(name=EVERYTHING))
        discrepancies = await store.audit()
    finally:
        await store.aclose()
    rows = tuple(row for row in rows if row.settled_at_s >= since_s)
    told = {row.hold_id for row in rows if row.basis != "expired"}
    expired = [row for row in rows if row.basis == "expired" and row.hold_id not in told]
    tracker = CostTracker(
        record for row in rows if (record := record_from_json(row.detail)) is not None
    )
    for row in expired:
        tracker.record(_expired(row))
    ids = [row.hold_id for row in expired]
    return tracker.cost_summary(), ids, [found.account for found in discrepancies]


def _expired(row: Any) -> Any:
    """What stands for a hold whose process never told what it spent."""
    from .accounting import CostRecord

    return CostRecord(
        attempt_id=row.hold_id,
        call_id=row.hold_id,
        provider=_EXPIRED,
        model=_EXPIRED,
        target=_EXPIRED,
        at_s=row.settled_at_s,
        amount_pico=row.amount_pico,
        hold_pico=row.hold_pico,
        basis="expired",
        certainty="possibly_accepted",
        outcome="expired",
        rates_version="",
        task=_EXPIRED,
    )


def _store(ledger: str | None, config: Path | None) -> Any:
    from .config.amounts import open_ledger

    if config is not None:
        setup = _load(config)
        if setup.ledger is None or setup.ledger[0] == "memory":
            raise click.UsageError(f"{config.name} names no ledger that outlives the program")
        return setup.ledger[1]
    name = ledger or ""
    if ":" not in name:
        name = f"sqlite:{name}"
    if name.startswith("sqlite:") and not Path(name.removeprefix("sqlite:")).exists():
        raise click.UsageError(f"there is no file {name.removeprefix('sqlite:')}")
    return open_ledger(name, Path.cwd())


def _cost_row(by: str, name: str, metric: Any) -> dict[str, Any]:
    last = metric.last_call
    return {
        by: name,
        "usd": f"{metric.cost.normalize():f}",
        "tokens": metric.tokens,
        "input": metric.input_tokens,
        "cached": metric.cached_tokens,
        "output": metric.output_tokens,
        "calls": metric.calls,
        "attempts": metric.attempts,
        "estimated": metric.estimated,
        "last call": "" if last is None else f"{last:%Y-%m-%d %H:%M:%S}",
    }


def _limits(budget: Any) -> list[dict[str, str]]:
    if budget is None:
        return []
    return [
        {
            "name": limit.name,
            "usd": "no limit" if limit.usd is None else f"${limit.usd}",
            "mode": budget.policy.mode_of(limit),
            "window": limit.window.span,
        }
        for limit in budget.policy.all_limits()
    ]


def _load(path: Path) -> Any:
    from .config import load_setup

    return load_setup(path)


def _told(make: Callable[[], _T]) -> _T:
    """What `make` returns; the router's own errors are told without a traceback."""
    try:
        return make()
    except RouterError as problem:
        raise click.ClickException(str(problem)) from None


def _split(text: str) -> tuple[str, str]:
    provider, _, model = text.partition("/")
    if not model:
        raise click.UsageError(f"{text!r}: write PROVIDER/MODEL, as openai/gpt-4o")
    return provider, model


def _per_mtok(usd: Fraction | None) -> str:
    """US dollars for a million tokens; a fraction that no decimal ends is cut and marked."""
    if usd is None:
        return ""
    amount = usd * _MTOK
    text = f"{amount.numerator / amount.denominator:.6f}".rstrip("0").rstrip(".")
    return text if Fraction(text) == amount else f"~{text}"


def _print_json(value: object) -> None:
    click.echo(json.dumps(value, indent=2))


def _print_prices(rows: Sequence[Mapping[str, Any]]) -> None:
    shown = [
        {
            "model": row["model"] + (f" over {row['over']:,}" if row["over"] else ""),
            **{name: row[name] for name in _KINDS},
            "from": row["source"],
        }
        for row in rows
    ]
    _print_table("US dollars for a million tokens", shown)
    for guess in dict.fromkeys(row["guess"] for row in rows if row["guess"]):
        click.echo(f"estimate: {guess}")


def _print_table(title: str, rows: Sequence[Mapping[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title)
    for name in rows[0] if rows else ():
        is_number = all(str(row[name]).replace(".", "").isdigit() for row in rows if row[name])
        table.add_column(name, justify="right" if is_number else "left")
    for row in rows:
        table.add_row(*("" if value is None else str(value) for value in row.values()))
    Console().print(table)
