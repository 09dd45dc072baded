"""The official Anthropic SDK against the fake, with nothing changed but its environment."""

from collections.abc import AsyncIterator
from typing import Any

import anthropic
import httpx2
import pytest
import pytest_asyncio
from anthropic import Anthropic, AsyncAnthropic, beta_tool
from anthropic.types import Message, ModelInfo, RawMessageStreamEvent
from anthropic.types.beta import BetaMessage
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
from tests.conformance.support import unknown_fields

MODEL = "claude-sonnet-5"
HELLO: Any = {"role": "user", "content": "Hello!"}
PLAIN: Any = {"model": MODEL, "max_tokens": 300, "messages": [HELLO]}
WEATHER: Any = {
    "name": "get_weather",
    "description": "The weather of a city.",
    "input_schema": {
        "type": "object",
        "properties": {
            "city": {"type": "string"},
            "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
        },
        "required": ["city", "unit"],
    },
}


class Person(BaseModel):
    """What a structured answer is to hold."""

    name: str
    age: int


@pytest.fixture
def client(servers: FakeServers, http: httpx2.Client) -> Anthropic:
    """A client that finds the fake by its environment alone, and does not retry."""
    return Anthropic(http_client=http, max_retries=0)


@pytest_asyncio.fixture
async def async_client(servers: FakeServers) -> AsyncIterator[AsyncAnthropic]:
    async with httpx2.AsyncClient(verify=False) as http:
        yield AsyncAnthropic(http_client=http, max_retries=0)


# --- answers ------------------------------------------------------------------------------


def test_a_natural_message(client: Anthropic) -> None:
    """Without a script the model answers in prose, counted and ended."""
    message = client.messages.create(**PLAIN)
    assert message.content[0].type == "text"
    assert message.content[0].text
    assert (message.stop_reason, message.model) == ("end_turn", MODEL)
    assert message.usage.input_tokens > 0
    assert message._request_id


def test_a_message_is_what_the_types_say(servers: FakeServers, client: Anthropic) -> None:
    """A raw answer has every field that the SDK requires and none that it does not know."""
    servers.claude.impossible = "allow"
    servers.claude.replies([thinking("Hm."), text("Yes."), tool_call("get_weather", city="X")])
    raw = client.messages.with_raw_response.create(**PLAIN)
    message = Message.model_validate_json(raw.http_response.content, strict=True)
    assert unknown_fields(message) == []
    assert [block.type for block in message.content] == ["thinking", "text", "tool_use"]
    assert unknown_fields(BetaMessage.model_validate_json(raw.http_response.content)) == []


def test_events_are_what_the_types_say(servers: FakeServers, client: Anthropic) -> None:
    """So has each event of a stream."""
    servers.claude.impossible = "allow"
    servers.claude.replies([thinking("Hm."), text("Yes."), tool_call("get_weather", city="X")])
    adapter: TypeAdapter[Any] = TypeAdapter(RawMessageStreamEvent)
    with client.messages.create(**PLAIN, stream=True) as stream:
        events = [adapter.validate_json(event.to_json(indent=None)) for event in stream]
    assert [name for event in events for name in unknown_fields(event)] == []
    assert (events[0].type, events[-1].type) == ("message_start", "message_stop")


def test_the_same_answer_streamed_and_not(servers: FakeServers, client: Anthropic) -> None:
    """What the stream helper puts together is the message that comes whole."""
    servers.claude.impossible = "allow"
    parts = [
        thinking("Hm, \u00e9."),
        text("It's **so** \U0001f604"),
        tool_call("f", a=[1, {"b": "c"}]),
    ]
    servers.claude.replies(reply(*parts))
    whole = client.messages.create(**PLAIN)
    with client.messages.stream(**PLAIN) as stream:
        joined = stream.get_final_message()
    left_out = {"id", "signature", "parsed_output"}

    def told(message: Message) -> Any:
        return [
            {name: value for name, value in block.to_dict().items() if name not in left_out}
            for block in message.content
        ]

    assert told(joined) == told(whole)
    assert joined.usage.output_tokens == whole.usage.output_tokens
    assert joined.stop_reason == whole.stop_reason == "tool_use"


def test_the_newest_version_tells_of_a_container_that_there_is_none(client: Anthropic) -> None:
    """And of diagnostics; older versions answer as they did in August 2026."""
    older = {"anthropic-version": "2023-06-01"}
    for headers, told in ((None, {"container", "diagnostics"}), (older, set())):
        answer = client.messages.create(**PLAIN, extra_headers=headers)
        assert answer.model_fields_set & {"container", "diagnostics"} == told
        events = list(client.messages.create(**PLAIN, stream=True, extra_headers=headers))
        begun = next(event.message for event in events if event.type == "message_start")
        ended = next(event.delta for event in events if event.type == "message_delta")
        assert begun.model_fields_set & {"container", "diagnostics"} == told
        assert ("container" in ended.model_fields_set) == bool(told)


