"""Where `make_catalogue.py` reads from: hand-kept tables, genai-prices, the SDKs' own lists.

Nothing here knows what a row of the catalogue looks like.
"""

import importlib
import inspect
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, get_args

__all__ = [
    "context_of",
    "english_day",
    "epoch_s",
    "literals",
    "longest_prefix",
    "pairs",
    "price_entry",
    "priced",
    "source",
    "table",
]

TABLES = Path(__file__).parent / "model_tables"


def table(file: str, section: str) -> Iterator[list[str]]:
    """The rows of one section, each padded to the width of the widest."""
    text = (TABLES / f"{file}.txt").read_text("utf-8")
    body = text.split(f"\n[{section}]\n")[1].split("\n[")[0]
    lines = [line for line in body.splitlines() if line and not line.startswith("#")]
    cells = [[cell.strip() for cell in line.split("|")] for line in lines]
    width = max(map(len, cells))
    return (row + [""] * (width - len(row)) for row in cells)


@cache
def pairs(file: str, section: str) -> dict[str, str]:
    """The first two cells of each row of a section."""
    return {row[0]: row[1] for row in table(file, section)}


def longest_prefix(name: str, prefixes: Iterable[str]) -> str:
    """The longest of `prefixes` that `name` begins with; empty when there is none."""
    return max((prefix for prefix in prefixes if name.startswith(prefix)), key=len, default="")


@cache
def priced(provider: str) -> tuple[Any, ...]:
    """What genai-prices knows of a provider's models."""
    providers: Any = importlib.import_module("genai_prices.data").providers
    return tuple(next(each for each in providers if each.id == provider).models)


def price_entry(provider: str, name: str) -> Any:
    """The entry of genai-prices with this very id, else one that matches, else None."""
    models = priced(provider)
    exact = (model for model in models if model.id == name)
    return next(exact, None) or next((model for model in models if model.is_match(name)), None)


def context_of(provider: str, name: str, otherwise: int) -> int:
    """The context window, in tokens, that genai-prices tells."""
    return getattr(price_entry(provider, name), "context_window", None) or otherwise


def literals(module: str, alias: str) -> list[str]:
    """The names in a union of string literals, in their order."""

    def walk(annotation: Any) -> Iterator[str]:
        for part in get_args(annotation):
            yield from [part] if isinstance(part, str) else walk(part)

    return list(walk(getattr(importlib.import_module(module), alias)))


def source(module: str) -> str:
    """The text of a module of an SDK, for what stands only in its comments."""
    return inspect.getsource(importlib.import_module(module))


def epoch_s(day: str) -> int:
    """Midnight UTC of an ISO date, in Unix seconds."""
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp())


def english_day(text: str) -> str:
    """`June 15th, 2026` as an ISO date."""
    plain = re.sub(r"(\d)(st|nd|rd|th)", r"\1", text)
    return datetime.strptime(plain, "%B %d, %Y").date().isoformat()
