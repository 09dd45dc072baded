"""Fills frozen dataclasses from a tree of values, with every problem told at its line.

What belongs here: the conversion of values by the fields' types. What must not: what any field
means. All problems of a file are found before any is raised.
"""

import difflib
import types
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from decimal import Decimal
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from ..errors import ConfigError
from ..money import exact_fraction
from .lines import KeyPath
from .source import Expanded, Source

__all__ = ["Filler", "nearest"]

_T = TypeVar("_T")
_BAD = object()
_LISTED_MAX = 10
_TRUTH = {"true": True, "false": False, "1": True, "0": False, "yes": True, "no": False}


class Filler:
    """Reads one source and gathers its problems."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._problems: list[ConfigError] = []

    def problem(self, path: KeyPath, text: str) -> None:
        """Note what is wrong at a key."""
        self._problems.append(ConfigError(text, where=self.source.where(path)))

    def check(self) -> None:
        """Raise what was noted: one problem as it is, several in one error, a line each."""
        if len(self._problems) == 1:
            raise self._problems[0]
        if self._problems:
            told = "\n".join(f"  {problem}" for problem in self._problems)
            raise ConfigError(f"{len(self._problems)} problems:\n{told}", where=self.source.name)

    def attempt(self, path: KeyPath, make: Callable[[], _T]) -> _T | None:
        """What `make` returns; what it raises about its values is noted."""
        try:
            return make()
        except ConfigError as error:
            prefix = f"{error.where}: " if error.where else ""
            self.problem(path, prefix + error.problem)
        except (ValueError, TypeError) as error:
            self.problem(path, str(error))
        return None

    def table(self, cls: type[_T], tree: object, path: KeyPath, **given: Any) -> _T | None:
        """A dataclass from a table. `given` are fields that are known already and not keys."""
        if not isinstance(tree, Mapping):
            self.problem(path, f"is {_shown(tree)}; it is a table: [{self.source.key(path)}]")
            return None
        known = {f.name: f for f in fields(cls) if f.init and f.name not in given}  # type: ignore[arg-type]
        values, hints = dict(given), get_type_hints(cls)
        for key, value in tree.items():
            if key not in known:
                self._unknown(key, known, (*path, key))
            else:
                values[key] = self._value(hints[key], value, (*path, key))
        missing = [name for name, f in known.items() if name not in values and _is_required(f)]
        for name in missing:
            self.problem(path, f"{name} is missing: write {name} = ...")
        if missing or _BAD in values.values():
            return None
        made = self.attempt(path, lambda: cls(**values))
        return None if any(key not in known for key in tree) else made

    def _unknown(self, key: str, known: Iterable[str], path: KeyPath) -> None:
        self.problem(path, f"there is no such key; {nearest(key, known)}")

    def _value(self, hint: Any, value: Any, path: KeyPath) -> Any:
        origin = get_origin(hint)
        if origin in (Union, types.UnionType):
            return self._one_of(get_args(hint), value, path)
        if origin is Literal:
            return self._word(get_args(hint), value, path)
        if origin in (tuple, frozenset, set):
            return self._many(origin, get_args(hint)[0], value, path)
        if origin is not None and issubclass(origin, Mapping):
            return self._mapping(get_args(hint)[1], value, path)
        if is_dataclass(hint):
            filled = self.table(cast(type, hint), value, path)
            return _BAD if filled is None else filled
        return self._scalar((hint,), value, path)

    def _one_of(self, hints: tuple[Any, ...], value: Any, path: KeyPath) -> Any:
        rest = tuple(hint for hint in hints if hint is not types.NoneType)
        if len(rest) == 1:
            return self._value(rest[0], value, path)
        return self._scalar(rest, value, path)

    def _word(self, allowed: tuple[Any, ...], value: Any, path: KeyPath) -> Any:
        if value in allowed:
            return str(value)
        self.problem(path, f"is {_shown(value)}; {nearest(str(value), allowed)}")
        return _BAD

    def _many(self, kind: Callable[[Any], Any], hint: Any, value: Any, path: KeyPath) -> Any:
        if not isinstance(value, list):
            self.problem(path, f"is {_shown(value)}; it is a list: [{_shown(value)}]")
            return _BAD
        found = [self._value(hint, item, (*path, number)) for number, item in enumerate(value)]
        return _BAD if _BAD in found else kind(found)

    def _mapping(self, hint: Any, value: Any, path: KeyPath) -> Any:
        if not isinstance(value, Mapping):
            self.problem(path, f"is {_shown(value)}; it is a table: {{ key = ... }}")
            return _BAD
        found = {key: self._value(hint, item, (*path, key)) for key, item in value.items()}
        return _BAD if _BAD in found.values() else found

    def _scalar(self, hints: tuple[Any, ...], value: Any, path: KeyPath) -> Any:
        for hint in hints:
            converted = _converted(hint, value)
            if converted is not _BAD:
                return self._amount(converted, path) if Decimal in hints else converted
        wanted = (Decimal,) if Decimal in hints else hints
        names = " or ".join(_NAMES.get(hint, str(hint)) for hint in wanted)
        self.problem(path, f"is {_shown(value)}; it is {names}")
        return _BAD

    def _amount(self, amount: Any, path: KeyPath) -> Any:
        """An amount of money, checked where its key is known."""
        try:
            if exact_fraction(amount) >= 0:
                return amount
            self.problem(path, f"is {amount}; an amount of money is 0 or more")
        except (ValueError, TypeError) as error:
            self.problem(path, str(error))
        return _BAD


def nearest(word: str, allowed: Iterable[object]) -> str:
    """What there is, and which of it was probably meant."""
    words = [str(one) for one in allowed]
    near = difflib.get_close_matches(word, words, n=1, cutoff=0.6)
    if near and len(words) > _LISTED_MAX:
        return f'did you mean "{near[0]}"?'
    there_are = f"there are: {', '.join(words)}"
    return f'did you mean "{near[0]}"? T{there_are[1:]}' if near else there_are


_NAMES = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text in quotes",
    Decimal: 'an amount of money, as 0.25 or "0.25"',
}


def _converted(hint: Any, value: Any) -> Any:
    """The value as that type, `_BAD` if it is none."""
    if isinstance(value, Expanded):
        value = _read(hint, value)
    is_number = isinstance(value, int | Decimal) and not isinstance(value, bool)
    if hint is float and is_number:
        return float(value)
    if hint is Decimal and is_number:
        return Decimal(value)
    if hint is int and is_number and isinstance(value, int):
        return value
    if (hint is str and isinstance(value, str)) or (hint is bool and isinstance(value, bool)):
        return value
    return _BAD


def _read(hint: Any, text: str) -> Any:
    """Text that came from a variable, as what the field wants if it can be read so."""
    try:
        if hint is bool:
            return _TRUTH.get(text.strip().lower(), text)
        if hint is int:
            return int(text)
        if hint in (float, Decimal):
            return Decimal(text)
    except (ValueError, ArithmeticError):
        pass
    return str(text)


def _shown(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case str():
            return f'"{value}"'
        case Mapping():
            return "a table"
        case list():
            return "a list"
        case _:
            return str(value)


def _is_required(field: "Field[Any]") -> bool:
    return field.default is MISSING and field.default_factory is MISSING
