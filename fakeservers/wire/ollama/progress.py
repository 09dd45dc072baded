"""Pull, push and create: operations that tell how far they are.

Status texts from the Go server (2026). Every answer is a list of statuses, streamed one a
line, or the last one alone.
"""

from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import Any

from ...canonical import ResourceRequest, ResourceResult
from ..base import Answer, Frame, HttpRequest, Stamp
from .answers import as_json, as_lines, line
from .description import digest, size_bytes
from .gojson import invalid, read
from .models import named, tagged
from .settings import streams

__all__ = ["Create", "Pull", "Push"]

STEPS = 4
"""Progress lines of one layer."""

SUCCESS = {"status": "success"}

Status = dict[str, Any]


class Pull:
    """`POST /api/pull`: the model is known from then on, whatever its name."""

    def parse(self, http: HttpRequest) -> ResourceRequest:
        body = read(http, "PullRequest")
        model, stream = named(body), streams(body)
        body.flag("insecure")
        if not model:
            raise invalid("invalid model name")
        return ResourceRequest(
            provider="ollama",
            endpoint="pull",
            collection="models",
            action="create",
            id=tagged(model),
            stream=stream,
            raw=body.value,
        )

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        model = result.items[0]
        statuses = [
            {"status": "pulling manifest"},
            *(step for layer in _layers(model) for step in _transfer("pulling", *layer)),
            {"status": "verifying sha256 digest"},
            {"status": "writing manifest"},
            SUCCESS,
        ]
        return _told(request, statuses)


class Push:
    """`POST /api/push`: goes nowhere, and says that it succeeded."""

    def parse(self, http: HttpRequest) -> ResourceRequest:
        body = read(http, "PushRequest")
        model, stream = named(body), streams(body)
        body.flag("insecure")
        if not model:
            raise invalid("model is required")
        return ResourceRequest(
            provider="ollama",
            endpoint="push",
            collection="models",
            action="get",
            id=model,
            stream=stream,
            raw=body.value,
        )

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        model = result.items[0]
        statuses = [
            {"status": "retrieving manifest"},
            *(step for layer in _layers(model) for step in _transfer("pushing", *layer)),
            {"status": "pushing manifest"},
            SUCCESS,
        ]
        return _told(request, statuses)


class Create:
    """`POST /api/create`: a model `from` another one, or of files that are not looked into."""

    def parse(self, http: HttpRequest) -> ResourceRequest:
        body = read(http, "CreateRequest", {"files": "map[string]string"})
        model, stream = named(body), streams(body)
        source, files = body.text("from"), body.object("files")
        for key in ("template", "system", "quantize"):
            body.text(key)
        body.object("parameters")
        body.array("messages")
        if not model:
            raise invalid("invalid model name")
        if not source and files is None:
            raise invalid("neither 'from' or 'files' was specified")
        return ResourceRequest(
            provider="ollama",
            endpoint="create",
            collection="models",
            action="create",
            id=tagged(model),
            source=source or None,
            stream=stream,
            raw=body.value,
        )

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        kept, *_ = _layers(result.items[0])
        made = _sha256(f"{request.id} {request.raw.get('system')}")
        statuses: list[Status] = [
            {"status": f"using existing layer {kept[0]}"},
            {"status": f"creating new layer {made}"},
            {"status": "writing manifest"},
            SUCCESS,
        ]
        return _told(request, statuses)


def _told(request: ResourceRequest, statuses: Iterable[Status]) -> Answer:
    if request.stream:
        return as_lines(Frame(line(status)) for status in statuses)
    # The server sets this content type itself, without the charset.
    return as_json(SUCCESS, content_type="application/json")


def _layers(model: Any) -> list[tuple[str, int]]:
    """Digest and size of the weights, the template and the parameters."""
    weights = f"sha256:{digest(model)}", size_bytes(model)
    return [weights, *((_sha256(f"{part} {model.id}"), size) for part, size in _SMALL)]


_SMALL = (("template", 1429), ("config", 562))


def _sha256(text: str) -> str:
    return f"sha256:{sha256(text.encode('utf-8', 'replace')).hexdigest()}"


def _transfer(verb: str, layer: str, size: int) -> Iterator[Status]:
    """A layer on its way: first without `completed`, which is left out while it is 0."""
    status = {"status": f"{verb} {layer[7:19]}", "digest": layer, "total": size}
    yield status
    for step in range(1, STEPS + 1):
        yield {**status, "completed": size * step // STEPS}
