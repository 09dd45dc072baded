"""How much a fake lets pass: the two switches, their values, and how one value for all fakes or
one for each is written. What is refused stands with each endpoint.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal, TypeVar

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

KnownModels = Literal["known", "any"]
"""Whether a fake refuses models that are not in its catalogue, or answers to every name."""

_Value = TypeVar("_Value", bound=str)

VALIDATIONS: Final[tuple[Validation, ...]] = ("strict", "off")
KNOWN_MODELS: Final[tuple[KnownModels, ...]] = ("known", "any")


def checked(switch: str, value: Any, allowed: tuple[_Value, ...]) -> _Value:
    """The value of a switch. Raises ScriptError when it is none."""
    for known in allowed:
        if value == known:
            return known
    raise ScriptError(f"{switch} is {_either(allowed)}, not {value!r}.")


def for_each(
    switch: str,
    given: _Value | Mapping[str, _Value],
    names: Iterable[str],
    allowed: tuple[_Value, ...],
) -> dict[str, _Value]:
    """The value of a switch for every provider of `names`: one for all, or by name, where those
    left out keep the first of `allowed`. Raises StartError for other names and values."""
    names = tuple(names)
    by_name = given if isinstance(given, Mapping) else dict.fromkeys(names, given)
    if unknown := sorted(set(by_name) - set(names)):
        there_are = ", ".join(names)
        raise StartError(f"{switch}: no provider {', '.join(unknown)}; there are {there_are}.")
    for name, value in by_name.items():
        if value not in allowed:
            raise StartError(f"{switch} of {name} is {_either(allowed)}, not {value!r}.")
    return {name: by_name.get(name, allowed[0]) for name in names}


def _either(allowed: tuple[str, ...]) -> str:
    return " or ".join(f'"{value}"' for value in allowed)
