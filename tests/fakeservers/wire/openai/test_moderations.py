"""Moderations."""

import json
from typing import Any

import pytest

from fakeservers.behaviour.moderation import CATEGORIES
from fakeservers.canonical import ModerateResult
from fakeservers.wire.openai.moderations import Moderations

TEXT: Any = {"type": "text", "text": "Hi"}
IMAGE: Any = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}


@pytest.fixture
def judged(parse: Any, stamp: Any) -> Any:
    """The body of the answer to an input with this score for violence."""

    def judged(given: Any, violence: float = 0.0) -> Any:
        request = parse(Moderations(), {"input": given})
        scores = ({**dict.fromkeys(CATEGORIES, 0.0), "violence": violence},) * len(request.inputs)
        result = ModerateResult(scores=scores, model="omni-moderation-latest")
        return json.loads(Moderations().render(request, result, stamp).body)

    return judged


@pytest.mark.parametrize(
    ("given", "inputs"),
    [
        ("Hi", ("Hi",)),
        (["Hi", "you"], ("Hi", "you")),
        ([TEXT, IMAGE], ("Hi",)),
        ([IMAGE], ("",)),
    ],
    ids=["text", "texts", "parts", "image"],
)
def test_inputs(parse: Any, given: Any, inputs: tuple[str, ...]) -> None:
    """Each text is judged alone; the parts of a list are judged as a whole."""
    request = parse(Moderations(), {"input": given})
    assert (request.inputs, request.model) == (inputs, "omni-moderation-latest")


def test_body(judged: Any) -> None:
    """A verdict has every category of the result three times."""
    body = judged("Hi")
    assert list(body) == ["id", "model", "results"]
    (verdict,) = body["results"]
    assert verdict["flagged"] is False
    for key in ("categories", "category_scores", "category_applied_input_types"):
        assert tuple(verdict[key]) == CATEGORIES


def test_flagged(judged: Any) -> None:
    """A high score flags its category, and with it the input."""
    (verdict,) = judged("Hi", violence=0.9)["results"]
    assert (verdict["flagged"], verdict["category_scores"]["violence"]) == (True, 0.9)
    assert [name for name, flag in verdict["categories"].items() if flag] == ["violence"]


@pytest.mark.parametrize(
    ("given", "violence", "hate"),
    [
        ("Hi", ["text"], ["text"]),
        ([TEXT, IMAGE], ["text", "image"], ["text"]),
        ([IMAGE], ["image"], []),
    ],
    ids=["text", "both", "image"],
)
def test_applied_types(judged: Any, given: Any, violence: list[str], hate: list[str]) -> None:
    """Only some categories are judged in images."""
    (verdict,) = judged(given)["results"]
    applied = verdict["category_applied_input_types"]
    assert (applied["violence"], applied["hate"]) == (violence, hate)


@pytest.mark.parametrize(
    ("given", "param"),
    [
        (None, "input"),
        (5, "input"),
        ([], "input"),
        (["a", TEXT], "input[0]"),
        ([{"type": "audio"}], "input[0].type"),
        ([{"type": "text"}], "input[0].text"),
        ([{"type": "image_url", "image_url": {}}], "input[0].image_url.url"),
    ],
    ids=["none", "number", "empty", "mixed", "kind", "no text", "no url"],
)
def test_refused(parse: Any, refused: Any, given: Any, param: str) -> None:
    """What cannot be judged is refused by its place."""
    error = refused(lambda: parse(Moderations(), {"input": given}))
    assert (error.status, error.param) == (400, param)
