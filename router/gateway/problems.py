"""From an exception to the Problem that the caller is told: status, words, whether to try again.

Words name providers and models, never addresses, keys or prompts. The form of the error is the
wire's.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress

from ..errors import (
    BudgetExceeded,
    CallFailed,
    LedgerUnavailable,
    NoTarget,
    RouterError,
    UnknownPrice,
    UnknownProvider,
)
from ..options import read_keywords
from ..router import LLMRouter
from ..routing.planner import make_plan
from ..types import Attempt, Candidate, LLMRequest
from .values import BadRequest, Problem

__all__ = ["problem_of", "waits_s"]

_STATUS: Mapping[str, int] = {
    "bad_request": 400,
    "content_policy": 400,
    "context_window": 400,
    "unsupported": 400,
    "refusal": 400,
    "content_filter": 400,
    "length": 400,
    "budget": 402,
    "not_found": 404,
    "rate_limit": 429,
    "quota": 429,
    "overloaded": 503,
    "no_target": 503,
    "gateway_timeout": 504,
    "timeout_ttft": 504,
    "timeout_total": 504,
    "timeout_idle": 504,
    "deadline": 504,
}
"""The upstream's other failures (connections, 5xx, keys, unreadable answers) are a bad gateway."""

_HOPELESS = frozenset(
    {"auth", "permission", "billing", "quota", "not_found", "budget", "bad_request", "unsupported",
     "content_policy", "context_window", "refusal", "content_filter", "length"}
)  # fmt: skip
"""The same request would fail the same way."""


def problem_of(
    error: BaseException,
    router: LLMRouter,
    request: LLMRequest | None = None,
    keywords: "Mapping[str, object] | None" = None,
) -> Problem:
    """The problem that an exception is; `request` and `keywords` are what was asked, if anything
    was. An exception that is none of the router's is told as an internal error, without words."""
    match error:
        case BadRequest():
            return Problem(
                kind=error.kind, status=error.status, message=str(error), param=error.param
            )
        case BudgetExceeded():
            until = error.resets_at
            return Problem(
                kind="budget",
                status=402,
                message=str(error),
                retry_after_s=until.timestamp() - router.clock.wall() if until else None,
                attempts=error.attempts,
            )
        case NoTarget():
            return _no_target(error, router, request, keywords or {})
        case CallFailed():
            return _failed(error, router)
        case UnknownProvider():
            return Problem(kind="not_found", status=404, message=str(error), param="model")
        case UnknownPrice():
            return Problem(kind="configuration", status=500, message=str(error))
        case LedgerUnavailable():
            text = "the store of budgets cannot be reached, and its limits fail closed"
            return Problem(kind="ledger", status=503, message=text, retryable=True)
        case RouterError() | ValueError() | TypeError():
            return Problem(kind="bad_request", status=400, message=str(error))
    return Problem(kind="internal", status=500, message="the gateway failed; its log says how")


def _failed(error: CallFailed, router: LLMRouter) -> Problem:
    kind = error.cause_class or "server"
    status = _STATUS.get(kind, 502)
    told = _told(error.attempts)
    if kind == "deadline":
        told = f"no answer within the call's deadline; {told}"
    return Problem(
        kind=kind,
        status=status,
        message=told,
        retryable=kind not in _HOPELESS,
        retry_after_s=waits_s(error.attempts, router) if status in (429, 502, 503) else None,
        attempts=error.attempts,
    )


def _told(attempts: Sequence[Attempt]) -> str:
    """The attempts in words, the last failure of each target."""
    if not attempts:
        return "nobody was asked"
    last = {(a.provider, a.model): a for a in attempts if a.outcome != "ok"}
    told = "; ".join(
        f"{provider}/{model}: {a.outcome}" + (f" ({a.message})" if a.message else "")
        for (provider, model), a in last.items()
    )
    return f"{len(attempts)} attempts failed: {told}"


def waits_s(attempts: Sequence[Attempt], router: LLMRouter) -> float | None:
    """How long until the first of these targets may be asked again, if they all named a time."""
    last = {a.target: a.not_before_s for a in attempts}
    moments = [moment for moment in last.values() if moment is not None]
    if not moments or len(moments) < len(last):
        return None
    return max(0.0, min(moments) - router.clock.now())


def _no_target(
    error: NoTarget,
    router: LLMRouter,
    request: LLMRequest | None,
    keywords: "Mapping[str, object]",
) -> Problem:
    """Nobody was asked: because nobody ever could (400), or nobody can just now (503)."""
    skipped = error.plan.skipped if error.plan else ()
    told = "; ".join(_refused(candidate) for candidate in skipped)
    message = f"no target can take this call: {told}" if told else str(error)
    if request is not None and skipped and not _suited(router, request, keywords):
        too_long = all("over its window" in candidate.refused for candidate in skipped)
        kind = "context_window" if too_long else "unsupported"
        return Problem(kind=kind, status=400, message=message)
    return Problem(kind="no_target", status=503, message=message, retryable=True)


def _refused(candidate: Candidate) -> str:
    return f"{candidate.target.provider}/{candidate.target.model} {candidate.refused}"


def _suited(router: LLMRouter, request: LLMRequest, keywords: "Mapping[str, object]") -> bool:
    """Whether any target could take it at another time."""
    with suppress(RouterError):
        options, _ = read_keywords(keywords)
        planned = make_plan(
            router.setup, router.state, request, options, now_s=router.clock.now(), streamed=False
        )
        return bool(planned.endpoints)
    return True
