"""What goes wrong on the user's side of the fence: wrong scripts, wrong arguments.

Errors that a fake answers with over HTTP are `canonical.ApiError` values, not these.
"""

__all__ = ["LlmsimError", "ScriptError", "StartError"]


class LlmsimError(Exception):
    """Base of every error that the library raises at its user."""


class ScriptError(LlmsimError):
    """A rule, reply or fault that makes no sense; says what to write instead."""


class StartError(LlmsimError):
    """The servers could not be started; says why and what would help."""
