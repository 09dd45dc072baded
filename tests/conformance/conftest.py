"""What the tests against the official SDKs start from: running fakes."""

from collections.abc import Iterator

import pytest

from fakeservers import FakeServers


@pytest.fixture
def servers() -> Iterator[FakeServers]:
    """Fakes of this test's own, with the SDKs' environment pointing at them."""
    with FakeServers() as llmsim:
        yield llmsim
