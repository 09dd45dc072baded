"""Load scenarios: arrivals, places, latency from the arrival, limits, their report."""

import asyncio
import time

import pytest

from fakeservers import overloaded
from pytest_llmsim.load import Load, Outcome, report, run_load, shortfalls


def run(load, visit, seed=0):
    """The outcomes of a load without any fake, in virtual time."""
    from fakeservers import simulate

    with simulate() as sim:
        return sim.run(run_load(load, visit, seed=seed))


def test_arrivals_do_not_wait_for_answers():
    """One visit a second, each of ten seconds: all arrive in time."""
    load = Load(arrivals_per_s=1, duration_s=60, spacing="even")
    outcomes = run(load, lambda: asyncio.sleep(10))
    assert len(outcomes) == 59
    assert {round(outcome.took_s, 6) for outcome in outcomes} == {10.0}


def test_waiting_for_a_place_counts():
    """With one place every visit of 2 s waits for all before it, and its latency says so."""
    load = Load(arrivals_per_s=1, duration_s=5, concurrency=1, spacing="even")
    outcomes = run(load, lambda: asyncio.sleep(2))
    assert [round(outcome.took_s, 6) for outcome in outcomes] == [2, 3, 4, 5]


def test_users_who_come_again():
    """Without arrivals so many users ask one after another until the time is over."""
    outcomes = run(Load(concurrency=3, duration_s=10), lambda: asyncio.sleep(1))
    assert len(outcomes) == 30


def test_the_same_seed_is_the_same_load():
    """Random arrivals depend on the seed alone."""
    load = Load(arrivals_per_s=3, duration_s=30)
    first, again, other = (run(load, lambda: asyncio.sleep(0), seed) for seed in (1, 1, 2))
    assert first == again != other
    assert 60 < len(first) < 120


def test_limits_that_were_not_kept_are_told():
    """Each with what was, and what was wanted."""
    load = Load(arrivals_per_s=1, success_min=0.9, p50_s_max=1, p95_s_max=3, cost_usd_max=0)
    outcomes = [Outcome(arrived_s=n, took_s=2, error="E: x" if n < 2 else "") for n in range(10)]
    assert shortfalls(load, outcomes, None) == [
        "success 0.8000, wanted at least 0.9 (success_min)",
        "p50 2.000 s, wanted at most 1 (p50_s_max)",
    ]
    assert "     2 x E: x" in report(load, outcomes, None).splitlines()


@pytest.mark.llmsim_load(arrivals="2/s", duration="10m", success_min=1, p99_s_max=1)
@pytest.mark.llmsim_fault("claude", overloaded(), between=("2m", "5m"))
async def test_a_router_bears_an_outage(llmsim, llmsim_async_router):
    """Ten minutes of load over an outage of three pass in moments, and nobody is lost."""
    assert time.monotonic() == llmsim.now  # virtual
    await llmsim_async_router.complete("hello", chain=["claude", "openai"])


BROWNOUT = """
import pytest
from fakeservers import overloaded

@pytest.mark.llmsim_load(arrivals="1/s", duration="1m", spacing="even", success_min=0.99)
@pytest.mark.llmsim_fault("claude", overloaded(), between=("10s", "20s"))
async def test_it(llmsim, llmsim_async_router):
    await llmsim_async_router.complete("hello", chain=["claude"], attempts_max=1)
"""


def test_a_load_that_is_not_borne_fails_with_its_course(pytester):
    """One F with the limit, and a section with sums, errors and time."""
    pytester.makepyfile(BROWNOUT)
    result = pytester.runpytest("-q")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "llmsim: the load was not borne: success 0.*, wanted at least 0.99 (success_min)",
            "*llmsim load*",
            "59 visits in 60 s, * succeeded (*%)",
            "latency p50 *s, p95 *s, p99 *s",
            "* x AllAttemptsFailed: *",
            "    from  visits  failed       p50       p95",
            "    0.0s       4       0 *",
            "   10.0s       5       5         -         -",
        ]
    )


@pytest.mark.parametrize(
    ("marker", "told"),
    [
        (
            "duration='1m', arrival='5/s'",
            "*llmsim_load(arrival=...): it takes arrivals, duration, concurrency, spacing, "
            "success_min, p50_s_max, p95_s_max, p99_s_max, cost_usd_max, virtual. Did you mean "
            "'arrivals'?",
        ),
        ("duration='1m'", '*llmsim_load needs arrivals="5/s", concurrency=10, or both.'),
        ("arrivals='fast'", '*arrivals is a rate such as "5/s" or "300/min", not \'fast\'.'),
        ("arrivals=1, duration='x'", "*duration is a time such as 90 or \"10m\", not 'x'."),
        ("arrivals=1, spacing='x'", "*spacing is poisson or even, not 'x'."),
        ("arrivals=1, success_min=99", "llmsim_load: success_min is a share from 0 to 1, not 99."),
        ("arrivals=1, p99_s_max='x'", "llmsim_load: p99_s_max is a number of seconds, not 'x'."),
        ("arrivals=1, virtual='no'", "llmsim: virtual is True or False, not 'no'."),
        ("arrivals=1, concurrency=0", "*concurrency is a whole number from 1, not 0."),
        ("arrivals=9999, duration='1h'", "*visits are more than 100,000: shorten duration or *"),
        ("'5/s'", "*llmsim_load(...) takes keywords only."),
    ],
)
def test_a_wrong_load_is_told(pytester, marker, told):
    """What was written, and what may be."""
    pytester.makepyfile(
        f"import pytest\n@pytest.mark.llmsim_load({marker})\nasync def test_it(llmsim): pass"
    )
    result = pytester.runpytest("-q")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([told])


def test_a_load_is_for_a_coroutine_function(pytester):
    """Others cannot be visited by many at a time."""
    pytester.makepyfile(
        "import pytest\n@pytest.mark.llmsim_load(arrivals=1)\ndef test_it(llmsim): pass"
    )
    result = pytester.runpytest("-q")
    result.stdout.fnmatch_lines(["*test_it: llmsim_load is for a coroutine function: async def."])


def test_visits_must_succeed_unless_it_is_said_how_many():
    """Without success_min a single failure is one too many, and latency of none is not kept."""
    load = Load(arrivals_per_s=1, p99_s_max=3)
    outcomes = [Outcome(arrived_s=0, took_s=2, error="E: x")]
    assert shortfalls(load, outcomes, None) == [
        "success 0.0000, wanted at least 1 (success_min)",
        "p99 of no successful visit, wanted at most 3 (p99_s_max)",
    ]


def test_a_load_in_real_time(pytester):
    """virtual=False lets real time pass, over real sockets."""
    pytester.makepyfile(
        """
        import httpx, pytest

        @pytest.mark.llmsim_load(concurrency=2, duration=0.2, success_min=1, virtual=False)
        async def test_it(llmsim):
            async with httpx.AsyncClient(verify=False) as client:
                await client.get(llmsim.ollama.url + "/api/version")
        """
    )
    result = pytester.runpytest("-q", "--llmsim-report")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*llmsim load: *test_it*", "* visits in 0.2 s, *(100.00%)"])
