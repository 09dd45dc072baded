"""What is shown of how an error of the user's came about: their own lines, and none of ours, in
which nothing is to be mended. `--full-trace` shows all of it."""

from pathlib import Path
from types import TracebackType

import pytest

__all__ = ["say_only", "show_users_lines"]

HERE = Path(__file__).parent
OURS = (str(HERE), str(HERE.with_name("fakeservers")))
SCRIPTS = "fakeservers.errors"
ASKING = ("__getattr__", "__setattr__")
"""Where a fake says that it has no such verb."""


def show_users_lines(item: pytest.Item, call: pytest.CallInfo[None]) -> None:
    """Let the traceback of a script that makes no sense end in the line that wrote it."""
    if call.excinfo is None or item.config.getoption("fulltrace", False):
        return
    error, last = call.excinfo.value, call.excinfo.traceback[-1].frame.code.name
    is_script = any(base.__module__ == SCRIPTS for base in type(error).__mro__)
    if is_script or (isinstance(error, AttributeError) and last in ASKING):
        theirs = [one for one in _entries(error.__traceback__) if not _is_ours(one)]
        if theirs:
            theirs[-1].tb_next = None


def say_only(item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport) -> None:
    """Of a marker or a setting that is wrong its message is all that is shown: no line of a
    traceback is the user's."""
    if call.excinfo is None or item.config.getoption("fulltrace", False):
        return
    if isinstance(error := call.excinfo.value, pytest.UsageError):
        *_, last = _entries(error.__traceback__)
        if _is_ours(last):
            report.longrepr = str(error)


def _entries(entry: TracebackType | None) -> list[TracebackType]:
    found = []
    while entry is not None:
        found.append(entry)
        entry = entry.tb_next
    return found


def _is_ours(entry: TracebackType) -> bool:
    return entry.tb_frame.f_code.co_filename.startswith(OURS)
