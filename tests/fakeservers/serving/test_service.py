"""When a request counts as come."""

import asyncio

import pytest

from fakeservers.behaviour.models import catalogue
from fakeservers.serving.exchange import Fake
from fakeservers.serving.service import Service
from fakeservers.wire.registry import installed
from tests.fakeservers.support import VirtualClock


@pytest.mark.asyncio
async def test_what_is_read_in_one_round_came_at_once():
    """That requests wait for one another to be read adds nothing to the times asked for."""
    openai = next(provider for provider in installed() if provider.name == "openai")
    fake = Fake(openai, seed=0, clock=VirtualClock(), models=lambda: catalogue("openai"))
    service = Service(fake)
    came_s = [service.arrival(1.0), service.arrival(1.2)]
    await asyncio.sleep(0)
    assert [*came_s, service.arrival(2.0)] == [1.0, 1.0, 2.0]
