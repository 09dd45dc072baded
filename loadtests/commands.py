"""The commands of `python -m loadtests`."""

from datetime import datetime
from pathlib import Path

import click

from .errors import LoadTestError
from .running import Result, run
from .scenario import known_scenarios, load_scenario

__all__ = ["main"]

RESULTS = Path("loadtests/results")
TOLD = (
    ("planned", "requests"),
    ("success_rate", "success rate"),
    ("lost", "lost"),
    ("refused", "refused"),
    ("cut", "cut"),
    ("fallback_rate", "fallback rate"),
    ("attempts_per_request", "attempts a call"),
    ("recovery_s", "recovery, s"),
    ("return_s", "return to the first, s"),
    ("ttft_p50_s", "TTFT p50, s"),
    ("ttft_p95_s", "TTFT p95, s"),
    ("overhead_p95_s", "overhead p95, s"),
    ("cost_usd", "cost, $"),
    ("wasted_usd", "wasted, $"),
    ("wasted_tokens", "wasted tokens"),
    ("overspend_usd", "overspend, $"),
    ("unbooked", "unbooked"),
)


@click.group()
def main() -> None:
    """Load tests of routing under failures: fakes, gateway and Locust as processes."""


@main.command("list")
def list_() -> None:
    """What can be run."""
    for name in known_scenarios():
        scenario = load_scenario(name)
        click.echo(f"{name:<20} {scenario.duration_s:>5g} s  {scenario.title}")


@main.command("run")
@click.argument("names", nargs=-1, required=True, metavar="SCENARIO...")
@click.option("--smoke", is_flag=True, help="Each as short as its [smoke] says.")
@click.option("--processes", default=1, show_default=True, help="Locust's worker processes.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the reports.")
@click.option("--virtual/--no-virtual", default=True, help="Also run it in virtual time.")
def run_(
    names: tuple[str, ...], smoke: bool, processes: int, out: Path | None, virtual: bool
) -> None:
    """Run scenarios by name or file, or `all`; leaves requests.jsonl, summary.json, report.html.

    Ends with 0 when every limit was kept, 1 when one was missed, 2 when a run broke.
    """
    code = 0
    for name in known_scenarios() if names == ("all",) else names:
        stem = Path(name).stem
        folder = out / stem if out else RESULTS / f"{stem}-{datetime.now():%Y%m%d-%H%M%S}"
        try:
            result = run(name, folder.resolve(), smoke=smoke, processes=processes, virtual=virtual)
        except LoadTestError as problem:
            raise click.ClickException(f"{name}: {problem}") from problem
        _tell(name, result)
        code = max(code, result.code)
    raise SystemExit(code)


def _tell(name: str, result: Result) -> None:
    virtual = result.summary["virtual"] or {}
    click.echo(f"\n{name}{'':<4}{'real':>14}{'virtual':>14}")
    for key, words in TOLD:
        if key in result.summary:
            click.echo(f"  {words:<24}{_short(result.summary[key])}{_short(virtual.get(key, ''))}")
    for finding in result.findings:
        if not finding.ok:
            click.echo(f"  missed: {finding.name} {finding.limit:g}, found {finding.found}")
    for one in result.compared:
        if not one.ok:
            click.echo(
                f"  differs: {one.name} {one.real} real, {one.virtual} virtual, "
                f"more than {one.tolerance:g} apart"
            )
    verdict = "every limit was kept" if result.code == 0 else f"exit code {result.code}"
    click.echo(f"  {verdict}: {result.folder / 'report.html'}")


def _short(value: object) -> str:
    return f"{value:>14.4g}" if isinstance(value, float) else f"{value!s:>14.12}"
