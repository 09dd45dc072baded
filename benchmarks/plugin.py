"""What the plugin costs a suite: one that does not use it, one test with one call, and 200 tests
that build their own SDK clients beside the same tests on pytest-httpserver.

    python benchmarks/plugin.py [--rounds 7] [--tests 200] [--httpserver PYTHON]

PYTHON is an interpreter that has this project, openai and pytest-httpserver (`python -m venv DIR
&& DIR/bin/pip install -e . openai pytest-httpserver`). Every figure is the CPU time, user's and
system's, of a whole run of pytest in a process of its own; rounds take turns.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

ASK = """
    answer = client.chat.completions.create(
        model="gpt-4o", messages=[{"role": "user", "content": "What is the capital of France?"}]
    )
    assert answer.choices[0].message.content == "Paris."
"""
PLAIN = """
import pytest

@pytest.mark.parametrize("n", range({tests}))
def test_it(n):
    assert n >= 0
"""
READY = (
    """
import openai, pytest

@pytest.fixture(scope="session")
def kept():
    return []

@pytest.mark.parametrize("n", range({tests}))
def test_it(llmsim, kept, n):
    llmsim.openai.replies("Paris.")
    kept or kept.append(openai.OpenAI())
    client = kept[0]
"""
    + ASK
)
OURS = (
    """
import openai, pytest

@pytest.mark.parametrize("n", range({tests}))
def test_it(llmsim, n):
    llmsim.openai.replies("Paris.")
    client = openai.OpenAI()
"""
    + ASK
)
QUICK = OURS.replace("llmsim, n", "llmsim, llmsim_clients, n").replace(
    "openai.OpenAI()", "llmsim_clients.openai()"
)
HTTPSERVER = (
    """
import openai, pytest

SAID = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "gpt-4o",
        "choices": [{"index": 0, "finish_reason": "stop",
                     "message": {"role": "assistant", "content": "Paris."}}],
        "usage": {"prompt_tokens": 14, "completion_tokens": 2, "total_tokens": 16}}

@pytest.mark.parametrize("n", range({tests}))
def test_it(httpserver, n):
    httpserver.expect_request("/v1/chat/completions", method="POST").respond_with_json(SAID)
    client = openai.OpenAI(base_url=httpserver.url_for("/v1"), api_key="x")
"""
    + ASK
)
MINE = ("LLMSIM", "OPENAI", "PYTEST")
Run = tuple[str, Path, Sequence[str]]
"""An interpreter, a project, options of pytest."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--tests", type=int, default=200)
    parser.add_argument("--httpserver", metavar="PYTHON", default=sys.executable)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        unused(Path(folder), asked.rounds)
        used(Path(folder), asked.rounds, asked.tests, asked.httpserver)


def unused(folder: Path, rounds: int) -> None:
    """A suite of 200 plain tests with the plugin and without it."""
    suite = written(folder, "plain", PLAIN, 200)
    taken = in_turn(
        rounds,
        {
            "with": (sys.executable, suite, ()),
            "without": (sys.executable, suite, ("-p", "no:llmsim")),
        },
    )
    with_it, without = taken["with"], taken["without"]
    added = [a - b for a, b in zip(with_it, without, strict=True)]
    print("| a suite that does not use it | CPU ms |\n|---|---|")
    print(f"| without the plugin | {statistics.median(without) * 1e3:.0f} |")
    print(f"| the plugin adds (median, least of the rounds) | {shown(added)} |\n")


def used(folder: Path, rounds: int, tests: int, python: str) -> None:
    """What one more test costs: a run of all less a run of one, by the number of tests."""
    suites = {
        "one call, a client that is kept": (READY, ("-o", "llmsim_stable_urls=true")),
        "one call, a client of llmsim_clients": (QUICK, ()),
        "one call, an OpenAI() of its own": (OURS, ()),
        "the same on pytest-httpserver": (HTTPSERVER, ("-p", "no:llmsim")),
        "no call, no fixture": (PLAIN, ("-p", "no:llmsim")),
    }
    runs = {
        f"{title} {count}": (python, written(folder, f"s{number}_{count}", text, count), options)
        for number, (title, (text, options)) in enumerate(suites.items())
        for count in (1, tests)
    }
    taken = in_turn(rounds, runs)
    print(f"| a test of {tests} | CPU ms (median, least of the rounds) |\n|---|---|")
    for title in suites:
        pairs = zip(taken[f"{title} {tests}"], taken[f"{title} 1"], strict=True)
        each = [(many - one) / (tests - 1) for many, one in pairs]
        print(f"| {title} | {shown(each, digits=2)} |")


def written(folder: Path, name: str, text: str, tests: int) -> Path:
    """A project with one module of tests."""
    project = folder / name
    project.mkdir()
    (project / "pytest.ini").write_text("[pytest]\n", "utf-8")
    module = text.replace("{tests}", str(tests))
    (project / "test_it.py").write_text(module, "utf-8")
    return project


def in_turn(rounds: int, runs: Mapping[str, Run]) -> dict[str, list[float]]:
    """The CPU time of each run in each round; one round before them is not counted."""
    taken: dict[str, list[float]] = {name: [] for name in runs}
    for number in range(rounds + 1):
        for name, run in runs.items():
            spent_s = cpu_s(run)
            if number:
                taken[name].append(spent_s)
    return taken


def cpu_s(run: Run) -> float:
    """The CPU time of one run of pytest, which has to pass."""
    python, project, options = run
    env = {key: value for key, value in os.environ.items() if not key.startswith(MINE)}
    command = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
    before = getrusage(RUSAGE_CHILDREN)
    subprocess.run(command, check=True, cwd=project, env=env, stdout=subprocess.DEVNULL)
    after = getrusage(RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def shown(taken: Sequence[float], digits: int = 1) -> str:
    return f"{statistics.median(taken) * 1e3:.{digits}f}, {min(taken) * 1e3:.{digits}f}"


if __name__ == "__main__":
    main()
