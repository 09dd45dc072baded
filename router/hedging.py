"""A race of two targets: the second starts when the first has shown nothing for a while.

Both are attempts like any other and both are booked. When to hedge at all is the policy's.
"""

import asyncio
from collections.abc import Awaitable, Callable

from .attempt import AttemptRun
from .envelope import Envelope
from .state import RouterState

__all__ = ["hedge_delay_s", "race"]

_QUANTILE = 0.95


def hedge_delay_s(env: Envelope, run: AttemptRun, state: RouterState) -> float | None:
    """How long to wait before the second is asked; None where there is to be none: hedging is
    off, the request has tools (an agent's step may not be taken twice), or too little is known."""
    policy = env.setup.policy.hedge
    wanted = policy.enabled if env.options.hedge is None else env.options.hedge
    if not wanted or env.request.tools or env.attempts_left <= 0:
        return None
    if policy.delay_s is not None:
        return policy.delay_s
    load = state.of(run.endpoint.target).load(env.streamed)
    return load.quantile_s(_QUANTILE, policy.samples_min)


async def race(
    first: AttemptRun, delay_s: float, start: Callable[[], Awaitable[AttemptRun | None]]
) -> AttemptRun:
    """The attempt that was first to have something to show; the other is cancelled and booked.
    Raises what the last one raised if both failed."""
    loop = asyncio.get_running_loop()
    runs = {loop.create_task(first.perform()): first}
    won = False
    try:
        done, pending = await asyncio.wait(runs, timeout=delay_s)
        if not done and (second := await start()) is not None:
            task = loop.create_task(second.perform())
            runs[task] = second
            pending.add(task)
        while True:
            for task in done:
                if task.exception() is None:
                    won = True
                    return runs[task]
            if not pending:
                await task  # raises what the last one raised
            done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task, run in runs.items():
            if not task.done():
                await run.give_up(task, lost=won)
            if not task.cancelled():
                task.exception()  # it is in the attempt's record; asyncio shall not log it
