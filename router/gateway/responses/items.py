"""The input of a Responses request as turns: messages, calls, their outputs, reasoning.

Forms as in openai 3.54, `types/responses/response_input_item_param.py`. An item that a former
answer had may be sent back as it came: its `id` and `status` are OpenAI's own bookkeeping, and its
seal (`encrypted_content`) goes to the vendor that made it.
"""

from collections.abc import Callable, Mapping

from ...clients.asking import parsed_arguments
from ...types import Image, Message, Part, Role, Text, Thinking, ToolCall, ToolResult
from ..fields import Fields, image_of_url, late_system
from ..openai.read import signature_of
from ..values import BadRequest

__all__ = ["REDACTED", "turns"]

REDACTED = "redacted:"
"""Before `encrypted_content` that holds the reasoning itself, which its vendor encrypted."""

_ROLES = ("assistant", "developer", "system", "user")


def turns(body: Fields) -> tuple[list[str], tuple[Message, ...]]:
    """The leading system and developer messages, and the turns: what the model made between two
    inputs is one, and so are outputs of tools that follow one another. Raises BadRequest."""
    given = body.need("input", str, list)
    if isinstance(given, str):
        return [], (Message.user(given),)
    system: list[str] = []
    made: list[Message] = []
    for item in body.each("input"):
        kind = item.take("type", str) or "message"
        item.take("id", str)
        item.take("status", str)
        if kind == "message" and item.take("role", str) in ("developer", "system"):
            if made:
                raise late_system(item)
            system.append("".join(p.text for p in _content(item) if isinstance(p, Text)))
        elif kind == "message":
            _add(made, *_message(item))
        elif kind in _ITEMS:
            role, read = _ITEMS[kind]
            _add(made, role, (read(item),))
        elif kind == "item_reference":
            raise BadRequest(
                f"{item.path('type')} is 'item_reference', and nothing is kept here that it could"
                " stand for: send the item itself, as SDKs do where they are told store=False",
                param=item.path("type"),
                kind="unsupported",
            )
        else:
            item.refuse("type", f"is {kind!r}; the router carries message, {', '.join(_ITEMS)}")
            continue
        item.done("content", "role")
    if not made:
        raise BadRequest("input holds no turn beside the system prompt", param="input")
    return system, tuple(made)


def _add(made: list[Message], role: Role, parts: tuple[Part, ...]) -> None:
    """To the last turn, if it goes on: messages that follow one another stay apart."""
    last = made[-1] if made else None
    goes_on = last is not None and last.role == role != "user"
    if last is None or not goes_on or (_is_text(last.parts[-1]) and _is_text(parts[0])):
        made.append(Message(role=role, parts=parts))
    else:
        made[-1] = Message(role=role, parts=(*last.parts, *parts))


def _is_text(part: Part) -> bool:
    return isinstance(part, Text)


def _message(item: Fields) -> tuple[Role, tuple[Part, ...]]:
    role = item.need("role", str)
    if role not in _ROLES:
        told = f"{item.path('role')} is {role!r}; it is one of {', '.join(_ROLES)}"
        raise BadRequest(told, param=item.path("role"))
    if item.take("phase", str):  # "commentary" or "final_answer", which other vendors do not know
        item.leave_out("phase")
    parts = _content(item)
    if not parts:
        raise BadRequest(f"{item.path('content')} is empty", param=item.path("content"))
    return ("assistant" if role == "assistant" else "user"), tuple(parts)


def _content(item: Fields, name: str = "content") -> list[Text | Image]:
    content = item.need(name, str, list)
    if isinstance(content, str):
        return [Text(content)] if content else []
    return [part for piece in item.each(name) for part in _piece(piece)]


def _piece(piece: Fields) -> list[Text | Image]:
    kind = piece.need("type", str)
    made: list[Text | Image] = []
    if kind in ("input_text", "output_text"):
        made = [Text(piece.need("text", str))]
        for told in ("annotations", "logprobs"):
            if piece.take(told, list):
                piece.leave_out(told)
    elif kind == "refusal":
        made = [Text(piece.need("refusal", str))]
    elif kind == "input_image":
        if piece.take("detail", str) not in (None, "auto"):
            piece.refuse("detail")
        made = [image_of_url(piece.need("image_url", str), piece.path("image_url"))]
    else:
        piece.refuse("type", f"is {kind!r}; the router carries text and input_image")
        return []
    piece.done()
    return made


def _call(item: Fields) -> ToolCall:
    item.take("caller", dict)  # who asked for it: always the model itself here
    arguments, invalid = parsed_arguments(item.need("arguments", str))
    return ToolCall(
        id=item.need("call_id", str),
        name=item.need("name", str),
        arguments=arguments,
        arguments_text=invalid,
        signature=signature_of(item.take("extra_content", dict)),
    )


def _output(item: Fields) -> ToolResult:
    item.take("caller", dict)
    pieces = tuple(_content(item, "output"))
    texts = [piece.text for piece in pieces if isinstance(piece, Text)]
    return ToolResult(
        call_id=item.need("call_id", str),
        content="".join(texts) if len(texts) == len(pieces) else pieces,
        name=item.take("name", str) or "",
    )


def _reasoning(item: Fields) -> Thinking:
    texts: list[str] = []
    for piece in (*item.each("summary"), *item.each("content")):
        piece.take("type", str)
        texts.append(piece.need("text", str))
        piece.done()
    seal = item.take("encrypted_content", str) or ""
    if seal.startswith(REDACTED):
        return Thinking(redacted=seal.removeprefix(REDACTED))
    return Thinking(text="\n\n".join(texts), signature=seal)


_ITEMS: Mapping[str, tuple[Role, Callable[[Fields], Part]]] = {
    "function_call": ("assistant", _call),
    "function_call_output": ("tool", _output),
    "reasoning": ("assistant", _reasoning),
}
