"""The switches `validation` and `models`, over real sockets and on the handle."""

import http.client
import json
from datetime import UTC, datetime
from functools import partial

import pytest

from fakeservers import FakeServers, ScriptError, StartError
from fakeservers.behaviour.plain.reading import read_scenario
from fakeservers.behaviour.plain.writing import write_scenario
from tests.fakeservers.support import VirtualClock

LAST_S = datetime(2026, 11, 30, tzinfo=UTC).timestamp()
"""When claude-sonnet-4-5 retires."""

ASKS = {
    "claude": ("/v1/messages", {"model": "nope-1", "messages": 7, "max_tokens": "many"}),
    "openai": ("/v1/chat/completions", {"model": "nope-1", "messages": 7, "n": "two"}),
    "gemini": ("/v1/models/nope-1:generateContent", {"contents": 7}),
    "ollama": ("/api/chat", {"model": "nope-1", "messages": 7, "stream": False}),
}
"""Bodies that every real service refuses."""

SOUND = {
    "claude": {"model": "nope-1", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 9},
    "openai": {"model": "nope-1", "messages": [{"role": "user", "content": "Hi"}]},
    "gemini": {"contents": [{"parts": [{"text": "Hi"}]}]},
    "ollama": {
        "model": "nope-1",
        "messages": [{"role": "user", "content": "Hi"}],
        "stream": False,
    },
}
KEYS = {"authorization": "Bearer k", "x-goog-api-key": "k", "anthropic-version": "2023-06-01"}


@pytest.fixture
def servers():
    with FakeServers() as running:
        yield running


def post(fake, path, body, **headers):
    """Status, headers and text of the answer."""
    address = fake.url.removeprefix("http://").partition("/")[0]
    connection = http.client.HTTPConnection(address, timeout=60)
    text = body if isinstance(body, str) else json.dumps(body)
    connection.request(
        "POST", path, text, {name.replace("_", "-"): v for name, v in headers.items()}
    )
    answer = connection.getresponse()
    told = answer.status, dict(answer.getheaders()), answer.read().decode()
    connection.close()
    return told


@pytest.mark.parametrize("name", ASKS)
def test_without_validation_any_json_is_answered(servers, name):
    """No key, an unknown model, wrong types: strict refuses, off answers."""
    path, body = ASKS[name]
    assert post(servers[name], path, body)[0] >= 400
    servers[name].validation = "off"
    assert post(servers[name], path, body)[0] == 200


@pytest.mark.parametrize("name", ASKS)
def test_without_validation_what_is_no_json_is_still_refused(servers, name):
    """There is nothing to answer."""
    servers[name].validation = "off"
    assert post(servers[name], ASKS[name][0], '{"model": ')[0] == 400


@pytest.mark.parametrize("name", ASKS)
def test_an_unknown_model_is_told_with_the_way_to_allow_it(servers, name):
    """In a header; and what it says works."""
    status, headers, _ = post(servers[name], ASKS[name][0], SOUND[name], **KEYS)
    hint = headers["x-llmsim-hint"]
    assert (status, f"llmsim.{name}.models.add('nope-1')" in hint) in ((404, True), (400, True))
    servers[name].models = "any"
    assert post(servers[name], ASKS[name][0], SOUND[name], **KEYS)[0] == 200
    servers[name].models = "known"
    assert post(servers[name], ASKS[name][0], SOUND[name], **KEYS)[0] == status


def test_a_hint_is_a_header_whatever_the_name(servers):
    """Line breaks and other alphabets are escaped."""
    body = {**SOUND["openai"], "model": "gpt\r\nx: ж" * 90}
    status, headers, _ = post(servers.openai, "/v1/chat/completions", body, **KEYS)
    assert (status, headers["x-llmsim-hint"].isascii()) == (404, True)


