"""What a response leaves on the server: itself, the conversation up to it, its input items, and
every item by its id."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ....canonical import ChatRequest, Message, Reply, Stored
from ...reading import Reader
from ..errors import WORDING
from .input import conversation
from .items import Item, ItemIds, Output
from .request import instructed

__all__ = ["COLLECTION", "input_items_of", "items_of", "kept_items", "said_in", "stored"]

COLLECTION = "responses"
ITEMS = "items"
"""What references name; an item that a client sent says nothing when it is referred to."""

# A reference stands for an item of another response; the list of inputs does not repeat it.
UNLISTED = frozenset({"item_reference", "compaction_trigger"})
PREFIXES: Mapping[str, str] = {
    "additional_tools": "at",
    "custom_tool_call": "ctc",
    "custom_tool_call_output": "ctco",
    "function_call": "fc",
    "function_call_output": "fco",
    "message": "msg",
    "reasoning": "rs",
}
WITHOUT_STATUS = frozenset({"additional_tools", "compaction", "reasoning"})


def input_items_of(id: str) -> str:
    """The collection of the input items of the response with this id."""
    return f"{COLLECTION}/{id}/input_items"


def stored(
    request: ChatRequest, reply: Reply, output: Output, response: Mapping[str, Any], ids: ItemIds
) -> tuple[Stored, ...]:
    """What to keep; when the request says `store: false`, only what a conversation gains."""
    given = list(kept_items(request.raw.get("input"), ids))
    gained = tuple(_gained(request, given, output))
    if request.raw.get("store") is False:
        return gained
    id = response["id"]
    said = Message("assistant", reply.parts)
    kept = Stored(collection=COLLECTION, id=id, body=response, messages=(*_carried(request), said))
    collection = input_items_of(id)
    return (
        kept,
        *gained,
        *(Stored(collection=collection, id=item["id"], body=item) for item in given),
        *(Stored(collection=ITEMS, id=item["id"], body=item) for item in given),
        *(
            Stored(
                collection=ITEMS, id=item["id"], body=item, messages=(Message("assistant", parts),)
            )
            for item, parts in zip(output.items, output.parts, strict=True)
        ),
    )


def items_of(conversation: str) -> str:
    """The collection of the items of the conversation with this id."""
    return f"conversations/{conversation}/items"


def _gained(request: ChatRequest, given: Iterable[Item], output: Output) -> Iterator[Stored]:
    """What the conversation that the request names gains: "Input items and output items from this
    response are automatically added" (OpenAI's API reference)."""
    if request.needs is None or request.needs.conversation is None:
        return
    collection = items_of(request.needs.conversation)
    for item in given:
        yield Stored(collection=collection, id=item["id"], body=item, messages=said_in(item))
    for item, parts in zip(output.items, output.parts, strict=True):
        messages = (Message("assistant", parts),)
        yield Stored(collection=collection, id=item["id"], body=item, messages=messages)


def said_in(item: Item) -> tuple[Message, ...]:
    """What one item says."""
    return conversation(Reader.of({"input": [item]}, WORDING, strict=False))


def _carried(request: ChatRequest) -> Iterable[Message]:
    messages = list(request.messages)
    for message in instructed(Reader.of(request.raw, WORDING, strict=False)):
        messages.remove(message)
    return messages


def kept_items(given: Any, ids: ItemIds) -> Iterator[Item]:
    if isinstance(given, str):
        given = [{"role": "user", "content": given}]
    for item in given or ():
        kind = item.get("type")
        kind = kind if isinstance(kind, str) else "message"
        if kind in UNLISTED:
            continue
        id = item.get("id")
        head: Item = {
            "id": id if isinstance(id, str) and id else ids.make(PREFIXES.get(kind, "item")),
            "type": kind,
        }
        if kind not in WITHOUT_STATUS:
            head["status"] = item.get("status") or "completed"
        yield {**head, **_rest(kind, item)}


def _rest(kind: str, item: Mapping[str, Any]) -> Item:
    rest = {key: item[key] for key in sorted(item) if key not in ("id", "type", "status")}
    if kind == "message":
        rest["content"] = _content(rest.get("content"), rest.get("role"))
    return rest


def _content(given: Any, role: Any) -> list[Item]:
    parts = [{"type": _text_type(role), "text": given}] if isinstance(given, str) else given or []
    return [_part(part) for part in parts]


def _text_type(role: Any) -> str:
    return "output_text" if role == "assistant" else "input_text"


def _part(part: Mapping[str, Any]) -> Item:
    match part.get("type"):
        case "output_text":
            return {"type": "output_text", "annotations": [], "logprobs": [], **part}
        case "input_image":
            return {"type": "input_image", "detail": "auto", "file_id": None, **part}
        case _:
            return dict(part)
