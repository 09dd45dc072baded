"""What a test's item carries from its beginning to its report."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from fakeservers import FakeServers

    from .clock import FakesClock
    from .guard import Guard

__all__ = ["CLOCK", "FAKES", "GUARD", "LOAD"]

FAKES: "pytest.StashKey[FakeServers]" = pytest.StashKey()
"""The fakes of a test that uses them."""

CLOCK: "pytest.StashKey[FakesClock]" = pytest.StashKey()
"""Their clock."""

GUARD: "pytest.StashKey[Guard]" = pytest.StashKey()
"""What watches that nobody goes past them."""

LOAD: "pytest.StashKey[str]" = pytest.StashKey()
"""The report of a load scenario."""
