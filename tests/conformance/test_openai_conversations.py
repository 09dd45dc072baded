"""Conversations of the official OpenAI SDK, and files that requests name, against the fake."""

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import openai
import pytest
import pytest_asyncio
from openai import AsyncOpenAI, OpenAI
from openai.types.responses import ResponseFunctionToolCall

from fakeservers import FakeServers, tool_call
from tests.conformance.support import unknown_fields

MODEL = "gpt-5.4-mini"
HELLO: Any = {"role": "user", "content": "Hello!"}


@pytest.fixture
def client(servers: FakeServers, http: httpx2.Client) -> OpenAI:
    return OpenAI(http_client=http, max_retries=0)


@pytest_asyncio.fixture
async def async_client(servers: FakeServers) -> AsyncIterator[AsyncOpenAI]:
    async with httpx2.AsyncClient(verify=False) as http:
        yield AsyncOpenAI(http_client=http, max_retries=0)


def test_a_conversation_is_kept(client: OpenAI) -> None:
    """It is created with metadata, which can be changed, and is gone once deleted."""
    made = client.conversations.create(metadata={"topic": "tea"})
    assert client.conversations.retrieve(made.id) == made
    changed = client.conversations.update(made.id, metadata={"topic": "coffee"})
    assert changed.metadata == {"topic": "coffee"}
    assert client.conversations.delete(made.id).deleted
    with pytest.raises(openai.NotFoundError, match=f"Conversation with id '{made.id}' not found"):
        client.conversations.retrieve(made.id)


def test_a_response_adds_to_its_conversation(servers: FakeServers, client: OpenAI) -> None:
    """What was asked and what was answered stand in the conversation, in that order."""
    servers.openai.replies("Hi there.")
    conversation = client.conversations.create(items=[{"role": "system", "content": "Be kind."}])
    response = client.responses.create(model=MODEL, input="Hello!", conversation=conversation.id)
    items: list[Any] = list(client.conversations.items.list(conversation.id, order="asc"))
    assert [item.content[0].text for item in items] == ["Be kind.", "Hello!", "Hi there."]
    assert response.conversation is not None
    assert response.conversation.id == conversation.id
    assert not any(map(unknown_fields, items))


def test_a_conversation_is_continued(servers: FakeServers, client: OpenAI) -> None:
    """The model sees all that was said before, tool calls and their results included."""
    servers.openai.on(turn=1).replies(tool_call("look_up", key="x"))
    servers.openai.on(tool_result="42").replies("It is 42.")
    conversation = client.conversations.create()
    first = client.responses.create(
        model=MODEL,
        input="What is x?",
        conversation=conversation.id,
        tools=[
            {
                "type": "function",
                "name": "look_up",
                "parameters": {"type": "object", "properties": {}},
                "strict": False,
            }
        ],
    )
    call = first.output[-1]
    assert isinstance(call, ResponseFunctionToolCall)
    second = client.responses.create(
        model=MODEL,
        input=[{"type": "function_call_output", "call_id": call.call_id, "output": "42"}],
        conversation={"id": conversation.id},
    )
    assert second.output_text == "It is 42."
    asked: Any = servers.openai.requests[-1]
    assert (asked.prompt, asked.turn, asked.tool_results[0].name) == ("What is x?", 2, "look_up")


@pytest.mark.asyncio
async def test_conversations_through_the_async_client(async_client: AsyncOpenAI) -> None:
    """A streamed response adds to its conversation too."""
    conversation = await async_client.conversations.create(items=[HELLO])
    stream = await async_client.responses.create(
        model=MODEL, input="And?", conversation=conversation.id, stream=True
    )
    kinds = [event.type async for event in stream]
    items = [item async for item in async_client.conversations.items.list(conversation.id)]
    assert kinds[-1] == "response.completed"
    assert [getattr(item, "role", None) for item in items][:1] == ["assistant"]
    assert len(items) >= 3


def test_items_of_a_conversation(client: OpenAI) -> None:
    """Items can be added, looked up and deleted one by one."""
    conversation = client.conversations.create()
    added = client.conversations.items.create(conversation.id, items=[HELLO, HELLO])
    first, second = added.data
    assert first.id is not None
    assert client.conversations.items.retrieve(first.id, conversation_id=conversation.id) == first
    left = client.conversations.items.delete(first.id, conversation_id=conversation.id)
    assert left == conversation
    assert [item.id for item in client.conversations.items.list(conversation.id)] == [second.id]


def test_what_is_refused(client: OpenAI) -> None:
    """An unknown conversation, two ways to continue at once, too many items."""
    with pytest.raises(openai.NotFoundError, match="Conversation with id 'conv_x' not found"):
        client.responses.create(model=MODEL, input="Hi", conversation="conv_x")
    with pytest.raises(openai.NotFoundError, match="Conversation with id 'conv_x' not found"):
        client.conversations.items.list("conv_x")
    with pytest.raises(openai.BadRequestError, match="Mutually exclusive parameters: ''\\."):
        client.responses.create(
            model=MODEL, input="Hi", conversation="conv_x", previous_response_id="resp_x"
        )
    with pytest.raises(openai.BadRequestError, match="array too long"):
        client.conversations.create(items=[HELLO] * 21)


# --- files that requests name -------------------------------------------------------------


def responses_input(file: str) -> Any:
    """A response about a file."""
    content = [{"type": "input_file", "file_id": file}, {"type": "input_text", "text": "Sum up."}]
    return {"model": MODEL, "input": [{"role": "user", "content": content}]}


def chat_input(file: str) -> Any:
    """A chat completion about a file."""
    content = [{"type": "file", "file": {"file_id": file}}, {"type": "text", "text": "Sum up."}]
    return {"model": MODEL, "messages": [{"role": "user", "content": content}]}


def test_a_file_as_input(client: OpenAI) -> None:
    """A request may name an uploaded file."""
    file = client.files.create(file=("a.pdf", b"%PDF-1.4"), purpose="user_data").id
    assert client.responses.create(**responses_input(file)).status == "completed"
    assert client.chat.completions.create(**chat_input(file)).choices[0].finish_reason == "stop"


def test_an_unknown_file_as_input(client: OpenAI) -> None:
    """A request that names a file that there is not is refused."""
    with pytest.raises(openai.NotFoundError, match="No such File object: file-nope"):
        client.responses.create(**responses_input("file-nope"))
    with pytest.raises(openai.NotFoundError, match="No such File object: file-nope"):
        client.chat.completions.create(**chat_input("file-nope"))
