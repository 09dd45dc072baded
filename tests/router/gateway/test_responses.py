"""OpenAI's Responses API as the gateway speaks it, asked with OpenAI's SDK, whoever answers."""

import asyncio
import json
from typing import Any

import openai
import pydantic
import pytest

from fakeservers import (
    FakeServers,
    cut,
    refusal,
    structured,
    text,
    thinking,
    tool_call,
)
from router.clients.openai import OpenAIClient
from router.config.build import LoadedSetup
from router.config.schema import GatewayTable
from router.router import LLMRouter
from router.setup import Endpoint
from router.types import Target

from .support import CONNECTIONS, MODELS, Gateway, endpoint, gateway, router_over, sse

every_target = pytest.mark.parametrize("name", MODELS)
WEATHER: dict[str, Any] = {
    "type": "function",
    "name": "weather",
    "description": "The weather of a city.",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
    },
    "strict": None,
}
HELLO: list[Any] = [{"role": "user", "content": "Hello?"}]


class City(pydantic.BaseModel):
    city: str


def own_api(fakes: FakeServers) -> Endpoint:
    """A target that speaks the callers' API itself."""
    client = OpenAIClient(
        "gpt-5",
        api="responses",
        api_key="sk-upstream-secret",
        base_url=fakes.openai.url,
        name="openai",
        connections=CONNECTIONS,
    )
    return Endpoint(target=Target(provider="openai", model="gpt-5"), client=client)


def post(served: Gateway, **body: Any) -> Any:
    asked = {"model": "auto", "input": "Hello?"}
    return served.http.post("/v1/responses", json=asked | body)


def kinds(events: list[Any]) -> list[str]:
    """The types of a stream's events, each run of the same one once."""
    told = [event["type"].removeprefix("response.") for event in events]
    return [kind for n, kind in enumerate(told) if n == 0 or told[n - 1] != kind]


@every_target
def test_text(llmsim: FakeServers, client: openai.OpenAI, name: str) -> None:
    """Any target's answer is a response with its usage."""
    llmsim[name].replies("Paris.")
    answer = client.responses.create(model=name, input="Hello?", instructions="Be brief.")
    assert (answer.output_text, answer.status) == ("Paris.", "completed")
    assert answer.instructions == "Be brief." and "Be brief." in str(llmsim[name].last.request.raw)
    assert answer.usage and answer.usage.total_tokens == (
        answer.usage.input_tokens + answer.usage.output_tokens
    )


@every_target
def test_a_stream(llmsim: FakeServers, served: Gateway, name: str) -> None:
    """Its events are in OpenAI's order, numbered without a gap, and end with the whole response."""
    llmsim[name].replies(text("It is Paris.", chunks=["It is", " Paris."]))
    events = sse(post(served, model=name, stream=True).text)
    assert kinds(events) == [
        "created", "in_progress", "output_item.added", "content_part.added", "output_text.delta",
        "output_text.done", "content_part.done", "output_item.done", "completed",
    ]  # fmt: skip
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    last = events[-1]["response"]
    assert last["output"][0]["content"][0]["text"] == "It is Paris." and last["usage"]


@every_target
def test_tools(llmsim: FakeServers, client: openai.OpenAI, name: str) -> None:
    """A call goes out, its output comes back beside the items as they came, at every target."""
    llmsim[name].replies(tool_call("weather", city="Paris"), "Sunny.")
    asked: list[Any] = [{"role": "user", "content": "Weather in Paris?"}]
    first = client.responses.create(model=name, input=asked, tools=[WEATHER])
    call = next(item for item in first.output if item.type == "function_call")
    assert json.loads(call.arguments) == {"city": "Paris"} and first.status == "completed"
    output = {"type": "function_call_output", "call_id": call.call_id, "output": "sunny"}
    again = [*asked, *first.output, output]
    assert client.responses.create(model=name, input=again, tools=[WEATHER]).output_text == "Sunny."


@every_target
def test_tools_in_a_stream(llmsim: FakeServers, client: openai.OpenAI, name: str) -> None:
    """The SDK's stream helper puts several calls together."""
    llmsim[name].replies([tool_call("weather", city="Paris"), tool_call("weather", city="Oslo")])
    with client.responses.stream(model=name, input="Hello?", tools=[WEATHER]) as stream:
        output = stream.get_final_response().output
    calls = [item for item in output if item.type == "function_call"]
    assert [json.loads(call.arguments)["city"] for call in calls] == ["Paris", "Oslo"]
    assert len({call.call_id for call in calls}) == 2


def test_a_call_as_events(llmsim: FakeServers, served: Gateway) -> None:
    """A call is an item beside the text before it."""
    llmsim.claude.replies([text("I look."), tool_call("weather", city="Paris")])
    events = sse(post(served, stream=True, tools=[WEATHER]).text)
    assert kinds(events)[7:] == [
        "output_item.done", "output_item.added", "function_call_arguments.delta",
        "function_call_arguments.done", "output_item.done", "completed",
    ]  # fmt: skip
    assert [event["output_index"] for event in events if "item" in event] == [0, 0, 1, 1]


