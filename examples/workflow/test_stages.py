"""The four stages, each as its file in stages/ sets it: the same program, the same suite. A second
set of fakes stands in for the real services."""

import os
import re
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from fakeservers import FakeServers, overloaded

HERE = Path(__file__).parent
OURS = re.compile(r"^(LLM|OPENAI|ANTHROPIC|CLAUDE|PYTEST|DAILY_USD|LEDGER|METRICS_PORT)")


def stage(name: str, **more: str) -> dict[str, str]:
    """The environment of a stage, and nothing else that could decide."""
    lines = (HERE / "stages" / f"{name}.env").read_text("utf-8").splitlines()
    said = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    return {k: v for k, v in os.environ.items() if not OURS.match(k)} | said | more


def suite(env: dict[str, str]) -> str:
    """What pytest prints of the suite in this environment."""
    command = [sys.executable, "-m", "pytest", "-rs", "-p", "no:cacheprovider", "test_assistant.py"]
    done = subprocess.run(command, check=False, cwd=HERE, env=env, capture_output=True, text=True)
    return done.stdout


@pytest.fixture
def real():
    """What stands in for the real services in staging and production."""
    with FakeServers(seed=7) as servers:
        for fake in servers.providers.values():
            fake.unused = "allow"
        yield servers


def test_local_needs_nothing():
    """Mocks answer; what scripts the wire says why it does not run."""
    printed = suite(stage("local"))
    assert "2 passed, 4 skipped" in printed
    assert "claude is a mock in this run (LLMSIM_MODE), and this test scripts it" in printed


def test_local_the_program_runs():
    """By hand, too."""
    done = subprocess.run(
        [sys.executable, "assistant.py"],
        check=True,
        cwd=HERE,
        env=stage("local"),
        input="Where is my parcel?\n",
        capture_output=True,
        text=True,
    )
    assert done.stdout == "mock response from claude\n"
    assert done.stderr == "claude, $0\n"


def test_ci_scripts_every_failure():
    """Fakes answer, over HTTP, through the real SDKs."""
    assert "5 passed, 1 skipped" in suite(stage("ci"))


def test_staging_asks_the_real_services(real):
    """Within the budget of the run; what they cost is told."""
    printed = suite(stage("staging", **real.env()))
    assert "3 passed, 3 skipped" in printed
    assert re.search(r"2 calls, .* out, \$0\.\d+ of \$0\.50", printed)
    assert [call.provider for call in real.journal] == ["claude", "claude"]


def test_staging_stops_before_its_budget_is_exceeded(real):
    """The first call could cost more than there is: it is not sent."""
    printed = suite(stage("staging", LLMSIM_MAX_USD="0.0001", **real.env()))
    assert "the run ends here, before it is exceeded" in printed
    assert "LLMSIM_MAX_USD is used up" in printed
    assert real.journal == ()


def test_production_falls_back_and_is_watched(real, tmp_path):
    """Claude is overloaded: OpenAI answers, and Prometheus can read of it what it cost."""
    real.claude.fails(overloaded())
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    ledger = f"sqlite:{tmp_path / 'costs.db'}"
    env = stage("production", **real.env()) | {"METRICS_PORT": port, "LEDGER": ledger}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    command = [sys.executable, "assistant.py"]
    with subprocess.Popen(command, cwd=HERE, env=env, text=True, **pipes) as program:
        program.stdin.write("Where is my parcel?\n")
        program.stdin.flush()
        answer = program.stdout.readline()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=60) as read:
            metrics = read.read().decode()
        assert program.communicate()[1] == f"openai, ${real.openai.bill.total:f}\n"
    assert len(answer) > 1
    assert 'llm_router_attempts_total{model="claude-haiku-4-5",outcome="overloaded"' in metrics
    assert f"{float(real.openai.bill.total)}" in metrics
    costs = [sys.executable, "-m", "router", "costs", ledger]
    kept = subprocess.run(costs, check=True, env=env, capture_output=True, text=True).stdout
    assert "openai" in kept


TRACED = """
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor
from assistant import main

provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter()))
trace.set_tracer_provider(provider)
main()
"""


def test_production_is_traced(real):
    """Whoever sets OpenTelemetry up gets a span for the call and one for each attempt."""
    real.claude.fails(overloaded())
    done = subprocess.run(
        [sys.executable, "-c", TRACED],
        check=True,
        cwd=HERE,
        env=stage("production", LEDGER="memory", **real.env()) | {"METRICS_PORT": ""},
        input="Where is my parcel?\n",
        capture_output=True,
        text=True,
    )
    assert done.stdout.count('"name": "chat claude-haiku-4-5"') >= 1
    assert done.stdout.count('"name": "chat gpt-4.1-mini"') == 1
