"""A provider that fails on demand, with its own status and its own words."""

from failover import summary

from fakeservers import overloaded


def test_gemini_steps_in_when_claude_is_overloaded(llmsim):
    """A 529 from Claude costs one try, and the user still gets a summary."""
    llmsim.claude.fails(overloaded(), times=1)
    llmsim.gemini.on(prompt="Summarise").replies("It rained.")
    assert summary("All day long it rained.") == "It rained."
