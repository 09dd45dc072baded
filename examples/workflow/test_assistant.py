"""One suite for every stage: what holds for any answer runs everywhere, what scripts a provider
runs where that is a fake and says elsewhere why it does not."""

from decimal import Decimal

import pytest
from assistant import SORRY, Assistant

from fakeservers import overloaded


@pytest.fixture
def assistant(llmsim):
    """The program as it is, pointed to whoever answers at this stage."""
    assistant = Assistant()
    yield assistant
    assistant.router.close()


def test_a_question_is_answered(assistant):
    """By one of the two, for less than a cent."""
    answer = assistant.ask("Where is my parcel?")
    assert answer.text and answer.provider in ("claude", "openai")
    assert answer.cost < Decimal("0.01")


def test_a_day_has_its_budget(monkeypatch, llmsim):
    """What does not fit is not sent, and the customer still reads a sentence."""
    monkeypatch.setenv("DAILY_USD", "0")
    assistant = Assistant()
    assert assistant.answer("Where is my parcel?") == SORRY
    assert assistant.router.costs.total == 0
    assistant.router.close()


def test_the_instructions_arrive(llmsim, assistant):
    """In each vendor's own wire format."""
    llmsim.claude.on(system="parcel service", prompt="Where is").replies("On its way.")
    assert assistant.answer("Where is my parcel?") == "On its way."


@pytest.mark.llmsim_fault("claude", overloaded())
def test_nobody_notices_that_claude_is_overloaded(assistant):
    """OpenAI answers."""
    assert assistant.ask("Where is my parcel?").provider == "openai"


@pytest.mark.llmsim_fault(["claude", "openai"], "quota_exhausted")
def test_when_nobody_can_answer_the_customer_is_told(assistant):
    """Both accounts are empty."""
    assert assistant.answer("Where is my parcel?") == SORRY


@pytest.mark.llmsim_real("claude")
def test_the_real_claude_is_brief(assistant):
    """What no fake can know: the real model does as it is told."""
    assert len(assistant.ask("Where is my parcel?").text) < 500
