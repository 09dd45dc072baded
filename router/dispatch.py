"""From a decision to an attempt under way: wait, reserve, and take the permit in one step.

A hold that was made is never lost: whoever is cancelled while it is being made leaves work
behind that undoes it. What to ask is `decision.py`'s, how it is asked `attempt.py`'s.
"""

import asyncio
from dataclasses import replace

from .accounting import Budget, Claim, CostRecord, Grant, hold_id
from .attempt import AttemptRun
from .backoff import full_jitter_s
from .bookkeeping import Services
from .breaker import Permit
from .decision import Step, Stop, alternative, availability_of, next_step
from .envelope import Envelope
from .errors import BudgetExceeded, LedgerUnavailable
from .events import TargetSkipped
from .failing import final_error, over_budget
from .hedging import hedge_delay_s, race
from .money import pico_from_usd, usd_from_pico
from .setup import Endpoint

__all__ = ["Dispatcher"]


class Dispatcher:
    """Makes the attempts of all calls of one router."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def next_attempt(self, env: Envelope) -> AttemptRun:
        """The next attempt, dispatched. Raises CallFailed when there is none to make."""
        clock, state = self._services.clock, self._services.state
        slept_s = 0.0
        while True:
            now_s = clock.now()
            backoff_s = 0.0 if slept_s or not env.failed else self._backoff_s(env)
            step = next_step(env, state, now_s, backoff_s=backoff_s)
            if isinstance(step, Stop):
                raise final_error(env, step.reason)
            if step.at_s > now_s:
                await clock.sleep_until(step.at_s)
                slept_s += clock.now() - now_s
            if not step.look_again:
                run = await self._dispatch(env, step, waited_s=slept_s)
                if run is not None:
                    return run

    async def perform(self, env: Envelope, run: AttemptRun) -> AttemptRun:
        """Let it ask; where hedging is on and it is slow, race it. Returns whose answer it is.
        Raises ProviderFailure, its books closed."""
        delay_s = hedge_delay_s(env, run, self._services.state)
        if delay_s is None:
            await run.perform()
            return run
        return await race(run, delay_s, lambda: self._second(env, run))

    async def _second(self, env: Envelope, first: AttemptRun) -> AttemptRun | None:
        now_s = self._services.clock.now()
        other = alternative(env, first.endpoint, self._services.state, now_s)
        if other is None:
            return None
        step = Step(endpoint=other, at_s=now_s, reason="hedge: the first is slow")
        try:
            return await self._dispatch(env, step, hedge=True)
        except (BudgetExceeded, LedgerUnavailable):
            return None

    async def _dispatch(
        self, env: Envelope, step: Step, *, waited_s: float = 0.0, hedge: bool = False
    ) -> AttemptRun | None:
        """None if the target is not to be had any more, or is too dear and another may not be."""
        claim = self._claim(env, step.endpoint)
        try:
            grant = await self._reserve(env.setup.budget, claim)
        except BudgetExceeded as refusal:
            if refusal.mode != "downgrade" or hedge:
                told = over_budget(env, refusal)
                raise told from told.__cause__
            self._leave_out_dearer(env, step.endpoint, refusal)
            return None
        # From here to the attempt nothing waits, so that what is checked stays true.
        permit = self._permit(env, step)
        if permit is not None:
            return AttemptRun(
                self._services,
                env,
                step.endpoint,
                permit,
                grant,
                waited_s=waited_s,
                reason=step.reason,
                hedge=hedge,
            )
        if env.setup.budget is not None:
            undoing = env.setup.budget.settle(grant, _void(grant))
            await asyncio.shield(self._services.background.spawn(undoing))
        return None

    def _permit(self, env: Envelope, step: Step) -> Permit | None:
        """The breaker's leave, if gates and the retry budget give theirs."""
        state, now_s = self._services.state, self._services.clock.now()
        target, policy = step.endpoint.target, env.setup.policy.breaker
        at = availability_of(env, step.endpoint, state, now_s)
        free = at.at_s is not None and at.at_s <= now_s
        reason = at.reason
        if free or (step.force and not at.gated):
            if env.dispatched and not state.retries.withdraw(now_s):
                reason = "the retry budget is empty"
            elif permit := state.admit(target, policy, now_s, force=step.force):
                return permit
        if state.hooks:
            state.hooks.emit(TargetSkipped(call_id=env.call_id, target=target.id, reason=reason))
        return None

    def _claim(self, env: Envelope, endpoint: Endpoint) -> Claim:
        target, request, options = endpoint.target, env.request, env.options
        max_tokens = request.max_tokens
        if max_tokens is not None and target.output_tokens_max is not None:
            max_tokens = min(max_tokens, target.output_tokens_max)
        return Claim(
            hold_id=hold_id(env.call_id, env.next_claim()),
            call_id=env.call_id,
            target=target,
            request=replace(request, model=target.model, max_tokens=max_tokens),
            card=env.card(endpoint),
            streamed=env.streamed,
            tags=options.tags,
            task=options.task,
            limit_pico=options.budget_pico,
            spent_pico=env.spent_pico,
            deadline_s=env.deadline_s,
        )

    async def _reserve(self, budget: Budget | None, claim: Claim) -> Grant:
        if budget is None:
            return _within_call(claim)
        background = self._services.background
        reserving = background.spawn(budget.reserve(claim))
        try:
            return await asyncio.shield(reserving)
        except asyncio.CancelledError:
            background.spawn(_undo(budget, reserving))
            raise

    def _backoff_s(self, env: Envelope) -> float:
        failures = env.failures_at(env.failed[-1].endpoint)
        return full_jitter_s(env.setup.policy.retry, len(failures) - 1, self._services.state.rng)

    def _leave_out_dearer(self, env: Envelope, endpoint: Endpoint, refusal: BudgetExceeded) -> None:
        """The budget lets this call go on to what fits into the rest of it."""
        free_pico = max(
            0, pico_from_usd(refusal.limit - refusal.posted - refusal.held, negative=True)
        )
        env.refused_budget = refusal
        env.too_dear.add(endpoint.target.id)
        for other in env.endpoints:
            if env.card(other).upper_bound(env.request) > free_pico:
                env.too_dear.add(other.target.id)


