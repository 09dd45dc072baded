"""A form's fields as the JSON object that the same request would be: texts become the numbers and
flags that a body has. Nothing here knows an endpoint."""

from collections.abc import Mapping
from typing import Any

from ..multipart import Form

__all__ = ["as_body"]

FLAGS: Mapping[str, bool] = {"true": True, "false": False}


def as_body(
    form: Form, *, integers: tuple[str, ...] = (), numbers: tuple[str, ...] = ()
) -> dict[str, Any]:
    """The fields by name, the last value of each. What is no number where one is wanted stays a
    text, for its reader to reject."""
    body: dict[str, Any] = {}
    for name, values in form.fields.items():
        text = values[-1]
        body[name] = text
        if name == "stream":
            body[name] = FLAGS.get(text.lower(), text)
        elif name in integers:
            body[name] = _number(text, int)
        elif name in numbers:
            body[name] = _number(text, float)
    return body


def _number(text: str, kind: type[int] | type[float]) -> Any:
    try:
        return kind(text)
    except ValueError:
        return text
