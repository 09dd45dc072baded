"""Settings of the runs inside these tests, which are projects of their own."""

import contextlib
import importlib
import pkgutil

import pytest

PACKAGES = ("fakeservers", "pytest_llmsim", "router")
LIBRARIES = ("anthropic", "google.genai", "httpcore2", "ollama", "openai")


def everything_of(package):
    """The names of its modules, but for those that are programs."""
    path = importlib.import_module(package).__path__
    names = [module.name for module in pkgutil.walk_packages(path, f"{package}.")]
    return [name for name in names if not name.endswith("__main__")]


# pytester forgets at a run's end what the run imported first. Whoever still holds a class of it
# would not know the next one, and the SDKs would be imported anew by every run.
for name in (*LIBRARIES, *(name for package in PACKAGES for name in everything_of(package))):
    with contextlib.suppress(ImportError):
        importlib.import_module(name)


@pytest.fixture(autouse=True)
def settled_asyncio(request, monkeypatch):
    """pytest-asyncio warns in a project that leaves this setting open. pytester comes first,
    since it takes the variable away; where none is used it is not made, since it forgets at its
    end which modules were imported."""
    if "pytester" in request.fixturenames:
        request.getfixturevalue("pytester")
        monkeypatch.setenv("PYTEST_ADDOPTS", "-o asyncio_default_fixture_loop_scope=function")
