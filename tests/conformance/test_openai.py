"""The official openai SDK against the fake, with nothing changed but its environment.

The Responses API stands in `test_openai_responses`.
"""

import json
from collections.abc import AsyncIterator
from typing import Any, Literal

import httpx2
import openai
import pytest
import pytest_asyncio
from openai import AsyncOpenAI, OpenAI
from openai.types import (
    Completion,
    CreateEmbeddingResponse,
    Model,
    ModerationCreateResponse,
)
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from pydantic import BaseModel

from fakeservers import (
    FakeServers,
    overloaded,
    rate_limited,
    refusal,
    reply,
    text,
    tool_call,
)
from tests.conformance.support import unknown_fields

MODEL = "gpt-4o-mini"
HELLO: Any = {"role": "user", "content": "Hello!"}
PLAIN: Any = {"model": MODEL, "messages": [HELLO]}
WEATHER: Any = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather of a city.",
        "parameters": {
            "type": "object",
            "properties": {
                "city": {"type": "string"},
                "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
            },
            "required": ["city", "unit"],
            "additionalProperties": False,
        },
        "strict": True,
    },
}


class Person(BaseModel):
    """What a structured answer is to hold."""

    name: str
    age: int
    mood: Literal["good", "bad"]


@pytest.fixture
def client(servers: FakeServers, http: httpx2.Client) -> OpenAI:
    """A client that finds the fake by its environment alone, and does not retry."""
    return OpenAI(http_client=http, max_retries=0)


@pytest_asyncio.fixture
async def async_client(servers: FakeServers) -> AsyncIterator[AsyncOpenAI]:
    async with httpx2.AsyncClient(verify=False) as http:
        yield AsyncOpenAI(http_client=http, max_retries=0)


def strict(kind: type[BaseModel], raw: Any) -> Any:
    """The raw answer read by the SDK's type, which must know each field and miss none."""
    value = kind.model_validate_json(raw.http_response.content, strict=True)
    assert unknown_fields(value) == []
    return value


def joined(chunks: Any, index: int = 0) -> str:
    """The text of one choice of a stream."""
    choices = [choice for chunk in chunks for choice in chunk.choices if choice.index == index]
    return "".join(choice.delta.content or "" for choice in choices)


# --- answers ------------------------------------------------------------------------------


def test_a_natural_completion(client: OpenAI) -> None:
    """Without a script the model answers in prose, counted and ended."""
    completion = client.chat.completions.create(**PLAIN)
    (choice,) = completion.choices
    assert choice.message.content
    assert (choice.finish_reason, completion.model) == ("stop", "gpt-4o-mini-2024-07-18")
    assert completion.usage
    assert completion.usage.total_tokens > completion.usage.prompt_tokens > 0
    assert completion._request_id


@pytest.mark.parametrize("model", [MODEL, "gpt-5-mini", "gpt-6.2-sol", "o3"])
def test_a_completion_is_what_the_types_say(client: OpenAI, model: str) -> None:
    """A raw answer has every field that the SDK requires and none that it does not know."""
    raw = client.chat.completions.with_raw_response.create(
        **{**PLAIN, "model": model, "n": 2}, tools=[WEATHER], tool_choice="required"
    )
    assert len(strict(ChatCompletion, raw).choices) == 2


def test_chunks_are_what_the_types_say(servers: FakeServers, client: OpenAI) -> None:
    """So has each chunk of a stream."""
    servers.openai.impossible = "allow"
    servers.openai.replies([text("Yes."), tool_call("f", a=1), tool_call("f", a=2)])
    raw = client.chat.completions.with_raw_response.create(
        **PLAIN, stream=True, stream_options={"include_usage": True}
    )
    *events, last = raw.http_response.read().decode().strip().split("\n\n")
    assert last == "data: [DONE]"
    for event in events:
        chunk = ChatCompletionChunk.model_validate_json(event.removeprefix("data: "), strict=True)
        assert unknown_fields(chunk) == []


