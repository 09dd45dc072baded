"""How much a fake lets pass: the two switches, their values, and how one value for all fakes or
one for each is written. What is refused stands with each endpoint.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal, TypeVar, get_args

from .behaviour.models import KnownModels
from .errors import ScriptError, StartError

__all__ = [
    "KNOWN_MODELS",
    "VALIDATIONS",
    "KnownModels",
    "Validation",
    "checked",
    "for_each",
]

Validation = Literal["strict", "off"]
"""Whether a fake refuses what the real service refuses, or answers whatever is JSON."""

_Value = TypeVar("_Value", bound=str)

VALIDATIONS: Final[tuple[Validation, ...]] = ("strict", "off")
KNOWN_MODELS: Final[tuple[KnownModels, ...]] = get_args(KnownModels)
"""Models that are not in the catalogue are refused, so are those that have retired, none is."""


def checked(switch: str, value: Any, allowed: tuple[_Value, ...]) -> _Value:
    """The value of a switch. Raises ScriptError when it is none."""
    for known in allowed:
        if value == known:
            return known
    raise ScriptError(f"{switch} is {_either(allowed)}, not {value!r}.")


def for_each(
    switch: str,
    given: _Value | Mapping[str, _Value] | None,
    names: Iterable[str],
    allowed: tuple[_Value, ...],
) -> dict[str, _Value]:
    """The value of a switch for the providers of `names` that one was given for: one for all, or
    by name. Raises StartError for other names and values."""
    names = tuple(names)
    if given is None:
        return {}
    by_name = given if isinstance(given, Mapping) else dict.fromkeys(names, given)
    if unknown := sorted(set(by_name) - set(names)):
        there_are = ", ".join(names)
        raise StartError(f"{switch}: no provider {', '.join(unknown)}; there are {there_are}.")
    for name, value in by_name.items():
        if value not in allowed:
            raise StartError(f"{switch} of {name} is {_either(allowed)}, not {value!r}.")
    return dict(by_name)


def _either(allowed: tuple[str, ...]) -> str:
    *first, last = (f'"{value}"' for value in allowed)
    return f"{', '.join(first)} or {last}"
