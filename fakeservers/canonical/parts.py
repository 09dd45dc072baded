"""What messages are made of: text, thinking, tool calls and their results, media."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = [
    "Media",
    "Message",
    "Opaque",
    "Part",
    "Reference",
    "Refusal",
    "Role",
    "Text",
    "Thinking",
    "ToolCall",
    "ToolResult",
]

Role = Literal["system", "user", "assistant", "tool"]


@dataclass(frozen=True, slots=True)
class Text:
    """Visible text. `chunks`, when given, are the exact pieces in which it is streamed."""

    text: str
    chunks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Thinking:
    """Reasoning text; `signature` is made up by the wire when empty."""

    text: str
    signature: str = ""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call of a tool. `arguments` is an object, or a string sent as it is (even broken JSON).
    `signature` seals the thought that led to it, where a provider puts that on the call."""

    name: str
    arguments: Mapping[str, Any] | str = field(default_factory=dict)
    id: str = ""
    signature: str = ""


@dataclass(frozen=True, slots=True)
class Media:
    """An image, document, sound or film in a request; the bytes stay in `raw`, or are the `data`
    of a file that the server keeps and that `raw` names."""

    kind: Literal["image", "document", "audio", "video", "file"]
    mime_type: str
    raw: Any = None
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a tool answered, as the program under test sent it back: text, and media besides."""

    call_id: str
    name: str
    text: str
    is_error: bool = False
    media: tuple[Media, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """The model declines, with this text."""

    text: str


@dataclass(frozen=True, slots=True)
class Opaque:
    """A part that no canonical type describes, as it stood on the wire."""

    raw: Any


@dataclass(frozen=True, slots=True)
class Reference:
    """What an earlier answer said in the item with this id, before it is looked up."""

    id: str


Part = Text | Thinking | ToolCall | ToolResult | Media | Refusal | Reference | Opaque


# Made anew for every request, so not frozen, and yet never changed.
@dataclass(slots=True)
class Message:
    role: Role
    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        """The visible text of the message, its text parts joined by newlines."""
        if len(self.parts) == 1 and isinstance(only := self.parts[0], Text):
            return only.text
        return "\n".join(part.text for part in self.parts if isinstance(part, Text))
