"""What is held within each call that is under way: for limits that end with their call.

What belongs here: the call's own budget and the account of a task without a name, which is the
call. All attempts of a call run in one process, so no ledger has to keep them, and nothing of them
is left when the call is over. What must not: limits of more than one call.
"""

from ..accounting import Claim
from ..ledger.base import Scope, ScopeSummary

__all__ = ["OpenCalls"]


class OpenCalls:
    """The holds of the attempts under way, by call: never more than those."""

    def __init__(self) -> None:
        self._holds: dict[str, dict[str, int]] = {}

    def take(self, claim: Claim, amount_pico: int) -> None:
        """An attempt holds the amount within its call, in place of what it held there before."""
        self._holds.setdefault(claim.call_id, {})[claim.hold_id] = amount_pico

    def leave(self, claim: Claim) -> None:
        """An attempt holds nothing any more; leaving twice is nothing."""
        holds = self._holds.get(claim.call_id)
        if holds is not None:
            holds.pop(claim.hold_id, None)
            if not holds:
                del self._holds[claim.call_id]

    def summary(self, claim: Claim, scope: Scope) -> ScopeSummary:
        """Where an account of the claim's call stands without the claim itself."""
        holds = self._holds.get(claim.call_id, {})
        held = sum(amount for hold_id, amount in holds.items() if hold_id != claim.hold_id)
        return ScopeSummary(scope=scope, posted_pico=claim.spent_pico, held_pico=held)
