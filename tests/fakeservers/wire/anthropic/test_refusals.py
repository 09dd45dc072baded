"""What the Anthropic API refuses, and in which words; what it takes, it takes here too."""

from base64 import b64encode
from struct import pack
from typing import Any

import pytest

from fakeservers.behaviour.models import catalogue
from fakeservers.wire.anthropic.families import family
from fakeservers.wire.anthropic.provider import PROVIDER
from tests.fakeservers.wire.refusing import Asker

MODEL = "claude-sonnet-4-5"
HI = {"role": "user", "content": "Hi"}
PLAIN: dict[str, Any] = {"model": MODEL, "max_tokens": 64, "messages": [HI]}
TOOL: dict[str, Any] = {"name": "look", "input_schema": {"type": "object"}}
CALL = {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {}}
RESULT = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "ok"}
THINK = {"thinking": {"type": "enabled", "budget_tokens": 1024}, "max_tokens": 2048}
EXTRA = "Extra inputs are not permitted"
DOCS = "https://docs.claude.com/en/docs/build-with-claude/extended-thinking"
NOT_JSON_SCHEMA = (
    "JSON schema is invalid. It must match JSON Schema draft 2020-12 "
    "(https://json-schema.org/draft/2020-12). Learn more about tool use at "
    "https://platform.claude.com/docs/en/agents-and-tools/tool-use/overview."
)
UNANSWERED = (
    "messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: "
    "toolu_1. Each `tool_use` block must have a corresponding `tool_result` block in the next "
    "message."
)


def png(width: int = 1, height: int = 1) -> str:
    return b64encode(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + pack(">II", width, height)).decode()


def image(data: str, media_type: str = "image/png", **source: Any) -> Any:
    given = {"type": "base64", "media_type": media_type, "data": data, **source}
    return {"type": "image", "source": given}


def document(data: str, **source: Any) -> Any:
    given = {"type": "base64", "media_type": "application/pdf", "data": data, **source}
    return {"type": "document", "source": given}


