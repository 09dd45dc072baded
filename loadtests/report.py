"""`report.html`: one file with everything in it, plots by plotly, whose script is in the file too.

Only shows what `summary` found and `records` hold. It follows the reader's choice of light or dark.
"""

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import plotly.graph_objects as go  # type: ignore[import-untyped]
from plotly.offline import get_plotlyjs  # type: ignore[import-untyped]

from .figures import shown, words_of
from .plots import plots
from .records import Record
from .scenario import Scenario
from .slo import Compared, Finding

__all__ = ["write_report"]

KEY_FIGURES = (
    ("success_rate", "of the requests answered"),
    ("lost", "requests lost"),
    ("recovery_s", "s to recover after the fault"),
    ("return_s", "s until the first provider was back"),
    ("cost_usd", "US dollars spent"),
    ("overspend_usd", "US dollars over the budget"),
    ("wasted_usd", "US dollars wasted"),
    ("wasted_tokens", "tokens wasted"),
)
STYLE = """
:root { color-scheme: light dark; --ink: #1f2937; --soft: #4b5563; --ground: #ffffff;
        --line: #e5e7eb; --kept: #15803d; --miss: #dc2626 }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e5e7eb; --soft: #9ca3af; --ground: #111827; --line: #374151; --kept: #4ade80;
          --miss: #f87171 } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--ground);
       margin: 2rem auto; max-width: 70rem; padding: 0 1rem }
h1 { font-size: 1.5rem; margin-bottom: 0.2rem } h2 { font-size: 1.1rem; margin-top: 2rem }
p.about, p.run { margin-top: 0; color: var(--soft) } p.run { font-size: 0.87rem }
table { border-collapse: collapse; font-variant-numeric: tabular-nums }
td, th { padding: 0.2rem 0.9rem 0.2rem 0; text-align: right;
         border-bottom: 1px solid var(--line) }
td:first-child, th:first-child { text-align: left }
.miss { color: var(--miss); font-weight: 600 } .kept { color: var(--kept) }
.tables { display: flex; flex-wrap: wrap; gap: 0 3rem; align-items: flex-start }
.key { display: grid; grid-template-columns: repeat(auto-fit, minmax(14rem, 1fr)); gap: 0.6rem;
       margin: 1rem 0 }
.key div { border: 1px solid var(--line); border-radius: 0.4rem; padding: 0.5rem 0.8rem }
.key b { display: block; font-size: 1.25rem } .key span { color: var(--soft) }
"""
SCRIPT = """
const dark = matchMedia("(prefers-color-scheme: dark)");
function dress() {
  const ink = dark.matches ? "#e5e7eb" : "#1f2937", grid = dark.matches ? "#374151" : "#e5e7eb";
  const ground = dark.matches ? "#1f2937" : "#ffffff";
  for (const plot of document.querySelectorAll(".plotly-graph-div"))
    Plotly.relayout(plot, {"font.color": ink, "xaxis.gridcolor": grid, "yaxis.gridcolor": grid,
                           "hoverlabel.bgcolor": ground, "hoverlabel.font.color": ink});
}
dark.addEventListener("change", dress);
dress();
"""


def write_report(
    path: Path,
    scenario: Scenario,
    records: Sequence[Record],
    summary: Mapping[str, Any],
    findings: Sequence[Finding],
    compared: Sequence[Compared],
    *,
    virtual: Sequence[Record] | None = None,
) -> None:
    """Write the report of a run; `virtual` are the records of the same run in virtual time."""
    drawn = plots(scenario, records, summary, virtual)
    parts = [
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>",
        "<meta name='viewport' content='width=device-width, initial-scale=1'>",
        f"<title>{escape(scenario.title)}</title><style>{STYLE}</style>",
        f"<script>{get_plotlyjs()}</script></head><body>",
        f"<h1>{escape(scenario.title)}</h1><p class='about'>{escape(scenario.about)}</p>",
        _run(scenario, summary),
        _verdict(findings, compared),
        _key_figures(summary),
        _faults(scenario),
        "<div class='tables'>",
        _limits(findings),
        _agreement(compared),
        "</div>",
        *(f"<h2>{escape(title)}</h2>{_html(figure)}" for title, figure in drawn),
        _all_figures(summary),
        f"<script>{SCRIPT}</script></body></html>",
    ]
    path.write_text("\n".join(parts), "utf-8")


