"""How an answer says when to come back: Retry-After in each of the syntaxes that clients meet."""

from collections.abc import Callable, Mapping
from email.utils import formatdate
from math import ceil

from ..canonical import ApiError
from .base import Headers, Stamp

__all__ = ["go_duration", "retry_headers"]


def retry_headers(error: ApiError, stamp: Stamp, *, default: str | None = "seconds") -> Headers:
    """The headers that tell `error.retry_after_s`, in the error's syntax or the provider's own;
    none where the provider has no header for it. Limits that are really met say whole seconds, as
    the services do (recorded); what a test asks for stands there as it is."""
    syntax = error.retry_syntax or default
    after_s = error.retry_after_s
    if after_s is None or syntax is None:
        return ()
    return _SYNTAXES[syntax](after_s if error.limited is None else ceil(after_s), stamp)


def go_duration(seconds: float) -> str:
    """A duration as Go prints it: `12ms`, `1.5s`, `6m0s`."""
    if (ms := round(seconds * 1000)) < 1000:
        return f"{ms}ms" if ms else "0s"
    minutes, ms = divmod(ms, 60_000)
    text = f"{ms / 1000:g}s"
    if not minutes:
        return text
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes}m{text}" if hours else f"{minutes}m{text}"


def _date(after_s: float, stamp: Stamp) -> Headers:
    return (("retry-after", formatdate(ceil(stamp.now_s + after_s), usegmt=True)),)


_SYNTAXES: Mapping[str, Callable[[float, Stamp], Headers]] = {
    "seconds": lambda s, _: (("retry-after", f"{s:g}"),),
    "date": _date,
    "ms": lambda s, _: (("retry-after-ms", f"{round(s * 1000)}"),),
    "x-ms": lambda s, _: (("x-ms-retry-after-ms", f"{round(s * 1000)}"),),
    "reset": lambda s, _: (("x-ratelimit-reset-requests", go_duration(s)),),
    "none": lambda _s, _: (),
}
