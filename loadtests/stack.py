"""The processes of a run: fakes, gateway, Locust, each started by its command on loopback.

Each writes to a log file of its own in the run's folder, and leads a group of its own: what it has
forked (Locust's workers) is stopped with it, and a terminal's Ctrl-C reaches it by us only.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from .errors import StackError

__all__ = ["Fakes", "begun", "ended", "fakes", "finish", "free_port", "gateway", "llmsim"]

Process = subprocess.Popen[bytes]

HOST = "127.0.0.1"
READY_S_MAX = 60.0
STOP_S_MAX = 15.0
LOG_CHARS_SHOWN = 2000
ROOT = Path(__file__).resolve().parents[1]
VARIABLES = {
    "claude": ("ANTHROPIC_BASE_URL", "ANTHROPIC_API_KEY"),
    "openai": ("OPENAI_BASE_URL", "OPENAI_API_KEY"),
    "gemini": ("GOOGLE_GEMINI_BASE_URL", "GEMINI_API_KEY"),
    "ollama": ("OLLAMA_HOST", None),
}
KEYS = {"claude": "sk-ant-api03-load", "openai": "sk-proj-load", "gemini": "AIzaLoad"}


class Fakes:
    """Running fakes: where they are, and what they saw."""

    def __init__(self, urls: Mapping[str, str]) -> None:
        self.control_url = urls["_control"]
        self.urls = {name: url for name, url in urls.items() if not name.startswith("_")}

    def env(self) -> dict[str, str]:
        """What points the SDKs of the gateway at them."""
        told = {"LLMSIM_MODE": "fake", "NO_PROXY": "127.0.0.1,localhost"}
        for name, url in self.urls.items():
            address, key = VARIABLES[name]
            told[address] = url
            if key is not None:
                told[key] = KEYS[name]
        return told

    def journal(self) -> list[dict[str, Any]]:
        """What they saw since they were reset; of each the newest ten thousand."""
        with urllib.request.urlopen(f"{self.control_url}/_llmsim/journal", timeout=60) as answer:
            return [json.loads(line) for line in answer]

    def reset(self) -> None:
        asked = urllib.request.Request(f"{self.control_url}/_llmsim/reset", method="POST")
        with urllib.request.urlopen(asked, timeout=30) as answer:
            answer.read()


@contextmanager
def fakes(folder: Path, scenario: Path) -> Iterator[Fakes]:
    """The fakes, with a control port, for as long as the block."""
    ready = folder / "fakes.json"
    options = ["--scenario", str(scenario), "--control-port", "0", "--ready-file", str(ready)]
    command = [*llmsim("serve"), "--warm-up", *options]
    with begun("fakes", command, folder) as process:
        _wait("fakes", process, folder, ready.exists)
        yield Fakes(json.loads(ready.read_text("utf-8")))


@contextmanager
def gateway(folder: Path, config: Path, env: Mapping[str, str]) -> Iterator[str]:
    """The gateway; gives its address."""
    port = free_port()
    url = f"http://{HOST}:{port}"
    command = [*llmsim("gateway"), "--config", str(config), "--port", str(port)]
    with begun("gateway", command, folder, env) as process:
        _wait("gateway", process, folder, lambda: _answers(f"{url}/healthz"))
        yield url


def finish(
    name: str, command: Sequence[str], folder: Path, *, timeout_s: float, output: Path | None = None
) -> int:
    """Run a command to its end and return its exit code; `output` gets what it prints. Raises
    StackError when it takes longer."""
    with begun(name, command, folder, output=output) as process:
        return ended(name, process, folder, timeout_s=timeout_s)


def ended(name: str, process: Process, folder: Path, *, timeout_s: float) -> int:
    """Wait for a process's end; its exit code. Raises StackError when it takes longer."""
    try:
        code = process.wait(timeout_s)
        _signal(process, signal.SIGKILL)
        return code
    except subprocess.TimeoutExpired:
        raise StackError(
            f"{name} did not end within {timeout_s:g} s; {_shown(name, folder)}"
        ) from None


def llmsim(verb: str) -> list[str]:
    """The `llmsim` command of this environment."""
    return [sys.executable, "-c", "from pytest_llmsim.cli import main; main()", verb]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@contextmanager
def begun(
    name: str,
    command: Sequence[str],
    folder: Path,
    env: Mapping[str, str] | None = None,
    output: Path | None = None,
) -> Iterator[Process]:
    """A process for as long as the block; it need not have ended by itself."""
    paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
    environ = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        "PYTHONUNBUFFERED": "1",
        **(env or {}),
    }
    log = folder / f"{name}.log"
    with ExitStack() as files:
        errors = files.enter_context(log.open("wb"))
        printed = errors if output is None else files.enter_context(output.open("wb"))
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=errors,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        _stop(process)


def _stop(process: Process) -> None:
    """It and its group; whoever does not end in time is killed."""
    if process.poll() is not None:
        return
    _signal(process, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(STOP_S_MAX)
    _signal(process, signal.SIGKILL)
    process.wait()


def _signal(process: Process, number: signal.Signals) -> None:
    """To all of its group; nothing is left of one that ended well."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def _wait(name: str, process: Process, folder: Path, is_ready: Any) -> None:
    deadline_s = time.monotonic() + READY_S_MAX
    while not is_ready():
        if process.poll() is not None:
            raise StackError(f"{name} ended with code {process.returncode}; {_shown(name, folder)}")
        if time.monotonic() > deadline_s:
            raise StackError(
                f"{name} was not ready within {READY_S_MAX:g} s; {_shown(name, folder)}"
            )
        time.sleep(0.05)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _shown(name: str, folder: Path) -> str:
    log = folder / f"{name}.log"
    return f"the end of {log.name}:\n{log.read_text('utf-8', 'replace')[-LOG_CHARS_SHOWN:]}"
