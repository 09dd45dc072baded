"""The official Ollama SDK against the fake, with nothing changed but its environment; and the
official OpenAI and Anthropic SDKs against its compatible APIs."""

import json
import math
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, Literal

import anthropic
import httpx
import httpx2
import ollama
import openai
import pytest
import pytest_asyncio
from ollama import AsyncClient, ChatResponse, Client, ResponseError
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

MODEL = "llama3.2"
THINKER = "qwen3"
EMBEDDER = "nomic-embed-text"
HELLO: Any = {"role": "user", "content": "Hello!"}


class Person(BaseModel):
    """What a structured answer is to hold."""

    name: str
    age: int
    mood: Literal["glad", "sad"]


def get_weather(city: str, unit: str = "celsius") -> str:
    """Get the weather of a city.

    Args:
        city: The city's name
        unit: celsius or fahrenheit

    Returns:
        str: The weather
    """
    return f"19 degrees {unit} in {city}"


def user(prompt: str) -> Any:
    return {"role": "user", "content": prompt}


@pytest.fixture
def client(servers: FakeServers) -> Iterator[Client]:
    """The SDK's client, led here by OLLAMA_HOST."""
    client = Client(verify=False)
    yield client
    client.close()


@pytest_asyncio.fixture
async def async_client(servers: FakeServers) -> AsyncIterator[AsyncClient]:
    client = AsyncClient(verify=False)
    yield client
    await client.close()


@pytest.fixture
def http(servers: FakeServers) -> Iterator[httpx.Client]:
    """Requests that no SDK would send."""
    with httpx.Client(base_url=servers.ollama.url, verify=False) as client:
        yield client


@pytest.fixture
def compatible(servers: FakeServers) -> Iterator[openai.OpenAI]:
    """OpenAI's SDK, pointed at Ollama's compatible API."""
    with openai.OpenAI(
        base_url=f"{servers.ollama.url}/v1",
        api_key="ollama",
        max_retries=0,
        http_client=httpx2.Client(verify=False),
    ) as client:
        yield client


# --- chat ---------------------------------------------------------------------------------


def test_chat(client: Client) -> None:
    """An unscripted model answers, says why it stopped and how long it took."""
    answer = client.chat(MODEL, [HELLO])
    assert answer.model == MODEL and answer.done and answer.done_reason == "stop"
    assert answer.message.role == "assistant" and answer.message.content
    assert answer.eval_count and answer.prompt_eval_count
    assert answer.total_duration and answer.eval_duration
    assert answer.total_duration > answer.eval_duration


def test_chat_streamed(client: Client) -> None:
    """The stream's deltas join to an answer; only the last chunk is done and has figures."""
    *chunks, last = client.chat(MODEL, [HELLO], stream=True)
    assert "".join(chunk.message.content or "" for chunk in chunks)
    assert not any(chunk.done or chunk.eval_count for chunk in chunks)
    assert last.done and last.eval_count and last.message.content == ""


@pytest.mark.asyncio
async def test_chat_async(servers: FakeServers, async_client: AsyncClient) -> None:
    """The asynchronous client hears the same, whole and streamed."""
    servers.ollama.replies("Paris it is.")
    whole = await async_client.chat(MODEL, [HELLO])
    stream = await async_client.chat(MODEL, [HELLO], stream=True)
    chunks = [chunk async for chunk in stream]
    assert whole.message.content == "Paris it is."
    assert "".join(chunk.message.content or "" for chunk in chunks) == "Paris it is."


def test_module_functions(servers: FakeServers) -> None:
    """`ollama.chat(...)`, whose client was made at the import, reaches the fake too."""
    servers.ollama.replies("Here.")
    assert ollama.chat(MODEL, [HELLO]).message.content == "Here."


def test_conversation(servers: FakeServers, client: Client) -> None:
    """What the program sends is read back in canonical form."""
    servers.ollama.on(system="brief", turn=2).replies("Again: Paris.")
    history = [
        {"role": "system", "content": "Be brief."},
        user("Capital of France?"),
        {"role": "assistant", "content": "Paris."},
        {"role": "user", "content": "Again?", "images": [b"\x89PNG\r\n\x1a\n"]},
    ]
    assert client.chat(MODEL, history).message.content == "Again: Paris."
    request = servers.ollama.last.request
    assert request is not None and request.prompt == "Again?"


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_tool_calls(servers: FakeServers, client: Client, stream: bool) -> None:
    """Calls, also several, arrive with their arguments as objects."""
    servers.ollama.replies(
        [
            tool_call("get_weather", city="Paris", unit="celsius"),
            tool_call("get_weather", city="Rome", unit="celsius"),
        ]
    )
    answers = client.chat(MODEL, [HELLO], tools=[get_weather], stream=stream)
    calls = [c for a in chunks_of(answers) for c in a.message.tool_calls or ()]
    assert [call.function.name for call in calls] == ["get_weather"] * 2
    assert [call.function.arguments for call in calls] == [
        {"city": "Paris", "unit": "celsius"},
        {"city": "Rome", "unit": "celsius"},
    ]


