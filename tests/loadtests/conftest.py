"""Load tests take their extra, and those that start a whole stack are asked for by name."""

import os
from importlib.util import find_spec

import pytest

ASKED = "LLMSIM_LOADTESTS"

if not all(map(find_spec, ("locust", "plotly"))):
    collect_ignore_glob = ["test_*.py"]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", f"stack: starts processes; runs with {ASKED}=1.")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "stack" in item.keywords and not os.environ.get(ASKED):
            item.add_marker(pytest.mark.skip(reason=f"set {ASKED}=1: it starts a whole stack"))
