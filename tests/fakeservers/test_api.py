"""What users hold, over real sockets."""

import contextlib
import http.client
import json
import os
import socket
import threading

import pytest

from fakeservers import (
    FakeServers,
    ScriptError,
    ServerThread,
    StartError,
    Unverified,
    cut,
    overloaded,
)
from tests.fakeservers.tiny import TINY


@pytest.fixture
def servers():
    with FakeServers(providers=(TINY,)) as running:
        yield running


def say(servers, text="hello", **fields):
    """Ask the tiny provider; returns status and body."""
    address = servers.tiny.url.removeprefix("http://")
    connection = http.client.HTTPConnection(address, timeout=60)
    connection.request("POST", "/say", json.dumps({"text": text, **fields}))
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer.status, body


def test_another_provider_is_served_beside_the_four(servers):
    """One value brings it: handle, address, environment, script, journal."""
    servers.tiny.replies("hi")
    assert say(servers) == (200, '{"said": "hi"}')
    assert os.environ["TINY_URL"] == servers.tiny.url
    assert servers.tiny.last.prompt == "hello"


def test_another_provider_streams(servers):
    """Frames arrive as they were rendered."""
    servers.tiny.replies("one two")
    assert say(servers, stream=True) == (200, "one\ntwo\n")
    assert servers.tiny.last.streamed


def test_every_provider_has_a_loopback_address_of_its_own(servers):
    """Five providers, five ports."""
    urls = {fake.url for fake in servers.providers.values()}
    assert len(urls) == 5
    assert all(url.startswith("http://127.0.0.1:") for url in urls)


def test_the_environment_is_put_back(monkeypatch):
    """What was set is set again, what was not is gone."""
    monkeypatch.setenv("OPENAI_API_KEY", "mine")
    monkeypatch.delenv("OLLAMA_HOST", raising=False)
    with FakeServers() as servers:
        assert os.environ["OPENAI_API_KEY"] != "mine"
        assert os.environ["OLLAMA_HOST"] == servers.ollama.url
    assert os.environ["OPENAI_API_KEY"] == "mine"
    assert "OLLAMA_HOST" not in os.environ


def test_a_proxy_of_the_environment_is_not_asked(monkeypatch):
    """Loopback addresses stand in NO_PROXY for as long as the fakes run."""
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example:3128")
    with FakeServers():
        assert "127.0.0.1" in os.environ["NO_PROXY"]
    assert "127.0.0.1" not in os.environ.get("NO_PROXY", "")


def test_replies_in_turn_faults_and_counts(servers):
    """Rules are used in the order written."""
    servers.tiny.fails(overloaded(), times=1)
    servers.tiny.on(prompt="hello").replies("one", "two").counts(input_tokens=77)
    assert [say(servers)[0] for _ in range(3)] == [503, 200, 200]
    assert servers.tiny.last.text == "two"
    assert servers.tiny.last.usage.input_tokens == 77


def test_calls_requests_and_last_read_the_journal(servers):
    """Bad requests are calls, but no requests."""
    say(servers, "first")
    say(servers, text=3)
    assert [call.status for call in servers.tiny.calls] == [200, 422]
    assert [request.prompt for request in servers.tiny.requests] == ["first"]
    assert servers.tiny.last.status == 422


def test_last_without_a_call_says_so(servers):
    """No IndexError from somewhere inside."""
    with pytest.raises(LookupError, match="tiny has seen no request yet"):
        _ = servers.tiny.last


def test_a_transcript_is_readable(servers):
    """One line for the request, one for what was said."""
    servers.tiny.replies("hi there")
    say(servers)
    assert "POST /say tiny-1 -> 200" in servers.transcript()
    assert "  model  hi there" in servers.tiny.transcript()


def test_reset_forgets_script_and_journal(servers):
    """A fresh start without a new server."""
    servers.tiny.on(prompt="never").replies("hi")
    say(servers)
    servers.reset()
    assert say(servers)[0] == 200
    assert len(servers.tiny.calls) == 1


def test_an_unmatched_request_fails_the_block():
    """The same text that the client got is raised at the end."""
    told = pytest.raises(Unverified, match=r"no rule of tiny is for this request")
    with told, FakeServers(providers=(TINY,)) as servers:
        servers.tiny.on(prompt="France").replies("Paris")
        servers.tiny.unused = "allow"
        status, body = say(servers, "Spain")
        assert (status, "The nearest is" in body) == (400, True)


