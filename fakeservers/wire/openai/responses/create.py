"""`POST /responses`: a response, as one JSON object or as a stream of events."""

import orjson

from ....canonical import ChatRequest, CompletionResult
from ...base import Answer, HttpRequest, Stamp
from ...framing import dumps, event, json_bytes
from ...reading import Reader
from ..errors import WORDING
from ..file_inputs import needing
from ..headers import answer
from .body import response
from .checks import KEYS, UNTYPED
from .events import events
from .items import ItemIds, identified, output
from .request import custom_tools, read
from .stored import stored

__all__ = ["CreateResponse"]

ASKED = KEYS | UNTYPED


class CreateResponse:
    """Responses of OpenAI, or of a provider with a compatible API."""

    def __init__(self, provider: str = "openai") -> None:
        self._provider = provider

    def parse(self, http: HttpRequest) -> ChatRequest:
        body = Reader.of(http.json(), WORDING, strict=http.validates)
        chat = read(body, provider=self._provider, endpoint="responses.create", keys=ASKED)
        return needing(chat, http)

    def render(self, request: ChatRequest, result: CompletionResult, stamp: Stamp) -> Answer:
        ids = ItemIds(stamp)
        id = ids.make("resp")
        reply = identified(result.reply, stamp.ids)
        custom = custom_tools(Reader.of(request.raw, WORDING, strict=False))
        said = output(reply, request, custom, ids, stamp.ids)
        body = response(request, result, said.items, id, stamp)
        kept = stored(request, reply, said, body, ids)
        forgets = () if kept else (("responses", id),)
        if not request.stream:
            whole = answer(stamp, json_bytes(body), stores=kept)
            whole.forgets = forgets
            return whole
        options = request.raw.get("stream_options") or {}
        hidden = options.get("include_obfuscation") is not False
        frames = events(
            body,
            chunks=said.chunks,
            tier=request.raw.get("service_tier"),
            noise=stamp.ids if hidden else None,
        )
        streamed = answer(stamp, frames, stores=kept)
        streamed.failing, streamed.forgets = _failing, forgets
        return streamed


def _failing(body: bytes, sent: int) -> bytes:
    """The event `error`, its fields as the SDK 3.54 types them; clients yield it, they do not
    raise it."""
    error = orjson.loads(body)["error"]
    said = {
        "type": "error",
        "code": error["code"] or error["type"],
        "message": error["message"],
        "param": error["param"],
        "sequence_number": sent,
    }
    return event("error", dumps(said))
