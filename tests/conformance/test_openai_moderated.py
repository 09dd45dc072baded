"""Answers that are moderated along the way, through the official openai SDK."""

from typing import Any

import openai
import pytest
from openai import OpenAI

from fakeservers import FakeServers
from tests.conformance.support import unknown_fields

MODERATION: Any = {"model": "omni-moderation-latest"}
CHAT: Any = {
    "model": "gpt-5",
    "messages": [{"role": "user", "content": "Shall I kill the process?"}],
    "moderation": MODERATION,
}


@pytest.fixture
def client(servers: FakeServers, http: Any) -> OpenAI:
    servers.openai.replies("Yes, please.")
    return OpenAI(http_client=http)


def flags(judged: Any) -> tuple[bool, bool]:
    """Whether the input and the output are flagged, by the verdict or the list of them."""
    assert judged.input.model == judged.output.model == "omni-moderation-latest"
    asked, said = (getattr(side, "results", [side]) for side in (judged.input, judged.output))
    return asked[0].flagged, said[0].flagged


def test_a_chat_completion_says_how_it_was_judged(client: OpenAI) -> None:
    """What was asked and what is answered, apart."""
    answer = client.chat.completions.create(**CHAT)
    assert flags(answer.moderation) == (True, False)
    assert unknown_fields(answer) == []


def test_a_chat_completion_says_nothing_of_it_unasked(client: OpenAI) -> None:
    """Not even null."""
    answer = client.chat.completions.create(**{**CHAT, "moderation": openai.omit})
    assert "moderation" not in answer.model_fields_set


@pytest.mark.parametrize("options", [openai.omit, {"include_usage": True}])
def test_a_streamed_one_says_it_at_the_end(client: OpenAI, options: Any) -> None:
    """In a chunk of its own, after that of the usage."""
    chunks = list(client.chat.completions.create(**CHAT, stream=True, stream_options=options))
    assert flags(chunks[-1].moderation) == (True, False)
    assert chunks[-1].choices == [] and chunks[-1].usage is None
    assert [chunk for chunk in chunks[:-1] if chunk.moderation is not None] == []


def test_a_response_says_it_once_it_is_complete(client: OpenAI) -> None:
    """While it is in progress, there is nothing to say."""
    events = list(
        client.responses.create(
            model="gpt-5", input=CHAT["messages"], moderation=MODERATION, stream=True
        )
    )
    assert events[0].type == "response.created" and events[0].response.moderation is None
    assert events[-1].type == "response.completed"
    assert flags(events[-1].response.moderation) == (True, False)
