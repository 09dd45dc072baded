"""Requests that come again: the quick answer is the same as the slow one."""

from dataclasses import replace

import pytest

from fakeservers.behaviour.failures import http_error
from fakeservers.behaviour.matching import Match
from fakeservers.behaviour.models import catalogue
from fakeservers.behaviour.replies import scripted
from fakeservers.behaviour.scenario import Rule, Script, decide
from fakeservers.behaviour.schedule import between, schedule
from fakeservers.serving import exchange, known
from fakeservers.serving.exchange import Fake
from fakeservers.wire.base import RequestHeaders
from fakeservers.wire.registry import installed
from tests.fakeservers.support import VirtualClock, post

HI = [{"role": "user", "content": "Hi."}]
CHAT = {"model": "gpt-4o-mini", "messages": HI}
REQUESTS = {
    "claude": ("/v1/messages", {"model": "claude-haiku-5-5", "max_tokens": 50, "messages": HI}),
    "claude-stream": (
        "/v1/messages",
        {"model": "claude-haiku-5-5", "max_tokens": 50, "messages": HI, "stream": True},
    ),
    "openai": ("/v1/chat/completions", CHAT),
    "openai-stream": ("/v1/chat/completions", {**CHAT, "stream": True}),
    "openai-usage": (
        "/v1/chat/completions",
        {**CHAT, "stream": True, "stream_options": {"include_usage": True}},
    ),
    "openai-logprobs": ("/v1/chat/completions", {**CHAT, "logprobs": True}),
    "openai-stored": ("/v1/chat/completions", {**CHAT, "store": True}),
    "openai-responses": ("/v1/responses", {"model": "gpt-4o-mini", "input": "Hi."}),
    "gemini": (
        "/v1beta/models/gemini-2.5-flash:generateContent",
        {"contents": [{"role": "user", "parts": [{"text": "Hi."}]}]},
    ),
    "ollama": ("/api/chat", {"model": "llama3.2", "messages": HI, "stream": False}),
}
PROVIDERS = {provider.name: provider for provider in installed()}
KEYS = RequestHeaders(
    {"authorization": "Bearer key", "x-goog-api-key": "key", "anthropic-version": "2023-06-01"}
)
SAYS = Rule(number=1, replies=(scripted("One two three."),))
NEVER = Rule(number=2, match=Match(prompt="never"), error=http_error(500), times=1)
"""Makes every decision depend on how often it was made."""


def fake(name, *rules):
    provider = PROVIDERS[name.partition("-")[0]]
    made = Fake(provider, seed=5, clock=VirtualClock(), models=lambda: catalogue(provider.name))
    made.write(Script(rules=rules))
    return made


def request(name, headers=KEYS, **changes):
    path, body = REQUESTS[name]
    return replace(post(path, {**body, **changes}), headers=headers)


def told(answer):
    """All that leaves."""
    body = answer.body
    if not isinstance(body, bytes):
        body = b"".join(frame.data for frame in body)
    return answer.status, answer.headers, body


@pytest.fixture
def decided(monkeypatch):
    """How many decisions were made."""
    made = []

    def counting(*args, **options):
        made.append(args)
        return decide(*args, **options)

    monkeypatch.setattr(exchange, "decide", counting)
    return made


@pytest.mark.parametrize("name", REQUESTS)
def test_the_quick_answer_is_the_slow_one(name):
    """Byte for byte, headers and all, and so is the journal's entry."""
    quick, slow = fake(name, SAYS), fake(name, SAYS, NEVER)
    for _ in range(5):
        (answer, entry), (wanted, noted) = (one.respond(request(name)) for one in (quick, slow))
        assert told(answer) == told(wanted)
        for attribute in ("model", "prompt", "text", "usage", "status", "streamed", "rule"):
            assert getattr(entry, attribute) == getattr(noted, attribute)
    assert quick.used == slow.used == {1: 5}


