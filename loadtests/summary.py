"""Records added up: what `summary.json` holds and the limits are checked against.

Pure. The run in virtual time is added up by the same code. Rates are shares of 1, times seconds,
money exact US dollars as texts.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from .records import Record
from .scenario import Scenario

__all__ = ["SCHEMA", "joined", "percentile", "summarise"]

SCHEMA = "llmsim-load/1"
PICO = Decimal(10) ** -12
Attempt = Mapping[str, Any]
"""An attempt as `python -m router costs --records` tells it."""


def joined(records: Iterable[Record], attempts: Iterable[Attempt]) -> list[Record]:
    """The records with what the ledger knows of their calls: a stream's headers leave before its
    cost is known."""
    by_call: dict[str, list[Attempt]] = defaultdict(list)
    for attempt in sorted(attempts, key=lambda attempt: attempt["at_s"]):
        by_call[attempt["call_id"]].append(attempt)
    return [_joined(record, by_call.get(record.extra.get("call_id", ""), [])) for record in records]


def _joined(record: Record, attempts: Sequence[Attempt]) -> Record:
    if not attempts:
        return record
    answered = next((a for a in attempts if a["won"] or a["outcome"] == "ok"), attempts[-1])
    usage = answered.get("usage") or {}
    return replace(
        record,
        provider=answered["provider"],
        model=answered["model"],
        attempts=len(attempts),
        tried=tuple(f"{a['provider']}:{a['outcome']}" for a in attempts),
        cost_usd=_usd(sum(a["amount_pico"] for a in attempts)),
        input_tokens=record.input_tokens or _input(usage),
        output_tokens=record.output_tokens or usage.get("output", 0),
    )


def summarise(
    scenario: Scenario,
    records: Sequence[Record],
    *,
    planned: int | None = None,
    attempts: Sequence[Attempt] | None = None,
    journal: Sequence[Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """All figures. `planned` is how many requests were due; `attempts` the ledger's, without which
    nothing is said of money; `journal` the fakes' own, to which the ledger is compared."""
    ok = [record for record in records if record.outcome == "ok"]
    outcomes = Counter(record.outcome for record in records)
    ended = {record.number for record in records if record.last}
    failed = {record.number for record in records if record.outcome != "ok"}
    planned = len({record.number for record in records}) if planned is None else planned
    asked = sum(record.attempts for record in records)
    summary: dict[str, Any] = {
        "schema": SCHEMA,
        "scenario": scenario.name,
        "duration_s": scenario.duration_s,
        "planned": planned,
        "calls": len(records),
        "success_rate": _share(len(ended - failed), planned),
        "lost": outcomes["lost"] + planned - len(ended),
        "refused": outcomes["refused"],
        "cut": outcomes["cut"],
        "errors": dict(Counter(r.error for r in records if r.outcome != "ok").most_common()),
        "by_provider": dict(Counter(record.provider for record in ok if record.provider)),
        "late_p95_s": percentile([record.late_s for record in records], 95),
        **_times("ttft", [r.ttft_s for r in ok if r.ttft_s is not None]),
        **_times("itl", [gap for record in ok for gap in record.gaps_s]),
        **_times("took", [record.took_s for record in ok]),
        **_times("overhead", [r.overhead_s for r in ok if r.overhead_s is not None]),
        **_recovery(scenario, records),
    }
    if asked:
        fallbacks = [r for r in ok if r.provider and r.provider != scenario.first]
        summary |= {
            "attempts": asked,
            "attempts_per_request": _share(asked, sum(1 for r in records if r.attempts)),
            "fallbacks": len(fallbacks),
            "fallback_rate": _share(len(fallbacks), len(ok)),
            "retry_rate": _share(sum(r.attempts > 1 for r in records), len(records)),
        }
    if attempts is not None:
        summary |= _money(scenario, attempts, journal)
    return summary


def percentile(values: Sequence[float], percent: float) -> float | None:
    """By linear interpolation; None of nothing."""
    if not values:
        return None
    ordered = sorted(values)
    place = (len(ordered) - 1) * percent / 100
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return round(ordered[below] + (ordered[above] - ordered[below]) * (place - below), 6)


def _times(name: str, values: Sequence[float]) -> dict[str, float | None]:
    return {f"{name}_p{percent}_s": percentile(values, percent) for percent in (50, 95, 99)}


def _recovery(scenario: Scenario, records: Sequence[Record]) -> dict[str, float | None]:
    """How long after the last fault calls still failed, and until the first provider answered
    again. None where that did not come within the run."""
    end_s = scenario.faults_end_s
    if end_s is None:
        return {}
    told: dict[str, float | None] = {}
    later = sorted((r for r in records if r.ended_s > end_s), key=lambda r: r.ended_s)
    failures = [r.ended_s for r in later if r.outcome != "ok" and r.error != "budget"]
    last_s = max(failures, default=end_s)
    well = any(r.outcome == "ok" and r.sent_s >= last_s for r in later)
    told["recovery_s"] = round(last_s - end_s, 3) if well else None
    if any(fault.provider == scenario.first for fault in scenario.faults):
        back = [r.ended_s for r in later if r.provider == scenario.first and r.outcome == "ok"]
        back = [s for s in back if s > end_s]
        told["return_s"] = round(min(back) - end_s, 3) if back else None
    return told


def _money(
    scenario: Scenario,
    attempts: Sequence[Attempt],
    journal: Sequence[Mapping[str, Any]] | None,
) -> dict[str, Any]:
    spent = sum(a["amount_pico"] for a in attempts)
    wasted = [a for a in attempts if not a["won"]]
    summary: dict[str, Any] = {
        "cost_usd": _usd(spent),
        "wasted_usd": _usd(sum(a["amount_pico"] for a in wasted)),
        "wasted_tokens": sum(_tokens(a) for a in wasted if a["amount_pico"]),
        "estimated": sum(a["basis"] not in ("exact", "void") for a in attempts),
    }
    if (limit := scenario.limit_usd) is not None:
        over = spent - int(Fraction(limit) * 10**12)
        summary |= {"limit_usd": limit, "overspend_usd": _usd(max(0, over))}
    if journal is not None:
        asked = Counter(e["provider"] for e in journal if e["method"] == "POST")
        booked = Counter(a["provider"] for a in attempts)
        answered = Counter(a["provider"] for a in attempts if _was_answered(a))
        if _is_whole(journal):
            summary["unbooked"] = sum((asked - booked).values()) + sum((answered - asked).values())
        summary["asked_by_provider"] = dict(asked)
    return summary


def _was_answered(attempt: Attempt) -> bool:
    return bool(attempt["certainty"] == "response_started")


def _is_whole(journal: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a fake still has all that it saw: it keeps the newest ten thousand."""
    counted = Counter(line["provider"] for line in journal)
    newest: dict[str, int] = {}
    for line in journal:
        newest[line["provider"]] = max(newest.get(line["provider"], 0), line.get("number", 0))
    return all(newest[provider] <= number for provider, number in counted.items())


def _tokens(attempt: Attempt) -> int:
    usage = attempt.get("usage") or {}
    return _input(usage) + int(usage.get("output", 0))


def _input(usage: Mapping[str, Any]) -> int:
    kinds = ("input", "cached_read", "cache_write_5m", "cache_write_1h")
    return sum(int(usage.get(kind, 0)) for kind in kinds)


def _usd(pico: int) -> str:
    return f"{pico * PICO:f}"


def _share(part: int, whole: int) -> float:
    return round(part / whole, 6) if whole else 0.0
