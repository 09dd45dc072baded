"""`python -m router prices`: what models cost, at any date, by tier and in batches."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import click

from ..pricing import PriceBook
from .tables import CONFIG, as_json, loaded, per_mtok, print_json, print_table, told

__all__ = ["command"]

_KINDS = {
    "input": "input_tokens",
    "cached": "cache_read_tokens",
    "write 5m": "cache_write_tokens",
    "write 1h": "cache_write_1h_tokens",
    "output": "output_tokens",
}


@click.command()
@click.argument("models", nargs=-1, metavar="[PROVIDER/MODEL]...")
@click.option("--config", type=CONFIG, help="Also every target of this llm-providers.toml.")
@click.option("--at", type=click.DateTime(), help="Prices at this time (UTC) instead of now.")
@click.option("--tier", default="", metavar="NAME", help="Of this service tier, as 'priority'.")
@click.option("--batch", is_flag=True, help="Of batch processing.")
@as_json
def command(
    models: tuple[str, ...],
    config: Path | None,
    at: datetime | None,
    tier: str,
    batch: bool,
    as_json: bool,
) -> None:
    """Show what models cost, in US dollars for a million tokens: openai/gpt-4o claude/..."""
    moment_s = None if at is None else at.replace(tzinfo=UTC).timestamp()
    rows: list[dict[str, Any]] = []
    book: Any = PriceBook(batch=batch)
    wanted = [(book, *_split(model), "") for model in models]
    if config is not None:
        setup = loaded(config)
        targets = [endpoint.target for endpoint in setup.endpoints]
        wanted += [(setup.prices, t.provider, t.model, t.base_url) for t in targets]
    if not wanted:
        raise click.UsageError("name a model as PROVIDER/MODEL, or --config FILE")
    for source, provider, model, base_url in wanted:
        ask = partial(source.rates, provider, model, base_url=base_url, at_s=moment_s, tier=tier)
        rates = told(ask)
        for level in rates.levels:
            row = {"model": f"{provider}/{model}", "over": max(level.over, 0)}
            for name, kind in _KINDS.items():
                row[name] = per_mtok(rates.usd_per_unit(kind, level.over + 1))
            rows.append({**row, "source": rates.version, "guess": rates.guess})
    if as_json:
        print_json(rows)
    else:
        _print_prices(rows)


def _split(text: str) -> tuple[str, str]:
    provider, _, model = text.partition("/")
    if not model:
        raise click.UsageError(
            f"{text!r}: write PROVIDER/MODEL, as openai/gpt-4o; a file goes after --config"
        )
    return provider, model


def _print_prices(rows: Sequence[Mapping[str, Any]]) -> None:
    shown = [
        {
            "model": row["model"] + (f" over {row['over']:,}" if row["over"] else ""),
            **{name: row[name] for name in _KINDS},
            "from": row["source"],
        }
        for row in rows
    ]
    print_table("US dollars for a million tokens", shown)
    for guess in dict.fromkeys(row["guess"] for row in rows if row["guess"]):
        click.echo(f"estimate: {guess}")