def test_an_unused_rule_fails_the_block():
    """The rule, and where it was written."""
    told = pytest.raises(Unverified, match=r"tiny saw no request.*\n.*test_api\.py:\d+")
    with told, FakeServers(providers=(TINY,)) as servers:
        servers.tiny.replies("hi")


def test_an_error_of_the_block_is_not_hidden():
    """The body's own failure is the one that is told."""
    with pytest.raises(ZeroDivisionError), FakeServers(providers=(TINY,)) as servers:
        servers.tiny.replies("hi")
        _ = 1 / 0


@pytest.mark.parametrize(
    ("write", "told"),
    [
        (lambda fake: fake.on().replies(), "needs at least one reply"),
        (lambda fake: fake.replies("x", times=0), "times is a whole number"),
        (lambda fake: fake.replies("x").fails(500), "replies or fails"),
        (lambda fake: fake.counts(tokens=3), "input_tokens, output_tokens"),
        (lambda fake: setattr(fake, "unmatched", "never"), "natural"),
        (lambda fake: fake.fails("500"), r"fails\(503\)"),
        (lambda fake: fake.fails(500, text="x"), "it takes message, type, code"),
        (lambda fake: fake.fails(500, betwen=(1, 2)), r"every\. Did you mean 'between'\?$"),
        (lambda fake: fake.paces(tft=1), r"tokens_per_s\. Did you mean 'ttft'\?$"),
        (
            lambda fake: fake.on(promt="x"),
            r"on\(promt=\.\.\.\): it takes model, .* Did you mean 'prompt'\?$",
        ),
    ],
)
def test_a_wrong_script_is_refused_when_written(servers, write, told):
    """The error says what to write instead."""
    with pytest.raises(ScriptError, match=told):
        write(servers.tiny)
    servers.reset()


@pytest.mark.parametrize(
    ("name", "told"),
    [("reply", "Did you mean 'replies'"), ("xyz", "It has bill, calls, counts, down, env")],
)
def test_a_verb_that_there_is_not_names_those_there_are(servers, name, told):
    """The nearest one, if one is near."""
    with pytest.raises(AttributeError, match=told):
        getattr(servers.tiny, name)


def test_a_port_that_is_taken_is_told():
    """Before anything is served, and with nothing left open."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(StartError, match=f"127.0.0.1:{port}"):
            FakeServers(ports={"openai": port}).start()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"host": "0.0.0.0"}, "set a token"),
        ({"ports": {"mistral": 1}}, "No provider mistral: there are claude, openai"),
        ({"providers": (TINY, TINY)}, "Two providers are named 'tiny'"),
    ],
    ids=["open to others", "unknown", "twice"],
)
def test_a_start_that_makes_no_sense_is_refused(options, told):
    """The error says what to write instead."""
    with pytest.raises(StartError, match=told):
        FakeServers(**options)


def test_an_address_before_the_start_is_an_error():
    """There is none yet."""
    with pytest.raises(StartError, match="not running"):
        _ = FakeServers().openai.url


def test_an_unknown_provider_names_the_known_ones(servers):
    """As an attribute and as a key."""
    with pytest.raises(AttributeError, match="claude, openai, gemini, ollama, tiny"):
        _ = servers.mistral
    with pytest.raises(KeyError, match="No provider 'mistral'"):
        _ = servers["mistral"]


def test_a_stop_does_not_wait_for_open_connections():
    """An idle client that would keep its connection is cut off."""
    servers = FakeServers(providers=(TINY,)).start()
    address = servers.tiny.url.removeprefix("http://")
    idle = http.client.HTTPConnection(address, timeout=60)
    idle.request("POST", "/say", '{"text": "x"}')
    idle.getresponse().read()
    servers.stop()
    with contextlib.suppress(ConnectionResetError):
        assert idle.sock.recv(1) == b""
    idle.close()


def test_many_fakes_share_a_thread():
    """A thread of one's own outlives the fakes that it serves."""
    thread = ServerThread()
    thread.start()
    before = threading.active_count()
    for _ in range(3):
        servers = FakeServers(providers=(TINY,), thread=thread).start()
        assert say(servers)[0] == 200
        servers.stop()
    assert threading.active_count() == before
    thread.stop()


