"""`POST /moderations`, and the `moderation` of chat completions and responses: thirteen
categories, each with a verdict, a score and the input types that it was applied to (openai SDK
3.54, `Moderation`)."""

from collections.abc import Mapping
from typing import Any

from ...canonical import (
    ChatRequest,
    CompletionResult,
    ModerateRequest,
    ModerateResult,
    Rejected,
)
from ..base import Answer, HttpRequest, Stamp
from ..framing import json_bytes
from ..reading import Reader
from .headers import answer
from .rules import check_count, check_keys
from .wording import WORDING, empty_array, place, unknown_value

__all__ = ["Moderations", "judge", "judgements", "listed"]

KEYS = frozenset({"input", "model"})
INPUTS_MAX = 32
PARTS = ("text", "image_url")
FLAGGED_FROM = 0.5
SEEN_IN_IMAGES = frozenset(
    {
        "self-harm",
        "self-harm/intent",
        "self-harm/instructions",
        "sexual",
        "violence",
        "violence/graphic",
    }
)
"""The categories that the omni models judge in images too."""


class Moderations:
    def parse(self, http: HttpRequest) -> ModerateRequest:
        body = Reader.of(http.json(), WORDING, strict=http.validates)
        if body.strict:
            check_keys(body, KEYS)
        body.require("input")
        return ModerateRequest(
            provider="openai",
            endpoint="moderations.create",
            model=body.text("model") or "omni-moderation-latest",
            inputs=_inputs(body),
            raw=body.value,
        )

    def render(self, request: ModerateRequest, result: ModerateResult, stamp: Stamp) -> Answer:
        types = _types(request.raw.get("input"))
        body = {
            "id": f"modr-{stamp.ids.hex(32)}",
            "model": result.model,
            "results": [_verdict(scores, types) for scores in result.scores],
        }
        return answer(stamp, json_bytes(body))


def judge(body: Reader) -> str:
    """The model that `moderation` wants to judge a conversation and its answer; empty for none."""
    given = body.object("moderation")
    if given is None:
        return ""
    given.require("model")
    return given.text("model") or ""


def judgements(request: ChatRequest, result: CompletionResult) -> dict[str, Any] | None:
    """What a response says of its input and output; a policy that blocks lets both pass, too
    (recorded July 2026)."""
    if result.judged is None:
        return None
    head = {"type": "moderation_result", "model": request.judged_by}
    asked, said = ({**head, **_verdict(scores, ("text",))} for scores in result.judged)
    return {"input": asked, "output": said}


def listed(judgements: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The same as a chat completion says it, each in a list."""
    if judgements is None:
        return None
    return {
        side: {"type": "moderation_results", "model": verdict["model"], "results": [verdict]}
        for side, verdict in judgements.items()
    }


def _inputs(body: Reader) -> tuple[str, ...]:
    """A text, texts, or the parts of one input: a part list is judged as a whole."""
    given = body.raw("input")
    if isinstance(given, str):
        return (given,)
    if not isinstance(given, list):
        if not body.strict:
            return ("",)
        raise body.reject("input", "string", "array")
    if not given and body.strict:
        raise Rejected(empty_array("input"))
    if body.strict:
        check_count("input", given, INPUTS_MAX)
    if all(isinstance(item, str) for item in given):
        return tuple(given)
    texts = (_text(part) for part in body.objects("input"))
    return ("\n".join(text for text in texts if text),)


def _text(part: Reader) -> str:
    """The text of a part; an image has none."""
    part.require("type")
    kind = part.text("type") or ""
    if kind not in PARTS:
        if not part.strict:
            return part.text("text") or ""
        raise Rejected(unknown_value(kind, PARTS, place((*part.path, "type"))))
    part.require(kind)
    if kind == "text":
        return part.text("text") or ""
    if (image := part.object("image_url")) is not None:
        image.require("url")
        image.text("url")
    return ""


def _types(given: Any) -> tuple[str, ...]:
    """The kinds of input that were judged, text first."""
    if not isinstance(given, list) or not all(isinstance(part, dict) for part in given):
        return ("text",)
    kinds = [part.get("type") for part in given]
    return tuple(name for kind, name in (("text", "text"), ("image_url", "image")) if kind in kinds)


def _verdict(scores: Mapping[str, float], types: tuple[str, ...]) -> dict[str, Any]:
    flags = {category: score >= FLAGGED_FROM for category, score in scores.items()}
    return {
        "flagged": any(flags.values()),
        "categories": flags,
        "category_scores": scores,
        "category_applied_input_types": {
            category: [kind for kind in types if kind == "text" or category in SEEN_IN_IMAGES]
            for category in scores
        },
    }
