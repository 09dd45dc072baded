"""What goes wrong on the user's side of the fence: wrong scripts, wrong arguments.

Errors that a fake answers with over HTTP are `canonical.ApiError` values, not these.
"""

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["LlmsimError", "ScriptError", "StartError", "did_you_mean", "no_attribute"]


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


def no_attribute(message: str) -> AttributeError:
    """The error with a message that says what there is. It names no attribute: from Python 3.12 on
    the interpreter would add what it thinks was meant."""
    return AttributeError(message, name="")
