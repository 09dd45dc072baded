"""Universes in projects of their own, by pytester, and the strategies that they draw from."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakeservers import ScriptError, cut, dump_scenario, http_error, parse_scenario
from pytest_llmsim.strategies import KINDS, scenarios

PROGRAM = """
    import asyncio
    from pytest_llmsim.universes import sometimes, universes

    BODY = {"model": "gpt-5", "input": "Hello"}

    async def ask(sim, provider="openai"):
        path, body = {
            "openai": ("/responses", BODY),
            "ollama": ("/api/embed", {"model": "llama3.2", "input": "Hello"}),
        }[provider]
        try:
            return (await sim.post(provider, path, body, timeout_s=5)).status == 200
        except (ConnectionError, TimeoutError):
            return False
"""


@pytest.fixture
def project(pytester):
    """A project whose program asks once, and says whether it was answered."""
    pytester.makepyfile(program=PROGRAM)
    return pytester


def test_every_universe_is_its_own(project):
    """As many worlds as asked for, each from time 0; other parameters are fixtures."""
    project.makepyfile(
        """
        import pytest
        from program import ask, universes

        worlds = []

        @pytest.fixture
        def start():
            return 0.0

        @universes(providers=["openai"], examples=20)
        async def test_it(sim, start):
            worlds.append(str(sim.scenario))
            assert sim.now == start
            await ask(sim)

        def test_worlds():
            assert len(worlds) == 20
            assert len(set(worlds)) > 10
        """
    )
    project.runpytest().assert_outcomes(passed=2)


FAILING = """
    from program import asyncio, ask, universes

    @universes(providers=["openai", "ollama"], horizon_s=30, kinds=KINDS, examples=200)
    async def test_it(sim):
        for _ in range(30):
            assert await ask(sim) or await ask(sim, "ollama")
            await asyncio.sleep(1)
