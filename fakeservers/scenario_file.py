"""Scenarios in files: TOML or JSON by the file's name, errors with file and line."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import tomli_w

from . import presets
from .behaviour.plain import PlainErrors, read_scenario, write_scenario
from .behaviour.plain.schema import scenario_schema
from .behaviour.scenario import Scenario
from .errors import ScriptError, own_keywords
from .scenario_lines import line_of, lines_of
from .wire.registry import installed

__all__ = ["dump_scenario", "json_schema", "load_scenario", "parse_scenario"]

PRESETS = {name.lower(): getattr(presets, name) for name in presets.__all__}

_ARRAY = re.compile(r"\[\n(?: +[^\[\]\n]+,\n)+ *\]")
"""An array as it is written, an item a line; line breaks within texts are escaped."""

LINE_MAX = 80


@own_keywords
def load_scenario(path: Path | str) -> Scenario:
    """The scenario of a file, TOML unless it is named `.json`. Raises ScriptError that names
    file, line and what may stand there."""
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise ScriptError(f"{path}: cannot be read: {problem}") from problem
    return parse_scenario(text, form="json" if path.suffix == ".json" else "toml", name=str(path))


@own_keywords
def parse_scenario(text: str, *, form: str = "toml", name: str = "scenario") -> Scenario:
    """The scenario that a text says, in TOML or JSON."""
    try:
        data: Any = json.loads(text) if form == "json" else tomllib.loads(text)
    except (json.JSONDecodeError, tomllib.TOMLDecodeError) as problem:
        raise ScriptError(f"{name}: {problem}") from problem
    try:
        return read_scenario(data, _providers(), PRESETS)
    except PlainErrors as found:
        lines = lines_of(text, form)
        told = [(line_of(each.path, lines), str(each)) for each in found.problems]
        told.sort(key=lambda each: each[0] or 0)
        wrong = (f"{name}{f':{line}' if line else ''}: {problem}" for line, problem in told)
        raise ScriptError("\n".join(wrong)) from found


@own_keywords
def dump_scenario(scenario: Scenario, *, form: str = "toml") -> str:
    """The text that says this scenario. Raises ScriptError for functions, which only Python
    can say."""
    data = write_scenario(scenario)
    if form == "json":
        return json.dumps(data, ensure_ascii=False, indent=2) + "\n"
    return _ARRAY.sub(_in_one_line, tomli_w.dumps(data))


def _in_one_line(array: re.Match[str]) -> str:
    items = [line.strip().removesuffix(",") for line in array[0].splitlines()[1:-1]]
    line = f"[{', '.join(items)}]"
    return line if len(line) <= LINE_MAX else array[0]


def json_schema() -> dict[str, Any]:
    """The JSON schema of such files."""
    return scenario_schema(_providers(), list(PRESETS))


def _providers() -> list[str]:
    return [provider.name for provider in installed()]
