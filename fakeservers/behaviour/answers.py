"""The result of a request: what the script says, else what a cooperative server would say.

Reads the catalogue of models, the store and the memory; writes neither a wire format nor a journal.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from ..canonical import (
    ApiError,
    ChatRequest,
    CompletionResult,
    CountRequest,
    EmbedRequest,
    EmbedResult,
    ErrorKind,
    Message,
    ModerateRequest,
    ModerateResult,
    Part,
    RawReply,
    Reference,
    Rejected,
    Reply,
    Request,
    ResourceRequest,
    ResourceResult,
    Result,
    TokenResult,
    ToolCall,
    ToolResult,
    Usage,
)
from ..rng import Seed
from .caching import Asker, PromptCaches
from .embeddings import embed
from .memory import Loaded, Memory
from .models import Catalogue, Model
from .moderation import scores
from .natural.content import natural_reply
from .replies import scripted
from .scenario import Decision, TokenCounts
from .store import Store
from .tokens import count_chat, count_inputs, count_prompt

__all__ = ["Answering", "continued"]

DIMENSIONS = 768
"""Length of a vector when neither the request nor the model says."""


def continued(request: Request, store: Store) -> Request:
    """The request with what it names of earlier answers put in: the stored conversation before
    its messages, the stored items in their places."""
    if isinstance(request, ChatRequest):
        return _whole(request, store)
    if isinstance(request, CountRequest):
        return replace(request, chat=_whole(request.chat, store))
    return request


def _whole(chat: ChatRequest, store: Store) -> ChatRequest:
    if chat.refers:
        chat = _resolved(chat, store)
    return chat if chat.previous_id is None else _continued(chat, chat.previous_id, store)


def _continued(chat: ChatRequest, previous_id: str, store: Store) -> ChatRequest:
    before = store.get("responses", previous_id)
    if before is None:
        raise Rejected(ApiError(status=400, kind="not_found", subject=previous_id, code="previous"))
    names = {call.id: call.name for message in before.messages for call in _calls(message)}
    return replace(chat, messages=before.messages + _named(chat.messages, names))


def _resolved(chat: ChatRequest, store: Store) -> ChatRequest:
    messages = [
        replace(message, parts=tuple(said for part in message.parts for said in _said(part, store)))
        for message in chat.messages
    ]
    names = {call.id: call.name for message in messages for call in _calls(message)}
    return replace(chat, messages=_named(tuple(messages), names))


def _said(part: Part, store: Store) -> Iterable[Part]:
    """The part itself, or the parts of the item that it refers to."""
    if not isinstance(part, Reference):
        return (part,)
    item = store.get("items", part.id)
    if item is None:
        raise Rejected(ApiError(status=404, kind="not_found", subject=part.id, code="item"))
    return (said for message in item.messages for said in message.parts)


def _calls(message: Message) -> Iterable[ToolCall]:
    return (part for part in message.parts if isinstance(part, ToolCall))


def _named(messages: tuple[Message, ...], names: Mapping[str, str]) -> tuple[Message, ...]:
    """The messages, their tool results with the names of the stored calls that they answer."""
    return tuple(
        Message("tool", tuple(_with_name(part, names) for part in message.parts))
        if message.role == "tool"
        else message
        for message in messages
    )


def _with_name(part: Part, names: Mapping[str, str]) -> Part:
    if isinstance(part, ToolResult) and not part.name:
        return replace(part, name=names.get(part.call_id, ""))
    return part


@dataclass(frozen=True, slots=True, kw_only=True)
class Answering:
    """How one fake answers: by its catalogue, its store and the models that it has in memory."""

    catalogue: Catalogue
    store: Store
    memory: Memory
    caches: PromptCaches

    def answer(
        self, request: Request, decision: Decision, seed: Seed, asker: Asker
    ) -> Result | RawReply:
        """The result of `request`. Raises `Rejected` for an unknown model or resource."""
        if isinstance(decision.reply, RawReply):
            return decision.reply
        match request:
            case ChatRequest():
                return self._chat(request, decision, seed, asker)
            case CountRequest():
                self._model(request.model, decision)
                counts = _overridden(count_prompt(request.chat), decision)
                return TokenResult(input_tokens=counts.input_tokens, modalities=counts.modalities)
            case EmbedRequest():
                return self._embed(request, decision)
            case ModerateRequest():
                return self._moderate(request, decision)
            case ResourceRequest():
                return self._resource(request)

    def _chat(
        self, request: ChatRequest, decision: Decision, seed: Seed, asker: Asker
    ) -> CompletionResult | RawReply:
        model = self._model(request.model, decision)
        reply = decision.reply
        if callable(reply):
            reply = scripted(reply(request))
            if callable(reply):
                raise TypeError(f"a scripted function returned another function: {reply!r}")
        if isinstance(reply, RawReply):
            return reply
        replies = (reply,) * request.choices if reply else _natural(request, seed)
        usage = self.caches.charged(request, count_chat(request, replies), asker)
        return CompletionResult(
            replies=replies,
            usage=_overridden(usage, decision),
            model=model.snapshot if model else request.model,
        )

    def _embed(self, request: EmbedRequest, decision: Decision) -> EmbedResult:
        model = self._model(request.model, decision)
        dimensions = request.dimensions or (model and model.dimensions) or DIMENSIONS
        counted = Usage(input_tokens=count_inputs(request))
        return EmbedResult(
            vectors=tuple(embed(text, dimensions) for text in request.inputs),
            input_tokens=_overridden(counted, decision).input_tokens,
            model=model.snapshot if model else request.model,
        )

    def _moderate(self, request: ModerateRequest, decision: Decision) -> ModerateResult:
        model = self._model(request.model, decision)
        return ModerateResult(
            scores=tuple(scores(text) for text in request.inputs),
            model=model.snapshot if model else request.model,
        )

    def _resource(self, request: ResourceRequest) -> ResourceResult:
        if request.collection == "models":
            return ResourceResult(items=tuple(self._models(request)))
        if request.collection == "memory":
            return ResourceResult(items=tuple(self._loaded()))
        if request.id is None:
            parent, _, _ = request.collection.rpartition("/")
            if parent:
                collection, _, id = parent.rpartition("/")
                self._found(request, self.store.get(collection, id))
            return ResourceResult(items=self.store.all(request.collection))
        act = self.store.delete if request.action == "delete" else self.store.get
        return ResourceResult(items=(self._found(request, act(request.collection, request.id)),))

    def _models(self, request: ResourceRequest) -> Iterable[Model]:
        if request.id is None:
            return self.catalogue
        if request.action == "create":
            if request.source is None:
                return (self.catalogue.add(request.id),)
            source = self._found(request, self.catalogue.find(request.source))
            return (self.catalogue.add(replace(source, id=request.id, snapshot=request.id)),)
        model = self._found(request, self.catalogue.find(request.id))
        if request.action == "delete":
            self.catalogue.remove(request.id)
        return (model,)

    def _loaded(self) -> Iterable[tuple[Model, Loaded]]:
        """The models that are or were in memory, but for those that have been deleted."""
        for loaded in self.memory:
            if (model := self.catalogue.find(loaded.name)) is not None:
                yield model, loaded

    def _found(self, request: ResourceRequest, item: Any) -> Any:
        if item is None:
            kind: ErrorKind = "unknown_model" if request.collection == "models" else "not_found"
            subject = request.source or request.id or request.collection.rpartition("/")[0]
            raise Rejected(ApiError(status=404, kind=kind, subject=subject))
        return item

    def _model(self, name: str, decision: Decision) -> Model | None:
        model = self.catalogue.find(name)
        if model is None and (decision.rule is None or decision.rule.match.model is None):
            raise Rejected(ApiError(status=404, kind="unknown_model", subject=name))
        return model


def _natural(request: ChatRequest, seed: Seed) -> tuple[Reply, ...]:
    random = seed.random()
    return tuple(natural_reply(request, random) for _ in range(request.choices))


def _overridden(usage: Usage, decision: Decision) -> Usage:
    return _with_counts(usage, decision.counts) if decision.counts else usage


def _with_counts(usage: Usage, counts: Sequence[TokenCounts]) -> Usage:
    given = {
        field.name: value
        for scripted_counts in counts
        for field in fields(scripted_counts)
        if (value := getattr(scripted_counts, field.name)) is not None
    }
    if not given.keys().isdisjoint(_PROMPT_COUNTS):
        # A prompt that the script counts is cached only as the script says.
        given = {**_UNCACHED, **given}
    return replace(usage, **given)


_PROMPT_COUNTS = frozenset({"input_tokens", "cached_tokens", "cache_write_tokens"})
_UNCACHED = {"cached_tokens": 0, "cache_write_tokens": 0, "cache_write_1h_tokens": 0}
