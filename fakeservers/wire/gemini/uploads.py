"""/upload/{version}/files: the resumable upload protocol of Google's front end.

`X-Goog-Upload-Command: start` is answered with the address of an upload; pieces are posted there
with their offset, the last with `upload, finalize` (google-genai 3.4, `_api_client._upload_fd`).
With `X-Goog-Upload-Protocol: raw` a file comes in one request.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlencode

from ...canonical import ApiError, Rejected, ResourceRequest, ResourceResult, Stored
from ..base import Answer, Headers, HttpRequest, Stamp
from .bodies import headers, json_answer
from .files import file_body, kept_file
from .messages import CREATE_FILE_REQUEST
from .protojson import read
from .wording import invalid

__all__ = ["Upload"]

COLLECTION: Final = "uploads"
LIFE_S: Final = 7 * 86_400
GRANULARITY: Final = "262144"
UPLOAD_BYTES_MAX: Final = 256 * 1024 * 1024
"""A longer file is refused: a fake keeps it in memory. The service takes 2 GB."""

NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
BAD_NAME = (
    "* CreateFileRequest.file.name: Invalid file name. File names may contain up to 40 lowercase "
    "alphanumeric characters and dashes, and may not begin or end with a dash.\n"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Session:
    """An upload under way: what the file will be, and its bytes so far."""

    name: str
    mime_type: str
    display: str
    size: int | None
    data: bytes = b""
    open: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class _Piece:
    """One request of an upload: what it asks for, where its bytes belong."""

    commands: frozenset[str]
    offset: int
    data: bytes


class Upload:
    """POST /upload/{version}/files: the start of an upload, a piece of one, or a whole file."""

    def parse(self, http: HttpRequest) -> ResourceRequest:
        if (id := http.query.get("upload_id")) is not None:
            return _request("get", id, _piece(http))
        if http.headers.get("x-goog-upload-protocol", "").lower() == "raw":
            session = _session(http, {}, size=len(http.body))
            return _request("create", None, replace(session, data=http.body))
        body, _ = read(http, CREATE_FILE_REQUEST)
        given = body.object("file")
        session = _session(http, given.value if given else {}, size=_size(http))
        if "start" not in _commands(http):
            raise Rejected(invalid("Missing or invalid X-Goog-Upload-Command header."))
        return _request("create", None, (session, _address(http)))

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        if isinstance(request.raw, _Session):
            return _finalized(request.raw, stamp, ())
        if isinstance(request.raw, tuple):
            session, address = request.raw
            return _started(session, address, stamp)
        return _written(result.items[0], request.raw, stamp)


def _request(action: Any, id: str | None, raw: Any) -> ResourceRequest:
    return ResourceRequest(
        provider="gemini",
        endpoint="files.upload",
        collection=COLLECTION,
        action=action,
        id=id,
        raw=raw,
    )


# --- reading ------------------------------------------------------------------------------


def _session(http: HttpRequest, given: Mapping[str, Any], size: int | None) -> _Session:
    name = given.get("name") or ""
    if not isinstance(name, str) or (name and not NAME.fullmatch(name.removeprefix("files/"))):
        raise Rejected(invalid(BAD_NAME))
    if size is not None and size > UPLOAD_BYTES_MAX:
        subject = str(UPLOAD_BYTES_MAX)
        raise Rejected(ApiError(status=413, kind="body_too_large", subject=subject))
    told = http.headers.get("x-goog-upload-header-content-type") or given.get("mimeType")
    return _Session(
        name=name.removeprefix("files/"),
        mime_type=str(told or http.headers.get("content-type") or "application/octet-stream"),
        display=str(given.get("displayName") or ""),
        size=size,
    )


def _size(http: HttpRequest) -> int | None:
    text = http.headers.get("x-goog-upload-header-content-length", "")
    return int(text) if text.isascii() and text.isdigit() else None


def _commands(http: HttpRequest) -> frozenset[str]:
    given = http.headers.get("x-goog-upload-command", "")
    return frozenset(word.strip().lower() for word in given.split(","))


def _piece(http: HttpRequest) -> _Piece:
    offset = http.headers.get("x-goog-upload-offset", "0")
    if not (offset.isascii() and offset.isdigit()):
        raise Rejected(invalid("Invalid X-Goog-Upload-Offset header."))
    return _Piece(commands=_commands(http), offset=int(offset), data=http.body)


def _address(http: HttpRequest) -> str:
    """Where the pieces go, without the upload's id. The service's own addresses carry the
    caller's rights; these carry the key that came."""
    host = http.headers.get("host", "generativelanguage.googleapis.com")
    key = http.headers.get("x-goog-api-key") or http.query.get("key")
    query = {"upload_protocol": "resumable"} | ({"key": key} if key else {})
    return f"http://{host}{http.path}?{urlencode(query)}"


# --- answering ----------------------------------------------------------------------------


def _started(session: _Session, address: str, stamp: Stamp) -> Answer:
    id = stamp.ids.urlsafe(64)
    url = f"{address}&upload_id={id}"
    told: Headers = (
        ("x-goog-upload-status", "active"),
        ("x-goog-upload-url", url),
        ("x-goog-upload-control-url", url),
        ("x-goog-upload-chunk-granularity", GRANULARITY),
    )
    kept = Stored(collection=COLLECTION, id=id, body=session, expires_s=stamp.now_s + LIFE_S)
    return Answer(headers=(*headers(stamp), *told), stores=(kept,))


def _written(item: Stored, piece: _Piece, stamp: Stamp) -> Answer:
    session: _Session = item.body
    if "query" in piece.commands:
        return _status("active" if session.open else "final", len(session.data), stamp)
    if not session.open:
        raise Rejected(invalid("Upload has already been terminated."))
    if "cancel" in piece.commands:
        closed = replace(session, open=False, data=b"")
        return replace(_status("cancelled", 0, stamp), stores=(replace(item, body=closed),))
    if not piece.commands & {"upload", "finalize"}:
        raise Rejected(invalid("Missing or invalid X-Goog-Upload-Command header."))
    if piece.offset != len(session.data):
        raise Rejected(
            invalid(
                f"Upload offset {piece.offset} does not match the {len(session.data)} bytes "
                f"received so far."
            )
        )
    grown = replace(session, data=session.data + piece.data)
    if len(grown.data) > UPLOAD_BYTES_MAX:
        subject = str(UPLOAD_BYTES_MAX)
        raise Rejected(ApiError(status=413, kind="body_too_large", subject=subject))
    if "finalize" not in piece.commands:
        kept = replace(item, body=grown, size_bytes=len(grown.data))
        return replace(_status("active", len(grown.data), stamp), stores=(kept,))
    if grown.size is not None and grown.size != len(grown.data):
        raise Rejected(invalid(f"Upload has {len(grown.data)} bytes; {grown.size} were announced."))
    closed = replace(grown, open=False, data=b"")
    return _finalized(grown, stamp, (replace(item, body=closed, size_bytes=0),))


def _status(status: str, received: int, stamp: Stamp) -> Answer:
    told = (("x-goog-upload-status", status), ("x-goog-upload-size-received", str(received)))
    return Answer(headers=(*headers(stamp), *told))


def _finalized(session: _Session, stamp: Stamp, more: tuple[Stored, ...]) -> Answer:
    id = session.name or stamp.ids.base36(12)
    file = kept_file(id, session.data, session.mime_type, stamp, display=session.display)
    shown = json_answer(stamp, {"file": file_body(file, processing=not stamp.instant)})
    told = (*shown.headers, ("x-goog-upload-status", "final"))
    return replace(shown, headers=told, stores=(file, *more))