def test_the_same_answer_streamed_and_not(servers: FakeServers, client: OpenAI) -> None:
    """What the stream helper puts together is the message that comes whole."""
    servers.openai.impossible = "allow"
    parts = [
        text("It's **so** \U0001f604 \u00e9", chunks=["It's **so** \U0001f604", " \u00e9"]),
        tool_call("f", a=[1, {"b": "c"}]),
        tool_call("g", x="y"),
    ]
    servers.openai.replies(reply(*parts))
    whole = client.chat.completions.create(**PLAIN)
    options: Any = {"stream_options": {"include_usage": True}}
    with client.chat.completions.stream(**PLAIN, **options) as stream:
        events = list(stream)
        final = stream.get_final_completion()

    def told(completion: Any) -> Any:
        choice = completion.choices[0]
        calls = [call.function.to_dict() for call in choice.message.tool_calls]
        return (
            choice.finish_reason,
            choice.message.content,
            [{key: call[key] for key in ("name", "arguments")} for call in calls],
        )

    assert told(final) == told(whole)
    assert final.usage == whole.usage
    deltas = [event.delta for event in events if event.type == "content.delta"]
    assert deltas == ["", "It's **so** \U0001f604", " \u00e9"]


def test_stream(client: OpenAI) -> None:
    """A natural stream comes in several pieces and says why it ends, without counts."""
    chunks = list(client.chat.completions.create(**PLAIN, stream=True))
    assert len(joined(chunks)) > len(chunks) > 3
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert not any(chunk.usage for chunk in chunks)


def test_include_usage(client: OpenAI) -> None:
    """The counts come in a last chunk of their own and are those of the whole answer."""
    options: Any = {"stream_options": {"include_usage": True}}
    *chunks, last = client.chat.completions.create(**PLAIN, stream=True, **options)
    assert not any(chunk.usage for chunk in chunks)
    assert last.choices == []
    assert last.usage
    assert last.usage.completion_tokens > 0


@pytest.mark.asyncio
async def test_async(async_client: AsyncOpenAI) -> None:
    """The asynchronous client gets the same kind of answer, whole and streamed."""
    completion = await async_client.chat.completions.create(**PLAIN)
    assert completion.choices[0].message.content
    stream = await async_client.chat.completions.create(**PLAIN, stream=True)
    assert joined([chunk async for chunk in stream])


@pytest.mark.asyncio
async def test_async_stream_helper(servers: FakeServers, async_client: AsyncOpenAI) -> None:
    """The asynchronous helper puts a stream together."""
    servers.openai.replies("Hello you.")
    async with async_client.chat.completions.stream(**PLAIN) as stream:
        kinds = {event.type async for event in stream}
        final = await stream.get_final_completion()
    assert {"chunk", "content.delta", "content.done"} <= kinds
    assert final.choices[0].message.content == "Hello you."


def test_choices(client: OpenAI) -> None:
    """Each of several choices is an answer of its own."""
    choices = client.chat.completions.create(**PLAIN, n=3).choices
    assert [choice.index for choice in choices] == [0, 1, 2]
    assert len({choice.message.content for choice in choices}) == 3


def test_streamed_choices(client: OpenAI) -> None:
    """Streamed choices come interleaved, and the helper tells them apart."""
    with client.chat.completions.stream(**PLAIN, n=2) as stream:
        chunks = [event.chunk for event in stream if event.type == "chunk"]
        final = stream.get_final_completion()
    order = [chunk.choices[0].index for chunk in chunks]
    assert order[:4] == [0, 1, 0, 1]
    assert [choice.message.content for choice in final.choices] == [
        joined(chunks, 0),
        joined(chunks, 1),
    ]


def test_module_level_client(servers: FakeServers) -> None:
    """The module itself is a client, pointed at the fake by the environment."""
    assert openai.chat.completions.create(**PLAIN).choices[0].message.content
    assert servers.openai.last.model == MODEL


# --- how it ends --------------------------------------------------------------------------


@pytest.mark.parametrize("limit", ["max_tokens", "max_completion_tokens"])
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_length(client: OpenAI, limit: str, streamed: bool) -> None:
    """A limit cuts the answer off and is the reason for it."""
    fields: Any = {**PLAIN, limit: 3}
    if streamed:
        *_, last = client.chat.completions.create(**fields, stream=True)
        assert last.choices[0].finish_reason == "length"
        return
    completion = client.chat.completions.create(**fields)
    assert completion.choices[0].finish_reason == "length"
    assert completion.usage
    assert completion.usage.completion_tokens == 3


