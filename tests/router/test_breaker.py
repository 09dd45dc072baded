"""The breaker as arithmetic: one machine that makes random calls, and the facts by themselves."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from router.breaker import CLOSED, BreakerState, Permit, admit, available_at, record
from router.policy import BreakerPolicy

POLICY = BreakerPolicy(jitter=0.0)
OUTCOMES = st.sampled_from(["success", "failure", "slow", "slow_success", "neutral"])


def failed(times: int, *, now_s: float = 0.0, policy: BreakerPolicy = POLICY) -> BreakerState:
    state = CLOSED
    for _ in range(times):
        state, permit = admit(state, policy, now_s)
        assert permit
        state = record(state, policy, permit, "failure", now_s)
    return state


def probed(state: BreakerState, outcome: str, now_s: float) -> BreakerState:
    state, permit = admit(state, POLICY, now_s)
    assert permit and permit.probe
    return record(state, POLICY, permit, outcome, now_s)  # type: ignore[arg-type]


class Breaker(RuleBasedStateMachine):
    """Calls begin and end in any order, and time goes on between."""

    @initialize(permits=st.integers(1, 3), successes=st.integers(1, 3))
    def start(self, permits: int, successes: int) -> None:
        self.policy = BreakerPolicy(permits=permits, successes=successes, slow_ratio=0.8)
        self.state = CLOSED
        self.now_s = 0.0
        self.under_way: list[Permit] = []
        self.not_before_s = float("-inf")

    @rule(by_s=st.floats(0, 400))
    def time_goes_on(self, by_s: float) -> None:
        self.now_s += by_s

    @rule()
    def begin(self) -> None:
        before = self.state
        self.state, permit = admit(before, self.policy, self.now_s)
        if before.phase == "open" and self.now_s < before.not_before_s:
            assert permit is None
        if permit is not None:
            assert available_at(before, self.policy, self.now_s) is not None
            self.under_way.append(permit)

    @rule(which=st.integers(0, 9), outcome=OUTCOMES, unit=st.floats(0, 1))
    def end(self, which: int, outcome: str, unit: float) -> None:
        if not self.under_way:
            return
        permit = self.under_way.pop(which % len(self.under_way))
        before = self.state
        self.state = record(before, self.policy, permit, outcome, self.now_s, random_unit=unit)  # type: ignore[arg-type]
        if permit.generation != before.generation:
            assert self.state == before
        if self.state.phase == "open" and before.phase != "open":
            assert outcome not in ("success", "neutral")

    @invariant()
    def at_most_its_permits_are_out(self) -> None:
        """K2"""
        current = [p for p in self.under_way if p.probe and p.generation == self.state.generation]
        assert len(current) == self.state.permits_out <= self.policy.permits

    @invariant()
    def reopens_never_earlier(self) -> None:
        """K1"""
        assert self.state.not_before_s >= self.not_before_s
        self.not_before_s = self.state.not_before_s


TestBreaker = Breaker.TestCase
TestBreaker.settings = settings(max_examples=60, stateful_step_count=40)


def test_opens_after_failures_in_a_row() -> None:
    """Five failures in a row open it, four do not."""
    assert [failed(n).phase for n in (4, 5)] == ["closed", "open"]


def test_opens_at_half_failed() -> None:
    """Ten outcomes of which every second failed open it."""
    state = CLOSED
    for number in range(10):
        state, permit = admit(state, POLICY, 1.0)
        assert permit and state.phase == "closed"
        state = record(state, POLICY, permit, "failure" if number % 2 else "success", 1.0)
    assert state.phase == "open"


def test_old_outcomes_leave_the_window() -> None:
    """What failed more than 30 s ago does not count towards the ratio."""
    state = CLOSED
    for number in range(20):
        now_s = 0.0 if number < 9 else 31.0
        state, permit = admit(state, POLICY, now_s)
        assert permit
        outcome = "failure" if number % 2 == 0 and number < 9 else "success"
        state = record(state, POLICY, permit, outcome, now_s)
    assert state.phase == "closed"


def test_stays_open_twice_as_long_each_time() -> None:
    """5 s, then 10, 20, 40 when each probe fails; never more than 300."""
    state, spans, now_s = failed(5), [], 0.0
    for _ in range(9):
        spans.append(state.not_before_s - now_s)
        now_s = state.not_before_s
        state = probed(state, "failure", now_s)
    assert spans == [5, 10, 20, 40, 80, 160, 300, 300, 300]


def test_health_lets_it_forget() -> None:
    """After two healthy minutes it opens for as short a time as at first."""
    state = probed(probed(failed(5), "failure", 5.0), "success", 15.0)
    assert (state.phase, state.opened) == ("closed", 2)
    for _ in range(5):
        state, permit = admit(state, POLICY, 140.0)
        assert permit
        state = record(state, POLICY, permit, "failure", 140.0)
    assert state.not_before_s == 145.0


def test_late_success_does_not_close() -> None:
    """An outcome of a call from before it opened changes nothing (K5)."""
    _, early = admit(CLOSED, POLICY, 0.0)
    assert early
    opened = failed(5)
    assert record(opened, POLICY, early, "success", 1.0) == opened


def test_cancelled_probe_gives_its_permit_back() -> None:
    """A neutral probe leaves it half-open with its permit free again."""
    state = probed(failed(5), "neutral", 5.0)
    assert (state.phase, state.permits_out) == ("half_open", 0)
    assert admit(state, POLICY, 5.0)[1] is not None


def test_slow_answers_open_it_where_wanted() -> None:
    """With a slow ratio, late answers open it although none failed."""
    policy = BreakerPolicy(slow_ratio=0.8)
    state = CLOSED
    for _ in range(10):
        state, permit = admit(state, policy, 0.0)
        assert permit
        state = record(state, policy, permit, "slow_success", 0.0)
    assert state.phase == "open"
