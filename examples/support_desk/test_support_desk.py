"""Routing by task: which provider sees a question, and why."""

import pytest
from support_desk import SupportDesk


@pytest.fixture
def desk(llmsim):
    desk = SupportDesk()
    yield desk
    desk.router.close()


@pytest.mark.parametrize(
    ("question", "fake"),
    [
        ("Where is my parcel?", "gemini"),
        ("May I leave my contract early?", "claude"),
        ("It all began when the third update came. " * 10, "claude"),
    ],
    ids=["easy", "legal", "hard"],
)
def test_who_sees_a_question(llmsim, desk, question, fake):
    """The model that the rules name, and no other."""
    assert desk.answer(question)
    assert [call.provider for call in llmsim.journal] == [fake]


def test_the_choice_costs_nothing(llmsim, desk):
    """It is made before anybody is asked."""
    assert desk.who("Where is my parcel?") == "cheap"
    assert llmsim.journal == ()


def test_the_cheap_one_is_cheap(llmsim, desk):
    """What the question cost is what the provider bills, and far less than the best would."""
    desk.answer("Where is my parcel?")
    cheap = desk.router.costs.total
    assert cheap == llmsim.bill.total
    desk.answer("May I leave my contract early?")
    assert desk.router.costs.total == llmsim.bill.total > 10 * cheap
