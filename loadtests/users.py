"""What users ask: a chat in one piece, a streamed chat, an agent that calls a tool and goes on.

Each takes a planned request and yields the calls that it makes, one record each. Nothing here
decides when; Locust's user class is in `locustfile.py`.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .plan import Planned
from .records import Record, record_of
from .talk import Heard, Line

__all__ = ["AGENT_TURNS_MAX", "BEHAVIOURS", "Caller", "monotonic_since"]

AGENT_TURNS_MAX = 4
TOOL = {
    "type": "function",
    "function": {
        "name": "look_up",
        "description": "Looks something up.",
        "parameters": {
            "type": "object",
            "properties": {"what": {"type": "string"}},
            "required": ["what"],
        },
    },
}
MODEL = "auto"


class Caller:
    """One user's calls: sends them by its line, and stamps them with the scenario's time."""

    def __init__(self, line: Line, now_s: Callable[[], float], model: str = MODEL) -> None:
        self._line = line
        self._now_s = now_s
        self._model = model

    def perform(self, planned: Planned) -> Iterator[Record]:
        """The calls of one planned request."""
        yield from BEHAVIOURS[planned.kind](self, planned)

    def ask(
        self, planned: Planned, messages: list[dict[str, Any]], **more: Any
    ) -> tuple[Heard, float]:
        body = {
            "model": self._model,
            "messages": messages,
            "max_tokens": planned.max_tokens,
            **more,
        }
        sent_s = self._now_s()
        return self._line.ask(body), sent_s


def chat(caller: Caller, planned: Planned) -> Iterator[Record]:
    heard, sent_s = caller.ask(planned, _said(planned))
    yield _record(planned, heard, sent_s)


def stream(caller: Caller, planned: Planned) -> Iterator[Record]:
    options = {"stream": True, "stream_options": {"include_usage": True}}
    heard, sent_s = caller.ask(planned, _said(planned), **options)
    yield _record(planned, heard, sent_s)


def agent(caller: Caller, planned: Planned) -> Iterator[Record]:
    """Calls a tool, gives its result, and so on until the model has said something."""
    messages = _said(planned)
    for turn in range(1, AGENT_TURNS_MAX + 1):
        choice = "required" if turn == 1 else "auto"
        heard, sent_s = caller.ask(planned, messages, tools=[TOOL], tool_choice=choice)
        calls = heard.message.get("tool_calls") or []
        last = not calls or turn == AGENT_TURNS_MAX
        yield _record(planned, heard, sent_s, turn=turn, last=last)
        if last:
            return
        messages += [
            {"role": "assistant", "content": heard.message.get("content"), "tool_calls": calls},
            *({"role": "tool", "tool_call_id": c["id"], "content": "Nothing."} for c in calls),
        ]


BEHAVIOURS: Mapping[str, Callable[[Caller, Planned], Iterator[Record]]] = {
    "agent": agent,
    "chat": chat,
    "stream": stream,
}


def _said(planned: Planned) -> list[dict[str, Any]]:
    return [{"role": "user", "content": planned.prompt}]


def _record(
    planned: Planned, heard: Heard, sent_s: float, *, turn: int = 1, last: bool = True
) -> Record:
    told: dict[str, Any] = {
        "number": planned.number,
        "kind": planned.kind,
        "turn": turn,
        "last": last,
        # A later turn of a conversation is due as soon as the one before it is answered.
        "due_s": planned.due_s if turn == 1 else sent_s,
        "sent_s": sent_s,
        "headers_s": heard.headers_s,
        "ttft_s": heard.ttft_s,
        "took_s": heard.took_s,
        "gaps_s": [round(gap, 6) for gap in heard.gaps_s],
        "outcome": heard.outcome,
        "status": heard.status,
        "error": heard.error,
        "input_tokens": heard.usage.get("prompt_tokens", 0),
        "output_tokens": heard.usage.get("completion_tokens", 0),
    }
    return record_of(told | heard.told)


def monotonic_since(begun_s: float) -> Callable[[], float]:
    """The seconds since a reading of the performance counter."""
    return lambda: time.perf_counter() - begun_s
