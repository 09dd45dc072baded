"""What was spent: one record for every attempt, added up by provider, model, tag and task.

What belongs here: sums of records, exact, and the JSON in which a ledger keeps a record. What
must not: prices of real calls (they arrive computed) or limits. Amounts are integer pico-dollars;
Decimals of them are exact US dollars.
"""

import json
import threading
import time
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal

from .accounting import CostRecord
from .ledger.base import LedgerRow
from .money import format_usd, usd_from_pico
from .pricing import PriceBook
from .types import Target, Usage

__all__ = [
    "KEYS_MAX",
    "OTHER",
    "RECORDS_MAX",
    "CostMetric",
    "CostSummary",
    "CostTracker",
    "MockCostTracker",
    "record_from_json",
    "record_to_json",
    "records_of",
]

RECORDS_MAX = 1_000
"""Single records that a tracker keeps; the sums go on beyond."""

KEYS_MAX = 10_000
"""Different tags, tasks or models that are told apart; later ones are added up under OTHER."""

OTHER = "(other)"
_EXPIRED = "(expired)"
_CALLS_MAX = 10_000

Dimension = Literal["provider", "model", "tag", "task"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CostMetric:
    """Attempts added up. `calls` counts logical calls with at least one attempt here; `tokens`
    input and output together; `estimated` the attempts whose cost or price is not exact."""

    cost_pico: int = 0
    tokens: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    calls: int = 0
    attempts: int = 0
    estimated: int = 0
    last_call_s: float | None = None

    @property
    def cost(self) -> Decimal:
        """US dollars, exact."""
        return usd_from_pico(self.cost_pico)

    @property
    def last_call(self) -> datetime | None:
        return None if self.last_call_s is None else datetime.fromtimestamp(self.last_call_s, UTC)

    def plus(self, record: CostRecord, *, is_new_call: bool) -> "CostMetric":
        usage = record.usage or Usage()
        exact = record.basis in ("exact", "void") and not record.price_estimated
        return CostMetric(
            cost_pico=self.cost_pico + record.amount_pico,
            tokens=self.tokens + usage.total,
            input_tokens=self.input_tokens + usage.input_total,
            output_tokens=self.output_tokens + usage.output,
            cached_tokens=self.cached_tokens + usage.cached_read,
            calls=self.calls + is_new_call,
            attempts=self.attempts + 1,
            estimated=self.estimated + (not exact),
            last_call_s=max(self.last_call_s or record.at_s, record.at_s),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CostSummary:
    """Everything added up, and the same by each dimension. Tags are named "name=value"."""

    total: CostMetric = field(default_factory=CostMetric)
    providers: Mapping[str, CostMetric] = field(default_factory=dict)
    models: Mapping[str, CostMetric] = field(default_factory=dict)
    tags: Mapping[str, CostMetric] = field(default_factory=dict)
    tasks: Mapping[str, CostMetric] = field(default_factory=dict)

    def __str__(self) -> str:
        lines = [
            f"{name}: {metric.tokens} tokens, {format_usd(metric.cost_pico)}, {metric.calls} calls"
            for name, metric in (*sorted(self.providers.items()), ("total", self.total))
        ]
        return "\n".join(lines)


class CostTracker:
    """Adds up every attempt that it is told of; safe to share among threads.

    `router.costs.total` is what was spent in exact US dollars; `cost_summary()` tells where.
    """

    def __init__(self, records: Iterable[CostRecord] = ()) -> None:
        self._lock = threading.Lock()
        self._records: deque[CostRecord] = deque(maxlen=RECORDS_MAX)
        self._sums: dict[tuple[Dimension | None, str], CostMetric] = {(None, ""): CostMetric()}
        self._calls: dict[tuple[Dimension | None, str, str], None] = {}
        for record in records:
            self.record(record)

    def record(self, record: CostRecord) -> None:
        """Add one attempt's cost."""
        with self._lock:
            self._records.append(record)
            self._add(None, "", record)
            self._add("provider", record.provider, record)
            self._add("model", f"{record.provider}/{record.model}", record)
            for name, value in record.tags.items():
                self._add("tag", f"{name}={value}", record)
            if record.task:
                self._add("task", record.task, record)

    def track_call(
        self, provider: str, usage: Usage, cost_pico: int, *, model: str = "", at_s: float = 0.0
    ) -> None:
        """Add a call that was made without the router: one attempt, its cost known exactly."""
        now_s = at_s or time.time()
        with self._lock:
            number = self._sums[(None, "")].attempts
        name = f"tracked-{number}-{now_s}"
        self.record(
            CostRecord(
                attempt_id=name,
                call_id=name,
                provider=provider,
                model=model,
                target=f"{provider}/{model}",
                at_s=now_s,
                amount_pico=cost_pico,
                hold_pico=0,
                basis="exact",
                certainty="response_started",
                outcome="ok",
                rates_version="given",
                usage=usage,
                won=True,
            )
        )

    @property
    def total(self) -> Decimal:
        """What all attempts cost in US dollars, exact."""
        return usd_from_pico(self.total_pico)

    @property
    def total_pico(self) -> int:
        """What all attempts cost in pico-dollars."""
        return self._sums[(None, "")].cost_pico

    @property
    def records(self) -> tuple[CostRecord, ...]:
        """The last RECORDS_MAX records, oldest first."""
        with self._lock:
            return tuple(self._records)

    def cost_summary(self) -> CostSummary:
        """Where the money went: by provider, model, tag and task."""
        with self._lock:
            sums = dict(self._sums)

        def by(dimension: Dimension) -> dict[str, CostMetric]:
            return {name: metric for (kind, name), metric in sums.items() if kind == dimension}

        return CostSummary(
            total=sums[(None, "")],
            providers=by("provider"),
            models=by("model"),
            tags=by("tag"),
            tasks=by("task"),
        )

    def _add(self, dimension: Dimension | None, name: str, record: CostRecord) -> None:
        key = (dimension, name)
        if key not in self._sums and len(self._sums) >= KEYS_MAX:
            key = (dimension, OTHER)
        call = (*key, record.call_id)
        is_new_call = call not in self._calls
        self._calls.pop(call, None)
        self._calls[call] = None
        while len(self._calls) > _CALLS_MAX:
            self._calls.pop(next(iter(self._calls)))
        self._sums[key] = self._sums.get(key, CostMetric()).plus(record, is_new_call=is_new_call)


class MockCostTracker(CostTracker):
    """What calls to mocks would have cost with the real providers.

    `models` names the model that stands for each provider. A number of tokens is taken as three
    parts of input and one of output, the mix by which blended prices are usually compared; a
    `Usage` is taken as it is.
    """

    def __init__(self, prices: PriceBook | None = None, models: Mapping[str, str] | None = None):
        super().__init__()
        self._prices = prices or PriceBook(unknown="estimate")
        self._models = {**_MODELS, **(models or {})}

    def record_simulated_call(
        self, provider: str, tokens: int | Usage, *, model: str = "", task: str = ""
    ) -> Decimal:
        """Add a call that was not made, and return what it would have cost in US dollars.

        Raises UnknownPrice for a provider without a model that has a price, ValueError for a
        negative number of tokens.
        """
        if isinstance(tokens, int) and tokens < 0:
            raise ValueError(f"{tokens} tokens: a call has 0 or more")
        usage = tokens if isinstance(tokens, Usage) else _blended(tokens)
        name = model or self._models.get(provider, provider)
        card = self._prices.card(Target(provider=provider, model=name))
        cost = card.priced(usage)
        with self._lock:
            number = self._sums[(None, "")].attempts
        self.record(
            CostRecord(
                attempt_id=f"simulated-{number}",
                call_id=f"simulated-{number}",
                provider=provider,
                model=name,
                target=f"{provider}/{name}",
                at_s=time.time(),
                amount_pico=cost.pico,
                hold_pico=0,
                basis="estimated",
                certainty="not_sent",
                outcome="simulated",
                rates_version=card.version,
                usage=usage,
                price_estimated=not cost.exact,
                won=True,
                task=task,
            )
        )
        return usd_from_pico(cost.pico)


_MODELS = {
    "anthropic": "claude-sonnet-4-6",
    "claude": "claude-sonnet-4-6",
    "gemini": "gemini-2.5-flash",
    "google": "gemini-2.5-flash",
    "openai": "gpt-4o",
}


def _blended(tokens: int) -> Usage:
    return Usage(input=tokens - tokens // 4, output=tokens // 4)


def record_to_json(record: CostRecord) -> str:
    """A record as a ledger keeps it; the vendor's raw usage is kept too."""
    values = {name: getattr(record, name) for name in _RECORD_FIELDS}
    if record.usage is not None:
        values["usage"] = {name: getattr(record.usage, name) for name in _USAGE_FIELDS}
    return _ENCODER.encode(values)


def _plain(value: object) -> object:
    """What JSON has no word for: a mapping that is no dict, or anything of a vendor's."""
    return dict(value) if isinstance(value, Mapping) else str(value)


_RECORD_FIELDS = tuple(f.name for f in fields(CostRecord))
_USAGE_FIELDS = tuple(f.name for f in fields(Usage))
_ENCODER = json.JSONEncoder(separators=(",", ":"), default=_plain)


def record_from_json(text: str) -> CostRecord | None:
    """The record, None where the text is none (a row of a hold that expired)."""
    if not text:
        return None
    values: dict[str, Any] = json.loads(text)
    usage = values.pop("usage", None)
    return CostRecord(**values, usage=None if usage is None else Usage(**usage))


def records_of(rows: Iterable[LedgerRow]) -> list[CostRecord]:
    """What the rows of one account tell, in their order, and at the end what stands for holds
    whose processes never told what they spent."""
    rows = tuple(rows)
    records = [record for row in rows if (record := record_from_json(row.detail)) is not None]
    told = {row.hold_id for row in rows if row.basis != "expired"}
    lost = (row for row in rows if row.basis == "expired" and row.hold_id not in told)
    return records + [_expired(row) for row in lost]


def _expired(row: LedgerRow) -> CostRecord:
    return CostRecord(
        attempt_id=row.hold_id,
        call_id=row.hold_id,
        provider=_EXPIRED,
        model=_EXPIRED,
        target=_EXPIRED,
        at_s=row.settled_at_s,
        amount_pico=row.amount_pico,
        hold_pico=row.hold_pico,
        basis="expired",
        certainty="possibly_accepted",
        outcome="expired",
        rates_version="",
        task=_EXPIRED,
    )
