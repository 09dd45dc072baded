"""`python -m router costs`: what a ledger holds, and whether it adds up."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import click

from ..accounting import CostRecord
from ..budget.policy import EVERYTHING
from ..config.amounts import open_ledger
from ..costs import CostMetric, CostTracker, record_to_json, records_of
from ..ledger.base import Scope
from ..ledger.store import Store
from .tables import CONFIG, as_json, loaded, print_json, print_table, told

__all__ = ["command"]

_ONLY_JSON = ("input", "cached", "output")  # the table must fit a terminal


@click.command()
@click.argument("ledger", required=False)
@click.option("--config", type=CONFIG, help="Take the ledger of this llm-providers.toml.")
@click.option(
    "--by",
    type=click.Choice(["provider", "model", "tag", "task"]),
    default="provider",
    show_default=True,
    help="What to add up by.",
)
@click.option("--since", type=click.DateTime(), help="Only what was settled from then on (UTC).")
@click.option("--records", is_flag=True, help="Instead of sums one line of JSON an attempt.")
@as_json
def command(
    ledger: str | None,
    config: Path | None,
    by: str,
    since: datetime | None,
    records: bool,
    as_json: bool,
) -> None:
    """Show what a ledger holds: sqlite:costs.db, a path, or redis://...

    Also whether its counters equal its rows, and which holds expired without a settlement.
    """
    if (ledger is None) == (config is None):
        raise click.UsageError("name a ledger as sqlite:costs.db or redis://..., or --config FILE")
    since_s = 0.0 if since is None else since.replace(tzinfo=UTC).timestamp()
    read, expired, wrong = told(partial(_summed, ledger, config, since_s))
    if records:
        for record in read:
            click.echo(record_to_json(record))
    else:
        _show_sums(read, by, expired, wrong, as_json=as_json)
    if not as_json or records:
        for account in wrong:
            click.echo(f"account {account}: its counter differs from its rows", err=True)
    if wrong:
        raise SystemExit(1)


def _show_sums(
    read: list[CostRecord], by: str, expired: list[str], wrong: list[str], *, as_json: bool
) -> None:
    summary = CostTracker(read).cost_summary()
    sums: Mapping[str, CostMetric] = getattr(summary, f"{by}s")
    rows = [_cost_row(by, name, metric) for name, metric in sorted(sums.items())]
    rows.append(_cost_row(by, "total", summary.total))
    if as_json:
        print_json({"costs": rows, "expired": expired, "discrepancies": wrong})
        return
    shown = [{k: v for k, v in row.items() if k not in _ONLY_JSON} for row in rows]
    print_table("Costs in US dollars, exact", shown)
    if expired:
        click.echo(f"{len(expired)} holds expired and count whole: {', '.join(expired[:10])}")


def _summed(
    ledger: str | None, config: Path | None, since_s: float
) -> tuple[list[CostRecord], list[str], list[str]]:
    return asyncio.run(_read(_store(ledger, config), since_s))


async def _read(store: Store, since_s: float) -> tuple[list[CostRecord], list[str], list[str]]:
    """A ledger's records, the ids of its expired holds, and wrong accounts."""
    try:
        rows = await store.rows(Scope(name=EVERYTHING))
        discrepancies = await store.audit()
    finally:
        await store.aclose()
    records = records_of(row for row in rows if row.settled_at_s >= since_s)
    expired = [record.attempt_id for record in records if record.basis == "expired"]
    return records, expired, [found.account for found in discrepancies]


def _store(ledger: str | None, config: Path | None) -> Store:
    if config is not None:
        setup = loaded(config)
        if setup.ledger is None or setup.ledger[0] == "memory":
            raise click.UsageError(f"{config.name} names no ledger that outlives the program")
        return setup.ledger[1]
    name = ledger or ""
    if ":" not in name:
        name = f"sqlite:{name}"
    if name.startswith("sqlite:") and not Path(name.removeprefix("sqlite:")).exists():
        raise click.UsageError(f"there is no file {name.removeprefix('sqlite:')}")
    return open_ledger(name, Path.cwd())


def _cost_row(by: str, name: str, metric: CostMetric) -> dict[str, Any]:
    last = metric.last_call
    return {
        by: name,
        "usd": f"{metric.cost:f}",
        "tokens": metric.tokens,
        "input": metric.input_tokens,
        "cached": metric.cached_tokens,
        "output": metric.output_tokens,
        "calls": metric.calls,
        "attempts": metric.attempts,
        "estimated": metric.estimated,
        "last call": "" if last is None else f"{last:%Y-%m-%d %H:%M:%S}",
    }
