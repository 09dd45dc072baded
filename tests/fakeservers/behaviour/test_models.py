"""The catalogue: names, what they stand for, the data behind them, and changes to it."""

import re
from dataclasses import replace

import pytest

from fakeservers.behaviour.models import DERIVED_MAX, Catalogue, Model, catalogue
from fakeservers.errors import ScriptError

PROVIDERS = ("claude", "openai", "gemini", "ollama")


def found(provider: str, name: str) -> Model:
    model = catalogue(provider).find(name)
    assert model is not None, f"{provider} does not know {name}"
    return model


# --- names --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("provider", "asked", "answered"),
    [
        ("claude", "claude-sonnet-4-5", "claude-sonnet-4-5-20250929"),
        ("claude", "claude-haiku-4-5", "claude-haiku-4-5-20251001"),
        ("claude", "claude-sonnet-4-0", "claude-sonnet-4-20250514"),
        ("claude", "claude-3-opus-latest", "claude-3-opus-20240229"),
        ("claude", "claude-3-5-haiku-latest", "claude-3-5-haiku-latest"),
        ("claude", "claude-opus-4-8", "claude-opus-4-8"),
        ("openai", "gpt-4o", "gpt-4o-2024-08-06"),
        ("openai", "gpt-4o-mini", "gpt-4o-mini-2024-07-18"),
        ("openai", "gpt-4o-audio-preview", "gpt-4o-audio-preview-2024-12-17"),
        ("openai", "gpt-4o-2024-11-20", "gpt-4o-2024-11-20"),
        ("openai", "gpt-3.5-turbo", "gpt-3.5-turbo-0125"),
        ("openai", "gpt-5.5", "gpt-5.5-2026-04-23"),
        ("openai", "gpt-5.6", "gpt-5.6-sol"),
        ("openai", "gpt-6.2-astra", "gpt-6.2-astra"),
        ("openai", "o3", "o3-2025-04-16"),
        ("openai", "davinci-002", "davinci:2023-07-21-v2"),
        ("openai", "text-embedding-3-small", "text-embedding-3-small"),
        ("gemini", "gemini-2.5-flash", "gemini-2.5-flash"),
        ("gemini", "models/gemini-2.5-flash", "gemini-2.5-flash"),
        ("gemini", "gemini-flash-latest", "gemini-3.6-flash"),
        ("gemini", "tunedModels/my-model-x1y2", "tunedModels/my-model-x1y2"),
        ("ollama", "llama3", "llama3"),
        ("ollama", "llama3:latest", "llama3:latest"),
        ("ollama", "llama3.1:8b-instruct-q4_K_M", "llama3.1:8b-instruct-q4_K_M"),
    ],
)
def test_answers_name_the_model_as_the_provider_does(
    provider: str, asked: str, answered: str
) -> None:
    """The name that an answer echoes is the one that the real service echoes."""
    assert found(provider, asked).snapshot == answered


@pytest.mark.parametrize(
    ("provider", "name"),
    [
        ("claude", "claude-sonet-4-5"),
        ("claude", "gpt-4o"),
        ("openai", "gpt-5.2-proo"),
        ("openai", "gpt-5.1-mini"),  # in the SDK's list, "Not a supported model ID"
        ("openai", "ft:gpt-4o-minni:acme::x"),
        ("openai", "ft:gpt-4o-mini"),
        ("openai", "GPT-4o"),
        ("gemini", "gemini-3.6-flahs"),
        ("gemini", "models/nonexistent-model"),
        ("ollama", "lama3"),
        ("ollama", "llama3:"),
        ("ollama", "someone/llama3"),
        ("ollama", "hf.co/bartowski/Llama-3.2-3B-Instruct-GGUF:Q4_K_M"),
        *((provider, "") for provider in PROVIDERS),
    ],
)
def test_a_name_that_nobody_serves_is_unknown(provider: str, name: str) -> None:
    """A misspelt, foreign or never pulled model is not found."""
    assert catalogue(provider).find(name) is None


def test_a_fine_tune_has_the_data_of_its_base() -> None:
    """OpenAI's ft:base:org::id is as large and as able as its base, and is not listed."""
    name = "ft:gpt-4.1-mini-2025-04-14:acme:support:B1xYz"
    tuned, base = found("openai", name), found("openai", "gpt-4.1-mini-2025-04-14")
    assert tuned == replace(base, id=name, snapshot=name, listed=False)


@pytest.mark.parametrize("name", ["llama3.2", "llama3.2:latest", "library/llama3.2"])
def test_ollama_implies_the_library_and_the_latest_tag(name: str) -> None:
    """A short name is the same model as the full one that the listing shows."""
    assert found("ollama", name).id == "llama3.2:latest"


def test_an_ollama_tag_tells_size_and_quantization() -> None:
    """A library model under another tag has the details that the tag names."""
    variant, base = found("ollama", "llama3.1:70b-instruct-q8_0"), found("ollama", "llama3.1")
    assert variant.extra["parameter_size"] == "70B"
    assert variant.extra["quantization_level"] == "Q8_0"
    assert variant.extra["size"] > 8 * base.extra["size"]
    assert variant.extra["digest"] != base.extra["digest"]


