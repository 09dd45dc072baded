"""Bodies as they stand in a file: JSON set out in lines where its bytes follow from that, text as
it is, base64 for the rest. What is read is, byte by byte, what was written.

A TOML text keeps no carriage returns as they are, and no control characters: a text with them
is written with escapes.
"""

import base64
import binascii
import json
import re
import textwrap
from collections.abc import Callable, Mapping
from typing import Any

import tomli_w

__all__ = ["BODY_KEYS", "compact", "in_line", "in_toml", "read_body", "written_body"]

BODY_KEYS = ("json", "text", "base64")
BASE64_LINE = 76

_LITERAL = re.compile(r"[^\x00-\x08\x0b-\x1f\x7f]*", re.S)


def compact(value: Any) -> bytes:
    """JSON as SDKs and services write it: without a space, without escapes that need not be."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def written_body(body: bytes, *, exactly: bool = True) -> tuple[str, str]:
    """The key of a body and its text. Unless `exactly`, JSON is set out however it came."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return "base64", "\n".join(textwrap.wrap(base64.b64encode(body).decode(), BASE64_LINE))
    try:
        value = json.loads(text)
        if isinstance(value, dict | list) and (not exactly or compact(value) == body):
            return "json", json.dumps(value, ensure_ascii=False, indent=2)
    except (ValueError, RecursionError):
        pass
    return "text", text


def read_body(table: Mapping[str, Any]) -> bytes:
    """The body of a table of a file. Raises ValueError that says what is wrong with it."""
    found = [key for key in BODY_KEYS if key in table]
    if not found:
        return b""
    key, text = found[0], table[found[0]]
    if len(found) > 1 or not isinstance(text, str):
        raise ValueError(f"a body is one text: {' or '.join(BODY_KEYS)}")
    return _READ[key](text)


def in_toml(text: str) -> str:
    """A text in TOML, over several lines where it has them."""
    if "\n" in text and "'''" not in text and not text.endswith("'") and _LITERAL.fullmatch(text):
        return f"'''\n{text}'''"
    return in_line(text)


def in_line(text: str) -> str:
    """A text in TOML, in one line; without escapes where it would need many."""
    if ('"' in text or "\\" in text) and not re.search(r"['\n]", text) and _LITERAL.fullmatch(text):
        return f"'{text}'"
    return tomli_w.dumps({"x": text}).removeprefix("x = ").rstrip("\n")


def _of_json(text: str) -> bytes:
    try:
        return compact(json.loads(text))
    except ValueError as problem:
        raise ValueError(f"json: {problem}") from None


def _of_base64(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except binascii.Error as problem:
        raise ValueError(f"base64: {problem}") from None


_READ: Mapping[str, Callable[[str], bytes]] = {
    "json": _of_json,
    "text": str.encode,
    "base64": _of_base64,
}
