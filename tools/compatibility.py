"""Runs a part of the plugin's tests with the oldest releases that pyproject.toml allows, with the
newest, and on each Python that is here.

    python tools/compatibility.py [oldest|newest|3.12|3.13 ...]

Environments are made in a temporary folder and thrown away, with uv where it can be had, since it
is quick, else with pip. A Python that is not here is named, and is no failure.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
EXTRAS = ("router", "openai", "anthropic", "virtual", "hypothesis")
TOOLS = ("pytest-asyncio>=1.1", "pytest-xdist>=3.6", "anyio>=4.10", "trio>=0.29", "httpx>=0.28")
OLD_TOOLS = ("pytest-subtests>=0.13",)
"""pytest has subtests of its own from 9.0."""
LOOSE = ("-W", "ignore::pytest.PytestUnraisableExceptionWarning")
"""Old releases of the test tools leave event loops to the garbage collector."""
PART = (
    "tests/plugin/test_plugin.py",
    "tests/plugin/test_subtests.py",
    "tests/plugin/test_virtual.py::test_async_tests_run_in_virtual_time",
    "tests/plugin/test_virtual.py::test_plain_tests_run_in_virtual_time",
    "tests/plugin/test_fixtures.py::test_clients_read_no_certificates",
)
COMMAND_S_MAX = 600
AT_ONCE = 2
MINE = re.compile(r"^(LLMSIM|OPENAI|ANTHROPIC|GEMINI|GOOGLE|OLLAMA|PYTEST|PYTHON|VIRTUAL_ENV)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """One to test in: what it is called, its Python, what is installed."""

    name: str
    python: Path
    packages: tuple[str, ...]
    options: tuple[str, ...] = ()


def main() -> None:
    wanted = sys.argv[1:]
    with tempfile.TemporaryDirectory(prefix="llmsim-compatibility-") as folder:
        uv = uv_in(Path(folder))
        every = [one for one in environments() if not wanted or one.name in wanted]
        if not every:
            raise SystemExit(f"compatibility: there is nothing here that is {' or '.join(wanted)}")
        with ThreadPoolExecutor(AT_ONCE) as pool:
            passed = list(pool.map(lambda one: check(one, Path(folder) / one.name, uv), every))
    raise SystemExit(0 if all(passed) else 1)


def environments() -> Iterator[Environment]:
    """The oldest releases on the oldest Python, the newest on each."""
    newest = (*wanted_of_project(), *TOOLS)
    for version in PYTHONS:
        python = find(version)
        if python is None:
            print(f"compatibility: Python {version} is not here: not tested", flush=True)
            continue
        if version == PYTHONS[0]:
            oldest = tuple(at_least(one) for one in (*newest, *OLD_TOOLS))
            yield Environment(name="oldest", python=python, packages=oldest, options=LOOSE)
            yield Environment(name="newest", python=python, packages=newest)
        else:
            yield Environment(name=version, python=python, packages=newest)


def wanted_of_project() -> list[str]:
    """What the project and the extras that are tested here ask for."""
    extras = PROJECT["optional-dependencies"]
    return [*PROJECT["dependencies"], *(line for name in EXTRAS for line in extras[name])]


def at_least(requirement: str) -> str:
    """A requirement pinned to the oldest release that it allows."""
    return requirement.replace(">=", "==", 1)


def find(version: str) -> Path | None:
    """An interpreter of this version: on the path, or one of pyenv's."""
    named = [Path(found)] if (found := shutil.which(f"python{version}")) else []
    for python in (Path(sys.executable), *named, *pyenvs(version)):
        told = subprocess.run(
            [python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
            check=False,
            capture_output=True,
            text=True,
        )
        if told.returncode == 0 and told.stdout.strip() == version:
            return python
    return None


def pyenvs(version: str) -> list[Path]:
    if shutil.which("pyenv") is None:
        return []
    root = subprocess.run(["pyenv", "root"], check=False, capture_output=True, text=True)
    return sorted(Path(root.stdout.strip()).glob(f"versions/{version}.*/bin/python"))


def uv_in(folder: Path) -> Path | None:
    """uv, in an environment of its own; None where it cannot be had."""
    run(sys.executable, "-m", "venv", folder / "uv")
    command = [folder / "uv" / "bin" / "python", "-m", "pip", "install", "-qq", "uv"]
    done = run(*command)
    if done.returncode:
        print("compatibility: uv cannot be had, pip takes longer", flush=True)
        return None
    return folder / "uv" / "bin" / "uv"


def check(one: Environment, folder: Path, uv: Path | None) -> bool:
    """Make the environment and run the tests in it; one line says what came of it."""
    begun = time.monotonic()
    made = make(one, folder, uv)
    if made.returncode:
        print(f"{one.name:8} could not be made:\n{made.stdout}", flush=True)
        return False
    python = folder / "bin" / "python"
    made_s = time.monotonic() - begun
    done = run(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *one.options, *PART)
    last = (done.stdout.splitlines() or ["nothing was printed"])[-1]
    releases = run(python, "-c", RELEASES).stdout.strip()
    print(f"{one.name:8} {releases}: {last} (made in {made_s:.0f} s)", flush=True)
    if done.returncode:
        print(done.stdout, flush=True)
    return done.returncode == 0


RELEASES = """
import sys
from importlib.metadata import version
names = ("pytest", "pytest-asyncio", "anyio", "hypothesis", "openai", "uvicorn")
print("Python " + sys.version.split()[0], *(f"{name} {version(name)}" for name in names), sep=", ")
"""


def make(one: Environment, folder: Path, uv: Path | None) -> "subprocess.CompletedProcess[str]":
    """A virtual environment with the packages and the project itself, editable."""
    if uv is not None:
        made = run(uv, "venv", "-q", "--no-python-downloads", "--python", one.python, folder)
        installing: list[str | Path] = [uv, "pip", "install", "-q", "--python", folder]
    else:
        made = run(one.python, "-m", "venv", folder)
        installing = [folder / "bin" / "python", "-m", "pip", "install", "-qq"]
    return made if made.returncode else run(*installing, "-e", ROOT, *one.packages)


def run(*command: str | Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [str(part) for part in command],
        check=False,
        cwd=ROOT,
        env={key: value for key, value in os.environ.items() if not MINE.match(key)},
        text=True,
        timeout=COMMAND_S_MAX,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


if __name__ == "__main__":
    main()
