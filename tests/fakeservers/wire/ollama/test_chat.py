"""`/api/chat`: what a request means, and how an answer is written."""

import json
from typing import Any

import pytest

from fakeservers.canonical import (
    ChatRequest,
    CompletionResult,
    Media,
    Message,
    OutputFormat,
    Refusal,
    Rejected,
    Reply,
    ResourceRequest,
    ResourceResult,
    Text,
    Thinking,
    ThinkingOptions,
    Tool,
    ToolCall,
    ToolResult,
    Usage,
)
from fakeservers.wire.base import Stamp, single
from fakeservers.wire.ollama.chat import Chat

HI = {"role": "user", "content": "Hi"}
METRICS = [
    "total_duration",
    "load_duration",
    "prompt_eval_count",
    "prompt_eval_duration",
    "eval_count",
    "eval_duration",
]


@pytest.fixture
def ask(post: Any) -> Any:
    """The canonical form of a chat with these fields."""

    def ask(**fields: Any) -> Any:
        return Chat().parse(post({"model": "llama3.2", "messages": [HI], **fields}))

    return ask


def test_a_plain_request_streams(ask: Any) -> None:
    """Without `stream` the answer is streamed."""
    request = ask()
    assert (request.stream, request.model, request.prompt) == (True, "llama3.2", "Hi")
    assert not ask(stream=False).stream


def test_messages(ask: Any) -> None:
    """System, images, thinking, calls and results become canonical parts."""
    request = ask(
        messages=[
            {"role": "System", "content": "Be brief."},
            {"role": "user", "content": "Look", "images": ["iVBORw0KGgo="]},
            {
                "role": "assistant",
                "content": "",
                "thinking": "Hm.",
                "tool_calls": [{"function": {"name": "weather", "arguments": {"city": "Rome"}}}],
            },
            {"role": "tool", "content": "19", "tool_name": "weather"},
            {"role": "assistant", "content": "It is 19."},
            {"role": "narrator", "content": "And then?"},
        ]
    )
    assert request.messages == (
        Message("system", (Text("Be brief."),)),
        Message("user", (Text("Look"), Media("image", "image/png", "iVBORw0KGgo="))),
        Message("assistant", (Thinking("Hm."), ToolCall("weather", {"city": "Rome"}))),
        Message("tool", (ToolResult("", "weather", "19"),)),
        Message("assistant", (Text("It is 19."),)),
        Message("user", (Text("And then?"),)),
    )


@pytest.mark.parametrize(
    ("told", "result"),
    [
        ({"tool_call_id": "b"}, ToolResult("b", "time", "x")),
        ({"tool_name": "time"}, ToolResult("b", "time", "x")),
        ({}, ToolResult("a", "weather", "x")),
        ({"tool_name": "other"}, ToolResult("", "other", "x")),
    ],
    ids=["id", "name", "neither", "unknown name"],
)
def test_a_result_finds_its_call(ask: Any, told: Any, result: ToolResult) -> None:
    """A result belongs to the call with its id, its name, or the first one that is open."""
    calls = [{"id": id, "function": {"name": n}} for id, n in (("a", "weather"), ("b", "time"))]
    request = ask(
        messages=[
            HI,
            {"role": "assistant", "tool_calls": calls},
            {"role": "tool", "content": "x", **told},
        ]
    )
    assert request.tool_results == (result,)


def test_tools(ask: Any) -> None:
    """Functions are offered with their schema; what has no name offers nothing."""
    schema = {"type": "object", "properties": {"city": {"type": "string"}}}
    function = {"name": "weather", "description": "Weather.", "parameters": schema}
    request = ask(tools=[{"type": "function", "function": function}, {"function": {}}, {}])
    assert request.tools == (Tool(name="weather", description="Weather.", parameters=schema),)


@pytest.mark.parametrize(
    ("options", "max_tokens", "stop"),
    [
        ({"num_predict": 20, "stop": ["END", ""]}, 20, ("END",)),
        ({"num_predict": -1, "stop": "END"}, None, ("END",)),
        ({"num_predict": -2, "temperature": 0, "unheard_of": {}}, None, ()),
        ({"num_predict": 10.7, "seed": None}, 10, ()),
        (None, None, ()),
    ],
)
def test_options(ask: Any, options: Any, max_tokens: int | None, stop: tuple[str, ...]) -> None:
    """num_predict limits the answer unless it is negative; unknown options are ignored."""
    request = ask(options=options)
    assert (request.max_tokens, request.stop) == (max_tokens, stop)


