"""Which models a fake serves, under every name by which a request may ask for one.

Here are the types, the lookup and each provider's rules for names. The data stand apart in
`model_data/`, one file a provider, written by `tools/make_catalogue.py`. What a model says, how
fast it is and what it costs do not belong here.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any, Final, Literal

from ..errors import ScriptError

__all__ = ["Catalogue", "Kind", "KnownModels", "Model", "Naming", "catalogue"]

Kind = Literal["chat", "embedding", "moderation", "completion", "image", "audio", "other"]

KnownModels = Literal["known", "current", "any"]
"""Which names get an answer: those of the catalogue, those of them that are not retired by the
clock's day, or all."""

DERIVED_MAX: Final = 1024
"""How many names that no list holds are remembered with the model they stand for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """What a provider tells about a model, and what a fake must know to answer as it would.

    id                 the name in the provider's listing: `gpt-4o-mini`
    snapshot           the name that answers echo: `gpt-4o-mini-2024-07-18`; `id` when empty
    kind               the operation that serves it; `chat` is every model that generates from
                       a conversation, whatever the output
    created_s          Unix seconds; 0 where the provider does not tell
    context_window     tokens of input and output; Gemini limits them apart: tokens of input
    dimensions         length of an embedding, else 0
    listed             false: requests may name it, but the listing leaves it out
    deprecated_on, retires_on   ISO dates, empty when none is announced
    aliases            further names that requests may use
    extra              what only this provider tells: `line`, `version`, `quantization_level`

    The defaults describe a model that nothing is known of: it can do everything.
    """

    id: str
    snapshot: str = ""
    kind: Kind = "chat"
    created_s: int = 0
    display_name: str = ""
    context_window: int = 128_000
    max_output_tokens: int = 16_384
    dimensions: int = 0
    tools: bool = True
    vision: bool = True
    thinking: bool = True
    json_schema: bool = True
    listed: bool = True
    deprecated_on: str = ""
    retires_on: str = ""
    aliases: tuple[str, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "snapshot", self.snapshot or self.id)
        object.__setattr__(self, "display_name", self.display_name or self.id)


def _as_it_is(name: str) -> str:
    return name


def _nothing(name: str, own: Mapping[str, Model]) -> Model | None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming:
    """How one provider reads a model's name.

    listed           turns a name as asked for into the form of the listing
    derive           a model that follows from the provider's own ones, by a name in that form
    echoes_request   answers repeat the name as it was asked for
    newest_first     an added model stands first in the listing, else last
    """

    listed: Callable[[str], str] = _as_it_is
    derive: Callable[[str, Mapping[str, Model]], Model | None] = _nothing
    echoes_request: bool = False
    newest_first: bool = False


class Catalogue:
    """The models of one fake, in listing order: the provider's own until a test changes them.

    models  by their ids
    names   the same under every name
    allows  `any` where every name is accepted, as a fake of a provider without a list must
    """

    __slots__ = (
        "_added",
        "_allows",
        "_derived",
        "_library",
        "_models",
        "_names",
        "_naming",
        "_own",
        "_removed",
    )

    def __init__(
        self,
        models: Mapping[str, Model],
        names: Mapping[str, Model],
        *,
        allows: KnownModels = "known",
        naming: Naming | None = None,
    ) -> None:
        self._allows: KnownModels = allows
        self._naming = naming or Naming()
        self._models = dict(models)
        self._own = dict(models)
        self._added: set[str] = set()
        self._removed: set[str] = set()
        self._names = self._library = names  # made anew by every change
        self._derived: dict[str, Model] = {}

    @property
    def allows(self) -> KnownModels:
        return self._allows

    @allows.setter
    def allows(self, value: KnownModels) -> None:
        self._allows = value
        self._derived = {}

    def retired(self, model: Model, day: str) -> bool:
        """Whether requests of this day, an ISO date, no longer get the model: where only current
        ones are allowed, from its last day on, unless it was added here."""
        if self._allows != "current" or not model.retires_on:
            return False
        return model.retires_on <= day and model.id not in self._added

    def find(self, name: str) -> Model | None:
        """The model that a request with this name gets, None when there is none. O(1)."""
        return self._names.get(name) or self._derived.get(name) or self._derive(name)

    def add(self, model: Model | str, **changes: Any) -> Model:
        """List a model, in place of the one with its id if there is one.

        A name starts from what is known of it (`add("gpt-4o", context_window=9000)`), or from
        a model that can do everything; `changes` are fields of `Model`.
        """
        _check_fields(changes)
        if isinstance(model, str):
            model = self._known(self._naming.listed(model))
        id = self._naming.listed(model.id)
        snapshot = id if self._naming.echoes_request else model.snapshot
        model = replace(model, **{"id": id, "snapshot": snapshot, "listed": True, **changes})
        self._removed.discard(model.id)
        self._added.add(model.id)
        if model.id in self._library:
            self._own[model.id] = model
        if self._naming.newest_first and model.id not in self._models:
            self._models = {model.id: model, **self._models}
        else:
            self._models[model.id] = model
        self._index()
        return model

    def remove(self, name: str) -> bool:
        """Make the model unknown under each of its names; False when it was unknown before."""
        model = self.find(name)
        if model is None:
            return False
        self._models.pop(model.id, None)
        self._own.pop(model.id, None)
        self._removed.add(model.id)
        self._index()
        return True

    def __contains__(self, name: str) -> bool:
        return self.find(name) is not None

    def __iter__(self) -> Iterator[Model]:
        return (model for model in self._models.values() if model.listed)

    def _known(self, name: str) -> Model:
        """All that is known of a name, even of a model that was removed."""
        return (
            self.find(name)
            or self._library.get(name)
            or self._naming.derive(name, self._library)
            or Model(id=name)
        )

    def _index(self) -> None:
        self._names = _by_name(self._models)
        self._derived = {}

    def _derive(self, name: str) -> Model | None:
        listed = self._naming.listed(name)
        if not listed or listed in self._removed:
            return None
        model = self._names.get(listed) or self._naming.derive(listed, self._own)
        if model is None and self._allows == "any":
            model = Model(id=listed, listed=False)
        if model is None:
            return None
        if self._naming.echoes_request:
            model = replace(model, snapshot=name)
        if len(self._derived) >= DERIVED_MAX:
            self._derived.clear()
        self._derived[name] = model
        return model


def _by_name(models: Mapping[str, Model]) -> dict[str, Model]:
    """The models under every name. An id wins over another model's snapshot or alias."""
    names = dict(models)
    for model in models.values():
        for name in (model.snapshot, *model.aliases):
            names.setdefault(name, model)
    return names


