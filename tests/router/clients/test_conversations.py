"""What can be asked of every client, against the live fakes: whole, and streamed the same."""

import json

import pytest

from fakeservers import FakeServers, refusal, reply, text, thinking, tool_call
from router.types import (
    Image,
    LLMRequest,
    Message,
    OutputSchema,
    Text,
    Thinking,
    ThinkingOptions,
    Tool,
    ToolCall,
    ToolResult,
    as_request,
)

from .support import Case, by_id, complete, every_client, every_way, heard

WEATHER = Tool(
    name="get_weather",
    description="The weather in a city",
    parameters={
        "type": "object",
        "properties": {
            "city": {"type": "string"},
            "when": {"type": "object", "properties": {"day": {"type": "string"}}},
        },
        "required": ["city"],
    },
)
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360f8cf50000000050001a5f6459b0000000049454e44ae426082"
)
SCHEMA = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
    "required": ["name", "age"],
    "additionalProperties": False,
}


@every_client
@every_way
def test_text_usage_and_finish(llmsim: FakeServers, case: Case, streamed: bool) -> None:
    """An answer has its text, its vendor's counts, and its vendor's reason for ending."""
    case.of(llmsim).on(prompt="capital of France").replies("Paris, on the Seine.").counts(
        input_tokens=12, output_tokens=5
    )
    said = (heard if streamed else complete)(
        case.client(llmsim), as_request("What is the capital of France?")
    )
    assert (said.text, said.finish_reason) == ("Paris, on the Seine.", "stop")
    assert said.usage is not None and (said.usage.input_total, said.usage.output) == (12, 5)


@every_client
def test_one_request_without_vendor_retries(llmsim: FakeServers, case: Case) -> None:
    """A failure is one request: the vendors' own retries are off."""
    case.of(llmsim).fails(503)
    with pytest.raises(Exception, match="503"):
        complete(case.client(llmsim), as_request("Hello"))
    assert len(case.of(llmsim).calls) == 1


@every_client
def test_system_sampling_and_limits_arrive(llmsim: FakeServers, case: Case) -> None:
    """System prompt, sampling and token limit reach the vendor."""
    request = as_request("Hello", system="Be brief.", temperature=0.5, top_p=0.9, max_tokens=77)
    # Since 4.1 Claude takes one of the two: the last that takes both.
    model = "claude-opus-4-0" if case.id == "claude" else ""
    complete(case.client(llmsim, model), request)
    arrived = case.of(llmsim).requests[-1]
    assert (arrived.system, arrived.max_tokens) == ("Be brief.", 77)
    body = json.dumps(case.of(llmsim).last.body)
    assert '": 0.5' in body and '": 0.9' in body


@every_client
@every_way
def test_tool_call(llmsim: FakeServers, case: Case, streamed: bool) -> None:
    """A tool call comes with its name and arguments, and ends the turn as one."""
    case.of(llmsim).replies(tool_call("get_weather", city="Oslo"))
    request = as_request("Weather in Oslo?", tools=(WEATHER,))
    if streamed:
        said = heard(case.client(llmsim), request)
        (call,) = said.calls.values()
        assert (call["name"], json.loads(call["arguments"])) == ("get_weather", {"city": "Oslo"})
        assert said.finish_reason == "tool_calls" and call["id"]
    else:
        answer = complete(case.client(llmsim), request)
        (made,) = answer.tool_calls
        assert (made.name, made.arguments) == ("get_weather", {"city": "Oslo"})
        assert answer.finish_reason == "tool_calls" and made.id


@every_client
@every_way
def test_parallel_tool_calls(llmsim: FakeServers, case: Case, streamed: bool) -> None:
    """Two calls of one turn are kept apart."""
    case.of(llmsim).replies(
        reply(tool_call("get_weather", city="Oslo"), tool_call("get_weather", city="Rome"))
    )
    request = as_request("Weather in Oslo and Rome?", tools=(WEATHER,))
    if streamed:
        calls = heard(case.client(llmsim), request).calls.values()
        found = [(call["id"], json.loads(call["arguments"])["city"]) for call in calls]
    else:
        made = complete(case.client(llmsim), request).tool_calls
        found = [(call.id, call.arguments["city"]) for call in made]
    assert [city for _, city in found] == ["Oslo", "Rome"]
    assert len({id for id, _ in found}) == 2