"""


def test_a_failure_is_shrunk_and_replayed(project):
    """Two faults at the same instant are what is left; the printed line fails in the same way,
    in one world, and the timeline shows why."""
    project.makepyfile(FAILING.replace("KINDS", '["overloaded", "refused"]'))
    result = project.runpytest()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*llmsim: the smallest of * universes in which this fails:",
            "*Again with: pytest 'test_a_failure*::test_it' --llmsim-scenario='*test-it.toml'",
            "*openai #1 POST /v1/responses gpt-5 -> 503",
        ]
    )
    (schedule,) = (project.path / ".pytest_cache/d/llmsim").glob("*-test-it.toml")
    assert set(parse_scenario(schedule.read_text()).scripts) == {"openai", "ollama"}
    assert schedule.read_text().count("fails = ") == 2
    assert schedule.read_text().count("between = [0.0, 0.1]") == 2
    again = project.runpytest(f"--llmsim-scenario={schedule}")
    again.stdout.fnmatch_lines(["*the smallest of 1 universes*"])
    schedule.write_text("seed = 0")
    project.runpytest(f"--llmsim-scenario={schedule}").assert_outcomes(passed=1)


def test_a_seed_draws_the_same_universes(project):
    """Two runs with one seed meet the same worlds, another seed other ones."""
    project.makepyfile(
        """
        from program import universes

        @universes(examples=10)
        async def test_it(sim):
            with open("worlds", "a") as worlds:
                print(sim.scenario, file=worlds)
        """
    )
    drawn = []
    for seed in (1, 1, 2):
        project.runpytest(f"--llmsim-seed={seed}").assert_outcomes(passed=1)
        drawn.append((project.path / "worlds").read_text())
        (project.path / "worlds").unlink()
    assert drawn[0] == drawn[1] != drawn[2]


def test_invariants_hold_all_along(project):
    """An assertion that fails when the clock moves fails the test, though its body passes."""
    project.makepyfile(
        """
        from program import asyncio, universes

        def before_noon(sim):
            assert sim.now < 43200, "too late"

        @universes(always=[before_noon], examples=3)
        async def test_it(sim):
            try:
                await asyncio.sleep(86400)
            except BaseException:
                pass
        """
    )
    result = project.runpytest()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*AssertionError: too late*"])


@pytest.mark.parametrize(("opens_after_s", "outcome"), [(10, "passed"), (1000, "failed")])
def test_recovery_is_demanded(project, opens_after_s, outcome):
    """Some time after the last fault the probe must succeed: a breaker that stays open fails."""
    project.makepyfile(
        f"""
        from program import ask, universes

        class Breaker:
            open_until_s = 0.0

            async def ask(self, sim):
                if sim.now < self.open_until_s:
                    return False
                if not await ask(sim):
                    self.open_until_s = sim.now + {opens_after_s}
                    return False
                return True

        async def probe(sim):
            assert await sim.breaker.ask(sim)

        @universes(
            providers=["openai"], kinds=["refused"], recovers_within_s=30, probe=probe, examples=30
        )
        async def test_it(sim):
            sim.breaker = Breaker()
            await sim.breaker.ask(sim)
        """
    )
    project.runpytest().assert_outcomes(**{outcome: 1})


@pytest.mark.parametrize(
    ("kinds", "outcome"), [('["overloaded"]', "passed"), ('["slow"]', "failed")]
)
def test_what_must_sometimes_happen_is_demanded(project, kinds, outcome):
    """A run whose universes never met the interesting state has tested nothing, and fails."""
    project.makepyfile(
        f"""
        from program import ask, sometimes, universes

        @universes(providers=["openai"], kinds={kinds}, examples=40)
        async def test_it(sim):
            answer = await sim.post("openai", "/responses", {{"model": "gpt-5", "input": "Hi"}})
            sometimes("was overloaded", answer.status == 503)
        """
    )
    result = project.runpytest()
    result.assert_outcomes(**{outcome: 1})
    if outcome == "failed":
        result.stdout.fnmatch_lines(["*in 40 universes this never happened: was overloaded*"])


def test_plain_tests_have_universes_too(project):
    """A function that blocks, with a synchronous client."""
    project.makepyfile(
        """
        import httpx2, time
        from program import universes

        @universes(providers=["openai"], kinds=["server_error"], examples=5)
        def test_it(sim):
            time.sleep(0.1)
            assert httpx2.get(sim.openai.url + "/models").status_code in (401, 500)
        """
    )
    project.runpytest().assert_outcomes(passed=1)


@settings(max_examples=50)
@given(st.data())
def test_faults_stay_within_the_horizon(data):
    """Whatever is drawn begins and ends within the horizon, of the asked kinds and providers."""
    horizon_s = data.draw(st.sampled_from([0.2, 1, 60]))
    kinds = ["overloaded", http_error(404), cut(after_chunks=3)]
    drawn = scenarios(["claude"], horizon_s=horizon_s, kinds=kinds, faults_max=3)
    scripts = data.draw(drawn).scripts
    rules = scripts["claude"].rules if scripts else ()
    windows = [window for rule in rules for window in rule.schedule.windows]
    assert set(scripts) <= {"claude"}
    assert len(windows) == len(rules) <= 3
    assert all(0 <= w.start_s < w.end_s <= horizon_s for w in windows)
    assert all(r.fault == kinds[2] or r.error in (KINDS["overloaded"], kinds[1]) for r in rules)


@settings(max_examples=50)
@given(scenarios(seed=7))
def test_what_is_drawn_is_a_scenario_file(scenario):
    """Written and read back it is the same, so that what fails can be replayed."""
    text = dump_scenario(scenario)
    assert dump_scenario(parse_scenario(text)) == text


def test_an_unknown_kind_is_explained():
    """With the kinds that have names."""
    with pytest.raises(ScriptError, match="overloaded, rate_limited"):
        scenarios(kinds=["fire"])
