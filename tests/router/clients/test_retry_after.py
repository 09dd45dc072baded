"""Every syntax in which a provider says when it may be asked again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.clients.retry_after import duration_s, retry_after_s

NOW_S = 1_800_000_000.0  # Fri, 15 Jan 2027 08:00:00 GMT


def _waits(headers: dict[str, str], body: object = None, message: str = "") -> float | None:
    return retry_after_s(headers, body, message, now_epoch_s=NOW_S)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"retry-after": "15"}, 15.0),
        ({"retry-after": " 0.25 "}, 0.25),
        ({"retry-after": "Fri, 15 Jan 2027 08:00:30 GMT"}, 30.0),
        ({"retry-after": "Friday, 15-Jan-27 08:00:30 GMT"}, 30.0),
        ({"retry-after": "Fri Jan 15 08:00:30 2027"}, 30.0),
        ({"retry-after": "Thu, 14 Jan 2027 08:00:00 GMT"}, 0.0),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after-ms": "250"}, 0.25),
        ({"x-ms-retry-after-ms": "250.5"}, 0.2505),
        ({"x-ratelimit-reset-requests": "12ms"}, 0.012),
        ({"x-ratelimit-reset-tokens": "6m0s"}, 360.0),
        ({"x-ratelimit-reset-tokens": "1h2m3.5s"}, 3723.5),
        ({"x-ratelimit-reset": "1800000042"}, 42.0),
        ({"x-ratelimit-reset": "1800000042500"}, 42.5),
        ({"ratelimit-reset": "9"}, 9.0),
        ({"anthropic-ratelimit-requests-reset": "2027-01-15T08:01:00Z"}, 60.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": ""}, None),
        ({}, None),
    ],
)
def test_headers(headers: dict[str, str], expected: float | None) -> None:
    """Each header syntax in seconds, and nothing for what is none."""
    found = _waits(headers)
    assert found == (expected if expected is None else pytest.approx(expected))


def test_google_retry_info() -> None:
    """RetryInfo's Duration is read, whole or with a fraction."""
    for text, expected in (("42s", 42.0), ("0.5s", 0.5)):
        detail = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": text}
        assert _waits({}, {"error": {"details": [detail]}}) == expected


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("Please try again in 8.764s. Visit", 8.764),
        ("Please try again in 6m0s.", 360.0),
        ("Please retry in 42.87350591s.", 42.87350591),
        ("Please try again later.", None),
    ],
)
def test_words(message: str, expected: float | None) -> None:
    """What stands only in the message counts too."""
    assert _waits({}, None, message) == expected


def test_the_longest_wins() -> None:
    """Of several syntaxes side by side none is undercut."""
    assert _waits({"retry-after": "2", "retry-after-ms": "1500"}) == 2.0
    assert _waits({"retry-after": "1"}, None, "try again in 3s") == 3.0


def test_full_buckets_do_not_matter() -> None:
    """Reset headers count only where nothing else is said, and then the empty bucket's."""
    resets = {"x-ratelimit-reset-tokens": "6m0s", "x-ratelimit-reset-requests": "1s"}
    assert _waits({"retry-after": "2", **resets}) == 2.0
    assert _waits({"x-ratelimit-remaining-requests": "0", **resets}) == 1.0


@given(st.integers(0, 10**6), st.integers(0, 59), st.integers(0, 999))
def test_go_durations(minutes: int, seconds: int, ms: int) -> None:
    """A duration as Go prints it is read to the millisecond."""
    assert duration_s(f"{minutes}m{seconds}s{ms}ms") == pytest.approx(
        minutes * 60 + seconds + ms / 1000
    )


@given(st.text(max_size=40))
def test_any_header_is_read_without_an_error(text: str) -> None:
    """Whatever a header holds, it is a wait of 0 or more, or nothing."""
    for name in ("retry-after", "retry-after-ms", "x-ratelimit-reset-tokens"):
        found = _waits({name: text})
        assert found is None or found >= 0
