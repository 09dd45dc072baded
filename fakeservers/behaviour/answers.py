"""The result of a request: what the script says, else what a cooperative server would say.

Reads the catalogue of models, the store and the memory; writes neither a wire format nor a journal.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any

from ..canonical import (
    ApiError,
    ChatRequest,
    CompletionResult,
    CountRequest,
    EmbedRequest,
    EmbedResult,
    ImageRequest,
    ImageResult,
    ModerateRequest,
    ModerateResult,
    RawReply,
    Rejected,
    Reply,
    Request,
    ResourceRequest,
    ResourceResult,
    Result,
    SpeechRequest,
    SpeechResult,
    Stored,
    TokenResult,
    Usage,
    Weighed,
)
from ..rng import Seed
from .abilities import check_abilities, check_embeddable, check_window
from .caching import Asker, PromptCaches
from .embeddings import embed
from .jobs import Jobs
from .media import paint, speak
from .memory import Loaded, Memory
from .models import Catalogue, Model
from .moderation import scores
from .natural.content import natural_reply, stopped
from .replies import scripted
from .scenario import Decision, TokenCounts
from .store import Store
from .tokens import Counts, count_inputs, count_prompt, count_text
from .twists import twisted

__all__ = ["Answering"]

DIMENSIONS = 768
"""Length of a vector when neither the request nor the model says."""

HINT = "x-llmsim-hint"
"""The header in which a fake says what the provider's own error cannot: how to allow it here."""

NAME_SHOWN_MAX = 100
"""How much of a model's name the hint repeats."""

