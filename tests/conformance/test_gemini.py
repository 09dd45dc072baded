"""The official google-genai SDK against the fake, with nothing changed but its environment."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
import pytest_asyncio
from google import genai
from google.genai import errors, types
from openai import NotFoundError, OpenAI
from pydantic import BaseModel

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

MODEL = "gemini-2.5-flash"
NEWEST = "gemini-3-flash-preview"


class Person(BaseModel):
    """What a structured answer is to hold."""

    name: str
    age: int
    hobbies: list[str]


def get_weather(city: str) -> str:
    """The weather in a city.

    Args:
      city: The name of the city.
    """
    return f"22 degrees in {city}"


@pytest.fixture(params=["v1beta", "v1"])
def client(
    servers: FakeServers, http: httpx2.Client, request: pytest.FixtureRequest
) -> genai.Client:
    """A client that finds the fake by its environment alone, on each version of the API."""
    return genai.Client(
        http_options=types.HttpOptions(httpx_client=http, api_version=request.param)
    )


@pytest_asyncio.fixture
async def aclient(servers: FakeServers) -> AsyncIterator[genai.Client]:
    """A client on the version that the SDK takes by itself."""
    async with httpx2.AsyncClient(verify=False) as http:
        yield genai.Client(http_options=types.HttpOptions(httpx_async_client=http))


def known(value: Any) -> bool:
    """Whether the SDK's models have a field for everything that the fake sent."""
    if isinstance(value, BaseModel):
        return not value.model_extra and all(
            known(getattr(value, name)) for name in type(value).model_fields
        )
    return not isinstance(value, list) or all(map(known, value))


# --- generate_content ---------------------------------------------------------------------


def test_text(client: genai.Client) -> None:
    """An unscripted fake answers in prose, with usage that adds up."""
    answer = client.models.generate_content(model=MODEL, contents="Hello!")
    usage = answer.usage_metadata
    assert answer.text and known(answer)
    assert answer.candidates[0].finish_reason is types.FinishReason.STOP
    assert usage.total_token_count == usage.prompt_token_count + usage.candidates_token_count


def test_stream(client: genai.Client, servers: FakeServers) -> None:
    """A streamed answer comes in several chunks of one response."""
    servers.gemini.replies("Paris is the capital of France.")
    chunks = list(client.models.generate_content_stream(model=MODEL, contents="Capital?"))
    assert "".join(chunk.text for chunk in chunks) == "Paris is the capital of France."
    assert len(chunks) > 3 and all(map(known, chunks))
    assert len({chunk.response_id for chunk in chunks}) == 1


@pytest.mark.asyncio
async def test_async(aclient: genai.Client, servers: FakeServers) -> None:
    """The asynchronous client, whole and streamed."""
    servers.gemini.replies("Paris.")
    whole = await aclient.aio.models.generate_content(model=MODEL, contents="Capital?")
    stream = await aclient.aio.models.generate_content_stream(model=MODEL, contents="Capital?")
    assert whole.text == "".join([chunk.text async for chunk in stream]) == "Paris."


def test_chats_continue(client: genai.Client, servers: FakeServers) -> None:
    """A chat sends its history along: the second turn is a second turn."""
    servers.gemini.on(turn=1).replies("Hello Ada.")
    servers.gemini.on(turn=2, prompt="my name").replies("Ada.")
    chat = client.chats.create(model=MODEL)
    assert chat.send_message("I am Ada.").text == "Hello Ada."
    assert "".join(c.text for c in chat.send_message_stream("What is my name?")) == "Ada."


@pytest.mark.asyncio
async def test_async_chats_continue(aclient: genai.Client, servers: FakeServers) -> None:
    """The same with the asynchronous client."""
    servers.gemini.on(turn=2).replies("Ada.")
    servers.gemini.on(turn=1).replies("Hello Ada.")
    chat = aclient.aio.chats.create(model=MODEL)
    await chat.send_message("I am Ada.")
    assert (await chat.send_message("What is my name?")).text == "Ada."


def test_system_instruction(client: genai.Client, servers: FakeServers) -> None:
    """The system instruction can be matched."""
    servers.gemini.on(system="pirate").replies("Arr.")
    config = types.GenerateContentConfig(system_instruction="You are a pirate.")
    assert client.models.generate_content(model=MODEL, contents="Hi", config=config).text == "Arr."


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        (types.GenerateContentConfig(max_output_tokens=3), types.FinishReason.MAX_TOKENS),
        (types.GenerateContentConfig(stop_sequences=[" "]), types.FinishReason.STOP),
    ],
    ids=["max_output_tokens", "stop_sequences"],
)
def test_limits(client: genai.Client, config: Any, reason: types.FinishReason) -> None:
    """Natural answers keep to the limits and say which one ended them."""
    answer = client.models.generate_content(model=MODEL, contents="Tell a story.", config=config)
    assert answer.candidates[0].finish_reason is reason
    assert len(answer.text.split()) <= 3


