"""Runs the vendors' own SDK test-suites against `llmsim serve --validation off`, and tells how many
of their tests pass.

    python tools/sdk_suites.py [FOLDER]

The suites come with the SDKs' source archives on PyPI, in the versions that are installed here.
They are fetched into FOLDER, by default `.cache/sdk-suites`, and run in an environment there,
for they need packages that this project does not. Without a network this says so and ends well.
The bodies that they send are made up from the vendors' schemas; the real services would refuse
many of them, hence `--validation off`.
"""

import os
import re
import subprocess
import sys
import tarfile
import venv
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from conformance import served

FOLDER = Path(__file__).resolve().parents[1] / ".cache" / "sdk-suites"
NEEDED = (
    "aiohttp",
    "http-snapshot[httpx]",
    "httpx",
    "inline-snapshot",
    "pytest",
    "pytest-asyncio",
    "respx",
    "rich",
)
"""What the suites import besides the SDKs."""
FETCH_S_MAX = 600
RUN_S_MAX = 600
_COUNTS = re.compile(r"(\d+) (passed|failed|error)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """The tests of one SDK that a fake has to pass.

    provider      the fake that they are run against
    files         below `tests/api_resources`
    options       for pytest, in the place of the suite's own
    failing       how many tests must fail, for they want what no real service sends
    """

    package: str
    provider: str
    files: tuple[str, ...]
    options: str = ""
    failing: int = 0


SUITES = (
    Suite(
        package="openai",
        provider="openai",
        files=(
            "chat/test_completions.py",
            "test_completions.py",
            "test_embeddings.py",
            "test_models.py",
            "test_moderations.py",
            "test_responses.py",
            "responses",
        ),
        # Embeddings: the SDK asks for base64 and gets it, the suite wants a list of numbers.
        failing=9,
    ),
    Suite(
        package="anthropic",
        provider="claude",
        files=("test_messages.py", "test_models.py"),
        options="-p tests._alias_httpx",
    ),
)


def main(folder: Path) -> int:
    ended_well = True
    for suite, passed, failed in results(folder):
        ended_well &= failed == suite.failing and passed > 0
        expected = f" ({suite.failing} have to)" if suite.failing else ""
        print(
            f"{suite.package} {version(suite.package)}: {passed} of {passed + failed} passed, "
            f"{failed} failed{expected}"
        )
    return 0 if ended_well else 1


def results(folder: Path = FOLDER) -> Iterator[tuple[Suite, int, int]]:
    """Each suite, how many of its tests passed, how many failed. Nothing without a network."""
    try:
        python = environment(folder)
        sources = {suite: fetched(suite.package, folder, python) for suite in SUITES}
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as problem:
        print(f"sdk suites: skipped, PyPI could not be reached: {problem}", file=sys.stderr)
        return
    with served("--validation", "off") as urls:
        for suite, source in sources.items():
            yield suite, *run(suite, source, python, urls[suite.provider])


def environment(folder: Path) -> Path:
    """The interpreter of the suites' own environment, with the SDKs that are installed here."""
    home = folder / f"venv-{'-'.join(version(suite.package) for suite in SUITES)}"
    python = home / "bin" / "python"
    ready = home / "ready"
    if not ready.exists():
        venv.create(home, with_pip=True, clear=True)
        pinned = [f"{suite.package}=={version(suite.package)}" for suite in SUITES]
        command = [str(python), "-m", "pip", "install", "--quiet", *pinned, *NEEDED]
        subprocess.run(command, check=True, timeout=FETCH_S_MAX)
        ready.touch()
    return python


def fetched(package: str, folder: Path, python: Path) -> Path:
    """The unpacked source archive of the installed version."""
    name = f"{package}-{version(package)}"
    source = folder / name
    if not source.exists():
        command = [str(python), "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--no-binary", ":all:", "--dest", str(folder)]
        subprocess.run(
            [*command, f"{package}=={version(package)}"], check=True, timeout=FETCH_S_MAX
        )
        with tarfile.open(folder / f"{name}.tar.gz") as archive:
            archive.extractall(folder, filter="data")
    return source


def run(suite: Suite, source: Path, python: Path, url: str) -> tuple[int, int]:
    """How many tests passed and failed; those that failed are named."""
    files = [str(Path("tests", "api_resources", name)) for name in suite.files]
    command = [str(python), "-m", "pytest", "-q", "-W", "ignore", "-p", "no:cacheprovider"]
    options = f"addopts=--tb=no {suite.options}"
    ended = subprocess.run(
        [*command, "-o", options, *files],
        cwd=source,
        env=dict(surroundings(url)),
        capture_output=True,
        text=True,
        check=False,
        timeout=RUN_S_MAX,
    )
    lines = ended.stdout.splitlines()
    for line in lines:
        if line.startswith(("FAILED", "ERROR")):
            print(line)
    counted = {what: int(number) for number, what in _COUNTS.findall(lines[-1] if lines else "")}
    if not counted:
        print(ended.stdout, ended.stderr, sep="\n", file=sys.stderr)
    return counted.get("passed", 0), counted.get("failed", 0) + counted.get("error", 0)


def surroundings(url: str) -> Iterator[tuple[str, str]]:
    """This process's variables without those that would change what Python imports."""
    yield from ((name, value) for name, value in os.environ.items() if name != "PYTHONPATH")
    yield "TEST_API_BASE_URL", url


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else FOLDER))