def _html(figure: go.Figure) -> str:
    html: str = figure.to_html(
        full_html=False,
        include_plotlyjs=False,
        config={"displayModeBar": False, "responsive": True},
    )
    return html


def _run(scenario: Scenario, summary: Mapping[str, Any]) -> str:
    """What was run, where and when; a busy machine is slow by itself."""
    told = [
        scenario.name + (" (smoke)" if summary.get("smoke") else ""),
        f"{scenario.duration_s:g} s of arrivals, seed {scenario.seed}",
    ]
    if "begun_at" in summary:
        told += [
            f"begun {summary['begun_at']}",
            f"{summary['processes']} Locust processes" if summary["processes"] > 1 else "",
            f"{summary['cpus']} CPUs, load average {shown(summary['load_average_before'])} before, "
            f"{shown(summary['load_average_after'])} after",
        ]
    return f"<p class='run'>{escape(' · '.join(filter(None, told)))}</p>"


def _verdict(findings: Sequence[Finding], compared: Sequence[Compared]) -> str:
    missed = [words_of(finding.name) for finding in findings if not finding.ok]
    apart = [words_of(one.name) for one in compared if not one.ok]
    told = []
    if missed:
        told.append(f"Missed: {'; '.join(missed)}.")
    if apart:
        told.append(f"Not as in virtual time: {'; '.join(apart)}.")
    kind = "miss" if told else "kept"
    return f"<p class='{kind}'>{escape(' '.join(told) or 'Every limit was kept.')}</p>"


def _key_figures(summary: Mapping[str, Any]) -> str:
    cells = [
        f"<div><b>{_key(name, summary[name])}</b><span>{words}</span></div>"
        for name, words in KEY_FIGURES
        if name in summary
    ]
    return f"<div class='key'>{''.join(cells)}</div>"


def _key(name: str, value: Any) -> str:
    if value is None:
        return "never"
    if name == "success_rate":
        return f"{100 * value:.2f} %"
    return escape(shown(value))


def _faults(scenario: Scenario) -> str:
    if not scenario.faults:
        return "<p>No fault is planned.</p>"
    items = "".join(
        f"<li>{fault.start_s:g}–{fault.end_s:g} s: {escape(fault.provider)} "
        f"{escape(fault.what)}</li>"
        for fault in scenario.faults
    )
    return f"<ul>{items}</ul>"


def _limits(findings: Sequence[Finding]) -> str:
    rows = [
        (words_of(f.name), f"{f.limit:g}", shown(f.found), _mark(f.ok, "kept", "missed"))
        for f in findings
    ]
    return _table("Limits", ("", "limit", "found", ""), rows)


def _agreement(compared: Sequence[Compared]) -> str:
    rows = [
        (
            words_of(c.name), shown(c.real), shown(c.virtual), shown(c.tolerance),
            _mark(c.ok, "agree", "apart"),
        )
        for c in compared
    ]  # fmt: skip
    heads = ("", "real", "virtual", "tolerance", "")
    return _table("The same in virtual time", heads, rows) if rows else ""


def _all_figures(summary: Mapping[str, Any]) -> str:
    rows = [(name, escape(shown(value))) for name, value in summary.items()]
    return _table("All figures, as in summary.json", ("", ""), rows)


def _table(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in heads)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<div><h2>{escape(title)}</h2><table><tr>{head}</tr>{body}</table></div>"


def _mark(ok: bool, well: str, ill: str) -> str:
    """In a word, not in colour alone."""
    return f"<span class='kept'>{well}</span>" if ok else f"<span class='miss'>{ill}</span>"