def test_text_stream(client: Anthropic) -> None:
    """The helper's text stream is the text, in more than one piece."""
    with client.messages.stream(**PLAIN) as stream:
        pieces = list(stream.text_stream)
        assert "".join(pieces) == stream.get_final_text()
    assert len(pieces) > 1


@pytest.mark.asyncio
async def test_async_message(async_client: AsyncAnthropic) -> None:
    """The asynchronous client gets the same kind of answer."""
    message = await async_client.messages.create(**PLAIN)
    assert message.content[0].type == "text"


@pytest.mark.asyncio
async def test_async_stream(async_client: AsyncAnthropic) -> None:
    """The asynchronous helpers read a stream, event by event and put together."""
    async with async_client.messages.stream(**PLAIN) as stream:
        kinds = [event.type async for event in stream]
        message = await stream.get_final_message()
    assert {"text", "message_stop", "content_block_stop"} <= set(kinds)
    assert message.stop_reason == "end_turn"


def test_beta_messages(servers: FakeServers, client: Anthropic) -> None:
    """The beta client posts to the same path, its betas in a header that changes nothing."""
    message = client.beta.messages.create(**PLAIN, betas=["files-api-2025-04-14"])
    assert message.content[0].type == "text"
    assert servers.claude.last.headers["anthropic-beta"] == "files-api-2025-04-14"


def test_old_beta_query(servers: FakeServers, http: httpx2.Client) -> None:
    """`?beta=true`, a key of its own and the first version are served as well."""
    answer = http.post(
        f"{servers.claude.url}/v1/messages?beta=true",
        json=PLAIN,
        headers={"x-api-key": "k", "anthropic-version": "2023-06-01"},
    )
    assert (answer.status_code, answer.json()["type"]) == (200, "message")


# --- how it ends --------------------------------------------------------------------------


def test_max_tokens(client: Anthropic) -> None:
    """A limit cuts the answer off and is the reason for it."""
    message = client.messages.create(**{**PLAIN, "max_tokens": 3})
    assert message.stop_reason == "max_tokens"
    assert message.usage.output_tokens <= 3


def test_stop_sequence(client: Anthropic) -> None:
    """A stop sequence ends the text before it and is named."""
    message = client.messages.create(**PLAIN, stop_sequences=["."])
    assert (message.stop_reason, message.stop_sequence) == ("stop_sequence", ".")
    assert "." not in "".join(block.text for block in message.content if block.type == "text")


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_refusal(servers: FakeServers, client: Anthropic, streamed: bool) -> None:
    """A refusal is an answer with a stop reason and its details."""
    servers.claude.replies(refusal("I can't help with that."))
    if streamed:
        with client.messages.stream(**PLAIN) as stream:
            message: Message = stream.get_final_message()
    else:
        message = client.messages.create(**PLAIN)
    assert (message.stop_reason, message.content) == ("refusal", [])
    assert message.stop_details
    assert message.stop_details.explanation == "I can't help with that."


@pytest.mark.parametrize(
    ("model", "options"),
    [
        ("claude-sonnet-5", {"type": "adaptive"}),
        ("claude-sonnet-5", {"type": "adaptive", "display": "summarized"}),
        ("claude-haiku-4-5", {"type": "enabled", "budget_tokens": 1024}),
    ],
    ids=["adaptive", "shown", "enabled"],
)
def test_thinking(client: Anthropic, model: str, options: Any) -> None:
    """Thinking comes first, signed, and is counted; newer models show it when asked to."""
    asked = {**PLAIN, "model": model, "max_tokens": 2000}
    message = client.messages.create(**asked, thinking=options)
    thought, said = message.content
    assert thought.type == "thinking"
    assert bool(thought.thinking) == (options != {"type": "adaptive"})
    assert thought.signature
    assert said.type == "text"
    assert message.usage.output_tokens_details
    assert message.usage.output_tokens_details.thinking_tokens > 0


def test_thinking_goes_back(client: Anthropic) -> None:
    """A turn with thinking is accepted as history, as the SDK's `to_param` gives it."""
    first = client.messages.create(
        **{**PLAIN, "max_tokens": 2000, "thinking": {"type": "adaptive"}}
    )
    history = [HELLO, first.to_param(), {"role": "user", "content": "And now?"}]
    assert client.messages.create(**{**PLAIN, "messages": history}).content