@every_client
def test_tool_results_go_back(llmsim: FakeServers, case: Case) -> None:
    """A whole round of tools is accepted: calls and results as the vendor wants them."""
    fake = case.of(llmsim)
    calls = (tool_call("get_weather", city="Oslo"), tool_call("get_weather", city="Rome"))
    fake.on(turn=1).replies(reply(*calls))
    fake.on(tool_result="rain").replies("Rain in Oslo, sun in Rome.")
    asked = Message.user("Weather in Oslo and Rome?")
    first = complete(case.client(llmsim), LLMRequest(messages=(asked,), tools=(WEATHER,)))
    results = tuple(
        ToolResult(call_id=call.id, content=said)
        for call, said in zip(first.tool_calls, ("rain", "sun"), strict=True)
    )
    turns = (asked, Message(role="assistant", parts=first.parts), Message.tool(*results))
    second = complete(case.client(llmsim), LLMRequest(messages=turns, tools=(WEATHER,)))
    assert second.text == "Rain in Oslo, sun in Rome."


@every_client
def test_a_whole_schema_arrives(llmsim: FakeServers, case: Case) -> None:
    """Nothing of a tool's schema is lost on the way, nested properties neither."""
    complete(case.client(llmsim), as_request("Hello", tools=(WEATHER,), tool_choice="auto"))
    assert '"when":{"type":"object","properties":{"day"' in json.dumps(
        case.of(llmsim).last.body, separators=(",", ":")
    )


@every_client
@pytest.mark.parametrize("choice", ["required", "get_weather"])
def test_forced_tool(llmsim: FakeServers, case: Case, choice: str) -> None:
    """A tool that must be called is called; where that cannot be asked for it is refused."""
    request = as_request("Tell me of Oslo", tools=(WEATHER,), tool_choice=choice)
    if case.id == "ollama":
        with pytest.raises(Exception, match="cannot express tool_choice"):
            complete(case.client(llmsim), request)
        assert not llmsim.ollama.calls
    else:
        assert complete(case.client(llmsim), request).tool_calls[0].name == "get_weather"


@every_client
def test_images_arrive(llmsim: FakeServers, case: Case) -> None:
    """An image's bytes reach the vendor."""
    message = Message.user("What is this?", Image(data=PNG))
    complete(case.client(llmsim, case.sees), LLMRequest(messages=(message,)))
    arrived = case.of(llmsim).requests[-1].messages[0].parts
    assert [getattr(part, "kind", "text") for part in arrived] == ["text", "image"]


@every_client
@every_way
def test_structured_output(llmsim: FakeServers, case: Case, streamed: bool) -> None:
    """The answer's text is JSON that satisfies the schema."""
    request = as_request("Who is Ada?", output=OutputSchema(schema=SCHEMA, name="person"))
    said = (heard if streamed else complete)(case.client(llmsim), request)
    assert set(json.loads(said.text)) == {"name", "age"}


@every_client
@every_way
def test_thinking(llmsim: FakeServers, case: Case, streamed: bool) -> None:
    """Reasoning comes apart from the text, and is counted where the vendor counts it."""
    if not case.thinks:
        pytest.skip("Chat Completions shows no reasoning")
    case.of(llmsim).replies([thinking("Let me see."), text("42.")])
    options = (
        ThinkingOptions(effort="low")
        if case.id in ("responses", "ollama")
        else ThinkingOptions(budget_tokens=2000)
    )
    request = as_request("What is 6 x 7?", thinking=options, max_tokens=4000)
    said = (heard if streamed else complete)(case.client(llmsim, case.thinks), request)
    assert (said.thinking, said.text) == ("Let me see.", "42.")


def test_sealed_thinking_goes_back(llmsim: FakeServers) -> None:
    """What Claude sealed goes back to Claude as it came, and not to Gemini."""
    claude, gemini = (by_id(name).client(llmsim) for name in ("claude", "gemini"))
    llmsim.claude.replies([thinking("Let me see.", signature="c2VhbGVk"), text("42.")], "Yes.")
    asked = as_request(
        "What is 6 x 7?", thinking=ThinkingOptions(budget_tokens=2000), max_tokens=4000
    )
    first = complete(claude, asked)
    assert first.parts[0] == Thinking(text="Let me see.", signature="anthropic:c2VhbGVk")
    turns = (*asked.messages, Message(role="assistant", parts=first.parts), Message.user("Sure?"))
    for target in (claude, gemini):
        complete(target, LLMRequest(messages=turns, max_tokens=4000))
    assert '"signature": "c2VhbGVk"' in json.dumps(llmsim.claude.last.body)
    assert "c2VhbGVk" not in json.dumps(llmsim.gemini.last.body)


