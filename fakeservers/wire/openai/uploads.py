"""/v1/uploads: a file that comes in parts, at most 64 MB each.

Shapes from the types of the openai SDK 3.54 (`Upload`, `UploadPart`).
"""

from collections.abc import Mapping
from hashlib import md5
from typing import Any

from ...canonical import Rejected, ResourceRequest, ResourceResult, Stored
from ..base import Answer, HttpRequest, Stamp
from ..framing import json_bytes
from ..reading import Reader
from .files import check_purpose, kept_file, life_s
from .headers import answer
from .resources import OneOf, form
from .wording import WORDING, invalid

__all__ = ["AddUploadPart", "CancelUpload", "CompleteUpload", "CreateUpload"]

COLLECTION = "uploads"
LIFE_S = 3_600
"""An upload that is not completed by then is gone (SDK, `uploads.create`)."""


class CreateUpload:
    """POST /v1/uploads."""

    def parse(self, http: HttpRequest) -> ResourceRequest:
        body = Reader.of(http.json(), WORDING)
        body.require("bytes", "filename", "mime_type", "purpose")
        body.integer("bytes")
        for key in ("filename", "mime_type", "purpose"):
            body.text(key)
        check_purpose(body.value["purpose"])
        if (after := body.object("expires_after")) is not None:
            life_s(after.raw("anchor"), after.raw("seconds"), "expires_after")
        return ResourceRequest(
            provider="openai",
            endpoint="uploads.create",
            collection=COLLECTION,
            action="create",
            raw=body.value,
        )

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        given: Mapping[str, Any] = request.raw
        upload = {
            "id": f"upload_{stamp.ids.hex(32)}",
            "object": "upload",
            "bytes": given["bytes"],
            "created_at": int(stamp.now_s),
            "filename": given["filename"],
            "purpose": given["purpose"],
            "status": "pending",
            "expires_at": int(stamp.now_s) + LIFE_S,
        }
        kept = _kept(upload, stamp.now_s + LIFE_S)
        # The parts hang on the upload; the first of them says what they are to become.
        head = Stored(collection=_parts_of(kept.id), id="", body=(upload, given))
        return answer(stamp, json_bytes(upload), stores=(kept, head))


class AddUploadPart(OneOf):
    """POST /v1/uploads/{id}/parts, a form with the field `data`."""

    collection = COLLECTION
    endpoint = "uploads.parts.create"

    def parse(self, http: HttpRequest) -> ResourceRequest:
        data = form(http).file("data")
        if data is None:
            raise Rejected(WORDING.missing(("data",)))
        return ResourceRequest(
            provider="openai",
            endpoint=self.endpoint,
            collection=COLLECTION,
            action="get",
            id=http.params["id"],
            raw=data.data,
        )

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        upload, data = result.items[0].body, request.raw
        _check_pending(upload)
        part = {
            "id": f"part_{stamp.ids.hex(32)}",
            "object": "upload.part",
            "created_at": int(stamp.now_s),
            "upload_id": upload["id"],
        }
        kept = Stored(
            collection=_parts_of(upload["id"]),
            id=str(part["id"]),
            body=data,
            size_bytes=len(data),
        )
        return answer(stamp, json_bytes(part), stores=(kept,))


class CompleteUpload:
    """POST /v1/uploads/{id}/complete: the parts in the given order become a file."""

    def parse(self, http: HttpRequest) -> ResourceRequest:
        body = Reader.of(http.json(), WORDING)
        body.require("part_ids")
        body.texts("part_ids")
        body.text("md5")
        return ResourceRequest(
            provider="openai",
            endpoint="uploads.complete",
            collection=_parts_of(http.params["id"]),
            action="list",
            raw=body.value,
        )

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        (upload, given), *_ = (item.body for item in result.items)
        _check_pending(upload)
        parts = {item.id: item.body for item in result.items if item.id}
        data = b"".join(_part(id, parts) for id in request.raw["part_ids"])
        if len(data) != given["bytes"]:
            raise Rejected(
                invalid(
                    f"Expected {given['bytes']} bytes in the upload, but its parts have "
                    f"{len(data)}.",
                    param="part_ids",
                )
            )
        wanted = request.raw.get("md5")
        if wanted and md5(data, usedforsecurity=False).hexdigest() != wanted:
            raise Rejected(invalid("The md5 checksum does not match the file.", param="md5"))
        after = given.get("expires_after") or {}
        seconds = life_s(after.get("anchor"), after.get("seconds"), "expires_after")
        file = kept_file(given["filename"], data, given["purpose"], stamp, life_s=seconds)
        done = {**upload, "status": "completed", "file": file.body.about}
        return answer(stamp, json_bytes(done), stores=(file, *_closed(done, given)))


class CancelUpload(OneOf):
    """POST /v1/uploads/{id}/cancel."""

    collection = COLLECTION
    endpoint = "uploads.cancel"

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        upload = result.items[0].body
        _check_pending(upload)
        done = {**upload, "status": "cancelled"}
        return answer(stamp, json_bytes(done), stores=_closed(done, {}))


def _parts_of(id: str) -> str:
    return f"{COLLECTION}/{id}/parts"


def _kept(upload: Mapping[str, Any], expires_s: float | None = None) -> Stored:
    return Stored(collection=COLLECTION, id=upload["id"], body=upload, expires_s=expires_s)


def _closed(upload: Mapping[str, Any], given: Mapping[str, Any]) -> tuple[Stored, Stored]:
    """The upload, and the head of its parts, as they are from now on."""
    head = Stored(collection=_parts_of(upload["id"]), id="", body=(upload, given))
    return _kept(upload), head


def _check_pending(upload: Mapping[str, Any]) -> None:
    if upload["status"] != "pending":
        raise Rejected(invalid(f"Upload {upload['id']} is already {upload['status']}."))


def _part(id: str, parts: Mapping[str, bytes]) -> bytes:
    if id not in parts:
        raise Rejected(invalid(f"Part with id '{id}' not found.", param="part_ids"))
    return parts[id]
