"""/{version}/cachedContents: prompts kept beforehand, which generateContent begins with.

Shapes from the types of google-genai 3.4 (`CachedContent`) and the Gemini API reference; words of
errors from public issue logs.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, Literal

from ...canonical import (
    Cached,
    ChatRequest,
    CountRequest,
    Rejected,
    ResourceRequest,
    ResourceResult,
    Stored,
    TokenResult,
)
from ..base import Answer, HttpRequest, Stamp
from ..reading import Reader
from .bodies import json_answer
from .contents import messages, system_message
from .kept_things import needs
from .messages import CACHED_CONTENT
from .moments import moment, read_moment, read_span
from .paging import Paging
from .protojson import read
from .request import declared
from .wording import invalid

__all__ = [
    "CreateCachedContent",
    "DeleteCachedContent",
    "GetCachedContent",
    "ListCachedContents",
    "UpdateCachedContent",
]

COLLECTION: Final = "cachedContents"
NAME: Final = "CreateCachedContentRequest.cached_content"
LIFE_S: Final = 3_600.0
"""How long content is kept when the request does not say."""

TOKENS_MIN: Final = 1_024
TOKENS_MIN_PRO: Final = 4_096
"""Less is not cached; the larger models want more (Gemini API documentation, "Context caching")."""

PAGING: Final = Paging(size=50, size_max=1_000)


class CreateCachedContent:
    """POST {version}/cachedContents. Its tokens are counted as those of a prompt."""

    def parse(self, http: HttpRequest) -> CountRequest:
        body, raw = read(http, CACHED_CONTENT)
        model = body.text("model")
        if not model:
            raise Rejected(invalid(f"* {NAME}.model: model is required.\n"))
        _life(body)
        said = messages(body) if body.array("contents") else ()
        chat = ChatRequest(
            provider="gemini",
            endpoint="caches.create",
            model=model.removeprefix("models/"),
            messages=(*system_message(body), *said),
            tools=declared(body),
            needs=needs(body, http.body) if said else None,
            raw=raw,
        )
        return CountRequest(provider="gemini", endpoint=chat.endpoint, chat=chat, raw=body.value)

    def render(self, request: CountRequest, result: TokenResult, stamp: Stamp) -> Answer:
        chat, tokens, now_s = request.chat, result.input_tokens, stamp.now_s
        least = TOKENS_MIN_PRO if "pro" in chat.model else TOKENS_MIN
        if tokens < least:
            raise Rejected(
                invalid(
                    f"Cached content is too small. total_token_count={tokens}, "
                    f"min_total_token_count={least}"
                )
            )
        id = stamp.ids.base36(40)
        body = {
            "name": f"{COLLECTION}/{id}",
            "model": f"models/{chat.model}",
            "createTime": moment(now_s),
            "updateTime": moment(now_s),
            "displayName": request.raw.get("displayName") or "",
            "usageMetadata": {"totalTokenCount": tokens},
        }
        cached = Cached(model=chat.model, messages=chat.messages, tools=chat.tools, tokens=tokens)
        kept = Stored(
            collection=COLLECTION,
            id=id,
            body=body,
            cached=cached,
            expires_s=_expires_s(request.raw, now_s),
        )
        return _answer(kept, stamp)


class _OneCache:
    endpoint: str
    action: Literal["get", "delete"] = "get"

    def parse(self, http: HttpRequest) -> ResourceRequest:
        return ResourceRequest(
            provider="gemini",
            endpoint=self.endpoint,
            collection=COLLECTION,
            action=self.action,
            id=http.params["id"],
        )


class GetCachedContent(_OneCache):
    """GET {version}/cachedContents/{id}."""

    endpoint = "caches.get"

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        return json_answer(stamp, _told(result.items[0]))


class DeleteCachedContent(_OneCache):
    """DELETE {version}/cachedContents/{id}."""

    endpoint = "caches.delete"
    action = "delete"

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        return json_answer(stamp, {})


class UpdateCachedContent:
    """PATCH {version}/cachedContents/{id}: another end; nothing else can be changed."""

    def parse(self, http: HttpRequest) -> ResourceRequest:
        body, _ = read(http, CACHED_CONTENT)
        _life(body)
        return ResourceRequest(
            provider="gemini",
            endpoint="caches.update",
            collection=COLLECTION,
            action="update",
            id=http.params["id"],
            raw=body.value,
        )

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        item: Stored = result.items[0]
        body = {**item.body, "updateTime": moment(stamp.now_s)}
        expires_s = item.expires_s
        if "ttl" in request.raw or "expireTime" in request.raw:
            expires_s = _expires_s(request.raw, stamp.now_s)
        return _answer(replace(item, body=body, expires_s=expires_s), stamp)


class ListCachedContents:
    """GET {version}/cachedContents, newest first."""

    def parse(self, http: HttpRequest) -> ResourceRequest:
        PAGING.check(http.query)
        return ResourceRequest(
            provider="gemini",
            endpoint="caches.list",
            collection=COLLECTION,
            action="list",
            raw=dict(http.query),
        )

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        newest = tuple(reversed(result.items))
        shown, token = PAGING.page(newest, request.raw, lambda item: item.body["name"])
        body: dict[str, Any] = {COLLECTION: [_told(item) for item in shown]} if shown else {}
        if token:
            body["nextPageToken"] = token
        return json_answer(stamp, body)


def _answer(kept: Stored, stamp: Stamp) -> Answer:
    """The resource, stored as it is told."""
    return replace(json_answer(stamp, _told(kept)), stores=(kept,))


def _told(item: Stored) -> dict[str, Any]:
    body = {**item.body, "expireTime": moment(item.expires_s or 0)}
    return {name: value for name, value in body.items() if value}


def _life(body: Reader) -> None:
    """Raise `Rejected` for an end that is none."""
    ttl, until = body.text("ttl"), body.text("expireTime")
    if ttl is not None and read_span(ttl) is None:
        raise body.reject("ttl")
    if until is not None and read_moment(until) is None:
        raise body.reject("expireTime")


def _expires_s(raw: Mapping[str, Any], now_s: float) -> float:
    if (until := raw.get("expireTime")) is not None:
        return read_moment(until) or now_s
    ttl_s = read_span(raw["ttl"]) if raw.get("ttl") is not None else None
    return now_s + (LIFE_S if ttl_s is None else ttl_s)
