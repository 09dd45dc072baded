"""What can go wrong: the constructors of errors that a fake answers with.

The words of an error belong to the provider and are filled in by its wire; here stands only
which error it is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from inspect import signature
from typing import Any, get_args

from ..canonical import ApiError, RetrySyntax
from ..errors import ScriptError, did_you_mean, own_keywords
from . import faults
from .faults import Fault, together

__all__ = [
    "content_filtered",
    "failure",
    "http_error",
    "overloaded",
    "quota_exhausted",
    "rate_limited",
]

_WHEN = ("times", "rate", "between", "every")
_WRITE = (
    "write a status such as fails(503), an error such as fails(overloaded()) or "
    "fails(rate_limited(retry_after_s=2)), or a fault such as fails(cut(after_chunks=3))"
)


@own_keywords
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
    return ApiError(
        status=status,
        message=message,
        type=type,
        code=code,
        param=param,
        headers=tuple((headers or {}).items()),
        retry_after_s=retry_after_s,
    )


@own_keywords
def overloaded(*, retry_after_s: float | None = None) -> ApiError:
    """The provider has no capacity: 529 from Claude, 503 from the others."""
    return replace(http_error(503, retry_after_s=retry_after_s), kind="overloaded")


@own_keywords
def rate_limited(
    *, retry_after_s: float | None = None, syntax: RetrySyntax | None = None
) -> ApiError:
    """429: too many requests or tokens. `retry_after_s` is told in the provider's own way
    (Gemini: RetryInfo in the body; the others: the Retry-After header), or as `syntax` says:
    `seconds`, `date`, `ms` (retry-after-ms), `x-ms` (x-ms-retry-after-ms), `reset`
    (x-ratelimit-reset-requests), `none`."""
    if syntax is not None and syntax not in get_args(RetrySyntax):
        allowed = ", ".join(get_args(RetrySyntax))
        raise ScriptError(f"rate_limited(syntax=...) is one of {allowed}, not {syntax!r}.")
    made = http_error(429, retry_after_s=retry_after_s)
    return replace(made, kind="rate_limited", retry_syntax=syntax)


@own_keywords
def quota_exhausted() -> ApiError:
    """No quota or credit is left, which waiting does not mend: 429 `insufficient_quota` from
    OpenAI, 400 from Claude, 429 of the day from Gemini."""
    return ApiError(status=429, kind="quota")


@own_keywords
def content_filtered() -> ApiError:
    """The request itself is refused for its content, with 400."""
    return ApiError(status=400, kind="content_filter")


def failure(what: Sequence[Any], fields: Mapping[str, Any]) -> tuple[ApiError | None, Fault | None]:
    """What `fails(...)` means: an error to answer with, what happens to the answer, or both."""
    if not what:
        raise ScriptError(f"fails() needs to know how: {_WRITE}.")
    errors = [one for value in what if (one := _error(value, fields if len(what) == 1 else {}))]
    faults = [value for value in what if isinstance(value, Fault)]
    if len(errors) > 1:
        raise ScriptError("A request fails with one error: write the others as rules of their own.")
    if fields and (faults or len(what) > 1):
        meant = did_you_mean(next(iter(fields)), _WHEN)
        raise ScriptError(f"fails(..., {', '.join(fields)}=...): only a status takes these.{meant}")
    return (errors[0] if errors else None), (together(*faults) if faults else None)


def _error(value: Any, fields: Mapping[str, Any]) -> ApiError | None:
    if isinstance(value, Fault):
        return None
    if isinstance(value, ApiError):
        if fields:
            meant = did_you_mean(next(iter(fields)), _WHEN)
            raise ScriptError(f"fails(...) takes further fields only with a status.{meant}")
        return value
    if isinstance(value, bool) or not isinstance(value, int):
        raise ScriptError(f"fails({value!r}): {_WRITE}.{_named(value)}")
    known = list(signature(http_error).parameters)[1:]
    if unknown := [name for name in fields if name not in known]:
        raise ScriptError(
            f"fails({value}, {', '.join(unknown)}=...): it takes {', '.join(known)}, "
            f"{', '.join(_WHEN[:-1])} and {_WHEN[-1]}." + did_you_mean(unknown[0], [*known, *_WHEN])
        )
    return http_error(value, **fields)


def _named(value: object) -> str:
    """What to write for the name of an error or fault, which a marker or a file would take."""
    names = [*__all__, *faults.__all__]
    near = [value] if value in names else get_close_matches(str(value), names, n=1)
    return f" Did you mean fails({near[0]}(...)), imported from fakeservers?" if near else ""
