"""The router: plan, reserve, call, classify, settle, and then the next target or the answer.

`LLMRouter` is what programs hold: how it is made, asked and changed. The loop of one call is
`course.py`'s. Nothing here knows a vendor, a price or a store.
"""

import os
import random
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Unpack, cast

from . import building
from .accounting import Budget
from .answer_stream import AnswerStream
from .background import Background
from .bookkeeping import Services
from .clients.base import LLMClient
from .clock import Clock, SystemClock
from .course import Course
from .envelope import Envelope
from .errors import NoTarget
from .events import ConfigReloaded, Hook, Hooks
from .options import CallKeywords, read_keywords
from .routing.planner import make_plan
from .routing.strategies import STRATEGIES, Strategy
from .setup import RouterSetup
from .state import RouterState
from .types import (
    Answer,
    LLMRequest,
    Message,
    Plan,
    TaskContext,
    TaskRequest,
    TaskResponse,
    as_request,
)

if TYPE_CHECKING:
    from .costs import CostTracker
    from .pricing import Price

__all__ = ["LLMRouter"]

Prompt = str | LLMRequest | Message | Sequence[Message]


class LLMRouter:
    """Asks the best provider for an answer, and the next when that fails, within one envelope
    of time, attempts and money.

        async with LLMRouter.from_env() as router:
            answer = await router.complete("What is the capital of France?")
            answer.text, answer.provider, answer.cost, answer.attempts

    One event loop's thread uses it; `router.facade.SyncRouter` serves synchronous programs.
    """

    def __init__(
        self,
        setup: RouterSetup | None = None,
        *,
        clock: Clock | None = None,
        seed: int | None = None,
        hooks: Iterable[Hook] = (),
        strategies: Mapping[str, Strategy] | None = None,
        new_id: Callable[[], str] | None = None,
    ) -> None:
        """`seed` fixes every random choice, `strategies` adds or replaces some by name, `new_id`
        makes the ids of calls (unique over all processes that share a ledger)."""
        self._setup = building.with_costs(setup or building.empty_setup())
        self._clock = clock or SystemClock()
        self._hooks = Hooks(hooks)
        self._strategies = {**STRATEGIES, **(strategies or {})}
        self._new_id = new_id or (lambda: secrets.token_hex(12))
        rng = random.Random(seed)
        self._state = RouterState(self._setup.policy, rng=rng, hooks=self._hooks)
        self._background = Background()
        services = Services(clock=self._clock, state=self._state, background=self._background)
        self._course = Course(services, self._hooks)
        self._listen()

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None, **options: Any) -> "LLMRouter":
        """A router of the providers whose keys are in the environment, in the modes that it
        sets. Raises ConfigError if there is none."""
        from .config import setup_from_env

        return cls(setup_from_env(os.environ if environ is None else environ), **options)

    @classmethod
    def load_from_config(
        cls, path: str | Path, *, environ: Mapping[str, str] | None = None, **options: Any
    ) -> "LLMRouter":
        """A router from a `llm-providers.toml`. Raises ConfigError that names file, key, line."""
        from .config import load_setup

        return cls(load_setup(path, environ=os.environ if environ is None else environ), **options)

    @classmethod
    def with_mocks(
        cls, *names: str, responses: Sequence[str] | None = None, **options: Any
    ) -> "LLMRouter":
        """A router of mock clients, by default "claude", "openai" and "mock": free, no network."""
        return cls(building.mock_setup(names, responses), **options)

    # Asking

    async def complete(self, prompt: Prompt, **keywords: Unpack[CallKeywords]) -> Answer:
        """One whole answer.

        Raises AllAttemptsFailed, NoTarget, BudgetExceeded, DeadlineExceeded (all CallFailed, with
        `attempts`), UnknownProvider for a name that is none, UnknownPrice for a target without a
        price, LedgerUnavailable if a budget's store is down.
        """
        return await self._course.whole(self._begin(prompt, keywords, streamed=False))

    def stream(self, prompt: Prompt, **keywords: Unpack[CallKeywords]) -> AnswerStream:
        """The answer as it is written. Raises what `complete` raises, when the first event is
        asked for; after something was shown, StreamInterrupted (see StreamPolicy)."""
        env = self._begin(prompt, keywords, streamed=True)
        return AnswerStream(env, self._course.streamed(env))

    async def execute(self, task: TaskRequest) -> TaskResponse:
        """Do a task: choose the provider by its context, keep to its budget and its time. A limit
        for each task is shared by requests of one id; one without is a task of its own."""
        keywords: dict[str, Any] = {"context": task.context, "task": task.id}
        if task.timeout_ms is not None:
            keywords["deadline_s"] = task.timeout_ms / 1000
        prompt = task.prompt
        if task.max_tokens is not None:
            prompt = replace(as_request(prompt), max_tokens=task.max_tokens)
        answer = await self.complete(prompt, **keywords)
        return TaskResponse(id=task.id or answer.call_id, answer=answer)

    async def route_with_fallback(
        self, chain: Sequence[str], prompt: Prompt, **keywords: Any
    ) -> Answer:
        """`complete` with a chain: these providers in this order, and no other."""
        return await self.complete(prompt, **{**keywords, "chain": chain})

    # Planning

    def route(self, context: TaskContext, prompt: Prompt = "task") -> str:
        """The provider that a task would go to first. Raises NoTarget; `plan` tells why."""
        plan = self.plan(prompt, context=context)
        if not plan.candidates:
            told = "; ".join(f"{passed.target.id} {passed.refused}" for passed in plan.skipped)
            raise NoTarget(f"no target can take this task: {told}", plan=plan)
        return plan.candidates[0].target.provider

    def plan(self, prompt: Prompt | TaskContext = "task", **keywords: Unpack[CallKeywords]) -> Plan:
        """Who would be asked, in which order and why, at what cost; and who would not. Asks
        nobody and spends nothing. A TaskContext may stand alone."""
        if isinstance(prompt, TaskContext):
            keywords["context"], prompt = prompt, "task"
        options, fields = read_keywords(keywords)
        planned = make_plan(
            self._setup,
            self._state,
            as_request(prompt, **fields),
            options,
            now_s=self._clock.now(),
            streamed=False,
            priced=True,
            strategies=self._strategies,
        )
        return planned.plan

    # What it is made of

    def register_provider(
        self, name: str, client: LLMClient, *, price: "Price | None" = None, **target: Any
    ) -> None:
        """Add a provider, last in order. `target` are fields of Target (model, weight, quality,
        context_tokens_max, ...). Where neither `price` nor any list tells what its model costs,
        the client's own `cost_per_1k_tokens` is taken. Raises ConfigError for a client that is
        none, UnknownPrice if nobody knows the price."""
        self.reload(building.with_provider(self._setup, name, client, target, price))

    def reload(self, setup: RouterSetup) -> None:
        """Take a new setup for the calls to come; those under way keep theirs. What is known of
        targets that remain (breakers, gates, loads) stays, and what was spent goes on unless the
        setup has costs of its own."""
        version = max(setup.version, self._setup.version + 1)
        costs = self._setup.costs if setup.costs is None else setup.costs
        self._setup = replace(setup, version=version, costs=costs)
        targets = tuple(endpoint.target for endpoint in setup.endpoints)
        self._state.reloaded(setup.policy, targets)
        self._listen()
        if self._hooks:
            event = ConfigReloaded(version=self._setup.version, source=setup.source)
            self._hooks.emit(event)

    def _listen(self) -> None:
        """What the budget has to tell (its warnings) goes to this router's hooks."""
        told_to = getattr(self._setup.budget, "hooks", None)
        if isinstance(told_to, Hooks):
            told_to.add(self._hooks)

    def add_hook(self, hook: Hook) -> None:
        """Tell it every event from now on."""
        self._hooks.add(hook)

    @property
    def setup(self) -> RouterSetup:
        """Targets, prices and policy of the calls to come; `reload` changes it."""
        return self._setup

    @property
    def clock(self) -> Clock:
        """The time in which it stamps attempts and waits."""
        return self._clock

    @property
    def state(self) -> RouterState:
        """Breakers, gates and loads, for those who watch or keep them."""
        return self._state

    @property
    def costs(self) -> "CostTracker":
        """What was spent: `costs.total` is exact US dollars, `costs.cost_summary()` the rest."""
        return cast("CostTracker", self._setup.costs)

    @property
    def budget(self) -> Budget | None:
        """The limits that every attempt is held to; None for no limit."""
        return self._setup.budget

    async def aclose(self) -> None:
        """Let what is being settled end, then close the clients, and the budget's store if a
        configuration opened it."""
        await self._background.drain(self._setup.policy.cleanup_s)
        for client in {id(e.client): e.client for e in self._setup.endpoints}.values():
            close = getattr(client, "aclose", None)
            if close is not None:
                await close()
        close = getattr(self._setup.budget, "aclose", None)
        if close is not None and self._setup.source != "code":
            await close()

    async def __aenter__(self) -> "LLMRouter":
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    def _begin(self, prompt: Prompt, keywords: Mapping[str, Any], *, streamed: bool) -> Envelope:
        options, fields = read_keywords(keywords)
        request = as_request(prompt, **fields)
        setup, now_s = self._setup, self._clock.now()
        planned = make_plan(
            setup,
            self._state,
            request,
            options,
            now_s=now_s,
            streamed=streamed,
            strategies=self._strategies,
        )
        return Envelope(
            call_id=self._new_id(),
            request=request,
            options=options,
            setup=setup,
            streamed=streamed,
            started_s=now_s,
            deadline_s=now_s + (options.deadline_s or setup.policy.deadline_s),
            attempts_max=options.attempts_max or setup.policy.retry.max_attempts,
            planned=planned,
        )