@every_target
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_structured_output(
    llmsim: FakeServers, client: openai.OpenAI, name: str, streamed: bool
) -> None:
    """A model's class is the schema at every target, its JSON comes back parsed."""
    llmsim[name].replies(structured({"city": "Paris"}))
    asked: dict[str, Any] = {"model": name, "input": "Where?", "text_format": City}
    if streamed:
        with client.responses.stream(**asked) as stream:
            answer = stream.get_final_response()
    else:
        answer = client.responses.parse(**asked)
    assert answer.output_parsed == City(city="Paris")


def test_the_asynchronous_sdk(llmsim: FakeServers, served: Gateway) -> None:
    """Whole and streamed answers are the same to it."""
    llmsim.claude.replies("Paris.")

    async def both() -> tuple[str, str]:
        async with openai.AsyncOpenAI(base_url=f"{served.origin}/v1", api_key="any") as sdk:
            whole = await sdk.responses.create(model="auto", input="Hello?")
            async with sdk.responses.stream(model="auto", input="Hello?") as stream:
                return whole.output_text, (await stream.get_final_response()).output_text

    assert asyncio.run(both()) == ("Paris.", "Paris.")


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_reasoning_comes_back_to_its_vendor(llmsim: FakeServers, streamed: bool) -> None:
    """Claude's reasoning is a summary, its seal the encrypted content, and with the next turn both
    are Claude's again."""
    llmsim.claude.replies([thinking("Hm."), text("Paris.")])
    asked = {"reasoning": {"effort": "low", "summary": "auto"}, "max_output_tokens": 9000}
    target = endpoint(llmsim, "claude", model="claude-opus-4-6")
    with gateway(router_over(target)) as served:
        answer = post(served, stream=streamed, **asked)
        output = (sse(answer.text)[-1]["response"] if streamed else answer.json())["output"]
        post(served, input=[*HELLO, *output, *HELLO], **asked)
    assert [item["type"] for item in output] == ["reasoning", "message"]
    assert output[0]["summary"] == [{"type": "summary_text", "text": "Hm."}]
    (block, _) = llmsim.claude.last.request.raw["messages"][1]["content"]
    assert block["thinking"] == "Hm." and block["signature"]
    assert output[0]["encrypted_content"].endswith(block["signature"])


def test_gemini_finds_its_seal_on_a_call(llmsim: FakeServers) -> None:
    """A seal that stands on a call comes back with the item."""
    llmsim.gemini.replies(tool_call("weather", city="Paris"), "Sunny.")
    with gateway(router_over(endpoint(llmsim, "gemini", model="gemini-3-flash-preview"))) as served:
        output = post(served, tools=[WEATHER]).json()["output"]
        call = output[-1]
        told = {"type": "function_call_output", "call_id": call["call_id"], "output": "sunny"}
        assert post(served, input=[*HELLO, *output, told], tools=[WEATHER]).status_code == 200
    assert call["extra_content"]["llmsim"]["signature"]
    assert "thoughtSignature" in str(llmsim.gemini.last.request.raw["contents"][1])


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_the_length_limit_is_told(llmsim: FakeServers, served: Gateway, streamed: bool) -> None:
    """An answer that is cut by it is incomplete, and so is the item."""
    answer = post(served, input="Tell a long story.", stream=streamed, max_output_tokens=5)
    body = sse(answer.text)[-1]["response"] if streamed else answer.json()
    assert body["status"] == "incomplete" and body["max_output_tokens"] == 5
    assert body["incomplete_details"] == {"reason": "max_output_tokens"}
    assert body["output"][0]["status"] == "incomplete"


def test_a_refusal(llmsim: FakeServers) -> None:
    """A refusal of OpenAI's own model is a part of its kind."""
    llmsim.openai.replies(refusal("I cannot."))
    with gateway(router_over(own_api(llmsim))) as served:
        body = post(served).json()
    assert body["status"] == "completed"
    assert body["output"][-1]["content"] == [{"type": "refusal", "refusal": "I cannot."}]


