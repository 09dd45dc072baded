"""The commands of `python -m loadtests`."""

import signal
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from types import FrameType

import click

from .changes import read_changes
from .compare import changes_of, read_summary
from .errors import LoadTestError
from .figures import FIGURES, shown
from .running import Result, run
from .scenario import known_scenarios, load_scenario

__all__ = ["main"]

RESULTS = Path("loadtests/results")
BROKEN = 2
ENDINGS = (signal.SIGINT, signal.SIGTERM)


@click.group()
def main() -> None:
    """Load tests of routing under failures: fakes, gateway and Locust as processes."""
    for number in ENDINGS:
        signal.signal(number, _told_to_end)


@main.command("list")
def list_() -> None:
    """What can be run."""
    for name in known_scenarios():
        scenario = load_scenario(name)
        click.echo(f"{name:<20} {scenario.duration_s:>5g} s  {scenario.title}")


@main.command("run")
@click.argument("names", nargs=-1, required=True, metavar="SCENARIO...")
@click.option("--smoke", is_flag=True, help="Each as short as its [smoke] says.")
@click.option("--full", is_flag=True, help="Each as long as it says; so it is without --smoke.")
@click.option(
    "--processes",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Locust's worker processes.",
)
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the reports.")
@click.option("--virtual/--no-virtual", default=True, help="Also run it in virtual time.")
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="Over the file's: --set users=100 --set shape.kind=spike --set 'mix={agent=5}'.",
)
def run_(
    names: tuple[str, ...],
    smoke: bool,
    full: bool,
    processes: int,
    out: Path | None,
    virtual: bool,
    settings: tuple[str, ...],
) -> None:
    """Run scenarios by name or file, or `all`; leaves requests.jsonl, summary.json, report.html.

    Ends with 0 when every limit was kept, 1 when one was missed, 2 when a run broke.
    """
    if smoke and full:
        raise click.UsageError("take --smoke or --full")
    code = 0
    for name in known_scenarios() if names == ("all",) else names:
        stem = Path(name).stem
        folder = out / stem if out else RESULTS / f"{stem}-{datetime.now():%Y%m%d-%H%M%S}"
        try:
            changes = read_changes(settings)
            result = run(
                name, folder.resolve(), smoke=smoke, processes=processes, virtual=virtual,
                changes=changes, tell=_progress(name),
            )  # fmt: skip
        except LoadTestError as problem:
            click.echo(f"Error: {name}: {problem}", err=True)
            code = BROKEN
        else:
            _tell(name, result)
            code = max(code, result.code)
    raise SystemExit(code)


@main.command("compare")
@click.argument("before", type=click.Path(path_type=Path))
@click.argument("after", type=click.Path(path_type=Path))
def compare_(before: Path, after: Path) -> None:
    """Put two runs beside each other: their folders, or their summary.json."""
    try:
        told = changes_of(read_summary(before), read_summary(after))
    except LoadTestError as problem:
        raise click.ClickException(str(problem)) from None
    for line in told:
        click.echo(line)


def _told_to_end(number: int, frame: FrameType | None) -> None:
    """What has been started is stopped by the blocks that started it, and a second signal does not
    keep them from it."""
    for ending in ENDINGS:
        signal.signal(ending, signal.SIG_IGN)
    click.echo("ended by a signal; stopping what was started", err=True)
    raise SystemExit(128 + number)


def _progress(name: str) -> Callable[[str], None]:
    """Lines on standard error, each with the seconds since the first one."""
    begun_s = time.monotonic()
    return lambda text: click.echo(f"{name} {time.monotonic() - begun_s:6.1f} s  {text}", err=True)


def _tell(name: str, result: Result) -> None:
    virtual = result.summary["virtual"] or {}
    click.echo(f"\n{name:<28}{'real':>14}{'virtual':>14}")
    for figure in FIGURES:
        if figure.name in result.summary:
            both = (shown(told.get(figure.name, "")) for told in (result.summary, virtual))
            click.echo(f"  {figure.words:<26}" + "".join(f"{text:>14}" for text in both))
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
