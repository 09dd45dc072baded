"""`report.html`: one file with everything in it, plots by plotly, whose script is in the file too.

Only shows what `summary` found and `records` hold; the windows of faults are shaded in every plot.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from html import escape
from pathlib import Path
from typing import Any

import plotly.graph_objects as go  # type: ignore[import-untyped]
from plotly.offline import get_plotlyjs  # type: ignore[import-untyped]

from .records import Record
from .scenario import Scenario
from .slo import Compared, Finding
from .summary import percentile

__all__ = ["BUCKETS", "write_report"]

BUCKETS = 40
"""Points of time in a plot."""

INK, GRID, SHADE = "#1f2937", "#e5e7eb", "rgba(220, 38, 38, 0.10)"
COLOURS = {"claude": "#c2703d", "openai": "#0f766e", "gemini": "#2563eb", "ollama": "#57534e"}
OUTCOMES = {"refused": "#dc2626", "cut": "#f59e0b", "lost": "#111827"}
STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #1f2937; margin: 2rem auto; max-width: 70rem;
       padding: 0 1rem; }
h1 { font-size: 1.5rem; margin-bottom: 0.2rem } h2 { font-size: 1.1rem; margin-top: 2rem }
p.about { margin-top: 0; color: #4b5563 }
table { border-collapse: collapse; font-variant-numeric: tabular-nums }
td, th { padding: 0.2rem 0.9rem 0.2rem 0; text-align: right; border-bottom: 1px solid #e5e7eb }
td:first-child, th:first-child { text-align: left }
.miss { color: #dc2626; font-weight: 600 } .kept { color: #15803d }
.tables { display: flex; flex-wrap: wrap; gap: 0 3rem; align-items: flex-start }
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
    shown = _Time(scenario, records)
    plots = [
        ("Time to the first token and to the end", _latencies(shown, virtual)),
        ("Outcomes by provider", _outcomes(shown)),
        ("Fallbacks and retries", _rates(shown, virtual)),
        ("Budget", _budget(shown, summary)),
        ("All times to the first token, by provider", _distribution(shown)),
    ]
    parts = [
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>",
        f"<title>{escape(scenario.title)}</title><style>{STYLE}</style>",
        f"<script>{get_plotlyjs()}</script></head><body>",
        f"<h1>{escape(scenario.title)}</h1><p class='about'>{escape(scenario.about)}</p>",
        _faults(scenario),
        "<div class='tables'>",
        _limits(findings),
        _agreement(compared),
        "</div>",
        *(f"<h2>{escape(title)}</h2>{_html(figure)}" for title, figure in plots),
        _all_figures(summary),
        "</body></html>",
    ]
    path.write_text("\n".join(parts), "utf-8")


class _Time:
    """The records cut into equal pieces of time, by when they were sent."""

    def __init__(self, scenario: Scenario, records: Sequence[Record]) -> None:
        self.scenario = scenario
        self.records = sorted(records, key=lambda record: record.sent_s)
        self.end_s = max([scenario.duration_s, *(record.ended_s for record in records)])
        self.piece_s = self.end_s / BUCKETS
        self.middles_s = [(n + 0.5) * self.piece_s for n in range(BUCKETS)]

    def pieces(self, records: Sequence[Record] | None = None) -> list[list[Record]]:
        cut: list[list[Record]] = [[] for _ in range(BUCKETS)]
        for record in self.records if records is None else records:
            cut[min(BUCKETS - 1, int(record.sent_s / self.piece_s))].append(record)
        return cut

    def figure(self, unit: str) -> go.Figure:
        """An empty plot over time, with the faults shaded."""
        figure = go.Figure()
        for number, fault in enumerate(self.scenario.faults):
            figure.add_vrect(
                x0=fault.start_s,
                x1=min(fault.end_s, self.end_s),
                fillcolor=SHADE,
                line_width=0,
                layer="below",
                annotation_text=f"{fault.provider}: {fault.what}",
                annotation_position="top left",
                annotation_font_size=11,
                annotation_yshift=-14 * number,  # faults at the same time stay legible
            )
        axis = {"gridcolor": GRID, "zeroline": False, "automargin": False}
        figure.update_xaxes(title="seconds since the beginning", range=[0, self.end_s], **axis)
        figure.update_yaxes(title=unit, rangemode="tozero", **axis)
        return _dressed(figure)


def _dressed(figure: go.Figure) -> go.Figure:
    return figure.update_layout(
        height=340,
        margin={"l": 70, "r": 20, "t": 30, "b": 45},
        paper_bgcolor="white",
        plot_bgcolor="white",
        font={"color": INK, "family": "system-ui, sans-serif"},
        legend={"orientation": "h", "y": -0.2},
        hovermode="x unified",
    )


def _line(figure: go.Figure, time: _Time, name: str, values: Sequence[Any], **line: Any) -> None:
    figure.add_scatter(
        x=time.middles_s, y=values, name=name, mode="lines+markers", line=line, marker_size=4
    )


def _latencies(time: _Time, virtual: Sequence[Record] | None) -> go.Figure:
    figure = time.figure("seconds")
    pieces = time.pieces()
    for percent, colour in ((50, "#2563eb"), (95, "#1e3a8a")):
        _line(figure, time, f"TTFT p{percent}", _over(pieces, _ttfts, percent), color=colour)
    for percent, colour in ((50, "#a78bfa"), (95, "#6d28d9")):
        _line(figure, time, f"whole call p{percent}", _over(pieces, _tooks, percent), color=colour)
    if virtual:
        values = _over(time.pieces(virtual), _ttfts, 50)
        _line(figure, time, "TTFT p50, virtual", values, color="#60a5fa", dash="dot")
    return figure


def _over(
    pieces: Sequence[Sequence[Record]], of: Callable[[Sequence[Record]], list[float]], percent: int
) -> list[float | None]:
    return [percentile(of(piece), percent) for piece in pieces]


def _ttfts(records: Sequence[Record]) -> list[float]:
    return [r.ttft_s for r in records if r.outcome == "ok" and r.ttft_s is not None]


def _tooks(records: Sequence[Record]) -> list[float]:
    return [record.took_s for record in records if record.outcome == "ok"]


def _outcomes(time: _Time) -> go.Figure:
    figure = time.figure("calls in each piece of time")
    pieces = time.pieces()
    named = {r.provider or "answered" for r in time.records if r.outcome == "ok"}
    for name in sorted(named):
        counts = [sum(r.outcome == "ok" and (r.provider or "answered") == name for r in piece)
                  for piece in pieces]  # fmt: skip
        colour = COLOURS.get(name, "#64748b")
        figure.add_bar(x=time.middles_s, y=counts, name=f"ok, {name}", marker_color=colour)
    for outcome, colour in OUTCOMES.items():
        counts = [sum(record.outcome == outcome for record in piece) for piece in pieces]
        if any(counts):
            figure.add_bar(x=time.middles_s, y=counts, name=outcome, marker_color=colour)
    return figure.update_layout(barmode="stack", bargap=0.05)


def _rates(time: _Time, virtual: Sequence[Record] | None) -> go.Figure:
    figure = time.figure("share of the calls")
    first = time.scenario.first

    def share(pieces: Sequence[Sequence[Record]], is_one: Callable[[Record], bool]) -> list[Any]:
        return [sum(map(is_one, piece)) / len(piece) if piece else None for piece in pieces]

    def fell_back(record: Record) -> bool:
        return record.outcome == "ok" and record.provider not in ("", first)

    pieces = time.pieces()
    _line(figure, time, "answered by another", share(pieces, fell_back), color="#0f766e")
    _line(figure, time, "asked again", share(pieces, lambda r: r.attempts > 1), color="#f59e0b")
    _line(figure, time, "failed", share(pieces, lambda r: r.outcome != "ok"), color="#dc2626")
    if virtual:
        values = share(time.pieces(virtual), fell_back)
        _line(figure, time, "answered by another, virtual", values, color="#5eead4", dash="dot")
    return figure.update_yaxes(range=[0, 1.05], tickformat=".0%")


def _budget(time: _Time, summary: Mapping[str, Any]) -> go.Figure:
    """What is left of the limit, or, without one, what has been spent."""
    limit = Decimal(summary["limit_usd"]) if "limit_usd" in summary else None
    figure = time.figure("US dollars left" if limit is not None else "US dollars spent")
    at_s, left = [0.0], [limit or Decimal(0)]
    for record in sorted(time.records, key=lambda record: record.ended_s):
        if record.cost_usd is not None:
            step = Decimal(record.cost_usd)
            at_s.append(record.ended_s)
            left.append(left[-1] - step if limit is not None else left[-1] + step)
    name = "left" if limit is not None else "spent"
    figure.add_scatter(
        x=at_s, y=[float(v) for v in left], name=name, mode="lines",
        line={"shape": "hv", "color": "#15803d"}, fill="tozeroy",
        fillcolor="rgba(21, 128, 61, 0.12)",
    )  # fmt: skip
    return figure.update_yaxes(tickprefix="$")


def _distribution(time: _Time) -> go.Figure:
    figure = go.Figure()
    by_provider: dict[str, list[float]] = {}
    for record in time.records:
        if record.outcome == "ok" and record.ttft_s is not None:
            by_provider.setdefault(record.provider or "answered", []).append(record.ttft_s)
    for name, values in sorted(by_provider.items()):
        ordered = sorted(values)
        shares = [(n + 1) / len(ordered) for n in range(len(ordered))]
        colour = COLOURS.get(name, "#64748b")
        figure.add_scatter(
            x=ordered, y=shares, name=name, mode="lines", line={"shape": "hv", "color": colour}
        )
    figure.update_xaxes(title="seconds to the first token", gridcolor=GRID, rangemode="tozero")
    figure.update_yaxes(title="share at or below", gridcolor=GRID, tickformat=".0%")
    return _dressed(figure)


def _html(figure: go.Figure) -> str:
    html: str = figure.to_html(
        full_html=False, include_plotlyjs=False, config={"displaylogo": False, "responsive": True}
    )
    return html


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
        (finding.name, f"{finding.limit:g}", _figure(finding.found), _verdict(finding.ok))
        for finding in findings
    ]
    return _table("Limits", ("", "limit", "found", ""), rows)


def _agreement(compared: Sequence[Compared]) -> str:
    rows = [
        (c.name, _figure(c.real), _figure(c.virtual), f"{c.tolerance:.4g}", _verdict(c.ok))
        for c in compared
    ]
    heads = ("", "real", "virtual", "tolerance", "")
    return _table("The same in virtual time", heads, rows) if rows else ""


def _all_figures(summary: Mapping[str, Any]) -> str:
    rows = [(name, _figure(value)) for name, value in summary.items()]
    return _table("All figures", ("", ""), rows)


def _table(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in heads)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<div><h2>{escape(title)}</h2><table><tr>{head}</tr>{body}</table></div>"


def _verdict(ok: bool) -> str:
    return "<span class='kept'>kept</span>" if ok else "<span class='miss'>missed</span>"


def _figure(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.5g}"
    if isinstance(value, Mapping):
        return escape(", ".join(f"{name} {number}" for name, number in value.items())) or "–"
    return "–" if value is None else escape(str(value))