def _within_call(claim: Claim) -> Grant:
    """Without any budget the call's own limit still holds."""
    if claim.limit_pico is None:
        return Grant(claim=claim, amount_pico=0, request=claim.request)
    need_pico = claim.card.upper_bound(claim.request)
    if claim.limit_pico == 0 or claim.spent_pico + need_pico > claim.limit_pico:
        raise BudgetExceeded(
            scope="call",
            limit=usd_from_pico(claim.limit_pico),
            posted=usd_from_pico(claim.spent_pico),
            held=usd_from_pico(0),
            need=usd_from_pico(need_pico),
        )
    return Grant(claim=claim, amount_pico=need_pico, request=claim.request)


async def _undo(budget: Budget, reserving: "asyncio.Task[Grant]") -> None:
    """Release what was being reserved for a caller who has gone."""
    await asyncio.wait({reserving})
    if not reserving.cancelled() and reserving.exception() is None:
        grant = reserving.result()
        await budget.settle(grant, _void(grant))


def _void(grant: Grant) -> CostRecord:
    """Nothing was sent. It goes to the ledger only: there was no attempt."""
    claim = grant.claim
    return CostRecord(
        attempt_id=claim.hold_id,
        call_id=claim.call_id,
        provider=claim.target.provider,
        model=claim.target.model,
        target=claim.target.id,
        at_s=0.0,
        amount_pico=0,
        hold_pico=grant.amount_pico,
        basis="void",
        certainty="not_sent",
        outcome="not_dispatched",
        rates_version=claim.card.version,
        task=claim.task,
        tags=claim.tags,
    )
