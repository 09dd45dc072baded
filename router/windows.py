"""The span of time that a limit speaks of: for ever, a calendar unit in a time zone, or rolling.

What belongs here: which window an instant belongs to and when it ends. What must not: amounts or
limits. A calendar window is named after its local date, so a day with a change of clocks is one
window of 23 or 25 hours. A rolling window is counted in buckets: it may count up to one bucket
more than its length, never less.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Literal, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

__all__ = ["ROLLING_BUCKETS", "Span", "Window", "WindowSlot", "rolling_buckets"]

Span = Literal["total", "minute", "hour", "day", "week", "month", "rolling"]

ROLLING_BUCKETS = 60
_ZONES_MAX = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowSlot:
    """The window of one instant: its name, "" for the one that never ends, and when it ends in
    seconds since the Unix epoch. A rolling window has one name: it is the store that counts it."""

    id: str = ""
    resets_at_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A limit's span: `Window(span="day", zone="Europe/Berlin")`, `Window(span="rolling",
    rolling_s=3600)`. Weeks begin on Monday. Raises ValueError for a zone or a length that is not.
    """

    span: Span = "total"
    zone: str = "UTC"
    rolling_s: float | None = None

    def __post_init__(self) -> None:
        if self.span not in get_args(Span):
            raise ValueError(f"window {self.span!r}: there are {', '.join(get_args(Span))}")
        if (self.span == "rolling") != (self.rolling_s is not None):
            raise ValueError('a rolling window needs rolling_s, as in span="rolling", rolling_s=60')
        if self.rolling_s is not None and not self.rolling_s > 0:
            raise ValueError(f"rolling_s is {self.rolling_s}: a window is longer than 0 seconds")
        _zone(self.zone)

    def at(self, wall_s: float) -> WindowSlot:
        """The slot of an instant, given in seconds since the Unix epoch."""
        if self.span == "total":
            return WindowSlot()
        if self.rolling_s is not None:
            bucket, _ = rolling_buckets(wall_s, self.rolling_s)
            width_s = self.rolling_s / ROLLING_BUCKETS
            return WindowSlot(id=f"rolling/{self.rolling_s:g}s", resets_at_s=(bucket + 1) * width_s)
        return _calendar(wall_s, self.span, self.zone)


def rolling_buckets(wall_s: float, rolling_s: float | None) -> tuple[int, int]:
    """The bucket of an instant, and the first one that still counts then; (0, 0) if not rolling.

    Buckets from the second on cover at least `rolling_s`, and at most one bucket more.
    """
    if rolling_s is None:
        return 0, 0
    bucket = int(wall_s // (rolling_s / ROLLING_BUCKETS))
    return bucket, bucket - ROLLING_BUCKETS


def _calendar(wall_s: float, span: Span, zone: str) -> WindowSlot:
    if span in ("minute", "hour"):
        # By elapsed time: a repeated hour is two windows, a local one would be counted twice.
        length_s = 60 if span == "minute" else 3600
        start_s = int(wall_s // length_s) * length_s
        return WindowSlot(id=f"{span}/{start_s}", resets_at_s=start_s + length_s)
    today = datetime.fromtimestamp(wall_s, _zone(zone)).date()
    return _calendar_day(today, span, zone)


@lru_cache(maxsize=256)
def _calendar_day(today: date, span: Span, zone: str) -> WindowSlot:
    if span == "day":
        first, after = today, today + timedelta(days=1)
    elif span == "week":
        first = today - timedelta(days=today.weekday())
        after = first + timedelta(days=7)
    else:
        first = today.replace(day=1)
        after = (first + timedelta(days=32)).replace(day=1)
    # Where midnight does not exist (clocks jump over it), fold 0 gives the instant of the jump.
    end = datetime(after.year, after.month, after.day, tzinfo=_zone(zone))
    return WindowSlot(id=f"{span}/{first.isoformat()}/{zone}", resets_at_s=end.timestamp())


@lru_cache(maxsize=_ZONES_MAX)
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(
            f"time zone {name!r} is not known here: write an IANA name such as "
            '"Europe/Berlin" or "UTC"; where the system has no time zones, pip install tzdata'
        ) from None
