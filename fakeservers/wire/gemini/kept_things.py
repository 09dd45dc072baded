"""What a request names that the server keeps: `cachedContent`, and files by the URI that their
upload was answered with. Whether they exist is decided elsewhere."""

import re
from collections.abc import Iterator

from ...canonical import Needs, Rejected
from ..reading import Reader
from .kept_errors import ONE_PLACE
from .wording import invalid

__all__ = ["needs"]

NAMED = (b"fileUri", b"file_uri", b"cachedContent", b"cached_content")
FILE_URI = re.compile(
    r"https://generativelanguage\.googleapis\.com/[a-z0-9]+/files/([a-z0-9-]+)|files/([a-z0-9-]+)"
)
"""Files elsewhere, such as films on YouTube, are fetched by the service."""


def needs(body: Reader, data: bytes) -> Needs | None:
    """What the body, whose bytes are `data`, names; None for nearly every one."""
    if not any(name in data for name in NAMED):
        return None
    files = tuple(dict.fromkeys(_files(body)))
    given = body.text("cachedContent")
    if given and any(map(body.has, ("systemInstruction", "tools", "toolConfig"))):
        raise Rejected(invalid(ONE_PLACE))
    cached = given.removeprefix("cachedContents/") if given else None
    return Needs(cached=cached, files=files) if files or cached else None


def _files(body: Reader) -> Iterator[str]:
    for content in body.objects("contents"):
        for part in content.objects("parts"):
            file = part.object("fileData")
            match = FILE_URI.fullmatch(file.text("fileUri") or "") if file else None
            if match is not None:
                yield match[1] or match[2]
