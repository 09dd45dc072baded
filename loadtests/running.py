"""One run from its beginning to its reports: the stack, Locust, the run in virtual time, the sums.

A run's folder holds scenario.toml, fakes.toml and llm-providers.toml (what the processes were
given), requests.jsonl, attempts.jsonl (the ledger), summary.json, report.html, the same of the run
in virtual time under virtual/, and a log of each process.
"""

import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import tomli_w

from . import stack
from .errors import LoadTestError, StackError
from .plan import Planned, make_plan, write_plan
from .records import Record, read_records, write_records
from .scenario import Scenario, load_scenario, scenario_data, scenario_path
from .slo import Compared, Finding, check, compare
from .summary import joined, summarise

__all__ = ["Result", "run"]

LOCUSTFILE = Path(__file__).with_name("locustfile.py")
STARTING_S_MAX = 60.0
VIRTUAL_S_MAX = 600.0
STOP_TIMEOUT_S = 10
LEDGER = "sqlite:costs.db"
VIRTUAL = "virtual"
MASTER_HOST = "127.0.0.1"
NEEDED = {"locust": "loads", "plotly": "draws the report"}
NOT_DISPATCHED = "not_dispatched"
"""The ledger's word for a hold that was released before anybody was asked: no attempt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a run came to. `code` is the exit code: 0, 1 for a missed limit or disagreement, 2 when
    Locust itself broke."""

    folder: Path
    summary: dict[str, Any]
    findings: tuple[Finding, ...]
    compared: tuple[Compared, ...]
    code: int


def run(
    name: str,
    folder: Path,
    *,
    smoke: bool = False,
    processes: int = 1,
    virtual: bool = True,
    changes: Mapping[str, Any] | None = None,
    tell: Callable[[str], None] = lambda text: None,
) -> Result:
    """Run a scenario and leave its reports in `folder`; `changes` are written over its file, and
    `tell` hears what is being done. Raises LoadTestError."""
    scenario = load_scenario(name, smoke=smoke, changes=changes)
    _check_extra()
    conditions = _conditions(smoke=smoke, processes=processes)
    folder.mkdir(parents=True, exist_ok=True)
    _forget(folder)
    plan = make_plan(scenario)
    whole = tomli_w.dumps(scenario_data(scenario_path(name), changes))
    (folder / "scenario.toml").write_text(whole, "utf-8")
    config, faults = _written(scenario, folder)
    with ExitStack() as running:
        tell("starting fakes and gateway" + (", and a run in virtual time" if virtual else ""))
        rehearsal = None
        if virtual:  # beside the start of the others, and over before anything is measured
            command = _rehearsal(scenario, plan, folder, config, faults)
            rehearsal = running.enter_context(stack.begun("rehearse", command, folder / VIRTUAL))
        fakes = running.enter_context(stack.fakes(folder, faults))
        url = running.enter_context(stack.gateway(folder, config, fakes.env()))
        if rehearsal is not None:
            code = stack.ended("rehearse", rehearsal, folder / VIRTUAL, timeout_s=VIRTUAL_S_MAX)
            if code != 0:
                raise StackError(f"the run in virtual time ended with code {code}; see its log")
        tell(f"{len(plan)} requests in {scenario.duration_s:g} s")
        fakes.reset()  # they forget whatever the gateway's start asked them
        code = _locust(scenario, folder, url, fakes, smoke=smoke, processes=processes)
        journal = fakes.journal()
    tell("adding up")
    attempts = _attempts(folder, config)
    records = joined(read_records(folder / "requests.jsonl"), attempts)
    write_records(records, folder / "requests.jsonl")
    summary = summarise(scenario, records, planned=len(plan), attempts=attempts, journal=journal)
    summary |= conditions | {"load_average_after": _load_average()}
    rehearsed = _rehearsed(scenario, plan, folder / VIRTUAL) if virtual else None
    return _reported(scenario, folder, records, summary, rehearsed, code)


def _check_extra() -> None:
    for package, does in NEEDED.items():
        if find_spec(package) is None:
            raise LoadTestError(
                f"{package}, which {does}, is not installed. In the checkout: "
                "pip install -e '.[load,anthropic,openai,virtual]'"
            )


def _conditions(*, smoke: bool, processes: int) -> dict[str, Any]:
    """What a reader of the figures must know of the run; a busy machine is slow by itself."""
    return {
        "begun_at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "smoke": smoke,
        "processes": processes,
        "cpus": os.cpu_count(),
        "load_average_before": _load_average(),
    }


