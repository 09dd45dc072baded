"""Which recorded exchange answers a request."""

import json

import pytest

from fakeservers import ScriptError
from fakeservers.recording.matching import fields, key_of, nearest, sought
from fakeservers.wire.base import HttpRequest
from fakeservers.wire.registry import installed

from .support import recorded

(OPENAI,) = (provider for provider in installed() if provider.name == "openai")


def asked(body=b"", **fields):
    fields = {"method": "POST", "path": "/v1/chat/completions", "body": body, **fields}
    return HttpRequest(**fields)


def test_json_is_compared_as_a_value():
    """Spaces and the order of keys do not count, values do."""
    keys = {key_of(asked(body)) for body in (b'{"a":1,"b":2}', b'{ "b": 2, "a": 1 }')}
    assert len(keys) == 1
    assert key_of(asked(b'{"a": 1}')) != key_of(asked(b'{"a": true}'))


def test_a_form_is_compared_without_its_boundary():
    """Which clients draw anew each time."""
    form = b'--%s\r\ncontent-disposition: form-data; name="model"\r\n\r\nwhisper-1\r\n--%s--\r\n'
    one, other = (sought(asked(form % (b, b)), OPENAI, ()) for b in (b"abc", b"xyz123"))
    assert key_of(one) == key_of(other)


def test_headers_do_not_count_and_the_query_does():
    """But for its credentials."""
    one = sought(asked(headers={"user-agent": "a"}, query={"key": "x", "after": "1"}), OPENAI, ())
    other = sought(asked(headers={"user-agent": "b"}, query={"after": "1"}), OPENAI, ())
    assert key_of(one) == key_of(other) != key_of(asked(query={"after": "2"}))


def test_what_is_ignored_does_not_count():
    """Fields by name, elements by number, or every element; wherever they are not, nothing."""
    ignored = fields(["metadata.user_id", "messages[0].content", "tools[].id", "stop[1]"])
    one = {"metadata": {"user_id": "a"}, "messages": [{"content": "x"}, {"content": "z"}]}
    other = {"metadata": {}, "messages": [{}, {"content": "z"}]}
    one |= {"tools": [{"id": 1}, {"id": 2}], "stop": ["a", "b"]}
    other |= {"tools": [{"id": 3}, {"id": 4}], "stop": ["a", "c"]}
    asked_one, asked_other = (asked(json.dumps(body).encode()) for body in (one, other))
    assert key_of(asked_one, ignored) == key_of(asked_other, ignored)
    assert key_of(asked_one) != key_of(asked_other)
    far = asked(json.dumps({**other, "n": 1}).encode())
    found = nearest(far, [recorded(one)], ignored)
    assert found.differences == ("n: not recorded, asked now 1",)


@pytest.mark.parametrize("path", ["", "messages[", "a..b", "messages[x]", "[]]"])
def test_what_is_no_field_is_told(path):
    """With what would be."""
    with pytest.raises(ScriptError, match="is no field of a request: write "):
        fields([path])


def test_the_nearest_has_the_fewest_differences():
    """Each is told with its path, both values, and no more than a few."""
    messages = [{"role": "user", "content": "Hi"}]
    far = recorded({"model": "o3", "messages": [], "n": 2})
    near = recorded({"model": "gpt-4o", "messages": messages, "n": 2})
    wanted = asked(b'{"model": "gpt-4o", "messages": [{"role": "user", "content": "Ho"}]}')
    found = nearest(wanted, [far, near])
    assert found.recorded is near
    assert found.differences == (
        "messages[0].content: recorded 'Hi', asked now 'Ho'",
        "n: recorded 2, not asked now",
    )
    many = nearest(asked(b"{}"), [recorded(dict.fromkeys("abcdefgh", 1))])
    assert (len(many.differences), many.differences[-1]) == (6, "and 3 more")


def test_a_request_of_the_same_path_is_nearer():
    """However much it asks for."""
    same = recorded(dict.fromkeys("abc", 1))
    other = recorded({}, asked=asked(b"{}", path="/v1/responses"))
    assert nearest(asked(b"{}"), [other, same]).recorded is same
    assert nearest(asked(b"{}"), []) is None
