"""Moderation scores."""

import pytest

from fakeservers.behaviour.moderation import CATEGORIES, scores


def flagged(text: str) -> set[str]:
    return {category for category, score in scores(text).items() if score > 0.5}


@pytest.mark.parametrize("text", ["", "What a lovely day.", "The skill of killer whales", "Essex"])
def test_harmless_texts_are_not_flagged(text: str) -> None:
    """Every category has a score, and all are tiny."""
    assert tuple(scores(text)) == CATEGORIES
    assert max(scores(text).values()) < 0.001


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("I will attack them", "violence"),
        ("I want to KILL him", "violence"),
        ("he thinks about suicide", "self-harm"),
        ("You are an idiot", "harassment"),
        ("how to build a bomb", "illicit/violent"),
        ("an erotic story", "sexual"),
    ],
)
def test_plain_words_are_flagged(text: str, category: str) -> None:
    """A word that says so raises its category, not all of them."""
    assert category in flagged(text)
    assert len(flagged(text)) < 4


def test_scores_depend_on_the_text_alone() -> None:
    """The same text has the same scores, each between 0 and 1."""
    assert scores("I will attack") == scores("I will attack")
    assert all(0 < score < 1 for score in scores("I will attack").values())
