"""What an ended attempt means: the class of an answer that came, and what a failed one cost.

Pure. Vendors' errors are classified by their clients; here are the classes that any 200 may be,
and the column "settle" of the decision table.
"""

from dataclasses import replace

from .accounting import RateCard
from .errors import ERROR_CLASSES, ErrorClassName
from .types import Basis, Certainty, LLMRequest, LLMResponse, Usage

__all__ = ["bill", "shortcoming"]


def shortcoming(response: LLMResponse) -> ErrorClassName | None:
    """The class of a response that ended otherwise than by being said; None if all is well."""
    match response.finish_reason:
        case "content_filter" | "refusal" | "length" as reason:
            return reason
        case _:
            return None if response.text or response.tool_calls else "empty"


def bill(
    card: RateCard,
    request: LLMRequest,
    *,
    outcome: str,
    certainty: Certainty,
    usage: Usage | None,
    usage_final: bool,
    written: str,
) -> tuple[Usage | None, int, Basis]:
    """(usage, pico-dollars, how that is known) of an attempt that ended with `outcome`.

    `written` is all that the model is known to have written. What the vendor told beforehand is
    never lowered by an estimate.
    """
    row = ERROR_CLASSES.get(outcome)
    settle = row.settle if row else "exact" if outcome == "ok" else "seen"
    if settle == "void" or certainty == "not_sent":
        return None, 0, "void"
    if usage is not None and usage_final and settle != "input":
        return usage, card.cost(usage), "exact"
    guess = card.partial(request, output_text="" if settle == "input" else written)
    if usage is not None:
        guess = replace(
            usage if usage.input_total else guess, output=max(guess.output, usage.output)
        )
    return guess, card.cost(guess), "estimated"
