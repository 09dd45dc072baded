"""Stop sequences and what is scripted, through the SDK of a provider that tells which it was."""

import pytest

from fakeservers import FakeServers, reply

ASKED = {
    "model": "claude-haiku-4-5",
    "max_tokens": 50,
    "stop_sequences": ["Observation:"],
    "messages": [{"role": "user", "content": "Act."}],
}


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        ("Action: look. Observation: none", ("Action: look. ", "stop_sequence", "Observation:")),
        ("Nothing to do.", ("Nothing to do.", "end_turn", None)),
        (reply("So Observation:", finish="length"), ("So Observation:", "max_tokens", None)),
    ],
    ids=["cut", "whole", "an end that was said"],
)
def test_a_scripted_reply_ends_before_a_stop_sequence(said, heard):
    """As the service ends it, unless the script says how it ended."""
    anthropic = pytest.importorskip("anthropic")
    with FakeServers() as servers, anthropic.Anthropic() as client:
        servers.claude.replies(said)
        answer = client.messages.create(**ASKED)
    assert (answer.content[0].text, answer.stop_reason, answer.stop_sequence) == heard