@pytest.mark.parametrize(
    ("format", "output"),
    [
        (None, OutputFormat()),
        ("", OutputFormat()),
        ("json", OutputFormat(kind="json")),
        ({"type": "object"}, OutputFormat(kind="schema", schema={"type": "object"})),
    ],
)
def test_format(ask: Any, format: Any, output: OutputFormat) -> None:
    """`format` is nothing, JSON, or a schema."""
    assert ask(format=format).output == output


@pytest.mark.parametrize(
    ("think", "enabled"), [(None, False), (False, False), (True, True), ("low", True)]
)
def test_think(ask: Any, think: Any, enabled: bool) -> None:
    """`think` is a switch or a level."""
    assert ask(think=think).thinking == ThinkingOptions(enabled=enabled)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"model": ""}, "model is required"),
        ({"model": None}, "model is required"),
        (
            {"messages": "Hi"},
            "json: cannot unmarshal string into Go struct field "
            "ChatRequest.messages of type []api.Message",
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "text"}]}]},
            "json: cannot unmarshal array into Go struct field "
            "ChatRequest.messages.content of type string",
        ),
        (
            {"messages": [{"tool_calls": [{"function": {"arguments": "{}"}}]}]},
            "json: cannot unmarshal string into Go struct field "
            "ChatRequest.messages.tool_calls.function.arguments "
            "of type api.ToolCallFunctionArguments",
        ),
        (
            {"options": []},
            "json: cannot unmarshal array into Go struct field "
            "ChatRequest.options of type map[string]interface {}",
        ),
        ({"options": {"num_predict": "9"}}, 'option "num_predict" must be of type integer'),
        ({"options": {"stop": [1]}}, 'option "stop" must be of an array of strings'),
        ({"options": {"temperature": "hot"}}, 'option "temperature" must be of type float32'),
        ({"keep_alive": "5"}, 'time: missing unit in duration "5"'),
        ({"keep_alive": "soon"}, 'time: invalid duration "soon"'),
        ({"keep_alive": True}, "Unsupported type: 'bool'"),
        ({"top_logprobs": 21}, "top_logprobs must be between 0 and 20"),
        (
            {"think": "hard"},
            'invalid think value: "hard" (must be "high", "medium", "low", "max", true, or false)',
        ),
        (
            {"format": "xml"},
            'invalid format: "\\"xml\\""; expected "json" or a valid JSON Schema object',
        ),
    ],
)
def test_refused(ask: Any, fields: Any, words: str) -> None:
    """What the server does not take is refused in its words: with 500 when it fails as late as
    the loading or the running of the model."""
    with pytest.raises(Rejected) as caught:
        ask(**fields)
    status = 500 if words.startswith(("option ", "invalid format")) else 400
    assert (caught.value.error.status, caught.value.error.message) == (status, words)


@pytest.mark.parametrize(
    ("keep_alive", "reason"),
    [
        (None, "load"),
        ("5m", "load"),
        (-1, "load"),
        (0, "unload"),
        ("0", "unload"),
        ("0s", "unload"),
    ],
)
def test_nothing_to_say_loads(ask: Any, stamp: Stamp, keep_alive: Any, reason: str) -> None:
    """Without messages the model is loaded, or unloaded when it is kept for no time."""
    request = ask(messages=[], keep_alive=keep_alive)
    assert isinstance(request, ResourceRequest)
    answer = Chat().render(request, ResourceResult(items=()), stamp)
    assert answer.body == (
        b'{"model":"llama3.2","created_at":"2026-09-21T14:13:20.5Z",'
        b'"message":{"role":"assistant","content":""},"done":true,"done_reason":"%s"}'
        % reason.encode()
    )


