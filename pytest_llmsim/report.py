"""The traffic of a test in pytest's own report: in a section of a failed test, or, when asked
for, of every test at the end of the run."""

from typing import TYPE_CHECKING

import pytest

from .settings import SETTINGS

if TYPE_CHECKING:
    from fakeservers import FakeServers

__all__ = ["FAKES", "add_traffic", "write_traffic"]

FAKES: "pytest.StashKey[FakeServers]" = pytest.StashKey()
"""The fakes of a test that uses them."""

SECTION = "llmsim traffic"


def add_traffic(item: pytest.Item, report: pytest.TestReport) -> None:
    """Put the traffic of a failed test, or of any when asked for, into its report."""
    servers = item.stash.get(FAKES, None)
    if servers is None or not (report.failed or item.config.stash[SETTINGS].traffic):
        return
    shown = servers.transcript() or "no request reached a fake"
    replay = f"seed {servers.seed}; again with: pytest --llmsim-seed={servers.seed} '{item.nodeid}'"
    report.sections.append((SECTION, f"{shown}\n{replay}" if report.failed else shown))


def write_traffic(terminal: "pytest.TerminalReporter") -> None:
    """Write the traffic of the tests that passed; failed ones show their own."""
    for report in terminal.getreports("passed"):
        for title, text in getattr(report, "sections", ()):
            if title == SECTION:
                terminal.write_sep("-", f"{SECTION}: {report.nodeid}")
                terminal.write_line(text)
