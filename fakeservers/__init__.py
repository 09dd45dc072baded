"""Fake servers that speak the APIs of Claude, OpenAI, Gemini and Ollama over real HTTP.

    with FakeServers() as llmsim:
        llmsim.claude.on(prompt="capital of France").replies("Paris.")

Usable from pytest, unittest, a REPL or a shell; knows nothing of pytest or of the router.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from . import presets
from .api import FakeServers, Unverified
from .behaviour.failures import (
    content_filtered,
    http_error,
    overloaded,
    quota_exhausted,
    rate_limited,
)
from .behaviour.faults import (
    Fault,
    bad_arguments,
    closes_connection,
    cut,
    duplicate_chunk,
    empty_body,
    error_event,
    finish_by_length,
    garbage,
    html_page,
    line_endings,
    missing_chunk,
    refused,
    reset,
    slow_first_byte,
    split_utf8,
    stall,
    trickle,
    unknown_tool,
    wrong_content_type,
    wrong_length,
)
from .behaviour.matching import Match
from .behaviour.pace import Delay, Pace, lognormal
from .behaviour.replies import raw, refusal, reply, structured, text, thinking, tool_call
from .behaviour.scenario import Rule, Scenario, Script, TokenCounts
from .behaviour.schedule import between, every, ramp
from .errors import LlmsimError, ScriptError, StartError
from .evidence.bill import Bill, BillError, BillLine
from .evidence.journal import Exchange
from .evidence.prices import PricesMissing
from .handle import FakeProvider, RuleBuilder
from .hooks import hookimpl
from .scenario_file import dump_scenario, load_scenario, parse_scenario
from .serving.server import ServerThread

if TYPE_CHECKING:
    from .virtual.errors import DeadlockError, LivelockError, RealNetworkError, SimulationError
    from .virtual.world import Simulation, simulate

__all__ = [
    "Bill",
    "BillError",
    "BillLine",
    "DeadlockError",
    "Delay",
    "Exchange",
    "FakeProvider",
    "FakeServers",
    "Fault",
    "LivelockError",
    "LlmsimError",
    "Match",
    "Pace",
    "PricesMissing",
    "RealNetworkError",
    "Rule",
    "RuleBuilder",
    "Scenario",
    "Script",
    "ScriptError",
    "ServerThread",
    "Simulation",
    "SimulationError",
    "StartError",
    "TokenCounts",
    "Unverified",
    "bad_arguments",
    "between",
    "closes_connection",
    "content_filtered",
    "cut",
    "dump_scenario",
    "duplicate_chunk",
    "empty_body",
    "error_event",
    "every",
    "finish_by_length",
    "garbage",
    "hookimpl",
    "html_page",
    "http_error",
    "line_endings",
    "load_scenario",
    "lognormal",
    "missing_chunk",
    "overloaded",
    "parse_scenario",
    "presets",
    "quota_exhausted",
    "ramp",
    "rate_limited",
    "raw",
    "refusal",
    "refused",
    "reply",
    "reset",
    "simulate",
    "slow_first_byte",
    "split_utf8",
    "stall",
    "structured",
    "text",
    "thinking",
    "tool_call",
    "trickle",
    "unknown_tool",
    "wrong_content_type",
    "wrong_length",
]

_VIRTUAL = {
    "DeadlockError": "errors",
    "LivelockError": "errors",
    "RealNetworkError": "errors",
    "Simulation": "world",
    "SimulationError": "errors",
    "simulate": "world",
}
"""Where what is of virtual time stands: fakes on the machine's clock start without it."""


def __getattr__(name: str) -> Any:
    if name in _VIRTUAL:
        return getattr(import_module(f".virtual.{_VIRTUAL[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
