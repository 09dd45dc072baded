"""What the Anthropic API refuses in the order of a conversation: empty turns, calls of tools and
their results out of place, words put into the assistant's mouth.

Words of the real service as in public issue reports from 2024 to 2026.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ...canonical import Rejected
from ..reading import Path
from .families import Family
from .wording import invalid

__all__ = ["check_turns"]

Message = Mapping[str, Any]
Block = Mapping[str, Any]

_ID: Final = re.compile(r"[a-zA-Z0-9_-]+")
_THINKING: Final = ("redacted_thinking", "thinking")
_DOCS: Final = "https://docs.claude.com/en/docs/build-with-claude/extended-thinking"


def check_turns(messages: Sequence[Message], family: Family, thinking: str | None) -> None:
    """Raise `Rejected` for the first turn that is out of place. `thinking` is the type of the
    request's `thinking`."""
    last = len(messages) - 1
    for index, message in enumerate(messages):
        _check_content(message, index, is_last=index == last)
    if last == 0 and not isinstance(messages[0]["content"], list):
        return
    turns = list(_turns(messages))
    _check_pairs(turns)
    if thinking == "enabled":
        _check_thought_first(turns)
    if messages[last]["role"] == "assistant":
        _check_prefill(messages[last], family)


# --- what a message holds -----------------------------------------------------------------


def _check_content(message: Message, index: int, *, is_last: bool) -> None:
    content = message["content"]
    if isinstance(content, str):
        if content.strip():
            return
        if content:
            raise invalid(("messages",), _BLANK)
    elif content:
        for nth, block in enumerate(content):
            _check_block(block, message["role"], ("messages", index, "content", nth))
        return
    if message["role"] != "assistant":
        raise invalid(("messages", index), "user messages must have non-empty content")
    if not is_last:
        fault = "all messages must have non-empty content except for the optional final "
        raise invalid(("messages", index), f"{fault}assistant message")


_BLANK: Final = "text content blocks must contain non-whitespace text"


def _check_block(block: Block, role: str, path: Path) -> None:
    kind = block["type"]
    if kind == "text" and not block["text"].strip():
        if block.get("cache_control") is not None and not block["text"]:
            raise invalid((*path, "text"), "cache_control cannot be set for empty text blocks")
        raise invalid(
            ("messages",), _BLANK if block["text"] else "text content blocks must be non-empty"
        )
    wanted = _SPEAKERS.get(kind)
    if wanted is not None and role != wanted:
        raise invalid(path[:2], f"`{kind}` blocks can only be in `{wanted}` messages")


_SPEAKERS: Final[Mapping[str, str]] = {
    "redacted_thinking": "assistant",
    "thinking": "assistant",
    "tool_result": "user",
    "tool_use": "assistant",
}


# --- turns --------------------------------------------------------------------------------


@dataclass(slots=True)
class _Turn:
    """The blocks of messages in a row with one role, each with its place, as the service joins
    them; `index` is that of the last message."""

    role: str
    index: int
    blocks: list[tuple[Path, Block]] = field(default_factory=list)

    def of_kind(self, kind: str) -> Iterator[tuple[Path, Block]]:
        return (pair for pair in self.blocks if pair[1]["type"] == kind)


def _turns(messages: Sequence[Message]) -> Iterator[_Turn]:
    turn = None
    for index, message in enumerate(messages):
        if message["role"] == "system":
            continue
        if turn is None or turn.role != message["role"]:
            if turn is not None:
                yield turn
            turn = _Turn(message["role"], index)
        turn.index = index
        turn.blocks += _blocks(message["content"], ("messages", index, "content"))
    if turn is not None:
        yield turn


def _blocks(content: Any, path: Path) -> Iterable[tuple[Path, Block]]:
    if isinstance(content, str):
        return [((*path, 0), {"type": "text", "text": content})]
    return [((*path, nth), block) for nth, block in enumerate(content)]


def _check_pairs(turns: Sequence[_Turn]) -> None:
    """Documented: the results of all calls of a turn stand at the start of the next one."""
    seen: set[str] = set()
    asked: list[str] = []
    asked_at = 0
    for turn in turns:
        if turn.role == "user":
            _check_results(turn, asked, asked_at)
            asked = []
            continue
        asked = _calls(turn, seen)
        asked_at = turn.index
    if asked:
        raise _unanswered(asked, asked_at)


def _calls(turn: _Turn, seen: set[str]) -> list[str]:
    """The ids of a turn's calls, which no call before them has."""
    found: list[str] = []
    for path, block in turn.of_kind("tool_use"):
        if not _ID.fullmatch(block["id"]):
            fault = "String should match pattern '^[a-zA-Z0-9_-]+$'"
            raise invalid((*path, "tool_use", "id"), fault)
        if block["id"] in seen:
            raise invalid(path, "`tool_use` ids must be unique")
        seen.add(block["id"])
        found.append(block["id"])
    return found


def _check_results(turn: _Turn, asked: Sequence[str], asked_at: int) -> None:
    answered: set[str] = set()
    for path, block in turn.of_kind("tool_result"):
        id = block["tool_use_id"]
        if id not in asked:
            raise invalid(
                path,
                f"unexpected `tool_use_id` found in `tool_result` blocks: {id}. Each `tool_result` "
                "block must have a corresponding `tool_use` block in the previous message.",
            )
        if id in answered:
            raise invalid(
                path,
                "each tool_use must have a single result. Found multiple `tool_result` blocks "
                f"with id: {id}",
            )
        answered.add(id)
    if missing := [id for id in asked if id not in answered]:
        raise _unanswered(missing, asked_at)


def _unanswered(ids: Iterable[str], index: int) -> Rejected:
    return invalid(
        ("messages", index),
        "`tool_use` ids were found without `tool_result` blocks immediately after: "
        f"{', '.join(ids)}. Each `tool_use` block must have a corresponding `tool_result` block in "
        "the next message.",
    )


def _check_thought_first(turns: Sequence[_Turn]) -> None:
    """In a loop of tools, the calls that wait for an answer follow the thought they came from."""
    if len(turns) < 2 or not any(turns[-1].of_kind("tool_result")):
        return
    path, first = turns[-2].blocks[0]
    if first["type"] not in _THINKING:
        raise invalid(
            (*path, "type"),
            f"Expected `thinking` or `redacted_thinking`, but found `{first['type']}`. When "
            "`thinking` is enabled, a final `assistant` message must start with a thinking block "
            "(preceeding the lastmost set of `tool_use` and `tool_result` blocks). We recommend "
            "you include thinking blocks from previous turns. To avoid this requirement, disable "
            f"`thinking`. Please consult our documentation at {_DOCS}",
        )


def _check_prefill(message: Message, family: Family) -> None:
    """A last turn of the assistant's that ends in text is the start of the answer."""
    content = message["content"]
    text = content if isinstance(content, str) else None
    if content and text is None and content[-1]["type"] == "text":
        text = content[-1]["text"]
    if text is None:
        return
    if not family.prefills:
        told = "This model does not support assistant message prefill."
        raise invalid((), f"{told} The conversation must end with a user message.")
    if text != text.rstrip():
        fault = "final assistant content cannot end with trailing whitespace"
        raise invalid(("messages",), fault)
