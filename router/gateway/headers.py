"""Response headers that tell what a call took. Names are lower-case, values ASCII.

An answer in one piece tells all of them for the whole call. A stream's head is sent before its end
is known: it tells what had happened by then, and its cost is that of the attempts before. Whatever
is known at the end is in `/v1/costs?call_id=`.
"""

from collections.abc import Sequence

from ..money import usd_from_pico
from .seen import Seen

__all__ = ["call_headers", "trace_line"]

TRACE_CHARS_MAX = 2000


def call_headers(seen: Seen, left_out: Sequence[str] = ()) -> list[tuple[str, str]]:
    """
    x-llmsim-call-id        the id in the ledger, the costs and the logs
    x-llmsim-provider       whose answer it is (or who was asked last)
    x-llmsim-model          the target's model
    x-llmsim-attempts       upstream requests so far
    x-llmsim-attempts-trace each ended one: provider/model outcome status
    x-llmsim-cost-usd       exact, all ended attempts together
    x-llmsim-overhead-ms    time that was no provider's
    x-llmsim-left-out       fields of the request that nobody was sent
    """
    provider, model = seen.asked
    found = [
        ("x-llmsim-call-id", seen.call_id),
        ("x-llmsim-provider", provider),
        ("x-llmsim-model", model),
        ("x-llmsim-attempts", str(seen.attempts)),
        ("x-llmsim-attempts-trace", trace_line(seen)),
        ("x-llmsim-cost-usd", f"{usd_from_pico(seen.cost_pico):f}"),
        ("x-llmsim-overhead-ms", f"{1000 * seen.overhead_s():.3f}"),
        ("x-llmsim-left-out", ", ".join(dict.fromkeys(left_out))),
    ]
    return [(name, _ascii(value)) for name, value in found if value]


def trace_line(seen: Seen) -> str:
    told = (
        f"{a.provider}/{a.model} {a.outcome}" + (f" {a.status}" if a.status else "")
        for a in seen.ended
    )
    return "; ".join(told)


def _ascii(value: str) -> str:
    """Names may be anybody's: no line end and no byte that a header cannot hold."""
    plain = value.encode("ascii", "replace").decode()
    return "".join(c if c.isprintable() else "?" for c in plain)[:TRACE_CHARS_MAX]
