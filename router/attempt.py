"""One attempt: one upstream request from its permit to its one record.

Whichever way it ends (answer, failure, cancel, a closed iterator, a lost hedge) its books are
closed exactly once and its hold is settled. Which target is asked, and what follows, is decided
elsewhere.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable
from contextlib import suppress

from .accounting import Budget, CostRecord, Grant
from .bookkeeping import Ending, Services, begin, close
from .breaker import Permit
from .classify import shortcoming
from .clients.base import ProviderFailure
from .decision import alternative, another_way
from .envelope import Envelope, Failed
from .errors import ErrorClassName, LedgerUnavailable
from .events import SettleFailed
from .setup import Endpoint
from .stream import StreamReader, close_within
from .types import Attempt, Finish, LLMResponse, StreamEvent, UsageEvent
from .watch import Watch

__all__ = ["AttemptRun"]

_SETTLE_TRIES = 5
_SETTLE_WAIT_S = 0.5
# How long an abandoned attempt may hold up whoever abandoned it, to close and to settle.
_CLOSE_S = 0.1
# Told at a stream's end, when all of it is known.
_KEPT_BACK = (Finish, UsageEvent)


class AttemptRun:
    """`perform` asks the target: until the whole answer is there, or, streamed, until there is
    something to show; then `events` gives the stream. Both raise ProviderFailure, and
    TimeoutError when the call's deadline comes."""

    def __init__(
        self,
        services: Services,
        env: Envelope,
        endpoint: Endpoint,
        permit: Permit,
        grant: Grant,
        *,
        waited_s: float = 0.0,
        reason: str = "",
        hedge: bool = False,
    ) -> None:
        self._services = services
        self._env = env
        self._grant = grant
        self._reader: StreamReader | None = None
        self._held_back: list[StreamEvent] = []
        self._losing = False
        self._opened = begin(
            services, env, endpoint, permit, grant, waited_s=waited_s, reason=reason, hedge=hedge
        )
        self._renewal: asyncio.TimerHandle | None = None
        self._renew_later()
        self.endpoint = endpoint
        self.response: LLMResponse | None = None
        self.ended: Attempt | None = None

    async def perform(self) -> None:
        try:
            await (self._open() if self._env.streamed else self._complete())
        except BaseException as error:
            await self._ended_by(error)
            raise

    async def _complete(self) -> None:
        endpoint, env, started_s = self.endpoint, self._env, self._opened.started_s
        total_s = endpoint.target.timeouts.total_s
        asking = endpoint.client.complete(self._grant.request, timeout_s=env.deadline_s - started_s)
        if not total_s or started_s + total_s >= env.deadline_s:
            self.response = await asking  # the deadline is the whole call's
        else:
            self.response = await self._watched(asking, started_s + total_s)
        await self._answered(self.response)

    async def _watched(self, asking: Awaitable[LLMResponse], soft_s: float) -> LLMResponse:
        watch = Watch(self._services.clock, self._may_give_up)
        try:
            return await watch.wait(asking, hard_s=None, soft_s=soft_s)
        except TimeoutError:
            if not watch.gave_up:
                raise
            took_s = soft_s - self._opened.started_s
            message = f"no answer within {took_s:g} s"
            raise ProviderFailure("timeout_total", message, certainty="possibly_accepted") from None
        finally:
            watch.stop()

    async def _open(self) -> None:
        env = self._env
        left_s = env.deadline_s - self._opened.started_s
        reader = self._reader = StreamReader(
            self.endpoint.client.stream(self._grant.request, timeout_s=left_s),
            clock=self._services.clock,
            timeouts=self.endpoint.target.timeouts,
            policy=env.setup.policy.stream,
            deadline_s=env.deadline_s,
            may_give_up=self._may_give_up,
            may_try_again=self._may_try_again,
        )
        while not reader.is_ready:
            event = await reader.read()
            if event is None:
                self.response = reader.got.response()
                await self._answered(self.response)
                return
            self._held_back.append(event)

    async def events(
        self, announced_by: StreamEvent | None = None
    ) -> AsyncGenerator[StreamEvent, None]:
        """What the caller shall see: first what announces this attempt, then what was held back;
        usage and the Finish last, when the books are closed."""
        reader = self._reader
        assert reader is not None
        try:
            if announced_by is not None:
                yield announced_by
            for event in self._held_back:
                if not isinstance(event, _KEPT_BACK):
                    yield event
            self._held_back.clear()
            while self.ended is None:
                following = await reader.read()
                if following is None:
                    self.response = reader.got.response()
                    await self._end(Ending(outcome="ok"))
                elif not isinstance(following, _KEPT_BACK):
                    yield following
        except BaseException as error:
            await self._ended_by(error)
            raise
        if reader.got.usage is not None:
            yield UsageEvent(reader.got.usage, reader.got.usage_final)
        if reader.got.finish is not None:
            yield reader.got.finish

    async def give_up(self, task: "asyncio.Task[None]", *, lost: bool) -> None:
        """End what `task` performs and book what it cost: `lost` to a quicker target, or because
        the whole call is over."""
        self._losing = lost
        task.cancel()
        await asyncio.wait({task})
        if self.ended is None:
            await self._abandoned("cancelled")

    def received(self) -> LLMResponse:
        """The response, or what came of it so far."""
        if self.response is not None:
            return self.response
        if self._reader is None:
            return LLMResponse(parts=(), finish_reason=None, usage=None)
        return self._reader.got.response()

    @property
    def text_only(self) -> bool:
        return self._reader is not None and self._reader.got.only_text

    # Judging

    def _may_give_up(self) -> bool:
        now_s = self._services.clock.now()
        return alternative(self._env, self.endpoint, self._services.state, now_s) is not None

    def _may_try_again(self) -> bool:
        now_s = self._services.clock.now()
        state = self._services.state
        return another_way(self._env, self.endpoint, "protocol_bad", state, now_s)

    async def _answered(self, response: LLMResponse) -> None:
        if wanting := self._wanting(response):
            message = f"the answer was {wanting}"
            raise ProviderFailure(wanting, message, certainty="response_started", status=200)
        await self._end(Ending(outcome="ok"))

    def _wanting(self, response: LLMResponse) -> ErrorClassName | None:
        """The class as which a whole response fails, None if it is the answer."""
        env = self._env
        name = shortcoming(response)
        accept = env.options.accept
        if name is None and accept is not None and not env.streamed and not accept(response):
            name = "refusal"
        if name is None or name == "empty":
            return name
        policy = env.setup.policy
        wanted = name in policy.opt_in or name in policy.fallbacks or accept is not None
        if not wanted or not self._may_give_up():
            return None
        env.kept = self
        return name

    # Ending

    async def _ended_by(self, error: BaseException) -> None:
        """Close the books after an exception. What is neither a ProviderFailure nor an end from
        outside is a fault of the client and is raised as one."""
        late = self._services.clock.now() >= self._env.deadline_s
        if isinstance(error, ProviderFailure):
            await self._failed(error)
        elif isinstance(error, TimeoutError) and late:
            await self._abandoned("deadline")
        elif isinstance(error, Exception):
            failure = ProviderFailure(
                "protocol_bad",
                f"the client raised {type(error).__name__}",
                certainty="possibly_accepted",
            )
            await self._failed(failure)
            raise failure from error
        else:  # CancelledError, GeneratorExit, KeyboardInterrupt
            await self._abandoned("deadline" if late else "cancelled")

    async def _failed(self, failure: ProviderFailure) -> None:
        if self._reader is not None:
            await close_within(self._reader, _CLOSE_S)
        if self.ended is None:
            now_s = self._services.clock.now()
            shown = self._env.committed
            self._env.failed.append(Failed(self.endpoint, failure, now_s, shown))
            await self._end(Ending(outcome=failure.error_class, failure=failure))

    async def _end(self, ending: Ending) -> None:
        record = self._close_books(ending)
        budget = self._env.setup.budget
        if budget is None:
            return
        try:
            await budget.settle(self._grant, record)
        except asyncio.CancelledError:
            self._services.background.spawn(self._settle_surely(budget, record))
            raise
        except Exception:
            # The vendor's part is done; what is owed is booked as soon as it can be.
            self._services.background.spawn(self._settle_surely(budget, record))

    async def _abandoned(self, outcome: str) -> None:
        """Ended from outside: no second cancel may lose the settling, and it may not hold up
        whoever abandoned it for longer than `_CLOSE_S`, or beyond the deadline."""
        if self.ended is not None:
            return
        record = self._close_books(Ending(outcome="hedge_lost" if self._losing else outcome))
        budget = self._env.setup.budget
        waiting = []
        if budget is not None:
            settling = self._settle_surely(budget, record)
            waiting.append(self._services.background.spawn(settling))
        if self._reader is not None:
            closing = close_within(self._reader, _CLOSE_S)
            waiting.append(self._services.background.spawn(closing))
        if waiting:
            left_s = self._env.deadline_s - self._services.clock.now()
            await asyncio.wait(waiting, timeout=max(0.0, min(_CLOSE_S, left_s)))

    def _renew_later(self) -> None:
        """An attempt that runs on keeps its hold, which would expire if its process died."""
        if self._env.setup.budget is not None:
            loop = asyncio.get_running_loop()
            self._renewal = loop.call_later(self._env.setup.policy.renew_every_s, self._renew)

    def _renew(self) -> None:
        budget = self._env.setup.budget
        if budget is not None and self.ended is None:
            self._services.background.spawn(_renewed(budget, self._grant))
            self._renew_later()

    def _close_books(self, ending: Ending) -> CostRecord:
        if self._renewal is not None:
            self._renewal.cancel()
        reader = self._reader
        first_s = reader.first_delta_s if reader else None
        known = Ending(
            outcome=ending.outcome,
            failure=ending.failure,
            response=self.response,
            got=reader.got if reader else None,
            ttft_s=None if first_s is None else first_s - self._opened.started_s,
        )
        self.ended, record = close(self._services, self._env, self._opened, known)
        return record

    async def _settle_surely(self, budget: Budget, record: CostRecord) -> None:
        """Settling is idempotent by the attempt's id, so that trying again is always right."""
        clock = self._services.clock
        problem = ""
        for _ in range(_SETTLE_TRIES):
            try:
                await budget.settle(self._grant, record)
                return
            except Exception as error:
                problem = f"{type(error).__name__}: {error}"
            await clock.sleep_until(clock.now() + _SETTLE_WAIT_S)
        event = SettleFailed(attempt_id=record.attempt_id, problem=problem)
        self._services.state.hooks.emit(event)


async def _renewed(budget: Budget, grant: Grant) -> None:
    with suppress(LedgerUnavailable):  # the next renewal, or the settling, will find it again
        await budget.renew(grant)
