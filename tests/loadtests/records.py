"""Records and scenarios as tests need them: everything given, nothing run."""

from typing import Any

from loadtests.records import Record
from loadtests.scenario import Scenario, load_scenario

__all__ = ["attempt", "brownout", "record"]


def record(number: int = 1, sent_s: float = 0.0, **given: Any) -> Record:
    told: dict[str, Any] = {
        "kind": "chat",
        "due_s": sent_s,
        "took_s": 0.5,
        "outcome": "ok",
        "provider": "claude",
        "attempts": 1,
        "extra": {"call_id": f"call-{number}"},
    }
    return Record(number=number, sent_s=sent_s, **(told | given))


def attempt(number: int = 1, provider: str = "claude", **given: Any) -> dict[str, Any]:
    """A line of the ledger."""
    told: dict[str, Any] = {
        "call_id": f"call-{number}",
        "at_s": 0.0,
        "provider": provider,
        "model": "m",
        "outcome": "ok",
        "certainty": "response_started",
        "amount_pico": 1_000_000,
        "basis": "exact",
        "won": True,
        "usage": {"input": 10, "output": 5},
    }
    return told | given


def brownout() -> Scenario:
    """Claude fails from 20 to 40 of 60 seconds; the budget is a quarter of a dollar."""
    return load_scenario("brownout")
