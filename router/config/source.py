"""A configuration as a tree of values, each of which knows where it was written.

What belongs here: reading the file, the environment's overlay, `${VAR:-default}`. What must not:
what any key means.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from ..errors import ConfigError
from .lines import KeyPath, key_lines

__all__ = ["OVERLAY", "Expanded", "Source"]

OVERLAY = "LLM_ROUTER__"
"""Variables that begin so overlay the file: LLM_ROUTER__BUDGET__DAILY_USD=5 is [budget] daily_usd,
LLM_ROUTER__PROVIDERS__CLAUDE__MODEL the model of the provider claude."""

_VARIABLE = re.compile(r"\$(?:\$|\{([A-Za-z_]\w*)(?::-([^}]*))?\})")


class Expanded(str):
    """Text in which a variable was put: it may stand for a number or a truth value too."""

    __slots__ = ()


@dataclass(kw_only=True)
class Source:
    """The tree, and where its keys stand. `name` is the file's name, or what stands for it."""

    tree: dict[str, Any]
    name: str
    lines: Mapping[KeyPath, int] = field(default_factory=dict)
    variables: dict[KeyPath, str] = field(default_factory=dict)

    @classmethod
    def from_file(cls, path: str | Path) -> "Source":
        """Raises ConfigError for a file that cannot be read or is not TOML."""
        path = Path(path)
        try:
            text = path.read_text("utf-8")
        except FileNotFoundError:
            raise ConfigError(f"there is no such file; {_beside(path)}", where=str(path)) from None
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"cannot be read: {error}", where=str(path)) from None
        try:
            # As Decimal: an amount of money must not pass through a binary float.
            tree = tomllib.loads(text, parse_float=Decimal)
        except tomllib.TOMLDecodeError as error:
            problem, line = _syntax(str(error))
            raise ConfigError(f"not TOML: {problem}", where=f"{path.name}:{line}") from None
        return cls(tree=tree, name=path.name, lines=key_lines(text))

    def overlaid(self, environ: Mapping[str, str]) -> "Source":
        """With the values that the environment puts over the file's."""
        for variable in sorted(environ):
            if variable.startswith(OVERLAY):
                keys = variable.removeprefix(OVERLAY).lower().split("__")
                self._put(keys, environ[variable], variable)
        return self

    def expanded(self, environ: Mapping[str, str]) -> "Source":
        """With every `${VAR}` and `${VAR:-default}` replaced; `$$` is a dollar sign."""
        self.tree = self._expand(self.tree, (), environ)
        return self

    def where(self, path: KeyPath) -> str:
        """File and line of a key, or of the nearest table around it, and the key's name."""
        key = self.key(path)
        if path in self.variables:
            return f"{self.variables[path]} in the environment: {key}"
        for length in range(len(path), 0, -1):
            if (line := self.lines.get(path[:length])) is not None:
                return f"{self.name}:{line}: {key}"
        for inside, variable in self.variables.items():
            if path and inside[: len(path)] == path:
                return f"{variable} in the environment: {key}"
        return f"{self.name}: {key}" if key else self.name

    def key(self, path: KeyPath) -> str:
        """A key as people name it: elements that have a name by it, others by number."""
        text, node = "", self.tree
        for part in path:
            node = _child(node, part)
            if isinstance(part, int):
                name = node.get("name") if isinstance(node, dict) else None
                text += f".{name}" if isinstance(name, str) else f"[{part}]"
            else:
                shown = part if re.fullmatch(r"[\w-]+", part) else f'"{part}"'
                text += f".{shown}" if text else shown
        return text

    def _put(self, keys: list[str], value: str, variable: str) -> None:
        node: Any = self.tree
        path: KeyPath = ()
        part: str | int
        for key in keys[:-1]:
            if isinstance(node, list):
                node, part = _named(node, key)
            else:
                part = next((k for k in node if str(k).lower().replace("-", "_") == key), key)
                node = node.setdefault(part, {})
            path = (*path, part)
            if not isinstance(node, dict | list):
                raise ConfigError(f"{self.key(path)} is a value, no table", where=variable)
        if isinstance(node, list):
            raise ConfigError(
                f"{self.key(path)} is a list: name one of its elements", where=variable
            )
        node[keys[-1]] = _value(value)
        self.variables[(*path, keys[-1])] = variable

    def _expand(self, node: Any, path: KeyPath, environ: Mapping[str, str]) -> Any:
        if isinstance(node, dict):
            return {key: self._expand(value, (*path, key), environ) for key, value in node.items()}
        if isinstance(node, list):
            return [self._expand(value, (*path, n), environ) for n, value in enumerate(node)]
        if not isinstance(node, str) or "$" not in node:
            return node

        def replaced(match: re.Match[str]) -> str:
            name, default = match[1], match[2]
            if name is None:
                return "$"
            value = environ.get(name) or default
            if value is None:
                raise ConfigError(
                    f"the variable {name} is not set: export {name}=..., or write a default as in"
                    f" ${{{name}:-value}}",
                    where=self.where(path),
                )
            return value

        return Expanded(_VARIABLE.sub(replaced, node))


def _beside(path: Path) -> str:
    try:
        found = sorted(other.name for other in path.parent.glob("*.toml"))[:5]
    except OSError:
        found = []
    return f"in {path.parent} there is {', '.join(found) or 'no TOML file'}"


def _syntax(message: str) -> tuple[str, str]:
    """What the parser says, and the line at which it says so."""
    found = re.search(r"^(.*?) \(at (?:line (\d+), column \d+|end of document)\)$", message)
    if found is None:
        return message, "1"
    return found[1], found[2] or "end"


def _child(node: Any, part: str | int) -> Any:
    try:
        return node[part]
    except (KeyError, IndexError, TypeError):
        return {}


def _named(elements: list[Any], name: str) -> tuple[Any, int]:
    """The element of that name, or a new one at the end."""
    for number, element in enumerate(elements):
        if isinstance(element, dict):
            own = str(element.get("name", number)).lower().replace("-", "_")
            if own == name:
                return element, number
    elements.append({"name": name})
    return elements[-1], len(elements) - 1


def _value(text: str) -> Any:
    """A variable's value: as TOML if it is some, else as text."""
    try:
        value = tomllib.loads(f"value = {text}", parse_float=Decimal)
    except tomllib.TOMLDecodeError:
        return Expanded(text)
    return value["value"] if list(value) == ["value"] else Expanded(text)
