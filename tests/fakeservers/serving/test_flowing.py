"""Streams in time: slow readers, and readers that leave."""

import asyncio

import pytest

from fakeservers.behaviour.pace import Delay, Pace, timing
from fakeservers.serving.delivery import in_time
from fakeservers.wire.base import Answer, Frame
from tests.fakeservers.support import Tape, VirtualClock, exchange

pytestmark = pytest.mark.asyncio

STREAM = (Frame(b"[open]"), Frame(b"one.", True), Frame(b"two.", True), Frame(b"[end]"))
TTFT_S, GAP_S = 2.0, 1.0


class Hand(VirtualClock):
    """A clock that calls when a test lets it."""

    def __init__(self):
        super().__init__()
        self.waiting = []

    def call_at(self, deadline_s, callback):
        self.waiting.append((deadline_s, callback))
        return asyncio.get_running_loop().call_soon(lambda: None)

    def next(self):
        deadline_s, callback = self.waiting.pop(0)
        self._reach(deadline_s, callback)


class Slow(Tape):
    """A connection whose reader has not yet taken what was written."""

    full = True

    async def drained(self):
        self.log.append("drained")


def begun(tape, clock, frames=STREAM):
    """A stream that is delivered in a task, and its journal entry."""
    tape.clock = clock
    entry = exchange()
    entry.timing = timing(
        Pace(ttft=Delay(median_s=TTFT_S), inter_token=Delay(median_s=GAP_S)),
        lambda: None,
        load=lambda: 0.0,
        input_tokens=0,
        tokens=2,
        hidden_tokens=0,
        cold=False,
    )
    return asyncio.create_task(in_time(Answer(body=iter(frames)), entry, tape, clock, 0.0)), entry


async def test_a_slow_reader_is_waited_for():
    """Nothing more is written before what was written is taken; times stay as they were."""
    delivery, _ = begun(tape := Slow(), VirtualClock())
    await delivery
    assert tape.log == [
        "start 200 None",
        b"[open]one.",
        "drained",
        b"two.[end]",
        "finish",
        "drained",
    ]
    assert [at_s for at_s, _ in tape.at] == [TTFT_S, TTFT_S + GAP_S]


@pytest.mark.parametrize("pieces", (0, 1))
async def test_a_reader_who_leaves_is_told_in_the_journal(pieces):
    """What has left and what never did are counted, before the first piece as after it."""
    clock = Hand()
    delivery, entry = begun(Tape(), clock)
    await asyncio.sleep(0)
    for _ in range(pieces):
        clock.next()
    delivery.cancel()
    with pytest.raises(asyncio.CancelledError):
        await delivery
    assert (entry.sent_chunks, entry.chunks) == (pieces, 2)


async def test_nothing_is_written_after_the_reader_left():
    """A timer that fires between the reader's leaving and its notice writes nothing."""
    clock = Hand()
    delivery, _ = begun(tape := Tape(), clock)
    await asyncio.sleep(0)
    delivery.cancel()
    clock.next()
    with pytest.raises(asyncio.CancelledError):
        await delivery
    assert tape.log == []


async def test_what_breaks_on_the_way_reaches_the_delivery():
    """An error while frames are made ends the delivery with that error."""

    def frames():
        yield STREAM[0]
        raise ValueError("no such tail")

    delivery, _ = begun(Tape(), VirtualClock(), frames())
    with pytest.raises(ValueError, match="no such tail"):
        await delivery
