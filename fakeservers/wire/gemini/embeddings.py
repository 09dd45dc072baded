"""embedContent and batchEmbedContents. google-genai 3.4 sends every embedding as a batch."""

from typing import Any, Final

from ...canonical import EmbedRequest, EmbedResult, Rejected
from ..base import Answer, HttpRequest, Stamp
from ..reading import Reader
from .bodies import json_answer
from .contents import texts
from .messages import BATCH_EMBED_CONTENTS_REQUEST, EMBED_CONTENT_REQUEST
from .protojson import read
from .request import model_name
from .usage import details
from .wording import invalid, place

__all__ = ["BatchEmbedContents", "EmbedContent"]

ENDPOINT: Final = "models.embed_content"
BATCH_MAX: Final = 100
DIMENSIONS_MAX: Final = 3072
UNMETERED: Final = ("embedding-001", "text-embedding-004", "gemini-embedding-001")
"""Models whose answers carry no usageMetadata (recorded 2025 and 2026)."""


class EmbedContent:
    """POST {version}/models/{model}:embedContent: one text, one vector."""

    def parse(self, http: HttpRequest) -> EmbedRequest:
        body, raw = read(http, EMBED_CONTENT_REQUEST)
        return _request(http, (_text(body, "EmbedContentRequest"),), _dimensions(body), raw)

    def render(self, request: EmbedRequest, result: EmbedResult, stamp: Stamp) -> Answer:
        vectors = _vectors(result)
        return json_answer(stamp, {"embedding": vectors[0], **_usage(result)})


class BatchEmbedContents:
    """POST {version}/models/{model}:batchEmbedContents: a vector for each request."""

    def parse(self, http: HttpRequest) -> EmbedRequest:
        body, raw = read(http, BATCH_EMBED_CONTENTS_REQUEST)
        requests = tuple(body.objects("requests"))
        name = "BatchEmbedContentsRequest"
        if not requests and not http.validates:
            return _request(http, ("",), None, raw)
        if not requests:
            raise Rejected(invalid(f"* {name}.requests: requests is not specified\n"))
        if len(requests) > BATCH_MAX and http.validates:
            problem = f"at most {BATCH_MAX} requests can be in one batch"
            raise Rejected(invalid(f"* {name}.requests: {problem}\n"))
        inputs = tuple(_text(request, name) for request in requests)
        # One batch has one length of vectors in practice; the first request tells it.
        dimensions = [_dimensions(request) for request in requests]
        return _request(http, inputs, dimensions[0], raw)

    def render(self, request: EmbedRequest, result: EmbedResult, stamp: Stamp) -> Answer:
        return json_answer(stamp, {"embeddings": _vectors(result), **_usage(result)})


def _request(
    http: HttpRequest, inputs: tuple[str, ...], dimensions: int | None, raw: Any
) -> EmbedRequest:
    return EmbedRequest(
        provider="gemini",
        endpoint=ENDPOINT,
        model=model_name(http),
        inputs=inputs,
        dimensions=dimensions,
        truncates=True,
        raw=raw,
    )


def _text(request: Reader, name: str) -> str:
    content = request.object("content")
    if content is None or not content.array("parts"):
        if not request.strict:
            return ""
        where = ".".join(filter(None, (name, place(request.path), "content")))
        raise Rejected(invalid(f"* {where}: contents is not specified\n"))
    return texts(content, name=name)


def _dimensions(request: Reader) -> int | None:
    config = request.object("embedContentConfig")
    dimensions = request.integer("outputDimensionality")
    if dimensions is None and config is not None:
        dimensions = config.integer("outputDimensionality")
    if dimensions is not None and not 0 <= dimensions <= DIMENSIONS_MAX:
        if not request.strict:
            return None
        raise Rejected(invalid("Request contains an invalid argument."))
    return dimensions or None


def _vectors(result: EmbedResult) -> list[dict[str, list[float]]]:
    """Vectors in the precision of float32."""
    return [{"values": [float(f"{value:.8g}") for value in vector]} for vector in result.vectors]


def _usage(result: EmbedResult) -> dict[str, Any]:
    if result.model in UNMETERED:
        return {}
    tokens = result.input_tokens
    counts: dict[str, Any] = {
        "promptTokenCount": tokens,
        "promptTokenDetails": details(tokens),
    }
    return {"usageMetadata": {name: value for name, value in counts.items() if value}}