def test_whole_answer(ask: Any, said: Any, stamp: Stamp) -> None:
    """Fields stand in the server's order, calls with an object of arguments and an index."""
    result = said(Thinking("Hm."), Text("Well. "), ToolCall("weather", {"city": "Rome"}))
    answer = Chat().render(ask(stream=False), result, stamp)
    assert answer.headers == (("content-type", "application/json; charset=utf-8"),)
    body = json.loads(answer.body)
    assert list(body) == ["model", "created_at", "message", "done", "done_reason", *METRICS]
    assert list(body["message"]) == ["role", "content", "thinking", "tool_calls"]
    (call,) = body["message"]["tool_calls"]
    assert call["function"] == {"index": 0, "name": "weather", "arguments": {"city": "Rome"}}
    assert call["id"].startswith("call_") and len(call["id"]) == 13


def test_streamed_answer(ask: Any, said: Any, stamp: Stamp, lines: Any) -> None:
    """A line for each delta and call, then an empty one with the figures."""
    result = said(
        Thinking("Hm."),
        Text("A <b>", ("A ", "<b>")),
        ToolCall("weather", '{"city": "Rome"}', "c1"),
        ToolCall("time", {}, "c2"),
    )
    answer = Chat().render(ask(), result, stamp)
    assert answer.headers == (("content-type", "application/x-ndjson"),)
    *deltas, last = lines(answer)
    assert [delta["message"] for delta in deltas if "tool_calls" not in delta["message"]] == [
        {"role": "assistant", "content": "", "thinking": "Hm"},
        {"role": "assistant", "content": "", "thinking": "."},
        {"role": "assistant", "content": "A "},
        {"role": "assistant", "content": "<b>"},
    ]
    calls = [call for d in deltas for call in d["message"].get("tool_calls", ())]
    assert [(c["id"], c["function"]["index"]) for c in calls] == [("c1", 0), ("c2", 1)]
    assert all(delta["done"] is False and len(delta) == 4 for delta in deltas)
    assert last["message"] == {"role": "assistant", "content": ""}
    assert list(last)[3:] == ["done", "done_reason", *METRICS]


def test_only_output_counts_as_content(ask: Any, said: Any, stamp: Stamp) -> None:
    """Every line but the last is output to those who pace a stream or break it."""
    frames = list(single(Chat().render(ask(), said(Text("One two")), stamp).body))
    assert [frame.content for frame in frames] == [True, True, False]
    assert b'"content":" two"},"done":false}\n' in frames[1].data


def test_a_call_that_does_not_parse_is_text(ask: Any, said: Any, stamp: Stamp) -> None:
    """The wire has no place for broken arguments: the model's words pass as content."""
    answer = Chat().render(ask(stream=False), said(ToolCall("weather", '{"city": ')), stamp)
    message = json.loads(answer.body)["message"]
    assert message == {
        "role": "assistant",
        "content": '{"name": "weather", "parameters": {"city": }',
    }


@pytest.mark.parametrize(
    ("part", "finish", "reason"),
    [
        (Text("x"), "stop", "stop"),
        (Text("x"), "stop_sequence", "stop"),
        (Text("x"), "length", "length"),
        (Text("x"), "content_filter", "stop"),
        (Refusal("x"), "refusal", "stop"),
        (ToolCall("f"), "tool_calls", "stop"),
    ],
)
def test_done_reason(
    ask: Any, said: Any, stamp: Stamp, part: Any, finish: str, reason: str
) -> None:
    """The server knows two reasons to be done; a refusal is content like any other."""
    answer = Chat().render(ask(stream=False), said(part, finish=finish), stamp)
    body = json.loads(answer.body)
    assert body["done_reason"] == reason
    assert body["message"]["content"] == ("" if isinstance(part, ToolCall) else "x")


def test_figures_of_zero_are_left_out(ask: Any, stamp: Stamp) -> None:
    """Go leaves out a count of 0; durations fit into the total."""
    result = CompletionResult(
        replies=(Reply(parts=()),), usage=Usage(input_tokens=0, output_tokens=4), model="m"
    )
    body = json.loads(Chat().render(ask(stream=False), result, stamp).body)
    assert "prompt_eval_count" not in body and body["eval_count"] == 4
    assert body["total_duration"] > body["load_duration"] + body["eval_duration"]


def test_parsed_request_is_a_chat(ask: Any) -> None:
    """The body stays at hand in `raw`, under the SDK's name for the endpoint."""
    request = ask(options={"seed": 1})
    assert isinstance(request, ChatRequest) and request.endpoint == "chat"
    assert request.raw["options"] == {"seed": 1}