@pytest.mark.parametrize("stop", [".", ["#", "."]], ids=["one", "several"])
def test_stop(client: OpenAI, stop: Any) -> None:
    """A stop sequence ends the text before it."""
    (choice,) = client.chat.completions.create(**PLAIN, stop=stop).choices
    assert choice.finish_reason == "stop"
    assert choice.message.content
    assert "." not in choice.message.content


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_refusal(servers: FakeServers, client: OpenAI, streamed: bool) -> None:
    """A refusal stands apart from the content."""
    servers.openai.replies(refusal("I can't help with that."))
    if streamed:
        with client.chat.completions.stream(**PLAIN) as stream:
            message: Any = stream.get_final_completion().choices[0].message
    else:
        message = client.chat.completions.create(**PLAIN).choices[0].message
    assert (message.content, message.refusal) == (None, "I can't help with that.")


def test_reasoning(client: OpenAI) -> None:
    """A model that thinks counts it and shows nothing of it."""
    completion = client.chat.completions.create(**{**PLAIN, "model": "gpt-5"})
    assert completion.usage
    assert completion.usage.completion_tokens_details
    assert completion.usage.completion_tokens_details.reasoning_tokens
    assert completion.choices[0].message.content


def test_logprobs(client: OpenAI) -> None:
    """The tokens with their probabilities join to the content."""
    (choice,) = client.chat.completions.create(**PLAIN, logprobs=True, top_logprobs=2).choices
    assert choice.logprobs
    assert choice.logprobs.content
    assert "".join(token.token for token in choice.logprobs.content) == choice.message.content
    assert {len(token.top_logprobs) for token in choice.logprobs.content} == {2}


def test_streamed_logprobs(client: OpenAI) -> None:
    """So do those of a stream."""
    with client.chat.completions.stream(**PLAIN, logprobs=True) as stream:
        (choice,) = stream.get_final_completion().choices
    assert choice.logprobs
    assert choice.logprobs.content
    assert "".join(token.token for token in choice.logprobs.content) == choice.message.content


# --- tools --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "choice",
    ["required", {"type": "function", "function": {"name": "get_weather"}}],
    ids=["required", "function"],
)
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_forced_tool(client: OpenAI, choice: Any, streamed: bool) -> None:
    """A forced tool is called with arguments that satisfy its schema."""
    fields: Any = {**PLAIN, "tools": [WEATHER], "tool_choice": choice}
    if streamed:
        with client.chat.completions.stream(**fields) as stream:
            said: Any = stream.get_final_completion().choices[0]
    else:
        said = client.chat.completions.create(**fields).choices[0]
    (call,) = said.message.tool_calls
    assert (said.finish_reason, call.function.name) == ("tool_calls", "get_weather")
    assert json.loads(call.function.arguments)["unit"] in ("celsius", "fahrenheit")


def test_tool_loop_ends(client: OpenAI) -> None:
    """Once the result is there, the model answers in prose."""
    ask: Any = [{"role": "user", "content": "What's the weather in Paris, in celsius?"}]
    fields: Any = {"model": MODEL, "tools": [WEATHER]}
    first = client.chat.completions.create(messages=ask, **fields).choices[0].message
    assert first.tool_calls
    (call,) = first.tool_calls
    assert json.loads(call.function.arguments)["city"] == "Paris"  # type: ignore[union-attr]
    result = {"role": "tool", "tool_call_id": call.id, "content": "21 degrees, sunny"}
    history = [*ask, first.to_dict(), result]
    second = client.chat.completions.create(messages=history, **fields).choices[0]
    assert (second.finish_reason, second.message.tool_calls) == ("stop", None)
    assert second.message.content