def test_a_stream_that_breaks(llmsim: FakeServers, served: Gateway) -> None:
    """Its last event is OpenAI's error event, numbered like the others; nothing is completed."""
    llmsim.claude.replies(text("one two three", chunks=["one ", "two ", "three"]))
    llmsim.claude.fails(cut(after_chunks=2))
    *events, last = sse(post(served, stream=True).text)
    assert last["type"] == "error" and last["sequence_number"] == len(events)
    assert last["message"] == last["error"]["message"] and "broke off" in last["message"]
    assert "completed" not in kinds(events)


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("previous_response_id", "resp_1", "send the whole conversation as input"),
        ("conversation", "conv_1", "send the whole conversation as input"),
        ("background", True, "ask with stream=True"),
        ("prompt", {"id": "pmpt_1"}, "send instructions and input"),
        ("input", [{"type": "item_reference", "id": "rs_1"}], "told store=False"),
    ],
)
@pytest.mark.parametrize("unsupported", ["refuse", "leave_out"])
def test_what_openai_would_have_to_keep(
    llmsim: FakeServers, field: str, value: Any, says: str, unsupported: str
) -> None:
    """It is refused with the way out, also where fields may be left out: the answer would be one
    to another question."""
    setup = router_over(endpoint(llmsim, "claude")).setup
    table = GatewayTable(unsupported_fields=unsupported)
    router = LLMRouter(LoadedSetup(endpoints=setup.endpoints, prices=setup.prices, gateway=table))
    with gateway(router) as served:
        answer = post(served, **{field: value})
    assert answer.status_code == 400 and says in answer.json()["error"]["message"]
    assert not llmsim.journal


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"tools": [{"type": "web_search"}]}, "tools[0].type"),
        ({"tools": [WEATHER | {"defer_loading": True}]}, "tools[0].defer_loading"),
        ({"tool_choice": {"type": "file_search"}}, "tool_choice.type"),
        ({"top_logprobs": 3}, "top_logprobs"),
        ({"include": ["message.output_text.logprobs"]}, "include"),
        ({"moderation": {"model": "m"}}, "moderation"),
        (
            {"input": [{"role": "user", "content": [{"type": "input_file"}]}]},
            "input[0].content[0].type",
        ),
        ({"input": [{"type": "computer_call"}]}, "input[0].type"),
        ({"input": [*HELLO, {"role": "system", "content": "Be brief."}]}, "input[1].role"),
        ({"input": []}, "input"),
        ({"input": None}, "input"),
        ({"text": {"format": {"type": "grammar"}}}, "text.format.type"),
        ({"messages": HELLO}, "messages"),
    ],
)
def test_what_cannot_be_carried(served: Gateway, body: dict[str, Any], param: str) -> None:
    """It is refused in OpenAI's form with its path, and the SDK raises it."""
    answer = post(served, **body)
    assert answer.status_code == 400 and answer.json()["error"]["param"] == param


def test_fields_of_its_own_api(llmsim: FakeServers) -> None:
    """What only this API knows goes to a target that speaks it, as it came, beside what the router
    carries."""
    schema = {"type": "json_schema", "name": "city", "schema": City.model_json_schema()}
    schema["schema"]["additionalProperties"] = False
    llmsim.openai.replies(structured({"city": "Paris"}))
    with gateway(router_over(endpoint(llmsim, "claude"), own_api(llmsim))) as served:
        answer = post(
            served,
            text={"verbosity": "low", "format": schema},
            truncation="auto",
            include=["reasoning.encrypted_content"],
            prompt_cache_key="k",
        )
    assert (
        answer.headers["x-llmsim-provider"] == "openai"
        and "x-llmsim-left-out" not in answer.headers
    )
    sent = llmsim.openai.last.request.raw
    assert sent["text"]["verbosity"] == "low" and sent["text"]["format"]["name"] == "city"
    assert (sent["truncation"], sent["prompt_cache_key"]) == ("auto", "k")
    assert sent["include"] == ["reasoning.encrypted_content"] and sent["store"] is False


def test_hints(served: Gateway) -> None:
    """What changes no answer is told as left out where another API's target answers."""
    answer = post(
        served, store=False, prompt_cache_key="k", include=["reasoning.encrypted_content"]
    )
    told = answer.headers["x-llmsim-left-out"]
    assert told == "prompt_cache_key, store, include" and answer.json()["store"] is False


def test_turns(llmsim: FakeServers, served: Gateway) -> None:
    """Developer messages are the system prompt; images and former messages keep their order."""
    pixel = "data:image/png;base64,iVBORw0KGgo="
    picture = {"type": "input_image", "image_url": pixel, "detail": "auto"}
    said = {"type": "output_text", "text": "Yes?", "annotations": []}
    former = {"id": "msg_1", "type": "message", "status": "completed", "role": "assistant"}
    items = [
        {"role": "developer", "content": [{"type": "input_text", "text": "Be brief."}]},
        {"role": "user", "content": [{"type": "input_text", "text": "Hello?"}]},
        former | {"content": [said]},
        {"role": "user", "content": [picture, {"type": "input_text", "text": "What is it?"}]},
    ]
    assert post(served, instructions="Be kind.", input=items).status_code == 200
    sent = llmsim.claude.last.request.raw
    assert "Be kind.\\n\\nBe brief." in json.dumps(sent["system"])
    assert [turn["role"] for turn in sent["messages"]] == ["user", "assistant", "user"]
    assert [block["type"] for block in sent["messages"][2]["content"]] == ["image", "text"]
