"""`python -m router check`: what a configuration means, or every problem in it."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..budget import LedgerBudget
from ..budget.policy import EVERYTHING
from ..ledger.base import Scope
from ..pricing import TargetCard
from .tables import CONFIG, as_json, loaded, per_mtok, print_json, print_table, told

if TYPE_CHECKING:
    from ..config.build import LoadedSetup

__all__ = ["command"]

_LOCAL = ("memory", "sqlite")


@click.command()
@click.argument("file", type=CONFIG, default=Path("llm-providers.toml"))
@as_json
def command(file: Path, as_json: bool) -> None:
    """Read a llm-providers.toml and say what it means, or every problem in it."""
    setup = loaded(file)
    rows = []
    for endpoint in setup.endpoints:
        target, card = endpoint.target, setup.prices.card(endpoint.target)
        assert isinstance(card, TargetCard)
        output = card.rates.usd_per_unit("output_tokens")
        rows.append(
            {
                "target": target.id,
                "client": type(endpoint.client).__name__,
                "input": per_mtok(card.rates.usd_per_unit("input_tokens")),
                "output": per_mtok(output),
                "price from": card.version,
                "timeout_s": target.timeouts.total_s,
            }
        )
    limits = _limits(setup.budget)
    told(lambda: asyncio.run(_reach(setup)))
    if as_json:
        print_json({"source": setup.source, "targets": rows, "limits": limits})
        return
    print_table(f"{setup.source}: {len(rows)} targets, {setup.policy.strategy}", rows)
    for group in setup.groups:
        click.echo(f"group {group.name}: {', '.join(group.members)}")
    for limit in limits:
        click.echo(f"limit {limit['name']}: {limit['usd']} ({limit['mode']}, {limit['window']})")
    click.echo(f"{file.name} is right.")


async def _reach(setup: "LoadedSetup") -> None:
    """Look into a ledger over the network: without it no call would be admitted."""
    if setup.ledger is not None and setup.ledger[0].partition(":")[0] not in _LOCAL:
        store = setup.ledger[1]
        try:
            await store.summary(Scope(name=EVERYTHING))
        finally:
            await store.aclose()


def _limits(budget: object) -> list[dict[str, str]]:
    if not isinstance(budget, LedgerBudget):
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
