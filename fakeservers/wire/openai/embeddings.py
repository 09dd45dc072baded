"""`POST /embeddings`: vectors as base64 of little-endian float32, or as lists.

The SDK asks for base64 when the caller does not say (openai SDK 3.54, `embeddings.create`).
"""

import base64
import struct
from typing import Any

from ...canonical import EmbedRequest, EmbedResult, Rejected
from ..base import Answer, HttpRequest, Stamp
from ..framing import json_bytes
from ..reading import Reader
from .errors import WORDING, invalid
from .headers import answer

__all__ = ["Embeddings"]

DIMENSIONS_MAX = 3072


class Embeddings:
    """Embeddings of OpenAI, or of a provider with a compatible API."""

    def __init__(self, provider: str = "openai") -> None:
        self._provider = provider

    def parse(self, http: HttpRequest) -> EmbedRequest:
        body = Reader.of(http.json(), WORDING)
        model = body.text("model")
        if not model:
            raise Rejected(invalid("you must provide a model parameter"))
        body.require("input")
        wanted = body.text("encoding_format")
        if wanted not in (None, "float", "base64"):
            raise Rejected(
                invalid(
                    f"Invalid value: '{wanted}'. Supported values are: 'float' and 'base64'.",
                    param="encoding_format",
                    code="invalid_value",
                )
            )
        return EmbedRequest(
            provider=self._provider,
            endpoint="embeddings.create",
            model=model,
            inputs=_inputs(body),
            dimensions=_dimensions(body),
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


def _inputs(body: Reader) -> tuple[str, ...]:
    """A text, texts, or texts as token numbers; those stand here as their digits."""
    given = body.raw("input")
    if isinstance(given, str):
        return (given,)
    if not isinstance(given, list):
        raise body.reject("input", "string", "array")
    if not given:
        raise Rejected(
            invalid(
                "Invalid 'input': input cannot be an empty array.",
                param="input",
                code="empty_array",
            )
        )
    if all(_is_token(item) for item in given):
        return (_digits(given),)
    texts = []
    for index, item in enumerate(given):
        if isinstance(item, str):
            texts.append(item)
        elif isinstance(item, list) and all(_is_token(token) for token in item):
            texts.append(_digits(item))
        else:
            path = ("input", index)
            raise Rejected(WORDING.wrong_type(path, ("string", "array"), item))
    return tuple(texts)


def _is_token(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _digits(tokens: list[int]) -> str:
    return " ".join(map(str, tokens))


def _dimensions(body: Reader) -> int | None:
    dimensions = body.integer("dimensions")
    if dimensions is not None and not 1 <= dimensions <= DIMENSIONS_MAX:
        low = dimensions < 1
        word, side, sign, bound = (
            ("below", "minimum", ">=", 1) if low else ("above", "maximum", "<=", DIMENSIONS_MAX)
        )
        raise Rejected(
            invalid(
                f"Invalid 'dimensions': integer {word} {side} value. Expected a value "
                f"{sign} {bound}, but got {dimensions} instead.",
                param="dimensions",
                code=f"integer_{word}_{side[:3]}_value",
            )
        )
    return dimensions


def _packed(vector: tuple[float, ...]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode("ascii")
