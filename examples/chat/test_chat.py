"""What is on the screen, whatever happens to the stream. Virtual time: no test waits."""

from pathlib import Path

import pytest
from chat import Chat

from fakeservers import cut, overloaded, stall, text

pytestmark = pytest.mark.llmsim(virtual=True)
STORY = text("Once upon a time.", chunks=["Once ", "upon ", "a ", "time."])


class Screen:
    def __init__(self):
        self.text = ""
        self.cleared = 0

    def clear(self):
        self.text, self.cleared = "", self.cleared + 1

    def show(self, piece):
        self.text += piece


@pytest.fixture
def llmsim_router_config():
    return str(Path(__file__).parent / "llm-providers.toml")


@pytest.fixture
def screen():
    return Screen()


@pytest.fixture
def chat(llmsim_async_router, screen):
    return Chat(llmsim_async_router, screen.show, screen.clear)


async def test_an_early_failure_is_not_seen(llmsim, chat, screen):
    """Nothing had been shown: the other provider's words are the first."""
    llmsim.claude.fails(overloaded())
    llmsim.openai.replies(STORY)
    assert await chat.say("Tell me a story.") == screen.text == "Once upon a time."
    assert screen.cleared == 0


@pytest.mark.parametrize("failure", [cut(after_chunks=2), stall(after_chunks=2)], ids=str)
async def test_a_late_failure_begins_anew(llmsim, chat, screen, failure):
    """Two words were shown; the screen is cleared before the other provider's come."""
    llmsim.claude.replies(STORY)
    llmsim.claude.fails(failure)
    llmsim.openai.replies("Long ago.")
    assert await chat.say("Tell me a story.") == screen.text == "Long ago."
    assert screen.cleared == 1


async def test_the_conversation_goes_on_elsewhere(llmsim, chat):
    """The next provider knows what was said before."""
    llmsim.claude.on(prompt="I am Ada").replies("Hello, Ada.")
    await chat.say("I am Ada.")
    llmsim.claude.fails(overloaded())
    await chat.say("Who am I?")
    said = [message.text for message in llmsim.openai.requests[-1].messages]
    assert said == ["I am Ada.", "Hello, Ada.", "Who am I?"]


async def test_both_halves_are_paid(llmsim, chat, llmsim_costs):
    """What Claude had said before it broke off is billed, and in the program's books."""
    llmsim.claude.replies(STORY)
    llmsim.claude.fails(cut(after_chunks=2))
    await chat.say("Tell me a story.")
    by_provider = llmsim_costs.cost_summary().providers
    assert by_provider["openai"].cost == llmsim.openai.bill.total
    assert by_provider["claude"].cost > 0 and llmsim.claude.bill.total > 0
