"""The course of one call, from its envelope to its answer: the loop.

What is decided next stands in `decision.py`, how a call gets its holds and permits in
`dispatch.py`, how one target is asked in `attempt.py`, how a failure is told in `failing.py`.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from . import failing
from .attempt import AttemptRun
from .bookkeeping import Services
from .clients.base import ProviderFailure
from .dispatch import Dispatcher
from .envelope import Envelope
from .errors import CallFailed, NoTarget, RouterError
from .events import CallEnded, CallStarted, Hooks
from .resuming import Resumed, resume
from .routing.planner import prefix_of
from .types import Answer, LLMResponse, StreamEvent

__all__ = ["Course"]


class Course:
    """Takes the calls of one router through their attempts."""

    def __init__(self, services: Services, hooks: Hooks) -> None:
        self._clock = services.clock
        self._state = services.state
        self._hooks = hooks
        self._dispatcher = Dispatcher(services)

    async def whole(self, env: Envelope) -> Answer:
        """One whole answer; raises what `LLMRouter.complete` does."""
        self._start(env)
        outcome = "cancelled"
        try:
            async with asyncio.timeout(env.deadline_s - self._clock.now()):
                run = await self._shown(env)
            outcome = "ok"
            return self._answer(env, run, run.received())
        except TimeoutError as error:
            outcome = "deadline"
            if isinstance(error, CallFailed):
                raise
            raise failing.deadline_error(env) from None
        except RouterError as error:
            outcome = getattr(error, "cause_class", "") or "ledger"
            raise
        finally:
            self._end(env, outcome)

    async def _shown(self, env: Envelope) -> AttemptRun:
        """The loop: an attempt that has the answer or, streamed, its beginning."""
        while True:
            try:
                run = await self._dispatcher.next_attempt(env)  # plan, wait, reserve
            except CallFailed:
                if env.kept is None:
                    raise
                return env.kept  # nothing better came than what was not wanted at first
            try:
                return await self._dispatcher.perform(env, run)  # call, classify, settle
            except ProviderFailure:
                env.committed = False  # and on to the next

    async def streamed(self, env: Envelope) -> AsyncGenerator[StreamEvent, None]:
        """The events of an answer; raises what `LLMRouter.stream` does."""
        self._start(env)
        outcome = "cancelled"
        resumed: Resumed | None = None
        try:
            while True:
                run = resumed.run if resumed else await self._shown_in_time(env)
                try:
                    env.committed = True
                    announced_by = resumed.event if resumed else None
                    async with aclosing(run.events(announced_by)) as events:
                        async for event in events:
                            yield event
                    outcome = "ok"
                    response = env.with_shown_before(run.received())
                    env.answer = self._answer(env, run, response)
                    return
                except ProviderFailure as failure:
                    resumed = await resume(self._shown_in_time, env, run, failure)
                except TimeoutError:
                    partial = env.with_shown_before(run.received())
                    raise failing.interrupted(env, partial, None) from None
        except RouterError as error:
            outcome = getattr(error, "cause_class", "") or "ledger"
            raise
        finally:
            self._end(env, outcome)

    async def _shown_in_time(self, env: Envelope) -> AttemptRun:
        try:
            async with asyncio.timeout(env.deadline_s - self._clock.now()):
                return await self._shown(env)
        except CallFailed:
            raise
        except TimeoutError:
            raise failing.deadline_error(env) from None

    # A call's beginning and end

    def _start(self, env: Envelope) -> None:
        now_s = self._clock.now()
        if not self._state.throttle.admits(now_s, self._state.rng):
            raise NoTarget("throttled here: most recent calls failed", plan=env.plan)
        self._state.retries.deposit(now_s)
        if self._hooks:
            started = CallStarted(
                call_id=env.call_id, at_s=now_s, streamed=env.streamed, task=env.options.label
            )
            self._hooks.emit(started)

    def _answer(self, env: Envelope, run: AttemptRun, response: LLMResponse) -> Answer:
        target = run.endpoint.target
        if env.options.sticky or (env.options.sticky is None and env.setup.policy.sticky):
            self._state.stick(prefix_of(env.request), target)
        return Answer(
            response=response,
            provider=target.provider,
            model=response.model or target.model,
            call_id=env.call_id,
            attempts=tuple(env.attempts),
            plan=env.plan,
            winner=run.ended.index if run.ended else 1,
        )

    def _end(self, env: Envelope, outcome: str) -> None:
        now_s = self._clock.now()
        if outcome == "ok":
            self._state.throttle.accepted(now_s)
        if self._hooks:
            self._hooks.emit(
                CallEnded(
                    call_id=env.call_id,
                    at_s=now_s,
                    duration_s=now_s - env.started_s,
                    outcome=outcome,
                    attempts=tuple(env.attempts),
                    streamed=env.streamed,
                    task=env.options.label,
                )
            )