@every_client
def test_a_call_made_elsewhere_goes_on(llmsim: FakeServers, case: Case) -> None:
    """A round of tools that another vendor began can be finished here."""
    turns = (
        Message.user("Weather in Oslo?"),
        Message.assistant(
            Thinking(text="Hm.", signature="elsewhere:c2VhbGVk"),
            Text("I look it up."),
            ToolCall(id="toolu_01abc", name="get_weather", arguments={"city": "Oslo"}),
        ),
        Message.tool(ToolResult(call_id="toolu_01abc", content="rain")),
    )
    answer = complete(case.client(llmsim), LLMRequest(messages=turns, tools=(WEATHER,)))
    assert answer.text and answer.finish_reason == "stop"


@every_client
@every_way
def test_cut_by_length(llmsim: FakeServers, case: Case, streamed: bool) -> None:
    """An answer that the token limit ended says so."""
    case.of(llmsim).replies(reply("Once upon a", finish="length"))
    request = as_request("Write a story about the sea.", max_tokens=16)
    assert (heard if streamed else complete)(case.client(llmsim), request).finish_reason == "length"


@every_client
@every_way
def test_refusal(llmsim: FakeServers, case: Case, streamed: bool) -> None:
    """A refusal is told as one where the vendor has a word for it, and else as what was said."""
    case.of(llmsim).replies(refusal("I can't help with that."))
    said = (heard if streamed else complete)(case.client(llmsim), as_request("Be bad"))
    told = {"gemini": "content_filter", "ollama": "stop"}.get(case.id, "refusal")
    assert said.finish_reason == told


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_reasoning_of_openai_goes_back(llmsim: FakeServers, streamed: bool) -> None:
    """OpenAI's reasoning is kept encrypted and goes back as the item it was."""
    client = by_id("responses").client(llmsim, "gpt-5")
    llmsim.openai.replies([thinking("Let me see."), tool_call("get_weather", city="Oslo")], "Rain.")
    asked = as_request("Weather in Oslo?", tools=(WEATHER,), thinking=ThinkingOptions(effort="low"))
    if streamed:
        said = heard(client, asked)
        sealed_in = Thinking(text=said.thinking, signature="".join(said.signatures))
        call = ToolCall(id=said.calls[0]["id"], name="get_weather", arguments={"city": "Oslo"})
        parts: tuple[Thinking | ToolCall, ...] = (sealed_in, call)
    else:
        parts = complete(client, asked).parts  # type: ignore[assignment]
    result = ToolResult(call_id=parts[-1].id, content="rain")  # type: ignore[union-attr]
    turns = (
        *asked.messages,
        Message(role="assistant", parts=parts),
        Message.tool(result),
    )
    assert complete(client, LLMRequest(messages=turns, tools=(WEATHER,))).text == "Rain."
    sent = [item for item in llmsim.openai.last.body["input"] if item.get("type") == "reasoning"]
    assert sent[0]["encrypted_content"] and sent[0]["summary"][0]["text"] == "Let me see."


def test_seals_of_gemini_go_back(llmsim: FakeServers) -> None:
    """The signature on Gemini's function call goes back with the call."""
    client = by_id("gemini").client(llmsim, "gemini-3-flash-preview")
    llmsim.gemini.replies(tool_call("get_weather", city="Oslo"), "Rain.")
    asked = as_request("Weather in Oslo?", tools=(WEATHER,))
    first = complete(client, asked)
    (call,) = first.tool_calls
    assert call.signature.startswith("gemini:")
    turns = (
        *asked.messages,
        Message(role="assistant", parts=first.parts),
        Message.tool(ToolResult(call_id=call.id, content="rain")),
    )
    complete(client, LLMRequest(messages=turns, tools=(WEATHER,)))
    (sent,) = llmsim.gemini.last.body["contents"][1]["parts"]
    seal = sent.get("thoughtSignature") or sent.get("thought_signature")
    assert seal.replace("-", "+").replace("_", "/") == call.signature.removeprefix("gemini:")
