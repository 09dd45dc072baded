"""Ollama's errors: its table, and how its error body reads: `{"error": "some words"}`.

Source: the messages in Ollama's server/routes.go and server/sched.go.
"""

from typing import Any

from ..failures import ErrorFacts, Rule, Vendor

__all__ = ["VENDOR"]

RULES = (
    Rule(
        error_class="unsupported",
        status=frozenset({400}),
        text=r"does not support (tools|thinking|chat|generate|images|vision|insert)",
    ),
    Rule(
        error_class="context_window",
        text=r"exceeds? (the )?(available |maximum )?context|input length exceeds|prompt too long",
    ),
    Rule(error_class="not_found", text=r"model .+ not found|try pulling it first"),
    Rule(error_class="overloaded", text=r"server busy|maximum pending requests"),
    Rule(error_class="server", text=r"requires more system memory|out of memory"),
)


def read(body: Any) -> ErrorFacts:
    """The words; `/v1` of the same server has OpenAI's form."""
    error = body.get("error") if isinstance(body, dict) else body
    if isinstance(error, dict):
        return ErrorFacts(message=str(error.get("message") or ""))
    return ErrorFacts(message=error if isinstance(error, str) else "")


VENDOR = Vendor(name="ollama", rules=RULES, read=read)
