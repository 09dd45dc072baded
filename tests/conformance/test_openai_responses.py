"""The openai SDK's Responses API against a live fake."""

import json
from typing import Any, Literal

import httpx2
import openai
import pytest
from openai.types.responses import (
    ResponseFunctionToolCall,
    ResponseOutputMessage,
    ResponseReasoningItem,
    ResponseStreamEvent,
)
from pydantic import BaseModel, TypeAdapter

from fakeservers import (
    FakeServers,
    overloaded,
    rate_limited,
    refusal,
    reply,
    text,
    thinking,
    tool_call,
)

WEATHER: Any = {
    "type": "function",
    "name": "get_weather",
    "description": "The weather in a city.",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}, "unit": {"enum": ["C", "F"]}},
        "required": ["city", "unit"],
        "additionalProperties": False,
    },
    "strict": True,
}


class Person(BaseModel):
    name: str
    age: int
    mood: Literal["good", "bad"]


@pytest.fixture
def client(servers: FakeServers, http: httpx2.Client) -> openai.OpenAI:
    return openai.OpenAI(
        base_url=servers.openai.url, api_key="sk-test", http_client=http, max_retries=0
    )


@pytest.fixture
def aclient(servers: FakeServers) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(
        base_url=servers.openai.url,
        api_key="sk-test",
        http_client=httpx2.AsyncClient(verify=False),
        max_retries=0,
    )


def strict(response: Any) -> None:
    """The answer is what the SDK's types say, without unknown or missing fields."""
    type(response).model_validate(response.to_dict(), strict=False)


# --- text -------------------------------------------------------------------------------


def test_text(client: openai.OpenAI) -> None:
    """A plain request is answered with prose that the SDK's types accept."""
    response = client.responses.create(model="gpt-4o-mini", input="Tell me about the sea.")
    strict(response)
    assert response.output_text and response.usage
    assert response.usage.total_tokens == response.usage.input_tokens + response.usage.output_tokens


def test_instructions_and_items(servers: FakeServers, client: openai.OpenAI) -> None:
    """Instructions and items arrive as one conversation."""
    servers.openai.on(system="pirate", prompt="Hello").replies("Ahoy!")
    response = client.responses.create(
        model="gpt-5",
        instructions="You are a pirate.",
        input=[
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": "Hi!"},
            {"role": "user", "content": [{"type": "input_text", "text": "Hello"}]},
        ],
    )
    assert response.output_text == "Ahoy!"
    assert response.instructions == "You are a pirate."


def test_stream(servers: FakeServers, client: openai.OpenAI) -> None:
    """Every event of a stream is one that the SDK knows, in sequence."""
    servers.openai.replies([thinking("Let me see."), "Hello you."])
    adapter: TypeAdapter[ResponseStreamEvent] = TypeAdapter(ResponseStreamEvent)
    events = list(
        client.responses.create(
            model="gpt-5", input="Hi", stream=True, reasoning={"summary": "auto"}
        )
    )
    for event in events:
        adapter.validate_python(event.to_dict())
    assert [event.sequence_number for event in events] == list(range(len(events)))
    deltas = [event.delta for event in events if event.type == "response.output_text.delta"]
    assert "".join(deltas) == "Hello you."


def test_stream_helper(servers: FakeServers, client: openai.OpenAI) -> None:
    """The SDK's own accumulation ends in the response that is stored."""
    servers.openai.replies([text("Let me look.", chunks=["Let me", " look."]), tool_call("f", a=1)])
    tool: Any = {
        "type": "function",
        "name": "f",
        "parameters": {"type": "object", "properties": {}},
    }
    with client.responses.stream(model="gpt-5.6", input="Hi", tools=[tool]) as stream:
        snapshots = [e.snapshot for e in stream if e.type == "response.output_text.delta"]
        final = stream.get_final_response()
    assert snapshots == ["Let me", "Let me look."]
    stored = client.responses.retrieve(final.id)
    assert stored.output_text == final.output_text == "Let me look."
    assert called(stored).call_id == called(final).call_id


def test_length(client: openai.OpenAI) -> None:
    """A response that is cut off at `max_output_tokens` is incomplete."""
    response = client.responses.create(
        model="gpt-4.1", input="Write a long story about a whale.", max_output_tokens=16
    )
    if response.status == "incomplete":
        assert response.incomplete_details and response.usage
        assert response.incomplete_details.reason == "max_output_tokens"
    assert response.usage and response.usage.output_tokens <= 16