def test_parallel_tools(servers: FakeServers, client: OpenAI) -> None:
    """Several calls have ids of their own, and their results come back by them."""
    servers.openai.on(turn=1).replies(
        [
            tool_call("get_weather", city="Paris", unit="celsius"),
            tool_call("get_weather", city="Rome", unit="celsius"),
        ]
    )
    servers.openai.on(tool_result="rain").replies("Take an umbrella.")
    with client.chat.completions.stream(**PLAIN, tools=[WEATHER]) as stream:
        message: Any = stream.get_final_completion().choices[0].message
    calls = message.tool_calls
    assert [json.loads(call.function.arguments)["city"] for call in calls] == ["Paris", "Rome"]
    results = [
        {"role": "tool", "tool_call_id": call.id, "content": word}
        for call, word in zip(calls, ("sun", "rain"), strict=True)
    ]
    said = [
        {"id": call.id, "type": "function", "function": {"name": "get_weather", "arguments": "{}"}}
        for call in calls
    ]
    history: Any = [HELLO, {"role": "assistant", "tool_calls": said}, *results]
    last = client.chat.completions.create(model=MODEL, messages=history, tools=[WEATHER])
    assert last.choices[0].message.content == "Take an umbrella."
    (request,) = [each for each in servers.requests if each.tool_results]
    assert [result.text for result in request.tool_results] == ["sun", "rain"]


def test_parsed_arguments(client: OpenAI) -> None:
    """A tool made from a type has its arguments parsed by it."""
    parsed = client.chat.completions.parse(
        **PLAIN, tools=[openai.pydantic_function_tool(Person)], tool_choice="required"
    )
    assert parsed.choices[0].message.tool_calls
    (call,) = parsed.choices[0].message.tool_calls
    assert isinstance(call.function.parsed_arguments, Person)


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_functions(client: OpenAI, streamed: bool) -> None:
    """The form that came before tools is still served."""
    fields: Any = {
        **PLAIN,
        "functions": [WEATHER["function"] | {"strict": None}],
        "function_call": {"name": "get_weather"},
    }
    if streamed:
        chunks = list(client.chat.completions.create(**fields, stream=True))
        deltas = [chunk.choices[0].delta.function_call for chunk in chunks]
        name, arguments = (
            "".join(getattr(delta, key) or "" for delta in deltas if delta)
            for key in ("name", "arguments")
        )
        reason = chunks[-1].choices[0].finish_reason
    else:
        (choice,) = client.chat.completions.create(**fields).choices
        assert choice.message.function_call
        name, arguments = choice.message.function_call.name, choice.message.function_call.arguments
        reason = choice.finish_reason
    assert (name, reason) == ("get_weather", "function_call")
    assert set(json.loads(arguments)) == {"city", "unit"}


def test_custom_tool(client: OpenAI) -> None:
    """A custom tool is called with free text."""
    tools: Any = [{"type": "custom", "custom": {"name": "shell"}}]
    completion = client.chat.completions.create(
        **{**PLAIN, "model": "gpt-5"}, tools=tools, tool_choice="required"
    )
    assert completion.choices[0].message.tool_calls
    (call,) = completion.choices[0].message.tool_calls
    assert call.type == "custom"
    assert call.custom.input


# --- structured output --------------------------------------------------------------------


def test_json_mode(client: OpenAI) -> None:
    """JSON mode gives a JSON object."""
    ask: Any = [{"role": "user", "content": "Give me any JSON object."}]
    completion = client.chat.completions.create(
        model=MODEL, messages=ask, response_format={"type": "json_object"}
    )
    assert isinstance(json.loads(completion.choices[0].message.content or ""), dict)


def test_parse(client: OpenAI) -> None:
    """The parse helper gets the type that it asks for."""
    parsed = client.chat.completions.parse(**PLAIN, response_format=Person)
    assert isinstance(parsed.choices[0].message.parsed, Person)


@pytest.mark.asyncio
async def test_async_streamed_parse(async_client: AsyncOpenAI) -> None:
    """So does a stream."""
    async with async_client.chat.completions.stream(**PLAIN, response_format=Person) as stream:
        final = await stream.get_final_completion()
    assert isinstance(final.choices[0].message.parsed, Person)


def test_parse_cut_off(client: OpenAI) -> None:
    """What is cut off cannot be parsed, as the helper says."""
    with pytest.raises(openai.LengthFinishReasonError):
        client.chat.completions.parse(**PLAIN, response_format=Person, max_tokens=2)


# --- stored completions -------------------------------------------------------------------


