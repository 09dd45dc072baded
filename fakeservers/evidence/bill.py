"""What the provider would charge for every exchange: the oracle of a program's own accounts.

Here is decided what was used and whether it is charged; prices are `prices`'.

- An answer that came to its end costs its usage. One in one piece was whole before its first
  byte left, and costs it even when it broke off on its way.
- A stream that was cut, reset, failed in the middle or left by its client costs its input and the
  output delivered so far: hidden reasoning came before, the rest chunk by chunk, rounded up.
- An error costs nothing, not even as the first event of a stream, nor does an answer of which
  nothing was sent.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property

from ..canonical import ImageRequest, SpeechRequest, Thinking, Usage
from ..errors import LlmsimError
from .journal import JOURNAL_MAX, Exchange
from .prices import PICO_PER_USD, Priced, price

__all__ = ["Bill", "BillError", "BillLine"]

# As chat completions and responses are served: https://platform.openai.com/docs/guides/priority
_TIERS: Mapping[str, str] = {
    "fast": "priority",
    "flex": "flex",
    "priority": "priority",
    "ultrafast": "ultrafast",
}


class BillError(LlmsimError):
    """The bill has no total, since something on it has no price."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BillLine:
    """What one exchange costs.

    number  of the exchange with its fake, from 1; `provider` and `model` say whose
    usage   what is charged; None for what is not charged by use
    pico    the price in pico-dollars (10^-12 US dollars), None where no price is known
    why     why it costs nothing, or not what its answer says; empty for an ordinary answer
    """

    number: int
    provider: str
    model: str
    usage: Usage | None
    pico: int | None
    why: str = ""

    @property
    def cost(self) -> Decimal | None:
        """US dollars, exact."""
        return None if self.pico is None else _usd(self.pico)


class Bill:
    """The bill for some exchanges, as they were when it was asked for. `str(bill)` is a table."""

    def __init__(
        self, exchanges: Iterable[Exchange], *, epoch_s: float = 0.0, forgotten: int = 0
    ) -> None:
        """`epoch_s` is the epoch second of the moment 0 of the exchanges; `forgotten` is how many
        more there were, which the journal no longer has."""
        self._exchanges = tuple(exchanges)
        self._epoch_s = epoch_s
        self._forgotten = forgotten

    @cached_property
    def lines(self) -> tuple[BillLine, ...]:
        """One line an exchange, in their order. Raises PricesMissing without genai-prices."""
        prices: dict[object, Priced] = {}
        return tuple(_line(e, e.started_s + self._epoch_s, prices) for e in self._exchanges)

    @property
    def total_pico(self) -> int:
        """All lines in pico-dollars. Raises BillError where some line has no price."""
        if self._forgotten:
            raise BillError(
                f"There is no total: the journal keeps {JOURNAL_MAX:,} exchanges a fake, and "
                f"{self._forgotten:,} older ones have made room. Add up `bill.total` before "
                f"every reset() in shorter runs."
            )
        unknown = [line for line in self.lines if line.pico is None]
        if unknown:
            which = "; ".join(sorted({f"{line.provider}: {line.why}" for line in unknown}))
            raise BillError(
                f"There is no total: {which}. Ask a model that has a price, or add up what has "
                f"one: sum(line.pico or 0 for line in bill.lines)."
            )
        return sum(line.pico or 0 for line in self.lines)

    @property
    def total(self) -> Decimal:
        """All lines in US dollars, exact. Raises BillError where some line has no price."""
        return _usd(self.total_pico)

    def __str__(self) -> str:
        """The lines as a table, and their total."""
        rows = [_cells(line) for line in self.lines]
        known = sum(line.pico or 0 for line in self.lines)
        rows.append(("", "total", "", "", f"{_usd(known):f}", ""))
        heads = ("exchange", "model", "in", "out", "US dollars", "")
        widths = [max(len(row[at]) for row in (heads, *rows)) for at in range(len(heads))]
        return "\n".join(_row(row, widths) for row in (heads, *rows))

    def __repr__(self) -> str:
        return f"<bill of {len(self._exchanges)} exchanges>"


