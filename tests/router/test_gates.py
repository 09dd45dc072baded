"""Rate-limit gates."""

import asyncio
import json

from hypothesis import given
from hypothesis import strategies as st

from router.gates import Gates
from router.types import Target

from .world import FakeClient, World, failure, run

TARGET = Target(provider="claude", model="opus", key_id="A")


@given(st.lists(st.tuples(st.sampled_from(["requests", "tokens", "day"]), st.floats(0, 1e6))))
def test_the_latest_time_holds(closed: list[tuple[str, float]]) -> None:
    """However limits are closed, the target waits for the latest of all times seen."""
    gates = Gates()
    for limit, until_s in closed:
        gates.close(TARGET, limit, until_s)
    assert gates.until(TARGET, 0.0)[0] == max((until_s for _, until_s in closed), default=0.0)


def test_a_limit_is_the_keys_and_the_models() -> None:
    """Neither another key nor another model is closed with it."""
    gates = Gates()
    gates.close(TARGET, "tokens", 60.0)
    others = (
        Target(provider="claude", model="opus", key_id="B"),
        Target(provider="claude", model="haiku", key_id="A"),
    )
    assert gates.until(TARGET, 10.0) == (60.0, "tokens")
    assert [gates.until(other, 10.0) for other in others] == [(10.0, ""), (10.0, "")]


def test_a_dead_key_is_dead_for_all_models() -> None:
    """A key that was refused closes every model behind it, until a reload."""
    gates = Gates()
    haiku = Target(provider="claude", model="haiku", key_id="A")
    gates.close(TARGET, "key", 3600.0, key=True)
    assert gates.until(haiku, 0.0) == (3600.0, "key")
    gates.forget("key")
    assert gates.until(haiku, 0.0) == (0.0, "")


def test_other_processes_are_told() -> None:
    """A snapshot closes the same gates and opens the same breakers elsewhere, for as long."""
    limited = failure("rate_limit", retry_after_s=20.0, scope="day")
    clients = FakeClient("a", limited), FakeClient("b", failure("connect")), FakeClient("c")
    here, there = World(*clients), World(*clients)

    async def main() -> dict[str, str]:
        for _ in range(3):
            await here.router.complete("x")
        now_s = asyncio.get_running_loop().time()
        kept = json.loads(json.dumps(here.router.state.snapshot(now_s)))
        there.router.state.restore(kept, now_s)
        return {c.target.provider: c.refused for c in there.router.plan("x").skipped}

    told = run(main())
    assert "limit of day is closed" in told["a"] and "breaker is open" in told["b"]
