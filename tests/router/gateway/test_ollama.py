"""Ollama's SDK as a caller of the gateway, whoever answers."""

import json
from collections.abc import Iterator
from typing import Any

import ollama
import pytest

from fakeservers import FakeServers, structured, text, tool_call

from .support import MODELS, Gateway

WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather of a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}
HELLO = [{"role": "user", "content": "Hello?"}]
every_target = pytest.mark.parametrize("name", MODELS)


@pytest.fixture
def sdk(served: Gateway) -> Iterator[ollama.Client]:
    with ollama.Client(host=served.origin) as client:
        yield client


@every_target
def test_text(llmsim: FakeServers, sdk: ollama.Client, name: str) -> None:
    """Any target's answer is Ollama's, with its counts."""
    llmsim[name].replies("Paris.")
    answer = sdk.chat(model=name, messages=HELLO, options={"num_predict": 50})
    assert answer.message.content == "Paris."
    assert answer.done_reason == "stop" and answer.eval_count


@every_target
def test_a_stream(llmsim: FakeServers, sdk: ollama.Client, name: str) -> None:
    """Any target's stream is lines, of which the last is done."""
    llmsim[name].replies(text("It is Paris.", chunks=["It is", " Paris."]))
    *lines, last = sdk.chat(model=name, messages=HELLO, stream=True)
    assert "".join(line.message.content or "" for line in lines) == "It is Paris."
    assert not any(line.done for line in lines)
    assert last.done and last.done_reason == "stop" and last.prompt_eval_count


@every_target
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_tools(llmsim: FakeServers, sdk: ollama.Client, name: str, streamed: bool) -> None:
    """A call goes out, its result comes back, at every target."""
    llmsim[name].replies(tool_call("weather", city="Paris"), "Sunny.")
    asked: dict[str, Any] = {"model": name, "tools": [WEATHER]}
    if streamed:
        lines = list(sdk.chat(messages=HELLO, stream=True, **asked))
        (said,) = [line.message for line in lines if line.message.tool_calls]
    else:
        said = sdk.chat(messages=HELLO, **asked).message
    assert said.tool_calls and said.tool_calls[0].function.arguments == {"city": "Paris"}
    turns = [*HELLO, said, {"role": "tool", "tool_name": "weather", "content": "sunny"}]
    assert sdk.chat(messages=turns, **asked).message.content == "Sunny."


@every_target
def test_structured_output(llmsim: FakeServers, sdk: ollama.Client, name: str) -> None:
    """A schema goes to every target, its JSON comes back."""
    llmsim[name].replies(structured({"city": "Paris"}))
    schema = {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    }
    answer = sdk.chat(model=name, messages=HELLO, format=schema)
    assert json.loads(answer.message.content or "") == {"city": "Paris"}


def test_options_of_the_machine(llmsim: FakeServers, sdk: ollama.Client) -> None:
    """How the machine runs the model reaches Ollama beside what the router carries."""
    options = {"num_ctx": 4096, "num_predict": 50, "min_p": 0.1}
    sdk.chat(model="auto", messages=HELLO, options=options, keep_alive="5m")
    sent = llmsim.ollama.last.request.raw
    assert sent["options"] == options and sent["keep_alive"] == "5m"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"model": "nope"}, "there is no model 'nope'"),
        ({"messages": []}, "messages holds no turn"),
        ({"raw": True}, "raw cannot be carried"),
        ({"options": {"bogus": 1}}, "options.bogus cannot be carried"),
    ],
)
def test_refused_requests(served: Gateway, body: Any, says: str) -> None:
    """What cannot be carried is refused in Ollama's form."""
    answer = served.http.post("/api/chat", json={"model": "claude", "messages": HELLO} | body)
    assert answer.status_code in (400, 404) and says in answer.json()["error"]
