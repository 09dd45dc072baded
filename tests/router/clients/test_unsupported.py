"""What a vendor cannot express is refused before anything is sent."""

from dataclasses import replace
from typing import Any

import pytest

from fakeservers import FakeServers
from router.types import (
    Image,
    LLMRequest,
    Message,
    OutputSchema,
    ThinkingOptions,
    Tool,
    ToolCall,
    as_request,
)

from .support import by_id, complete, failure

HELLO = as_request("Hello")
TOOL = Tool(name="look")
BROKEN = ToolCall(id="call_1", name="look", arguments_text='{"at": ')
WITHOUT = {
    "claude": (
        {"seed": 1},
        {"frequency_penalty": 0.5},
        {"n": 2},
        {"metadata": {"team": "a"}},
        {"output": OutputSchema(schema=None)},
        {"thinking": ThinkingOptions(effort="minimal")},
        {"messages": (Message.assistant(BROKEN),)},
    ),
    "chat": (
        {"top_k": 5},
        {"metadata": {"team": "a"}},
        {"n": 2},
        {"thinking": ThinkingOptions(budget_tokens=2000)},
        {"messages": (Message.assistant(Image(data=b"x")),)},
    ),
    "responses": (
        {"top_k": 5},
        {"seed": 1},
        {"stop": ("END",)},
        {"presence_penalty": 0.5},
        {"thinking": ThinkingOptions(budget_tokens=2000)},
    ),
    "gemini": (
        {"metadata": {"team": "a"}},
        {"parallel_tool_calls": False},
        {"tools": (replace(TOOL, strict=True),)},
        {"n": 2},
    ),
    "ollama": (
        {"metadata": {"team": "a"}},
        {"service_tier": "flex"},
        {"parallel_tool_calls": False},
        {"tools": (TOOL,), "tool_choice": "required"},
        {"thinking": ThinkingOptions(budget_tokens=2000)},
        {"messages": (Message.user(Image(url="https://example.org/a.png")),)},
    ),
}
CASES = [(name, fields) for name, many in WITHOUT.items() for fields in many]


@pytest.mark.parametrize(
    ("name", "fields"), CASES, ids=[f"{name}-{'-'.join(fields)}" for name, fields in CASES]
)
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_refused_up_front(
    llmsim: FakeServers, name: str, fields: dict[str, Any], streamed: bool
) -> None:
    """It is "unsupported", certainly not sent, and says what could not be expressed."""
    case = by_id(name)
    failed = failure(case.client(llmsim), replace(HELLO, **fields), streamed=streamed)
    assert (failed.error_class, failed.certainty) == ("unsupported", "not_sent")
    assert "cannot express" in failed.message and not case.of(llmsim).calls


@pytest.mark.parametrize("name", sorted(WITHOUT))
def test_metadata_arrives_where_there_is_a_place(llmsim: FakeServers, name: str) -> None:
    """Metadata reaches the vendors that take it."""
    given = {"claude": {"user_id": "u-1"}, "chat": {"team": "a"}, "responses": {"team": "a"}}
    if name not in given:
        pytest.skip("refused: see above")
    case = by_id(name)
    extra = {"openai": {"store": True}} if name == "chat" else {}
    complete(case.client(llmsim), replace(HELLO, metadata=given[name], extra=extra))
    assert case.of(llmsim).last.body["metadata"] == given[name]


def test_extra_goes_as_it_stands(llmsim: FakeServers) -> None:
    """What the request has no field for goes to the vendor that it is meant for."""
    request = LLMRequest(
        messages=HELLO.messages,
        extra={"openai": {"verbosity": "low"}, "gemini": {"safetySettings": []}},
    )
    complete(by_id("chat").client(llmsim, "gpt-5"), request)
    assert llmsim.openai.last.body["verbosity"] == "low"
    complete(by_id("claude").client(llmsim), request)
    assert "verbosity" not in llmsim.claude.last.body


@pytest.mark.parametrize("name", ["claude", "chat", "responses", "http", "ollama"])
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_what_no_bytes_can_carry(llmsim: FakeServers, name: str, streamed: bool) -> None:
    """Half of a surrogate pair is the request's own fault and certainly not sent, so that it says
    nothing of the vendor's health."""
    case = by_id(name)
    failed = failure(case.client(llmsim), as_request("Hello \ud800"), streamed=streamed)
    assert (failed.error_class, failed.certainty) == ("bad_request", "not_sent")
    assert "no character" in failed.message and not case.of(llmsim).calls
