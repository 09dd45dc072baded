"""Windows end when the calendar says so, in the time zone that was asked for."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.windows import ROLLING_BUCKETS, Span, Window, rolling_buckets


def at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


@pytest.mark.parametrize(
    ("zone", "noon", "hours"),
    [
        ("Europe/Berlin", "2026-03-29T12:00+02:00", 23),
        ("Europe/Berlin", "2026-10-25T12:00+01:00", 25),
        ("Europe/Berlin", "2026-06-01T12:00+02:00", 24),
        ("Africa/Cairo", "2026-04-24T12:00+03:00", 23),  # midnight itself does not exist
        ("Australia/Lord_Howe", "2026-04-05T12:00+10:30", 24.5),
        ("America/Havana", "2026-11-01T12:00-05:00", 25),  # midnight comes twice
    ],
)
def test_a_day_ends_with_the_local_day(zone: str, noon: str, hours: float) -> None:
    """Across a change of clocks a day is one window, as long as the local day is."""
    day = Window(span="day", zone=zone)
    slot = day.at(at(noon))
    assert slot.resets_at_s is not None
    start_s = slot.resets_at_s - hours * 3600
    assert day.at(start_s).id == day.at(slot.resets_at_s - 1).id == slot.id
    assert day.at(start_s - 1).id != slot.id != day.at(slot.resets_at_s).id


@pytest.mark.parametrize(
    ("span", "name", "ends"),
    [
        ("minute", "minute/1793534340", "2026-11-01T13:00+00:00"),
        ("hour", "hour/1793534400", "2026-11-01T13:00+00:00"),
        ("day", "day/2026-11-01/UTC", "2026-11-02T00:00+00:00"),
        ("week", "week/2026-10-26/UTC", "2026-11-02T00:00+00:00"),
        ("month", "month/2026-11-01/UTC", "2026-12-01T00:00+00:00"),
    ],
)
def test_calendar_spans(span: Span, name: str, ends: str) -> None:
    """Each span has a name of its own and ends where the next begins; weeks begin on Monday."""
    moment = at("2026-11-01T12:59:30+00:00")
    slot = Window(span=span).at(moment)
    assert slot.resets_at_s == at(ends)
    assert slot.id.split("/")[0] == span and (span in ("minute", "hour") or slot.id == name)


def test_a_month_is_local() -> None:
    """The last evening of a month in New York is still that month there, though not in UTC."""
    moment = at("2026-12-01T03:00+00:00")
    assert Window(span="month", zone="America/New_York").at(moment).id.startswith("month/2026-11")
    assert Window(span="month").at(moment).id.startswith("month/2026-12")


@given(st.floats(1.7e9, 1.8e9), st.floats(1, 1e6), st.floats(0, 2))
def test_a_rolling_window_never_forgets_early(now_s: float, length_s: float, ago: float) -> None:
    """What is younger than the window counts; what is older than it by over a bucket does not."""
    then_s = now_s - ago * length_s
    (bucket, _), (_, since) = rolling_buckets(then_s, length_s), rolling_buckets(now_s, length_s)
    if ago <= 1:
        assert bucket >= since
    if ago > 1 + 1.001 / ROLLING_BUCKETS:
        assert bucket < since


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"span": "year"}, "window 'year': there are total, minute, hour, day, week, month, roll"),
        ({"span": "rolling"}, "a rolling window needs rolling_s"),
        ({"span": "rolling", "rolling_s": 0}, "rolling_s is 0: a window is longer than 0"),
        ({"zone": "Europe/Berlim"}, "time zone 'Europe/Berlim' is not known here"),
    ],
)
def test_windows_that_are_not(fields: dict[str, object], says: str) -> None:
    """A wrong span, length or zone is told with what there is."""
    with pytest.raises(ValueError, match=says):
        Window(**fields)  # type: ignore[arg-type]


def test_the_end_is_in_the_future() -> None:
    """A window's end lies after the instant, whatever the span."""
    now_s = datetime(2026, 11, 22, tzinfo=UTC).timestamp()
    for span in ("minute", "hour", "day", "week", "month"):
        resets_at_s = Window(span=span).at(now_s).resets_at_s
        assert resets_at_s is not None and resets_at_s > now_s
