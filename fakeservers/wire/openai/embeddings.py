"""`POST /embeddings`: vectors as base64 of little-endian float32, or as lists.

The SDK asks for base64 when the caller does not say (openai SDK 3.54, `embeddings.create`).
"""

import base64
import struct
from collections.abc import Mapping
from typing import Any

from ...canonical import EmbedRequest, EmbedResult, Rejected
from ..base import Answer, HttpRequest, Stamp
from ..framing import json_bytes
from ..reading import Reader
from .headers import answer
from .rules import Range, check_count, check_range, unrecognized
from .serving_models import embedding_fault
from .tokens import token_words
from .wording import WORDING, empty_array, invalid, unknown_value

__all__ = ["Embeddings"]

FORMATS = ("float", "base64")
DIMENSIONS = Range("integer", 1)
DIMENSIONS_MAX: Mapping[str, int] = {
    "text-embedding-3-small": 1536,
    "text-embedding-3-large": 3072,
}
WITHOUT_DIMENSIONS = "text-embedding-ada-002"
INPUTS_MAX = 2048
KEYS = frozenset({"dimensions", "encoding_format", "input", "model", "user"})
"""The fields of `POST /embeddings` in the openai SDK 3.54."""
REFERENCE = "Please check the API reference: https://platform.openai.com/docs/api-reference."


class Embeddings:
    """Embeddings of OpenAI, or of a provider with a compatible API."""

    def __init__(self, provider: str = "openai") -> None:
        self._provider = provider

    def parse(self, http: HttpRequest) -> EmbedRequest:
        body = Reader.of(http.json(), WORDING, strict=http.validates)
        model = body.text("model") or ""
        if not model and body.strict:
            raise Rejected(invalid("you must provide a model parameter"))
        body.require("input")
        strict = self._provider == "openai" and body.strict
        if strict:
            _check(body)
        wanted = body.text("encoding_format")
        if wanted is not None and wanted not in FORMATS and body.strict:
            raise Rejected(unknown_value(wanted, FORMATS, "encoding_format"))
        return EmbedRequest(
            provider=self._provider,
            endpoint="embeddings.create",
            model=model,
            inputs=_inputs(body),
            dimensions=_dimensions(body, model),
            unserved=embedding_fault(model) if strict else None,
            raw=body.value,
        )

    def render(self, request: EmbedRequest, result: EmbedResult, stamp: Stamp) -> Answer:
        as_base64 = request.raw.get("encoding_format") == "base64"
        body = {
            "object": "list",
            "data": [
                {
                    "object": "embedding",
                    "index": index,
                    "embedding": _packed(vector) if as_base64 else vector,
                }
                for index, vector in enumerate(result.vectors)
            ],
            "model": result.model,
            "usage": {"prompt_tokens": result.input_tokens, "total_tokens": result.input_tokens},
        }
        return answer(stamp, json_bytes(body), extra=(("openai-model", result.model),))


def _check(body: Reader) -> None:
    """Raise `Rejected` for what OpenAI itself does not take."""
    if unknown := [key for key in body.value if key not in KEYS]:
        raise Rejected(unrecognized(unknown))
    body.text("user")
    given = body.raw("input")
    if given == "" or (isinstance(given, list) and "" in given):
        raise Rejected(invalid(f"'$.input' is invalid. {REFERENCE}"))


def _inputs(body: Reader) -> tuple[str, ...]:
    """A text, texts, or texts as token numbers; those stand here as a word for each."""
    given = body.raw("input")
    if isinstance(given, str):
        return (given,)
    if not isinstance(given, list):
        if not body.strict:
            return ("",)
        raise body.reject("input", "string", "array")
    if not given and body.strict:
        raise Rejected(empty_array("input"))
    if (tokens := token_words(given)) is not None:
        return (tokens,)
    if body.strict:
        check_count("input", given, INPUTS_MAX)
    return tuple(_input(item, index, body.strict) for index, item in enumerate(given))


def _input(item: Any, index: int, strict: bool) -> str:
    text = item if isinstance(item, str) else token_words(item)
    if text is None:
        if not strict:
            return ""
        raise Rejected(WORDING.wrong_type(("input", index), ("string", "array"), item))
    return text


def _dimensions(body: Reader, model: str) -> int | None:
    """The length that is wanted: "only supported in text-embedding-3 and later models"."""
    dimensions = body.integer("dimensions")
    if dimensions is None:
        return None
    if not body.strict:
        return min(max(dimensions, 1), max(DIMENSIONS_MAX.values()))
    check_range("dimensions", dimensions, DIMENSIONS)
    if model == WITHOUT_DIMENSIONS:
        raise Rejected(invalid("This model does not support specifying dimensions."))
    most = DIMENSIONS_MAX.get(model, max(DIMENSIONS_MAX.values()))
    if dimensions > most:
        raise Rejected(
            invalid(
                f"Invalid value for 'dimensions' = {dimensions}. Must be less than or equal to "
                f"{most}."
            )
        )
    return dimensions


def _packed(vector: tuple[float, ...]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode("ascii")
