"""The standalone server, as a process."""

import json
import signal
import subprocess
import sys
import time
import urllib.request

import pytest
from click.testing import CliRunner

from fakeservers import FakeServers
from fakeservers.command import serve

READY_S_MAX = 120
ENDS_S_MAX = 60


def run(*options):
    return subprocess.Popen(
        [sys.executable, "-m", "fakeservers", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for(path, process):
    """The parsed ready file, once it is there."""
    deadline = time.monotonic() + READY_S_MAX
    while not path.exists():
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return json.loads(path.read_text())


def test_the_ready_file_names_what_listens_and_sigterm_ends_it(tmp_path):
    """Exactly the base URLs of the SDKs; SIGTERM is no failure."""
    ready = tmp_path / "ready.json"
    process = run("--ready-file", str(ready), "--seed", "3")
    urls = wait_for(ready, process)
    assert list(urls) == ["claude", "openai", "gemini", "ollama"]
    assert urls["openai"].endswith("/v1")
    with urllib.request.urlopen(f"{urls['ollama']}/api/version", timeout=60) as answer:
        assert answer.status == 200
    process.send_signal(signal.SIGTERM)
    printed, complained = process.communicate(timeout=ENDS_S_MAX)
    assert (process.returncode, complained) == (0, "")
    lines = printed.splitlines()
    assert [line.split("=")[0] for line in lines] == [
        "export ANTHROPIC_BASE_URL",
        "export OPENAI_BASE_URL",
        "export GOOGLE_GEMINI_BASE_URL",
        "export OLLAMA_HOST",
    ]
    assert not ready.exists()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--host", "0.0.0.0"], "set a token"),
        (["--openai-port", "99999"], "Cannot listen on 127.0.0.1:99999"),
        (["--ready-file", "no/such/folder"], "--ready-file no/such/folder cannot be written"),
        (["--seed", "x"], "'x' is not a valid integer"),
        (["--validation", "lax"], "'lax' is not one of 'strict', 'off'"),
        (["--models", "all"], "'all' is not one of 'known', 'current', 'any'"),
    ],
)
def test_a_wrong_option_is_told_in_one_line(options, told):
    """No traceback."""
    result = CliRunner().invoke(serve, options)
    assert result.exit_code != 0
    assert told in result.output


def test_a_server_records_and_replays(tmp_path):
    """What it passed on before it answers later without the service, again and again."""
    file = tmp_path / "a.toml"
    body = json.dumps({"model": "llama3.2", "messages": [{"role": "user", "content": "Hi."}]})
    with FakeServers(seed=99) as real:
        upstream = f"ollama={real.ollama.url}"
        first = asked_of_server(tmp_path, body, "--record", str(file), "--upstream", upstream)
        assert len(real.ollama.calls) == 1
    again = asked_of_server(tmp_path, body, "--replay", str(file), times=2)
    assert [*first, *first] == again


def asked_of_server(tmp_path, body, *options, times=1):
    """What a server with these options answers to a chat."""
    ready = tmp_path / "ready.json"
    process = run("--ready-file", str(ready), *options)
    try:
        url = f"{wait_for(ready, process)['ollama']}/api/chat"
        return [
            urllib.request.urlopen(url, data=body.encode(), timeout=5).read() for _ in range(times)
        ]
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=5)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--upstream", "openai=https://x"], "give --record FILE too"),
        (["--record", "a.toml", "--replay", __file__], "Give --replay or --record"),
        (["--record", "a.toml", "--token", "x"], "so --token cannot"),
        (["--record", "a.toml", "--upstream", "opnai=https://x"], "Did you mean 'openai'?"),
        (["--replay", __file__], "test_command.py: "),
    ],
)
def test_a_wrong_recording_is_told_in_one_line(options, told):
    """Before anything listens."""
    result = CliRunner().invoke(serve, options)
    assert (result.exit_code, told in result.output) == (1, True)
