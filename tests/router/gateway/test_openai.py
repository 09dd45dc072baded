"""OpenAI's SDK as a caller of the gateway, whoever answers."""

import json
from base64 import b64encode
from decimal import Decimal
from typing import Any

import openai
import pytest

from fakeservers import FakeServers, structured, text, thinking, tool_call

from .support import MODELS, Gateway, endpoint, gateway, router_over, sse

WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather of a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    },
}
every_target = pytest.mark.parametrize("name", MODELS)
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6364f8cf500f0003860180"
    "5a347d6b0000000049454e44ae426082"
)
HELLO = [{"role": "user", "content": "Hello?"}]


def said(chunks: Any) -> tuple[str, list[str | None]]:
    """The text of a stream, and its finish reasons."""
    all_of_it = list(chunks)
    choices = [choice for chunk in all_of_it for choice in chunk.choices]
    finishes = [choice.finish_reason for choice in choices if choice.finish_reason]
    return "".join(choice.delta.content or "" for choice in choices), finishes


@every_target
def test_text(llmsim: FakeServers, client: openai.OpenAI, name: str) -> None:
    """Any target's answer is a chat completion with its usage."""
    llmsim[name].replies("Paris.")
    answer = client.chat.completions.create(model=name, messages=HELLO, max_tokens=50)
    assert answer.choices[0].message.content == "Paris."
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage and answer.usage.total_tokens == sum(
        (answer.usage.prompt_tokens, answer.usage.completion_tokens)
    )


@every_target
def test_a_stream(llmsim: FakeServers, client: openai.OpenAI, name: str) -> None:
    """Any target's stream is chunks, with one finish reason."""
    llmsim[name].replies(text("It is Paris.", chunks=["It is", " Paris."]))
    stream = client.chat.completions.create(model=name, messages=HELLO, stream=True)
    assert said(stream) == ("It is Paris.", ["stop"])


@every_target
@pytest.mark.parametrize("asks", [True, False])
def test_usage_of_a_stream(llmsim: FakeServers, served: Gateway, name: str, asks: bool) -> None:
    """Usage is one chunk without choices before [DONE], and only where it was asked for."""
    llmsim[name].replies("Paris.")
    options = {"stream_options": {"include_usage": True}} if asks else {}
    *chunks, last = sse(served.streamed(model=name, **options))
    counts = [chunk["usage"] for chunk in chunks if chunk.get("usage")]
    assert last == "[DONE]" and len(counts) == asks
    assert all("usage" in chunk for chunk in chunks) == asks
    assert (chunks[-1]["choices"] == []) == asks


@every_target
def test_tools(llmsim: FakeServers, client: openai.OpenAI, name: str) -> None:
    """A call goes out, its result comes back, at every target."""
    llmsim[name].replies(tool_call("weather", city="Paris"), "Sunny.")
    messages: list[Any] = [{"role": "user", "content": "Weather in Paris?"}]
    ask = client.chat.completions.create
    first = ask(model=name, messages=messages, tools=[WEATHER]).choices[0]
    assert first.finish_reason == "tool_calls" and first.message.tool_calls
    call = first.message.tool_calls[0]
    assert json.loads(call.function.arguments) == {"city": "Paris"}
    messages += [first.message, {"role": "tool", "tool_call_id": call.id, "content": "sunny"}]
    assert ask(model=name, messages=messages, tools=[WEATHER]).choices[0].message.content == (
        "Sunny."
    )


@every_target
def test_tools_in_a_stream(llmsim: FakeServers, client: openai.OpenAI, name: str) -> None:
    """The SDK's stream helper puts the fragments of a call together."""
    llmsim[name].replies(tool_call("weather", city="Paris"))
    asked = client.chat.completions.stream(model=name, messages=HELLO, tools=[WEATHER])
    with asked as stream:
        choice = stream.get_final_completion().choices[0]
    assert choice.finish_reason == "tool_calls" and choice.message.tool_calls
    (call,) = choice.message.tool_calls
    assert call.id and call.function.name == "weather"
    assert json.loads(call.function.arguments) == {"city": "Paris"}


@every_target
def test_structured_output(llmsim: FakeServers, client: openai.OpenAI, name: str) -> None:
    """A JSON schema goes to every target, its JSON comes back."""
    llmsim[name].replies(structured({"city": "Paris"}))
    schema = {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    }
    form = {"type": "json_schema", "json_schema": {"name": "city", "schema": schema}}
    answer = client.chat.completions.create(model=name, messages=HELLO, response_format=form)
    assert json.loads(answer.choices[0].message.content or "") == {"city": "Paris"}