def _line(exchange: Exchange, at_s: float, prices: dict[object, Priced]) -> BillLine:
    model = exchange.model
    usage, why = _charged(exchange)
    line = BillLine(
        number=exchange.number,
        provider=exchange.provider,
        model=model,
        usage=usage,
        pico=0,
        why=why,
    )
    if usage is None:
        return line
    counts = dict(_counts(exchange, usage))
    tier = _tier(exchange)
    batch = exchange.batch is not None
    # The price of a moment is asked for once a day and kind of use: it takes a while.
    key = (exchange.provider, model, tuple(counts.items()), tier, batch, at_s // 86_400)
    priced = prices.get(key)
    if priced is None:
        priced = prices[key] = price(
            exchange.provider, model, counts, at_s=at_s, tier=tier, batch=batch
        )
    return replace(line, pico=priced.pico, why="; ".join(filter(None, (why, priced.note))))


def _charged(exchange: Exchange) -> tuple[Usage | None, str]:
    """What is charged, None for nothing; and why, where it is not simply the answer's usage."""
    fault, usage = exchange.fault, exchange.usage
    if exchange.error is not None:
        return None, f"an error: {exchange.status}"
    if exchange.raw is not None:
        return None, "scripted bytes have no usage"
    if usage is None:
        return None, "not charged for"
    if exchange.batch is not None:
        return usage, ""
    if fault is not None and fault.status is not None and fault.status >= 400:
        return None, f"an error: {fault.status}"
    if fault is not None and fault.error_event is not None and not exchange.sent_chunks:
        return None, f"an error: {fault.error_event.status}"
    if exchange.outcome == "complete" and exchange.sent_chunks == exchange.chunks:
        return usage, ""
    if exchange.outcome == "pending":
        return None, "still under way"
    if not exchange.begun:
        return None, f"{exchange.outcome} before the answer began"
    if not exchange.streamed:
        return usage, f"{exchange.outcome} on its way, and whole by then"
    if fault is not None and fault.ending == "skip":
        return usage, ""
    told = f"{exchange.outcome if exchange.outcome != 'complete' else 'ended'} after "
    told += f"{exchange.sent_chunks} of {exchange.chunks} chunks"
    return _delivered(exchange, usage), told


def _delivered(exchange: Exchange, usage: Usage) -> Usage:
    """The usage of a stream that had got so far."""
    if not exchange.sent_chunks:
        return replace(usage, output_tokens=0, reasoning_tokens=0)
    shown = any(isinstance(p, Thinking) and p.text for r in exchange.replies for p in r.parts)
    hidden = 0 if shown else min(usage.reasoning_tokens, usage.output_tokens)
    sent = min(exchange.sent_chunks, exchange.chunks)
    # Rounded up: the token whose chunk left was generated.
    output = hidden + -(-(usage.output_tokens - hidden) * sent // exchange.chunks)
    return replace(
        usage, output_tokens=output, reasoning_tokens=min(usage.reasoning_tokens, output)
    )


def _counts(exchange: Exchange, usage: Usage) -> Iterator[tuple[str, int]]:
    """The usage by the names of genai-prices; a part is at most its whole, whatever was
    scripted."""
    prompt = usage.input_tokens
    cached = min(usage.cached_tokens, prompt)
    written = min(usage.cache_write_tokens, prompt - cached)
    written_1h = min(usage.cache_write_1h_tokens, written)
    yield "input_tokens", prompt
    yield "output_tokens", usage.output_tokens
    if cached:
        yield "cache_read_tokens", cached
    if written:
        yield "cache_write_tokens", written
        yield "cache_write_5m_tokens", written - written_1h
        yield "cache_write_1h_tokens", written_1h
    if sum(count for _, count in usage.modalities) <= prompt:
        for modality, count in usage.modalities:
            if modality in ("audio", "image", "video"):
                yield f"input_{modality}_tokens", count
                # Only text is read from a cache here.
                yield f"cache_{modality}_read_tokens", 0
    request = exchange.request
    if isinstance(request, ImageRequest):
        yield "output_image_tokens", usage.output_tokens
    if isinstance(request, SpeechRequest):
        yield "input_characters", len(request.prompt)


def _tier(exchange: Exchange) -> str:
    """The service tier that it was served by, where that has a price of its own."""
    if exchange.provider != "openai" or exchange.request is None:
        return ""
    raw = exchange.request.raw
    asked = raw.get("service_tier") if isinstance(raw, Mapping) else None
    return _TIERS.get(asked, "") if isinstance(asked, str) else ""


def _usd(pico: int) -> Decimal:
    """Exact at any size, whatever the decimal context, and without zeros at its end."""
    whole, rest = divmod(pico, PICO_PER_USD)
    decimals = f"{rest:012d}".rstrip("0")
    return Decimal(f"{whole}.{decimals}" if decimals else whole)


def _cells(line: BillLine) -> tuple[str, ...]:
    usage = line.usage
    return (
        f"{line.provider} #{line.number}",
        line.model,
        str(usage.input_tokens) if usage else "",
        str(usage.output_tokens) if usage else "",
        "?" if line.cost is None else f"{line.cost:f}",
        line.why,
    )


def _row(cells: tuple[str, ...], widths: list[int]) -> str:
    aligned = [
        cell.rjust(width) if at in (2, 3) else cell.ljust(width)
        for at, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return "  ".join(aligned).rstrip()
