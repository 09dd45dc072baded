"""What each mode does with a call that does not fit, and what a budget promises in all of them."""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.accounting import Claim, CostRecord, Grant
from router.budget import CostManagementPolicy, LedgerBudget, Limit
from router.clock import SystemClock
from router.errors import BudgetExceeded, ConfigError, LedgerUnavailable
from router.events import BoundExceeded, BudgetWarning, Hooks, RouterEvent
from router.ledger.base import Reservation, Scope
from router.ledger.memory import MemoryLedger
from router.ledger.sqlite import SqliteLedger
from router.pricing import Price, PriceBook
from router.types import Basis, LLMRequest, Message, Target
from router.windows import Window

T = TypeVar("T")
# A million pico-dollars for each token of output; the prompt is free.
BOOK = PriceBook([Price(provider="p", input_usd_per_mtok=0, output_usd_per_mtok=1)])
TARGET = Target(provider="p", model="m")
CARD = BOOK.card(TARGET)
TOKEN = 10**6


def claim(number: int = 0, max_tokens: int | None = 100, **fields: Any) -> Claim:
    """A call that may cost up to `max_tokens` million pico-dollars."""
    request = LLMRequest(messages=(Message.user("Hi."),), max_tokens=max_tokens)
    values = {"hold_id": f"a{number}", "call_id": f"c{number}", "target": TARGET, "card": CARD}
    return Claim(request=request, **{**values, **fields})


def record(grant: Grant, tokens: int, basis: Basis = "exact") -> CostRecord:
    return CostRecord(
        attempt_id=grant.claim.hold_id,
        call_id=grant.claim.call_id,
        provider="p",
        model="m",
        target=TARGET.id,
        at_s=1.8e9,
        amount_pico=tokens * TOKEN,
        hold_pico=grant.amount_pico,
        basis=basis,
        certainty="response_started",
        outcome="ok",
        rates_version=CARD.version,
    )


def usd(tokens: int) -> Decimal:
    return Decimal(tokens) / 10**6


def budget(limit_tokens: int | None, *, mode: Any = "strict", **fields: Any) -> LedgerBudget:
    amount = None if limit_tokens is None else usd(limit_tokens)
    policy = CostManagementPolicy(
        limits=(Limit(name="total", usd=amount),), mode=mode, clamp_tokens_min=5, **fields
    )
    return LedgerBudget(policy, MemoryLedger())


