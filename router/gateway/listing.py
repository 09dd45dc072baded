"""The names that may be asked for, as each vendor's SDK lists models. Nothing of answers.

Forms as in openai 3.54 (`types/model.py`), anthropic 2.12 (`types/model_info.py`, `pagination.py`),
google-genai 3.4 (`models.py`) and ollama 0.6 (`_types.py`, ListResponse). What a name stands for is
the router's affair, so that limits, sizes and dates of a model are not told.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

__all__ = ["listed", "model"]

Entry = Mapping[str, Any]


def model(wire: str, name: str, since_s: float) -> Entry:
    """One model; `since_s` is wall time."""
    return _ENTRIES[wire](name, since_s)


def listed(wire: str, names: Iterable[str], since_s: float) -> dict[str, Any]:
    """All of them, on one page."""
    entries = [model(wire, name, since_s) for name in names]
    match wire:
        case "anthropic":
            ends = {"first_id": entries[0]["id"], "last_id": entries[-1]["id"]} if entries else {}
            return {"data": entries, "has_more": False, **ends}
        case "gemini" | "ollama":
            return {"models": entries}
    return {"object": "list", "data": entries}


def _openai(name: str, since_s: float) -> Entry:
    return {"id": name, "object": "model", "created": int(since_s), "owned_by": "llmsim"}


def _anthropic(name: str, since_s: float) -> Entry:
    return {
        "type": "model",
        "id": name,
        "display_name": name,
        "created_at": _rfc3339(since_s),
        "lifecycle": "active",
    }


def _gemini(name: str, since_s: float) -> Entry:
    methods = ["generateContent", "streamGenerateContent"]
    return {"name": f"models/{name}", "displayName": name, "supportedGenerationMethods": methods}


def _ollama(name: str, since_s: float) -> Entry:
    return {"name": name, "model": name, "modified_at": _rfc3339(since_s)}


_ENTRIES: Mapping[str, Callable[[str, float], Entry]] = {
    "anthropic": _anthropic,
    "gemini": _gemini,
    "ollama": _ollama,
    "openai": _openai,
}


def _rfc3339(wall_s: float) -> str:
    return datetime.fromtimestamp(int(wall_s), UTC).isoformat().replace("+00:00", "Z")