def said(*blocks: Any, **fields: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": list(blocks)}], **fields}


def turns(*contents: Any, **fields: Any) -> dict[str, Any]:
    """Messages of the user and the assistant in turn."""
    roles = ("user", "assistant") * len(contents)
    pairs = zip(roles, contents, strict=False)
    return {"messages": [{"role": role, "content": said} for role, said in pairs], **fields}


def text(words: str, **more: Any) -> dict[str, Any]:
    return {"type": "text", "text": words, **more}


def cached(words: str, **control: Any) -> dict[str, Any]:
    return text(words, cache_control={"type": "ephemeral", **control})


def schema(**keywords: Any) -> dict[str, Any]:
    """A structured output of an object with one field."""
    held = {"type": "object", "properties": {"a": keywords}, "additionalProperties": False}
    return {"output_config": {"format": {"type": "json_schema", "schema": held}}}


@pytest.fixture(scope="module")
def ask() -> Asker:
    return Asker(PROVIDER, "/v1/messages", {"x-api-key": "k", "anthropic-version": "2023-06-01"})


READING = [
    (
        {"messages": [{"role": "assistant", "content": [{**CALL, "input": "{}"}]}]},
        "messages.0.content.0.tool_use.input: Input should be a valid dictionary",
    ),
    ({"max_tokens": None}, "max_tokens: Field required"),
    ({"messages": []}, "messages: at least one message is required"),
    ({"temperature": "hot"}, "temperature: Input should be a valid number"),
    ({"stream": 1}, "stream: Input should be a valid boolean"),
    ({"stop_sequences": "x"}, "stop_sequences: Input should be a valid array"),
    ({"stop_sequences": [1]}, "stop_sequences.0: Input should be a valid string"),
    ({"service_tier": "x"}, "service_tier: Input should be 'auto' or 'standard_only'"),
]
VALUES = [
    ({"temperature": 2}, "temperature: range: 0..1"),
    ({"temperature": None}, "temperature: Input should be a valid number"),
    ({"top_k": -1}, "top_k: Input should be greater than or equal to 0"),
    ({"max_tokens": -1}, "max_tokens: Input should be greater than or equal to 0"),
    (
        {"stop_sequences": ["\n"]},
        "stop_sequences: each stop sequence must contain non-whitespace",
    ),
    (
        {"metadata": {"user_id": "u" * 257}},
        "metadata.user_id: String should have at most 256 characters",
    ),
    (
        {"thinking": {"type": "enabled", "budget_tokens": 512}},
        "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024",
    ),
    (
        {"output_config": {"effort": "x"}},
        "output_config.effort: Input should be 'low', 'medium', 'high', 'xhigh' or 'max'",
    ),
    (
        said(cached("a", ttl="2h")),
        "messages.0.content.0.text.cache_control.ephemeral.ttl: Input should be '5m' or '1h'",
    ),
]
UNKNOWN = [
    ({"bogus": 1}, f"bogus: {EXTRA}"),
    ({"messages": [{**HI, "bogus": 1}]}, f"messages.0.bogus: {EXTRA}"),
    (said(text("a", bogus=1)), f"messages.0.content.0.text.bogus: {EXTRA}"),
    ({"metadata": {"session": "x"}}, f"metadata.session: {EXTRA}"),
    ({"tools": [{**TOOL, "bogus": 1}]}, f"tools.0.custom.bogus: {EXTRA}"),
    ({"system": [text("a", bogus=1)]}, f"system.0.bogus: {EXTRA}"),
]
TOOLS = [
    (
        {"tools": [{**TOOL, "name": "a.b"}]},
        "tools.0.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'",
    ),
    (
        {"tools": [{**TOOL, "name": "a" * 129}]},
        "tools.0.custom.name: String should have at most 128 characters",
    ),
    ({"tools": [TOOL, TOOL]}, "tools: Tool names must be unique."),
    (
        {"tools": [{**TOOL, "input_schema": {}}]},
        "tools.0.custom.input_schema.type: Field required",
    ),
    (
        {"tools": [{**TOOL, "input_schema": {"type": "object", "anyOf": [{}]}}]},
        "tools.0.custom.input_schema: input_schema does not support oneOf, allOf, or anyOf at the "
        "top level",
    ),
    (
        {"tools": [{**TOOL, "input_schema": {"type": "object", "required": "a"}}]},
        f"tools.0.custom.input_schema: {NOT_JSON_SCHEMA}",
    ),
    (
        {"tools": [{**TOOL, "input_schema": {"type": "object", "properties": {"a b": {}}}}]},
        "tools.0.custom.input_schema.properties: Property keys should match pattern "
        "'^[a-zA-Z0-9_.-]{1,64}$'",
    ),
    (
        {"tool_choice": {"type": "any"}},
        "tool_choice.any may only be specified while providing tools.",
    ),
]
THINKING = [
    (
        {**THINK, "max_tokens": 1024},
        "`max_tokens` must be greater than `thinking.budget_tokens`. Please consult our "
        f"documentation at {DOCS}#max-tokens-and-context-window-size",
    ),
    (
        {**THINK, "tools": [TOOL], "tool_choice": {"type": "any"}},
        "Thinking may not be enabled when tool_choice forces tool use.",
    ),
    (
        {**THINK, "temperature": 0.5},
        "`temperature` may only be set to 1 when thinking is enabled. Please consult our "
        f"documentation at {DOCS}#important-considerations-when-using-extended-thinking",
    ),
    (
        {"thinking": {"type": "adaptive"}},
        "adaptive thinking is not supported on this model",
    ),
    (
        {**THINK, "model": "claude-opus-4-8"},
        '"thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive" '
        'and "output_config.effort" to control thinking behavior.',
    ),
    (
        {**THINK, "model": "claude-3-5-haiku-20241022"},
        "'claude-3-5-haiku-20241022' does not support thinking.",
    ),
    (
        {"output_config": {"effort": "low"}},
        "This model does not support the effort parameter.",
    ),
    (
        {"model": "claude-sonnet-4-6", "output_config": {"effort": "xhigh"}},
        "This model does not support effort level 'xhigh'. Supported levels: high, low, max, "
        "medium.",
    ),
]
SAMPLING = [
    (
        {"temperature": 1, "top_p": 1},
        "`temperature` and `top_p` cannot both be specified for this model. Please use only one.",
    ),
    (
        {"model": "claude-opus-4-7", "temperature": 0.2},
        "`temperature` is deprecated for this model.",
    ),
]
TURNS = [
    (turns(""), "messages.0: user messages must have non-empty content"),
    (turns([text("")]), "messages: text content blocks must be non-empty"),
    (turns([text(" ")]), "messages: text content blocks must contain non-whitespace text"),
    (
        turns("a", "", "b"),
        "messages.1: all messages must have non-empty content except for the optional final "
        "assistant message",
    ),
    (
        turns([cached("")]),
        "messages.0.content.0.text: cache_control cannot be set for empty text blocks",
    ),
    (turns("a", [CALL], "b"), UNANSWERED),
    (turns("a", [CALL]), UNANSWERED),
    (
        turns([RESULT]),
        "messages.0.content.0: unexpected `tool_use_id` found in `tool_result` blocks: toolu_1. "
        "Each `tool_result` block must have a corresponding `tool_use` block in the previous "
        "message.",
    ),
    (
        turns("a", [{**CALL, "id": "a.b"}], "c"),
        "messages.1.content.0.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'",
    ),
    (turns("a", [CALL, CALL], [RESULT]), "messages.1.content.1: `tool_use` ids must be unique"),
    (
        turns("a", [CALL], [RESULT, RESULT]),
        "messages.2.content.1: each tool_use must have a single result. Found multiple "
        "`tool_result` blocks with id: toolu_1",
    ),
    (turns("a", "b "), "messages: final assistant content cannot end with trailing whitespace"),
    (
        turns("a", "b", model="claude-sonnet-4-6"),
        "This model does not support assistant message prefill. The conversation must end with a "
        "user message.",
    ),
    (
        turns("a", [CALL], [RESULT], **THINK),
        "messages.1.content.0.type: Expected `thinking` or `redacted_thinking`, but found "
        "`tool_use`. When `thinking` is enabled, a final `assistant` message must start with a "
        "thinking block (preceeding the lastmost set of `tool_use` and `tool_result` blocks). We "
        "recommend you include thinking blocks from previous turns. To avoid this requirement, "
        f"disable `thinking`. Please consult our documentation at {DOCS}",
    ),
]
IMAGE = "messages.0.content.0.image.source.base64"
MEDIA = [
    (
        said(image(png(), "image/tiff")),
        f"{IMAGE}.media_type: Input should be 'image/jpeg', 'image/png', 'image/gif' or "
        "'image/webp'",
    ),
    (
        said(image(png(), "image/jpeg")),
        f"{IMAGE}: The image was specified using the image/jpeg media type, but the image appears "
        "to be a image/png image",
    ),
    (said(image("aGk=")), "Could not process image"),
    (said(image("a")), f"{IMAGE}: invalid base64 data"),
    (
        said(image(png(8001, 1))),
        f"{IMAGE}.data: At least one of the image dimensions exceed max allowed size: 8000 pixels",
    ),
    (
        said(*[image(png(2001, 1))] * 21),
        f"{IMAGE}.data: At least one of the image dimensions exceed max allowed size for "
        "many-image requests: 2000 pixels",
    ),
    (
        said(document("aGk=")),
        "messages.0.content.0.pdf.source.base64.data: The PDF specified was not valid.",
    ),
]
OUTPUT = [
    (
        {"output_config": {"format": {"type": "json_schema", "schema": {"type": "object"}}}},
        "output_config.format.schema: For 'object' type, 'additionalProperties' must be explicitly "
        "set to false",
    ),
    (
        schema(type="integer", minimum=1),
        "output_config.format.schema: For 'integer' type, properties minimum are not supported",
    ),
]
CACHING = [
    (
        said(*map(cached, "abcde")),
        "A maximum of 4 blocks with cache_control may be provided. Found 5.",
    ),
    (
        said(cached("a"), cached("b", ttl="1h")),
        "a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block. Note "
        "that blocks are processed in the following order: `tools`, `system`, `messages`.",
    ),
]
LIMITS = [
    (
        {"max_tokens": 64001},
        "max_tokens: 64001 > 64000, which is the maximum allowed number of output tokens for "
        "claude-sonnet-4-5-20250929",
    ),
]
CHECKED = [
    *VALUES,
    *UNKNOWN,
    *TOOLS,
    *THINKING,
    *SAMPLING,
    *TURNS,
    *MEDIA,
    *OUTPUT,
    *CACHING,
    *LIMITS,
]


@pytest.mark.parametrize(("fields", "message"), [*READING, *CHECKED])
def test_refused(ask: Asker, fields: Any, message: str) -> None:
    """A faulty body is refused with 400 in the words of the real service."""
    answer = ask({**PLAIN, **fields})
    assert (answer.status, answer.body["error"]) == (
        400,
        {"type": "invalid_request_error", "message": message},
    )


@pytest.mark.parametrize("fields", [fields for fields, _ in CHECKED])
def test_not_validated(ask: Asker, fields: Any) -> None:
    """A fake that does not validate answers whatever it can read."""
    assert ask({**PLAIN, **fields}, validates=False).status == 200


@pytest.mark.parametrize(
    "fields",
    [
        {"temperature": 0, "system": "Be brief.", "stream": True},
        {"model": "claude-opus-4-7", "temperature": 1.0},
        {"model": "claude-opus-4-6", "thinking": {"type": "adaptive"}, "tools": [TOOL]}
        | {"tool_choice": {"type": "any"}},
        turns("a", "b"),
        turns("a", [text("b"), CALL], [RESULT, text("c")]),
        turns("a", [CALL], [RESULT], tools=[TOOL]),
        {"messages": [{"role": "assistant", "content": "a"}, HI]},
        said(image(png()), document(b64encode(b"%PDF-1.7").decode())),
        said(*map(cached, "abcd")),
        {"max_tokens": 64000},
        {"cache_control": {"type": "ephemeral"}, "context_management": {"edits": []}},
        schema(type="string", enum=["a"]),
    ],
)
def test_taken(ask: Asker, fields: Any) -> None:
    """What the real service takes is answered."""
    answer = ask({**PLAIN, **fields})
    assert answer.status == 200, answer.text


def test_newest_version(ask: Asker) -> None:
    """From version 2026-10-21 on, sampling is no field any more."""
    newest = ask({**PLAIN, "temperature": 1.0}, anthropic_version="2026-10-21")
    assert newest.body["error"]["message"] == f"temperature: {EXTRA}"
    assert ask({**PLAIN, "temperature": 1.0}).status == 200


def test_version_of_a_repeated_request(ask: Asker) -> None:
    """A body that was taken in one version is looked at anew in another."""
    body = {**PLAIN, "temperature": 0.75}
    assert [ask(body).status for _ in range(3)] == [200] * 3
    assert ask(body, anthropic_version="2026-10-21").status == 400


@pytest.mark.parametrize(
    ("block", "role", "where"),
    [
        (document(b64encode(b"%PDF").decode()), "assistant", "messages.1.content.0: Input tag"),
        (text("a", citations=[{}]), "user", "messages.0.content.0.text.citations: Extra"),
    ],
)
def test_blocks_of_the_newest_version(ask: Asker, block: Any, role: str, where: str) -> None:
    """Version 2026-10-21 takes no documents of the assistant's and no citations of the user's."""
    messages = [{"role": role, "content": [block]}]
    body = {**PLAIN, "messages": messages if role == "user" else [HI, *messages, HI]}
    answer = ask(body, anthropic_version="2026-10-21")
    assert answer.body["error"]["message"].startswith(where)


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ({"anthropic_version": "newest"}, 'anthropic-version: "newest" is not a valid version'),
        (
            {"anthropic_beta": "files-api-2025-04-14, nope"},
            "Unexpected value(s) `nope` for the `anthropic-beta` header. Please consult our "
            "documentation at docs.claude.com or try again without the header.",
        ),
    ],
)
def test_headers(ask: Asker, header: Any, message: str) -> None:
    """Versions and betas that cannot be any are refused."""
    answer = ask(PLAIN, **header)
    assert (answer.status, answer.body["error"]["message"]) == (400, message)


