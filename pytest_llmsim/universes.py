"""`@universes(...)`: one test in many simulated worlds, each with faults of its own.

    @universes(providers=["claude", "openai"], horizon_s=60)
    async def test_somebody_answers(sim):
        ...

Hypothesis draws the faults, finds a world in which the test fails, and shrinks it to the fewest
and shortest faults; these are printed as a scenario file, with the line that replays it.
"""

import functools
import inspect
import os
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest

from fakeservers import Scenario, Simulation, dump_scenario, load_scenario, simulate

from .settings import settings_of

try:
    import hypothesis
    from hypothesis import HealthCheck, Phase, Verbosity

    from .strategies import KINDS, Kind, scenarios
except ImportError as missing:
    raise ImportError(
        "Universes need Hypothesis: pip install 'pytest-llmsim[hypothesis]'."
    ) from missing

__all__ = ["sometimes", "universes"]

PHASES = (Phase.generate, Phase.target, Phase.shrink)
"""Without `explain`, which traces every line: it takes twenty times as long as all the rest."""

Invariant = Callable[[Simulation], object]
Probe = Callable[[Simulation], Awaitable[object]]


@dataclass(slots=True, kw_only=True)
class _Run:
    """One test in all its universes."""

    universes: int = 0
    reached: Counter[str] = field(default_factory=Counter)
    failed: tuple[str, str] | None = None
    """Scenario and timeline of the last failure, which Hypothesis makes the smallest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rules:
    """What a universe may contain, and what must hold in it."""

    providers: Sequence[str]
    horizon_s: float
    kinds: Sequence[Kind]
    faults_max: int
    rtt_s: float
    always: Sequence[Invariant]
    recovers_within_s: float | None
    probe: Probe | None
    reaches: Sequence[str]


_running: ContextVar[_Run | None] = ContextVar("llmsim_universes", default=None)


def sometimes(name: str, condition: object = True) -> None:
    """Note that something interesting may happen here, and whether it did. A test whose
    universes never met it fails: it has not tested what it was written for."""
    if (run := _running.get()) is not None:
        run.reached[name] += bool(condition)


def universes(
    *,
    providers: Sequence[str] = ("claude", "openai", "gemini", "ollama"),
    horizon_s: float = 60.0,
    kinds: Sequence[Kind] = tuple(KINDS),
    faults_max: int = 5,
    examples: int = 100,
    rtt_s: float = 0.0,
    always: Sequence[Invariant] = (),
    recovers_within_s: float | None = None,
    probe: Probe | None = None,
    reaches: Sequence[str] = (),
) -> Callable[[Callable[..., Any]], Callable[..., None]]:
    """Run a test, a coroutine function or a plain one, in `examples` simulated worlds. Its first
    parameter is the world, the others are fixtures.

    providers, horizon_s, kinds, faults_max
                       up to so many faults of these kinds befall these providers, and all of
                       them end within the horizon. A kind is a name of `strategies.KINDS`, or
                       what `fails(...)` takes, such as `http_error(404)` or `cut(after_chunks=3)`
    rtt_s              seconds of a round trip
    always             called with the world whenever the clock has moved and at the end; an
                       assertion that fails in it fails the test
    recovers_within_s  so long after the last fault, and after the test, everything works again:
                       `probe` succeeds, and every call from then on is answered without an error
    reaches            names that `sometimes` must have been told of in some universe
    """
    rules = _Rules(
        providers=providers,
        horizon_s=horizon_s,
        kinds=kinds,
        faults_max=faults_max,
        rtt_s=rtt_s,
        always=always,
        recovers_within_s=recovers_within_s,
        probe=probe,
        reaches=reaches,
    )

    def decorate(test: Callable[..., Any]) -> Callable[..., None]:
        @functools.wraps(test)
        def in_universes(*, pytestconfig: pytest.Config, **fixtures: Any) -> None:
            _run_all(test, rules, examples, pytestconfig, fixtures)

        own = list(inspect.signature(test).parameters.values())[1:]
        config = inspect.Parameter("pytestconfig", inspect.Parameter.KEYWORD_ONLY)
        kept = [p.replace(kind=config.kind) for p in own if p.name != config.name]
        in_universes.__signature__ = inspect.Signature([*kept, config])  # type: ignore[attr-defined]
        # What wraps() took over would lead pytest to the test's own parameters.
        del in_universes.__wrapped__
        return in_universes

    return decorate


def _run_all(
    test: Callable[..., Any],
    rules: _Rules,
    examples: int,
    config: pytest.Config,
    fixtures: dict[str, Any],
) -> None:
    settings = settings_of(config)
    run = _Run()
    token = _running.set(run)

    def one(scenario: Scenario) -> None:
        run.universes += 1
        with simulate(scenario=scenario, rtt_s=rules.rtt_s) as sim:
            try:
                _run_one(test, rules, sim, fixtures)
            except BaseException:
                run.failed = (dump_scenario(scenario), sim.timeline())
                raise

    try:
        if settings.scenario:
            one(load_scenario(settings.scenario))
            return
        drawn = scenarios(
            rules.providers,
            horizon_s=rules.horizon_s,
            kinds=rules.kinds,
            faults_max=rules.faults_max,
            seed=settings.seed,
        )
        search = hypothesis.settings(
            max_examples=examples,
            deadline=None,
            database=None,
            phases=PHASES,
            suppress_health_check=list(HealthCheck),
            print_blob=False,
            # The world that fails is printed as a file; the strategy's own words would hide it.
            verbosity=Verbosity.quiet,
            report_multiple_bugs=False,
        )
        hypothesis.seed(settings.seed)(search(hypothesis.given(drawn)(one)))()
    except BaseException as problem:
        if run.failed is not None:
            problem.add_note(_explained(run.failed, run.universes, config))
        raise
    finally:
        _running.reset(token)
    _check_reached(run, rules)


def _run_one(
    test: Callable[..., Any],
    rules: _Rules,
    sim: Simulation,
    fixtures: dict[str, Any],
) -> None:
    for handle in sim.providers.values():
        # What a test scripts need not be met in every universe.
        handle.unused = "allow"
    for invariant in rules.always:
        sim.loop.watch(functools.partial(_check, invariant, sim))
    sim.run(lambda: test(sim, **fixtures))
    for invariant in rules.always:
        invariant(sim)
    _recover(sim, rules)


def _check(invariant: Invariant, sim: Simulation, now_s: float) -> None:
    invariant(sim)


def _recover(sim: Simulation, rules: _Rules) -> None:
    """Nothing that was wrong may last longer than it has to."""
    if rules.recovers_within_s is None:
        return
    last_s = sim.scenario.faults_end_s
    well_s = last_s + rules.recovers_within_s
    if sim.now < well_s:
        sim.advance(well_s - sim.now)
    if rules.probe is not None:
        sim.run(rules.probe(sim))
    ill = [c for c in sim.journal if c.started_s >= well_s and _failed(c)]
    assert not ill, (
        f"{ill[0].provider} answered {ill[0].status} ({ill[0].outcome}) at "
        f"{ill[0].started_s:g} s, though the last fault ended at {last_s:g} s."
    )


def _failed(call: Any) -> bool:
    return bool(call.status >= 400 or call.outcome not in ("complete", "pending"))


def _check_reached(run: _Run, rules: _Rules) -> None:
    names = [*rules.reaches, *run.reached]
    if missed := [name for name in dict.fromkeys(names) if not run.reached[name]]:
        pytest.fail(
            f"llmsim: in {run.universes} universes this never happened: {', '.join(missed)}. The "
            f"test passed without meeting what it is for: draw more examples, more faults or "
            f"other kinds.",
            pytrace=False,
        )


def _explained(failed: tuple[str, str], universes: int, config: pytest.Config) -> str:
    """The smallest failing scenario, where it is kept, how to replay it, what happened in it."""
    scenario, timeline = failed
    nodeid = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")[0]
    path = _keep(scenario, nodeid, config)
    return (
        f"llmsim: the smallest of {universes} universes in which this fails:\n\n{scenario}\n"
        f"Again with: pytest '{nodeid}' --llmsim-scenario='{path}'\n\n{timeline}"
    )


def _keep(scenario: str, nodeid: str, config: pytest.Config) -> str:
    """Write the scenario into pytest's cache, or, where that is switched off, into a temporary
    folder; return the path."""
    module, _, test = nodeid.partition("::")
    name = "".join(c if c.isalnum() else "-" for c in f"{Path(module).stem} {test}")
    cache = getattr(config, "cache", None)
    folder = Path(cache.mkdir("llmsim") if cache is not None else mkdtemp(prefix="llmsim-"))
    path = folder / f"{name}.toml"
    path.write_text(scenario, "utf-8")
    return os.path.relpath(path, config.invocation_params.dir)
