"""The fixtures of the router: over the test's own fakes, with a budget and costs in memory."""

import asyncio
from decimal import Decimal

import pytest

from fakeservers import overloaded
from pytest_llmsim import routing
from router import AllAttemptsFailed, BudgetExceeded


def test_the_router_falls_back_as_scripted(llmsim, llmsim_router, llmsim_costs):
    """`llmsim_router` asks the fakes of the test, and its costs are what was spent."""
    llmsim.claude.fails(overloaded(), times=2)
    llmsim.openai.on(prompt="capital of France").replies("Paris.")
    answer = llmsim_router.complete("What is the capital of France?")
    assert (answer.text, answer.provider) == ("Paris.", "openai")
    assert answer.cost == llmsim_costs.total > 0
    llmsim.claude.unused = "allow"


def test_the_async_router_shares_costs_with_the_other(
    llmsim, llmsim_router, llmsim_async_router, llmsim_costs
):
    """Both routers of a test add up into one tracker and one budget."""
    llmsim.claude.replies("Hi.")
    first = asyncio.run(llmsim_async_router.complete("a"))
    second = llmsim_router.complete("b")
    assert llmsim_costs.total == first.cost + second.cost
    assert llmsim_router.budget is llmsim_async_router.budget


@pytest.mark.llmsim_budget(daily_usd="0")
def test_a_marker_limits_the_budget(llmsim, llmsim_router, llmsim_budget):
    """The limits of `llmsim_budget` hold for the routers: what does not fit is not sent."""
    with pytest.raises(BudgetExceeded):
        llmsim_router.complete("hello")
    assert llmsim_budget.policy.daily_usd == "0"
    assert llmsim.journal == ()


@pytest.mark.llmsim_budget(daily_usd="0")
class TestNested:
    """Markers of an outer thing, of which the closest wins."""

    @pytest.mark.llmsim_budget(daily_usd="1", mode="clamp")
    def test_the_closest_budget_wins(self, llmsim_budget):
        """A test's own limit replaces that of its class."""
        assert (llmsim_budget.policy.daily_usd, llmsim_budget.policy.mode) == ("1", "clamp")


@pytest.mark.llmsim(virtual=True)
def test_the_router_waits_in_virtual_time(llmsim, llmsim_router):
    """In a simulated world the synchronous router lives in the world's time."""
    llmsim.claude.paces(ttft=60)
    assert llmsim_router.complete("hello", chain=["claude"]).provider == "claude"
    assert llmsim.now >= 60


@pytest.mark.llmsim(virtual=True)
async def test_the_sync_router_is_refused_inside_of_a_world(llmsim, llmsim_router):
    """Where nobody could answer, the message names the fixture to take."""
    with pytest.raises(RuntimeError, match="take the fixture llmsim_async_router"):
        llmsim_router.complete("hello")


@pytest.mark.llmsim(virtual=True)
async def test_the_async_router_in_virtual_time(llmsim, llmsim_async_router):
    """Coroutines of a simulated world await the other router."""
    llmsim.openai.paces(ttft=30)
    answer = await llmsim_async_router.complete("hello", chain=["openai"])
    assert answer.cost > Decimal(0)
    assert llmsim.now >= 30


def test_a_project_that_has_a_router_is_told(pytester):
    """A router.py of the project is named, and nothing of it is used."""
    path = pytester.makepyfile(router="x = 1")
    pytester.makepyfile("def test_one(llmsim_router): pass")
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [
            f"llmsim: `import router` found {path}, which hides the router that pytest-llmsim "
            "brings. Rename it, or take its parent off sys.path, or define the fixture "
            "llmsim_router in a conftest.py of your own."
        ]
    )


def test_a_router_of_the_project_that_is_not_asked_for_is_left_alone(pytester):
    """Who does not use the router's fixtures may have a router.py."""
    pytester.makepyfile(router="x = 1")
    pytester.makepyfile("import router\ndef test_one(llmsim): assert router.x == 1")
    pytester.runpytest_subprocess().assert_outcomes(passed=1)


