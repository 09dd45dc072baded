"""/v1/files: upload, list, retrieve, delete, content.

Shapes from the types of the openai SDK 3.54 (`FileObject`, `FileListParams`) and answers in public
issue logs, which the words of the errors come from too.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...canonical import Rejected, ResourceRequest, ResourceResult, Stored
from ..base import Answer, HttpRequest, Stamp
from ..framing import json_bytes
from ..multipart import File, Form
from .headers import answer
from .paging import Paging
from .resources import OneOf, form
from .rules import Range, check_range
from .wording import WORDING, invalid

__all__ = [
    "COLLECTION",
    "CreateFile",
    "DeleteFile",
    "FileContent",
    "KeptFile",
    "ListFiles",
    "RetrieveFile",
    "check_purpose",
    "kept_file",
    "life_s",
]

COLLECTION = "files"
PURPOSES = ("fine-tune", "assistants", "batch", "user_data", "vision", "evals")
DOWNLOADABLE = frozenset({"batch", "batch_output", "fine-tune", "fine-tune-results", "evals"})
LIFE_S = Range("integer", 3_600, 2_592_000)
BATCH_LIFE_S = 2_592_000
"""Files for batches expire after 30 days, others stay (SDK, `FileCreateParams`)."""

PAGING = Paging(limits=Range("integer", 1, 10_000), limit=10_000, order="desc")


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file as the server keeps it: its FileObject and its bytes."""

    about: Mapping[str, Any]
    data: bytes


@dataclass(frozen=True, slots=True)
class _Upload:
    file: File
    purpose: str
    life_s: int | None


class CreateFile:
    """POST /v1/files, a form with `purpose` and `file`."""

    def parse(self, http: HttpRequest) -> ResourceRequest:
        given = form(http)
        purpose, file = given.text("purpose"), given.file("file")
        if file is None:
            raise Rejected(WORDING.missing(("file",)))
        if purpose is None:
            raise Rejected(WORDING.missing(("purpose",)))
        check_purpose(purpose)
        if not file.data:
            raise Rejected(invalid("File is empty."))
        if purpose == "batch" and not file.name.endswith(".jsonl"):
            raise Rejected(invalid("Invalid file format for Batch API. Must be .jsonl"))
        return ResourceRequest(
            provider="openai",
            endpoint="files.create",
            collection=COLLECTION,
            action="create",
            raw=_Upload(file, purpose, _form_life_s(given)),
        )

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        upload: _Upload = request.raw
        stored = kept_file(
            upload.file.name, upload.file.data, upload.purpose, stamp, life_s=upload.life_s
        )
        return answer(stamp, json_bytes(stored.body.about), stores=(stored,))


class RetrieveFile(OneOf):
    """GET /v1/files/{id}."""

    collection = COLLECTION
    endpoint = "files.retrieve"

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        return answer(stamp, json_bytes(result.items[0].body.about))


class DeleteFile(OneOf):
    """DELETE /v1/files/{id}."""

    collection = COLLECTION
    endpoint = "files.delete"
    action = "delete"

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        return answer(stamp, json_bytes({"object": "file", "deleted": True, "id": request.id}))


class FileContent(OneOf):
    """GET /v1/files/{id}/content; files of some purposes can only be used, not read again."""

    collection = COLLECTION
    endpoint = "files.content"

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        kept: KeptFile = result.items[0].body
        purpose, name = kept.about["purpose"], kept.about["filename"]
        if purpose not in DOWNLOADABLE:
            raise Rejected(invalid(f"Not allowed to download files of purpose: {purpose}"))
        quoted = name.replace('"', "%22")
        headers = (("content-disposition", f'attachment; filename="{quoted}"'),)
        return answer(stamp, kept.data, kind="application/octet-stream", extra=headers)


class ListFiles:
    """GET /v1/files, newest first unless `order=asc`, of one `purpose` if asked for."""

    def parse(self, http: HttpRequest) -> ResourceRequest:
        PAGING.check(http.query)
        return ResourceRequest(
            provider="openai",
            endpoint="files.list",
            collection=COLLECTION,
            action="list",
            raw=dict(http.query),
        )

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        purpose = request.raw.get("purpose")
        items = [
            Stored(collection=COLLECTION, id=item.id, body=item.body.about)
            for item in result.items
            if purpose is None or item.body.about["purpose"] == purpose
        ]
        return answer(stamp, json_bytes(PAGING.page(items, request.raw)))


def kept_file(
    name: str, data: bytes, purpose: str, stamp: Stamp, *, life_s: int | None = None
) -> Stored:
    """A file to be kept from now on."""
    if life_s is None and purpose == "batch":
        life_s = BATCH_LIFE_S
    created_s = int(stamp.now_s)
    about = {
        "object": "file",
        "id": f"file-{stamp.ids.base62(22)}",
        "purpose": purpose,
        "filename": name,
        "bytes": len(data),
        "created_at": created_s,
        "expires_at": None if life_s is None else created_s + life_s,
        "status": "processed",
        "status_details": None,
    }
    return Stored(
        collection=COLLECTION,
        id=str(about["id"]),
        body=KeptFile(about, data),
        data=data,
        size_bytes=len(data),
        expires_s=None if life_s is None else stamp.now_s + life_s,
    )


def check_purpose(purpose: str) -> None:
    """Raise `Rejected` for a purpose that clients cannot give a file."""
    if purpose not in PURPOSES:
        known = ", ".join(map(repr, PURPOSES))
        raise Rejected(invalid(f"'{purpose}' is not one of [{known}] - 'purpose'", param="purpose"))


def life_s(anchor: Any, seconds: Any, place: str) -> int | None:
    """How long a file lives by its `expires_after`, None for ever. Raises `Rejected`."""
    if anchor is None and seconds is None:
        return None
    if anchor != "created_at":
        raise Rejected(
            invalid(
                f"Invalid value: '{anchor}'. Value must be 'created_at'.",
                param=f"{place}.anchor",
                code="invalid_value",
            )
        )
    if isinstance(seconds, bool) or not isinstance(seconds, int):
        raise Rejected(WORDING.wrong_type((place, "seconds"), ("integer",), seconds))
    check_range(f"{place}.seconds", seconds, LIFE_S)
    return seconds


def _form_life_s(given: Form) -> int | None:
    anchor, text = given.text("expires_after[anchor]"), given.text("expires_after[seconds]")
    seconds = int(text) if text is not None and text.isascii() and text.isdigit() else text
    return life_s(anchor, seconds, "expires_after")
