"""What is said in plain words."""

import subprocess
import sys
from random import Random

import pytest

from fakeservers.behaviour.natural.prose import answer, literal, paragraph, reasoning
from fakeservers.canonical import ToolResult


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        ('Reply with exactly "pong"', "pong"),
        ("Reply with exactly: pong", "pong"),
        ("Please reply with exactly pong.", "pong"),
        ("say 'hello world'", "hello world"),
        ("Say hello", "hello"),
        ("Say hello world.", "hello world"),
        ("respond with the word banana", "banana"),
        ("Respond with only the word OK and nothing else.", "OK"),
        ("repeat after me: it's a nice day, isn't it?", "it's a nice day, isn't it?"),
        ("Reply only with: ready", "ready"),
        ("You are a bot. Answer with the text `Capital: Paris`", "Capital: Paris"),
        ("Can you say “bonjour” please", "bonjour"),
    ],
)
def test_text_that_is_asked_for_is_given(prompt: str, said: str) -> None:
    """A prompt that spells out the answer gets it."""
    assert literal(prompt) == said
    assert answer(prompt, (), Random(1)) == said


@pytest.mark.parametrize(
    "prompt",
    [
        "",
        "Hello!",
        "What is the capital of France?",
        'Why do people say "break a leg"?',
        'How do you say "hello" in French?',
        "Answer the following: what is 2 + 2?",
        "Respond with exactly three words",
        "Say something nice",
        "Write the following: a poem about the sea",
    ],
)
def test_other_prompts_get_prose(prompt: str) -> None:
    """A prompt that only mentions a text does not get it back."""
    assert literal(prompt) is None


def test_prose_is_one_to_four_sentences() -> None:
    """Answers have a plausible length."""
    counts = {paragraph(Random(seed)).count(".") for seed in range(60)}
    assert counts == {1, 2, 3, 4}


def test_prose_depends_on_the_seed_alone() -> None:
    """The same random state says the same, another says something else."""
    assert paragraph(Random(1)) == paragraph(Random(1)) != paragraph(Random(2))


def test_a_tool_result_is_passed_on() -> None:
    """The answer to a tool's result carries its text."""
    told = answer(
        'Say "x"', (ToolResult("1", "add", "12"), ToolResult("2", "b", "Sunny.")), Random(1)
    )
    assert "12." in told and "Sunny." in told


def test_a_long_tool_result_is_shortened() -> None:
    """The start of a long result stands for the whole."""
    told = answer("", (ToolResult("1", "read", "long " * 500),), Random(1))
    assert "long long" in told and len(told) < 300


def test_a_tool_error_is_reported() -> None:
    """An error is told as one."""
    told = answer("", (ToolResult("1", "add", "no such file", is_error=True),), Random(1))
    assert told == "The tool reported an error: no such file."


def test_reasoning_names_the_topic() -> None:
    """A thought is about the prompt."""
    assert "weather in Paris" in reasoning("weather in Paris?", Random(1))


def test_faker_is_imported_when_it_is_needed() -> None:
    """Importing the package leaves Faker alone, which takes a tenth of a second."""
    code = "import sys, fakeservers.behaviour.natural.content; sys.exit('faker' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