def test_the_project_names_its_configuration(pytester):
    """The fixture llmsim_router_config is overridden in a conftest; the file's budget is kept in
    memory."""
    config = pytester.makefile(
        ".toml",
        providers="[[providers]]\nname = 'openai'\nmodel = 'gpt-4o-mini'\n"
        "[budget]\nledger = 'sqlite:spent.db'\ndaily_usd = 1\n",
    )
    pytester.makeconftest(
        f"import pytest\n@pytest.fixture\ndef llmsim_router_config(): return {str(config)!r}"
    )
    pytester.makepyfile(
        """
        def test_one(llmsim, llmsim_router, llmsim_budget):
            assert llmsim_router.complete("hello").provider == "openai"
            assert llmsim_budget.policy.daily_usd == 1
        """
    )
    pytester.runpytest().assert_outcomes(passed=1)
    assert not (pytester.path / "spent.db").exists()


@pytest.mark.parametrize(
    ("marker", "told"),
    [
        (
            "dayly_usd='1'",
            "llmsim_budget(dayly_usd=...): it takes per_task_usd, daily_usd, monthly_usd, zone, "
            "limits, mode, warn_percent, store_down, output_tokens_default, clamp_tokens_min, "
            "hold_ttl_s. Did you mean 'daily_usd'?",
        ),
        ("daily_usd=0.1", 'llmsim_budget: 0.1 is a float, and money is exact: write "0.1" or *'),
        ("'1'", "llmsim_budget(...) takes keywords only."),
    ],
)
def test_a_wrong_budget_is_a_usage_error(pytester, marker, told):
    """A wrong key or value names those that are allowed."""
    pytester.makepyfile(
        f"import pytest\n@pytest.mark.llmsim_budget({marker})\ndef test_one(llmsim_router): pass"
    )
    result = pytester.runpytest()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"*{told}"])


def test_a_router_asks_those_whose_sdk_is_installed(llmsim, monkeypatch, request):
    """A program that uses one SDK needs no other for its tests."""
    monkeypatch.setattr(routing, "_is_installed", lambda package: package == "openai")
    router = request.getfixturevalue("llmsim_router")
    assert router.complete("Hello.").provider == "openai"
    assert llmsim.claude.calls == ()


@pytest.mark.llmsim_chain("ollama")
class TestChained:
    """Markers of an outer thing, of which the closest wins."""

    @pytest.mark.llmsim_chain("gemini", "openai")
    def test_a_marker_names_the_chain(self, llmsim, llmsim_router):
        """Its providers are asked in its order, and no other, though others would answer."""
        llmsim.gemini.fails(503)
        llmsim.openai.fails(401)
        with pytest.raises(AllAttemptsFailed) as caught:
            llmsim_router.complete("hello")
        asked = [attempt.provider for attempt in caught.value.attempts]
        assert asked[0] == "gemini" and set(asked) == {"gemini", "openai"}
        assert not llmsim.claude.calls and not llmsim.ollama.calls

    def test_the_chain_of_the_class(self, llmsim_router):
        """Where the test has none of its own."""
        assert llmsim_router.complete("hello").provider == "ollama"


@pytest.mark.parametrize(
    ("marker", "told"),
    [
        ("'clade'", "llmsim_chain: there is no provider 'clade'; did you mean 'claude'? *"),
        ("", "llmsim_chain takes names of providers: llmsim_chain('claude', 'openai')."),
        ("['claude']", "llmsim_chain takes names of providers: llmsim_chain('claude', 'openai')."),
    ],
)
def test_a_wrong_chain_is_a_usage_error(pytester, marker, told):
    """It names those that there are."""
    pytester.makepyfile(
        f"import pytest\n@pytest.mark.llmsim_chain({marker})\ndef test_one(llmsim_router): pass"
    )
    result = pytester.runpytest()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"*{told}"])