def run(main: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(asyncio.wait_for(main, 60))


async def used(budget: LedgerBudget) -> tuple[int, int]:
    """Posted and held of the limit, in tokens."""
    (standing,) = await budget.standings()
    return standing.summary.posted_pico // TOKEN, standing.summary.held_pico // TOKEN


def test_a_call_is_held_and_then_settled() -> None:
    """The most that a call can cost is held before it, what it cost is posted after it."""

    async def main() -> list[tuple[int, int]]:
        money = budget(150)
        grant = await money.reserve(claim())
        before = await used(money)
        await money.settle(grant, record(grant, 30))
        await money.settle(grant, record(grant, 30))
        (standing,) = await money.standings()
        assert standing.used_percent == 20
        return [before, await used(money)]

    assert run(main()) == [(0, 100), (30, 0)]


def test_strict_refuses_with_the_figures() -> None:
    """A call that does not fit is refused before anything is sent, and told by how much."""

    async def main() -> BudgetExceeded:
        money = budget(150)
        await money.reserve(claim(1))
        with pytest.raises(BudgetExceeded) as refused:
            await money.reserve(claim(2))
        return refused.value

    refused = run(main())
    figures = (refused.limit, refused.posted, refused.held, refused.need)
    assert figures == (usd(150), 0, usd(100), usd(100))
    assert (refused.scope, refused.mode, refused.resets_at) == ("total", "strict", None)


def test_zero_and_none() -> None:
    """A limit of 0 admits nothing, no limit admits everything."""

    async def main() -> None:
        with pytest.raises(BudgetExceeded):
            await budget(0).reserve(claim(max_tokens=0))
        assert (await budget(None).reserve(claim(max_tokens=10**9))).amount_pico == 10**15

    run(main())


def test_a_limited_call_is_bounded() -> None:
    """Where nobody bounds the answer, the request is sent with a bound, so that the hold is one."""

    async def main() -> list[int | None]:
        target = replace(TARGET, output_tokens_max=70)
        card = BOOK.card(target)
        grants = [
            await budget(10**6).reserve(claim(max_tokens=None)),
            await budget(10**6).reserve(claim(max_tokens=None, target=target, card=card)),
            await budget(None).reserve(claim(max_tokens=None)),
        ]
        assert [g.amount_pico // TOKEN for g in grants] == [4096, 70, 4096]
        return [grant.request.max_tokens for grant in grants]

    assert run(main()) == [4096, None, None]


def test_clamp_lowers_what_the_answer_may_have() -> None:
    """In mode clamp a call that does not fit is cut to what is left, down to the floor."""

    async def main() -> list[int | None]:
        money = budget(107, mode="clamp")
        first = await money.reserve(claim(1, 60))
        second = await money.reserve(claim(2, 100))
        assert second.amount_pico <= 47 * TOKEN
        await money.settle(second, record(second, 43))
        with pytest.raises(BudgetExceeded):
            await money.reserve(claim(3, 100))
        return [first.request.max_tokens, second.request.max_tokens]

    first, second = run(main())
    assert first == 60 and second in (46, 47)


def test_downgrade_is_left_to_the_router() -> None:
    """The refusal says that a cheaper target may be tried."""

    async def main() -> str:
        with pytest.raises(BudgetExceeded) as refused:
            await budget(50, mode="downgrade").reserve(claim())
        return refused.value.mode

    assert run(main()) == "downgrade"


def test_observe_counts_and_warns_but_refuses_nothing() -> None:
    """A limit on trial lets everything through and tells when it is reached."""
    seen: list[RouterEvent] = []

    class Seen:
        def on_event(self, event: RouterEvent) -> None:
            seen.append(event)

    async def main() -> tuple[int, int]:
        money = budget(100, mode="observe", warn_percent=50)
        money.hooks = Hooks([Seen()])
        for number, tokens in enumerate((49, 1, 10, 90)):
            grant = await money.reserve(claim(number))
            await money.settle(grant, record(grant, tokens))
        return await used(money)

    assert run(main()) == (150, 0)
    assert seen == [
        BudgetWarning(
            scope="total", used_pico=50 * TOKEN, limit_pico=100 * TOKEN, threshold_percent=50
        )
    ]


def test_a_provider_that_bills_beyond_the_bound_is_told() -> None:
    """The whole amount is booked, over the limit if need be, and an event says by how much."""
    seen: list[RouterEvent] = []

    class Seen:
        def on_event(self, event: RouterEvent) -> None:
            seen.append(event)

    async def main() -> tuple[int, int]:
        money = budget(100, warn_percent=100)
        money.hooks = Hooks([Seen()])
        grant = await money.reserve(claim(1, 90))
        await money.settle(grant, record(grant, 120))
        return await used(money)

    assert run(main()) == (120, 0)
    told = BoundExceeded(
        attempt_id="a1", target=TARGET.id, bound_pico=90 * TOKEN, amount_pico=120 * TOKEN
    )
    assert told in seen


def test_queue_runs_all_work_whose_true_cost_fits() -> None:
    """Ten calls that could cost 100 each and cost 10 run one after the other within 200."""

    async def main() -> tuple[int, int]:
        money = budget(200, mode="queue")
        under_way = 0

        async def call(number: int) -> None:
            nonlocal under_way
            grant = await money.reserve(claim(number))
            under_way += 1
            assert under_way <= 2
            await asyncio.sleep(0)
            under_way -= 1
            await money.settle(grant, record(grant, 10))

        await asyncio.gather(*map(call, range(10)))
        return await used(money)

    assert run(main()) == (100, 0)


def test_the_last_of_the_queue_takes_what_is_left() -> None:
    """When nothing is held any more, waiting cannot help: the call is cut to what is left."""

    async def main() -> list[int | None]:
        money = budget(150, mode="queue")
        first = await money.reserve(claim(1))
        waiting = asyncio.ensure_future(money.reserve(claim(2)))
        await asyncio.sleep(0)
        await money.settle(first, record(first, 90))
        second = await waiting
        await money.settle(second, record(second, 60))
        with pytest.raises(BudgetExceeded):
            await money.reserve(claim(3))
        return [second.request.max_tokens]

    (left,) = run(main())
    assert left in (59, 60)


PRICED = PriceBook([Price(provider="p", input_usd_per_mtok=1, output_usd_per_mtok=1)]).card(TARGET)
# Letters of the prompt, most tokens of the answer, and the share of the bound that it really costs.
queued = st.tuples(st.integers(1, 400), st.integers(1, 300), st.integers(0, 100))


@settings(max_examples=60, deadline=None)
@given(st.lists(queued, min_size=1, max_size=12), st.integers(300, 4000))
def test_queue_leaves_out_only_what_cannot_be_bounded(calls: Any, limit_tokens: int) -> None:
    """B5: a call that waited is refused only where the bytes of its prompt and the least answer
    are more than all that is left; whatever the order, nothing else is lost of the limit."""
    money = budget(limit_tokens, mode="queue")
    left_out: list[tuple[int, int]] = []

    def least(one: Claim) -> int:
        tokens = min(one.request.max_tokens or 0, money.policy.clamp_tokens_min)
        return PRICED.upper_bound(one.request, output_tokens_max=tokens)

    async def call(number: int, letters: int, tokens: int, percent: int) -> int:
        request = LLMRequest(messages=(Message.user("x" * letters),), max_tokens=tokens)
        one = replace(claim(number, card=PRICED), request=request)
        try:
            grant = await money.reserve(one)
        except BudgetExceeded as error:
            free = error.limit - error.posted - error.held
            left_out.append((least(one), int(free * 10**12)))
            return 0
        await asyncio.sleep(0)
        cost = grant.amount_pico * percent // 100
        await money.settle(grant, replace(record(grant, 0), amount_pico=cost))
        return cost

    async def main() -> list[int]:
        return await asyncio.gather(*(call(n, *one) for n, one in enumerate(calls)))

    assert sum(run(main())) <= limit_tokens * TOKEN
    assert all(need > free for need, free in left_out)


def test_queue_is_served_in_order() -> None:
    """Small calls do not overtake a large one that waits."""

    async def main() -> list[int]:
        money, order = budget(100, mode="queue"), []
        first = await money.reserve(claim(0, 60))

        async def call(number: int, tokens: int) -> None:
            grant = await money.reserve(claim(number, tokens))
            order.append(number)
            await money.settle(grant, record(grant, 1))

        calls = [asyncio.ensure_future(call(n, 90 if n == 1 else 5)) for n in (1, 2, 3)]
        await asyncio.sleep(0)
        await money.settle(first, record(first, 1))
        await asyncio.gather(*calls)
        return order

    assert run(main()) == [1, 2, 3]


def test_a_settlement_wakes_the_first_in_line() -> None:
    """Who waits need not look by itself: with a clock that never comes it still gets its turn."""

    class Stopped(SystemClock):
        async def sleep_until(self, moment_s: float) -> None:
            await asyncio.Event().wait()

    async def main() -> int:
        policy = CostManagementPolicy(limits=(Limit(name="total", usd=usd(100)),), mode="queue")
        money = LedgerBudget(policy, MemoryLedger(), clock=Stopped())
        first = await money.reserve(claim(1))
        waiting = [asyncio.ensure_future(money.reserve(claim(n, 50))) for n in (2, 3)]
        await asyncio.sleep(0)
        await money.settle(first, record(first, 1))
        async with asyncio.timeout(30):
            second = await waiting[0]
            await money.settle(second, record(second, 1))
            third = await waiting[1]
        await money.settle(third, record(third, 1))
        return (await used(money))[0]

    assert run(main()) == 3


def test_queue_ends_with_the_deadline_or_a_cancel() -> None:
    """Who waits beyond its deadline is refused; who is cancelled leaves the line to the next."""

    async def main() -> None:
        money = budget(100, mode="queue")
        first = await money.reserve(claim(0))
        soon = asyncio.get_running_loop().time() + 0.01
        with pytest.raises(BudgetExceeded) as late:
            await money.reserve(claim(1, deadline_s=soon))
        assert (late.value.mode, late.value.held) == ("queue", usd(100))
        gone = asyncio.ensure_future(money.reserve(claim(2)))
        stays = asyncio.ensure_future(money.reserve(claim(3, 50)))
        await asyncio.sleep(0)
        gone.cancel()
        await money.settle(first, record(first, 1))
        grant = await stays
        await money.settle(grant, record(grant, 1))
        assert await used(money) == (2, 0)

    run(main())


def test_soft_holds_what_calls_usually_cost() -> None:
    """With a history the hold is a quantile of it; the overshoot is what calls cost beyond."""

    async def main() -> tuple[list[int], int]:
        money = budget(1_000, mode="soft")
        held = []
        for number in range(30):
            grant = await money.reserve(claim(number))
            held.append(grant.amount_pico // TOKEN)
            await money.settle(grant, record(grant, 10 if number % 20 else 50))
        return held, (await used(money))[0]

    held, posted = run(main())
    assert held[:20] == [100] * 20 and held[20:] == [10] * 10
    assert posted == 28 * 10 + 2 * 50


def test_the_call_has_its_own_budget() -> None:
    """budget_cents limits all attempts of a call together, those under way included."""

    async def main() -> list[str]:
        money = budget(None)
        limit = {"call_id": "c", "limit_pico": 250 * TOKEN}
        first = await money.reserve(claim(1, **limit))
        second = await money.reserve(claim(2, **limit))
        refused = []
        for fields in (
            limit,
            {**limit, "limit_pico": 0},
            {"limit_pico": 250 * TOKEN, "spent_pico": 151 * TOKEN},
        ):
            with pytest.raises(BudgetExceeded) as error:
                await money.reserve(claim(3, **fields))
            refused.append(error.value.scope)
        await money.settle(first, record(first, 100))
        await money.settle(second, record(second, 0))
        assert await money.reserve(claim(4, **limit, spent_pico=100 * TOKEN))
        return refused

    assert run(main()) == ["call:c", "call:c", "call:c3"]


def test_limits_by_tag_task_and_provider() -> None:
    """Each value has an account of its own; a call that lacks it, or has another, is free."""
    policy = CostManagementPolicy(
        per_task_usd=usd(150),
        limits=(
            Limit(name="team", usd=usd(100), per="tag:team"),
            Limit(name="red", usd=usd(50), only={"tag:team": "red", "provider": "p"}),
        ),
    )

    async def main() -> list[str]:
        money, refused = LedgerBudget(policy, MemoryLedger()), []
        for number, tokens, tags, task in [
            (0, 100, {"team": "blue"}, ""),
            (1, 1, {"team": "blue"}, ""),
            (2, 51, {"team": "red"}, ""),
            (3, 100, {}, "t"),
            (4, 51, {}, "t"),
            (5, 50, {}, "t"),
        ]:
            try:
                await money.reserve(claim(number, tokens, tags=tags, task=task))
            except BudgetExceeded as error:
                refused.append(error.scope)
        return refused

    assert run(main()) == ["team:blue", "red", "task:t"]


@pytest.mark.parametrize("mode", ["strict", "clamp", "queue"])
def test_a_task_without_a_name_is_its_call(mode: Any) -> None:
    """Its attempts share the limit with what they spent and hold; the next call begins anew, and
    no ledger keeps an account of either."""
    policy = CostManagementPolicy(per_task_usd=usd(150), mode=mode)

    async def main() -> LedgerBudget:
        money = LedgerBudget(policy, MemoryLedger())
        first = await money.reserve(claim(1, call_id="c"))
        await money.settle(first, record(first, 100))
        if mode == "strict":
            with pytest.raises(BudgetExceeded, match="task:c"):
                await money.reserve(claim(2, call_id="c", spent_pico=100 * TOKEN))
        else:
            rest = await money.reserve(claim(2, call_id="c", spent_pico=100 * TOKEN))
            assert rest.request.max_tokens == 50
        await money.reserve(claim(3, 150, call_id="another"))
        return money

    money = run(main())
    assert {row.account for row in run(money.ledger.rows())} == {"all||"}


def test_two_attempts_at_once_share_a_task_without_a_name() -> None:
    """What a hedge holds is not free for the other; in mode queue the second waits for it."""
    policy = CostManagementPolicy(per_task_usd=usd(150), mode="queue")
    seen: list[int] = []

    class Seen:
        def on_event(self, event: RouterEvent) -> None:
            assert isinstance(event, BudgetWarning)
            seen.append(event.used_pico)

    async def main() -> None:
        money = LedgerBudget(policy, MemoryLedger(), hooks=Hooks([Seen()]))
        first = await money.reserve(claim(1, call_id="c"))
        waiting = asyncio.create_task(money.reserve(claim(2, call_id="c", spent_pico=20 * TOKEN)))
        await asyncio.sleep(0.01)
        assert not waiting.done()
        await money.settle(first, record(first, 20))
        await money.settle(await waiting, record(first, 110))

    run(main())
    assert seen == [130 * TOKEN]


def test_a_day_ends_at_local_midnight() -> None:
    """A daily limit begins anew with the local day, and the refusal says when that is."""
    berlin = Window(span="day", zone="Europe/Berlin")
    policy = CostManagementPolicy(limits=(Limit(name="daily", usd=usd(100), window=berlin),))
    now = [1_774_738_800.0 - 1]  # a second before midnight of 29 March 2026, a day of 23 hours

    async def main() -> str:
        money = LedgerBudget(policy, MemoryLedger(wall=lambda: now[0]), wall=lambda: now[0])
        await money.reserve(claim(1))
        now[0] += 1
        await money.reserve(claim(2))
        with pytest.raises(BudgetExceeded) as refused:
            await money.reserve(claim(3))
        assert refused.value.resets_at
        return refused.value.resets_at.isoformat()

    assert run(main()) == "2026-03-29T22:00:00+00:00"


class DownLedger(MemoryLedger):
    """A store that can be switched off."""

    down = True

    async def reserve(self, hold_id: str, scopes: Any, amount_pico: int, *, ttl_s: float) -> Any:
        self._check()
        return await super().reserve(hold_id, scopes, amount_pico, ttl_s=ttl_s)

    async def settle(self, hold_id: str, settlement: Any) -> bool:
        self._check()
        return await super().settle(hold_id, settlement)

    def _check(self) -> None:
        if self.down:
            raise LedgerUnavailable("the store is down")


def test_a_store_that_is_down_fails_closed() -> None:
    """Without a word about it, nothing is admitted that could not be held, and nothing is left."""

    async def main() -> None:
        ledger = DownLedger()
        policy = CostManagementPolicy(limits=(Limit(name="total", usd=1),))
        money = LedgerBudget(policy, ledger)
        with pytest.raises(LedgerUnavailable):
            await money.reserve(claim(1, limit_pico=100 * TOKEN))
        ledger.down = False
        assert await money.reserve(claim(1, limit_pico=100 * TOKEN))

    run(main())


def test_a_store_may_fail_open_by_choice() -> None:
    """Then calls go through, and what they cost is posted as soon as the store is back."""

    async def main() -> tuple[int, int]:
        ledger = DownLedger()
        policy = CostManagementPolicy(limits=(Limit(name="total", usd=usd(10), store_down="open"),))
        money = LedgerBudget(policy, ledger)
        for number in range(3):
            grant = await money.reserve(claim(number))
            await money.settle(grant, record(grant, 7))
        ledger.down = False
        free = Scope(name="other")
        assert isinstance(await ledger.reserve("x", [free], 1, ttl_s=1), Reservation)
        ledger.down = True
        last = await money.reserve(claim(3))
        ledger.down = False
        await money.settle(last, record(last, 7))
        return await used(money)

    assert run(main()) == (28, 0)


def test_a_late_answer_puts_an_expired_hold_right(tmp_path: Path) -> None:
    """A process that was only slow settles after its hold expired: the truth stands in the end."""
    now = [1.8e9]

    async def main() -> tuple[int, int]:
        ledger = SqliteLedger(tmp_path / "ledger.db", wall=lambda: now[0])
        money = LedgerBudget(
            CostManagementPolicy(limits=(Limit(name="total", usd=1),), hold_ttl_s=60),
            ledger,
            wall=lambda: now[0],
        )
        grant = await money.reserve(claim())
        now[0] += 61
        assert len(await ledger.sweep()) == 1
        await money.settle(grant, record(grant, 7))
        await money.settle(grant, record(grant, 7))
        assert await ledger.audit() == ()
        result = await used(money)
        await money.aclose()
        return result

    assert run(main()) == (7, 0)


@given(
    limit=st.integers(0, 500),
    calls=st.lists(
        st.tuples(st.integers(0, 200), st.integers(0, 100), st.integers(0, 3)), max_size=30
    ),
    mode=st.sampled_from(["strict", "clamp", "downgrade", "queue"]),
)
def test_no_mode_that_binds_ever_goes_over(
    limit: int, calls: list[tuple[int, int, int]], mode: str
) -> None:
    """Whatever calls come in whatever order, posted + held stays within the limit, and nothing
    is held in the end."""

    async def main() -> None:
        money = budget(limit, mode=mode)

        async def call(number: int, tokens: int, percent: int, turns: int) -> None:
            soon = asyncio.get_running_loop().time() + 0.002
            try:
                grant = await money.reserve(claim(number, tokens, deadline_s=soon))
            except BudgetExceeded:
                return
            for _ in range(turns):
                assert sum(await used(money)) <= limit
                await asyncio.sleep(0)
            spent = grant.amount_pico // TOKEN * percent // 100
            await money.settle(grant, record(grant, spent))
            assert sum(await used(money)) <= limit

        await asyncio.gather(*(call(n, *values) for n, values in enumerate(calls)))
        assert (await used(money))[1] == 0

    run(main())


def test_a_thousand_at_once_cost_what_they_cost() -> None:
    """1,000 concurrent calls on one limit: the difference to their own bill is 0 pico-dollars."""

    async def main() -> int:
        money, spent = budget(40_000), 0

        async def call(number: int) -> None:
            nonlocal spent
            try:
                grant = await money.reserve(claim(number))
            except BudgetExceeded:
                return
            await asyncio.sleep(0)
            spent += number % 101
            await money.settle(grant, record(grant, number % 101))

        await asyncio.gather(*map(call, range(1_000)))
        posted, held = await used(money)
        assert held == 0
        return posted - spent

    assert run(main()) == 0


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (lambda: Limit(name="x", usd=-1), ValueError, "-1 is negative"),
        (lambda: Limit(name="x", usd=0.5), TypeError, 'write "0.5"'),
        (lambda: Limit(name="x", usd=1, per="team"), ConfigError, "'team' is none of '', 'task'"),
        (lambda: Limit(name="x", usd=1, mode="hard"), ConfigError, "'hard' is none of strict"),  # type: ignore[arg-type]
        (lambda: CostManagementPolicy(daily_usd="-2"), ValueError, "-2 is negative"),
        (lambda: CostManagementPolicy(warn_percent=0), ConfigError, "it is from 1 to 100"),
        (
            lambda: CostManagementPolicy(daily_usd=1, limits=(Limit(name="daily", usd=1),)),
            ConfigError,
            "limit 'daily': the name is taken",
        ),
    ],
)
def test_limits_that_make_no_sense(make: Any, error: type[Exception], says: str) -> None:
    """A negative amount, a float, a wrong word and a name twice are refused when written."""
    with pytest.raises(error, match=says):
        make()
