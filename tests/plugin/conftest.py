"""Settings of the runs inside these tests, which are projects of their own."""

import contextlib

import pytest

with contextlib.suppress(ImportError):
    # httpx2 loads it late and keeps its exceptions: in a run that is undone it would be lost.
    import httpcore2  # noqa: F401


@pytest.fixture(autouse=True)
def settled_asyncio(request, monkeypatch):
    """pytest-asyncio warns in a project that leaves this setting open. pytester comes first,
    since it takes the variable away; where none is used it is not made, since it forgets at its
    end which modules were imported."""
    if "pytester" in request.fixturenames:
        request.getfixturevalue("pytester")
        monkeypatch.setenv("PYTEST_ADDOPTS", "-o asyncio_default_fixture_loop_scope=function")