@pytest.mark.parametrize("name", ["claude", "openai", "openai-stream", "gemini"])
@pytest.mark.parametrize(("first_kept_max", "times"), [(known.FIRST_KEPT_MAX, 1), (0, 2)])
def test_what_comes_again_is_decided_no_more(name, first_kept_max, times, decided, monkeypatch):
    """From the second time on; from the third where a fake has been asked much already."""
    monkeypatch.setattr(known, "FIRST_KEPT_MAX", first_kept_max)
    quick = fake(name, SAYS)
    for _ in range(6):
        quick.respond(request(name))
    assert len(decided) == times


def test_another_script_is_heeded():
    """From the next request on."""
    openai = fake("openai", SAYS)
    for _ in range(3):
        openai.respond(request("openai"))
    openai.write(Script(rules=(Rule(number=3, replies=(scripted("Other."),)),)))
    assert openai.respond(request("openai"))[1].text == "Other."


def test_a_model_that_is_gone_is_refused():
    """And answers again when it is back."""
    openai = fake("openai", SAYS)
    statuses = []
    for change in (None, None, openai.models.remove, None, openai.models.add, None):
        if change is not None:
            change("gpt-4o-mini")
        statuses.append(openai.respond(request("openai"))[0].status)
    assert statuses == [200, 200, 404, 404, 200, 200]


def test_another_key_is_another_request():
    """A rule for one key does not speak to the other."""
    mine = Rule(number=1, match=Match(key="key"), replies=(scripted("Yours."),))
    openai = fake("openai", mine, Rule(number=2, replies=(scripted("Any."),)))
    key, other = (RequestHeaders({"authorization": f"Bearer {name}"}) for name in ("key", "other"))
    said = [openai.respond(request("openai", headers))[1].text for headers in (key, other) * 3]
    assert said == ["Yours.", "Any."] * 3


def test_without_validation_it_is_read_anew():
    """What was refused is answered, and the other way round."""
    openai = fake("openai", SAYS)
    wrong = request("openai", temperature=50)
    statuses = []
    for validation in ("off", "off", "off", "strict", "off"):
        openai.validation = validation
        statuses.append(openai.respond(wrong)[0].status)
    assert statuses == [200, 200, 200, 400, 200]


def test_a_limit_is_enforced():
    """However well the request is known."""
    openai = fake("openai", SAYS)
    openai.write(Script(rules=(SAYS,), limits={"rpm": 3}))
    assert [openai.respond(request("openai"))[0].status for _ in range(4)] == [200] * 3 + [429]


def test_windows_are_heeded():
    """What holds between two changes of the script's schedule holds no longer than that."""
    down = Rule(
        number=2,
        error=http_error(500),
        schedule=schedule(windows=[between(10, 20), between(30, 40)]),
    )
    openai = fake("openai", down, SAYS)
    statuses = []
    for at_s in (0, 0, 0, 15, 15, 25, 25, 25, 35, 45, 45, 45):
        openai.clock.time_s = at_s
        statuses.append(openai.respond(request("openai"))[0].status)
    assert statuses == [200] * 3 + [500] * 2 + [200] * 3 + [500] + [200] * 3


def test_between_windows_nothing_is_decided_anew(decided):
    """Nor is it where a rule of chance is closed."""
    rare = Rule(
        number=2, error=http_error(500), schedule=schedule(windows=between(10, 20), rate=0.5)
    )
    openai = fake("openai", rare, SAYS)
    for at_s in (0, 1, 2, 3, 4, 12, 13, 14):
        openai.clock.time_s = at_s
        openai.respond(request("openai"))
    assert len(decided) == 1 + 3


def test_time_that_begins_anew_brings_its_windows_back():
    """What held after the last of them holds no more."""
    down = Rule(number=2, error=http_error(500), schedule=schedule(windows=between(10, 20)))
    openai = fake("openai", down, SAYS)
    openai.clock.time_s = 50
    for _ in range(3):
        openai.respond(request("openai"))
    openai.begin()
    openai.clock.time_s = 65
    assert openai.respond(request("openai"))[0].status == 500


def test_a_closed_fake_answers_no_more():
    """The request is known, and yet refused."""
    openai = fake("openai", SAYS)
    for _ in range(3):
        openai.respond(request("openai"))
    openai.closed = "over"
    assert openai.respond(request("openai"))[0].status == 410
