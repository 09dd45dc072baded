"""/v1/files: upload, list, metadata, content, delete.

Shapes from the types of the anthropic SDK 2.12 (`FileMetadata`, `FileListParams`); words from the
vendor's Files API documentation. Clients of version 2023-06-01 page by ids, newer ones by a
cursor.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Literal

from ...canonical import ApiError, Rejected, ResourceRequest, ResourceResult, Stored
from ..base import Answer, HttpRequest, Stamp
from ..multipart import File, FormError, read_form
from .answers import json_answer, moment
from .headers import answer_headers, request_id
from .paging import page, page_size
from .wording import invalid

__all__ = [
    "COLLECTION",
    "DeleteFile",
    "DownloadFile",
    "ListFiles",
    "RetrieveFile",
    "UploadFile",
]

COLLECTION = "files"
OLD_VERSION = "2023-06-01"
LIFE_S = (3_600, 7_776_000)
NAME_CHARS_MAX = 255
FORBIDDEN = frozenset('<>:"|?*\\/') | {chr(code) for code in range(32)}
CURSOR = "page_"


@dataclass(frozen=True, slots=True)
class _Upload:
    file: File
    life_s: int | None


class UploadFile:
    """POST /v1/files, a form with the field `file`."""

    def parse(self, http: HttpRequest) -> ResourceRequest:
        try:
            form = read_form(http)
        except FormError as problem:
            raise Rejected(_wrong(f"Invalid multipart form: {problem}")) from problem
        file = form.file("file")
        if file is None:
            raise invalid(("file",), "Field required")
        return ResourceRequest(
            provider="claude",
            endpoint="files.upload",
            collection=COLLECTION,
            action="create",
            raw=_Upload(file, _life_s(form.text("expires_in_seconds"))),
        )

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        upload: _Upload = request.raw
        file, now_s = upload.file, stamp.now_s
        expires_s = None if upload.life_s is None else now_s + upload.life_s
        mime_type = file.mime_type.partition(";")[0].strip() or "application/octet-stream"
        body = {
            "type": "file",
            "id": f"file_011C{stamp.ids.base62(20)}",
            "size_bytes": len(file.data),
            "created_at": moment(now_s),
            "filename": _name(file, mime_type),
            "mime_type": mime_type,
            "downloadable": False,
            "expires_at": moment(expires_s),
        }
        stored = Stored(
            collection=COLLECTION,
            id=str(body["id"]),
            body=body,
            size_bytes=len(file.data),
            data=file.data,
            expires_s=expires_s,
        )
        return json_answer(stamp, body, stores=(stored,))


class _OneFile:
    action: Literal["get", "delete"] = "get"
    endpoint: str

    def parse(self, http: HttpRequest) -> ResourceRequest:
        return ResourceRequest(
            provider="claude",
            endpoint=self.endpoint,
            collection=COLLECTION,
            action=self.action,
            id=http.params["id"],
        )


class RetrieveFile(_OneFile):
    """GET /v1/files/{id}: its metadata."""

    endpoint = "files.retrieve_metadata"

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        return json_answer(stamp, result.items[0].body)


class DeleteFile(_OneFile):
    """DELETE /v1/files/{id}."""

    action = "delete"
    endpoint = "files.delete"

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        return json_answer(stamp, {"id": request.id, "type": "file_deleted"})


class DownloadFile(_OneFile):
    """GET /v1/files/{id}/content. Only what a tool of the server made can be downloaded, and a
    fake has no such tool: a file that a client uploaded is refused, as by the service."""

    endpoint = "files.download"

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        item = result.items[0]
        if not item.body["downloadable"]:
            raise Rejected(_wrong("File is not downloadable", code="file_not_downloadable"))
        headers = (("content-type", item.body["mime_type"]),)
        return Answer(
            headers=answer_headers(headers, request_id(stamp), stamp), body=item.body["content"]
        )


class ListFiles:
    """GET /v1/files, newest first."""

    def parse(self, http: HttpRequest) -> ResourceRequest:
        page_size(http.query)
        _after(http.query)
        return ResourceRequest(
            provider="claude",
            endpoint="files.list",
            collection=COLLECTION,
            action="list",
            raw=(dict(http.query), http.headers.get("anthropic-version") == OLD_VERSION),
        )

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        query, by_ids = request.raw
        items: Sequence[Stored] = tuple(reversed(result.items))
        if by_ids:
            shown, more = page(items, query)
            body: dict[str, Any] = {
                "data": [item.body for item in shown],
                "first_id": shown[0].id if shown else None,
                "has_more": more,
                "last_id": shown[-1].id if shown else None,
            }
            return json_answer(stamp, body)
        if wanted := query.get("ids[]") or query.get("ids"):
            items = [item for item in items if item.id == wanted]
        after = _after(query)
        shown, more = page(items, {**query, "after_id": after} if after else query)
        cursor = _cursor(shown[-1].id) if more else None
        return json_answer(stamp, {"data": [item.body for item in shown], "next_page": cursor})


def _cursor(id: str) -> str:
    return CURSOR + urlsafe_b64encode(id.encode()).decode().rstrip("=")


def _after(query: Mapping[str, str]) -> str:
    """The id after which the page begins; empty for the first page."""
    given = query.get("page")
    if not given:
        return ""
    text = given.removeprefix(CURSOR)
    try:
        id = urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
    except (Base64Error, ValueError):
        id = ""
    if not given.startswith(CURSOR) or not id.startswith("file_"):
        raise invalid(("page",), "Invalid page cursor")
    return id


def _life_s(given: str | None) -> int | None:
    if given is None:
        return None
    place, (low, high) = ("expires_in_seconds",), LIFE_S
    try:
        life_s = int(given)
    except ValueError:
        raise invalid(
            place, "Input should be a valid integer, unable to parse string as an integer"
        ) from None
    if life_s < low:
        raise invalid(place, f"Input should be greater than or equal to {low}")
    if life_s > high:
        raise invalid(place, f"Input should be less than or equal to {high}")
    return life_s


def _name(file: File, mime_type: str) -> str:
    """The last component of the name; one without is `unnamed` (SDK, `files.upload`)."""
    name = PurePath(file.name.replace("\\", "/")).name
    if not name:
        return "unnamed" + _extension(mime_type)
    if len(name) > NAME_CHARS_MAX or FORBIDDEN & set(name):
        raise invalid(
            ("file",), "Invalid filename: must be 1-255 characters without forbidden characters"
        )
    return name


def _extension(mime_type: str) -> str:
    known = {"application/pdf": ".pdf", "text/plain": ".txt", "image/png": ".png"}
    return known.get(mime_type, "")


def _wrong(message: str, code: str | None = None) -> ApiError:
    return ApiError(status=400, kind="invalid", message=message, code=code)
