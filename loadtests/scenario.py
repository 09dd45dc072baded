"""One load test as a value: when who asks what, what goes wrong meanwhile, and what must hold.

A scenario file has it all: arrivals and lengths for the users, `[gateway]` for the gateway as its
llm-providers.toml, `[fakes]` for the fakes as their scenario file, `[slo]`. The last three are
handed on as they stand; only their times are scaled, and their faults' windows read, here.
"""

import difflib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, get_args

from .errors import ScenarioError
from .shapes import Shape, make_shape
from .slo import Agreement, Slo
from .windows import FaultSpan, planned_faults, planned_phases, scaled

__all__ = [
    "Arrivals",
    "Lengths",
    "Scenario",
    "known_scenarios",
    "load_scenario",
    "scenario_data",
    "scenario_path",
]

FOLDER = Path(__file__).parent / "scenarios"
KEYS = (
    "title", "about", "base", "seed", "duration_s", "drain_s", "request_s_max", "users", "smoke",
    "arrivals", "shape", "mix", "lengths", "gateway", "fakes", "phases", "slo", "agreement",
)  # fmt: skip
SMOKE_TABLES = ("gateway", "fakes", "slo", "agreement")
SMOKE_KEYS = ("time_scale", "duration_s", "rate_per_s", *SMOKE_TABLES)
TABLES = ("smoke", "arrivals", "shape", "mix", "lengths", "gateway", "fakes", "slo", "agreement")
NUMBERS = ("seed", "drain_s", "request_s_max", "users")
KINDS = ("chat", "stream", "agent")


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


def load_scenario(
    name: str | Path, *, smoke: bool = False, changes: Mapping[str, Any] | None = None
) -> Scenario:
    """The scenario of a name or a file, `changes` written over it; `smoke` makes it as short as its
    `[smoke]` says. Raises ScenarioError."""
    path = scenario_path(name)
    try:
        return _read(path.stem, scenario_data(path, changes), smoke)
    except tomllib.TOMLDecodeError as problem:
        raise ScenarioError(f"{path.name}: {problem}") from problem
    except KeyError as problem:
        raise ScenarioError(f"{path.name}: {problem.args[0]} is missing.") from problem
    except (AttributeError, IndexError, TypeError, ValueError) as problem:
        raise ScenarioError(f"{path.name}: a value is of the wrong kind: {problem}") from problem
    except ScenarioError as problem:
        raise ScenarioError(f"{path.name}: {problem}") from None


def scenario_path(name: str | Path) -> Path:
    """The file of a name. Raises ScenarioError with the nearest name that there is."""
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
    return path


def scenario_data(path: Path, changes: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What a file says over its base, and `changes` over both: a scenario that needs no other
    file."""
    data: dict[str, Any] = _over(_with_base(path), changes or {})
    return data


def _with_base(path: Path) -> dict[str, Any]:
    """A file over the one that it names as its `base`, in the same folder or among those that
    come along."""
    data = tomllib.loads(path.read_text("utf-8"))
    if (name := data.pop("base", None)) is None:
        return data
    places = (path.with_name(f"{name}.toml"), FOLDER / f"{name}.toml")
    below = next((place for place in places if place.is_file()), None)
    if below is None:
        raise ScenarioError(
            f"its base is {name!r}, and there is neither {' nor '.join(map(str, places))}."
        )
    merged: dict[str, Any] = _over(tomllib.loads(below.read_text("utf-8")), data)
    return merged


def _read(name: str, data: dict[str, Any], smoke: bool) -> Scenario:
    _check_form(data)
    scale = float(data.get("smoke", {}).get("time_scale", 1.0)) if smoke else 1.0
    if smoke:
        data = _made_short(data, scale)
    duration_s, gateway = float(data["duration_s"]), data["gateway"]
    if duration_s <= 0 or data.get("users", 1) < 1:
        raise ScenarioError("duration_s is more than 0, and users at least 1.")
    fakes = scaled({"seed": data.get("seed", 0), **data.get("fakes", {})}, scale)
    faults = (
        *planned_faults(fakes, duration_s),
        *planned_phases(scaled(data.get("phases", []), scale)),
    )
    shape = scaled(dict(data.get("shape", {"kind": "soak"})), scale)
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
        arrivals=_table(Arrivals, data.get("arrivals", {}), "arrivals"),
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
        slo=_table(Slo, data.get("slo", {}), "slo"),
        agreement=_table(Agreement, data.get("agreement", {}), "agreement"),
        time_scale=scale,
    )


def _check_form(data: Mapping[str, Any]) -> None:
    """Raises ScenarioError for a key that there is not, or a value of the wrong kind."""
    _known(data, KEYS)
    for key in TABLES:
        _check(data.get(key, {}), Mapping, f"[{key}]", "a table")
    for key in NUMBERS:
        _check(data.get(key, 0), int | float, key, "a number")
    _check(data["duration_s"], int | float, "duration_s", "a number")
    _known(data.get("smoke", {}), SMOKE_KEYS, "smoke")
    _known(data.get("lengths", {}), ("input_words", "output_tokens"), "lengths")
    providers = data["gateway"].get("providers")
    if not isinstance(providers, list) or not providers:
        raise ScenarioError(
            "[[gateway.providers]] is missing: whom the gateway asks, first to last."
        )


def _made_short(data: Mapping[str, Any], scale: float) -> dict[str, Any]:
    """The scenario with its `[smoke]` written over it."""
    quick, arrivals = data.get("smoke", {}), data.get("arrivals", {})
    over = {key: _over(data.get(key, {}), quick.get(key, {})) for key in SMOKE_TABLES}
    rate_per_s = quick.get("rate_per_s", arrivals.get("rate_per_s", 5.0))
    return {
        **data,
        **over,
        "arrivals": {**arrivals, "rate_per_s": rate_per_s},
        "duration_s": quick.get("duration_s", data["duration_s"] * scale),
    }


def _table(kind: type[Any], given: Mapping[str, Any], name: str) -> Any:
    _check(given, Mapping, f"[{name}]", "a table")
    _known(given, [f.name for f in fields(kind)], name)
    for f in fields(kind):
        if f.name in given and {int, float} & {f.type, *get_args(f.type)}:
            _check(given[f.name], int | float, f"[{name}] {f.name}", "a number")
    return kind(**given)


def _check(value: Any, kinds: Any, name: str, told: str) -> None:
    if not isinstance(value, kinds) or isinstance(value, bool):
        raise ScenarioError(f"{name} is {told}, not {value!r}.")


def _known(given: Mapping[str, Any], names: Sequence[str], table: str = "") -> None:
    """Raises ScenarioError for a key that is none of these, with the nearest."""
    for key in given:
        if key not in names:
            near = difflib.get_close_matches(key, names, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            told = f"[{table}] has no {key!r}" if table else f"{key!r} is not known here"
            raise ScenarioError(f"{told}.{hint} There are {', '.join(names)}.")


def _mix(given: Mapping[str, float]) -> Mapping[str, float]:
    if not given or set(given) - set(KINDS) or sum(given.values()) <= 0:
        raise ScenarioError(f"[mix] says how often {', '.join(KINDS)} come, not {dict(given)!r}.")
    return given


def _over(below: Any, above: Any) -> Any:
    """Tables merged, everything else replaced."""
    if isinstance(below, Mapping) and isinstance(above, Mapping):
        return {**below, **{key: _over(below.get(key), value) for key, value in above.items()}}
    return below if above is None else above