def _load_average() -> float | None:
    """Of the last minute; None on systems that have none."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def _forget(folder: Path) -> None:
    """An earlier run's results: they must not be taken for this one's."""
    for pattern in ("costs.db*", "fakes.json", "requests.jsonl", "summary.json", "report.html"):
        for old in folder.glob(pattern):
            old.unlink()


def _written(scenario: Scenario, folder: Path) -> tuple[Path, Path]:
    """The gateway's configuration, with a ledger of this run, and the fakes' scenario."""
    config, faults = folder / "llm-providers.toml", folder / "fakes.toml"
    budget = {**scenario.gateway.get("budget", {}), "ledger": LEDGER}
    config.write_text(tomli_w.dumps({**scenario.gateway, "budget": budget}), "utf-8")
    faults.write_text(tomli_w.dumps(dict(scenario.fakes)), "utf-8")
    return config, faults


def _locust(
    scenario: Scenario,
    folder: Path,
    url: str,
    fakes: stack.Fakes,
    *,
    smoke: bool,
    processes: int,
) -> int:
    command = [
        *(sys.executable, "-m", "locust", "-f", str(LOCUSTFILE), "--headless", "--only-summary"),
        *("--host", url, "--scenario", str(folder / "scenario.toml")),
        *("--control-url", fakes.control_url),
        *("--run-dir", str(folder), "--stop-timeout", str(STOP_TIMEOUT_S)),
        *("--html", str(folder / "locust.html"), "--csv", str(folder / "locust")),
    ]
    if smoke:
        command.append("--smoke")
    if processes > 1:
        port = str(stack.free_port())
        command += ["--processes", str(processes), "--master-bind-host", MASTER_HOST]
        command += ["--master-bind-port", port, "--master-port", port]
    within_s = scenario.duration_s + scenario.drain_s + STOP_TIMEOUT_S + STARTING_S_MAX
    code = stack.finish("locust", command, folder, timeout_s=within_s)
    if not (folder / "requests.jsonl").exists():
        raise StackError(f"locust ended with code {code} and left no requests; see locust.log")
    return code


def _attempts(folder: Path, config: Path) -> list[dict[str, Any]]:
    """The ledger's attempts, as the router's own command tells them."""
    path = folder / "attempts.jsonl"
    command = [sys.executable, "-m", "router", "costs", LEDGER.replace(":", f":{folder}/")]
    code = stack.finish("costs", [*command, "--records"], folder, timeout_s=60, output=path)
    if code != 0:
        raise StackError(
            f"the ledger could not be read, or does not add up; see costs.log ({code})"
        )
    return [attempt for attempt in _lines(path) if attempt["outcome"] != NOT_DISPATCHED]


def _rehearsal(
    scenario: Scenario, plan: Sequence[Planned], folder: Path, config: Path, faults: Path
) -> list[str]:
    """The command of the same requests, faults and configuration in virtual time."""
    virtual = folder / VIRTUAL
    virtual.mkdir(exist_ok=True)
    write_plan(tuple(plan), virtual / "plan.jsonl")
    return [
        *stack.llmsim("rehearse"),
        *("--config", str(config), "--scenario", str(faults)),
        *("--plan", str(virtual / "plan.jsonl"), "--out", str(virtual)),
        *("--request-s-max", str(scenario.request_s_max)),
    ]


def _rehearsed(
    scenario: Scenario, plan: Sequence[Planned], virtual: Path
) -> tuple[list[Record], dict[str, Any]]:
    """What came of it, added up as the real run is."""
    attempts, journal = (_lines(virtual / f"{name}.jsonl") for name in ("attempts", "journal"))
    records = joined(read_records(virtual / "requests.jsonl"), attempts)
    write_records(records, virtual / "requests.jsonl")
    summary = summarise(scenario, records, planned=len(plan), attempts=attempts, journal=journal)
    (virtual / "summary.json").write_text(json.dumps(summary, indent=2) + "\n", "utf-8")
    return records, summary


def _reported(
    scenario: Scenario,
    folder: Path,
    records: list[Record],
    summary: dict[str, Any],
    rehearsed: tuple[list[Record], dict[str, Any]] | None,
    locust_code: int,
) -> Result:
    findings = check(scenario.slo, summary)
    compared = compare(scenario.agreement, summary, rehearsed[1]) if rehearsed else []
    kept = all(finding.ok for finding in findings) and all(one.ok for one in compared)
    code = 2 if locust_code > 1 else int(not kept or locust_code == 1)
    whole = {
        **summary,
        "slo": [asdict(finding) for finding in findings],
        "virtual": rehearsed[1] if rehearsed else None,
        "agreement": [asdict(one) for one in compared],
        "exit_code": code,
    }
    (folder / "summary.json").write_text(json.dumps(whole, indent=2) + "\n", "utf-8")
    from .report import write_report  # and with it plotly, only now

    write_report(
        folder / "report.html",
        scenario,
        records,
        summary,
        findings,
        compared,
        virtual=rehearsed[0] if rehearsed else None,
    )
    return Result(
        folder=folder,
        summary=whole,
        findings=tuple(findings),
        compared=tuple(compared),
        code=code,
    )


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line]
