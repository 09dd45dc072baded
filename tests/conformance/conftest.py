"""What the tests against the official SDKs start from: running fakes, and a transport."""

from collections.abc import Iterator

import httpx2
import pytest

from fakeservers import FakeServers


@pytest.fixture
def servers() -> Iterator[FakeServers]:
    """Fakes of this test's own, with the SDKs' environment pointing at them."""
    with FakeServers() as llmsim:
        yield llmsim


@pytest.fixture(scope="session")
def http() -> Iterator[httpx2.Client]:
    """For clients that take one: it saves each of them the reading of all certificates."""
    with httpx2.Client(verify=False) as client:
        yield client
