"""A canonical reply as a Gemini candidate: its parts, why it ended.

Shared by whole and streamed answers; how they are framed stands in `generate`.
"""

import json
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ...canonical import Finish, Refusal, Reply, Text, Thinking, ToolCall
from ...rng import Ids
from .request import GenerateRequest
from .traits import Traits

__all__ = ["Candidate", "Piece", "candidate"]

SEALED_BYTES_MIN: Final = 110
"""Of a signature without a thought; each of a thought's tokens adds some four, as many as it has
letters (recorded)."""
CALL_MESSAGE: Final = "Model generated function call(s)."

_REASONS: Final[Mapping[Finish, str]] = {
    "stop": "STOP",
    "stop_sequence": "STOP",
    "length": "MAX_TOKENS",
    "tool_calls": "STOP",
    "refusal": "SAFETY",
    "content_filter": "SAFETY",
}
_CATEGORIES: Final = (
    "HARM_CATEGORY_HATE_SPEECH",
    "HARM_CATEGORY_DANGEROUS_CONTENT",
    "HARM_CATEGORY_HARASSMENT",
    "HARM_CATEGORY_SEXUALLY_EXPLICIT",
)


@dataclass(frozen=True, slots=True)
class Piece:
    """One part: text that may be streamed in `chunks`, or a function call."""

    text: str = ""
    chunks: tuple[str, ...] = ()
    thought: bool = False
    call: Mapping[str, Any] | None = None

    def part(self) -> dict[str, Any]:
        if self.call is not None:
            return dict(self.call)
        return {"text": self.text, "thought": True} if self.thought else {"text": self.text}


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """`signature` belongs on the last text part, or, streamed, on an empty one after it."""

    pieces: tuple[Piece, ...]
    reason: str
    message: str = ""
    signature: str = ""

    def parts(self) -> list[dict[str, Any]]:
        parts = [piece.part() for piece in self.pieces]
        if self.signature:
            parts[-1]["thoughtSignature"] = self.signature
        return parts

    def content(self, parts: list[dict[str, Any]]) -> dict[str, Any]:
        """A blocked answer has an empty content, one that says nothing only its role."""
        if parts:
            return {"parts": parts, "role": "model"}
        return {} if self.blocked else {"role": "model"}

    @property
    def blocked(self) -> bool:
        return self.reason == "SAFETY"

    def ending(self, index: int | None) -> dict[str, Any]:
        """The fields beside the content of the candidate that ends here."""
        fields: dict[str, Any] = {"finishReason": self.reason}
        if self.blocked:
            fields["safetyRatings"] = [
                {"category": name, "probability": "NEGLIGIBLE"} for name in _CATEGORIES
            ]
            fields["safetyRatings"][1] |= {"probability": "HIGH", "blocked": True}
        if index is not None:
            fields["index"] = index
        if self.message:
            fields["finishMessage"] = self.message
        return fields


def candidate(reply: Reply, request: GenerateRequest, traits: Traits, ids: Ids) -> Candidate:
    """The reply as the model of these traits sends it."""
    pieces = tuple(_pieces(reply, request, traits, ids))
    refusals = [part.text for part in reply.parts if isinstance(part, Refusal)]
    if (broken := _broken_call(reply)) and reply.finish != "length":
        return Candidate(pieces=pieces, reason="MALFORMED_FUNCTION_CALL", message=broken)
    called = any(piece.call is not None for piece in pieces)
    reason = "SAFETY" if refusals else _REASONS[reply.finish]
    signed = traits.signs_text and not called and any(not piece.thought for piece in pieces)
    return Candidate(
        pieces=pieces,
        reason=reason,
        message="\n".join(refusals)
        or (CALL_MESSAGE if called and reason == "STOP" and traits.signs_calls else ""),
        signature=_signature(reply, traits, ids) if signed and not pieces[-1].thought else "",
    )


def _pieces(reply: Reply, request: GenerateRequest, traits: Traits, ids: Ids) -> Iterator[Piece]:
    signature = _signature(reply, traits, ids) if traits.signs_calls and reply.tool_calls else ""
    for part in reply.parts:
        if isinstance(part, Text):
            yield _text(part, request)
        elif isinstance(part, Thinking) and request.thinking.visible:
            yield Piece(text=part.text, thought=True)
        elif isinstance(part, ToolCall) and (arguments := _arguments(part)) is not None:
            yield Piece(call=_call(part, arguments, signature, traits, ids))
            signature = ""  # parallel calls after the first carry none


def _text(part: Text, request: GenerateRequest) -> Piece:
    if request.mime_type == "text/x.enum":
        # The schema is an enum, the answer its bare value.
        try:
            value = json.loads(part.text)
        except (ValueError, RecursionError):
            value = None
        if isinstance(value, str):
            return Piece(text=value)
    return Piece(text=part.text, chunks=part.chunks)


def _call(
    part: ToolCall, arguments: Mapping[str, Any], signature: str, traits: Traits, ids: Ids
) -> dict[str, Any]:
    call: dict[str, Any] = {"name": part.name, "args": dict(arguments)}
    if part.id or traits.names_calls:
        call["id"] = part.id or ids.base36(8)
    return {"functionCall": call, **({"thoughtSignature": signature} if signature else {})}


def _arguments(part: ToolCall) -> Mapping[str, Any] | None:
    """Arguments as an object; None when they are a text that is none."""
    if not isinstance(part.arguments, str):
        return part.arguments
    try:
        value = json.loads(part.arguments)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _broken_call(reply: Reply) -> str:
    """What the service says of a call whose arguments are no object; it sends no such call."""
    for part in reply.tool_calls:
        if _arguments(part) is None:
            return f"Malformed function call: {part.name}({part.arguments})"
    return ""


def _signature(reply: Reply, traits: Traits, ids: Ids) -> str:
    """The scripted signature, in base64 as the field demands, or one that is made up."""
    thoughts = [part for part in reply.parts if isinstance(part, Thinking)]
    for part in thoughts:
        if part.signature:
            try:
                b64decode(part.signature, validate=True)
            except (Base64Error, ValueError):
                return b64encode(part.signature.encode("utf-8", "replace")).decode("ascii")
            return part.signature
    size = SEALED_BYTES_MIN + sum(len(part.text) for part in thoughts)
    field = b"\x12" if traits.signs_text else b"\x0a"
    sealed = field + _varint(size) + ids.base62(size).encode("ascii")
    return b64encode(sealed).decode("ascii")


def _varint(number: int) -> bytes:
    """A length as protobuf writes it, seven bits a byte."""
    low, rest = number & 0x7F, number >> 7
    return bytes((low | 0x80,)) + _varint(rest) if rest else bytes((low,))
