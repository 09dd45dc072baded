"""How a call is heard: its times on a stream, and each way in which it can end."""

import json
from statistics import median

import pytest

from fakeservers import FakeServers, cut, error_event, overloaded, stall
from loadtests.talk import Line

TTFT_S, GAP_S = 0.12, 0.012
BODY = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Tell me a story."}]}


@pytest.fixture(scope="module")
def fakes():
    with FakeServers(seed=3) as servers:
        ask(servers.openai)  # the first call of a process waits for a vocabulary
        yield servers


@pytest.fixture
def openai(fakes):
    fakes.reset()
    fakes.openai.unused = "allow"
    return fakes.openai


def ask(openai, request_s_max=60.0, **body):
    line = Line(openai.url, key="sk-test", request_s_max=request_s_max)
    try:
        return line.ask({**BODY, **body})
    finally:
        line.close()


def test_each_token_is_stamped_when_it_comes(openai):
    """Not when a block of a kilobyte is full: the first one after its wait, and a gap before
    each other one."""
    openai.replies("One two three four five six seven eight.").paces(ttft=TTFT_S, inter_token=GAP_S)
    heard = ask(openai, stream=True)
    assert heard.outcome == "ok"
    assert TTFT_S <= heard.ttft_s < heard.took_s
    assert heard.headers_s <= heard.ttft_s
    assert median(heard.gaps_s) > GAP_S / 2
    assert heard.message["content"] == "One two three four five six seven eight."


def test_usage_of_a_stream_is_read(openai):
    """And is no token itself."""
    openai.replies("Hello there.")
    heard = ask(openai, stream=True, stream_options={"include_usage": True})
    assert heard.usage["completion_tokens"] >= 2
    assert len(heard.gaps_s) < heard.usage["completion_tokens"]


def test_an_answer_in_one_piece_has_no_first_token(openai):
    """Its time is that of the whole."""
    openai.replies("Paris.")
    heard = ask(openai)
    assert (heard.outcome, heard.ttft_s) == ("ok", None)
    assert heard.message["content"] == "Paris."


@pytest.mark.parametrize(
    ("faults", "streamed", "outcome", "error"),
    [
        ([overloaded()], False, "refused", ""),
        ([overloaded()], True, "refused", ""),
        ([error_event(overloaded(), after_chunks=2)], True, "cut", ""),
        ([cut(after_chunks=2)], True, "lost", "HTTPParseError"),
        ([cut(after_chunks=2, ends="stream")], True, "lost", "ended_without_saying_so"),
        ([cut(ends="answer")], False, "lost", "HTTPConnectionClosed"),
        ([stall(after_chunks=1, for_s=3600)], True, "lost", "user_gave_up"),
    ],
    ids=["503", "503-stream", "error-event", "cut", "no-end", "no-answer", "stall"],
)
def test_every_end_has_its_name(openai, faults, streamed, outcome, error):
    """Only what says how it ended is no loss."""
    openai.fails(*faults)
    openai.replies("One two three four five six.")
    heard = ask(openai, stream=streamed, request_s_max=0.4 if error == "user_gave_up" else 60)
    assert heard.outcome == outcome
    assert heard.error.startswith(error)


def test_a_streamed_tool_call_is_put_together(openai):
    """An agent answers it by its id and arguments."""
    function = {"name": "look_up", "parameters": {"type": "object", "properties": {}}}
    tools = [{"type": "function", "function": function}]
    heard = ask(openai, stream=True, tools=tools, tool_choice="required")
    (call,) = heard.message["tool_calls"]
    assert call["id"] and call["function"]["name"] == "look_up"
    json.loads(call["function"]["arguments"])
