"""Token counts: deterministic, and never zero for something."""

from fakeservers.behaviour.tokens import count_chat, count_request, count_text
from fakeservers.canonical import Reply, Text, Thinking, Tool
from tests.fakeservers.support import chat


def test_a_longer_text_has_more_tokens():
    """About one a word in English."""
    assert count_text("") == 0
    assert 8 <= count_text("The quick brown fox jumps over the lazy dog.") <= 11


def test_tools_cost_prompt_tokens():
    """A request with a tool counts more than the same without."""
    tool = Tool(name="f", description="Adds", parameters={"type": "object"})
    assert count_request(chat(tools=(tool,))) > count_request(chat()) > 0


def test_thinking_is_part_of_the_output():
    """Reasoning tokens are counted, and told apart."""
    usage = count_chat(chat(), [Reply(parts=(Thinking("a b c"), Text("d")))])
    assert 0 < usage.reasoning_tokens < usage.output_tokens