def test_incomplete_stream(servers: FakeServers, client: openai.OpenAI) -> None:
    """A stream that is cut off ends with `response.incomplete`."""
    servers.openai.replies(reply("Half a sen", finish="length"))
    *_, last = client.responses.create(model="gpt-4.1", input="Hi", stream=True)
    assert last.type == "response.incomplete"
    assert last.response.output_text == "Half a sen"


@pytest.mark.parametrize("stream", [False, True])
def test_refusal(servers: FakeServers, client: openai.OpenAI, stream: bool) -> None:
    """A refusal is a part of its own."""
    servers.openai.replies(refusal("I can't."))
    if stream:
        with client.responses.stream(model="gpt-4o", input="Hi") as events:
            response: Any = events.get_final_response()
    else:
        response = client.responses.create(model="gpt-4o", input="Hi")
    (message,) = response.output
    assert isinstance(message, ResponseOutputMessage)
    assert message.content[0].to_dict() == {"type": "refusal", "refusal": "I can't."}


# --- reasoning --------------------------------------------------------------------------


def test_reasoning_summary(client: openai.OpenAI) -> None:
    """A reasoning model shows a summary when asked for one, and bills its tokens."""
    response = client.responses.create(
        model="gpt-5", input="Why is the sky blue?", reasoning={"summary": "auto"}
    )
    item = response.output[0]
    assert isinstance(item, ResponseReasoningItem) and item.summary[0].text
    assert response.usage and response.usage.output_tokens_details.reasoning_tokens > 0


def test_reasoning_is_sent_back(client: openai.OpenAI) -> None:
    """The items of an answer, encrypted reasoning too, are a valid input."""
    first = client.responses.create(
        model="gpt-5", input="Hi", store=False, include=["reasoning.encrypted_content"]
    )
    items: Any = [
        {"role": "user", "content": "Hi"},
        *(item.to_dict(warnings=False) for item in first.output),
        {"role": "user", "content": "And now?"},
    ]
    assert client.responses.create(model="gpt-5", input=items).status == "completed"


# --- tools ------------------------------------------------------------------------------


def called(response: Any) -> ResponseFunctionToolCall:
    (call,) = (item for item in response.output if item.type == "function_call")
    assert isinstance(call, ResponseFunctionToolCall)
    return call


def test_forced_tool_and_result_as_items(client: openai.OpenAI) -> None:
    """A forced call satisfies the schema; after its result comes prose."""
    items: list[Any] = [{"role": "user", "content": "What is the weather in Paris?"}]
    first = client.responses.create(
        model="gpt-5", input=items, tools=[WEATHER], tool_choice="required"
    )
    call = called(first)
    assert json.loads(call.arguments)["unit"] in ("C", "F")
    items += [item.to_dict(warnings=False) for item in first.output]
    items.append({"type": "function_call_output", "call_id": call.call_id, "output": "21 C"})
    second = client.responses.create(model="gpt-5", input=items, tools=[WEATHER])
    assert second.output_text


@pytest.mark.parametrize("stream", [False, True])
def test_tool_result_by_previous_response(
    servers: FakeServers, client: openai.OpenAI, stream: bool
) -> None:
    """A result that names the previous response continues its conversation."""
    servers.openai.on(tool_result="21 C", turn=2).replies("It is 21 degrees.")
    servers.openai.on(prompt="weather", turn=1).replies(
        tool_call("get_weather", city="Paris", unit="C")
    )
    options: Any = {"model": "gpt-4o", "tools": [WEATHER]}
    if stream:
        *_, last = client.responses.create(input="The weather?", stream=True, **options)
        assert last.type == "response.completed"
        first: Any = last.response
    else:
        first = client.responses.create(input="The weather?", **options)
    call = called(first)
    result: Any = {"type": "function_call_output", "call_id": call.call_id, "output": "21 C"}
    second = client.responses.create(input=[result], previous_response_id=first.id, **options)
    assert second.output_text == "It is 21 degrees."
    assert second.previous_response_id == first.id


