"""The report: one file that needs nothing else, and shows when something went wrong."""

import re

from loadtests.report import write_report
from loadtests.slo import Finding
from loadtests.summary import summarise

from .records import brownout, record


def report(path, records, findings=()):
    scenario = brownout()
    write_report(path, scenario, records, summarise(scenario, records), findings, ())
    return path.read_text("utf-8")


def test_a_report_is_whole(tmp_path):
    """No script, style or picture is fetched; every plot shades the fault."""
    html = report(tmp_path / "r.html", [record(n, float(n)) for n in range(50)])
    assert not re.search(r"<(?:script|link|img)[^>]*\b(?:src|href)=", html.split("</head>")[1])
    assert "<script src" not in html
    assert html.count('"text":"claude: overloaded"') == 4


def test_a_missed_limit_is_marked(tmp_path):
    """In words, not in colour alone."""
    missed = Finding(name="lost_max", limit=0, found=2, ok=False)
    assert "class='miss'>missed<" in report(tmp_path / "r.html", [record()], [missed])


def test_nothing_at_all_can_be_shown(tmp_path):
    """A run of which no call came back still has its report."""
    assert "Brownout" in report(tmp_path / "r.html", [])
