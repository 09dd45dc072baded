"""Facts about the repository itself: what its files must say and must not.

What the code does is tested elsewhere; here nothing is started and nothing is installed.
"""

import ast
import importlib
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("fakeservers", "pytest_llmsim", "router")
MODULE_LINES_MAX = 400
SLEEP_S_MAX = 0.5
FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)
TESTS = sorted((ROOT / "tests").rglob("test_*.py"))
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
# Written so that none of these expressions matches its own line.
UNWANTED = {
    "path of one machine": re.compile(r"(?<![\w.])/(?:work|root|Users|home/\w+)/[\w.]+/|[.]pyenv"),
    "registry's address": re.compile(
        r"https?://(?:pypi|files|registry|test)[.](?:org|pypi|python|npm)"
    ),
    "option that names a registry": re.compile(r"--(?:extra-)?index-url|--find[-]links"),
}


def by_name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def dotted(path: Path) -> str:
    """The name under which a module is imported."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def tracked_files() -> list[Path]:
    """What git holds, or would hold after `git add`."""
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        pytest.skip("not in a git checkout, or git is not installed")
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, check=True, cwd=ROOT, capture_output=True, text=True)
    return [ROOT / name for name in listed.stdout.split("\0") if (ROOT / name).is_file()]


def in_order(names: list[str]) -> list[str]:
    """Without repetition, as ruff's RUF022 keeps them: CONSTANTS, Classes, everything else."""

    def rank(name: str) -> tuple[int, str]:
        return (0 if name.isupper() else 1 if name[0].isupper() else 2), name

    return sorted(set(names), key=rank)


def top_level_tests(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Test functions and test methods; not what is defined inside a function."""
    bodies = [tree.body, *(node.body for node in tree.body if isinstance(node, ast.ClassDef))]
    for node in (node for body in bodies for node in body):
        if isinstance(node, FUNCTION) and node.name.startswith("test"):
            yield node


@pytest.mark.parametrize("kind", UNWANTED)
def test_no_tracked_file_depends_on_one_machine(kind: str) -> None:
    """No tracked file names a folder of one machine or the address of a package registry."""
    found = [
        f"{by_name(path)}:{number}: {line.strip()}"
        for path in tracked_files()
        for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), 1)
        if UNWANTED[kind].search(line)
    ]
    assert not found


def test_modules_are_short() -> None:
    """A module that grows past 400 lines holds two ideas."""
    lines = {path: path.read_text("utf-8").count("\n") for path in MODULES}
    assert {by_name(path): n for path, n in lines.items() if n > MODULE_LINES_MAX} == {}


def test_modules_say_what_they_hold() -> None:
    """Every module has a docstring."""
    trees = {path: ast.parse(path.read_text("utf-8")) for path in MODULES}
    assert [by_name(path) for path, tree in trees.items() if not ast.get_docstring(tree)] == []


def test_exported_names_exist_in_order() -> None:
    """Every name in `__all__` exists, stands there once, and in the order that ruff keeps."""
    imported = [importlib.import_module(dotted(path)) for path in MODULES]
    exported = {module: list(getattr(module, "__all__", ())) for module in imported}
    missing = [
        f"{m.__name__}.{n}" for m, names in exported.items() for n in names if not hasattr(m, n)
    ]
    unsorted = [m.__name__ for m, names in exported.items() if names != in_order(names)]
    assert (missing, unsorted) == ([], [])


def test_packages_are_typed() -> None:
    """Each package carries the mark that tells type checkers to read its annotations."""
    assert [name for name in PACKAGES if not (ROOT / name / "py.typed").is_file()] == []


def test_tests_state_their_fact() -> None:
    """Every test has a docstring, which is the fact that it states."""
    trees = {path: ast.parse(path.read_text("utf-8")) for path in TESTS}
    assert [
        f"{by_name(path)}::{test.name}"
        for path, tree in trees.items()
        for test in top_level_tests(tree)
        if not ast.get_docstring(test)
    ] == []


def test_tests_do_not_sleep() -> None:
    """No test sleeps for more than half a second, in its own code or in code that it writes."""
    naps = {
        path: re.findall(r"\btime\.sleep\(\s*([\d.]+)", path.read_text("utf-8")) for path in TESTS
    }
    assert [
        by_name(path) for path, s in naps.items() if max(map(float, s), default=0) > SLEEP_S_MAX
    ] == []


def test_readme_begins_with_a_test() -> None:
    """The README's first block of Python is one short test that asks for the fixture."""
    readme = (ROOT / "README.md").read_text("utf-8")
    block = re.search(r"^```python\n(.*?)^```", readme, re.M | re.S)
    assert block
    (test,) = top_level_tests(ast.parse(block[1]))
    assert [argument.arg for argument in test.args.args] == ["llmsim"]
    assert sum(1 for line in block[1].splitlines() if line.strip()) <= 12


def test_readme_shows_the_two_commands_first() -> None:
    """`make demo` and `make test` stand on the README's first screen."""
    screen = (ROOT / "README.md").read_text("utf-8").splitlines()[:50]
    assert {"make demo", "make test"} <= {line.split("#")[0].strip() for line in screen}


def test_changelog_has_unreleased() -> None:
    """There is a place for the next entry."""
    assert re.search(r"^## \[?Unreleased\]?$", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.M)


def test_constraints_are_pins() -> None:
    """constraints.txt holds exact versions of names, and nothing that only one machine can read."""
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert [line for line in pins if not re.fullmatch(r"[\w.-]+==[\w.+!-]+", line)] == []


def test_constraints_pin_every_direct_dependency() -> None:
    """Whatever pyproject.toml asks for by name is pinned in constraints.txt."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    wanted = [*project["dependencies"], *(line for extra in extras for line in extra)]
    names = {re.split(r"[^\w.-]", line)[0].lower() for line in wanted} - {project["name"]}
    pinned = re.findall(r"^([\w.-]+)==", (ROOT / "constraints.txt").read_text("utf-8"), re.M)
    assert names - {name.lower().replace("_", "-") for name in pinned} == set()
