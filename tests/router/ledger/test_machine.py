"""Every store against a model, in any interleaving of steps that Hypothesis can think of.

After each step: in strict scopes posted + held <= limit unless a provider overran its hold (B1);
every hold resolves at most once (B3); counters equal the model, their rows and their open holds
(B4); all of it in whole pico-dollars (B6).
"""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from router.ledger.base import Scope, Settlement
from router.types import Basis

from .stores import KINDS, Wall, make_store

SCOPES = (
    Scope(name="daily", window="day/1", limit_pico=1_000),
    Scope(name="rolling", limit_pico=800, rolling_s=600.0),
    Scope(name="task", key="t1", limit_pico=500),
    Scope(name="closed", limit_pico=0),
    Scope(name="all"),
    Scope(name="watched", limit_pico=100, enforced=False),
)
TTL_S = 100.0
# As long as a bucket of the rolling scope: amounts fall out of it at every step of time.
GRAIN_S = 10


@dataclass
class Model:
    """What the ledger should hold: each hold's scopes, amount, times and resolution."""

    amounts: dict[str, int] = field(default_factory=dict)
    scopes: dict[str, tuple[Scope, ...]] = field(default_factory=dict)
    created_s: dict[str, float] = field(default_factory=dict)
    expires_s: dict[str, float] = field(default_factory=dict)
    posted: dict[str, int] = field(default_factory=dict)
    expired: set[str] = field(default_factory=set)

    def used(self, scope: Scope, now_s: float) -> tuple[int, int]:
        posted = held = 0
        for hold_id, scopes in self.scopes.items():
            if scope not in scopes or not self.counts(scope, hold_id, now_s):
                continue
            if hold_id in self.posted:
                posted += self.posted[hold_id]
            else:
                held += self.amounts[hold_id]
        return posted, held

    def fits(self, scope: Scope, amount: int, now_s: float) -> bool:
        if scope.limit_pico is None or not scope.enforced:
            return True
        return bool(scope.limit_pico) and sum(self.used(scope, now_s)) + amount <= scope.limit_pico

    def counts(self, scope: Scope, hold_id: str, now_s: float) -> bool:
        if scope.rolling_s is None:
            return True
        width_s = scope.rolling_s / 60
        return self.created_s[hold_id] // width_s >= now_s // width_s - 60

    def sweep(self, now_s: float) -> None:
        for hold_id, expires_s in self.expires_s.items():
            if hold_id not in self.posted and expires_s <= now_s:
                self.posted[hold_id] = self.amounts[hold_id]
                self.expired.add(hold_id)


class LedgerMachine(RuleBasedStateMachine):
    """One store and its model."""

    kind = "memory"
    url = ""
    holds = Bundle("holds")

    @initialize()
    def start(self) -> None:
        self.folder = TemporaryDirectory()
        self.loop = asyncio.new_event_loop()
        self.wall = Wall()
        self.store = make_store(self.kind, self.wall, Path(self.folder.name), self.url)
        self.model = Model()
        self.overrun = False

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.run(self.store.aclose())
            self.loop.close()
            self.folder.cleanup()

    def run(self, step: Any) -> Any:
        return self.loop.run_until_complete(step)

    @rule(
        target=holds,
        scopes=st.lists(st.sampled_from(SCOPES), max_size=4),
        amount=st.integers(0, 400),
    )
    def reserve(self, scopes: list[Scope], amount: int) -> str:
        hold_id = f"hold-{len(self.model.amounts)}"
        now_s = self.wall.now_s
        self.model.sweep(now_s)
        fits = all(
            scope.limit_pico is None
            or not scope.enforced
            or (
                scope.limit_pico and sum(self.model.used(scope, now_s)) + amount <= scope.limit_pico
            )
            for scope in scopes
        )
        reservation = self.run(self.store.reserve(hold_id, scopes, amount, ttl_s=TTL_S))
        assert (reservation.hold is not None) == fits
        if fits:
            self.model.amounts[hold_id] = amount
            self.model.scopes[hold_id] = tuple(set(scopes))
            self.model.created_s[hold_id] = now_s
            self.model.expires_s[hold_id] = now_s + TTL_S
        return hold_id

    @rule(
        hold_id=holds,
        amount=st.integers(0, 500),
        basis=st.sampled_from(["exact", "estimated", "void"]),
    )
    def settle(self, hold_id: str, amount: int, basis: Basis) -> None:
        is_open = hold_id in self.model.amounts and hold_id not in self.model.posted
        settlement = Settlement(basis=basis, amount_pico=amount)
        assert self.run(self.store.settle(hold_id, settlement)) == is_open
        if is_open:
            self.model.posted[hold_id] = 0 if basis == "void" else amount
            self.overrun |= self.model.posted[hold_id] > self.model.amounts[hold_id]

    @rule(hold_id=holds, amount=st.integers(0, 500))
    def reconcile(self, hold_id: str, amount: int) -> None:
        settlement = Settlement(basis="exact", amount_pico=amount)
        expired = hold_id in self.model.expired
        assert self.run(self.store.reconcile(hold_id, settlement)) == expired
        if expired:
            self.model.expired.remove(hold_id)
            self.model.posted[hold_id] = amount
            self.overrun |= amount > self.model.amounts[hold_id]

    @rule(hold_id=holds)
    def renew(self, hold_id: str) -> None:
        is_open = hold_id in self.model.amounts and hold_id not in self.model.posted
        assert self.run(self.store.renew(hold_id, ttl_s=TTL_S)) == is_open
        if is_open:
            self.model.expires_s[hold_id] = self.wall.now_s + TTL_S

    @rule(grains=st.integers(1, 70))
    def time_passes(self, grains: int) -> None:
        self.wall.now_s += grains * GRAIN_S

    @rule()
    def sweep(self) -> None:
        before = set(self.model.posted)
        self.model.sweep(self.wall.now_s)
        swept = self.run(self.store.sweep())
        assert {hold.hold_id for hold in swept} == set(self.model.posted) - before

    @invariant()
    def the_store_is_the_model(self) -> None:
        for scope in SCOPES:
            summary = self.run(self.store.summary(scope))
            assert (summary.posted_pico, summary.held_pico) == self.model.used(
                scope, self.wall.now_s
            )
            if scope.enforced and scope.limit_pico is not None and not self.overrun:
                assert summary.posted_pico + summary.held_pico <= scope.limit_pico

    @invariant()
    def counters_are_the_sum_of_their_rows(self) -> None:
        assert self.run(self.store.audit()) == ()


@pytest.mark.parametrize("kind", KINDS)
def test_the_store_is_the_model(kind: str, request: pytest.FixtureRequest) -> None:
    """No interleaving of reserve, settle, renew, expiry and reconciling tells store and model
    apart."""
    url = request.getfixturevalue("redis_url") if kind == "redis" else ""
    machine = type("Machine", (LedgerMachine,), {"kind": kind, "url": url})
    examples = {"memory": 150, "sqlite": 20, "redis": 10}[kind]
    run_state_machine_as_test(
        machine, settings=settings(max_examples=examples, stateful_step_count=25, deadline=None)
    )