def test_media_are_accepted(client: genai.Client) -> None:
    """An image counts by its own modality."""
    image = types.Part.from_bytes(data=b"\x89PNG\r\n\x1a\n", mime_type="image/png")
    answer = client.models.generate_content(model=MODEL, contents=["What is this?", image])
    modalities = [d.modality.value for d in answer.usage_metadata.prompt_tokens_details]
    assert answer.text and modalities == ["TEXT", "IMAGE"]


def test_thinking(client: genai.Client) -> None:
    """With include_thoughts thoughts come first, streamed and not, and are counted."""
    config = types.GenerateContentConfig(
        thinking_config=types.ThinkingConfig(include_thoughts=True, thinking_budget=256)
    )
    whole = client.models.generate_content(model=MODEL, contents="Why?", config=config)
    first, *_ = client.models.generate_content_stream(model=MODEL, contents="Why?", config=config)
    assert whole.parts[0].thought and not whole.parts[-1].thought and whole.text
    assert whole.usage_metadata.thoughts_token_count > 0
    assert first.parts[0].thought


def test_candidates(client: genai.Client) -> None:
    """candidate_count gives as many candidates."""
    config = types.GenerateContentConfig(candidate_count=3)
    answer = client.models.generate_content(model=MODEL, contents="Hi", config=config)
    assert [found.index for found in answer.candidates] == [0, 1, 2]


def test_a_refusal(client: genai.Client, servers: FakeServers) -> None:
    """A refusal is a candidate that was blocked."""
    servers.gemini.replies(refusal("I can't."))
    answer = client.models.generate_content(model=MODEL, contents="Hi")
    assert answer.candidates[0].finish_reason is types.FinishReason.SAFETY
    assert answer.text is None and known(answer)


# --- functions ----------------------------------------------------------------------------


def test_automatic_function_calling_ends(client: genai.Client) -> None:
    """Nothing scripted: the model calls the Python function and answers with what it gave."""
    config = types.GenerateContentConfig(tools=[get_weather])
    answer = client.models.generate_content(
        model=MODEL, contents="What is the weather in Paris? Use get_weather.", config=config
    )
    history = answer.automatic_function_calling_history
    assert answer.text and answer.function_calls is None
    assert [p.function_call.name for c in history for p in c.parts if p.function_call] == [
        "get_weather"
    ]


@pytest.mark.asyncio
async def test_automatic_function_calling_streamed(aclient: genai.Client) -> None:
    """The same loop with the asynchronous client, streamed."""
    config = types.GenerateContentConfig(tools=[get_weather])
    stream = await aclient.aio.models.generate_content_stream(
        model=NEWEST, contents="What is the weather in Paris? Use get_weather.", config=config
    )
    chunks = [chunk async for chunk in stream]
    assert any(chunk.function_calls for chunk in chunks)
    assert chunks[-2].text


@pytest.mark.parametrize("model", [MODEL, NEWEST])
def test_a_forced_call(client: genai.Client, model: str) -> None:
    """Mode ANY forces a call of an allowed function, with arguments that fit its schema."""
    weather = types.FunctionDeclaration(
        name="get_weather",
        parameters_json_schema={
            "type": "object",
            "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
            "required": ["city", "days"],
        },
    )
    other = types.FunctionDeclaration(
        name="other",
        parameters=types.Schema(
            type=types.Type.OBJECT, properties={"x": types.Schema(type=types.Type.STRING)}
        ),
    )
    config = types.GenerateContentConfig(
        tools=[types.Tool(function_declarations=[other, weather])],
        tool_config=types.ToolConfig(
            function_calling_config=types.FunctionCallingConfig(
                mode=types.FunctionCallingConfigMode.ANY, allowed_function_names=["get_weather"]
            )
        ),
    )
    answer = client.models.generate_content(model=model, contents="Hi", config=config)
    (call,) = answer.function_calls
    assert call.name == "get_weather" and isinstance(call.args["days"], int)
    assert bool(call.id) is (model == NEWEST) and answer.parts[0].thought_signature
    assert known(answer)


def test_parallel_calls_and_their_results(client: genai.Client, servers: FakeServers) -> None:
    """Calls can be scripted, streamed whole, and answered; the results can be matched."""
    servers.gemini.on(tool_result="22 degrees in Rome").replies("Warm in both.")
    servers.gemini.replies([tool_call("get_weather", city=c) for c in ("Paris", "Rome")])
    config = types.GenerateContentConfig(
        tools=[get_weather],
        automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
    )
    asked = types.UserContent("Weather?")
    chunks = list(
        client.models.generate_content_stream(model=MODEL, contents=[asked], config=config)
    )
    calls = [call for chunk in chunks for call in chunk.function_calls or ()]
    results = [
        types.Part.from_function_response(name=c.name, response={"result": get_weather(**c.args)})
        for c in calls
    ]
    said = types.ModelContent([types.Part(function_call=call) for call in calls])
    answer = client.models.generate_content(
        model=MODEL, contents=[asked, said, types.UserContent(results)], config=config
    )
    assert [call.args["city"] for call in calls] == ["Paris", "Rome"]
    assert answer.text == "Warm in both."