def test_order(ask: Asker) -> None:
    """Types come before unknown fields, those before rules; the first of a body is told."""
    body = {**PLAIN, "zeta": 1, "alpha": 1, "tool_choice": {"type": "any"}}
    assert ask(body).body["error"]["message"] == f"zeta: {EXTRA}"
    typed = ask({**body, "stream": "yes"}).body["error"]["message"]
    assert typed == "stream: Input should be a valid boolean"


def test_unknown_model(ask: Asker) -> None:
    """A model that there is not is told once the body is right."""
    answer = ask({**PLAIN, "model": "claude-sonet-4-5"})
    assert (answer.status, answer.body["error"]["message"]) == (404, "model: claude-sonet-4-5")


def test_counting_takes_no_limit(ask: Asker) -> None:
    """`max_tokens` is no field of a request to count tokens."""
    answer = ask(PLAIN, "/v1/messages/count_tokens")
    assert answer.body["error"]["message"] == f"max_tokens: {EXTRA}"


def test_context_window() -> None:
    """A prompt longer than the model reads is refused with both counts; a beta widens it."""
    ask = Asker(PROVIDER, "/v1/messages", {"x-api-key": "k", "anthropic-version": "2023-06-01"})
    ask.fake.models.add(MODEL, context_window=1000)
    body = {**PLAIN, "messages": [{"role": "user", "content": "word " * 2000}]}
    message = ask(body).body["error"]["message"]
    assert message.startswith("prompt is too long: ") and message.endswith(" > 1000 maximum")
    assert ask(body, anthropic_beta="context-1m-2025-08-07").status == 200