def test_parallel_calls_streamed(servers: FakeServers, client: openai.OpenAI) -> None:
    """Parallel calls are streamed one after the other, each whole."""
    servers.openai.replies(
        [tool_call("get_weather", city=city, unit="C") for city in ("Paris", "Rome")]
    )
    with client.responses.stream(model="gpt-4o", input="Hi", tools=[WEATHER]) as stream:
        done = [e for e in stream if e.type == "response.function_call_arguments.done"]
        response = stream.get_final_response()
    assert [json.loads(event.arguments)["city"] for event in done] == ["Paris", "Rome"]
    assert [item.type for item in response.output] == ["function_call", "function_call"]


def test_custom_tool(servers: FakeServers, client: openai.OpenAI) -> None:
    """A custom tool is called with free text."""
    servers.openai.replies(tool_call("run", "ls -l"))
    tool: Any = {"type": "custom", "name": "run"}
    response = client.responses.create(model="gpt-5", input="List", tools=[tool])
    (item,) = response.output
    assert item.type == "custom_tool_call"
    assert (item.name, item.input) == ("run", "ls -l")


# --- structured output ------------------------------------------------------------------


def test_parse(client: openai.OpenAI) -> None:
    """An answer that satisfies the schema of a class becomes one of its objects."""
    response = client.responses.parse(
        model="gpt-4o", input="Ada is 36 and happy.", text_format=Person
    )
    assert isinstance(response.output_parsed, Person)


def test_parse_streamed(client: openai.OpenAI) -> None:
    """The same as a stream."""
    with client.responses.stream(model="gpt-4o", input="Ada, 36", text_format=Person) as stream:
        response = stream.get_final_response()
    assert isinstance(response.output_parsed, Person)


def test_json_mode(client: openai.OpenAI) -> None:
    """JSON mode answers with a JSON object."""
    response = client.responses.create(
        model="gpt-4o", input="Some JSON.", text={"format": {"type": "json_object"}}
    )
    assert isinstance(json.loads(response.output_text), dict)


# --- stored responses -------------------------------------------------------------------


def test_life_of_a_stored_response(client: openai.OpenAI) -> None:
    """A response is stored, read, and gone once deleted."""
    response = client.responses.create(model="gpt-4o", input="Hi", metadata={"k": "v"})
    stored = client.responses.retrieve(response.id)
    assert stored == response and stored.metadata == {"k": "v"}
    client.responses.delete(response.id)
    with pytest.raises(openai.NotFoundError, match="not found"):
        client.responses.retrieve(response.id)


def test_replay(client: openai.OpenAI) -> None:
    """A stored response can be streamed again."""
    response = client.responses.create(model="gpt-4o", input="Hi", background=True)
    *_, last = client.responses.retrieve(response.id, stream=True, starting_after=2)
    assert last.type == "response.completed"
    assert last.response.output_text == response.output_text


def test_cancel(client: openai.OpenAI) -> None:
    """Only a background response is cancelled."""
    background = client.responses.create(model="gpt-4o", input="Hi", background=True)
    assert client.responses.cancel(background.id).id == background.id
    plain = client.responses.create(model="gpt-4o", input="Hi")
    with pytest.raises(openai.BadRequestError, match="synchronous"):
        client.responses.cancel(plain.id)


def test_input_items(client: openai.OpenAI) -> None:
    """The SDK pages through the input items."""
    items: Any = [{"role": "user", "content": word} for word in ("a", "b", "c")]
    response = client.responses.create(model="gpt-4o", input=items)
    found = list(client.responses.input_items.list(response.id, limit=2, order="asc"))
    texts = [item.content[0].text for item in found]  # type: ignore[union-attr]
    assert texts == ["a", "b", "c"]


def test_input_tokens(client: openai.OpenAI) -> None:
    """Tokens are counted without an answer."""
    counted = client.responses.input_tokens.count(model="gpt-4o", input="Hello there")
    strict(counted)
    assert counted.input_tokens > 0


