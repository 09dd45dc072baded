"""Scenario files: that those that come along can be used, and what a wrong one is told."""

import pytest
import tomli_w

from fakeservers import parse_scenario
from loadtests.errors import ScenarioError
from loadtests.scenario import known_scenarios, load_scenario

BASE = 'title = "x"\nbase = "_two_providers"\n'


@pytest.mark.parametrize("smoke", [False, True], ids=["whole", "smoke"])
@pytest.mark.parametrize("name", known_scenarios())
def test_what_comes_along_can_be_used(name, smoke):
    """The fakes take its part, and it has a limit that a run can miss."""
    scenario = load_scenario(name, smoke=smoke)
    parse_scenario(tomli_w.dumps(dict(scenario.fakes)))
    assert scenario.slo.success_rate_min is not None
    assert scenario.duration_s <= (10 if smoke else 60)


def test_the_seven_scenarios_are_there():
    """Each kind of failure has one."""
    assert known_scenarios() == [
        "brownout", "budget", "cuts", "outage", "rate-limits", "recovery", "slow-tokens",
    ]  # fmt: skip


def test_smoke_makes_every_time_shorter():
    """The windows of the faults too; rates and the gateway's own times are written anew."""
    whole, smoke = load_scenario("brownout"), load_scenario("brownout", smoke=True)
    assert (whole.faults[0].start_s, whole.faults_end_s) == (20, 40)
    assert (smoke.faults[0].start_s, smoke.faults_end_s) == (2, 4)
    assert smoke.fakes["claude"]["rules"][0]["between"] == [2, 4]
    assert smoke.gateway["router"]["breaker"]["open_cap_s"] == 1


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[sloo]\n", "'sloo' is not known here. Did you mean 'slo'?"),
        ("[slo]\nlost_maximum = 1\n", "[slo] has no 'lost_maximum'. Did you mean 'lost_max'?"),
        ("[mix]\nchatt = 1\n", "[mix] says how often chat, stream, agent come"),
        ('[shape]\nkind = "spike"\n', "[shape] kind is soak, steps (levels=), spike (factor="),
        ('[arrivals]\nkind = "steady"\n', "arrivals are poisson, constant or gamma"),
        (
            "[smoke]\ntime_scales = 0.1\n",
            "[smoke] has no 'time_scales'. Did you mean 'time_scale'?",
        ),
        ("[lengths]\noutput = 3\n", "[lengths] has no 'output'"),
        ("duration_s = 0\n", "duration_s is more than 0"),
        ('duration_s = "long"\n', "duration_s is a number, not 'long'."),
        ("shape = 5\n", "[shape] is a table, not 5."),
        ("[lengths]\ninput_words = 5\n", "[input_words] is a table, not 5."),
        ('[arrivals]\nrate_per_s = "fast"\n', "[arrivals] rate_per_s is a number, not 'fast'."),
        ("[slo]\nlost_max = true\n", "[slo] lost_max is a number, not True."),
        ("[gateway]\nproviders = []\n", "[[gateway.providers]] is missing"),
        ('[[fakes.claude.rules]]\nfails = 503\nbetween = ["soon", 5]\n', "a time is seconds"),
    ],
)
def test_what_is_wrong_is_told(tmp_path, text, told):
    """With the file, and the nearest thing that there is."""
    path = tmp_path / "mine.toml"
    path.write_text(BASE + text)
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path)
    assert str(caught.value).startswith("mine.toml: ")
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('title = "x"\n', "mine.toml: duration_s is missing."),
        ('title = "x"\nduration_s = 9\n[gateway]\n', "mine.toml: [[gateway.providers]] is missing"),
        ('base = "nowhere"\n', "mine.toml: its base is 'nowhere', and there is neither"),
        ("title =\n", "mine.toml: Invalid value"),
    ],
)
def test_what_is_missing_is_told(tmp_path, text, told):
    """By its key, in a file that stands alone."""
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path)
    assert str(caught.value).startswith(told)


def test_an_unknown_name_is_told():
    """With the nearest, and those that there are."""
    with pytest.raises(ScenarioError, match="Did you mean 'brownout'"):
        load_scenario("brownot")
