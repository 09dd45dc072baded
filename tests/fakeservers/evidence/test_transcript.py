"""The journal as text."""

from fakeservers.behaviour.failures import http_error
from fakeservers.canonical import (
    ApiError,
    Limited,
    RawReply,
    Refusal,
    Reply,
    Text,
    Thinking,
    ToolCall,
    Usage,
)
from fakeservers.evidence.transcript import LINE_MAX, transcript
from tests.fakeservers.evidence.test_journal import exchange
from tests.fakeservers.support import after_tool, chat


def test_an_answer_is_told_part_by_part():
    """Thinking, text and calls, then tokens and why it stopped."""
    said = Reply(
        parts=(Thinking("hm"), Text("Let me see."), ToolCall("look_up", {"q": 1})),
        finish="tool_calls",
    )
    shown = transcript(
        [
            exchange(
                request=chat("Hi"),
                replies=(said,),
                usage=Usage(input_tokens=3, output_tokens=5),
                status=200,
                streamed=True,
                outcome="complete",
            )
        ]
    )
    assert shown.splitlines() == [
        "tiny #1 POST /say m -> 200 (streamed)",
        "  user   Hi",
        "  thinks hm",
        "  model  Let me see.",
        "  calls  look_up({'q': 1})",
        "  usage  3 in, 5 out, tool_calls",
    ]


def test_a_tool_result_is_told_with_its_tool():
    """Before what the user said."""
    shown = transcript([exchange(request=after_tool("Weather?", "rain"), status=200)])
    assert "  tool   look_up = rain" in shown


def test_an_error_a_refusal_and_raw_bytes_are_told():
    """Each in a line of its own."""
    refused = Reply(parts=(Refusal("no"),), finish="refusal")
    assert "  error  too much" in transcript([exchange(error=http_error(429, "too much"))])
    assert "  refuses no" in transcript([exchange(replies=(refused,))])
    assert "  raw    b'<html>'" in transcript([exchange(raw=RawReply(body=b"<html>"))])


def test_a_long_text_is_one_short_line():
    """White space folded, the end cut off."""
    (_, line) = transcript([exchange(request=chat("a\n b " * 500))]).splitlines()
    assert line.startswith("  user   a b a b")
    assert len(line) == LINE_MAX + len("  user   ")


def test_an_endpoint_that_there_is_not_is_told():
    """In words, where the service's own are an invalid URL."""
    unknown = ApiError(status=404, kind="unknown_route", subject="POST /v1/vector_stores")
    shown = transcript([exchange(error=unknown)])
    assert "  error  this fake does not have POST /v1/vector_stores" in shown


def test_a_script_that_broke_says_how():
    """The service's own words for it say nothing."""
    broken = ApiError(status=500, kind="internal")
    problem = "llmsim: tiny could not answer POST /say: KeyError: 'x'"
    shown = transcript([exchange(error=broken, problem=problem)])
    assert f"  error  {problem}" in shown


def test_an_unknown_model_and_a_limit_say_what_to_do():
    """How to make the model known; how much of which limit is used."""
    unknown = ApiError(status=404, kind="unknown_model", subject="new")
    met = Limited(metered="input_tokens", limit=1000, used=990, requested=20)
    limited = ApiError(status=429, kind="rate_limited", limited=met)
    shown = transcript([exchange(error=unknown, status=404), exchange(error=limited, status=429)])
    assert "  error  there is no model 'new'" in shown
    assert "llmsim.tiny.models.add('new') makes it known" in shown
    assert "  error  990 of 1000 input tokens in 60 s are used" in shown
