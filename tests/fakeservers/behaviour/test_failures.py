"""Errors on demand."""

import pytest

from fakeservers.behaviour.failures import failure, http_error, overloaded, rate_limited
from fakeservers.errors import ScriptError


def test_a_status_is_an_error():
    """`fails(404, "gone")` has status and words."""
    made = failure((404,), {"message": "gone"})[0]
    assert (made.status, made.message) == (404, "gone")


def test_retry_after_is_kept_for_the_wire():
    """Which tells it in its own way, or in the syntax asked for."""
    made = rate_limited(retry_after_s=2, syntax="ms")
    assert (made.status, made.retry_after_s, made.retry_syntax) == (429, 2, "ms")
    assert overloaded(retry_after_s=0.5).kind == "overloaded"


@pytest.mark.parametrize("value", [200, 600, "503", None, True], ids=str)
def test_what_is_no_error_is_refused(value):
    """The message says what to write."""
    with pytest.raises(ScriptError):
        failure((value,), {})


def test_fields_go_with_a_status_only():
    """An error made by a constructor is whole."""
    with pytest.raises(ScriptError, match="only with a status"):
        failure((http_error(500),), {"code": "x"})


@pytest.mark.parametrize("name", ["overloaded", "overladed"])
def test_a_name_is_told_how_it_is_called(name):
    """Markers and files take names, Python calls the constructor."""
    with pytest.raises(ScriptError, match=r"Did you mean fails\(overloaded\(\.\.\.\)\), imported"):
        failure([name], {})
