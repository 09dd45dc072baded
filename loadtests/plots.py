"""The plots of a report: what happened over time, each with the windows of faults shaded.

Colours are told apart on white and on dark ground; the page's script sets ink and grid for either.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import plotly.graph_objects as go  # type: ignore[import-untyped]

from .records import Record
from .scenario import Scenario
from .summary import percentile

__all__ = ["BUCKETS", "plots"]

BUCKETS = 40
"""Points of time in a plot."""

HEIGHT = 340
LABEL_HEIGHT = 15
SHADE = "rgba(220, 38, 38, 0.11)"
COLOURS = {"claude": "#c08457", "openai": "#0d9488", "gemini": "#3b82f6", "ollama": "#94a3b8"}
OTHER_COLOUR = "#a3a3a3"
OUTCOMES = {"refused": "#ef4444", "cut": "#f59e0b", "lost": "#8b5cf6"}


def plots(
    scenario: Scenario,
    records: Sequence[Record],
    summary: Mapping[str, Any],
    virtual: Sequence[Record] | None,
) -> list[tuple[str, go.Figure]]:
    """Titles and figures, in the order in which they are shown."""
    shown = _Time(scenario, records)
    return [
        ("Time to the first token (TTFT) and to the end", _latencies(shown, virtual)),
        ("Outcomes by provider", _outcomes(shown)),
        ("Fallbacks, retries, failures", _rates(shown, virtual)),
        ("Budget", _budget(shown, summary)),
        ("Distribution of the time to the first token, by provider", _distribution(shown)),
    ]


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
        """An empty plot over time, with the faults shaded and named above it."""
        figure = go.Figure()
        for number, fault in enumerate(self.scenario.faults):
            figure.add_vrect(
                x0=fault.start_s, x1=min(fault.end_s, self.end_s), fillcolor=SHADE, line_width=0,
                layer="below",
            )  # fmt: skip
            figure.add_annotation(
                x=fault.start_s, y=1, yref="paper", xanchor="left", yanchor="bottom",
                yshift=LABEL_HEIGHT * number,  # faults at the same time stay legible
                text=f"{fault.provider}: {fault.what}", showarrow=False, font_size=12,
            )  # fmt: skip
        figure.update_xaxes(title="seconds since the beginning", range=[0, self.end_s])
        figure.update_yaxes(title=unit, rangemode="tozero")
        return _dressed(figure, labels=len(self.scenario.faults))


def _dressed(figure: go.Figure, *, labels: int = 0) -> go.Figure:
    top = 15 + LABEL_HEIGHT * labels
    figure.update_xaxes(zeroline=False, automargin=False)
    figure.update_yaxes(zeroline=False, automargin=False)
    return figure.update_layout(
        height=HEIGHT + top,
        margin={"l": 75, "r": 20, "t": top, "b": 80},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": "system-ui, sans-serif"},
        legend={"orientation": "h", "y": -0.22, "yanchor": "top", "traceorder": "normal"},
        hovermode="x unified",
        showlegend=True,
    )


def _line(figure: go.Figure, time: _Time, name: str, values: Sequence[Any], **line: Any) -> None:
    figure.add_scatter(
        x=time.middles_s, y=values, name=name, mode="lines+markers", line=line, marker_size=4
    )


def _latencies(time: _Time, virtual: Sequence[Record] | None) -> go.Figure:
    figure = time.figure("seconds")
    pieces = time.pieces()
    for percent, colour in ((50, "#60a5fa"), (95, "#2563eb")):
        _line(figure, time, f"TTFT p{percent}", _over(pieces, _ttfts, percent), color=colour)
    for percent, colour in ((50, "#c084fc"), (95, "#9333ea")):
        _line(figure, time, f"whole call p{percent}", _over(pieces, _tooks, percent), color=colour)
    if virtual:
        values = _over(time.pieces(virtual), _ttfts, 50)
        _line(figure, time, "TTFT p50, virtual time", values, color="#0891b2", dash="dot")
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
    figure = time.figure(f"calls sent in {time.piece_s:.2g} s")
    pieces = time.pieces()
    named = {r.provider or "answered" for r in time.records if r.outcome == "ok"}
    for name in sorted(named, key=lambda name: (name != time.scenario.first, name)):
        counts = [sum(r.outcome == "ok" and (r.provider or "answered") == name for r in piece)
                  for piece in pieces]  # fmt: skip
        colour = COLOURS.get(name, OTHER_COLOUR)
        figure.add_bar(x=time.middles_s, y=counts, name=f"ok, {name}", marker_color=colour)
    for outcome, colour in OUTCOMES.items():
        counts = [sum(record.outcome == outcome for record in piece) for piece in pieces]
        if any(counts):
            figure.add_bar(x=time.middles_s, y=counts, name=outcome, marker_color=colour)
    return figure.update_layout(barmode="stack", bargap=0.05)


def _rates(time: _Time, virtual: Sequence[Record] | None) -> go.Figure:
    figure = time.figure("share of the calls sent")
    first = time.scenario.first

    def share(pieces: Sequence[Sequence[Record]], is_one: Callable[[Record], bool]) -> list[Any]:
        return [sum(map(is_one, piece)) / len(piece) if piece else None for piece in pieces]

    def fell_back(record: Record) -> bool:
        return record.outcome == "ok" and record.provider not in ("", first)

    pieces = time.pieces()
    _line(figure, time, "answered by another", share(pieces, fell_back), color="#0d9488")
    _line(
        figure,
        time,
        "asked more than once",
        share(pieces, lambda r: r.attempts > 1),
        color="#f59e0b",
    )
    _line(figure, time, "failed", share(pieces, lambda r: r.outcome != "ok"), color="#ef4444")
    if virtual:
        values = share(time.pieces(virtual), fell_back)
        _line(
            figure, time, "answered by another, virtual time", values, color="#65a30d", dash="dot"
        )
    return figure.update_yaxes(range=[0, 1.05], tickformat=".0%")


def _budget(time: _Time, summary: Mapping[str, Any]) -> go.Figure:
    """What is left of the limit, or, without one, what has been spent."""
    limit = Decimal(summary["limit_usd"]) if "limit_usd" in summary else None
    unit = f"US dollars left of {limit}" if limit is not None else "US dollars spent"
    figure = time.figure(unit)
    at_s, left = [0.0], [limit or Decimal(0)]
    for record in sorted(time.records, key=lambda record: record.ended_s):
        if record.cost_usd is not None:
            step = Decimal(record.cost_usd)
            at_s.append(record.ended_s)
            left.append(left[-1] - step if limit is not None else left[-1] + step)
    name = "left" if limit is not None else "spent"
    figure.add_scatter(
        x=at_s, y=[float(v) for v in left], name=name, mode="lines",
        line={"shape": "hv", "color": "#16a34a"}, fill="tozeroy",
        fillcolor="rgba(22, 163, 74, 0.15)",
    )  # fmt: skip
    return figure.update_yaxes(tickprefix="$", tickformat=".3~f")


def _distribution(time: _Time) -> go.Figure:
    figure = go.Figure()
    by_provider: dict[str, list[float]] = {}
    for record in time.records:
        if record.outcome == "ok" and record.ttft_s is not None:
            by_provider.setdefault(record.provider or "answered", []).append(record.ttft_s)
    for name, values in sorted(by_provider.items()):
        ordered = sorted(values)
        shares = [(n + 1) / len(ordered) for n in range(len(ordered))]
        colour = COLOURS.get(name, OTHER_COLOUR)
        figure.add_scatter(
            x=ordered, y=shares, name=name, mode="lines", line={"shape": "hv", "color": colour}
        )
    figure.update_xaxes(title="seconds to the first token", rangemode="tozero")
    figure.update_yaxes(title="share of the streams", range=[0, 1.02], tickformat=".0%")
    return _dressed(figure)
