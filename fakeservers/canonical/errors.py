"""The errors that a provider answers with, and the exception that carries one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

__all__ = [
    "ApiError",
    "ErrorKind",
    "Limited",
    "Metered",
    "Rejected",
    "RetrySyntax",
    "TokenLimit",
]

ErrorKind = Literal[
    "api",  # the status alone tells what it is
    "unknown_route",
    "wrong_method",
    "bad_json",
    "body_too_large",
    "missing_key",
    "unknown_model",
    "retired_model",
    "not_found",
    "not_ended",  # a job is still going
    "invalid",
    "context_window",  # the prompt, or what is asked for with it, is longer than the model reads
    "output_limit",  # more output is asked for than the model writes
    "capability",  # the model cannot do what `code` names
    "overloaded",
    "rate_limited",
    "quota",
    "content_filter",
    "unmatched",  # no rule of the script is for this request
    "script",  # the script itself failed
    "internal",
]


RetrySyntax = Literal["seconds", "date", "ms", "x-ms", "reset", "none"]
"""Retry-After in seconds or as an HTTP date, `retry-after-ms`, `x-ms-retry-after-ms`,
`x-ratelimit-reset-requests` as a Go duration, or nothing."""

Metered = Literal["requests", "tokens", "input_tokens", "output_tokens"]
"""What a rate limit counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limited:
    """The rate limit that a request ran into: `used` of `limit` in `window_s` seconds, and
    `requested` more."""

    metered: Metered
    limit: int
    used: int
    requested: int
    model: str = ""
    window_s: int = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenLimit:
    """How many tokens a request comes to, and how many there may be. `output_tokens` is what the
    request lets the answer take; 0 when the input alone is too long."""

    limit_tokens: int
    input_tokens: int = 0
    output_tokens: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiError:
    """An error that a provider answers with. What is None the provider's wire fills in with
    the true value for this `status` and `kind`.

    `subject` is what the error is about (the unknown model, the path, the method); `param` and
    `code` are the fields of that name in the body; `details` is put into the body where the
    provider has such a place. `retry_after_s` is told in the provider's own way unless
    `retry_syntax` names another; `limited` says which rate limit was hit. `tokens` belongs to
    the kinds `context_window` and `output_limit`.
    """

    status: int
    kind: ErrorKind = "api"
    message: str | None = None
    type: str | None = None
    code: str | None = None
    param: str | None = None
    subject: str = ""
    details: Sequence[Any] | Mapping[str, Any] | None = None
    headers: tuple[tuple[str, str], ...] = ()
    retry_after_s: float | None = None
    retry_syntax: RetrySyntax | None = None
    limited: "Limited | None" = None
    tokens: TokenLimit | None = None


class Rejected(Exception):
    """Raised while a request is read or answered; carries the error to answer with."""

    def __init__(self, error: ApiError) -> None:
        super().__init__(f"{error.status} {error.kind}: {error.message or error.subject}")
        self.error = error
