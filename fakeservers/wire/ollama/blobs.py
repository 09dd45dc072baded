"""`/api/blobs/{digest}`: files that a later create is made of, known by their SHA-256."""

import re
from hashlib import sha256

from ...canonical import ResourceRequest, ResourceResult, Stored
from ..base import Answer, HttpRequest, Stamp
from .answers import EMPTY
from .gojson import invalid, literal

__all__ = ["HeadBlob", "PostBlob"]

_DIGEST = re.compile(r"sha256[:-][0-9a-fA-F]{64}")


class HeadBlob:
    """Whether the server has a file."""

    def parse(self, http: HttpRequest) -> ResourceRequest:
        return ResourceRequest(
            provider="ollama",
            endpoint="blobs.head",
            collection="blobs",
            action="get",
            id=_digest(http),
        )

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        return EMPTY


class PostBlob:
    """Hands the server a file. Its contents are forgotten, its digest is not."""

    def parse(self, http: HttpRequest) -> ResourceRequest:
        wanted = _digest(http)
        got = f"sha256:{sha256(http.body).hexdigest()}"
        if got != wanted:
            raise invalid(f"digest mismatch, expected {literal(wanted)}, got {literal(got)}")
        return ResourceRequest(
            provider="ollama",
            endpoint="blobs.create",
            collection="blobs",
            action="list",
            raw={"digest": wanted},
        )

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        blob = Stored(collection="blobs", id=request.raw["digest"], body=None)
        return Answer(status=201, stores=(blob,))


def _digest(http: HttpRequest) -> str:
    digest = http.params["digest"]
    if not _DIGEST.fullmatch(digest):
        raise invalid("invalid digest format")
    return digest.replace("-", ":").lower()
