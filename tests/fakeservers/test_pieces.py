"""Pieces of text."""

from hypothesis import given
from hypothesis import strategies as st

from fakeservers.pieces import pieces


@given(st.text())
def test_the_pieces_join_to_the_text(text):
    """Nothing is lost, whatever the text."""
    assert "".join(pieces(text)) == text


def test_a_piece_is_about_a_word():
    """With the space before it."""
    assert pieces("Hello big world.") == ("Hello", " big", " world", ".")
