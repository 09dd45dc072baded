"""`POST /responses/compact`: a conversation made short.

"This is a list of all user messages, followed by a single compaction item" (openai SDK 3.54,
`CompactedResponse`). It is no answer of the model's to the conversation: no reply of a script is
used up by it.
"""

from collections.abc import Iterator
from typing import Any

from ....canonical import CountRequest, Media, Message, Text, TokenResult, Usage
from ...base import Answer, HttpRequest, Stamp
from ...framing import json_bytes
from ...reading import Reader
from ..errors import WORDING
from ..headers import answer
from .body import usage
from .checks import COMPACT_KEYS
from .items import ENCRYPTED_CHARS, Item, ItemIds
from .request import read

__all__ = ["CompactResponse"]

SUMMARY_SHARE = 8
"""The summary has about an eighth of the tokens of what it sums up."""


class CompactResponse:
    """Compacts the input, and the conversation that it continues."""

    def __init__(self, provider: str = "openai") -> None:
        self._provider = provider

    def parse(self, http: HttpRequest) -> CountRequest:
        body = Reader.of(http.json(), WORDING, strict=http.validates)
        endpoint = "responses.compact"
        chat = read(body, provider=self._provider, endpoint=endpoint, keys=COMPACT_KEYS)
        # The SDK says that the output begins with user messages, but its types have none: whoever
        # asks a server that does not validate holds the answer against the types.
        raw = body.value if body.strict else None
        return CountRequest(provider=self._provider, endpoint=endpoint, chat=chat, raw=raw)

    def render(self, request: CountRequest, result: TokenResult, stamp: Stamp) -> Answer:
        ids = ItemIds(stamp)
        kept = request.chat.messages if request.raw is not None else ()
        spent = Usage(
            input_tokens=result.input_tokens,
            output_tokens=1 + result.input_tokens // SUMMARY_SHARE,
        )
        body = {
            "id": ids.make("resp"),
            "object": "response.compaction",
            "created_at": int(stamp.now_s),
            "output": [
                *_users(kept, ids),
                {
                    "id": ids.make("cmp"),
                    "type": "compaction",
                    "encrypted_content": f"gAAAAAB{stamp.ids.urlsafe(ENCRYPTED_CHARS)}==",
                },
            ],
            "usage": usage(spent),
        }
        return answer(stamp, json_bytes(body))


def _users(messages: tuple[Message, ...], ids: ItemIds) -> Iterator[Item]:
    for message in messages:
        content = [_part(part) for part in message.parts if isinstance(part, Text | Media)]
        if message.role == "user" and content:
            yield {
                "id": ids.make("msg"),
                "type": "message",
                "status": "completed",
                "content": content,
                "role": "user",
            }


def _part(part: Text | Media) -> dict[str, Any]:
    return {"type": "input_text", "text": part.text} if isinstance(part, Text) else dict(part.raw)
