"""The page of what the router promises: every promise is there, and so is every test it names."""

import ast
import re

from tests.pages import ROOT

PAGE = ROOT / "docs" / "router-promises.md"
NAMED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
INVARIANTS = (
    *(f"B{n}" for n in range(1, 8)),
    *(f"C{n}" for n in range(1, 5)),
    *(f"R{n}" for n in range(1, 4)),
    *("T1", "T2"),
    *(f"K{n}" for n in range(1, 6)),
    *("F1", "F2", "F5", "F6"),
    "M1",
    *(f"S{n}" for n in range(1, 11)),
)


def shown_by() -> dict[str, list[tuple[str, str]]]:
    """The tests that the page names, (file, name), by promise."""
    rows = re.findall(r"^\| ([A-Z]\d+) \| .* \| (.*) \|$", PAGE.read_text("utf-8"), re.M)
    return {id: re.findall(r"`(\S+?)::(\w+)`", tests) for id, tests in rows}


def test_every_promise_names_its_tests() -> None:
    """None is missing, and none is without a test."""
    named = shown_by()
    assert tuple(named) == INVARIANTS
    assert all(named.values())


def test_every_test_that_is_named_is_there() -> None:
    """A test that was renamed or dropped leaves no promise behind."""
    names: dict[str, set[str]] = {}
    for file in {file for tests in shown_by().values() for file, _ in tests}:
        tree = ast.parse((ROOT / "tests" / file).read_text("utf-8"))
        defined = {node.name for node in tree.body if isinstance(node, NAMED)}
        assigned = {
            target.id
            for node in tree.body
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        names[file] = defined | assigned
    missing = [one for tests in shown_by().values() for one in tests if one[1] not in names[one[0]]]
    assert missing == []