def test_reasoning(llmsim: FakeServers) -> None:
    """Reasoning is told as reasoning_content, whole and streamed."""
    llmsim.ollama.replies([thinking("Hm."), text("Paris.")])
    with gateway(router_over(endpoint(llmsim, "ollama", model="qwen3"))) as served:
        message = served.chat(reasoning_effort="low").json()["choices"][0]["message"]
        *chunks, _ = sse(served.streamed(reasoning_effort="low"))
    assert (message["reasoning_content"], message["content"]) == ("Hm.", "Paris.")
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks]
    assert "".join(delta.get("reasoning_content", "") for delta in deltas) == "Hm."


def test_an_image(llmsim: FakeServers, served: Gateway) -> None:
    """A data URL reaches the model as bytes."""
    pixel = b64encode(PIXEL).decode()
    parts = [
        {"type": "text", "text": "What is it?"},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{pixel}"}},
    ]
    assert served.chat(messages=[{"role": "user", "content": parts}]).status_code == 200
    assert pixel in str(llmsim.claude.last.request.raw)


def test_the_length_limit_is_told(llmsim: FakeServers, client: openai.OpenAI) -> None:
    """A finish reason is the vendor's, in OpenAI's word."""
    answer = client.chat.completions.create(
        model="claude", messages=[{"role": "user", "content": "Tell a long story."}], max_tokens=5
    )
    assert answer.choices[0].finish_reason == "length"


def test_headers(llmsim: FakeServers, served: Gateway) -> None:
    """Who answered, after how many attempts, at what cost, and how long the gateway took."""
    llmsim.claude.fails(529, times=2)
    answer = served.chat()
    headers, usage = answer.headers, answer.json()["usage"]
    assert headers["x-llmsim-provider"] == "openai" and headers["x-llmsim-attempts"] == "2"
    assert headers["x-llmsim-attempts-trace"] == (
        "claude/claude-sonnet-4-5 overloaded 529; openai/gpt-4.1 ok 200"
    )
    cost_usd = (usage["prompt_tokens"] * 2 + usage["completion_tokens"] * 8) / Decimal(1_000_000)
    assert Decimal(headers["x-llmsim-cost-usd"]) == cost_usd
    assert float(headers["x-llmsim-overhead-ms"]) < 500
    told = served.http.get("/v1/costs", params={"call_id": headers["x-llmsim-call-id"]}).json()
    assert told["cost_usd"] == headers["x-llmsim-cost-usd"] and len(told["attempts"]) == 2


def test_models(client: openai.OpenAI) -> None:
    """Every name that may be asked for."""
    names = [model.id for model in client.models.list()]
    assert names[0] == "auto" and {"claude", "gpt-4.1", "ollama/llama3.2"} <= set(names)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"model": "gpt-5-mega"}, "there is no model 'gpt-5-mega'"),
        ({"n": 2}, "n is 2; the router gives one answer a call"),
        ({"logprobs": True}, "logprobs cannot be carried by the router"),
        ({"temprature": 1}, "temprature cannot be carried by the router (did you mean 'temper"),
        ({"messages": []}, "messages is empty"),
        ({"temperature": "hot"}, "temperature must be a number"),
        ({"logit_bias": {"1": 1}, "model": "claude"}, "can only be passed on to a target that"),
        ({"messages": [{"role": "user", "content": "a", "name": "Bo"}]}, "messages[0].name"),
    ],
)
def test_refused_requests(served: Gateway, body: dict[str, Any], says: str) -> None:
    """What cannot be carried is refused by name, in OpenAI's form, and nobody is asked."""
    answer = served.chat(**body)
    error = answer.json()["error"]
    assert answer.status_code in (400, 404) and says in error["message"]
    assert error["type"] == "invalid_request_error" and error["param"]
    assert answer.headers["x-should-retry"] == "false"


def test_fields_of_this_wire_only(llmsim: FakeServers, served: Gateway) -> None:
    """A field that only OpenAI knows goes to OpenAI, although Claude is first."""
    answer = served.chat(logit_bias={"1734": -100}, user="u-1")
    assert answer.headers["x-llmsim-provider"] == "openai"
    sent = llmsim.openai.last.request.raw
    assert sent["logit_bias"] == {"1734": -100} and sent["user"] == "u-1"


def test_a_hint_that_no_one_took(served: Gateway) -> None:
    """A hint that another wire has no place for is told as left out."""
    answer = served.chat(user="u-1", model="gemini")
    assert answer.headers["x-llmsim-left-out"] == "user"
