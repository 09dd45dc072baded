"""Workers' records on their way to the master, and the rows that Locust shows of them."""

from loadtests.collect import RECORDS_PER_MESSAGE_MAX, Collector, Outbox
from loadtests.rows import bucket, rows

from .records import record


def filled(count):
    outbox = Outbox()
    for number in range(1, count + 1):
        outbox.add(record(number, gaps_s=(0.0184, 0.02), tried=("claude:ok",)))
    return outbox


def test_records_arrive_as_they_were():
    """From two workers, in bounded messages, down to each gap."""
    collector = Collector(RECORDS_PER_MESSAGE_MAX + 8)
    for worker, count in (("a", RECORDS_PER_MESSAGE_MAX + 3), ("b", 5)):
        for message in filled(count).messages():
            collector.receive(worker, message)
    assert collector.finished
    assert len(collector.records) == RECORDS_PER_MESSAGE_MAX + 8
    assert collector.records[0].gaps_s == (0.0184, 0.02)
    assert collector.missed_messages == 0


def test_a_missing_message_is_noticed():
    """What it held would else look like lost requests."""
    first, second = filled(RECORDS_PER_MESSAGE_MAX + 1).messages()
    collector = Collector(RECORDS_PER_MESSAGE_MAX + 1)
    collector.receive("a", second)
    assert len(first["records"]) == RECORDS_PER_MESSAGE_MAX
    assert (collector.missed_messages, collector.finished) == (1, False)


def test_rows_of_a_stream():
    """A row for each figure, each gap between tokens included."""
    kinds = [row[:2] for row in rows(record(ttft_s=0.25, gaps_s=(0.02, 0.03), overhead_s=0.002))]
    assert kinds == [
        ("LLM", 500.0), ("ATTEMPTS", 1.0), ("TTFT", 250.0), ("ITL", 20.0), ("ITL", 30.0),
        ("OVERHEAD", 2.0),
    ]  # fmt: skip


def test_a_failure_has_no_times():
    """It is a failure of the row LLM, and its attempts are counted."""
    found = list(rows(record(outcome="cut", error="stream_cut", ttft_s=0.1, attempts=2)))
    assert [row[0] for row in found] == ["LLM", "ATTEMPTS"]
    assert str(found[0][3]) == "cut: stream_cut"


def test_buckets_keep_three_digits():
    """Locust's own would make 18 of 18.4 ms."""
    assert [bucket(value) for value in (18.44, 0.0, 1234.5)] == [18.4, 0.0, 1230.0]
