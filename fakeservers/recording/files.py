"""Recordings in files of TOML, an `[[exchange]]` each.

[exchange.request]  method, path, query, and the body as json, text or base64
[exchange.answer]   status, after_s, and the body likewise; or in pieces, each with its second
[exchange.answer.headers]
"""

import os
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ..errors import ScriptError
from ..wire.base import HttpRequest
from .bodies import BODY_KEYS, in_line, in_toml, read_body, written_body
from .exchanges import Piece, Recorded

__all__ = ["dump", "load", "save", "shown"]

TABLE = "[[exchange]]"
FORM = "pytest-llmsim recording, form 1"


def load(path: Path) -> tuple[Recorded, ...]:
    """The exchanges of a file. Raises ScriptError with file and line."""
    text = path.read_text("utf-8")
    try:
        tables = tomllib.loads(text).get("exchange", [])
    except tomllib.TOMLDecodeError as problem:
        raise ScriptError(f"{shown(path)}: {problem}") from None
    if not isinstance(tables, list):
        raise ScriptError(f"{shown(path)}: exchanges begin with {TABLE}")
    lines = [number for number, line in enumerate(text.split("\n"), 1) if line == TABLE]
    # A text that contains such a line would have the others counted wrongly.
    known = len(lines) == len(tables)
    found = []
    for number, table in enumerate(tables):
        where = f"{shown(path)}:{lines[number]}" if known else shown(path)
        try:
            found.append(_read(table, where))
        except (AttributeError, KeyError, TypeError, ValueError) as problem:
            told = f"{problem} is missing" if isinstance(problem, KeyError) else problem
            raise ScriptError(f"{where}: exchange {number + 1}: {told}") from None
    return tuple(found)


def save(path: Path, exchanges: Iterable[Recorded], again: str = "") -> None:
    """Write a file, whole or not at all. `again` is the line that records it anew."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(dump(exchanges, again), "utf-8", newline="\n")
    draft.replace(path)


def dump(exchanges: Iterable[Recorded], again: str = "") -> str:
    """The text of a file."""
    head = [f"# {FORM}: what real services answered, without credentials."]
    if again:
        head.append(f"# Anew: {again}")
    return "\n".join([*head, *(line for each in exchanges for line in _written(each))]) + "\n"


def _written(each: Recorded) -> Iterator[str]:
    asked = each.asked
    yield ""
    yield TABLE
    yield f"provider = {in_line(each.provider)}"
    yield "[exchange.request]"
    yield f"method = {in_line(asked.method)}"
    yield f"path = {in_line(asked.path)}"
    if asked.query:
        yield f"query = {_inline(asked.query)}"
    if asked.body:
        yield _line(*written_body(asked.body, exactly=False))
    yield "[exchange.answer]"
    yield f"status = {each.status}"
    if each.cut:
        yield "cut = true"
    if each.streamed:
        yield "pieces = ["
        yield from (f"  {_piece(piece)}," for piece in each.pieces)
        yield "]"
    else:
        yield f"after_s = {_seconds(each.pieces[-1].at_s if each.pieces else 0.0)}"
        if body := each.body:
            yield _line(*written_body(body))
    if each.headers:
        yield "[exchange.answer.headers]"
        yield from (f"{in_line(name)} = {in_line(value)}" for name, value in each.headers)


def _line(key: str, text: str) -> str:
    return f"{key} = {in_toml(text)}"


def _inline(table: Mapping[str, str]) -> str:
    inner = ", ".join(f"{in_line(key)} = {in_line(value)}" for key, value in table.items())
    return f"{{ {inner} }}"


def _piece(piece: Piece) -> str:
    """A piece is cut out of its body and so is text or base64, never JSON."""
    key, text = written_body(piece.data)
    if key == "base64":
        return f"[{_seconds(piece.at_s)}, {{ base64 = {in_toml(text)} }}]"
    return f"[{_seconds(piece.at_s)}, {in_toml(piece.data.decode())}]"


def _seconds(at_s: float) -> str:
    return f"{at_s:.3f}"


def _read(table: Mapping[str, Any], where: str) -> Recorded:
    asked, answer = table["request"], table["answer"]
    streamed = "pieces" in answer
    if streamed and any(key in answer for key in BODY_KEYS):
        raise ValueError("an answer comes in pieces or as one body, not both")
    if streamed:
        pieces = tuple(_read_piece(piece) for piece in answer["pieces"])
    else:
        body = read_body(answer)
        pieces = (Piece(float(answer.get("after_s", 0.0)), body),) if body else ()
    return Recorded(
        provider=str(table["provider"]),
        asked=HttpRequest(
            method=str(asked["method"]),
            path=str(asked["path"]),
            query={str(key): str(value) for key, value in asked.get("query", {}).items()},
            body=read_body(asked),
        ),
        status=int(answer["status"]),
        headers=tuple((key, str(value)) for key, value in answer.get("headers", {}).items()),
        pieces=pieces,
        streamed=streamed,
        cut=answer.get("cut", False) is True,
        where=where,
    )


def _read_piece(piece: Any) -> Piece:
    if not isinstance(piece, list) or len(piece) != 2:
        raise ValueError("a piece is its second and its text, such as [0.25, 'data: ...']")
    at_s, said = piece
    data = said.encode() if isinstance(said, str) else read_body(said)
    return Piece(float(at_s), data)


def shown(path: Path) -> str:
    """As short as it is clear: from the current folder where it lies inside."""
    try:
        return path.relative_to(Path.cwd()).as_posix()
    except ValueError:
        return str(path)
