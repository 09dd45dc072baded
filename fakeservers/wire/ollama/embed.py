"""`POST /api/embed`, and `/api/embeddings` as it was called before.

Numbers are written as the server does: float32 in the one, float32 widened in the other.
"""

from array import array

from ...canonical import EmbedRequest, EmbedResult
from ..base import Answer, HttpRequest, Stamp
from ..framing import encode
from ..reading import Reader
from .answers import JSON, as_json
from .gojson import dumps, invalid, read
from .metrics import embed_metrics
from .settings import keep_alive_s, tidy

__all__ = ["Embed", "Embeddings"]

DIMENSIONS_MAX = 8192
"""Asked for more numbers than its vectors have, a model gives those that it has."""

_TYPES = {"options": "map[string]interface {}"}

_float32 = "%.8g".__mod__
"""Eight digits: as many as the shortest form of a float32 usually has."""


class Embed:
    """Vectors of unit length for one text or several."""

    def parse(self, http: HttpRequest) -> EmbedRequest:
        body = read(http, "EmbedRequest", _TYPES)
        model = body.text("model") or ""
        dimensions = body.integer("dimensions") or 0
        truncates = body.flag("truncate") is not False
        body.object("options")
        if not body.strict:
            tidy(body)
        keep_alive_s(body.raw("keep_alive"))
        if not model and body.strict:
            raise invalid("model '' not found", 404)
        return EmbedRequest(
            provider="ollama",
            endpoint="embed",
            model=model,
            inputs=_inputs(body),
            dimensions=dimensions if 0 < dimensions <= DIMENSIONS_MAX else None,
            truncates=truncates,
            raw=body.value,
        )

    def render(self, request: EmbedRequest, result: EmbedResult, stamp: Stamp) -> Answer:
        if not result.vectors:
            return as_json({"model": request.model, "embeddings": []})
        rows = ",".join(f"[{','.join(map(_float32, vector))}]" for vector in result.vectors)
        start = dumps({"model": request.model})[:-1]
        end = dumps(embed_metrics(result.input_tokens, stamp.ids))[1:]
        text = f'{start},"embeddings":[{rows}],{end}'
        return Answer(headers=(("content-type", JSON),), body=encode(text))


class Embeddings:
    """One vector for one text; none for an empty one."""

    def parse(self, http: HttpRequest) -> EmbedRequest:
        body = read(http, "EmbeddingRequest", _TYPES)
        model, prompt = body.text("model") or "", body.text("prompt")
        body.object("options")
        if not body.strict:
            tidy(body)
        keep_alive_s(body.raw("keep_alive"))
        if not model and body.strict:
            raise invalid("model is required")
        return EmbedRequest(
            provider="ollama",
            endpoint="embeddings",
            model=model,
            inputs=(prompt,) if prompt else (),
            truncates=True,
            raw=body.value,
        )

    def render(self, request: EmbedRequest, result: EmbedResult, stamp: Stamp) -> Answer:
        vector = array("f", result.vectors[0]).tolist() if result.vectors else []
        return as_json({"embedding": vector})


def _inputs(body: Reader) -> tuple[str, ...]:
    value = body.raw("input")
    if value is None or value == "":
        return ()
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        if not body.strict:
            return ()
        raise invalid("invalid input type")
    return tuple(texts)