# --- structured output --------------------------------------------------------------------


@pytest.mark.parametrize("field", ["response_schema", "response_json_schema"])
def test_structured_output(client: genai.Client, field: str) -> None:
    """A pydantic model, in either form of schema, is filled."""
    schema = Person if field == "response_schema" else Person.model_json_schema()
    config = types.GenerateContentConfig(response_mime_type="application/json", **{field: schema})
    answer = client.models.generate_content(model=MODEL, contents="Invent one.", config=config)
    assert Person.model_validate_json(answer.text).name
    assert isinstance(answer.parsed, Person) or field == "response_json_schema"


def test_structured_output_streamed(client: genai.Client) -> None:
    """The chunks join to JSON that satisfies the schema."""
    config = types.GenerateContentConfig(
        response_mime_type="application/json", response_schema=list[Person]
    )
    chunks = client.models.generate_content_stream(model=MODEL, contents="Invent.", config=config)
    people = json.loads("".join(chunk.text for chunk in chunks))
    assert all(Person.model_validate(person) for person in people)


def test_scripted_thoughts_and_chunks(client: genai.Client, servers: FakeServers) -> None:
    """A reply of several parts keeps them; its text is streamed in the chunks it was given."""
    said = [thinking("Hm."), text("Yes, no.", chunks=("Yes", ", no."))]
    servers.gemini.replies(reply(*said))
    config = types.GenerateContentConfig(
        thinking_config=types.ThinkingConfig(include_thoughts=True)
    )
    whole = client.models.generate_content(model=MODEL, contents="Hi", config=config)
    chunks = client.models.generate_content_stream(model=MODEL, contents="Hi", config=config)
    shown = [c.text for c in chunks if not c.parts[0].thought]
    assert [part.text for part in whole.parts] == ["Hm.", "Yes, no."]
    assert shown == ["Yes", ", no."]


# --- other methods ------------------------------------------------------------------------


def test_count_tokens(client: genai.Client) -> None:
    """The count agrees with the usage of the answer."""
    counted = client.models.count_tokens(model=MODEL, contents="How many tokens is this?")
    answer = client.models.generate_content(model=MODEL, contents="How many tokens is this?")
    assert counted.total_tokens == answer.usage_metadata.prompt_token_count and known(counted)


@pytest.mark.asyncio
async def test_async_count_and_embed(aclient: genai.Client) -> None:
    """The same methods with the asynchronous client."""
    counted = await aclient.aio.models.count_tokens(model=MODEL, contents="Hi")
    embedded = await aclient.aio.models.embed_content(model="gemini-embedding-001", contents="Hi")
    assert counted.total_tokens > 0 and len(embedded.embeddings[0].values) == 3072


def test_embed_content(client: genai.Client) -> None:
    """Each text gets a vector; texts that share words are nearer to each other."""
    cat, kitten, tax = client.models.embed_content(
        model="gemini-embedding-001",
        contents=["the black cat sleeps", "the black cat eats", "quarterly tax returns"],
        config=types.EmbedContentConfig(output_dimensionality=128),
    ).embeddings

    def cosine(a: Any, b: Any) -> float:
        return sum(x * y for x, y in zip(a.values, b.values, strict=True))

    assert len(cat.values) == 128
    assert cosine(cat, kitten) > cosine(cat, tax)


def test_models(client: genai.Client) -> None:
    """The pager walks through all pages; a model found there can be got and used."""
    names = [model.name for model in client.models.list(config={"page_size": 7})]
    model = client.models.get(model=names[0])
    assert len(names) == len(set(names)) > 7 and f"models/{MODEL}" in names
    assert model.name == names[0] and model.input_token_limit > 0
    assert client.models.generate_content(model=f"models/{MODEL}", contents="Hi").text


@pytest.mark.asyncio
async def test_async_models(aclient: genai.Client) -> None:
    """The asynchronous pager finds the same."""
    pager = await aclient.aio.models.list(config={"page_size": 50})
    assert f"models/{MODEL}" in [model.name async for model in pager]


