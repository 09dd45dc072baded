"""`--set`: what it changes, and what a wrong one is told."""

import pytest

from loadtests.changes import read_changes
from loadtests.errors import ScenarioError
from loadtests.scenario import load_scenario, scenario_data, scenario_path
from loadtests.shapes import Spike


def test_keys_are_written_over_the_file():
    """Inner ones too, by TOML or as a word; the rest stays."""
    given = ["shape.kind=spike", "shape.factor=4", "shape.between=[10, 20]", "mix.agent=0"]
    scenario = load_scenario("brownout", changes=read_changes(given))
    assert scenario.shape == Spike(factor=4, window=(10, 20))
    assert scenario.mix == {"chat": 4, "stream": 5, "agent": 0}
    assert scenario.duration_s == load_scenario("brownout").duration_s


def test_what_was_run_is_one_file():
    """With its base and its changes in it."""
    data = scenario_data(scenario_path("brownout"), read_changes(["users=9"]))
    assert (data["users"], "base" in data) == (9, False)
    assert data["gateway"]["providers"][0]["name"] == "claude"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("users", "--set takes key=value or table.key=value, not 'users'"),
        ("=3", "--set takes key=value"),
        ("slo.lost=1", "[slo] has no 'lost'. Did you mean 'lost_max'?"),
        ("shape.kind=wave", "[shape] kind is soak, steps"),
        ("arrivals.rate_per_s=fast", "[arrivals] rate_per_s is a number, not 'fast'"),
    ],
)
def test_what_is_wrong_is_told(given, told):
    """Before anything runs."""
    with pytest.raises(ScenarioError) as caught:
        load_scenario("brownout", changes=read_changes([given]))
    assert told in str(caught.value)
