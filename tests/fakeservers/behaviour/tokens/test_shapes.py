"""Counts by the shapes of words."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakeservers.behaviour.tokens.shapes import PIECE, estimate, shape
from fakeservers.behaviour.tokens.vocabulary import counter, encoding_name, is_installed

TEXTS = {
    "prose": "Tokens are the unit in which language models read, and in which they are paid for.",
    "code": "def area(self) -> float:\n    return self.width * self.height  # in metres\n",
    "json": '{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}',
    "names": "Please ask Dr. Margaret Hamilton, who worked on Apollo 11 at MIT in 1969.",
    "german": "Die Würde des Menschen ist unantastbar. Sie zu achten ist Verpflichtung.",
    "russian": "Сегодня мы пойдём в магазин и купим свежий хлеб, молоко и яблоки.",
    "greek": "Σήμερα θα πάμε στο κατάστημα και θα αγοράσουμε φρέσκο ψωμί και γάλα.",
}


@settings(deadline=None, max_examples=200, derandomize=True, database=None)
@given(st.text())
def test_pieces_are_the_whole_text(text: str) -> None:
    """Nothing of a text is left out, whatever it is made of, and every piece costs something."""
    assert "".join(PIECE.findall(text)) == text
    assert (estimate(text) > 0) == bool(text)


@pytest.mark.parametrize(
    ("piece", "kind", "size"),
    [
        (" word", " low", 4),
        ("Word", "cap", 4),
        ("_WORD", "_up", 4),
        (" don't", " low'", 3),
        ("123", "digits", 3),
        (" слово", " cyrillic", 5),
        ('":{', "punct", 3),
        ("-----", "run", 5),
        ("\n\n", "newline", 1),
    ],
)
def test_a_piece_is_known_by_its_shape(piece: str, kind: str, size: int) -> None:
    """Script, case, what stands before it, and length."""
    assert shape(piece) == (kind, size)


@pytest.mark.parametrize("name", TEXTS)
def test_the_estimate_is_near_the_vocabulary(name: str) -> None:
    """Within a quarter of OpenAI's count for one sentence; the median is far nearer."""
    if not is_installed():
        pytest.skip("the tokens extra is not installed")
    exact = counter("o200k_base")(TEXTS[name])
    assert abs(estimate(TEXTS[name]) - exact) <= max(2, 0.25 * exact)


@pytest.mark.parametrize(
    ("model", "encoding"),
    [
        ("gpt-4", "cl100k_base"),
        ("gpt-4-turbo", "cl100k_base"),
        ("gpt-4-0613", "cl100k_base"),
        ("gpt-3.5-turbo", "cl100k_base"),
        ("text-embedding-3-small", "cl100k_base"),
        ("gpt-4o-mini", "o200k_base"),
        ("gpt-4.1", "o200k_base"),
        ("gpt-4.5-preview", "o200k_base"),
        ("gpt-5-mini", "o200k_base"),
        ("o3", "o200k_base"),
        ("unheard-of", "o200k_base"),
    ],
)
def test_each_model_has_its_vocabulary(model: str, encoding: str) -> None:
    """As tiktoken maps them; unknown models have the newest."""
    assert encoding_name(model) == encoding


def test_what_is_no_text_is_counted() -> None:
    """A lone surrogate, which JSON may bring, and the marks of special tokens are counted."""
    count = counter("o200k_base")
    assert count("a \ud800 b") > 0 and count("<|endoftext|>") > 1
