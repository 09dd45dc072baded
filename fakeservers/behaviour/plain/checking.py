"""What plain data must be: tables with known keys, lists, one name with its arguments."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ...errors import ScriptError, did_you_mean

__all__ = ["PlainError", "PlainErrors", "array", "at", "known", "only", "table"]


class PlainError(ScriptError):
    """What is wrong, and where: `path` such as `openai.rules[1].fails`."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path}: {problem}" if path else problem)
        self.path = path
        self.problem = problem


class PlainErrors(ScriptError):
    """All that is wrong."""

    def __init__(self, problems: Sequence[PlainError]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)


def table(value: Any, path: str, keys: Sequence[str] | None) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise PlainError(path, f"a table is expected here, not {value!r}.")
    for key in value if keys is not None else ():
        if key not in (keys or ()):
            raise PlainError(f"{path}.{key}".lstrip("."), _unknown(key, keys or ()))
    return value


def array(value: Any, path: str) -> list[Any]:
    if not isinstance(value, list):
        raise PlainError(path, f"a list is expected here, not {value!r}.")
    return value


def only(value: Any, path: str) -> tuple[str, Any]:
    found = table(value, path, None)
    if len(found) != 1:
        problem = f"one name with its arguments is expected here, not {dict(found)!r}."
        raise PlainError(path, problem)
    return next(iter(found.items()))


def known(words: Mapping[str, Any], name: Any, path: str) -> Any:
    """What the word stands for."""
    if name not in words:
        raise PlainError(path, _unknown(str(name), words))
    return words[name]


def _unknown(name: str, allowed: Any) -> str:
    meant = did_you_mean(name, allowed)
    return f"{name!r} is not known here.{meant} There are {', '.join(allowed)}."


def at(path: str, make: Callable[[], Any]) -> Any:
    """What `make` makes; what it says is wrong is said of `path`."""
    try:
        return make()
    except PlainError:
        raise
    except (ScriptError, TypeError, ValueError) as problem:
        raise PlainError(path, str(problem)) from problem
