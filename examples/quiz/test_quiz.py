"""Scripting an answer: the program under test is the one that runs in production."""

from quiz import capital


def test_the_full_stop_is_taken_off(llmsim):
    """The model ends its answer with a full stop, the quiz does not."""
    llmsim.openai.on(prompt="capital of France").replies("Paris.")
    assert capital("France") == "Paris"