# --- tools --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "choice", [{"type": "any"}, {"type": "tool", "name": "get_weather"}], ids=["any", "tool"]
)
def test_forced_tool(client: Anthropic, choice: Any) -> None:
    """A forced tool is called with arguments that satisfy its schema."""
    message = client.messages.create(**PLAIN, tools=[WEATHER], tool_choice=choice)
    (call,) = (block for block in message.content if block.type == "tool_use")
    assert (message.stop_reason, call.name) == ("tool_use", "get_weather")
    assert call.input["unit"] in ("celsius", "fahrenheit")


def test_tool_loop_ends(client: Anthropic) -> None:
    """Once the result is there, the model answers in prose."""
    tools: Any = {"tools": [WEATHER]}
    ask: Any = [{"role": "user", "content": "What's the weather in Paris, in celsius?"}]
    first = client.messages.create(**{**PLAIN, "messages": ask}, **tools)
    (call,) = (block for block in first.content if block.type == "tool_use")
    assert call.input["city"] == "Paris"
    result = {"type": "tool_result", "tool_use_id": call.id, "content": "21 degrees, sunny"}
    history = [*ask, first.to_param(), {"role": "user", "content": [result]}]
    second = client.messages.create(**{**PLAIN, "messages": history}, **tools)
    assert (second.stop_reason, second.content[0].type) == ("end_turn", "text")


def test_parallel_tools(servers: FakeServers, client: Anthropic) -> None:
    """Several calls are several blocks; all their results come back in one message."""
    servers.claude.on(turn=1).replies(
        [
            tool_call("get_weather", city="Paris", unit="celsius"),
            tool_call("get_weather", city="Rome", unit="celsius"),
        ]
    )
    servers.claude.on(tool_result="rain").replies("Take an umbrella.")
    with client.messages.stream(**PLAIN, tools=[WEATHER]) as stream:
        first = stream.get_final_message()
    calls = [block for block in first.content if block.type == "tool_use"]
    assert [call.input for call in calls] == [
        {"city": "Paris", "unit": "celsius"},
        {"city": "Rome", "unit": "celsius"},
    ]
    assert len({call.id for call in calls}) == 2
    results = [
        {"type": "tool_result", "tool_use_id": call.id, "content": [{"type": "text", "text": word}]}
        for call, word in zip(calls, ("sun", "rain"), strict=True)
    ]
    history = [HELLO, first.to_param(), {"role": "user", "content": results}]
    client.messages.create(**{**PLAIN, "messages": history}, tools=[WEATHER])
    (request,) = [each for each in servers.requests if each.tool_results]
    assert [(r.name, r.text) for r in request.tool_results] == [
        ("get_weather", "sun"),
        ("get_weather", "rain"),
    ]


def test_tool_runner(client: Anthropic) -> None:
    """The SDK's agent loop calls a tool of the program and ends, with nothing scripted."""
    asked = []

    @beta_tool
    def get_weather(city: str) -> str:
        """The weather of a city.

        Args:
            city: The name of the city.
        """
        asked.append(city)
        return "21 degrees, sunny"

    runner = client.beta.messages.tool_runner(
        model=MODEL,
        max_tokens=300,
        tools=[get_weather],
        messages=[{"role": "user", "content": "What's the weather in Paris?"}],
    )
    last = runner.until_done()
    assert asked == ["Paris"]
    assert last.stop_reason == "end_turn"


# --- structured output --------------------------------------------------------------------


def test_parse(client: Anthropic) -> None:
    """The parse helper gets the type that it asks for."""
    parsed = client.messages.parse(**PLAIN, output_format=Person)
    assert isinstance(parsed.parsed_output, Person)


def test_beta_parse(client: Anthropic) -> None:
    """So does the beta client's."""
    parsed = client.beta.messages.parse(**PLAIN, output_format=Person)
    assert isinstance(parsed.parsed_output, Person)


@pytest.mark.asyncio
async def test_async_streamed_parse(async_client: AsyncAnthropic) -> None:
    """So does a stream."""
    async with async_client.messages.stream(**PLAIN, output_format=Person) as stream:
        message = await stream.get_final_message()
    assert isinstance(message.parsed_output, Person)


# --- other endpoints ----------------------------------------------------------------------


def test_count_tokens(client: Anthropic) -> None:
    """Counting agrees with what an answer then reports."""
    fields: Any = {"model": MODEL, "messages": [HELLO], "tools": [WEATHER], "system": "Be brief."}
    counted = client.messages.count_tokens(**fields)
    message = client.messages.create(**fields, max_tokens=300)
    assert counted.input_tokens == message.usage.input_tokens
    assert client.beta.messages.count_tokens(**fields).input_tokens == counted.input_tokens