def test_stored(client: OpenAI) -> None:
    """A stored completion is listed, read, changed, deleted, and so are its messages."""
    stored = client.chat.completions
    id = stored.create(**PLAIN, store=True, metadata={"a": "b"}).id
    assert [each.id for each in stored.list(metadata={"a": "b"}, limit=1)] == [id]
    assert [each.content for each in stored.messages.list(id)] == ["Hello!"]
    assert stored.update(id, metadata={"c": "d"}).metadata == {"c": "d"}
    assert stored.retrieve(id).metadata == {"c": "d"}
    assert stored.delete(id).deleted
    with pytest.raises(openai.NotFoundError):
        stored.retrieve(id)


# --- embeddings ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "fields", "length"),
    [
        ("text-embedding-3-small", {}, 1536),
        ("text-embedding-3-large", {"encoding_format": "float"}, 3072),
        ("text-embedding-3-small", {"dimensions": 8}, 8),
        ("text-embedding-ada-002", {}, 1536),
    ],
    ids=["default", "float", "short", "ada"],
)
def test_embeddings(client: OpenAI, model: str, fields: Any, length: int) -> None:
    """Each text has its vector, of the model's length or the one asked for."""
    raw = client.embeddings.with_raw_response.create(model=model, input=["a", "b"], **fields)
    answer = raw.parse()
    assert [(item.index, len(item.embedding)) for item in answer.data] == [(0, length), (1, length)]
    if fields.get("encoding_format") == "float":
        assert strict(CreateEmbeddingResponse, raw).data


def test_same_vector_in_both_formats(client: OpenAI) -> None:
    """A text has the same vector in either format, as far as float32 goes."""
    fields: Any = {"model": "text-embedding-3-small", "input": "Hi", "dimensions": 16}
    (packed,) = client.embeddings.create(**fields, encoding_format="base64").data
    (listed,) = client.embeddings.create(**fields, encoding_format="float").data
    (default,) = client.embeddings.create(**fields).data
    assert default.embedding == pytest.approx(listed.embedding, abs=1e-6)
    assert isinstance(packed.embedding, str)


@pytest.mark.parametrize(
    ("given", "vectors", "tokens"),
    [([1, 70_000, 3], 1, 3), ([[1, 2], [3]], 2, 3)],
    ids=["one", "several"],
)
def test_token_input(client: OpenAI, given: Any, vectors: int, tokens: int) -> None:
    """Token numbers are counted one by one."""
    answer = client.embeddings.create(model="text-embedding-3-small", input=given)
    assert (len(answer.data), answer.usage.prompt_tokens) == (vectors, tokens)


@pytest.mark.asyncio
async def test_async_embeddings(async_client: AsyncOpenAI) -> None:
    """The asynchronous client reads vectors too."""
    answer = await async_client.embeddings.create(model="text-embedding-3-small", input="Hi")
    assert len(answer.data[0].embedding) == 1536


# --- models, moderations ------------------------------------------------------------------


def test_models(client: OpenAI) -> None:
    """Models are listed, and each can be asked for; the types know all fields."""
    models = list(client.models.list())
    assert MODEL in [model.id for model in models]
    checked = [Model.model_validate(model.to_dict(), strict=True) for model in models]
    assert [name for model in checked for name in unknown_fields(model)] == []
    assert client.models.retrieve(models[0].id) == models[0]


def test_delete_model(client: OpenAI) -> None:
    """A fine-tuned model that is deleted is unknown from then on."""
    name = "ft:gpt-4o-mini-2024-07-18:acme::B1xYz"
    assert client.models.retrieve(name).id == name
    assert client.models.delete(name).deleted
    with pytest.raises(openai.NotFoundError):
        client.chat.completions.create(**{**PLAIN, "model": name})


@pytest.mark.asyncio
async def test_async_models(async_client: AsyncOpenAI) -> None:
    """The asynchronous client lists them too."""
    assert MODEL in [model.id async for model in async_client.models.list()]


@pytest.mark.parametrize(
    ("given", "results"),
    [
        ("Hello", 1),
        (["Hello", "you"], 2),
        (
            [
                {"type": "text", "text": "Hello"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}},
            ],
            1,
        ),
    ],
    ids=["text", "texts", "parts"],
)
def test_moderations(client: OpenAI, given: Any, results: int) -> None:
    """Harmless input is not flagged; an answer has each field of the SDK's types."""
    raw = client.moderations.with_raw_response.create(input=given)
    assert [each.flagged for each in strict(ModerationCreateResponse, raw).results] == [
        False
    ] * results


