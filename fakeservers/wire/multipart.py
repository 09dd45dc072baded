"""Forms with files, `multipart/form-data`: the fields and files of a body.

The parsing is python-multipart's, as in starlette; here its callbacks become values.
"""

from dataclasses import dataclass, field
from email.message import Message
from typing import TYPE_CHECKING

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from .base import HttpRequest

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

__all__ = ["FIELDS_MAX", "File", "Form", "FormError", "read_form", "unbounded"]

FIELDS_MAX = 1_000
"""Parts of one form; one with more is refused."""


class FormError(ValueError):
    """The body is not a form; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    name: str
    mime_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Form:
    """Fields and files by name, each in the order in which they came; `tags[]` is `tags`."""

    fields: dict[str, list[str]] = field(default_factory=dict)
    files: dict[str, list[File]] = field(default_factory=dict)

    def text(self, name: str) -> str | None:
        """The last value of a field."""
        found = self.fields.get(name)
        return found[-1] if found else None

    def file(self, name: str) -> File | None:
        found = self.files.get(name)
        return found[0] if found else None


class _Part:
    def __init__(self) -> None:
        self.header = bytearray()
        self.value = bytearray()
        self.headers = Message()
        self.data = bytearray()


def read_form(http: HttpRequest) -> Form:
    """The form in the body of a request. Raises FormError."""
    kind, options = parse_options_header(http.headers.get("content-type", ""))
    if kind != b"multipart/form-data" or not options.get(b"boundary"):
        raise FormError("the content type is not multipart/form-data with a boundary")
    reading = _Reading()
    parser = MultipartParser(options[b"boundary"], reading.callbacks())
    try:
        parser.write(http.body)
        parser.finalize()
    except FormParserError as problem:
        raise FormError(str(problem)) from problem
    if not reading.ended:
        raise FormError("the form ends before its last boundary")
    return reading.form


class _Reading:
    """The callbacks of the parser, for one form."""

    def __init__(self) -> None:
        self.form = Form()
        self.ended = False
        self._part = _Part()
        self._parts = 0

    def callbacks(self) -> "MultipartCallbacks":
        return {
            "on_part_begin": self._begin,
            "on_part_data": self._data,
            "on_part_end": self._end,
            "on_header_field": self._field,
            "on_header_value": self._value,
            "on_header_end": self._header,
            "on_end": self._close,
        }

    def _begin(self) -> None:
        self._parts += 1
        if self._parts > FIELDS_MAX:
            raise FormError(f"the form has more than {FIELDS_MAX} parts")
        self._part = _Part()

    def _data(self, data: bytes, start: int, end: int) -> None:
        self._part.data += data[start:end]

    def _field(self, data: bytes, start: int, end: int) -> None:
        self._part.header += data[start:end]

    def _value(self, data: bytes, start: int, end: int) -> None:
        self._part.value += data[start:end]

    def _header(self) -> None:
        part = self._part
        part.headers[part.header.decode("latin-1")] = part.value.decode("utf-8", "replace")
        part.header.clear()
        part.value.clear()

    def _end(self) -> None:
        part = self._part
        given = str(part.headers.get("content-disposition", ""))
        _, options = parse_options_header(given.encode())
        name = options.get(b"name", b"").decode("utf-8", "replace").removesuffix("[]")
        if b"filename" not in options:
            text = part.data.decode("utf-8", "replace")
            self.form.fields.setdefault(name, []).append(text)
            return
        file = File(
            name=options[b"filename"].decode("utf-8", "replace"),
            mime_type=str(part.headers.get("content-type", "application/octet-stream")),
            data=bytes(part.data),
        )
        self.form.files.setdefault(name, []).append(file)

    def _close(self) -> None:
        self.ended = True


def unbounded(body: bytes) -> bytes:
    """The body without the boundary of its form, which clients draw anew for every request:
    the same form is the same request."""
    if not body.startswith(b"--"):
        return body
    boundary = body[: body.find(b"\r\n")]
    return body.replace(boundary, b"--") if 2 < len(boundary) <= 200 else body
