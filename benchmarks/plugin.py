"""What the plugin costs a suite: one that does not use it, one test with one call, and 200 tests
that build their own SDK clients beside the same tests on pytest-httpserver.

    python benchmarks/plugin.py [--rounds 9] [--tests 200] [--httpserver PYTHON]

PYTHON is an interpreter that has this project, openai and pytest-httpserver (`python -m venv DIR
&& DIR/bin/pip install -e . openai pytest-httpserver`). Every run of pytest is a process of its own
and tells the CPU time, user's and system's, of the process and of each test from its first hook to
its last; rounds take turns. Compiled modules are kept, as where the plugin is installed. What a
suite that does not use it pays is also counted in instructions, where valgrind is: no other process
disturbs these.
"""

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

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
TELLING = """
import time

taken = []

def pytest_runtest_logstart():
    taken.append(time.process_time())

def pytest_runtest_logfinish():
    taken[-1] = time.process_time() - taken[-1]

def pytest_unconfigure():
    print("\\nCPU", time.process_time(), *taken)
"""
PYTEST = ("-m", "pytest", "-q", "-p", "no:cacheprovider")
COUNTING = ("--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null")
MINE = ("LLMSIM", "OPENAI", "PYTEST")
Run = tuple[str, Path, Sequence[str]]
"""An interpreter, a project, options of pytest."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--tests", type=int, default=200)
    parser.add_argument("--httpserver", metavar="PYTHON", default=sys.executable)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        unused(Path(folder), asked.rounds)
        used(Path(folder), asked.rounds, asked.tests, asked.httpserver)


def unused(folder: Path, rounds: int) -> None:
    """Suites of one plain test and of 200 with the plugin and without it."""
    for tests in (1, 200):
        suite = written(folder, f"plain{tests}", PLAIN, tests)
        unused_by(suite, tests, rounds)


def unused_by(suite: Path, tests: int, rounds: int) -> None:
    told = in_turn(
        rounds,
        {
            "with": (sys.executable, suite, ()),
            "without": (sys.executable, suite, ("-p", "no:llmsim")),
        },
    )
    with_s, without_s = ([one.whole_s for one in told[name]] for name in ("with", "without"))
    added_s = [a - b for a, b in zip(with_s, without_s, strict=True)]
    least_s = min(with_s) - min(without_s)
    print(f"| {tests} plain tests that do not use the plugin | |\n|---|---|")
    print(f"| without it, CPU ms, least of the rounds | {min(without_s) * 1e3:.0f} |")
    print(f"| it adds, by the least of the rounds | {least_s * 1e3:.1f} |")
    print(f"| it adds, median of the rounds | {statistics.median(added_s) * 1e3:.1f} |")
    if shutil.which("valgrind"):
        without, added = instructions(suite, "-p", "no:llmsim"), instructions(suite)
        added -= without
        by_instructions_s = min(without_s) * added / without
        print(f"| instructions without it, millions | {without / 1e6:.0f} |")
        print(f"| it adds | {added / 1e6:.1f}, {added / without:.2%} |")
        print(f"| at the same rate, CPU ms | {by_instructions_s * 1e3:.1f} |")
    print()


def instructions(suite: Path, *options: str) -> int:
    """What one run of pytest executes, by valgrind's count."""
    command = ["valgrind", *COUNTING, sys.executable, *PYTEST, *options]
    env = {**environment(suite), "PYTHONHASHSEED": "0"}
    done = subprocess.run(
        command, check=True, cwd=suite, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    found = re.search(rb"I +refs: +([\d,]+)", done.stderr)
    assert found is not None, done.stderr
    return int(found[1].replace(b",", b""))


def used(folder: Path, rounds: int, tests: int, python: str) -> None:
    """What a test costs from its beginning to its end, the server's thread included."""
    suites = {
        "one call, a client that is kept": (READY, ("-o", "llmsim_stable_urls=true")),
        "one call, a client of llmsim_clients": (QUICK, ()),
        "one call, an OpenAI() of its own": (OURS, ()),
        "the same on pytest-httpserver": (HTTPSERVER, ("-p", "no:llmsim")),
        "no call, no fixture": (PLAIN, ("-p", "no:llmsim")),
    }
    runs = {
        title: (python, written(folder, f"suite{number}", text, tests), options)
        for number, (title, (text, options)) in enumerate(suites.items())
    }
    told = in_turn(rounds, runs)
    print(f"| a test of {tests} | CPU ms, median test | CPU ms, all tests |\n|---|---|---|")
    for title, every in told.items():
        each_s = statistics.median(one.test_s for one in every)
        all_s = statistics.median(one.tests_s for one in every)
        print(f"| {title} | {each_s * 1e3:.2f} | {all_s * 1e3:.0f} |")


def written(folder: Path, name: str, text: str, tests: int) -> Path:
    """A project with one module of tests, which tells what they took."""
    project = folder / name
    project.mkdir()
    (project / "pytest.ini").write_text("[pytest]\n", "utf-8")
    (project / "conftest.py").write_text(TELLING, "utf-8")
    (project / "test_it.py").write_text(text.replace("{tests}", str(tests)), "utf-8")
    return project


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """CPU seconds of one run: the whole process, all tests, the median test."""

    whole_s: float
    tests_s: float
    test_s: float


def in_turn(rounds: int, runs: Mapping[str, Run]) -> dict[str, list[Told]]:
    """What each run told in each round; one round before them is not counted."""
    told: dict[str, list[Told]] = {name: [] for name in runs}
    for number in range(rounds + 1):
        for name, run in runs.items():
            one = once(run)
            if number:
                told[name].append(one)
    return told


def once(run: Run) -> Told:
    """One run of pytest, which has to pass."""
    python, project, options = run
    command, env = [python, *PYTEST, *options], environment(project)
    done = subprocess.run(
        command, check=True, cwd=project, env=env, stdout=subprocess.PIPE, text=True
    )
    line = next(line for line in done.stdout.splitlines() if line.startswith("CPU "))
    whole_s, *taken = map(float, line.split()[1:])
    return Told(whole_s=whole_s, tests_s=sum(taken), test_s=statistics.median(taken))


def environment(project: Path) -> dict[str, str]:
    """Without settings of ours, and with a place for compiled modules, pytest's own too."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(MINE)}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    return {**kept, "PYTHONPYCACHEPREFIX": str(project.parent / "compiled")}


if __name__ == "__main__":
    main()