def test_the_switches_are_set_for_all_or_by_name():
    """What is left out keeps its default; a reset goes back to the beginning."""
    with FakeServers(validation="off", models={"openai": "any"}) as servers:
        assert {fake.validation for fake in servers.providers.values()} == {"off"}
        allowed = {name: fake.models.allows for name, fake in servers.providers.items()}
        assert allowed == {**dict.fromkeys(ASKS, "known"), "openai": "any"}
        servers.openai.validation, servers.openai.models = "strict", "known"
        servers.reset()
        assert (servers.openai.validation, servers.openai.models.allows) == ("off", "any")


RETIRED = {
    "claude": ("claude-opus-4-1", "model: claude-opus-4-1"),
    "openai": (
        "gpt-4-32k",
        "The model `gpt-4-32k` has been deprecated, learn more here: "
        "https://platform.openai.com/docs/deprecations",
    ),
    "gemini": ("gemini-2.0-flash", "models/gemini-2.0-flash is not found for API version v1"),
}


@pytest.mark.parametrize("name", RETIRED)
def test_only_current_models_may_be_asked(servers, name):
    """Retired ones are refused in the provider's words, with the way to allow them in a header,
    unless a test adds them."""
    model, told = RETIRED[name]
    path = ASKS[name][0].replace("nope-1", model)
    body = SOUND[name] if name == "gemini" else {**SOUND[name], "model": model}
    asked = servers[name], path, body
    assert post(*asked, **KEYS)[0] == 200
    servers[name].models = "current"
    status, headers, text = post(*asked, **KEYS)
    assert (status, told in text) == (404, True)
    assert f'llmsim.{name}.models = "known"' in headers["x-llmsim-hint"]
    assert f"{model!r} has retired" in servers[name].transcript()
    servers[name].models.add(model)
    assert post(*asked, **KEYS)[0] == 200


def test_a_model_answers_until_its_last_day():
    """By the clock of the fakes."""
    clock = VirtualClock()
    with FakeServers(clock=clock, models="current") as servers:
        body = {**SOUND["claude"], "model": "claude-sonnet-4-5"}
        ask = partial(post, servers.claude, "/v1/messages", body, **KEYS)
        clock.time_s = LAST_S - 1 - clock.wall()
        assert ask()[0] == 200
        clock.time_s += 1
        assert ask()[0] == 404


def get(fake, path):
    address = fake.url.removeprefix("http://")
    connection = http.client.HTTPConnection(address, timeout=60)
    connection.request("GET", path, headers=KEYS)
    answer = connection.getresponse()
    told = answer.status, answer.read().decode()
    connection.close()
    return told


@pytest.mark.parametrize(("allowed", "status"), [("known", 200), ("current", 404)])
def test_a_listing_of_current_models_has_no_retired_one(servers, allowed, status):
    """Nor is it there by name."""
    servers.gemini.models = allowed
    listed = get(servers.gemini, "/v1beta/models?pageSize=1000")[1]
    assert ("models/gemini-2.0-flash" in listed) == (status == 200)
    assert get(servers.gemini, "/v1beta/models/gemini-2.0-flash")[0] == status


def test_a_scenario_says_which_models_and_an_argument_says_it_last():
    """What is set afterwards holds until the fakes are as new."""
    told = read_scenario({"openai": {"models": "current"}}, ["openai"], {})
    assert write_scenario(told)["openai"]["models"] == "current"
    with FakeServers(scenario=told) as servers:
        assert servers.openai.models.allows == "current"
        servers.openai.models = "any"
        servers.openai.limits(rpm=9)
        assert servers.openai.models.allows == "any"
    with FakeServers(scenario=told, models="known") as servers:
        assert servers.openai.models.allows == "known"


@pytest.mark.parametrize("switch", ["validation", "models"])
def test_other_values_are_refused(servers, switch):
    """With those that there are."""
    with pytest.raises(ScriptError, match=f"{switch} is .* or .*, not 'lax'"):
        setattr(servers.openai, switch, "lax")
    with pytest.raises(StartError, match="no provider gpt; there are claude"):
        FakeServers(**{switch: {"gpt": "off"}})
    with pytest.raises(StartError, match=f"{switch} of claude is "):
        FakeServers(**{switch: "lax"})
