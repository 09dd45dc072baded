"""GET /v1/models and /v1/models/{id}: the catalogue in Anthropic's form, page by page.

Shape of the items from the types of the anthropic SDK 2.12 (`ModelInfo`).
"""

from datetime import UTC, datetime
from typing import Any

from ...canonical import ResourceRequest, ResourceResult
from ..base import Answer, HttpRequest, Stamp
from ..framing import json_bytes
from .headers import JSON, answer_headers, request_id
from .paging import page, page_size

__all__ = ["ListModels", "RetrieveModel"]


class ListModels:
    """GET /v1/models, newest first; `limit`, `before_id` and `after_id` choose the page."""

    def parse(self, http: HttpRequest) -> ResourceRequest:
        query = dict(http.query)
        if http.validates:
            page_size(query)
        return ResourceRequest(
            provider="claude",
            endpoint="models.list",
            collection="models",
            action="list",
            raw=query,
        )

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        shown, has_more = page(result.items, request.raw)
        body = {
            "data": [_model(item) for item in shown],
            "first_id": shown[0].id if shown else None,
            "has_more": has_more,
            "last_id": shown[-1].id if shown else None,
        }
        headers = answer_headers(JSON, request_id(stamp), stamp)
        return Answer(headers=headers, body=json_bytes(body))


class RetrieveModel:
    """GET /v1/models/{id}; the id may be an alias."""

    def parse(self, http: HttpRequest) -> ResourceRequest:
        return ResourceRequest(
            provider="claude",
            endpoint="models.retrieve",
            collection="models",
            action="get",
            id=http.params["id"],
        )

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        headers = answer_headers(JSON, request_id(stamp), stamp)
        return Answer(headers=headers, body=json_bytes(_model(result.items[0])))


def _model(model: Any) -> dict[str, Any]:
    return {
        "type": "model",
        "id": model.id,
        "display_name": model.display_name,
        "created_at": _rfc3339(model.created_s),
        "line": model.extra.get("line"),
        "lifecycle": model.extra.get("lifecycle", "active"),
        "deprecated_at": _midnight(model.deprecated_on),
        "retires_at": _midnight(model.retires_on),
        "max_input_tokens": model.context_window,
        "max_tokens": model.max_output_tokens,
        "capabilities": _capabilities(model),
    }


def _capabilities(model: Any) -> dict[str, Any]:
    """What the model can do. Keys as in the SDK's `ModelCapabilities`, all of them present."""
    efforts = model.extra.get("efforts", ())
    kinds = model.extra.get("thinking_types", ("enabled",) if model.thinking else ())
    adaptive = "adaptive" in kinds
    return {
        "batch": _can(True),
        "citations": _can(True),
        "code_execution": _can(model.tools),
        "context_management": {
            "clear_thinking_20251015": _can(model.thinking),
            "clear_tool_uses_20250919": _can(model.tools),
            "compact_20260112": _can(adaptive),
            "supported": bool(model.tools),
        },
        "effort": {
            **{level: _can(level in efforts) for level in ("high", "low", "max", "medium")},
            "supported": bool(efforts),
            "xhigh": _can("xhigh" in efforts),
        },
        "image_input": _can(model.vision),
        "pdf_input": _can(model.vision),
        "server_tools": {
            "code_execution": _can(model.tools),
            "supported": bool(model.tools),
            "web_search": _can(model.tools),
        },
        "structured_outputs": _can(model.json_schema),
        "thinking": {
            "supported": bool(model.thinking),
            "types": {
                "adaptive": _can(adaptive),
                "between_tools": _can(adaptive),
                "disabled": _can(True),
                "enabled": _can("enabled" in kinds),
            },
        },
    }


def _can(supported: object) -> dict[str, bool]:
    return {"supported": bool(supported)}


def _rfc3339(epoch_s: int) -> str:
    return datetime.fromtimestamp(epoch_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _midnight(date: str) -> str | None:
    return f"{date}T00:00:00Z" if date else None
