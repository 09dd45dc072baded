"""Nothing scripted: the fake behaves like a cooperative model, so the agent's loop ends."""

from weather_agent import ask


def test_the_agent_looks_up_the_weather(llmsim):
    """The model calls the tool, gets its result, and answers with it."""
    assert "rain in Oslo" in ask("What is the weather in Oslo?")
    assert len(llmsim.claude.calls) == 2