def test_prompt_and_answer_together() -> None:
    """Older models refuse a prompt that leaves no room for the answer."""
    ask = Asker(PROVIDER, "/v1/messages", {"x-api-key": "k", "anthropic-version": "2023-06-01"})
    ask.fake.models.add("claude-3-haiku-20240307", context_window=500)
    body = {**PLAIN, "model": "claude-3-haiku-20240307", "max_tokens": 499}
    message = ask(body).body["error"]["message"]
    assert message.startswith("input length and `max_tokens` exceed context limit: ")
    assert message.endswith("+ 499 > 500, decrease input length or `max_tokens` and try again")


LISTED = [model.id for model in catalogue("claude")]
UNLISTED = [
    "claude-3-opus-latest",
    "claude-3-5-haiku-latest",
    "claude-3-7-sonnet-20250219",
    "claude-sonnet-4-0",
    "claude-opus-4-20250514",
    "claude-opus-4-1",
    "claude-haiku-4-5",
    "claude-mythos-preview",
]


@pytest.mark.parametrize("name", [*LISTED, *UNLISTED])
def test_families_agree_with_the_catalogue(name: str) -> None:
    """What a name tells is what the catalogue says of the model."""
    known, model = family(name), catalogue("claude").find(name)
    assert model is not None
    assert set(known.thinking) == set(model.extra["thinking_types"])
    assert set(known.efforts) == set(model.extra["efforts"])
