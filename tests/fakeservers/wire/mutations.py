"""Bodies that are nearly right: a whole one with other values in some of its places."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from hypothesis import strategies as st

CHANGES_MAX = 3
WORDS = ["user", "tool", "function", "custom", "json_schema", "text", "c1", "f"]
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.sampled_from(WORDS)
)
ANY = (
    LEAVES | st.lists(LEAVES, max_size=2) | st.dictionaries(st.text(max_size=8), LEAVES, max_size=2)
)


def near(whole: Any) -> st.SearchStrategy[Any]:
    """The whole body with other values in a few places, and any other value."""
    changes = st.lists(st.tuples(st.sampled_from(list(places(whole))), ANY), max_size=CHANGES_MAX)
    return changes.map(lambda found: changed(whole, found)) | ANY


def keys(value: Any) -> Any:
    if isinstance(value, list):
        return range(len(value))
    return value if isinstance(value, dict) else ()


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The places of all that stands in a value."""
    for key in keys(value):
        yield (*path, key)
        yield from places(value[key], (*path, key))


def changed(whole: Any, changes: list[tuple[tuple[Any, ...], Any]]) -> Any:
    """The whole body with other values in some places, as far as they still exist."""
    body: Any = deepcopy(whole)
    for (*way, last), value in changes:
        holder = body
        for key in way:
            holder = holder[key] if key in keys(holder) else None
        if last in keys(holder):
            holder[last] = value
    return body