def test_closed_fakes_answer_why():
    """A straggler is told, and cannot fail anything."""
    with FakeServers(providers=(TINY,)) as servers:
        servers.close("the test has ended")
        assert say(servers) == (410, "the test has ended")


def test_concurrent_clients_get_their_own_answers(servers):
    """Twenty threads, no answer goes astray."""
    servers.tiny.replies(lambda request: f"echo {request.prompt}")
    answers = {}

    def ask(number):
        answers[number] = say(servers, f"n{number}")

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {n: (200, f'{{"said": "echo n{n}"}}') for n in range(20)}


@pytest.mark.parametrize(
    "wrong", [{"after_s": -1}, {"polls": 1.5}, {"polls": True}, {"after_s": float("inf")}]
)
def test_jobs_of_no_time(wrong):
    """Seconds and looks are numbers from 0; the error says what to write."""
    llmsim = FakeServers()
    with pytest.raises(ScriptError, match=r"such as jobs\(after_s=60\)"):
        llmsim.openai.jobs(**wrong)


def test_jobs_are_part_of_the_scenario():
    """When jobs end is scripted, and a reset forgets it."""
    llmsim = FakeServers()
    llmsim.claude.jobs(polls=2, fails="No luck.")
    timing = llmsim.scenario.scripts["claude"].jobs
    llmsim.claude.reset()
    assert (timing.polls, timing.fails) == (2, "No luck.")
    assert not llmsim.scenario.scripts


def test_what_only_a_world_has_is_told():
    """Asked in real time, the error names virtual time."""
    with pytest.raises(AttributeError, match="virtual=True"):
        _ = FakeServers().now


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("unmached", "A fake has no 'unmached'. Did you mean 'unmatched'?"),
        ("unused", 'unused is "error" or "allow", not 1.'),
    ],
)
def test_a_setting_that_there_is_not_is_refused(servers, setting, told):
    """It would be kept and change nothing."""
    with pytest.raises((AttributeError, ScriptError)) as caught:
        setattr(servers.tiny, setting, 1)
    assert str(caught.value) == told


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("unmatched", "FakeServers has no 'unmatched', each of its fakes has (claude, openai, "
         "gemini, ollama, tiny): write llmsim.openai.unmatched, or go through "
         "llmsim.providers.values()."),
        ("jurnal", "FakeServers has no 'jurnal'; its fakes are claude, openai, gemini, ollama, "
         "tiny. Did you mean 'journal'?"),
    ],
)  # fmt: skip
def test_what_all_fakes_together_have_not_is_told(servers, name, told):
    """What one of them has, and the nearest name; set, it would change nothing."""
    with pytest.raises(AttributeError) as caught:
        getattr(servers, name)
    assert str(caught.value) == told
    if name == "unmatched":
        with pytest.raises(AttributeError, match="each of its fakes has"):
            servers.unmatched = "natural"


@pytest.mark.parametrize(
    ("write", "told"),
    [
        (lambda fake: fake.on(promt="x"), "Did you mean 'prompt'?"),
        (lambda fake: fake.fails(503, betwen=("1m", "2m")), "Did you mean 'between'?"),
        (lambda fake: fake.fails(503, retry_after=3), "Did you mean 'retry_after_s'?"),
        (lambda fake: fake.fails(overloaded(), tims=1), "Did you mean 'times'?"),
        (lambda fake: fake.fails(cut(), tims=1), "Did you mean 'times'?"),
        (lambda fake: fake.paces(tftt=1), "Did you mean 'ttft'?"),
        (lambda fake: fake.paces(token_per_s=1), "Did you mean 'tokens_per_s'?"),
        (lambda fake: fake.limits(rpn=1), "Did you mean 'rpm'?"),
        (lambda fake: fake.counts(inpt_tokens=1), "Did you mean 'input_tokens'?"),
    ],
)
def test_a_wrong_keyword_names_the_nearest(write, told):
    """At the end of the list of all that there are."""
    with FakeServers() as servers:
        with pytest.raises(ScriptError) as caught:
            write(servers.claude)
        servers.reset()
    assert str(caught.value).endswith(told)
