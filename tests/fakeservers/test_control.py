"""The control endpoint: what it does to running fakes, and to whom it refuses itself."""

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import Never

import pytest

from fakeservers import FakeServers, Scenario, StartError, parse_scenario
from fakeservers.remote import Remote
from fakeservers.serving.control import Control

SCENARIO = """
seed = 3
[[openai.rules]]
fails = 503
between = [0, 60]
[[claude.rules]]
fails = "refused"
between = [50, 60]
"""
BODY = {"model": "gpt-5", "messages": [{"role": "user", "content": "Hello"}]}


class Steady:
    """A clock that a test sets; nothing here waits."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def now(self) -> float:
        return self.now_s

    def wall(self) -> float:
        return 1.8e9 + self.now_s

    def call_at(self, deadline_s: float, callback: Callable[[], object]) -> Never:
        raise AssertionError("nothing waits here")


@pytest.fixture(scope="module")
def world() -> Iterator[tuple[FakeServers, Control, Steady]]:
    clock = Steady()
    servers = FakeServers(scenario=parse_scenario(SCENARIO), clock=clock).start()
    control = Control(Remote(servers))
    yield servers, control, clock
    control.stop()
    servers.stop()


def ask(url: str, method: str = "GET", **headers: str) -> tuple[int, list[dict]]:
    request = urllib.request.Request(url, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, [json.loads(line) for line in answer]
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, [json.loads(line) for line in refused]


def call(servers: FakeServers) -> int:
    request = urllib.request.Request(
        f"{servers.openai.url}/chat/completions",
        data=json.dumps(BODY).encode(),
        headers={"content-type": "application/json", "authorization": "Bearer sk-test"},
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status
    except urllib.error.HTTPError as refused:
        refused.close()
        return refused.code


def test_begin_starts_the_scenarios_time(world):
    """A window of the first minute is over after it, and there again after begin."""
    servers, control, clock = world
    clock.now_s += 100
    assert call(servers) == 200
    status, [told] = ask(f"{control.url}/_llmsim/begin", "POST")
    assert (status, told["seed"]) == (200, 3)
    assert call(servers) == 503


def test_the_journal_tells_what_is_new(world):
    """A line an exchange, without those that the caller has."""
    servers, control, _ = world
    ask(f"{control.url}/_llmsim/reset", "POST")
    call(servers)
    call(servers)
    _, both = ask(f"{control.url}/_llmsim/journal")
    _, newer = ask(f"{control.url}/_llmsim/journal?after=openai:1,claude:9")
    assert [(e["provider"], e["number"], e["status"]) for e in both] == [
        ("openai", 1, 503),
        ("openai", 2, 503),
    ]
    assert newer == both[1:]


def test_reset_keeps_the_scenario(world):
    """Nothing seen; the rules as they were."""
    servers, control, _ = world
    call(servers)
    assert ask(f"{control.url}/_llmsim/reset", "POST")[0] == 200
    assert servers.journal == ()
    assert servers.scenario == parse_scenario(SCENARIO)


@pytest.mark.parametrize(
    ("method", "path", "headers", "status", "told"),
    [
        ("GET", "/_llmsim/begin", {}, 405, "write POST /_llmsim/begin"),
        ("POST", "/_llmsim/start", {}, 404, "there are POST /_llmsim/begin"),
        ("POST", "/_llmsim/reset", {"Origin": "http://evil.test"}, 403, "programs of this machine"),
        ("POST", "/_llmsim/reset", {"Host": "evil.test"}, 403, "programs of this machine"),
        ("GET", "/_llmsim/journal?after=openai", {}, 400, "write after=claude:7,openai:3"),
        ("GET", "/_llmsim/journal?after=opnai:1", {}, 400, "no fake opnai: there are claude"),
    ],
)
def test_what_is_refused_is_told(world, method, path, headers, status, told):
    """With what would have worked, and to web pages never."""
    answered, [line] = ask(world[1].url + path, method, **headers)
    assert answered == status
    assert told in line["error"]


def test_a_taken_port_is_told():
    """As for the fakes themselves."""
    servers = FakeServers(scenario=Scenario())
    control = Control(Remote(servers))
    with pytest.raises(StartError, match="Use port 0"):
        Control(Remote(servers), port=int(control.url.rpartition(":")[2]))
    control.stop()