def test_an_ollama_tag_is_not_listed() -> None:
    """Asking for a variant does not put it into the listing."""
    models = catalogue("ollama")
    models.find("llama3.1:70b")
    assert "llama3.1:70b" not in [model.id for model in models]


# --- the data -----------------------------------------------------------------------------


@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_name_of_a_model_finds_a_model(provider: str) -> None:
    """Ids, snapshots and aliases are all names that requests may use."""
    models = catalogue(provider)
    names = {name for each in models for name in (each.id, each.snapshot, *each.aliases)}
    assert [name for name in names if name not in models] == []


@pytest.mark.parametrize("provider", PROVIDERS)
def test_ids_are_unique(provider: str) -> None:
    """No model is listed twice."""
    ids = [model.id for model in catalogue(provider)]
    assert len(ids) == len(set(ids)) >= 15


@pytest.mark.parametrize("provider", ["claude", "openai", "ollama"])
def test_a_chat_model_has_room_for_its_output(provider: str) -> None:
    """Limits of chat models are positive and the output fits into the window."""
    chat = [model for model in catalogue(provider) if model.kind == "chat"]
    assert [m.id for m in chat if not 0 < m.max_output_tokens <= m.context_window] == []


@pytest.mark.parametrize("provider", ["openai", "gemini", "ollama"])
def test_embedding_models_and_only_they_have_dimensions(provider: str) -> None:
    """The length of the vector is known wherever there is one."""
    models = list(catalogue(provider))
    assert all((model.dimensions > 0) == (model.kind == "embedding") for model in models)
    assert any(model.dimensions for model in models)


@pytest.mark.parametrize(
    ("provider", "name", "context_window", "max_output_tokens"),
    [
        ("claude", "claude-sonnet-4-5", 200_000, 64_000),
        ("claude", "claude-opus-4-8", 1_000_000, 128_000),
        ("openai", "gpt-4o-mini", 128_000, 16_384),
        ("openai", "gpt-4.1", 1_047_576, 32_768),
        ("openai", "o3", 200_000, 100_000),
        ("gemini", "gemini-2.5-flash", 1_048_576, 65_536),
        ("gemini", "gemini-3.8-flash", 1_048_576, 65_536),
    ],
)
def test_limits_are_those_of_the_provider(
    provider: str, name: str, context_window: int, max_output_tokens: int
) -> None:
    """Context window and output limit are the documented ones."""
    model = found(provider, name)
    assert (model.context_window, model.max_output_tokens) == (context_window, max_output_tokens)


@pytest.mark.parametrize(
    ("provider", "name", "able"),
    [
        ("openai", "gpt-4o", {"tools", "vision", "json_schema"}),
        ("openai", "gpt-3.5-turbo", {"tools"}),
        ("openai", "o1-mini", {"thinking"}),
        ("openai", "gpt-5", {"tools", "vision", "thinking", "json_schema"}),
        ("claude", "claude-3-haiku-20240307", {"tools", "vision"}),
        ("ollama", "llama3", {"json_schema"}),
        ("ollama", "llama3.1", {"tools", "json_schema"}),
        ("ollama", "nomic-embed-text", set()),
    ],
)
def test_capabilities_are_those_of_the_model(provider: str, name: str, able: set[str]) -> None:
    """What a model cannot do in reality it cannot do here."""
    model = found(provider, name)
    capabilities = ("tools", "vision", "thinking", "json_schema")
    assert {each for each in capabilities if getattr(model, each)} == able


@pytest.mark.parametrize("name", ["claude-3-5-haiku-20241022", "claude-3-opus-latest"])
def test_a_retired_model_answers_and_is_not_listed(name: str) -> None:
    """Code that names an old model can still be tested."""
    model = found("claude", name)
    assert model.extra["lifecycle"] == "retired"
    assert model.retires_on and not model.listed


@pytest.mark.parametrize(
    ("provider", "newest_first"), [("claude", True), ("openai", False), ("ollama", True)]
)
def test_listing_order_is_that_of_the_provider(provider: str, newest_first: bool) -> None:
    """Claude and Ollama list the newest model first, OpenAI the oldest."""
    created = [model.created_s for model in catalogue(provider)]
    assert created == sorted(created, reverse=newest_first)


def test_claude_tells_line_and_lifecycle() -> None:
    """Every Claude model has what the models endpoint must show of it."""
    for model in catalogue("claude"):
        assert model.extra["line"] in {"haiku", "sonnet", "opus", "fable", "mythos"}
        assert model.extra["lifecycle"] == ("deprecated" if model.retires_on else "active")
        assert bool(model.extra["thinking_types"]) == model.thinking


def test_gemini_tells_version_and_methods() -> None:
    """Every Gemini model has what the models endpoint must show of it."""
    for model in catalogue("gemini"):
        assert model.extra["version"] and model.extra["description"]
        generates = "generateContent" in model.extra["supportedGenerationMethods"]
        assert generates == (model.kind == "chat")


