"""A bug that is found by looking for it: universes draws faults until the program fails, and
shrinks them. The program's own promise: no fault of up to 15 seconds reaches its user."""

import asyncio

import pytest
from retries import ask, new_client

from pytest_llmsim.universes import universes

ERRORS = ["rate_limited", "overloaded", "server_error"]
NETWORK = ["refused", "reset", "slow", "silent"]


async def ask_for_half_a_minute() -> None:
    async with new_client() as client:
        for _ in range(10):
            assert await ask(client, "Hello")
            await asyncio.sleep(3)


@universes(providers=["openai"], horizon_s=30, kinds=ERRORS, faults_max=1, examples=20)
async def test_errors_are_outlived(sim):
    """Five attempts, ten seconds apart, are enough."""
    await ask_for_half_a_minute()


@pytest.mark.xfail(strict=True, reason="planted: see retries.py")
@universes(providers=["openai"], horizon_s=30, kinds=NETWORK, faults_max=1, examples=50)
async def test_a_broken_network_is_outlived(sim):
    """The smallest universe in which this fails is one refused connection, at the beginning. It
    is printed with its timeline, and as TOML with the line that replays it."""
    await ask_for_half_a_minute()
