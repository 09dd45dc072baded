"""One interface: a mock where only the program matters, a fake where the wire matters too."""

import asyncio

from translator import new_client, translate

from router import MockLLMClient


def test_with_a_mock():
    """No network, no provider: what the program makes of an answer."""
    mock = MockLLMClient("openai").with_responses(["Bonjour."])
    assert asyncio.run(translate(mock, "Hello.", "French")) == "Bonjour."
    assert mock.call_count() == 1


def test_with_the_provider_s_own_wire(llmsim):
    """The same program through the official SDK: the system prompt arrives."""
    llmsim.openai.on(system="French", prompt="Hello").replies("Bonjour.")
    assert asyncio.run(translate(new_client(), "Hello.", "French")) == "Bonjour."


def test_the_environment_chooses(monkeypatch):
    """What is real in production is a mock here, without a change to the program."""
    monkeypatch.setenv("LLMSIM_OPENAI", "mock")
    assert "mock" in asyncio.run(translate(new_client(), "Hello.", "French"))