_OfModel = (
    ChatRequest | CountRequest | EmbedRequest | ModerateRequest | ImageRequest | SpeechRequest
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answering:
    """How one fake answers: by its catalogue, its store and the models that it has in memory."""

    catalogue: Catalogue
    wall: Callable[[], float]
    store: Store
    memory: Memory
    jobs: Jobs
    caches: PromptCaches
    counted: Counts

    def answer(
        self,
        request: Request,
        decision: Decision,
        seed: Seed,
        asker: Asker,
        *,
        validates: bool = True,
    ) -> Result | RawReply:
        """The result of `request`. Raises `Rejected` for an unknown model or resource, and, where
        the fake `validates`, for what the model cannot do."""
        if isinstance(decision.reply, RawReply):
            return decision.reply
        match request:
            case ChatRequest():
                return self._chat(request, decision, seed, asker, validates)
            case CountRequest():
                self._model(request, decision, validates)
                counts = _overridden(count_prompt(request.chat), decision)
                return TokenResult(input_tokens=counts.input_tokens, modalities=counts.modalities)
            case EmbedRequest():
                return self._embed(request, decision, validates)
            case ModerateRequest():
                return self._moderate(request, decision, validates)
            case ResourceRequest():
                return self._resource(request, validates)
            case ImageRequest():
                return self._paint(request, decision, seed, validates)
            case SpeechRequest():
                return self._speak(request, decision, seed, validates)

    def _chat(
        self, request: ChatRequest, decision: Decision, seed: Seed, asker: Asker, validates: bool
    ) -> CompletionResult | RawReply:
        model = self._model(request, decision, validates)
        reply = decision.reply
        weighed = request.weighed
        if (
            weighed is not None
            and weighed.reply is reply
            and weighed.model is model
            and isinstance(reply, Reply)
        ):
            return self._charged(request, decision, (reply,), weighed.usage, model, asker)
        if validates and model:
            check_abilities(request, model)
        if callable(reply):
            reply = scripted(reply(request))
            if callable(reply):
                raise TypeError(f"a scripted function returned another function: {reply!r}")
        if isinstance(reply, RawReply):
            return reply
        replies = (reply,) * request.choices if reply else _natural(request, seed)
        if decision.fault is not None and decision.fault.twist is not None:
            replies = tuple(twisted(one, decision.fault.twist, request) for one in replies)
        if reply is not None and request.stop:
            # Whatever is scripted, the service sends nothing after a stop sequence.
            replies = tuple(
                stopped(one, request.stop) if one.finish == "stop" else one for one in replies
            )
        counted = self.counted.chat(request, replies)
        if validates and model:
            check_window(request, model, counted.input_tokens)
        if reply is decision.reply and replies == (reply,):
            request.weighed = Weighed(reply, model, counted)
        return self._charged(request, decision, replies, counted, model, asker)

    def _charged(
        self,
        request: ChatRequest,
        decision: Decision,
        replies: tuple[Reply, ...],
        counted: Usage,
        model: Model | None,
        asker: Asker,
    ) -> CompletionResult:
        """The result with what came from a prompt cache, and with the counts that are scripted."""
        usage = self.caches.charged(request, counted, asker)
        if request.cached_tokens:
            usage = replace(usage, cached_tokens=request.cached_tokens)
        return CompletionResult(
            replies=replies,
            usage=_overridden(usage, decision),
            model=model.snapshot if model else request.model,
            judged=_judged(request, replies) if request.judged_by else None,
        )

    def _embed(self, request: EmbedRequest, decision: Decision, validates: bool) -> EmbedResult:
        model = self._model(request, decision, validates)
        dimensions = request.dimensions or (model and model.dimensions) or DIMENSIONS
        if validates and model:
            counts = [count_text(text, request.provider, request.model) for text in request.inputs]
            check_embeddable(request, model, counts)
        counted = Usage(input_tokens=count_inputs(request))
        return EmbedResult(
            vectors=tuple(embed(text, dimensions) for text in request.inputs),
            input_tokens=_overridden(counted, decision).input_tokens,
            model=model.snapshot if model else request.model,
        )

    def _moderate(
        self, request: ModerateRequest, decision: Decision, validates: bool
    ) -> ModerateResult:
        model = self._model(request, decision, validates)
        return ModerateResult(
            scores=tuple(scores(text) for text in request.inputs),
            model=model.snapshot if model else request.model,
        )

    def _paint(
        self, request: ImageRequest, decision: Decision, seed: Seed, validates: bool
    ) -> ImageResult:
        model = self._model(request, decision, validates)
        made = paint(request, seed, model.snapshot if model else request.model)
        return replace(made, usage=_overridden(made.usage, decision))

    def _speak(
        self, request: SpeechRequest, decision: Decision, seed: Seed, validates: bool
    ) -> SpeechResult:
        model = self._model(request, decision, validates)
        made = speak(request, seed, model.snapshot if model else request.model)
        return replace(made, usage=_overridden(made.usage, decision))

    def _resource(self, request: ResourceRequest, validates: bool) -> ResourceResult:
        if request.collection == "models":
            return ResourceResult(items=tuple(self._models(request, validates)))
        if request.collection == "memory":
            return ResourceResult(items=tuple(self._loaded()))
        if request.id is None:
            parent, _, _ = request.collection.rpartition("/")
            if parent:
                collection, _, id = parent.rpartition("/")
                self._found(request, self.store.get(collection, id))
            return ResourceResult(
                items=tuple(map(self.jobs.seen, self.store.all(request.collection)))
            )
        item = self.jobs.seen(self._found(request, self.store.get(request.collection, request.id)))
        if request.ended and (item.job is None or not item.job.ended):
            raise Rejected(ApiError(status=400, kind="not_ended", subject=request.id))
        match request.action:
            case "delete":
                self.store.delete(request.collection, request.id)
                self.jobs.forget(request.collection, request.id)
                return ResourceResult(items=(item, *self._owner(request)))
            case "cancel" if item.job is not None:
                self.jobs.cancel(request.collection, request.id)
                item = self.jobs.seen(item)
        return ResourceResult(items=(item,))

    def _owner(self, request: ResourceRequest) -> tuple[Stored, ...]:
        """What the collection hangs on, which must be there; nothing for one that stands alone."""
        collection, _, id = request.collection.rpartition("/")[0].rpartition("/")
        return (self._found(request, self.store.get(collection, id)),) if collection else ()

    def _models(self, request: ResourceRequest, validates: bool) -> Iterable[Model]:
        if request.id is None:
            return (model for model in self.catalogue if not self._retired(model))
        if request.action == "create":
            if request.source is None:
                return (self.catalogue.add(request.id),)
            source = self._found(request, self.catalogue.find(request.source))
            return (self.catalogue.add(replace(source, id=request.id, snapshot=request.id)),)
        model = self.catalogue.find(request.id)
        if model is None and not validates:
            return (Model(id=request.id),)
        if model is not None and validates and self._retired(model):
            raise Rejected(_retired_model(request.provider, request.id))
        model = self._found(request, model)
        if request.action == "delete":
            self.catalogue.remove(request.id)
        return (model,)

    def _loaded(self) -> Iterable[tuple[Model, Loaded]]:
        """The models that are or were in memory, but for those that have been deleted."""
        for loaded in self.memory:
            if (model := self.catalogue.find(loaded.name)) is not None:
                yield model, loaded

    def _found(self, request: ResourceRequest, item: Any) -> Any:
        if item is not None:
            return item
        owner = request.collection.rpartition("/")[0].rpartition("/")[2]
        subject = request.source or request.id or owner
        if request.collection == "models":
            raise Rejected(_unknown_model(request.provider, subject))
        if request.stand_in is not None and request.id is not None:
            return Stored(collection=request.collection, id=request.id, body=request.stand_in)
        if request.stand_in is not None:
            return None
        raise Rejected(ApiError(status=404, kind="not_found", subject=subject))

    def _model(self, request: _OfModel, decision: Decision, validates: bool) -> Model | None:
        model = self.catalogue.find(request.model)
        if not validates:
            return model
        named = decision.rule is not None and decision.rule.match.model is not None
        if model is not None:
            if isinstance(request, (ChatRequest, EmbedRequest)) and request.unserved is not None:
                raise Rejected(request.unserved)
            if not named and self._retired(model):
                raise Rejected(_retired_model(request.provider, request.model))
            return model
        if not named:
            raise Rejected(_unknown_model(request.provider, request.model))
        return model

    def _retired(self, model: Model) -> bool:
        if self.catalogue.allows != "current":
            return False
        today = datetime.fromtimestamp(self.wall(), UTC).date()
        return self.catalogue.retired(model, today.isoformat())


def _unknown_model(provider: str, name: str) -> ApiError:
    """The error, with a header that says how a test allows the model."""
    shown = ascii(name[:NAME_SHOWN_MAX])
    hint = f'llmsim.{provider}.models.add({shown}) makes it known, llmsim.{provider}.models = "any"'
    return ApiError(
        status=404,
        kind="unknown_model",
        subject=name,
        headers=((HINT, f"{hint} every model"),),
    )


def _retired_model(provider: str, name: str) -> ApiError:
    told = f'llmsim.{provider}.models = "known" answers to models that have retired'
    return ApiError(status=404, kind="retired_model", subject=name, headers=((HINT, told),))


def _natural(request: ChatRequest, seed: Seed) -> tuple[Reply, ...]:
    random = seed.random()
    return tuple(natural_reply(request, random) for _ in range(request.choices))


def _judged(
    request: ChatRequest, replies: Iterable[Reply]
) -> tuple[Mapping[str, float], Mapping[str, float]]:
    asked = "\n".join(message.text for message in request.messages)
    return scores(asked), scores("\n".join(reply.text for reply in replies))


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
