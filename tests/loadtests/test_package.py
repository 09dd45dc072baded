"""Facts about the package: what it knows of, and what it says of itself."""

import ast
import importlib
from pathlib import Path

import loadtests

MODULES = sorted(Path(loadtests.__file__).parent.glob("*.py"))
TESTED = {"fakeservers", "pytest_llmsim", "router"}


def imported(path):
    """The packages that a module imports by name."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]


def test_what_is_tested_is_not_imported():
    """Fakes, router and gateway are processes that are spoken to by HTTP and by their commands."""
    assert {path.name: TESTED & set(imported(path)) for path in MODULES} == {
        path.name: set() for path in MODULES
    }


def test_modules_are_short_and_say_what_they_hold():
    """As in the packages beside it."""
    texts = {path.name: path.read_text("utf-8") for path in MODULES}
    assert [name for name, text in texts.items() if text.count("\n") > 300] == []
    assert [name for name, text in texts.items() if not ast.get_docstring(ast.parse(text))] == []


def test_exported_names_exist():
    """In the modules that are not Locust's to load."""
    for path in MODULES:
        if path.stem not in ("__main__", "locustfile"):
            module = importlib.import_module(f"loadtests.{path.stem}")
            assert all(hasattr(module, name) for name in getattr(module, "__all__", ()))
