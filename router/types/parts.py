"""What messages are made of: text, images, thinking, tool calls and their results."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = ["Image", "Message", "Part", "Role", "Text", "Thinking", "ToolCall", "ToolResult"]

Role = Literal["user", "assistant", "tool"]


@dataclass(frozen=True, slots=True)
class Text:
    """Visible text. `cache` asks for the prompt up to here to be cached: "5m" or "1h"."""

    text: str
    cache: Literal["5m", "1h"] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """An image: `data` as raw bytes with its `media_type`, or a `url`; exactly one of the two."""

    data: bytes | None = field(default=None, repr=False)
    media_type: str = "image/png"
    url: str | None = None

    def __post_init__(self) -> None:
        if (self.data is None) == (self.url is None):
            raise ValueError("an Image has either data or a url: write Image(data=png_bytes)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Thinking:
    """Reasoning of the model. `signature` is the vendor's seal, to be sent back as it came;
    `redacted` is reasoning that the vendor encrypted, in which case `text` is empty."""

    text: str = ""
    signature: str = ""
    redacted: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """A call of a tool. `arguments` is the object that the model wrote; where it wrote no valid
    JSON object, `arguments` is empty and `arguments_text` holds what it wrote."""

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    id: str = ""
    arguments_text: str = ""
    signature: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolResult:
    """What the program's tool answered to the call `call_id`."""

    call_id: str
    content: "str | tuple[Text | Image, ...]" = ""
    name: str = ""
    is_error: bool = False


Part = Text | Image | Thinking | ToolCall | ToolResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One turn of the conversation. The system prompt is a field of the request instead."""

    role: Role
    parts: tuple[Part, ...]

    @classmethod
    def user(cls, *content: str | Part) -> "Message":
        """A turn of the user; a str is its text."""
        return cls(role="user", parts=as_parts(content))

    @classmethod
    def assistant(cls, *content: str | Part) -> "Message":
        """A turn of the model; a str is its text."""
        return cls(role="assistant", parts=as_parts(content))

    @classmethod
    def tool(cls, *results: ToolResult) -> "Message":
        """What became of the tool calls of the turn before."""
        return cls(role="tool", parts=results)

    @property
    def text(self) -> str:
        """The visible text of this turn, its parts joined."""
        return "".join(part.text for part in self.parts if isinstance(part, Text))


def as_parts(content: "tuple[str | Part, ...]") -> tuple[Part, ...]:
    return tuple(Text(piece) if isinstance(piece, str) else piece for piece in content)
