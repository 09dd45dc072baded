"""The switches `validation` and `models`, over real sockets and on the handle."""

import http.client
import json

import pytest

from fakeservers import FakeServers, ScriptError, StartError

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
    connection = http.client.HTTPConnection(address, timeout=5)
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
        assert [name for name, fake in servers.providers.items() if fake.models.lenient] == [
            "openai"
        ]
        servers.openai.validation, servers.openai.models = "strict", "known"
        servers.reset()
        assert (servers.openai.validation, servers.openai.models.lenient) == ("off", True)


@pytest.mark.parametrize("switch", ["validation", "models"])
def test_other_values_are_refused(servers, switch):
    """With those that there are."""
    with pytest.raises(ScriptError, match=f"{switch} is .* or .*, not 'lax'"):
        setattr(servers.openai, switch, "lax")
    with pytest.raises(StartError, match="no provider gpt; there are claude"):
        FakeServers(**{switch: {"gpt": "off"}})
    with pytest.raises(StartError, match=f"{switch} of claude is "):
        FakeServers(**{switch: "lax"})
