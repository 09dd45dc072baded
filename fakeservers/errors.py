"""What goes wrong on the user's side of the fence: wrong scripts, wrong arguments.

Errors that a fake answers with over HTTP are `canonical.ApiError` values, not these.
"""

from collections.abc import Callable, Iterable
from difflib import get_close_matches
from functools import wraps
from typing import ParamSpec, TypeVar

__all__ = [
    "LlmsimError",
    "ScriptError",
    "StartError",
    "did_you_mean",
    "no_attribute",
    "own_keywords",
]

P = ParamSpec("P")
R = TypeVar("R")


class LlmsimError(Exception):
    """Base of every error that the library raises at its user."""


class ScriptError(LlmsimError):
    """A rule, reply or fault that makes no sense; says what to write instead."""


class StartError(LlmsimError):
    """The servers could not be started; says why and what would help."""


def did_you_mean(word: object, allowed: Iterable[str]) -> str:
    """The end of a message about a word that is not allowed: the nearest that is, if one is near.
    It begins with a space."""
    near = get_close_matches(str(word), list(allowed), n=1)
    return f" Did you mean {near[0]!r}?" if near else ""


def own_keywords(called: Callable[P, R]) -> Callable[P, R]:
    """Answer a keyword that a function does not take with a ScriptError that names those that it
    does, and the nearest; Python's own TypeError names neither."""
    code = called.__code__
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    known = [name for name in names if name != "self"]
    said = called.__qualname__.removesuffix(".__init__").rpartition(".")[2]

    @wraps(called)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        if unknown := [name for name in kwargs if name not in known]:
            takes = f"it takes {', '.join(known)}" if known else "it takes no keywords"
            raise ScriptError(
                f"{said}({', '.join(unknown)}=...): {takes}." + did_you_mean(unknown[0], known)
            )
        return called(*args, **kwargs)

    return checked


def no_attribute(message: str) -> AttributeError:
    """The error with a message that says what there is. It names no attribute: from Python 3.12 on
    the interpreter would add what it thinks was meant."""
    return AttributeError(message, name="")
