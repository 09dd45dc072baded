"""How a call that failed is told: the error with its attempts, its plan and its first cause.

Only words and the choice of the exception. Messages name targets and classes; they never hold a
vendor's body, a prompt or a key.
"""

from .clients.base import ProviderFailure
from .envelope import Envelope, Failed
from .errors import (
    AllAttemptsFailed,
    BudgetExceeded,
    CallFailed,
    DeadlineExceeded,
    NoTarget,
    StreamInterrupted,
)
from .types import LLMResponse

__all__ = ["deadline_error", "final_error", "interrupted", "over_budget"]


def final_error(env: Envelope, reason: str) -> CallFailed:
    """Nothing is left to try, for `reason`."""
    if env.refused_budget is not None:
        return over_budget(env, env.refused_budget)
    if not env.failed:
        return NoTarget(
            f"no target can take this call: {_refusals(env) or reason}",
            plan=env.plan,
            cause_class="no_target",
        )
    cause = _primary(env)
    told = "\n".join(f"  {a.index}. {a.target}: {a.outcome} {a.message}" for a in env.attempts)
    error = AllAttemptsFailed(
        f"{cause.endpoint.target.id} failed with {_told(cause.failure)}; {reason}."
        f" {len(env.attempts)} attempts cost ${_usd(env)}:\n{told}",
        attempts=env.attempts,
        plan=env.plan,
        cause_class=cause.failure.error_class,
    )
    error.__cause__ = cause.failure
    return error


def over_budget(env: Envelope, error: BudgetExceeded) -> BudgetExceeded:
    """The budget's refusal, with what was tried before; its cause is the failure before it."""
    told = BudgetExceeded(
        scope=error.scope,
        limit=error.limit,
        posted=error.posted,
        held=error.held,
        need=error.need,
        resets_at=error.resets_at,
        mode=error.mode,
        attempts=env.attempts,
        plan=env.plan,
    )
    told.__cause__ = env.failed[-1].failure if env.failed else error.__cause__
    return told


def deadline_error(env: Envelope) -> DeadlineExceeded:
    budget_s = env.deadline_s - env.started_s
    last = f"; before that {_told(env.failed[-1].failure)}" if env.failed else ""
    error = DeadlineExceeded(
        f"no answer within the call's deadline of {budget_s:g} s, after {len(env.attempts)}"
        f" attempts{last}. Give it longer with deadline_s, or targets a ttft_s and an alternative.",
        attempts=env.attempts,
        plan=env.plan,
        cause_class="deadline",
    )
    error.__cause__ = env.failed[-1].failure if env.failed else None
    return error


def interrupted(env: Envelope, partial: LLMResponse, cause: ProviderFailure | None) -> CallFailed:
    """A stream failed after its beginning was shown; `cause` None is the call's deadline."""
    told = _told(cause) if cause else "the call's deadline"
    error = StreamInterrupted(
        f"the stream broke off after {len(partial.text)} characters: {told}. What came is in"
        " `partial`; StreamPolicy(mode='restart') would start anew elsewhere.",
        partial=partial,
        attempts=env.attempts,
        plan=env.plan,
        cause_class=cause.error_class if cause else "deadline",
    )
    error.__cause__ = cause
    return error


def _primary(env: Envelope) -> Failed:
    """The last failure of the best-ranked target among those that failed."""
    rank = {endpoint.target.id: place for place, endpoint in enumerate(env.endpoints)}
    best = min(env.failed, key=lambda f: rank.get(f.endpoint.target.id, len(rank)))
    return [f for f in env.failed if f.endpoint.target.id == best.endpoint.target.id][-1]


def _refusals(env: Envelope) -> str:
    return "; ".join(f"{passed.target.id} {passed.refused}" for passed in env.plan.skipped)


def _told(failure: ProviderFailure) -> str:
    status = f" {failure.status}" if failure.status else ""
    return f"{failure.error_class}{status} ({failure.message or 'no message'})"


def _usd(env: Envelope) -> str:
    return f"{sum(attempt.cost for attempt in env.attempts):f}"
