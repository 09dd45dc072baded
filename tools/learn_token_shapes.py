"""Learns what a piece of text costs in tokens by its shape: fakeservers' `shape_costs.py`.

    python tools/learn_token_shapes.py

Reads the documentation strings and code that come with Python and its installed packages, what
Faker writes and what Django's translators wrote in other languages (`pip install django`), and
counts them with the o200k vocabulary of the `tokens` extra. No recording of a service takes part.
"""

import ast
import json
import re
import sysconfig
from collections import defaultdict
from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import distributions
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from statistics import fmean

from faker import Faker

from fakeservers.behaviour.tokens.shapes import PIECE, shape

OUT = Path(__file__).resolve().parents[1] / "fakeservers/behaviour/tokens/shape_costs.py"
LANGUAGES = (
    *("ar", "bn", "cs", "da", "de", "el", "es", "fa", "fi", "fr", "he", "hi", "hu", "hy", "it"),
    *("ja", "ka", "ko", "nl", "pl", "pt", "ro", "ru", "sv", "th", "tr", "uk", "vi", "zh_Hans"),
)
PARAGRAPHS = 60
SEEN_MIN = 5
"""Pieces of one shape that make a mean; rarer shapes take what the line through them says."""
SIZE_MAX = 14
TEXT_CHARS_MAX = 40_000
RARE_WORD_SLOPE = 0.25
"""Words beyond SIZE_MAX letters are no dictionary's, and cost more than the line says."""


def main() -> None:
    encoding = import_module("quicktok").get_encoding("o200k_base")
    found: defaultdict[str, defaultdict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    words = chain(
        ((text, True) for text in chain(english(), schemas())), ((text, False) for text in others())
    )
    for text, is_english in words:
        for piece in PIECE.findall(text[:TEXT_CHARS_MAX]):
            if is_english or not piece.isascii():
                kind, size = shape(piece)
                found[kind][size].append(len(encoding.encode_ordinary(piece)))
    costs, slopes = {}, {}
    for kind, sizes in sorted(found.items()):
        means = {n: fmean(v) for n, v in sorted(sizes.items()) if len(v) >= SEEN_MIN}
        if not means:
            continue
        costs[kind] = smooth(means)
        least = RARE_WORD_SLOPE if kind.strip(" _.'") in ("cap", "low", "mix", "up") else 0.0
        slopes[kind] = max(least, slope(sizes))
    costs["other"], slopes["other"] = (1.5,), 1.2
    OUT.write_text(rendered(costs, slopes), "utf-8")


def smooth(means: dict[int, float]) -> tuple[float, ...]:
    """The means by size, gaps filled from the smaller neighbour."""
    costs, last = [], 1.0
    for size in range(1, min(max(means), SIZE_MAX) + 1):
        last = means.get(size, last)
        costs.append(round(last, 2))
    return tuple(costs)


def slope(sizes: dict[int, list[int]]) -> float:
    """Tokens that each further character adds, by least squares over all pieces."""
    points = [(size, cost) for size, costs in sizes.items() for cost in costs]
    x_mean, y_mean = fmean(x for x, _ in points), fmean(y for _, y in points)
    spread = sum((x - x_mean) ** 2 for x, _ in points)
    if not spread:
        return 0.0
    return round(max(0.0, sum((x - x_mean) * (y - y_mean) for x, y in points) / spread), 3)


def english() -> Iterator[str]:
    for path in sorted(Path(sysconfig.get_path("stdlib")).glob("*.py")):
        source = path.read_text("utf-8", "replace")
        yield source
        try:
            tree = ast.parse(source)
        except SyntaxError:
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module):
                yield ast.get_docstring(node) or ""
    for distribution in sorted(distributions(), key=lambda d: d.name.lower()):
        yield from (distribution.metadata.get_payload() or "").split("\n\n")


def schemas() -> Iterator[str]:
    """JSON as it stands in requests: without spaces, with the words of documentation."""
    fake = Faker("en_US")
    fake.seed_instance(1)
    for _ in range(PARAGRAPHS * 4):
        words = fake.words(4, unique=True)
        fields = {word: {"type": "string", "description": fake.sentence()} for word in words}
        yield json.dumps(
            {"type": "object", "properties": fields, "required": words}, separators=(",", ":")
        )


def others() -> Iterator[str]:
    """Translated messages, joined to paragraphs; what stands for a value is left out."""
    root = Path(str(find_spec("django").submodule_search_locations[0]))  # type: ignore[union-attr, index]
    for language in LANGUAGES:
        for path in sorted(root.glob(f"**/locale/{language}/LC_MESSAGES/django.po")):
            found = re.findall(
                r'^msgstr(?:\[\d\])? ((?:"[^\n]*"\n)+)', path.read_text("utf-8"), re.M
            )
            said = ("".join(re.findall(r'"(.*)"', lines)) for lines in found[1:])
            yield " ".join(re.sub(r"\\n|%\(\w+\)[sd]|%[sd]", " ", text) for text in said if text)


def rendered(costs: dict[str, tuple[float, ...]], slopes: dict[str, float]) -> str:
    lines = ['"""What a piece of text costs in tokens: mean by kind and size, slope beyond.']
    lines += ["", "Written by tools/learn_token_shapes.py; do not edit.", '"""', ""]
    lines += ["from collections.abc import Mapping", "from typing import Final", ""]
    lines += ['__all__ = ["COSTS", "SLOPES"]', ""]
    lines += ["# fmt: off", "COSTS: Final[Mapping[str, tuple[float, ...]]] = {"]
    for kind, values in sorted(costs.items()):
        text = ", ".join(f"{value:g}" for value in values)
        lines.append(f'    "{kind}": ({text}{"," if len(values) == 1 else ""}),')
    lines += ["}", "", "SLOPES: Final[Mapping[str, float]] = {"]
    lines += [f'    "{kind}": {value:g},' for kind, value in sorted(slopes.items())]
    return "\n".join([*lines, "}", "# fmt: on", ""])


if __name__ == "__main__":
    main()
