"""What Locust loads: user, shape, options, and what happens when a test begins and ends.

    locust -f loadtests/locustfile.py --headless --scenario brownout --host http://127.0.0.1:4010

`python -m loadtests run` starts it like this, with fakes and gateway around it.
"""

import sys
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gevent  # type: ignore[import-untyped]
from locust import LoadTestShape, User, events, log, stats, task
from locust.runners import MasterRunner, WorkerRunner

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # Locust loads files, not packages

from loadtests.collect import Collector, Outbox, Share
from loadtests.plan import make_plan
from loadtests.records import Record, write_records
from loadtests.rows import bucket, rows
from loadtests.scenario import Scenario, load_scenario
from loadtests.slo import check
from loadtests.summary import summarise
from loadtests.talk import Line
from loadtests.users import Caller, monotonic_since

FLUSH_EVERY_S = 0.25
IDLE_S = 0.2
BEGIN, RECORDS = "llmsim_begin", "llmsim_records"


Environment = Any
"""Locust's. A run's state is kept there as `llmsim`, not in this module."""


@dataclass(slots=True)
class Run:
    """One process's part of a run. `begun_s` is its performance counter at the test's start; None
    until then."""

    scenario: Scenario | None = None
    begun_s: float | None = None
    share: Share = field(default_factory=lambda: Share(()))
    collector: Collector = field(default_factory=lambda: Collector(0))
    outbox: Outbox = field(default_factory=Outbox)

    def begin(self, scenario: Scenario, *, index: int = 0, of: int = 1) -> None:
        plan = make_plan(scenario)
        self.scenario = scenario
        self.share = Share(plan, index=index, of=of)
        self.collector = Collector(len(plan))
        self.outbox = Outbox()
        self.begun_s = time.perf_counter()

    @property
    def now_s(self) -> float:
        return 0.0 if self.begun_s is None else time.perf_counter() - self.begun_s


class ScenarioUser(User):
    """Takes the next planned request, waits until it is due, and performs it."""

    def on_start(self) -> None:
        options = self.environment.parsed_options
        scenario = self.environment.llmsim.scenario
        self.line = Line(
            self.host or self.environment.host,
            key=options.gateway_key,
            request_s_max=scenario.request_s_max,
        )
        now_s = monotonic_since(self.environment.llmsim.begun_s)
        self.caller = Caller(self.line, now_s, model=options.model)

    def on_stop(self) -> None:
        self.line.close()

    @task
    def next(self) -> None:
        run: Run = self.environment.llmsim
        planned = run.share.take()
        if planned is None:
            gevent.sleep(IDLE_S)
            return
        gevent.sleep(max(0.0, planned.due_s - run.now_s))
        for record in self.caller.perform(planned):
            _keep(self.environment, record)


class ScenarioShape(LoadTestShape):
    """Holds the scenario's users ready until all is answered, or time is up. How the load changes
    is in the arrivals: users that wait for the next one make no load."""

    def tick(self) -> tuple[int, float] | None:
        environment: Environment = self.runner.environment if self.runner else None
        run: Run = environment.llmsim
        scenario = run.scenario or _scenario(environment)
        is_over = run.now_s > scenario.duration_s + scenario.drain_s
        if run.begun_s is not None and (is_over or run.collector.finished):
            return None
        users = max(scenario.users, _workers(environment))
        return users, float(users)


def _options(parser: Any) -> None:
    add = parser.add_argument
    add("--scenario", default="brownout", env_var="LLMSIM_SCENARIO", help="A name or a file.")
    add("--smoke", action="store_true", help="As short as the scenario's [smoke] says.")
    add("--control-url", default="", help="Of the fakes, to start their scenario's time.")
    add("--gateway-key", default="llmsim", help="What users send as API key.")
    add("--model", default="auto", help="What users ask for.")
    add("--run-dir", default="", help="Where requests.jsonl is left.", include_in_web_ui=False)


def _init(environment: Environment, runner: Any, **_: Any) -> None:
    # Imports took seconds of which gevent's clock knows nothing: timers would go off early.
    gevent.get_hub().loop.update_now()
    stats.bucket_response_time = bucket  # type: ignore[assignment]
    environment.llmsim = Run()
    if isinstance(runner, WorkerRunner):
        runner.register_message(BEGIN, _worker_begins)
        gevent.spawn(_flush, environment, runner)
    elif isinstance(runner, MasterRunner):
        runner.register_message(RECORDS, _master_receives)