def test_ollama_tells_details_and_digest() -> None:
    """Every Ollama model has what /api/tags and /api/show must show of it."""
    for model in catalogue("ollama"):
        assert model.extra["family"] == model.extra["families"][0]
        assert re.fullmatch("[0-9a-f]{64}", model.extra["digest"])
        assert re.fullmatch(r"[\d.]+[MB]", model.extra["parameter_size"])
        assert model.extra["size"] > 1_000_000


# --- changes ------------------------------------------------------------------------------


def test_an_added_name_can_do_everything() -> None:
    """A model that nothing is known of is listed, last with OpenAI, with the given fields."""
    models = catalogue("openai")
    added = models.add("my-model", context_window=9000)
    assert list(models)[-1] == added == models.find("my-model")
    assert (added.snapshot, added.kind, added.context_window) == ("my-model", "chat", 9000)
    assert added.tools and added.vision and added.thinking and added.json_schema


def test_adding_a_known_name_changes_that_model() -> None:
    """What is not given stays as it was, under every name of the model, in its place."""
    models = catalogue("claude")
    before = [model.id for model in models]
    models.add("claude-sonnet-4-5", max_output_tokens=10)
    changed = models.find("claude-sonnet-4-5-20250929")
    assert changed and (changed.max_output_tokens, changed.context_window) == (10, 200_000)
    assert [model.id for model in models] == before


def test_a_pulled_ollama_variant_is_listed_first() -> None:
    """Pulling a tag puts it on top of the listing with its details."""
    models = catalogue("ollama")
    models.add("llama3.2:1b", created_s=1_800_000_000)
    top = next(iter(models))
    assert (top.id, top.extra["parameter_size"]) == ("llama3.2:1b", "1B")


def test_a_copied_ollama_model_gets_the_latest_tag() -> None:
    """A copy is found by its short name and listed by its full one."""
    models = catalogue("ollama")
    models.add(replace(found("ollama", "llama3.2"), id="mine", snapshot="mine"))
    copies = [models.find(name) for name in ("mine", "mine:latest")]
    assert [copy and copy.id for copy in copies] == ["mine:latest", "mine:latest"]
    assert [copy and copy.snapshot for copy in copies] == ["mine", "mine:latest"]


@pytest.mark.parametrize(
    ("provider", "name", "others"),
    [
        ("claude", "claude-haiku-4-5", ["claude-haiku-4-5-20251001"]),
        ("openai", "gpt-4o", []),
        ("gemini", "models/gemini-2.5-pro", ["gemini-2.5-pro"]),
        ("ollama", "llama3.2", ["llama3.2:latest", "llama3.2:1b"]),
        ("ollama", "llama3.1:70b", []),
    ],
)
def test_a_removed_model_is_unknown_until_it_is_added(
    provider: str, name: str, others: list[str]
) -> None:
    """Removal takes every name of the model; adding it again brings its data back."""
    models = catalogue(provider)
    before = models.find(name)
    assert models.remove(name)
    assert [each for each in (name, *others) if each in models] == []
    assert not models.remove(name)
    again = models.add(name)
    assert before and again == replace(before, listed=True, snapshot=again.snapshot)
    assert all(each in models for each in (name, *others))


def test_removing_an_alias_leaves_the_dated_model() -> None:
    """gpt-4o and the snapshot that it answers as are two models."""
    models = catalogue("openai")
    models.remove("gpt-4o")
    assert "gpt-4o-2024-08-06" in models


def test_catalogues_do_not_share_changes() -> None:
    """Each catalogue starts fresh."""
    catalogue("openai").remove("gpt-4o")
    assert "gpt-4o" in catalogue("openai")


def test_an_unknown_field_is_refused() -> None:
    """The error names the field, the ones there are, and the place for provider's extras."""
    with pytest.raises(ScriptError, match=r"no field 'contxt'") as refusal:
        catalogue("openai").add("gpt-4o", contxt=5)
    assert "context_window" in str(refusal.value)
    assert "extra={'contxt': ...}" in str(refusal.value)


# --- providers without a list -------------------------------------------------------------


def test_a_third_party_provider_accepts_every_name() -> None:
    """Nothing is listed, everything is found."""
    models = catalogue("groq")
    model = models.find("llama-3.3-70b-versatile")
    assert model and model.snapshot == "llama-3.3-70b-versatile"
    assert list(models) == []


def test_a_lenient_catalogue_forgets_what_was_removed() -> None:
    """Even where every name is accepted, a removed one is not."""
    models = catalogue("groq")
    models.add("mixtral")
    assert models.remove("mixtral")
    assert models.find("mixtral") is None


def test_remembered_names_are_bounded() -> None:
    """A test that asks for endless names does not fill the memory."""
    models = Catalogue({}, {}, allows="any")
    for number in range(DERIVED_MAX + 5):
        models.find(f"model-{number}")
    assert len(models._derived) == 5


def test_a_derived_model_is_derived_once() -> None:
    """Whoever asks for its name again gets the same one."""
    models = catalogue("ollama")
    names = ("llama3.2:latest", "llama3.2", "llama3.1:8b-instruct-q4_K_M")
    found = [models.find(name) for name in names]
    assert all(models.find(name) is model for name, model in zip(names, found, strict=True))
