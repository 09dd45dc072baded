"""Log probabilities of chat and of plain completions."""

import math
from typing import Any

import pytest

from fakeservers.canonical import Refusal, Text
from fakeservers.rng import Seed
from fakeservers.wire.openai.logprobs import plain_logprobs


def test_tokens(said: Any) -> None:
    """The tokens join to the content, each with its bytes and a probability."""
    (choice,) = said(Text("Héllo you"), logprobs=True)["choices"]
    assert list(choice) == ["index", "message", "logprobs", "finish_reason"]
    found = choice["logprobs"]["content"]
    assert "".join(token["token"] for token in found) == "Héllo you"
    assert [bytes(token["bytes"]).decode() for token in found] == [t["token"] for t in found]
    assert all(token["logprob"] < 0 and token["top_logprobs"] == [] for token in found)


@pytest.mark.parametrize("top", [1, 5, 20])
def test_alternatives(said: Any, top: int) -> None:
    """The alternatives are as many as asked for, the likeliest first, and no more than certain."""
    (choice,) = said(Text("Hello"), logprobs=True, top_logprobs=top)["choices"]
    (token,) = choice["logprobs"]["content"]
    likely = token["top_logprobs"]
    chances = [each["logprob"] for each in likely]
    assert len({each["token"] for each in likely}) == top
    assert (likely[0]["token"], chances) == ("Hello", sorted(chances, reverse=True))
    assert sum(map(math.exp, chances)) <= 1


def test_refusal(said: Any) -> None:
    """A refusal has probabilities of its own."""
    (choice,) = said(Refusal("No"), logprobs=True)["choices"]
    assert choice["logprobs"]["content"] is None
    assert [token["token"] for token in choice["logprobs"]["refusal"]] == ["No"]


def test_models_that_think(said: Any) -> None:
    """Without `logprobs` in the request there is no key for models that think."""
    (choice,) = said(Text("x"), model="gpt-5-2025-08-07")["choices"]
    assert "logprobs" not in choice


def test_plain() -> None:
    """Plain completions have four lists side by side."""
    found = plain_logprobs("Hello you", 2, 3, Seed("x").ids())
    assert list(found) == ["tokens", "token_logprobs", "top_logprobs", "text_offset"]
    assert (found["tokens"], found["text_offset"]) == (["Hello", " you"], [3, 8])
    assert [len(likely) for likely in found["top_logprobs"]] == [2, 2]
    assert found["top_logprobs"][0]["Hello"] == found["token_logprobs"][0]


def test_plain_without_alternatives() -> None:
    """`logprobs: 0` asks for the chosen tokens alone."""
    assert plain_logprobs("Hello", 0, 0, Seed("x").ids())["top_logprobs"] is None