def _begin(environment: Environment, **_: Any) -> None:
    """The run's time begins: here, in every worker, and in the fakes."""
    runner = environment.runner
    if isinstance(runner, WorkerRunner):
        return  # the master said so already
    options = environment.parsed_options
    environment.llmsim.begin(_scenario(environment))
    if options.control_url:
        asked = urllib.request.Request(f"{options.control_url}/_llmsim/begin", method="POST")
        with urllib.request.urlopen(asked, timeout=5) as answer:
            answer.read()
        environment.llmsim.begun_s = time.perf_counter()
    if isinstance(runner, MasterRunner):
        workers = [node.id for node in runner.clients.ready]
        for index, worker in enumerate(workers):
            data = {"index": index, "of": len(workers)}
            data |= {"scenario": options.scenario, "smoke": options.smoke}
            runner.send_message(BEGIN, data, client_id=worker)


def _worker_begins(environment: Environment, msg: Any, **_: Any) -> None:
    """The time is the master's, also while a long plan is still being made here."""
    told, begun_s = msg.data, time.perf_counter()
    scenario = load_scenario(told["scenario"], smoke=told["smoke"])
    environment.llmsim.begin(scenario, index=told["index"], of=told["of"])
    environment.llmsim.begun_s = begun_s


def _master_receives(environment: Environment, msg: Any, **_: Any) -> None:
    environment.llmsim.collector.receive(msg.node_id, msg.data)


def _flush(environment: Environment, runner: Any) -> None:
    while True:
        gevent.sleep(FLUSH_EVERY_S)
        _send(environment, runner)


def _send(environment: Environment, runner: Any) -> None:
    for message in environment.llmsim.outbox.messages():
        runner.send_message(RECORDS, message)


def _stop(environment: Environment, **_: Any) -> None:
    if isinstance(environment.runner, WorkerRunner):
        _send(environment, environment.runner)


def _quitting(environment: Environment, **_: Any) -> None:
    """The exit code: 1 for a missed limit, else 0; a failed request is what a fault is for. What a
    listener raised keeps Locust's own 2. Afterwards Locust only prints."""
    if log.unhandled_greenlet_exception:
        return
    environment.process_exit_code = 0
    run = environment.llmsim
    if isinstance(environment.runner, WorkerRunner) or run.scenario is None:
        return
    options, records = environment.parsed_options, run.collector.records
    if options.run_dir:
        write_records(records, Path(options.run_dir) / "requests.jsonl")
    missed = [
        finding
        for finding in check(run.scenario.slo, summarise(run.scenario, records))
        if not finding.ok
    ]
    for finding in missed:
        print(f"missed: {finding.name} {finding.limit:g}, found {finding.found}", file=sys.stderr)
    if run.collector.missed_messages:
        print(f"{run.collector.missed_messages} messages of workers are missing", file=sys.stderr)
    environment.process_exit_code = int(bool(missed or run.collector.missed_messages))


def _keep(environment: Environment, record: Record) -> None:
    run: Run = environment.llmsim
    for kind, value, size, problem in rows(record):
        environment.events.request.fire(
            request_type=kind,
            name=record.kind,
            response_time=value,
            response_length=size,
            exception=problem,
            context={},
        )
    if isinstance(environment.runner, WorkerRunner):
        run.outbox.add(record)
    else:
        run.collector.add(record)


def _scenario(environment: Environment) -> Scenario:
    options = environment.parsed_options
    return load_scenario(options.scenario, smoke=options.smoke)


def _workers(environment: Environment) -> int:
    runner = environment.runner
    return len(runner.clients) if isinstance(runner, MasterRunner) else 1


LISTENERS: tuple[tuple[Any, Any], ...] = (
    (events.init_command_line_parser, _options),
    (events.init, _init),
    (events.test_start, _begin),
    (events.test_stop, _stop),
    (events.quitting, _quitting),
)
for event, listener in LISTENERS:
    event.add_listener(listener)
