"""The response object: what a request asked for, repeated with its defaults, and what came of it.

Field order, presence and defaults as recorded up to August 2026; `billing` stands only in
answers that are not streamed.
"""

from collections.abc import Mapping
from typing import Any

from ....canonical import ChatRequest, CompletionResult, Finish, Usage
from ...base import Stamp
from ...reading import Reader
from ..errors import WORDING
from ..moderations import judgements
from .echo import format_echo, tool_echo
from .families import Family, family
from .items import Item
from .request import offered

__all__ = ["in_progress", "response", "usage", "without_billing"]

TIERS = {"fast": "priority"}
SERVED_TIERS = frozenset({"flex", "priority", "ultrafast"})
INCOMPLETE: Mapping[Finish, str] = {
    "length": "max_output_tokens",
    "content_filter": "content_filter",
}


def response(
    request: ChatRequest, result: CompletionResult, output: list[Item], id: str, stamp: Stamp
) -> dict[str, Any]:
    """The finished response."""
    raw: Mapping[str, Any] = request.raw
    known = family(request.model)
    cut = INCOMPLETE.get(result.reply.finish)
    ended = int(stamp.now_s + stamp.elapsed_ms / 1000)
    return {
        "id": id,
        "object": "response",
        "created_at": int(stamp.now_s),
        "status": "incomplete" if cut else "completed",
        "background": raw.get("background") is True,
        "billing": {"payer": "developer"},
        "completed_at": None if cut else ended,
        **_conversation(raw.get("conversation")),
        "error": None,
        "frequency_penalty": _number(raw.get("frequency_penalty"), 0.0),
        "incomplete_details": {"reason": cut} if cut else None,
        "instructions": raw.get("instructions"),
        "max_output_tokens": request.max_tokens,
        "max_tool_calls": raw.get("max_tool_calls"),
        "model": result.model,
        "moderation": judgements(request, result),
        "output": output,
        "parallel_tool_calls": request.parallel_tool_calls,
        "presence_penalty": _number(raw.get("presence_penalty"), 0.0),
        "previous_response_id": request.previous_id,
        **({"prompt": raw["prompt"]} if raw.get("prompt") else {}),
        "prompt_cache_key": raw.get("prompt_cache_key"),
        "prompt_cache_retention": raw.get("prompt_cache_retention") or known.cache_retention,
        "reasoning": _reasoning(raw.get("reasoning") or {}, known),
        "safety_identifier": raw.get("safety_identifier"),
        "service_tier": _tier(raw.get("service_tier")),
        "store": raw.get("store") is not False,
        "temperature": _number(raw.get("temperature"), 1.0),
        "text": format_echo(raw.get("text") or {}),
        "tool_choice": raw.get("tool_choice") or "auto",
        "tool_usage": _tool_usage(),
        "tools": [tool_echo(tool.value) for tool in offered(Reader.of(raw, WORDING, strict=False))],
        "top_logprobs": int(raw.get("top_logprobs") or 0),
        "top_p": _number(raw.get("top_p"), known.top_p),
        "truncation": raw.get("truncation") or "disabled",
        "usage": usage(result.usage),
        "user": raw.get("user"),
        "metadata": raw.get("metadata") or {},
    }


def without_billing(response: Mapping[str, Any]) -> dict[str, Any]:
    """The response as the events of a stream carry it."""
    return {key: value for key, value in response.items() if key != "billing"}


def in_progress(response: Mapping[str, Any], status: str, tier: str | None) -> dict[str, Any]:
    """The response as it stood when it had just begun; `tier` is the one asked for."""
    return {
        **without_billing(response),
        "status": status,
        "completed_at": None,
        "incomplete_details": None,
        "moderation": None,
        "output": [],
        "service_tier": tier or "auto",
        "usage": None,
    }


def _conversation(given: Any) -> dict[str, Any]:
    if given is None:
        return {}
    return {"conversation": {"id": given if isinstance(given, str) else given.get("id")}}


def _reasoning(given: Mapping[str, Any], known: Family) -> dict[str, Any]:
    context, summary = given.get("context"), given.get("summary") or given.get("generate_summary")
    told: dict[str, Any] = {
        "context": known.context if context in (None, "auto") else context,
        "effort": given.get("effort") or known.effort,
    }
    if known.reasoning:
        told["mode"] = given.get("mode") or "standard"
    return {**told, "summary": "detailed" if summary == "auto" else summary}


def _tier(asked: str | None) -> str:
    tier = TIERS.get(asked or "", asked)
    return tier if tier in SERVED_TIERS else "default"


def _number(given: float | None, default: float) -> float:
    return default if given is None else float(given)


def _tool_usage() -> dict[str, Any]:
    """Recorded since June 2026; no tool of OpenAI's own ever runs here."""
    details = {"image_tokens": 0, "text_tokens": 0}
    return {
        "image_gen": {
            "input_tokens": 0,
            "input_tokens_details": details,
            "output_tokens": 0,
            "output_tokens_details": details,
            "total_tokens": 0,
        },
        "web_search": {"num_requests": 0},
    }


def usage(spent: Usage) -> dict[str, Any]:
    """Token counts as this API reports them."""
    return {
        "input_tokens": spent.input_tokens,
        "input_tokens_details": {
            "cache_write_tokens": spent.cache_write_tokens,
            "cached_tokens": spent.cached_tokens,
        },
        "output_tokens": spent.output_tokens,
        "output_tokens_details": {"reasoning_tokens": spent.reasoning_tokens},
        "total_tokens": spent.input_tokens + spent.output_tokens,
    }