def test_an_agent_loop_ends(client: Client) -> None:
    """A model that was plainly asked for a tool calls it, and talks once it has the result."""
    messages: list[Any] = [user("What is the weather in Paris? Use get_weather.")]
    answer = client.chat(MODEL, messages, tools=[get_weather])
    assert answer.message.tool_calls
    messages.append(answer.message)
    for call in answer.message.tool_calls:
        result = get_weather(**call.function.arguments)
        messages.append({"role": "tool", "content": result, "tool_name": call.function.name})
    answer = client.chat(MODEL, messages, tools=[get_weather])
    assert not answer.message.tool_calls and answer.message.content


def test_tool_results_are_matched(servers: FakeServers, client: Client) -> None:
    """A script can wait for what a tool answered."""
    servers.ollama.on(tool_result="19 degrees").replies("Mild.")
    calls = [{"function": {"name": "get_weather", "arguments": {"city": "Paris"}}}]
    answer = client.chat(
        MODEL,
        [
            user("Weather?"),
            {"role": "assistant", "tool_calls": calls},
            {"role": "tool", "content": "19 degrees"},
        ],
    )
    assert answer.message.content == "Mild."


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_structured_output(client: Client, stream: bool) -> None:
    """With a schema as the format the content satisfies it."""
    schema = Person.model_json_schema()
    answers = client.chat(MODEL, [user("A person.")], format=schema, stream=stream)
    content = "".join(a.message.content or "" for a in chunks_of(answers))
    assert Person.model_validate_json(content).mood in ("glad", "sad")


def test_json_mode(client: Client) -> None:
    """With the format "json" the content is a JSON object."""
    answer = client.chat(MODEL, [user("Colours as JSON.")], format="json")
    assert isinstance(json.loads(answer.message.content or ""), dict)


@pytest.mark.parametrize("think", [True, "low"])
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_thinking(client: Client, think: Any, stream: bool) -> None:
    """A model that is told to think does so before the answer, in a field of its own."""
    chunks = chunks_of(client.chat(THINKER, [HELLO], think=think, stream=stream))
    assert "".join(chunk.message.thinking or "" for chunk in chunks)
    assert "".join(chunk.message.content or "" for chunk in chunks)


def test_scripted_thinking(servers: FakeServers, client: Client) -> None:
    """Thinking and text can be scripted."""
    servers.ollama.replies([thinking("Hm."), text("Yes.")])
    message = client.chat(THINKER, [HELLO], think=True).message
    assert (message.thinking, message.content) == ("Hm.", "Yes.")


def test_refusal_is_content(servers: FakeServers, client: Client) -> None:
    """The wire knows no refusal: it is what the model says."""
    servers.ollama.replies(refusal("No."))
    answer = client.chat(MODEL, [HELLO])
    assert (answer.message.content, answer.done_reason) == ("No.", "stop")


def test_limits(client: Client) -> None:
    """num_predict ends an answer by length."""
    answer = client.chat(MODEL, [user("A long story.")], options={"num_predict": 4})
    assert answer.done_reason == "length" and answer.eval_count == 4


def test_stop_sequences(client: Client) -> None:
    """A stop sequence ends an answer before it is said."""
    first = client.chat(MODEL, [HELLO]).message.content or ""
    word = first.split()[1]
    answer = client.chat(MODEL, [HELLO], options={"stop": [word]})
    assert word not in (answer.message.content or "") and answer.done_reason == "stop"


def test_scripted_counts(servers: FakeServers, client: Client) -> None:
    """Token counts can be scripted; a count of 0 is left out."""
    servers.ollama.counts(input_tokens=0, output_tokens=7)
    answer = client.chat(MODEL, [HELLO])
    assert (answer.prompt_eval_count, answer.eval_count) == (None, 7)


