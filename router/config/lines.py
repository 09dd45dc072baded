"""Where each key of a TOML text stands, which the standard parser does not tell.

What belongs here: finding lines in a text that was already parsed without an error. What must
not: values. It follows headers, keys, strings and brackets; keys inside an inline table or array
are found on the line of the key that holds it.
"""

import re

__all__ = ["KeyPath", "key_lines"]

KeyPath = tuple[str | int, ...]
"""A key's path from the root; elements of an array of tables are numbered from 0."""

_HEADER = re.compile(r"^\s*(\[\[?)\s*(.+?)\s*\]\]?\s*(?:#.*)?$")
_PART = re.compile(r"""\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([A-Za-z0-9_-]+))\s*""")


def key_lines(text: str) -> dict[KeyPath, int]:
    """The line, from 1, of every key and table header."""
    lines: dict[KeyPath, int] = {}
    counts: dict[KeyPath, int] = {}
    table: KeyPath = ()
    inside = _Inside()
    for number, line in enumerate(text.splitlines(), 1):
        if inside.is_open:
            inside.read(line)
            continue
        if header := _HEADER.match(line):
            parts, _ = _dotted(header[2])
            table = _numbered(parts, counts, is_array=header[1] == "[[")
            lines.setdefault(table, number)
            continue
        parts, end = _dotted(line)
        if parts and line[end:].startswith("="):
            for length in range(1, len(parts) + 1):
                lines.setdefault((*table, *parts[:length]), number)
            inside.read(line[end + 1 :])
    return lines


def _dotted(text: str) -> tuple[tuple[str, ...], int]:
    """The parts of a dotted key at the beginning of a text, and where it ends."""
    parts: list[str] = []
    end = 0
    while part := _PART.match(text, end):
        parts.append(next(found for found in part.groups() if found is not None))
        end = part.end()
        if not text.startswith(".", end):
            break
        end += 1
    return tuple(parts), end


def _numbered(parts: tuple[str, ...], counts: dict[KeyPath, int], *, is_array: bool) -> KeyPath:
    """A header's path, with the number of the element that each array of tables is at."""
    path: KeyPath = ()
    for index, part in enumerate(parts):
        path = (*path, part)
        if is_array and index == len(parts) - 1:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path


class _Inside:
    """Whether the reading stands inside a value that goes on over lines."""

    def __init__(self) -> None:
        self._quote = ""
        self._depth = 0

    @property
    def is_open(self) -> bool:
        return bool(self._quote) or self._depth > 0

    def read(self, text: str) -> None:
        at = 0
        while at < len(text):
            if self._quote:
                at = self._in_string(text, at)
            elif text.startswith(('"""', "'''"), at):
                self._quote, at = text[at : at + 3], at + 3
            elif text[at] in "\"'":
                self._quote, at = text[at], at + 1
            elif text[at] == "#":
                return
            else:
                self._depth += (text[at] in "[{") - (text[at] in "]}")
                at += 1

    def _in_string(self, text: str, at: int) -> int:
        if text[at] == "\\" and self._quote[0] == '"':
            return at + 2
        if text.startswith(self._quote, at):
            at += len(self._quote)
            self._quote = ""
            return at
        return at + 1
