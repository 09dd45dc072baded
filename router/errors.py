"""What can go wrong: the classes of failure as one table, and the errors that a caller sees.

`ERROR_CLASSES` is the decision table: what each class of failure means for the same target, the
next one, the breaker and the money. The engine looks things up here and has no ifs of its own.
What a client raises (`ProviderFailure`) is in `clients/base.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from .money import usd_from_pico

if TYPE_CHECKING:
    from rich.console import Group

    from .types import Attempt, LLMResponse, Plan

__all__ = [
    "ERROR_CLASSES",
    "AllAttemptsFailed",
    "BudgetExceeded",
    "CallFailed",
    "ConfigError",
    "DeadlineExceeded",
    "ErrorClass",
    "ErrorClassName",
    "LedgerUnavailable",
    "NoTarget",
    "RouterError",
    "StreamInterrupted",
    "UnknownPrice",
    "UnknownProvider",
]

ErrorClassName = Literal[
    "connect",
    "reset_early",
    "timeout_ttft",
    "timeout_total",
    "timeout_idle",
    "stream_cut",
    "stream_inband",
    "protocol_bad",
    "rate_limit",
    "quota",
    "billing",
    "overloaded",
    "server",
    "gateway_timeout",
    "auth",
    "permission",
    "not_found",
    "context_window",
    "content_policy",
    "refusal",
    "content_filter",
    "length",
    "empty",
    "bad_request",
    "unsupported",
]
Retry = Literal["no", "backoff", "once", "retry_after", "duplicate_once"]
Next = Literal["yes", "no", "if_alternative", "larger_window", "opt_in", "capable", "other_key"]
Breaker = Literal["failure", "slow", "neutral", "success", "limit", "key_dead", "misconfigured"]
Settle = Literal["void", "input", "seen", "exact"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorClass:
    """One line of the decision table, for a failure before anything was shown to the caller.

    `retry` the same target: no; backoff (up to the policy's number); once; retry_after (only
    when nothing else is healthy and the wait is short); duplicate_once (the vendor may have
    accepted it: only where paying twice is allowed).
    `next` target: yes; no; if_alternative; larger_window; opt_in (named in the policy); capable;
    other_key (first another key of the same provider, then another target).
    `settle`: void (free), input (the prompt is taken as billed), seen (prompt and what came),
    exact (the usage that the vendor told).
    """

    name: ErrorClassName
    retry: Retry
    next: Next
    breaker: Breaker
    settle: Settle


_TABLE = (
    # class            retry             next              breaker          settle
    ("connect", "backoff", "yes", "failure", "void"),
    ("reset_early", "duplicate_once", "yes", "failure", "input"),
    ("timeout_ttft", "no", "if_alternative", "slow", "input"),
    ("timeout_total", "no", "yes", "failure", "input"),
    ("timeout_idle", "once", "yes", "failure", "seen"),
    ("stream_cut", "once", "yes", "failure", "seen"),
    ("stream_inband", "once", "yes", "failure", "seen"),
    ("protocol_bad", "once", "yes", "failure", "seen"),
    ("rate_limit", "retry_after", "yes", "limit", "void"),
    ("quota", "no", "other_key", "key_dead", "void"),
    ("billing", "no", "other_key", "key_dead", "void"),
    ("overloaded", "once", "yes", "failure", "void"),
    ("server", "backoff", "yes", "failure", "void"),
    ("gateway_timeout", "backoff", "yes", "failure", "input"),
    ("auth", "no", "other_key", "key_dead", "void"),
    ("permission", "no", "other_key", "key_dead", "void"),
    ("not_found", "no", "yes", "misconfigured", "void"),
    ("context_window", "no", "larger_window", "neutral", "void"),
    ("content_policy", "no", "opt_in", "neutral", "void"),
    ("refusal", "no", "opt_in", "success", "exact"),
    ("content_filter", "no", "opt_in", "success", "exact"),
    ("length", "no", "opt_in", "success", "exact"),
    ("empty", "once", "yes", "failure", "exact"),
    ("bad_request", "no", "no", "neutral", "void"),
    ("unsupported", "no", "capable", "neutral", "void"),
)
ERROR_CLASSES: MappingProxyType[str, ErrorClass] = MappingProxyType(
    {
        name: ErrorClass(name=name, retry=retry, next=next_, breaker=breaker, settle=settle)  # type: ignore[arg-type]
        for name, retry, next_, breaker, settle in _TABLE
    }
)


class RouterError(Exception):
    """Base of every error that the router raises at its user."""


class ConfigError(RouterError, ValueError):
    """The configuration is wrong; `where` names the file, the key and the line."""

    def __init__(self, problem: str, *, where: str = "") -> None:
        super().__init__(f"{where}: {problem}" if where else problem)
        self.problem = problem
        self.where = where


class UnknownProvider(ConfigError, LookupError):
    """A name that no provider has; the message tells those there are and the nearest."""


class UnknownPrice(ConfigError, LookupError):
    """A model whose price nobody knows. Raised when it is configured, before any money moves."""


class LedgerUnavailable(RouterError):
    """The store of budgets cannot be reached, and the scope fails closed."""


class CallFailed(RouterError):
    """Base of the errors of one call: which attempts there were, and the plan they followed."""

    def __init__(
        self,
        message: str,
        *,
        attempts: "Sequence[Attempt]" = (),
        plan: "Plan | None" = None,
        cause_class: str = "",
    ) -> None:
        super().__init__(message)
        self.attempts = tuple(attempts)
        self.plan = plan
        self.cause_class = cause_class

    @property
    def cost(self) -> Decimal:
        """What the call cost in US dollars although it failed."""
        return usd_from_pico(sum(attempt.cost_pico for attempt in self.attempts))

    def __rich__(self) -> "Group":
        from rich.console import Group

        from .observation.trace import attempts_table

        return Group(str(self), attempts_table(self.attempts, self.plan))


class AllAttemptsFailed(CallFailed):
    """Nothing answered. The cause is the last failure of the best-ranked target."""


class NoTarget(CallFailed):
    """No target could be asked at all; the message says of each why not."""


class DeadlineExceeded(CallFailed, TimeoutError):
    """The call's deadline came before an answer."""


