"""A chain of providers: what its user gets, and what each failure costs."""

import pytest
from briefing import SORRY, briefing

from fakeservers import overloaded, quota_exhausted, reset, slow_first_byte

NEWS = ["It rains.", "Nobody minds."]


def test_the_second_steps_in(llmsim, llmsim_router):
    """Claude has no capacity, twice; its errors are not billed, the answer is."""
    llmsim.claude.fails(overloaded(), times=2)
    llmsim.openai.on(prompt="briefing").replies("It rains, and nobody minds.")
    text, way = briefing(llmsim_router, NEWS)
    assert text == "It rains, and nobody minds."
    assert way == ["claude: overloaded", "claude: overloaded", "openai: ok"]
    assert llmsim_router.costs.total == llmsim.bill.total == llmsim.openai.bill.total


@pytest.mark.llmsim(virtual=True)
def test_the_third_steps_in_after_silence_and_an_empty_purse(llmsim, llmsim_router):
    """OpenAI's quota is known at once; Claude's connection is broken."""
    llmsim.claude.fails(reset())
    llmsim.openai.fails(quota_exhausted())
    text, way = briefing(llmsim_router, NEWS)
    assert text != SORRY
    assert way == ["claude: reset_early", "claude: reset_early", "openai: quota", "gemini: ok"]


@pytest.mark.llmsim(virtual=True)
def test_the_reader_waits_two_minutes_at_most(llmsim, llmsim_router):
    """Everyone is slow: hours in the world's time, none in the test's."""
    for fake in (llmsim.claude, llmsim.openai, llmsim.gemini):
        fake.fails(slow_first_byte(3600))
        fake.unused = "allow"
    with pytest.raises(TimeoutError):
        briefing(llmsim_router, NEWS)
    assert llmsim.now == 120