# --- errors -------------------------------------------------------------------------------


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize(
    ("fault", "kind", "code", "status"),
    [
        (400, errors.ClientError, 400, "INVALID_ARGUMENT"),
        (403, errors.ClientError, 403, "PERMISSION_DENIED"),
        (rate_limited(retry_after_s=2), errors.ClientError, 429, "RESOURCE_EXHAUSTED"),
        (500, errors.ServerError, 500, "INTERNAL"),
        (overloaded(), errors.ServerError, 503, "UNAVAILABLE"),
        (504, errors.ServerError, 504, "DEADLINE_EXCEEDED"),
    ],
    ids=["400", "403", "429", "500", "503", "504"],
)
def test_faults(
    servers: FakeServers,
    http: httpx2.Client,
    fault: Any,
    kind: type[errors.APIError],
    code: int,
    status: str,
    streamed: bool,
) -> None:
    """A scripted fault is the SDK's own exception, with code, status and message."""
    client = genai.Client(http_options=types.HttpOptions(httpx_client=http))
    servers.gemini.fails(fault)
    with pytest.raises(kind) as caught:
        if streamed:
            list(client.models.generate_content_stream(model=MODEL, contents="Hi"))
        else:
            client.models.generate_content(model=MODEL, contents="Hi")
    assert (caught.value.code, caught.value.status) == (code, status)
    assert caught.value.message


@pytest.mark.asyncio
async def test_async_faults(aclient: genai.Client, servers: FakeServers) -> None:
    """The asynchronous client raises the same."""
    servers.gemini.fails(overloaded())
    with pytest.raises(errors.ServerError) as caught:
        await aclient.aio.models.generate_content(model=MODEL, contents="Hi")
    assert caught.value.status == "UNAVAILABLE"


def test_retries_are_the_clients(servers: FakeServers, http: httpx2.Client) -> None:
    """With retry options the SDK asks again after a 503 and gets its answer."""
    servers.gemini.fails(overloaded(), times=1)
    retry = types.HttpRetryOptions(attempts=2, initial_delay=0.01, jitter=0.0)
    client = genai.Client(http_options=types.HttpOptions(httpx_client=http, retry_options=retry))
    assert client.models.generate_content(model=MODEL, contents="Hi").text
    assert [call.status for call in servers.gemini.calls] == [503, 200]


def test_unknown_models(client: genai.Client) -> None:
    """An unknown model is a 404, asked for or looked up."""
    for ask in (
        lambda: client.models.generate_content(model="gemini-0", contents="Hi"),
        lambda: client.models.get(model="gemini-0"),
    ):
        with pytest.raises(errors.ClientError) as caught:
            ask()
        assert (caught.value.code, caught.value.status) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("method", "path", "headers", "body", "status"),
    [
        ("POST", "/v1/models/gemini-2.5-flash:generateContent", True, b"{", 400),
        ("POST", "/v1/models/gemini-2.5-flash:generateContent", False, b"{}", 403),
        ("POST", "/v1/nothing", True, b"{}", 404),
        ("GET", "/v1/models/gemini-2.5-flash:generateContent", True, b"", 405),
    ],
    ids=["bad JSON", "no key", "unknown path", "wrong method"],
)
def test_raw_mistakes(
    servers: FakeServers,
    http: httpx2.Client,
    method: str,
    path: str,
    headers: bool,
    body: bytes,
    status: int,
) -> None:
    """What no SDK sends is answered in Google's envelope."""
    given = {"x-goog-api-key": "k"} if headers else {}
    answer = http.request(method, servers.gemini.url + path, headers=given, content=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, status)


# --- the OpenAI-compatible API ------------------------------------------------------------


@pytest.fixture
def compatible(servers: FakeServers, http: httpx2.Client) -> OpenAI:
    return OpenAI(
        api_key="k",
        base_url=f"{servers.gemini.url}/v1beta/openai/",
        http_client=http,
        max_retries=0,
    )


def test_openai_sdk(compatible: OpenAI, servers: FakeServers) -> None:
    """The OpenAI SDK talks to Gemini, and the same script answers it."""
    servers.gemini.on(prompt="capital").replies("Paris.")
    ask: Any = {"model": MODEL, "messages": [{"role": "user", "content": "The capital?"}]}
    whole = compatible.chat.completions.create(**ask)
    chunks = list(compatible.chat.completions.create(**ask, stream=True))
    assert whole.choices[0].message.content == "Paris."
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == "Paris."
    assert servers.gemini.last.request.provider == "gemini"


def test_openai_sdk_resources(compatible: OpenAI) -> None:
    """Embeddings and models are there too."""
    embedded = compatible.embeddings.create(model="gemini-embedding-001", input="Hi")
    assert len(embedded.data[0].embedding) == 3072
    assert any(MODEL in model.id for model in compatible.models.list())
    assert MODEL in compatible.models.retrieve(MODEL).id


def test_openai_sdk_errors(compatible: OpenAI) -> None:
    """Errors become the exceptions of the OpenAI SDK there."""
    with pytest.raises(NotFoundError):
        compatible.chat.completions.create(
            model="gemini-0", messages=[{"role": "user", "content": "Hi"}]
        )
