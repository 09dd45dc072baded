"""What is shown of how an error of the user's came about: their own lines, and none of ours, in
which nothing is to be mended. `--full-trace` shows all of it."""

from pathlib import Path
from types import TracebackType

import pytest

__all__ = ["explain_scope", "say_only", "show_users_lines"]

HERE = Path(__file__).parent
OURS = (str(HERE), str(HERE.with_name("fakeservers")))
SCRIPTS = "fakeservers.errors"
WORLDS = "fakeservers.virtual.errors"
SAID = "llmsim: "
"""How the words of a fake begin that no real service says."""
ASKING = ("__getattr__", "__setattr__")
"""Where a fake says that it has no such verb."""
MISMATCH = "ScopeMismatch: You tried to access the function scoped fixture llmsim"
WIDER = (
    "The fixtures of llmsim last for one test, so that no script outlives it. A fixture of a wider "
    "scope has fakes of its own:\n"
    "  from fakeservers import FakeServers\n"
    "  with FakeServers() as llmsim:\n"
    "      yield ...\n"
    "A client that such a fixture makes meets the fakes of each test with llmsim_stable_urls = "
    "true in the ini file."
)


def show_users_lines(item: pytest.Item, call: pytest.CallInfo[None]) -> None:
    """Let the traceback of a script that makes no sense end in the line that wrote it, and that
    of a request that a fake refused because of the script in the line that made it: what an SDK
    does with an error is not what is wrong."""
    if call.excinfo is None or item.config.getoption("fulltrace", False):
        return
    error, last = call.excinfo.value, call.excinfo.traceback[-1].frame.code.name
    is_script = any(base.__module__ == SCRIPTS for base in type(error).__mro__)
    is_asking = isinstance(error, AttributeError) and last in ASKING
    is_said = SAID in str(error) and not isinstance(error, pytest.UsageError)
    told = is_script or is_asking or is_said
    if told and (theirs := _theirs(_entries(error.__traceback__))):
        theirs[-1].tb_next = None


def say_only(item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport) -> None:
    """Of a marker or a setting that is wrong, and of a simulated world that has come to a halt,
    the message is all that is shown: no line of the traceback is the user's."""
    if call.excinfo is None or item.config.getoption("fulltrace", False):
        return
    error = call.excinfo.value
    entries = _entries(error.__traceback__)
    if type(error).__module__ == WORLDS and not _theirs(entries):
        report.longrepr = f"{type(error).__name__}: {error}"
    elif isinstance(error, pytest.UsageError) and _is_ours(entries[-1]):
        report.longrepr = str(error)


def explain_scope(call: pytest.CallInfo[None], report: pytest.TestReport) -> None:
    """Say below pytest's message what to write where a fixture of a wider scope asks for ours."""
    if call.excinfo is not None and str(call.excinfo.value).startswith(MISMATCH):
        report.sections.append(("llmsim", WIDER))


def _entries(entry: TracebackType | None) -> list[TracebackType]:
    found = []
    while entry is not None:
        found.append(entry)
        entry = entry.tb_next
    return found


def _is_ours(entry: TracebackType) -> bool:
    return entry.tb_frame.f_code.co_filename.startswith(OURS)


def _theirs(entries: list[TracebackType]) -> list[TracebackType]:
    """Those in lines of the user's, which are neither ours nor a library's."""
    from .guard import LIBRARY  # what it knows takes time to find, and most tests pass

    hidden = (*LIBRARY, *OURS)
    return [one for one in entries if not one.tb_frame.f_code.co_filename.startswith(hidden)]
