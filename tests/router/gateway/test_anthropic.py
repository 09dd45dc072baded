"""Anthropic's SDK as a caller of the gateway, whoever answers."""

import json
from collections.abc import Iterator
from typing import Any

import anthropic
import pytest

from fakeservers import FakeServers, structured, text, thinking, tool_call

from .support import MODELS, Gateway, endpoint, gateway, router_over

WEATHER = {
    "name": "weather",
    "description": "The weather of a city.",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}},
}
HELLO = [{"role": "user", "content": "Hello?"}]
every_target = pytest.mark.parametrize("name", MODELS)


@pytest.fixture
def claude(served: Gateway) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(base_url=served.origin, api_key="any", max_retries=0) as sdk:
        yield sdk


@every_target
def test_text(llmsim: FakeServers, claude: anthropic.Anthropic, name: str) -> None:
    """Any target's answer is a message with its usage."""
    llmsim[name].replies("Paris.")
    answer = claude.messages.create(model=name, messages=HELLO, max_tokens=50, system="Be brief.")
    assert [block.text for block in answer.content] == ["Paris."]
    assert answer.stop_reason == "end_turn" and answer.usage.output_tokens > 0


@every_target
def test_a_stream(llmsim: FakeServers, claude: anthropic.Anthropic, name: str) -> None:
    """Any target's stream is events that the SDK adds up to the same message."""
    llmsim[name].replies(text("It is Paris.", chunks=["It is", " Paris."]))
    with claude.messages.stream(model=name, messages=HELLO, max_tokens=50) as stream:
        assert "".join(stream.text_stream) == "It is Paris."
        answer = stream.get_final_message()
    assert answer.stop_reason == "end_turn"
    assert answer.usage.input_tokens > 0 and answer.usage.output_tokens > 0


@every_target
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_tools(llmsim: FakeServers, claude: anthropic.Anthropic, name: str, streamed: bool) -> None:
    """A call goes out, its result comes back, at every target."""
    llmsim[name].replies([text("Wait."), tool_call("weather", city="Paris")], "Sunny.")
    asked: dict[str, Any] = {"model": name, "max_tokens": 500, "tools": [WEATHER]}
    if streamed:
        with claude.messages.stream(messages=HELLO, **asked) as stream:
            first = stream.get_final_message()
    else:
        first = claude.messages.create(messages=HELLO, **asked)
    said, call = first.content
    assert (first.stop_reason, said.text) == ("tool_use", "Wait.")
    assert (call.name, call.input) == ("weather", {"city": "Paris"})
    result = {"type": "tool_result", "tool_use_id": call.id, "content": "sunny"}
    turns = [
        *HELLO,
        {"role": "assistant", "content": first.content},
        {"role": "user", "content": [result]},
    ]
    assert claude.messages.create(messages=turns, **asked).content[0].text == "Sunny."


@every_target
def test_structured_output(llmsim: FakeServers, claude: anthropic.Anthropic, name: str) -> None:
    """A JSON schema goes to every target, its JSON comes back."""
    llmsim[name].replies(structured({"city": "Paris"}))
    schema = {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    }
    form = {"format": {"type": "json_schema", "schema": schema}}
    answer = claude.messages.create(model=name, messages=HELLO, max_tokens=100, output_config=form)
    assert json.loads(answer.content[0].text) == {"city": "Paris"}


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_thinking_comes_back(
    llmsim: FakeServers, claude: anthropic.Anthropic, streamed: bool
) -> None:
    """Thinking has its seal, and with it Claude takes it back in the next turn."""
    llmsim.claude.replies([thinking("Hm."), text("Paris.")])
    asked: dict[str, Any] = {
        "model": "claude",
        "max_tokens": 3000,
        "thinking": {"type": "enabled", "budget_tokens": 1024},
    }
    if streamed:
        with claude.messages.stream(messages=HELLO, **asked) as stream:
            first = stream.get_final_message()
    else:
        first = claude.messages.create(messages=HELLO, **asked)
    assert [block.type for block in first.content] == ["thinking", "text"]
    turns = [*HELLO, {"role": "assistant", "content": first.content}, *HELLO]
    claude.messages.create(messages=turns, **asked)
    block = llmsim.claude.last.request.raw["messages"][1]["content"][0]
    assert block["thinking"] == "Hm." and ":" not in block["signature"]


def test_hints(llmsim: FakeServers, served: Gateway) -> None:
    """Metadata and marks of a prompt cache reach Claude, and are told where nobody took them."""
    cached = {"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}
    body = {
        "model": "claude",
        "max_tokens": 50,
        "messages": HELLO,
        "system": [cached],
        "metadata": {"user_id": "u-1"},
    }
    assert served.http.post("/v1/messages", json=body).status_code == 200
    sent = llmsim.claude.last.request.raw
    assert sent["metadata"] == {"user_id": "u-1"} and "cache_control" in sent["system"][0]
    answer = served.http.post("/v1/messages", json=body | {"model": "openai"})
    assert answer.headers["x-llmsim-left-out"] == "metadata"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"max_tokens": None}, "max_tokens is missing"),
        ({"model": "claud"}, "Did you mean 'claude'?"),
        ({"tools": [{"type": "web_search_20250305", "name": "web_search"}]}, "tools[0].type"),
        ({"messages": [{"role": "user", "content": [{"type": "document"}]}]}, "is 'document'"),
        ({"bogus": 1}, "bogus cannot be carried"),
    ],
)
def test_refused_requests(served: Gateway, body: dict[str, Any], says: str) -> None:
    """What cannot be carried is refused in Anthropic's form."""
    asked = {"model": "claude", "max_tokens": 50, "messages": HELLO}
    answer = served.http.post("/v1/messages", json=asked | body)
    told = answer.json()
    assert told["type"] == "error" and says in told["error"]["message"]
    assert told["error"]["type"] in ("invalid_request_error", "not_found_error")


def test_refused_by_default_and_left_out_by_choice(llmsim: FakeServers) -> None:
    """Where the configuration says so, what cannot be carried is left out and told."""
    from router.config.build import LoadedSetup
    from router.config.schema import GatewayTable

    router = router_over(endpoint(llmsim, "claude"))
    setup = router.setup
    table = GatewayTable(unsupported_fields="leave_out", unknown_models="auto")
    router.reload(
        LoadedSetup(
            endpoints=setup.endpoints, prices=setup.prices, policy=setup.policy, gateway=table
        )
    )
    with gateway(router) as served:
        body = {"model": "any-name", "max_tokens": 50, "messages": HELLO, "bogus": 1}
        answer = served.http.post("/v1/messages", json=body)
    assert answer.status_code == 200 and answer.headers["x-llmsim-left-out"] == "bogus"


def test_in_what_pieces_arguments_come(served: Gateway) -> None:
    """A wish that changes no answer, which Vercel's AI SDK has in every stream, refuses none."""
    tool = {"name": "look", "input_schema": {"type": "object"}, "eager_input_streaming": True}
    body = {"model": "claude", "max_tokens": 50, "messages": HELLO, "tools": [tool]}
    answer = served.http.post("/v1/messages", json=body)
    assert answer.status_code == 200
    assert answer.headers["x-llmsim-left-out"] == "tools[].eager_input_streaming"