def test_reply_by_length(servers: FakeServers, client: Client) -> None:
    """Why the model stopped can be scripted."""
    servers.ollama.replies(reply("Once upon", finish="length"))
    assert client.chat(MODEL, [HELLO]).done_reason == "length"


@pytest.mark.parametrize(("keep_alive", "reason"), [("5m", "load"), (0, "unload")])
def test_loading(servers: FakeServers, client: Client, keep_alive: Any, reason: str) -> None:
    """Nothing to say loads a model or unloads it, and is no call that a script answers."""
    servers.ollama.unused = "allow"
    servers.ollama.replies("Never said.")
    assert client.chat(MODEL, keep_alive=keep_alive).done_reason == reason
    assert client.generate(MODEL, keep_alive=keep_alive).done_reason == reason


# --- generate and embeddings --------------------------------------------------------------


def test_generate(client: Client) -> None:
    """A completion has a context that the next one takes."""
    answer = client.generate(MODEL, "Why is the sky blue?", system="Be brief.")
    assert answer.response and answer.done_reason == "stop" and answer.context
    again = client.generate(MODEL, "And red?", context=answer.context)
    assert list(again.context or ())[: len(answer.context)] == list(answer.context)


def test_generate_streamed(servers: FakeServers, client: Client) -> None:
    """The deltas join to the answer; context and figures come last."""
    servers.ollama.replies([thinking("Hm."), text("Rayleigh <&>.")])
    *chunks, last = client.generate(THINKER, "Why?", stream=True, think=True)
    assert "".join(chunk.response or "" for chunk in chunks) == "Rayleigh <&>."
    assert "".join(chunk.thinking or "" for chunk in chunks) == "Hm."
    assert last.done and last.context and last.eval_count


@pytest.mark.asyncio
async def test_generate_async(async_client: AsyncClient) -> None:
    """The asynchronous client completes as well, with a schema too."""
    schema = Person.model_json_schema()
    answer = await async_client.generate(MODEL, "A person.", format=schema)
    stream = await async_client.generate(MODEL, "Why?", stream=True)
    assert Person.model_validate_json(answer.response or "")
    assert [chunk async for chunk in stream][-1].done


def test_generate_raw(client: Client) -> None:
    """Raw mode has no context."""
    assert client.generate(MODEL, "[INST] Why? [/INST]", raw=True).context is None


def test_embed(client: Client) -> None:
    """Vectors have unit length, and the length that was asked for."""
    answer = client.embed(EMBEDDER, ["The sky is blue.", "Blue is the sky."], dimensions=64)
    assert [len(vector) for vector in answer.embeddings] == [64, 64]
    assert all(math.isclose(math.hypot(*v), 1, rel_tol=1e-5) for v in answer.embeddings)
    assert answer.prompt_eval_count and client.embed(EMBEDDER, "").embeddings == []


@pytest.mark.asyncio
async def test_embeddings_async(async_client: AsyncClient) -> None:
    """Both endpoints, the older one with one vector."""
    old = await async_client.embeddings(EMBEDDER, "The sky is blue.")
    new = await async_client.embed(EMBEDDER, "The sky is blue.")
    assert old.embedding == pytest.approx(new.embeddings[0], rel=1e-5)


# --- models -------------------------------------------------------------------------------


def test_list_and_show(client: Client) -> None:
    """Every model that is listed can be shown."""
    models = client.list().models
    assert f"{MODEL}:latest" in [model.model for model in models]
    for model in models[:5]:
        shown = client.show(model.model or "")
        assert shown.details == model.details and shown.capabilities
        assert shown.modelinfo and shown.modified_at == model.modified_at


def test_ps(client: Client) -> None:
    """A model is in memory once it was used, for as long as was asked, until it is unloaded."""
    assert list(client.ps().models) == []
    client.generate(MODEL, "Hello!", keep_alive="1h", options={"num_ctx": 2048})
    client.embed(EMBEDDER, "Hello!")
    first, second = client.ps().models
    assert [first.model, second.model] == [f"{MODEL}:latest", f"{EMBEDDER}:latest"]
    assert first.size_vram and first.context_length == 2048 and first.details
    assert first.expires_at and second.expires_at and first.expires_at > second.expires_at
    client.generate(MODEL, keep_alive=0)
    assert [model.model for model in client.ps().models] == [f"{EMBEDDER}:latest"]


