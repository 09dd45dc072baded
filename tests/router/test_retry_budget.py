"""The budget of retries over all calls, and the throttle."""

import random

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from router.policy import RetryBudgetPolicy
from router.retry_budget import RetryBudget, Throttle


class Budget(RuleBasedStateMachine):
    """In any window no more is withdrawn than the share of calls and the floor allow."""

    @initialize(ratio=st.sampled_from([0.0, 0.1, 0.2, 1.0]), floor=st.sampled_from([0.0, 0.5, 3.0]))
    def start(self, ratio: float, floor: float) -> None:
        self.policy = RetryBudgetPolicy(ttl_s=10.0, ratio=ratio, min_per_s=floor)
        self.budget = RetryBudget(self.policy)
        self.now_s = 0.0
        self.deposits: list[float] = []
        self.withdrawals: list[float] = []

    @rule(by_s=st.floats(0, 15))
    def time_goes_on(self, by_s: float) -> None:
        self.now_s += by_s

    @rule(times=st.integers(1, 30))
    def call(self, times: int) -> None:
        for _ in range(times):
            self.budget.deposit(self.now_s)
        self.deposits += [self.now_s] * times

    @rule(times=st.integers(1, 40))
    def retry(self, times: int) -> None:
        for _ in range(times):
            if self.budget.withdraw(self.now_s):
                self.withdrawals.append(self.now_s)
        recent = sum(1 for at_s in self.withdrawals if at_s > self.now_s - self.policy.ttl_s)
        # Deposits count for the window and at most one slice of a tenth longer.
        counted = sum(1 for at_s in self.deposits if at_s >= self.now_s - 1.2 * self.policy.ttl_s)
        allowed = self.policy.ratio * counted + self.policy.min_per_s * self.policy.ttl_s
        assert recent <= allowed + 1e-9


TestBudget = Budget.TestCase
TestBudget.settings = settings(max_examples=40, stateful_step_count=30)


def test_floor_serves_a_quiet_client() -> None:
    """Without any call, ten retries a second are there for ten seconds' worth."""
    budget = RetryBudget(RetryBudgetPolicy())
    assert sum(budget.withdraw(0.0) for _ in range(200)) == 100


def test_what_was_withdrawn_comes_back() -> None:
    """After the window the budget is as it was."""
    budget = RetryBudget(RetryBudgetPolicy(min_per_s=1.0))
    assert all(budget.withdraw(0.0) for _ in range(10))
    assert (budget.withdraw(9.0), budget.withdraw(11.5)) == (False, True)


def test_throttle_refuses_in_an_outage() -> None:
    """With k = 2 and nothing accepted, all but about one call in n+1 are refused."""
    throttle, rng = Throttle(RetryBudgetPolicy(throttle_k=2.0)), random.Random(1)
    admitted = sum(throttle.admits(0.0, rng) for _ in range(200))
    assert 1 <= admitted <= 20


def test_throttle_admits_all_in_health() -> None:
    """While every call is accepted none is refused."""
    throttle, rng = Throttle(RetryBudgetPolicy(throttle_k=2.0)), random.Random(1)
    for _ in range(100):
        assert throttle.admits(0.0, rng)
        throttle.accepted(0.0)
