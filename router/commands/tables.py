"""What the commands about money share: reading a configuration, tables, amounts.

What belongs here: showing. What must not: a command.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ..errors import RouterError
from ..money import divide_half_even, format_usd

if TYPE_CHECKING:
    from ..config.build import LoadedSetup

__all__ = ["CONFIG", "as_json", "loaded", "per_mtok", "print_json", "print_table", "told"]

_T = TypeVar("_T")
_MTOK = 1_000_000
_MICRO = 1_000_000
_TEXT_WIDTH = 10

CONFIG = click.Path(dir_okay=False, path_type=Path)
"""A file that an option or argument names."""

as_json = click.option("--json", "as_json", is_flag=True, help="For programs.")


def loaded(path: Path) -> "LoadedSetup":
    """The setup of a file; every problem in it as a ClickException."""
    from ..config import load_setup

    return told(lambda: load_setup(path))


def told(make: Callable[[], _T]) -> _T:
    """What `make` returns; the router's own errors are told without a traceback."""
    try:
        return make()
    except RouterError as problem:
        raise click.ClickException(str(problem)) from None


def per_mtok(usd: Fraction | None) -> str:
    """US dollars for a million tokens; a fraction that no decimal ends is cut and marked."""
    if usd is None:
        return ""
    amount = usd * _MTOK * _MICRO
    text = format_usd(divide_half_even(amount.numerator, amount.denominator) * _MICRO)
    text = text.removeprefix("$").replace(",", "").rstrip("0").rstrip(".")
    return text if amount.denominator == 1 else f"~{text}"


def print_json(value: object) -> None:
    click.echo(json.dumps(value, indent=2))


def print_table(title: str, rows: Sequence[Mapping[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title)
    for name in rows[0] if rows else ():
        texts = [str(row[name]) for row in rows if row[name]]
        is_number = all(text.replace(".", "").isdigit() for text in texts)
        justify: Any = "right" if is_number else "left"
        longest = max(map(len, (name, *texts)))
        # Texts are folded where there is no room, numbers never.
        least = None if is_number else min(longest, _TEXT_WIDTH)
        table.add_column(name, justify=justify, overflow="fold", no_wrap=is_number, min_width=least)
    for row in rows:
        table.add_row(*("" if value is None else str(value) for value in row.values()))
    Console().print(table)
