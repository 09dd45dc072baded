"""Reading a body field by field."""

import pytest

from fakeservers.canonical import ApiError, Rejected
from fakeservers.wire.reading import Reader, json_type


class Words:
    """Says the place and what was wanted."""

    def missing(self, path):
        return ApiError(status=400, message=f"{path} missing")

    def wrong_type(self, path, wanted, value):
        return ApiError(status=400, message=f"{path} {wanted} {json_type(value)}")


def reader(**fields):
    return Reader.of(fields, Words())


def test_fields_are_read_by_type():
    """A null field reads as an absent one; a whole float as an integer."""
    body = reader(a="x", b=2, c=True, d=1.5, e=None, f=3.0, g=["p"], h={"i": 1}, j=[{"k": 2}])
    assert (body.text("a"), body.integer("b"), body.flag("c")) == ("x", 2, True)
    assert (body.number("d"), body.text("e"), body.integer("f")) == (1.5, None, 3)
    assert (body.texts("g"), body.object("h").integer("i")) == (("p",), 1)
    assert [item.integer("k") for item in body.objects("j")] == [2]
    assert (body.texts("z"), list(body.objects("z")), body.object("z")) == ((), [], None)


@pytest.mark.parametrize(
    ("read", "told"),
    [
        (lambda: Reader.of([], Words()), "() ('object',) array"),
        (lambda: reader(a=1).text("a"), "('a',) ('string',) integer"),
        (lambda: reader(a=True).integer("a"), "('a',) ('integer',) boolean"),
        (lambda: reader(a=1.5).integer("a"), "('a',) ('integer',) number"),
        (lambda: reader(a="1").number("a"), "('a',) ('number',) string"),
        (lambda: reader(a=0).flag("a"), "('a',) ('boolean',) integer"),
        (lambda: reader(a={}).array("a"), "('a',) ('array',) object"),
        (lambda: reader(a=["x", 1]).texts("a"), "('a', 1) ('string',) integer"),
        (lambda: reader(a=[]).object("a"), "('a',) ('object',) array"),
        (lambda: list(reader(a=[1]).objects("a")), "('a', 0) ('object',) integer"),
        (lambda: reader().require("a"), "('a',) missing"),
        (
            lambda: next(reader(a=[{"b": 1}]).objects("a")).text("b"),
            "('a', 0, 'b') ('string',) integer",
        ),
    ],
)
def test_a_wrong_field_is_told_with_its_place(read, told):
    """In the provider's words."""
    with pytest.raises(Rejected) as caught:
        read()
    assert caught.value.error.message == told