def catalogue(provider: str, *, allows: KnownModels = "known") -> Catalogue:
    """A fresh catalogue of this provider's models: claude, openai, gemini or ollama.

    Any other provider gets an empty one that accepts every name.
    """
    naming = _NAMINGS.get(provider)
    if naming is None:
        return Catalogue({}, {}, allows="any")
    return Catalogue(*_load(provider), allows=allows, naming=naming)


@cache
def _load(provider: str) -> tuple[Mapping[str, Model], Mapping[str, Model]]:
    """The models by their ids, and by all their names."""
    text = (files(__package__ or "") / "model_data" / f"{provider}.json").read_text("utf-8")
    rows = json.loads(text)
    listed = (Model(**{**row, "aliases": tuple(row.get("aliases", ()))}) for row in rows)
    models = {model.id: model for model in listed}
    return models, _by_name(models)


def _check_fields(changes: Mapping[str, Any]) -> None:
    known = {each.name for each in fields(Model)}
    if unknown := sorted(changes.keys() - known):
        raise ScriptError(
            f"A model has no field {unknown[0]!r}.\n"
            f"Its fields are {', '.join(sorted(known))}.\n"
            f"What only one provider tells goes into extra={{{unknown[0]!r}: ...}}."
        )


# --- names, provider by provider ----------------------------------------------------------


def _fine_tune(name: str, own: Mapping[str, Model]) -> Model | None:
    """OpenAI's `ft:gpt-4o-mini-2024-07-18:acme::B1xYz` has the data of the model it tunes."""
    kind, _, rest = name.partition(":")
    base, colon, _ = rest.partition(":")
    if kind != "ft" or not colon or base not in own:
        return None
    return replace(own[base], id=name, snapshot=name, listed=False, aliases=())


def _without_collection(name: str) -> str:
    """Gemini's resource name `models/gemini-2.5-flash` and the bare one are the same."""
    return name.removeprefix("models/")


def _tuned_model(name: str, own: Mapping[str, Model]) -> Model | None:
    """Gemini's `tunedModels/my-model-x1y2`, with the data of a model that can be tuned."""
    if not name.startswith("tunedModels/"):
        return None
    base = own.get("gemini-2.5-flash", Model(id=name))
    return replace(base, id=name, snapshot=name, display_name=name, listed=False, aliases=())


def _with_tag(name: str) -> str:
    """Ollama's full name: `llama3.2` is `llama3.2:latest`, and `library/` is implied."""
    name = name.removeprefix("registry.ollama.ai/").removeprefix("library/")
    return name if not name or ":" in name.rpartition("/")[2] else f"{name}:latest"


_SIZE = re.compile(r"(?:^|-)(\d+(?:\.\d+)?)([bm])(?:-|$)")
_QUANTIZATION = re.compile(r"(?:^|-)(i?q\d\w*|bf16|fp?16|mxfp4|nvfp4)$")
_MILLIONS = {"M": 1, "B": 1000}


def _library_tag(name: str, own: Mapping[str, Model]) -> Model | None:
    """Ollama's `llama3.1:8b-instruct-q4_K_M`: any tag of a library model counts as pulled."""
    library, _, tag = name.partition(":")
    base = own.get(f"{library}:latest")
    if base is None or not tag:
        return None
    extra = {**base.extra, "digest": sha256(name.encode()).hexdigest()}
    if size := _SIZE.search(tag):
        number, unit = size[1], size[2].upper()
        extra["parameter_size"] = number + unit
        extra["size"] = int(_size_ratio(number, unit, base.extra["parameter_size"]) * extra["size"])
    if quantization := _QUANTIZATION.search(tag.lower()):
        extra["quantization_level"] = quantization[1].replace("fp16", "f16").upper()
    return replace(
        base, id=name, snapshot=name, display_name=name, listed=False, aliases=(), extra=extra
    )


def _size_ratio(number: str, unit: str, of: str) -> float:
    """How many times larger a model of this parameter size is than one of size `of`."""
    return float(number) * _MILLIONS[unit] / (float(of[:-1]) * _MILLIONS[of[-1]])


_NAMINGS: Final[Mapping[str, Naming]] = {
    "claude": Naming(newest_first=True),
    "openai": Naming(derive=_fine_tune),
    "gemini": Naming(listed=_without_collection, derive=_tuned_model),
    "ollama": Naming(listed=_with_tag, derive=_library_tag, echoes_request=True, newest_first=True),
}