def test_pull_makes_a_model_known(client: Client) -> None:
    """An unknown model is pulled with progress, and answers from then on."""
    with pytest.raises(ResponseError):
        client.chat("me/own", [HELLO])
    steps = list(client.pull("me/own", stream=True))
    assert steps[0].status == "pulling manifest" and steps[-1].status == "success"
    assert any(step.completed == step.total for step in steps if step.digest)
    assert client.chat("me/own", [HELLO]).message.content
    assert "me/own:latest" in [model.model for model in client.list().models]


def test_create_copy_delete(client: Client) -> None:
    """A model is made of another one, copied, and gone after its deletion."""
    assert client.create("mario", from_=MODEL, system="You are Mario.").status == "success"
    assert client.copy("mario", "luigi").status == "success"
    assert client.chat("luigi", [HELLO]).model == "luigi"
    assert client.delete("luigi").status == "success"
    with pytest.raises(ResponseError, match="model 'luigi' not found"):
        client.chat("luigi", [HELLO])


def test_create_from_files(client: Client, tmp_path: Path) -> None:
    """A file is handed over, and a model made of it."""
    file = tmp_path / "weights.gguf"
    file.write_bytes(b"GGUF")
    steps = list(client.create("mine", files={"w.gguf": client.create_blob(file)}, stream=True))
    assert steps[-1].status == "success"
    assert client.push("mine").status == "success"


@pytest.mark.asyncio
async def test_models_async(async_client: AsyncClient) -> None:
    """The asynchronous client reads and changes the models as well."""
    assert (await async_client.pull("own")).status == "success"
    assert "own:latest" in [model.model for model in (await async_client.list()).models]
    assert (await async_client.show("own")).capabilities
    assert (await async_client.delete("own")).status == "success"


# --- errors -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "status", "message"),
    [
        (lambda c: c.chat("nope", [HELLO]), 404, "model 'nope' not found"),
        (lambda c: list(c.chat("nope", [HELLO], stream=True)), 404, "model 'nope' not found"),
        (lambda c: c.generate("nope", "x"), 404, "model 'nope' not found"),
        (lambda c: c.embed("nope", "x"), 404, "model 'nope' not found"),
        (lambda c: c.show("nope"), 404, "model 'nope' not found"),
        (lambda c: c.delete("nope"), 404, "model 'nope' not found"),
        (lambda c: c.copy("nope", "x"), 404, 'model "nope" not found'),
        (
            lambda c: c.chat(MODEL, [HELLO], options={"stop": 1}),
            500,
            'option "stop" must be of type array',
        ),
    ],
)
def test_refused(client: Client, call: Any, status: int, message: str) -> None:
    """What is refused raises ResponseError with the server's status and words."""
    with pytest.raises(ResponseError) as caught:
        call(client)
    assert (caught.value.status_code, caught.value.error) == (status, message)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (400, 400),
        (401, 401),
        (429, 429),
        (rate_limited(retry_after_s=2), 429),
        (500, 500),
        (overloaded(), 503),
    ],
)
def test_scripted_faults(
    servers: FakeServers, client: Client, fault: Any, status: int, stream: bool
) -> None:
    """A scripted fault raises ResponseError with its status, once."""
    servers.ollama.fails(fault, times=1)
    with pytest.raises(ResponseError) as caught:
        chunks_of(client.chat(MODEL, [HELLO], stream=stream))
    assert caught.value.status_code == status and caught.value.error
    assert client.chat(MODEL, [HELLO]).done


@pytest.mark.asyncio
async def test_scripted_fault_async(servers: FakeServers, async_client: AsyncClient) -> None:
    """The asynchronous client raises the same."""
    servers.ollama.fails(503, times=1)
    with pytest.raises(ResponseError, match="server busy"):
        await async_client.chat(MODEL, [HELLO])


@pytest.mark.parametrize(
    ("method", "path", "content", "status", "body"),
    [
        ("POST", "/api/chat", b"", 400, '{"error":"missing request body"}'),
        ("POST", "/api/chat", b'{"model"', 400, '{"error":"unexpected EOF"}'),
        ("POST", "/api/chat", b"{}", 400, '{"error":"model is required"}'),
        ("GET", "/api/nothing", b"", 404, "404 page not found"),
        ("GET", "/api/chat", b"", 405, "405 method not allowed"),
        ("GET", "/", b"", 200, "Ollama is running"),
        ("HEAD", "/", b"", 200, ""),
    ],
)
def test_bytes(
    http: httpx.Client, method: str, path: str, content: bytes, status: int, body: str
) -> None:
    """Requests that no SDK sends get the server's own answer."""
    answer = http.request(method, path, content=content)
    assert (answer.status_code, answer.text) == (status, body)