class BudgetExceeded(CallFailed):
    """A budget does not admit the call. Amounts are exact US dollars.

    `resets_at` is when the scope's window ends, None if it has none. `mode` is the scope's own;
    "downgrade" lets the router go on to a target that costs no more than `limit - posted - held`.
    """

    def __init__(
        self,
        *,
        scope: str,
        limit: Decimal,
        posted: Decimal,
        held: Decimal,
        need: Decimal,
        resets_at: datetime | None = None,
        mode: str = "strict",
        attempts: "Sequence[Attempt]" = (),
        plan: "Plan | None" = None,
    ) -> None:
        free = max(limit - posted - held, Decimal(0))
        when = f"; it resets at {resets_at.isoformat()}" if resets_at else ""
        super().__init__(
            f"budget {scope!r} does not admit this call: it may cost up to ${need:f} and"
            f" ${free:f} of ${limit:f} is free (${posted:f} spent, ${held:f} held){when}."
            " Lower max_tokens, raise the limit, or set the budget's mode to 'downgrade'.",
            attempts=attempts,
            plan=plan,
            cause_class="budget",
        )
        self.scope = scope
        self.limit = limit
        self.posted = posted
        self.held = held
        self.need = need
        self.resets_at = resets_at
        self.mode = mode


class StreamInterrupted(CallFailed):
    """A stream failed after something of it was shown. `partial` is what came, without a finish
    reason; its usage is an estimate unless the vendor had told it."""

    def __init__(
        self,
        message: str,
        *,
        partial: "LLMResponse",
        attempts: "Sequence[Attempt]" = (),
        plan: "Plan | None" = None,
        cause_class: str = "",
    ) -> None:
        super().__init__(message, attempts=attempts, plan=plan, cause_class=cause_class)
        self.partial = partial
