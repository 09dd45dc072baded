"""What a test's item carries from its beginning to its report."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from fakeservers import FakeServers

    from .clock import FakesClock
    from .guard import Guard
    from .metering import Meter, Spent

__all__ = ["BODY_ENDED", "BODY_PASSED", "CLOCK", "FAKES", "GUARD", "LOAD", "METER", "SPENT"]

BODY_ENDED = pytest.StashKey[bool]()
"""Whether the report that is made is the test's own, and none of a subtest inside of it."""

BODY_PASSED = pytest.StashKey[bool]()
"""Whether it has ended well."""

FAKES: "pytest.StashKey[FakeServers]" = pytest.StashKey()
"""The fakes of a test that uses them."""

CLOCK: "pytest.StashKey[FakesClock]" = pytest.StashKey()
"""Their clock."""

GUARD: "pytest.StashKey[Guard]" = pytest.StashKey()
"""What watches that nobody goes past them."""

LOAD: "pytest.StashKey[str]" = pytest.StashKey()
"""The report of a load scenario."""

METER: "pytest.StashKey[Meter]" = pytest.StashKey()
"""What real calls of the run go through."""

SPENT: "pytest.StashKey[Spent]" = pytest.StashKey()
"""What they had come to when the test began."""
