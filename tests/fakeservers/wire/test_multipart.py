"""Forms with files."""

import pytest

from fakeservers.wire.base import HttpRequest
from fakeservers.wire.multipart import FIELDS_MAX, Form, FormError, read_form, unbounded


def read(body: bytes, boundary: str = "xyz") -> Form:
    """The form in a body."""
    headers = {"content-type": f'multipart/form-data; boundary="{boundary}"'}
    return read_form(HttpRequest(method="POST", path="/", headers=headers, body=body))


def part(name: str, data: bytes, more: str = "") -> bytes:
    """One part of a form."""
    head = f'--xyz\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'
    return head.encode() + data + b"\r\n"


END = b"--xyz--\r\n"


def test_fields_and_files() -> None:
    """Fields and files by name, with their types; `name[]` is a list of `name`."""
    file = b'--xyz\r\nContent-Disposition: form-data; name="file"; filename="\xc3\xa4.bin"\r\n'
    file += b"Content-Type: image/png\r\n\r\n\x00\r\n\xff\r\n"
    form = read(part("a", b"1") + part("b[]", b"2") + part("b[]", b"3") + file + END)
    assert (form.text("a"), form.fields["b"], form.text("c")) == ("1", ["2", "3"], None)
    found = form.file("file")
    assert found is not None
    assert (found.name, found.mime_type, found.data) == ("ä.bin", "image/png", b"\x00\r\n\xff")


@pytest.mark.parametrize(
    "body",
    [b"", b"nothing", part("a", b"1"), b"--xyz\r\nno header\r\n\r\n", b"--xy"],
    ids=["empty", "text", "no end", "bad header", "cut"],
)
def test_what_is_no_form(body: bytes) -> None:
    """A body that is no whole form says so."""
    with pytest.raises(FormError):
        read(body)


def test_a_body_of_another_type() -> None:
    """Without a boundary in the content type nothing can be read."""
    with pytest.raises(FormError, match="multipart/form-data with a boundary"):
        read_form(HttpRequest(method="POST", path="/", body=END))


def test_parts_are_bounded() -> None:
    """A form with too many parts is refused."""
    with pytest.raises(FormError, match="more than"):
        read(part("a", b"1") * (FIELDS_MAX + 1) + END)


def test_the_boundary_does_not_matter() -> None:
    """The same form with another boundary is the same request; what is no form stays as it is."""
    form = part("a", b"1") + END
    assert unbounded(form) == unbounded(form.replace(b"xyz", b"other"))
    assert unbounded(b'{"a": "--"}') == b'{"a": "--"}'
