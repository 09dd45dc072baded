"""What several of these tests ask of an answer."""

from typing import Any

from pydantic import BaseModel

__all__ = ["unknown_fields"]


def unknown_fields(value: Any, at: str = "") -> list[str]:
    """Where a parsed answer holds what the SDK's types do not have."""
    if isinstance(value, list):
        return [name for item in value for name in unknown_fields(item, f"{at}[]")]
    if not isinstance(value, BaseModel):
        return []
    found = [f"{at}.{name}" for name in value.model_extra or ()]
    for name in type(value).model_fields:
        found += unknown_fields(getattr(value, name), f"{at}.{name}")
    return found