def test_flagged(client: OpenAI) -> None:
    """A threat is flagged."""
    (result,) = client.moderations.create(input="I will kill you").results
    assert (result.flagged, result.categories.violence) == (True, True)


# --- plain completions --------------------------------------------------------------------


@pytest.mark.parametrize("prompt", ["Once", ["Once", "Twice"], [1, 2, 3]], ids=["1", "2", "tokens"])
def test_completions(client: OpenAI, prompt: Any) -> None:
    """A plain completion answers each prompt, in 16 tokens unless more are asked for."""
    raw = client.completions.with_raw_response.create(model="davinci-002", prompt=prompt)
    completion = strict(Completion, raw)
    assert len(completion.choices) == (2 if len(prompt) == 2 else 1)
    assert completion.usage.completion_tokens <= 16 * len(completion.choices)


def test_completion_logprobs(client: OpenAI) -> None:
    """Its tokens have probabilities, after the echoed prompt."""
    completion = client.completions.create(
        model="gpt-3.5-turbo-instruct", prompt="Once", echo=True, logprobs=2
    )
    (choice,) = completion.choices
    assert choice.text.startswith("Once")
    assert choice.logprobs
    assert "".join(choice.logprobs.tokens or ()) == choice.text


def test_streamed_completion(client: OpenAI) -> None:
    """It can be streamed, several choices in turn, with the counts last."""
    options: Any = {"include_usage": True}
    *chunks, last = client.completions.create(
        model="davinci-002", prompt="Once", n=2, stream=True, stream_options=options
    )
    assert {chunk.choices[0].index for chunk in chunks[:2]} == {0, 1}
    assert [chunk.choices[0].finish_reason for chunk in chunks].count(None) == len(chunks) - 2
    assert (last.choices, bool(last.usage)) == ([], True)


@pytest.mark.asyncio
async def test_async_completion(async_client: AsyncOpenAI) -> None:
    """The asynchronous client streams it too."""
    stream = await async_client.completions.create(model="davinci-002", prompt="a", stream=True)
    assert "".join([chunk.choices[0].text async for chunk in stream])


# --- errors -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, openai.BadRequestError),
        (401, openai.AuthenticationError),
        (403, openai.PermissionDeniedError),
        (404, openai.NotFoundError),
        (409, openai.ConflictError),
        (422, openai.UnprocessableEntityError),
        (429, openai.RateLimitError),
        (500, openai.InternalServerError),
        (503, openai.InternalServerError),
    ],
)
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_scripted_errors(
    servers: FakeServers, client: OpenAI, status: int, error: type[Exception], streamed: bool
) -> None:
    """Each status is the SDK's exception for it, with type and the request's id."""
    servers.openai.fails(status)
    with pytest.raises(error) as caught:
        client.chat.completions.create(**PLAIN, stream=streamed)
    assert isinstance(caught.value, openai.APIStatusError)
    assert (caught.value.status_code, bool(caught.value.type)) == (status, True)
    assert caught.value.request_id


@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.embeddings.create(model="text-embedding-3-small", input="a"),
        lambda client: client.moderations.create(input="a"),
        lambda client: client.completions.create(model="davinci-002", prompt="a"),
        lambda client: client.models.list(),
    ],
    ids=["embeddings", "moderations", "completions", "models"],
)
def test_errors_everywhere(servers: FakeServers, client: OpenAI, call: Any) -> None:
    """Every endpoint can fail."""
    servers.openai.fails(429)
    with pytest.raises(openai.RateLimitError) as caught:
        call(client)
    assert caught.value.code == "rate_limit_exceeded"


def test_overloaded(servers: FakeServers, client: OpenAI) -> None:
    """An overload is a 503 in OpenAI's words."""
    servers.openai.fails(overloaded())
    with pytest.raises(openai.InternalServerError, match="currently overloaded") as caught:
        client.chat.completions.create(**PLAIN)
    assert caught.value.status_code == 503


def test_quota(servers: FakeServers, client: OpenAI) -> None:
    """An exhausted quota is told from a rate limit by its code."""
    servers.openai.fails(429, code="insufficient_quota")
    with pytest.raises(openai.RateLimitError, match="exceeded your current quota") as caught:
        client.chat.completions.create(**PLAIN)
    assert (caught.value.type, caught.value.code) == ("insufficient_quota", "insufficient_quota")


