"""Writes `docs/reference.md`: the names that programs import, each with the first sentence of its
own docstring.

    python tools/make_reference.py
"""

import dataclasses
import importlib
import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from pytest_llmsim import fixtures
from pytest_llmsim.registered import MARKERS, add_options

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reference.md"
MODULES = {
    "fakeservers": "The fakes: servers, scripts, faults, paces, simulated worlds.",
    "fakeservers.presets": "Paces of well-known models.",
    "fakeservers.recording": "What real services answered, recorded and replayed.",
    "pytest_llmsim.universes": "One test in many simulated worlds.",
    "pytest_llmsim.strategies": "What Hypothesis draws for them, for properties of one's own.",
    "router": "One call, several providers.",
    "router.budget": "Limits that no call passes.",
    "router.pricing": "Exact prices.",
    "router.config": "Routers from files.",
}
OWN_WORDS = {
    "KINDS": "The faults that a universe may have unless it is told which.",
    "Kind": "A name of KINDS, or an error or a fault as `fails(...)` takes it.",
    "RECORDS": "The words of Record.",
    "Record": "What is asked of the real services: `none`, `once`, `new` or `all`.",
    "hookimpl": "Marks the hook by which another distribution adds providers.",
}
HANDLES = ("FakeServers", "FakeProvider", "RuleBuilder", "Simulation", "Exchange")
HEAD = """\
# Names

Written by `python tools/make_reference.py` from the code's own words; `help(name)` tells the rest.
What is not named here may change at any time.
"""


class Registered:
    """Stands in the place of pytest's parser and keeps what the plugin registers."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, str]] = []

    def getgroup(self, *names: str) -> "Registered":
        return self

    def addoption(self, name: str, *, help: str = "", **more: Any) -> None:
        self.rows.append((f"pytest {name}", help))

    def addini(self, name: str, help: str = "", **more: Any) -> None:
        self.rows.append((f"{name} (ini file)", help))


def main() -> int:
    text = "\n".join([HEAD, *of_the_plugin(), *pages()])
    PAGE.write_text(text, "utf-8")
    return 0


def of_the_plugin() -> Iterator[str]:
    registered = Registered()
    add_options(cast(Any, registered))
    yield "## The plugin\n"
    yield "| | |"
    yield "|---|---|"
    for name, value in vars(fixtures).items():
        if name.startswith("llmsim"):
            yield f"| fixture `{name}` | {sentence(value)} |"
    for marker, _, meaning in (registered.partition(": ") for registered in MARKERS):
        yield f"| `@pytest.mark.{marker}` | {meaning} |"
    yield from (f"| `{name}` | {told} |" for name, told in registered.rows)
    yield ""


def pages() -> Iterator[str]:
    for name, about in MODULES.items():
        module = importlib.import_module(name)
        yield f"## {name}\n"
        yield f"{about}\n"
        yield "| | |"
        yield "|---|---|"
        for exported in module.__all__:
            told = OWN_WORDS.get(exported) or sentence(getattr(module, exported))
            yield f"| `{exported}` | {told} |"
        yield ""
        for exported in HANDLES:
            if name == "fakeservers":
                yield from members(exported, getattr(module, exported))


def members(name: str, cls: type) -> Iterator[str]:
    """The public verbs and properties of one class."""
    own = {
        member: value
        for base in reversed(cls.__mro__[:-1])
        for member, value in vars(base).items()
        if not member.startswith("_") and (callable(value) or isinstance(value, property))
    }
    shown = {member: sentence(value) for member, value in sorted(own.items())}
    yield f"### {name}\n"
    yield "| | |"
    yield "|---|---|"
    yield from (f"| `{member}` | {told} |" for member, told in shown.items() if told)
    yield ""


def sentence(value: Any) -> str:
    """The first sentence of what a name says of itself; nothing for plain data."""
    value = getattr(value, "__wrapped__", value)
    if inspect.ismodule(value) or inspect.isroutine(value) or isinstance(value, type | property):
        told = inspect.getdoc(value) or ""
        if isinstance(value, type) and dataclasses.is_dataclass(value):
            told = "" if told.startswith(f"{value.__name__}(") else told
        first = re.split(r"(?<=\.)\s|\n\s*\n", told.strip(), maxsplit=1)[0]
        return " ".join(first.split()).replace("|", "\\|")
    if (page := getattr(value, "ttft", None)) is not None:
        return f"about {page.median_s:g} s to the first token"
    return str(value) if isinstance(value, int) else ""


if __name__ == "__main__":
    sys.exit(main())
