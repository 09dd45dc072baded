"""One load test as a value: when who asks what, what goes wrong meanwhile, and what must hold.

A scenario file has it all: arrivals and lengths for the users, `[gateway]` for the gateway as its
llm-providers.toml, `[fakes]` for the fakes as their scenario file, `[slo]`. The last three are
handed on as they stand; only their times are scaled, and their faults' windows read, here.
"""

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from .errors import ScenarioError
from .shapes import Shape, make_shape
from .slo import Agreement, Slo

__all__ = ["Arrivals", "FaultSpan", "Lengths", "Scenario", "known_scenarios", "load_scenario"]

FOLDER = Path(__file__).parent / "scenarios"
TIMED_KEYS = ("between", "every", "over", "ramp_s")
KEYS = (
    "title", "about", "base", "seed", "duration_s", "drain_s", "request_s_max", "users", "smoke",
    "arrivals", "shape", "mix", "lengths", "gateway", "fakes", "phases", "slo", "agreement",
)  # fmt: skip
KINDS = ("chat", "stream", "agent")
_TIME = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h)?\s*$")
_UNITS_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, None: 1.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrivals:
    """When requests come: independently (`poisson`), evenly (`constant`), or with gaps of a gamma
    distribution of this `burstiness` (1 is poisson, less is burstier)."""

    kind: Literal["poisson", "constant", "gamma"] = "poisson"
    rate_per_s: float = 5.0
    burstiness: float = 1.0

    def __post_init__(self) -> None:
        if self.kind not in ("poisson", "constant", "gamma"):
            raise ScenarioError(f"arrivals are poisson, constant or gamma, not {self.kind!r}.")
        if self.rate_per_s <= 0 or self.burstiness <= 0:
            raise ScenarioError("[arrivals] rate_per_s and burstiness are more than 0.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lengths:
    """Lognormal about the median, at most `max`."""

    median: float
    sigma: float = 0.6
    max: int = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultSpan:
    """When something of a provider goes wrong or slows down, and what."""

    provider: str
    what: str
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A scenario file.

    duration_s     requests come until then
    drain_s        and are waited for so much longer
    request_s_max  the longest that a user waits for one answer
    users          the most requests that can be open at a time
    mix            how often each kind of user comes
    first          the provider that is asked first, to whom traffic must return
    gateway        the gateway's configuration, fakes the fakes' scenario: plain data
    time_scale     what all times were multiplied by
    """

    name: str
    title: str
    about: str
    seed: int
    duration_s: float
    drain_s: float
    request_s_max: float
    users: int
    arrivals: Arrivals
    shape: Shape
    mix: Mapping[str, float]
    input_words: Lengths
    output_tokens: Lengths
    first: str
    gateway: Mapping[str, Any] = field(repr=False)
    fakes: Mapping[str, Any] = field(repr=False)
    faults: tuple[FaultSpan, ...]
    slo: Slo
    agreement: Agreement
    time_scale: float = 1.0

    @property
    def faults_end_s(self) -> float | None:
        """When the last fault ends within the run; None for a run without such an end."""
        ends = [fault.end_s for fault in self.faults if fault.end_s < self.duration_s]
        return max(ends, default=None)

    @property
    def limit_usd(self) -> str | None:
        """The budget's limit over the whole run, where the gateway has one."""
        budget = self.gateway.get("budget", {})
        given = [limit.get("usd") for limit in budget.get("limits", ())]
        told = next((usd for usd in (budget.get("daily_usd"), *given) if usd is not None), None)
        return None if told is None else str(told)


def known_scenarios() -> list[str]:
    """The names of those that come along."""
    return sorted(p.stem for p in FOLDER.glob("*.toml") if not p.stem.startswith("_"))


def load_scenario(name: str | Path, *, smoke: bool = False) -> Scenario:
    """The scenario of a name or a file; `smoke` makes it as short as its `[smoke]` says. Raises
    ScenarioError."""
    path = Path(name)
    if path.suffix != ".toml":
        path = FOLDER / f"{name}.toml"
    if not path.is_file():
        near = difflib.get_close_matches(str(name), known_scenarios(), n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise ScenarioError(
            f"There is no scenario {str(name)!r}.{hint} There are {', '.join(known_scenarios())}; "
            f"or name a .toml file."
        )
    try:
        return _read(path.stem, _with_base(path), smoke)
    except (tomllib.TOMLDecodeError, TypeError, KeyError) as problem:
        raise ScenarioError(f"{path.name}: {problem}") from problem
    except ScenarioError as problem:
        raise ScenarioError(f"{path.name}: {problem}") from None


def _with_base(path: Path) -> dict[str, Any]:
    """A file over the one that it names as its `base`, in the same folder or among those that
    come along."""
    data = tomllib.loads(path.read_text("utf-8"))
    if (name := data.pop("base", None)) is None:
        return data
    below = next(p for p in (path.with_name(f"{name}.toml"), FOLDER / f"{name}.toml") if p.exists())
    merged: dict[str, Any] = _over(tomllib.loads(below.read_text("utf-8")), data)
    return merged


def _read(name: str, data: dict[str, Any], smoke: bool) -> Scenario:
    for key in data:
        if key not in KEYS:
            near = difflib.get_close_matches(key, KEYS, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise ScenarioError(f"{key!r} is not known here.{hint} There are {', '.join(KEYS)}.")
    quick = data.get("smoke", {})
    scale = float(quick.get("time_scale", 1.0)) if smoke else 1.0
    arrivals = dict(data.get("arrivals", {}))
    if smoke:
        arrivals["rate_per_s"] = quick.get("rate_per_s", arrivals.get("rate_per_s", 5.0))
    duration_s = data["duration_s"] * scale
    limits = {name: data.get(name, {}) for name in ("slo", "agreement")}
    gateway, fakes = data["gateway"], {"seed": data.get("seed", 0), **data.get("fakes", {})}
    if smoke:
        gateway = _over(gateway, quick.get("gateway", {}))
        fakes = _over(fakes, quick.get("fakes", {}))
        limits = {name: _over(given, quick.get(name, {})) for name, given in limits.items()}
        duration_s = quick.get("duration_s", duration_s)
    fakes = _scaled(fakes, scale)
    faults = (*_faults(fakes, duration_s), *_phases(_scaled(data.get("phases", []), scale)))
    shape = _scaled(dict(data.get("shape", {"kind": "soak"})), scale)
    lengths = data.get("lengths", {})
    return Scenario(
        name=name,
        title=data["title"],
        about=" ".join(data.get("about", "").split()),
        seed=data.get("seed", 0),
        duration_s=duration_s,
        drain_s=data.get("drain_s", 15.0),
        request_s_max=data.get("request_s_max", 30.0),
        users=data.get("users", 40),
        arrivals=_table(Arrivals, arrivals, "arrivals"),
        shape=make_shape(
            duration_s=duration_s, faults=[(f.start_s, f.end_s) for f in faults], **shape
        ),
        mix=_mix(data.get("mix", {"chat": 1, "stream": 1})),
        input_words=_table(Lengths, lengths.get("input_words", {"median": 40}), "input_words"),
        output_tokens=_table(
            Lengths, lengths.get("output_tokens", {"median": 20, "max": 60}), "output_tokens"
        ),
        first=gateway["providers"][0]["name"],
        gateway=gateway,
        fakes=fakes,
        faults=faults,
        slo=_table(Slo, limits["slo"], "slo"),
        agreement=_table(Agreement, limits["agreement"], "agreement"),
        time_scale=scale,
    )


def _table(kind: type[Any], given: Mapping[str, Any], name: str) -> Any:
    known = [f.name for f in fields(kind)]
    for key in given:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise ScenarioError(f"[{name}] has no {key!r}.{hint} There are {', '.join(known)}.")
    return kind(**given)


def _mix(given: Mapping[str, float]) -> Mapping[str, float]:
    if not given or set(given) - set(KINDS) or sum(given.values()) <= 0:
        raise ScenarioError(f"[mix] says how often {', '.join(KINDS)} come, not {dict(given)!r}.")
    return given


def _over(below: Any, above: Any) -> Any:
    """Tables merged, everything else replaced."""
    if isinstance(below, Mapping) and isinstance(above, Mapping):
        return {**below, **{key: _over(below.get(key), value) for key, value in above.items()}}
    return below if above is None else above


def _scaled(data: Any, scale: float, key: str = "") -> Any:
    """The same with every time of a schedule multiplied."""
    if isinstance(data, Mapping):
        return {name: _scaled(value, scale, name) for name, value in data.items()}
    if key in TIMED_KEYS:
        if isinstance(data, list):
            return [_scaled(value, scale, key) for value in data]
        return _seconds(data) * scale
    if isinstance(data, list):
        return [_scaled(value, scale) for value in data]
    return data


def _seconds(value: Any) -> float:
    """A time of one unit, as the fakes write it."""
    if isinstance(value, int | float):
        return float(value)
    if (found := _TIME.match(str(value))) is None:
        raise ScenarioError(f'a time is seconds or a text such as "90s" or "5m", not {value!r}.')
    return float(found[1]) * _UNITS_S[found[2]]


def _faults(fakes: Mapping[str, Any], duration_s: float) -> Iterator[FaultSpan]:
    """Every window of a rule that fails or slows down; a rule without a time holds throughout."""
    for provider, script in fakes.items():
        for rule in script.get("rules", ()) if isinstance(script, Mapping) else ():
            windows = rule.get("between", [])
            if "fails" not in rule and not windows:
                continue  # an ordinary pace or an ordinary answer
            if windows and not isinstance(windows[0], list):
                windows = [windows]
            for start_s, end_s in windows or [[0.0, duration_s]]:
                what = _words(rule["fails"]) if "fails" in rule else "slow"
                yield FaultSpan(provider=provider, what=what, start_s=start_s, end_s=end_s)


def _phases(given: list[Mapping[str, Any]]) -> Iterator[FaultSpan]:
    """Times that a scenario itself calls a fault: those of a load that is too much."""
    for phase in given:
        start_s, end_s = phase["between"]
        yield FaultSpan(
            provider=phase["provider"], what=phase["what"], start_s=start_s, end_s=end_s
        )


def _words(fails: Any) -> str:
    if isinstance(fails, Mapping):
        return ", ".join(fails)
    return ", ".join(map(_words, fails)) if isinstance(fails, list) else str(fails)
