"""Builds the package and holds it against what is promised to whoever installs it.

The source distribution is built, and the wheel from it. The wheel must hold exactly the three
packages, each marked as typed, and nothing else. Installed into an empty environment, it must
run the README's first example, as a reader would paste it, from another folder.

    python tools/check_package.py        needs `build` and `hatchling`, and pip a package index
"""

import os
import re
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import venv
from email.parser import HeaderParser
from pathlib import Path
from zipfile import ZipFile

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
PACKAGES = ("fakeservers", "pytest_llmsim", "router")
DIST_INFO = f"pytest_llmsim-{PROJECT['version']}.dist-info"
EXAMPLE_EXTRAS = "openai"
COMMAND_S_MAX = 300
SHIPPED_SUFFIXES = {".json", ".lua", ".py", ".typed"}
SETTINGS = re.compile(r"^(LLMSIM|OPENAI|ANTHROPIC|GEMINI|GOOGLE|OLLAMA|PYTEST|PYTHON)")


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="llmsim-package-") as folder:
        work = Path(folder)
        sdist, wheel = build(work / "dist")
        check_sdist(sdist)
        check_wheel(wheel)
        check_example(wheel, work)


def build(folder: Path) -> tuple[Path, Path]:
    """The source distribution, and the wheel built from it."""
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT)
    (sdist,), (wheel,) = folder.glob("*.tar.gz"), folder.glob("*.whl")
    return sdist, wheel


def check_sdist(sdist: Path) -> None:
    """It holds the sources and the tests, and no leftovers of a working folder."""
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    for wanted in ("LICENSE", "README.md", "pyproject.toml", "constraints.txt", "Makefile"):
        require(wanted in names, f"the sdist lacks {wanted}")
    leftovers = sorted(n for n in names if "__pycache__" in n or n.startswith((".venv", ".git/")))
    require(not leftovers, f"the sdist holds leftovers: {leftovers[:5]}")
    print(f"package: {sdist.name} holds {len(names)} files")


def check_wheel(wheel: Path) -> None:
    """It holds the three packages file by file as they lie here, and its own metadata."""
    with ZipFile(wheel) as archive:
        names = set(archive.namelist())
        entry_points = archive.read(f"{DIST_INFO}/entry_points.txt").decode()
        metadata = HeaderParser().parsestr(archive.read(f"{DIST_INFO}/METADATA").decode())
    tops = {name.partition("/")[0] for name in names}
    require(tops == {*PACKAGES, DIST_INFO}, f"the wheel's top-level names are {sorted(tops)}")
    for package in PACKAGES:
        require(f"{package}/py.typed" in names, f"{package} is not marked as typed")
    shipped = {name for name in names if not name.startswith(DIST_INFO)}
    strays = sorted(name for name in shipped ^ sources() if not name.endswith("/"))
    require(not strays, f"in the wheel or in the packages here, but not in both: {strays}")
    odd = sorted(name for name in shipped if Path(name).suffix not in SHIPPED_SUFFIXES)
    require(not odd, f"the wheel holds files of an unexpected kind: {odd}")
    require("llmsim = pytest_llmsim.plugin" in entry_points, "the pytest11 entry point is missing")
    require("llmsim = pytest_llmsim.cli:main" in entry_points, "the llmsim command is missing")
    require(metadata["Name"] == PROJECT["name"], f"the wheel is named {metadata['Name']}")
    print(f"package: {wheel.name} holds {', '.join(sorted(tops))}")


def check_example(wheel: Path, work: Path) -> None:
    """The README's first example passes where nothing but the wheel and its SDK is installed."""
    environment = {key: value for key, value in os.environ.items() if not SETTINGS.match(key)}
    python = empty_environment(work / "venv")
    run(python, "-m", "pip", "install", "-qq", "--disable-pip-version-check",
        "-c", ROOT / "constraints.txt", f"{wheel}[{EXAMPLE_EXTRAS}]")  # fmt: skip
    project = work / "someone_elses_project"
    project.mkdir()
    (project / "test_readme.py").write_text(first_example(), encoding="utf-8")
    printed = run(python, "-m", "pytest", "-rA", cwd=project, env=environment)
    require(
        re.search(r"\b1 passed in ", printed) is not None, f"the example did not pass: {printed}"
    )
    printed = run(python.with_name("llmsim"), "--help", cwd=project, env=environment)
    require("serve" in printed, f"llmsim --help does not name serve: {printed}")
    print("package: the README's first example passes in an empty environment")


def sources() -> set[str]:
    """Every file that belongs into the wheel, as a path inside it."""
    files = (file for package in PACKAGES for file in (ROOT / package).rglob("*") if file.is_file())
    return {file.relative_to(ROOT).as_posix() for file in files if file.suffix != ".pyc"}


def first_example() -> str:
    """The README's first block of Python."""
    block = re.search(
        r"^```python\n(.*?)^```", (ROOT / "README.md").read_text("utf-8"), re.M | re.S
    )
    if block is None:
        raise SystemExit("package: README.md has no block of Python")
    return block[1]


def empty_environment(folder: Path) -> Path:
    """A new virtual environment with pip and nothing else; its interpreter."""
    venv.create(folder, with_pip=True)
    return folder / ("Scripts" if os.name == "nt" else "bin") / "python"


def run(*command: str | Path, cwd: Path = ROOT, env: dict[str, str] | None = None) -> str:
    """What the command printed. Ends the check when the command fails."""
    done = subprocess.run(
        [str(part) for part in command],
        check=False,
        cwd=cwd,
        env=env,
        text=True,
        timeout=COMMAND_S_MAX,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if done.returncode:
        line = " ".join(map(str, command))
        raise SystemExit(f"package: exit {done.returncode} from: {line}\n{done.stdout}")
    return done.stdout


def require(truth: bool, otherwise: str) -> None:
    if not truth:
        raise SystemExit(f"package: {otherwise}")


if __name__ == "__main__":
    main()
