"""/{version}/files: get, list, delete, download. Files come in by `uploads`.

Shapes from the types of google-genai 3.4 (`File`) and the Gemini API reference.
"""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, Literal

from ...canonical import ApiError, Job, Rejected, ResourceRequest, ResourceResult, Stored, Work
from ..base import Answer, HttpRequest, Stamp
from .bodies import answer, json_answer
from .moments import moment
from .paging import Paging
from .wording import invalid

__all__ = [
    "COLLECTION",
    "DeleteFile",
    "DownloadFile",
    "GetFile",
    "KeptFile",
    "ListFiles",
    "file_body",
    "kept_file",
]

COLLECTION: Final = "files"
LIFE_S: Final = 48 * 3_600
"""Files are kept for two days (Gemini API documentation)."""

BASE: Final = "https://generativelanguage.googleapis.com/v1beta/"
PAGING: Final = Paging(size=10, size_max=100)


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file as the server keeps it: the fields of its resource that do not change, its bytes."""

    about: Mapping[str, Any]
    data: bytes


class _OneFile:
    endpoint: str
    action: Literal["get", "delete"] = "get"
    polls = False

    def parse(self, http: HttpRequest) -> ResourceRequest:
        name = http.params["file"]
        if ":" in name:
            subject = f"{http.method} {http.path}"
            raise Rejected(ApiError(status=404, kind="unknown_route", subject=subject))
        return ResourceRequest(
            provider="gemini",
            endpoint=self.endpoint,
            collection=COLLECTION,
            action=self.action,
            id=name,
            polls=self.polls,
        )


class GetFile(_OneFile):
    """GET {version}/files/{file}."""

    endpoint = "files.get"
    polls = True

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        return json_answer(stamp, file_body(result.items[0]))


class DeleteFile(_OneFile):
    """DELETE {version}/files/{file}."""

    endpoint = "files.delete"
    action = "delete"

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        return json_answer(stamp, {})


class DownloadFile(_OneFile):
    """GET {version}/files/{file}:download?alt=media, for files that the service made."""

    endpoint = "files.download"

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        kept: KeptFile = result.items[0].body
        if kept.about["source"] != "GENERATED":
            raise Rejected(invalid("Only generated files can be downloaded."))
        return answer(stamp, kept.data, kept.about["mimeType"])


class ListFiles:
    """GET {version}/files, newest first."""

    def parse(self, http: HttpRequest) -> ResourceRequest:
        PAGING.check(http.query)
        return ResourceRequest(
            provider="gemini",
            endpoint="files.list",
            collection=COLLECTION,
            action="list",
            raw=dict(http.query),
        )

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        newest = tuple(reversed(result.items))
        shown, token = PAGING.page(newest, request.raw, lambda item: item.body.about["name"])
        body: dict[str, Any] = {"files": [file_body(item) for item in shown]} if shown else {}
        if token:
            body["nextPageToken"] = token
        return json_answer(stamp, body)


def kept_file(
    id: str, data: bytes, mime_type: str, stamp: Stamp, *, display: str = "", made: bool = False
) -> Stored:
    """A file to be kept from now on; `made` by the service rather than uploaded."""
    now_s, name = stamp.now_s, f"files/{id}"
    about = {
        "name": name,
        "displayName": display,
        "mimeType": mime_type,
        "sizeBytes": str(len(data)),
        "createTime": moment(now_s),
        "updateTime": moment(now_s),
        "expirationTime": moment(now_s + LIFE_S),
        # The hash is told as the base64 of its hexadecimal digits.
        "sha256Hash": b64encode(sha256(data).hexdigest().encode()).decode(),
        "uri": BASE + name,
        "downloadUri": f"{BASE}{name}:download?alt=media" if made else "",
        "source": "GENERATED" if made else "UPLOADED",
    }
    return Stored(
        collection=COLLECTION,
        id=id,
        body=KeptFile({field: value for field, value in about.items() if value}, data),
        data=data,
        size_bytes=len(data),
        expires_s=now_s + LIFE_S,
        work=None if made else Work(lasts_s=LIFE_S),
    )


def file_body(item: Stored, *, processing: bool = False) -> dict[str, Any]:
    """The resource of a file as it stands: being processed, usable, or failed."""
    job: Job | None = item.job
    about = dict(item.body.about)
    if processing or (job is not None and not job.ended):
        state = "PROCESSING"
    elif job is None or job.phase == "done":
        state = "ACTIVE"
    else:
        state = "FAILED"
        about["error"] = {"code": 13, "message": job.failure or "The file could not be processed."}
    if job is not None and job.ended_s is not None:
        about["updateTime"] = moment(job.ended_s)
    source = about.pop("source")
    return {**about, "state": state, "source": source}
