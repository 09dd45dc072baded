"""Fake servers that speak the APIs of Claude, OpenAI, Gemini and Ollama over real HTTP.

    with FakeServers() as llmsim:
        llmsim.claude.on(prompt="capital of France").replies("Paris.")

Usable from pytest, unittest, a REPL or a shell; knows nothing of pytest or of the router.
"""

from .api import FakeServers, Unverified
from .behaviour.faults import http_error, overloaded, rate_limited
from .behaviour.matching import Match
from .behaviour.replies import raw, refusal, reply, structured, text, thinking, tool_call
from .behaviour.scenario import Rule, Scenario, Script, TokenCounts
from .errors import LlmsimError, ScriptError, StartError
from .evidence.journal import Exchange
from .handle import FakeProvider, RuleBuilder
from .hooks import hookimpl
from .serving.server import ServerThread
from .virtual.errors import DeadlockError, LivelockError, RealNetworkError, SimulationError
from .virtual.windows import FaultWindow
from .virtual.world import Simulation, simulate

__all__ = [
    "DeadlockError",
    "Exchange",
    "FakeProvider",
    "FakeServers",
    "FaultWindow",
    "LivelockError",
    "LlmsimError",
    "Match",
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
    "hookimpl",
    "http_error",
    "overloaded",
    "rate_limited",
    "raw",
    "refusal",
    "reply",
    "simulate",
    "structured",
    "text",
    "thinking",
    "tool_call",
]
