"""Where in a file each part of a scenario stands, so that what is wrong is told with its line.

Parts are named by their paths, such as `openai.rules[1].fails`. The texts are known to be valid.
"""

import json
import re
from collections.abc import Iterator, Mapping

__all__ = ["line_of", "lines_of"]

_HEADER = re.compile(r"\s*(\[\[?)\s*([^\]]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"\s*([\w.\"-]+)\s*=")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')
_LAST_PART = re.compile(r"(\.[^.\[]+|\[\d+\])$|^[^.\[]+$")

Token = tuple[str, int]
"""A token of JSON and its line."""


def lines_of(text: str, form: str) -> Mapping[str, int]:
    """The line of every part, of a text in TOML or JSON."""
    if form == "toml":
        return _toml(text)
    found: dict[str, int] = {}
    tokens = _tokens(text)
    _json(next(tokens), tokens, "", found)
    return found


def line_of(path: str, lines: Mapping[str, int]) -> int | None:
    """The line where the longest known beginning of `path` stands."""
    return next((lines[part] for part in _beginnings(path) if part in lines), None)


def _beginnings(path: str) -> Iterator[str]:
    """The path itself, then without its last part, and so on. A key with a bracket or a dot in
    it ends this early: it looks like a path of its own."""
    while path:
        yield path
        shorter = _LAST_PART.sub("", path)
        if shorter == path:
            return
        path = shorter


def _tokens(text: str) -> Iterator[Token]:
    line, counted = 1, 0
    for token in _TOKEN.finditer(text):
        line += text.count("\n", counted, token.start())
        counted = token.start()
        yield token[0], line


def _json(first: Token, tokens: Iterator[Token], path: str, found: dict[str, int]) -> None:
    """Note the parts of the value that begins with `first`."""
    opening, line = first
    found.setdefault(path, line)
    if opening not in ("{", "["):
        return
    number = 0
    while (token := next(tokens))[0] not in ("}", "]"):
        if token[0] == ",":
            continue
        if opening == "[":
            inner = f"{path}[{number}]"
            number += 1
        else:
            inner = f"{path}.{json.loads(token[0])}".lstrip(".")
            found[inner] = token[1]
            next(tokens)  # the colon
            token = next(tokens)
        _json(token, tokens, inner, found)


def _toml(text: str) -> dict[str, int]:
    found: dict[str, int] = {}
    arrays: dict[str, int] = {}
    table = ""
    for number, line in enumerate(text.splitlines(), 1):
        if (header := _HEADER.match(line)) is not None:
            table = header[2].replace('"', "")
            if header[1] == "[[":
                arrays[table] = arrays.get(table, -1) + 1
                table += f"[{arrays[table]}]"
            else:
                table = _numbered(table, arrays)
            for path in _beginnings(table):
                found.setdefault(path, number)
        elif (key := _KEY.match(line)) is not None:
            found.setdefault(f"{table}.{key[1]}".lstrip(".").replace('"', ""), number)
    return found


def _numbered(table: str, arrays: dict[str, int]) -> str:
    """`openai.rules.on` as the table of the last rule."""
    for name, number in arrays.items():
        if table.startswith(f"{name}."):
            return f"{name}[{number}]{table[len(name) :]}"
    return table
