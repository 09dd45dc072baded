"""What can go wrong: the constructors of errors that a fake answers with.

The words of an error belong to the provider and are filled in by its wire; here stands only
which error it is.
"""

from collections.abc import Mapping
from dataclasses import replace
from inspect import signature
from typing import Any

from ..canonical import ApiError
from ..errors import ScriptError

__all__ = ["fault", "http_error", "overloaded", "rate_limited"]


def http_error(
    status: int,
    message: str | None = None,
    *,
    type: str | None = None,  # the field's name on the wire
    code: str | None = None,
    param: str | None = None,
    retry_after_s: float | None = None,
    headers: Mapping[str, str] | None = None,
) -> ApiError:
    """Any HTTP error, 400 to 599, in the provider's own form; what is None gets the provider's
    true value for that status."""
    if not isinstance(status, int) or not 400 <= status <= 599:
        raise ScriptError(f"An error has a status from 400 to 599, not {status!r}.")
    extra = dict(headers or {})
    if retry_after_s is not None:
        extra["retry-after"] = f"{retry_after_s:g}"
    return ApiError(
        status=status,
        message=message,
        type=type,
        code=code,
        param=param,
        headers=tuple(extra.items()),
    )


def overloaded(*, retry_after_s: float | None = None) -> ApiError:
    """The provider has no capacity: 529 from Claude, 503 from the others."""
    return replace(http_error(503, retry_after_s=retry_after_s), kind="overloaded")


def rate_limited(*, retry_after_s: float | None = None) -> ApiError:
    """429: too many requests or tokens; `retry_after_s` is sent as the Retry-After header."""
    return http_error(429, retry_after_s=retry_after_s)


def fault(value: Any, **fields: Any) -> ApiError:
    """What `fails(value, ...)` means: a status, or an error from a constructor here."""
    if isinstance(value, ApiError):
        if fields:
            raise ScriptError("fails(...) takes further fields only with a status.")
        return value
    if isinstance(value, bool) or not isinstance(value, int):
        raise ScriptError(
            f"fails({value!r}): write a status such as fails(503), "
            f"or fails(overloaded()), fails(rate_limited(retry_after_s=2))."
        )
    known = list(signature(http_error).parameters)[1:]
    if unknown := [name for name in fields if name not in known]:
        raise ScriptError(
            f"fails({value}, {', '.join(unknown)}=...): it takes {', '.join(known)}, and times."
        )
    return http_error(value, **fields)