def test_models(client: Anthropic) -> None:
    """Models are listed page by page, newest first, and each can be asked for."""
    models = list(client.models.list(limit=3))
    assert len(models) > 3
    assert len({model.id for model in models}) == len(models)
    assert client.models.retrieve(models[-1].id) == models[-1]


def test_models_backwards(client: Anthropic) -> None:
    """Pages can be read from the end."""
    names = [model.id for model in client.models.list(limit=1000)]
    page = client.models.list(limit=2, before_id=names[-1])
    assert [model.id for model in page.data] == names[-3:-1]
    assert [model.id for model in page.get_next_page().data] == names[-5:-3]


@pytest.mark.asyncio
async def test_async_models(async_client: AsyncAnthropic) -> None:
    """The asynchronous client reads the pages too, and the types know all fields."""
    models = [model async for model in async_client.models.list(limit=2)]
    checked = [ModelInfo.model_validate(model.to_dict()) for model in models]
    assert [name for model in checked for name in unknown_fields(model)] == []


# --- errors -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, anthropic.BadRequestError),
        (401, anthropic.AuthenticationError),
        (403, anthropic.PermissionDeniedError),
        (404, anthropic.NotFoundError),
        (409, anthropic.ConflictError),
        (422, anthropic.UnprocessableEntityError),
        (429, anthropic.RateLimitError),
        (500, anthropic.InternalServerError),
        (503, anthropic.InternalServerError),
    ],
)
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_scripted_errors(
    servers: FakeServers, client: Anthropic, status: int, error: type[Exception], streamed: bool
) -> None:
    """Each status is the SDK's exception for it, with the request's id."""
    servers.claude.fails(status)
    with pytest.raises(error) as caught:
        client.messages.create(**PLAIN, stream=streamed)
    assert isinstance(caught.value, anthropic.APIStatusError)
    assert caught.value.status_code == status
    assert caught.value.request_id == caught.value.body["request_id"]  # type: ignore[index]


def test_overloaded(servers: FakeServers, client: Anthropic) -> None:
    """An overload is Anthropic's own status 529."""
    servers.claude.fails(overloaded())
    with pytest.raises(anthropic.InternalServerError, match="overloaded_error") as caught:
        client.messages.create(**PLAIN)
    assert caught.value.status_code == 529


def test_retried(servers: FakeServers, http: httpx2.Client) -> None:
    """The SDK's own retries get through once the limit is lifted."""
    servers.claude.fails(rate_limited(retry_after_s=0.01), times=1)
    assert Anthropic(http_client=http).messages.create(**PLAIN).content
    assert [call.status for call in servers.claude.calls] == [429, 200]


def test_unknown_model(client: Anthropic) -> None:
    """A model that there is not is named in a 404."""
    with pytest.raises(anthropic.NotFoundError, match="model: claude-sonet-5"):
        client.messages.create(**{**PLAIN, "model": "claude-sonet-5"})
    with pytest.raises(anthropic.NotFoundError):
        client.models.retrieve("claude-sonet-5")


@pytest.mark.asyncio
async def test_async_error(servers: FakeServers, async_client: AsyncAnthropic) -> None:
    """The asynchronous client raises the same exceptions."""
    servers.claude.fails(429)
    with pytest.raises(anthropic.RateLimitError):
        await async_client.messages.create(**PLAIN)


@pytest.mark.parametrize(
    ("method", "path", "headers", "body", "status", "type"),
    [
        ("POST", "/v1/messages", {}, b"{}", 401, "authentication_error"),
        ("POST", "/v1/messages", {"x-api-key": "k"}, b"{}", 400, "invalid_request_error"),
        ("POST", "/v1/messages", None, b"{", 400, "invalid_request_error"),
        ("POST", "/v1/messages", None, b"[]", 400, "invalid_request_error"),
        ("POST", "/v1/nothing", None, b"{}", 404, "not_found_error"),
        ("DELETE", "/v1/messages", None, b"", 405, "invalid_request_error"),
    ],
    ids=["no key", "no version", "no JSON", "no object", "no route", "no method"],
)
def test_raw_errors(
    servers: FakeServers,
    http: httpx2.Client,
    method: str,
    path: str,
    headers: dict[str, str] | None,
    body: bytes,
    status: int,
    type: str,
) -> None:
    """What no SDK would send is answered in the provider's envelope."""
    if headers is None:
        headers = {"x-api-key": "k", "anthropic-version": "2023-06-01"}
    answer = http.request(method, servers.claude.url + path, content=body, headers=headers)
    said = answer.json()
    assert (answer.status_code, said["type"], said["error"]["type"]) == (status, "error", type)
    assert said["request_id"] == answer.headers["request-id"]