def test_streams_by_default(http: httpx.Client) -> None:
    """A request that says nothing of it is streamed, one JSON object a line."""
    answer = http.post("/api/chat", json={"model": MODEL, "messages": [HELLO]})
    assert answer.headers["content-type"] == "application/x-ndjson"
    objects = [json.loads(line) for line in answer.text.splitlines()]
    assert len(objects) > 1 and objects[-1]["done"] is True


# --- the compatible API -------------------------------------------------------------------


def test_compatible_chat(compatible: openai.OpenAI) -> None:
    """OpenAI's SDK chats with an Ollama model, whole and streamed."""
    answer = compatible.chat.completions.create(model=MODEL, messages=[HELLO])
    assert answer.choices[0].message.content and answer.model == MODEL
    stream = compatible.chat.completions.create(model=MODEL, messages=[HELLO], stream=True)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)


def test_compatible_completion(compatible: openai.OpenAI) -> None:
    """Plain completions are not cut short, as OpenAI's own are."""
    answer = compatible.completions.create(model=MODEL, prompt="Once upon a time")
    assert answer.choices[0].text and answer.choices[0].finish_reason == "stop"


def test_compatible_embeddings(compatible: openai.OpenAI) -> None:
    """Embeddings come in the form that the SDK asks for."""
    answer = compatible.embeddings.create(model=EMBEDDER, input=["a", "b"])
    assert len(answer.data) == 2 and len(answer.data[0].embedding) > 100


def test_compatible_responses(compatible: openai.OpenAI) -> None:
    """The Responses API answers there too."""
    assert compatible.responses.create(model=MODEL, input="Hello!").output_text


def test_compatible_messages(servers: FakeServers) -> None:
    """Anthropic's SDK is answered there too, whole, streamed, and by a tool's call."""
    client = anthropic.Anthropic(base_url=servers.ollama.url, api_key="unused")
    asked: Any = {"model": MODEL, "max_tokens": 200, "messages": [HELLO]}
    answer = client.messages.create(**asked)
    assert answer.content[0].type == "text" and answer.model == MODEL
    with client.messages.stream(**asked) as stream:
        assert stream.get_final_text()
    tool: Any = {"name": "look_up", "input_schema": {"type": "object"}}
    answer = client.messages.create(**asked, tools=[tool], tool_choice={"type": "any"})
    assert answer.stop_reason == "tool_use"
    assert [request.provider for request in servers.requests] == ["ollama"] * 3


def test_compatible_messages_errors(servers: FakeServers) -> None:
    """Errors are in Anthropic's form, with Ollama's words."""
    client = anthropic.Anthropic(base_url=servers.ollama.url, api_key="unused")
    with pytest.raises(anthropic.NotFoundError, match="model 'nope' not found"):
        client.messages.create(model="nope", max_tokens=9, messages=[HELLO])


def test_compatible_models(compatible: openai.OpenAI) -> None:
    """Models are listed by their full name and found by either."""
    models = list(compatible.models.list())
    assert f"{MODEL}:latest" in [model.id for model in models]
    assert compatible.models.retrieve(MODEL).owned_by == "library"


def test_compatible_errors(compatible: openai.OpenAI) -> None:
    """Errors raise what OpenAI's own would, with Ollama's words."""
    with pytest.raises(openai.NotFoundError, match="model 'nope' not found"):
        compatible.chat.completions.create(model="nope", messages=[HELLO])


@pytest.mark.parametrize(
    "path", ["chat/completions", "completions", "embeddings", "messages", "models"]
)
def test_compatible_headers(http: httpx.Client, path: str) -> None:
    """The server is neither OpenAI's nor Anthropic's, and does not send their headers."""
    body = {"model": MODEL, "messages": [HELLO], "prompt": "Hello!", "input": "Hello!"}
    body |= {"max_tokens": 9}
    answer = http.get("/v1/models") if path == "models" else http.post(f"/v1/{path}", json=body)
    assert answer.status_code == 200 and answer.headers["content-type"] == "application/json"
    assert not [name for name in answer.headers if name.startswith(("openai", "anthropic"))]


def chunks_of(answers: Any) -> list[ChatResponse]:
    """The chunks of a stream, or a whole answer as the only one."""
    return [answers] if isinstance(answers, ChatResponse) else list(answers)
