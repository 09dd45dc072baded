"""Embedding vectors."""

import math
import struct

import pytest

from fakeservers.behaviour.embeddings import embed


def cosine(a: str, b: str, dimensions: int = 1536) -> float:
    pairs = zip(embed(a, dimensions), embed(b, dimensions), strict=True)
    return sum(x * y for x, y in pairs)


@pytest.mark.parametrize("dimensions", [1, 8, 256, 1536, 3072])
@pytest.mark.parametrize(
    "text", ["", "a", "The cat sat on the mat.", "日本語のテキスト", "x " * 999]
)
def test_vectors_have_the_length_one(text: str, dimensions: int) -> None:
    """Even after rounding to 32-bit floats, whatever the text."""
    vector = embed(text, dimensions)
    rounded = struct.unpack(f"{dimensions}f", struct.pack(f"{dimensions}f", *vector))
    assert len(vector) == dimensions
    assert math.isclose(math.hypot(*rounded), 1, abs_tol=1e-5)


def test_vectors_depend_on_the_text_alone() -> None:
    """The same text has the same vector, another text another one."""
    assert embed("dog bites man", 64) == embed("dog bites man", 64)
    assert embed("dog bites man", 64) != embed("man bites dog", 64)


@pytest.mark.parametrize("dimensions", [64, 1536])
def test_texts_that_share_words_are_nearer(dimensions: int) -> None:
    """A search finds the text about the same thing."""
    near = cosine("How do I reset my password?", "Steps to reset a password", dimensions)
    far = cosine("How do I reset my password?", "Bananas grow in warm climates", dimensions)
    assert near > far + 0.2


def test_forms_of_a_word_are_near() -> None:
    """Words that share letters are nearer than words that do not."""
    assert cosine("running", "runner") > cosine("running", "banana") + 0.1


def test_small_vectors_still_rank() -> None:
    """Eight dimensions tell most related texts from unrelated ones."""
    texts = ["red apple pie", "blue ocean wave", "fast sports car", "old stone castle"]
    nearest = [max(texts, key=lambda t, w=text: cosine(f"{w} today", t, 8)) for text in texts]
    assert nearest == texts
