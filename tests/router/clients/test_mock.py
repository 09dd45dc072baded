"""The client that needs no network."""

import asyncio

import pytest

from router.clients.base import LLMClient, ProviderFailure
from router.clients.mock import MockLLMClient
from router.types import LLMRequest, LLMResponse, Text, ToolCall, as_request

from .support import Heard, hear

HELLO = as_request("Hello there")


def _complete(client: MockLLMClient, request: LLMRequest = HELLO) -> LLMResponse:
    return asyncio.run(client.complete(request))


def _heard(client: MockLLMClient) -> Heard:
    async def listen() -> Heard:
        return hear([event async for event in client.stream(HELLO)])

    return asyncio.run(listen())


def test_it_is_a_client() -> None:
    """It has all that the router asks of a client, and costs nothing."""
    client = MockLLMClient("claude")
    assert isinstance(client, LLMClient) and client.name == "claude"
    assert client.cost_per_1k_tokens == 0 and client.available


def test_responses_in_turn_and_round_again() -> None:
    """Answers come in turn and round again, and calls are counted."""
    client = MockLLMClient("a").with_responses(["one", "two"])
    assert [_complete(client).text for _ in range(3)] == ["one", "two", "one"]
    assert client.call_count() == 3 and client.requests == (HELLO,) * 3


def test_failures_are_scripted() -> None:
    """An exception among the responses is raised, in its turn."""
    down = ProviderFailure("overloaded", certainty="response_started", status=503)
    client = MockLLMClient("a").with_responses([down, "up again"])
    with pytest.raises(ProviderFailure) as caught:
        _complete(client)
    assert caught.value is down and _complete(client).text == "up again"


def test_streams_add_up() -> None:
    """A stream says what the whole answer says."""
    call = ToolCall(id="call_1", name="look", arguments={"at": "sky"})
    whole = LLMResponse(parts=(Text("Let me  look."), call), finish_reason="tool_calls", usage=None)
    said = _heard(MockLLMClient("a").with_responses([whole]))
    assert (said.text, said.finish_reason) == ("Let me  look.", "tool_calls")
    assert said.calls == {0: {"id": "call_1", "name": "look", "arguments": '{"at":"sky"}'}}


def test_a_stream_can_break() -> None:
    """One call's stream fails where it is told to, the next is whole."""
    cut = ProviderFailure("stream_cut", certainty="response_started")
    client = MockLLMClient("a").with_responses(["one two three"])
    client.with_broken_stream(cut, call=1, after_events=2)
    with pytest.raises(ProviderFailure):
        _heard(client)
    assert _heard(client).text == "one two three"


def test_no_finish_is_a_cut_stream() -> None:
    """A scripted answer without a finish reason streams as one that was cut."""
    client = MockLLMClient("a").with_responses(
        [LLMResponse(parts=(Text("half"),), finish_reason=None, usage=None)]
    )
    with pytest.raises(ProviderFailure, match="no finish_reason"):
        _heard(client)


def test_nothing_to_say_is_refused() -> None:
    """An empty script, and what is no response, are told when they are written."""
    with pytest.raises(ValueError, match="nothing to say"):
        MockLLMClient("a").with_responses([])
    with pytest.raises(TypeError, match="a response is"):
        MockLLMClient("a").with_responses([42])  # type: ignore[list-item]