def test_retried(servers: FakeServers, http: httpx2.Client) -> None:
    """The SDK's own retries get through once the limit is lifted."""
    servers.openai.fails(rate_limited(retry_after_s=0.01), times=1)
    assert OpenAI(http_client=http).chat.completions.create(**PLAIN).choices
    assert [call.status for call in servers.openai.calls] == [429, 200]


@pytest.mark.parametrize(
    ("call", "param"),
    [
        (lambda c: c.chat.completions.create(model="gpt-9", messages=[HELLO]), None),
        (lambda c: c.chat.completions.create(model="gpt-9", messages=[HELLO], stream=True), None),
        (lambda c: c.embeddings.create(model="gpt-9", input="a"), None),
        (lambda c: c.models.retrieve("gpt-9"), "model"),
    ],
    ids=["chat", "stream", "embeddings", "models"],
)
def test_unknown_model(client: OpenAI, call: Any, param: str | None) -> None:
    """A model that there is not is named in a 404."""
    with pytest.raises(openai.NotFoundError, match=r"gpt-9.* does not exist") as caught:
        call(client)
    assert (caught.value.code, caught.value.param) == ("model_not_found", param)


@pytest.mark.parametrize(
    ("fields", "code", "param"),
    [
        ({"messages": []}, "empty_array", "messages"),
        ({"temperature": 3}, "decimal_above_max_value", "temperature"),
        ({"extra_body": {"bogus": 1}}, "unknown_parameter", "bogus"),
        ({"model": "gpt-5", "max_tokens": 5}, "unsupported_parameter", "max_tokens"),
        ({"messages": [{"role": "tool", "tool_call_id": "c"}]}, None, "messages.[0].role"),
    ],
    ids=["empty", "range", "unknown", "unsupported", "order"],
)
def test_bad_requests(client: OpenAI, fields: Any, code: str | None, param: str) -> None:
    """A request that OpenAI would refuse is refused, by code and parameter."""
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(**{**PLAIN, **fields})
    assert (caught.value.code, caught.value.param) == (code, param)


@pytest.mark.asyncio
async def test_async_error(servers: FakeServers, async_client: AsyncOpenAI) -> None:
    """The asynchronous client raises the same exceptions."""
    servers.openai.fails(429)
    with pytest.raises(openai.RateLimitError):
        await async_client.chat.completions.create(**PLAIN)


@pytest.mark.parametrize(
    ("method", "path", "key", "body", "status", "message"),
    [
        ("POST", "/chat/completions", "", b"{}", 401, "You didn't provide an API key."),
        ("POST", "/chat/completions", "k", b"{", 400, "We could not parse the JSON body"),
        ("POST", "/chat/completions", "k", b"[]", 400, "We could not parse the JSON body"),
        ("POST", "/chat/completions", "k", b"{}", 400, "you must provide a model parameter"),
        ("POST", "/embeddings", "k", b'{"model":"m"}', 400, "Missing required parameter: 'input'"),
        ("POST", "/moderations", "k", b'{"input":5}', 400, "Invalid type for 'input'"),
        ("POST", "/completions", "k", b'{"model":5}', 400, "Invalid type for 'model'"),
        ("POST", "/nothing", "k", b"{}", 404, "Invalid URL (POST /v1/nothing)"),
        ("GET", "/embeddings", "k", b"", 405, "Not allowed to GET on /v1/embeddings."),
    ],
    ids=[
        "no key",
        "no JSON",
        "no object",
        "no model",
        "no input",
        "bad input",
        "bad model",
        "no route",
        "no method",
    ],
)
def test_raw_errors(
    servers: FakeServers,
    http: httpx2.Client,
    method: str,
    path: str,
    key: str,
    body: bytes,
    status: int,
    message: str,
) -> None:
    """What no SDK would send is answered in OpenAI's envelope."""
    headers = {"authorization": f"Bearer {key}"} if key else {}
    answer = http.request(method, servers.openai.url + path, content=body, headers=headers)
    error = answer.json()["error"]
    assert (answer.status_code, error["type"]) == (status, "invalid_request_error")
    assert error["message"].startswith(message)
    assert answer.headers["x-request-id"].startswith("req_")