# --- async ------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_async(servers: FakeServers, aclient: openai.AsyncOpenAI) -> None:
    """The asynchronous client speaks the same wire."""
    servers.openai.replies("Hello.", "Streamed hello.")
    async with aclient:
        response = await aclient.responses.create(model="gpt-4o", input="Hi")
        assert (await aclient.responses.retrieve(response.id)).output_text == "Hello."
        async with aclient.responses.stream(model="gpt-4o", input="Hi") as stream:
            kinds = [event.type async for event in stream]
            final = await stream.get_final_response()
    assert final.output_text == "Streamed hello."
    assert kinds[0] == "response.created" and kinds[-1] == "response.completed"


@pytest.mark.asyncio
async def test_async_parse_and_pages(aclient: openai.AsyncOpenAI) -> None:
    """Parsed output and pages, asynchronously."""
    async with aclient:
        parsed = await aclient.responses.parse(model="gpt-5", input="Ada", text_format=Person)
        pages = aclient.responses.input_items.list(parsed.id)
        items = [item async for item in pages]
    assert isinstance(parsed.output_parsed, Person)
    assert [item.type for item in items] == ["message"]


# --- errors -----------------------------------------------------------------------------


def test_unknown_model(client: openai.OpenAI) -> None:
    """An unknown model is a bad request here."""
    with pytest.raises(openai.BadRequestError) as caught:
        client.responses.create(model="gpt-99", input="Hi")
    assert (caught.value.code, caught.value.param) == ("model_not_found", "model")


def test_unknown_previous_response(client: openai.OpenAI) -> None:
    """A conversation that is not there is a bad request."""
    with pytest.raises(openai.BadRequestError) as caught:
        client.responses.create(model="gpt-4o", input="Hi", previous_response_id="resp_x")
    assert caught.value.code == "previous_response_not_found"


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (rate_limited(), openai.RateLimitError),
        (overloaded(), openai.InternalServerError),
    ],
    ids=["429", "503"],
)
@pytest.mark.parametrize("stream", [False, True])
def test_faults(
    servers: FakeServers,
    client: openai.OpenAI,
    fault: Any,
    error: type[openai.APIStatusError],
    stream: bool,
) -> None:
    """Scripted faults become the SDK's exceptions, before a stream begins too."""
    servers.openai.fails(fault)
    with pytest.raises(error) as caught:
        client.responses.create(model="gpt-4o", input="Hi", stream=stream)
    assert caught.value.request_id


def test_bad_json_and_no_key(servers: FakeServers, http: httpx2.Client) -> None:
    """What an SDK never sends is refused in OpenAI's envelope."""
    url = f"{servers.openai.url}/responses"
    headers = {"authorization": "Bearer sk"}
    broken = http.post(url, content=b"{", headers=headers)
    keyless = http.post(url, json={"model": "gpt-4o", "input": "Hi"})
    wrong = http.put(url, headers=headers)
    assert [broken.status_code, keyless.status_code, wrong.status_code] == [400, 401, 405]
    for answer in (broken, keyless, wrong):
        assert set(answer.json()["error"]) == {"message", "type", "param", "code"}


def test_compact(servers: FakeServers, client: openai.OpenAI) -> None:
    """A conversation is made short without using up a scripted reply, and goes on from there."""
    servers.openai.replies("Paris.", "Rome.")
    first = client.responses.create(model="gpt-5.6", input="France?")
    short = client.responses.compact(model="gpt-5.6", previous_response_id=first.id)
    kinds = [(item.type, getattr(item, "role", None)) for item in short.output]
    assert kinds == [("message", "user"), ("compaction", None)]
    assert short.usage.input_tokens > 0
    given: Any = [item.to_dict(warnings=False) for item in short.output]
    said = client.responses.create(
        model="gpt-5.6", input=[*given, {"role": "user", "content": "?"}]
    )
    assert said.output_text == "Rome."


def test_nothing_stored_is_needed_without_validation(
    servers: FakeServers, client: openai.OpenAI
) -> None:
    """What was never made is read, changed and deleted all the same; strict has none of it."""
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve("resp_1")
    servers.openai.validation = "off"
    assert client.responses.retrieve("resp_1").id == "resp_1"
    assert client.responses.cancel("resp_1").background
    assert client.responses.input_items.list("resp_1").data == []
    assert client.chat.completions.retrieve("chatcmpl-1").id == "chatcmpl-1"
    assert client.chat.completions.update("chatcmpl-1", metadata={"k": "v"}).id == "chatcmpl-1"
    assert client.models.retrieve("nope").id == "nope"
