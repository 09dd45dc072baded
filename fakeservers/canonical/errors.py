"""The errors that a provider answers with, and the exception that carries one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

__all__ = [
    "ApiError",
    "ErrorKind",
    "Rejected",
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
    "not_found",
    "invalid",
    "context_window",  # the prompt, or what is asked for with it, is longer than the model reads
    "output_limit",  # more output is asked for than the model writes
    "capability",  # the model cannot do what `code` names
    "overloaded",
    "unmatched",  # no rule of the script is for this request
    "script",  # the script itself failed
    "internal",
]


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
    provider has such a place. `tokens` belongs to the kinds `context_window` and `output_limit`.
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
    tokens: TokenLimit | None = None


class Rejected(Exception):
    """Raised while a request is read or answered; carries the error to answer with."""

    def __init__(self, error: ApiError) -> None:
        super().__init__(f"{error.status} {error.kind}: {error.message or error.subject}")
        self.error = error
