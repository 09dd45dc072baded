"""A misspelt keyword of what users write is told with the nearest that there is."""

import inspect

import pytest

import fakeservers
from fakeservers import FakeServers, ScriptError, cut, refused

WORLD = ("simulate",)
"""It lives in virtual time, and takes its own."""

TAKEN = {
    name: inspect.signature(getattr(fakeservers, name)).parameters.values()
    for name in sorted(fakeservers.__all__)
    if inspect.isfunction(getattr(fakeservers, name)) and name not in WORLD
}
"""Every public function, with what it takes."""

NAMED = [
    (name, parameter.name)
    for name, parameters in TAKEN.items()
    for parameter in parameters
    if not any(p.kind is p.VAR_KEYWORD for p in parameters)
    and parameter.kind in (parameter.KEYWORD_ONLY, parameter.POSITIONAL_OR_KEYWORD)
]


@pytest.mark.parametrize(("name", "keyword"), NAMED)
def test_each_keyword_of_each_function_is_the_nearest_of_itself_misspelt(name, keyword):
    """One letter more, and the message names the keyword."""
    with pytest.raises(ScriptError, match=rf"^{name}\({keyword}x=...\): .*mean '{keyword}'\?$"):
        getattr(fakeservers, name)(**{f"{keyword}x": 1})


def test_the_message_says_what_is_taken():
    """All of it; that there is nothing, where there is nothing."""
    with pytest.raises(ScriptError) as told:
        cut(after_chunk=3)
    assert str(told.value) == (
        "cut(after_chunk=...): it takes after_chunks, ends. Did you mean 'after_chunks'?"
    )
    with pytest.raises(ScriptError, match=r"^refused\(times=\.\.\.\): it takes no keywords\.$"):
        refused(times=3)


@pytest.mark.parametrize(
    ("verb", "given", "nearest"),
    [("replies", {"tims": 3}, "times"), ("jobs", {"after": 3}, "after_s")],
)
def test_verbs_of_a_fake_and_of_its_rules_tell_it_too(verb, given, nearest):
    """Not as a TypeError."""
    claude = FakeServers().claude
    for said_of in (claude, claude.on()) if verb == "replies" else (claude,):
        with pytest.raises(ScriptError, match=f"Did you mean '{nearest}'"):
            getattr(said_of, verb)(**given)


def test_the_servers_tell_it_too():
    """By the name of their class."""
    with pytest.raises(ScriptError, match=r"^FakeServers\(sed=\.\.\.\): .*mean 'seed'\?$"):
        FakeServers(sed=3)
