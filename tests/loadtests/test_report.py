"""The report: one file that needs nothing else, and shows when something went wrong."""

import re
import shutil
import subprocess

import pytest

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
    assert "Every limit was kept." in html


def test_a_missed_limit_is_marked(tmp_path):
    """In words, not in colour alone."""
    missed = Finding(name="lost_max", limit=0, found=2, ok=False)
    html = report(tmp_path / "r.html", [record()], [missed])
    assert "class='miss'>missed<" in html
    assert "Missed: lost, at most." in html


def test_light_and_dark(tmp_path):
    """Page and plots follow the reader's choice, and no plot brings a ground of its own."""
    html = report(tmp_path / "r.html", [record()])
    assert html.count("prefers-color-scheme: dark") == 2
    assert html.count('"paper_bgcolor":"rgba(0,0,0,0)"') == 5


def test_nothing_at_all_can_be_shown(tmp_path):
    """A run of which no call came back still has its report."""
    assert "Brownout" in report(tmp_path / "r.html", [])


def in_a_browser(path, *options):
    """The page as Chromium has it when its scripts have run; no host has an address there."""
    browser = next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "chrome"))), None
    )
    if browser is None:
        pytest.skip("no Chromium is installed")
    alone = ("--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND")
    command = [browser, "--headless", *alone, f"--user-data-dir={path.parent / 'chromium'}"]
    command += [*options, "--virtual-time-budget=5000", "--dump-dom", path.as_uri()]
    page = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return re.sub(r"<script\b.*?</script>", "", page, flags=re.S)


@pytest.mark.parametrize(
    ("scheme", "ink"), [(1, "rgb(31, 41, 55)"), (0, "rgb(229, 231, 235)")], ids=["light", "dark"]
)
def test_a_browser_draws_every_plot(tmp_path, scheme, ink):
    """Without a network, in ink that can be read on the reader's ground."""
    path = tmp_path / "r.html"
    report(path, [record(n, float(n), ttft_s=0.1) for n in range(50)])
    page = in_a_browser(path, f"--blink-settings=preferredColorScheme={scheme}")
    assert page.count("js-plotly-plot") == 5
    assert page.count("seconds since the beginning</text>") == 4
    titles = re.findall(r'<text class="[xy]title"[^>]*>', page)
    assert len(titles) == 10
    assert all(f"fill: {ink}" in title for title in titles)
