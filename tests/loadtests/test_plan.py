"""The plan: the same for everybody, bent by the shape, dealt out without loss."""

from dataclasses import replace

import pytest

from loadtests.collect import Share
from loadtests.plan import make_plan
from loadtests.scenario import Arrivals
from loadtests.shapes import make_shape

from .records import brownout


def due_between(plan, start_s, end_s):
    return sum(start_s <= planned.due_s < end_s for planned in plan)


def test_the_seed_decides_all():
    """The same twice, another for another seed; no two prompts alike."""
    scenario = brownout()
    plan = make_plan(scenario)
    assert plan == make_plan(scenario) != make_plan(replace(scenario, seed=8))
    assert len({planned.prompt for planned in plan}) == len(plan)


@pytest.mark.parametrize("kind", ["poisson", "constant", "gamma"])
def test_the_rate_is_kept(kind):
    """Within a tenth over a long time, however the gaps are spread."""
    arrivals = Arrivals(kind=kind, rate_per_s=20, burstiness=0.5)
    plan = make_plan(replace(brownout(), duration_s=300.0, arrivals=arrivals))
    assert len(plan) == pytest.approx(6000, rel=0.1)


@pytest.mark.parametrize(
    ("given", "quiet", "busy"),
    [
        ({"kind": "steps", "levels": [1, 4, 1]}, (0, 20), (20, 40)),
        ({"kind": "spike", "factor": 4, "between": [20, 40]}, (40, 60), (20, 40)),
        ({"kind": "window", "factor": 4}, (0, 20), (20, 40)),
    ],
    ids=lambda value: value["kind"] if isinstance(value, dict) else "",
)
def test_a_shape_bends_the_rate(given, quiet, busy):
    """Four times as many come while its level is four."""
    arrivals = Arrivals(kind="constant", rate_per_s=10)
    shape = make_shape(duration_s=60, faults=[(20, 40)], **given)
    plan = make_plan(replace(brownout(), arrivals=arrivals, shape=shape))
    assert due_between(plan, *busy) == pytest.approx(4 * due_between(plan, *quiet), abs=8)


@pytest.mark.parametrize("of", [1, 2, 3])
def test_shares_are_the_whole(of):
    """Every planned request is performed by exactly one worker."""
    plan = make_plan(brownout())
    shares = [Share(plan, index=index, of=of) for index in range(of)]
    taken = [planned for share in shares for planned in iter(share.take, None)]
    assert sorted(planned.number for planned in taken) == [p.number for p in plan]
