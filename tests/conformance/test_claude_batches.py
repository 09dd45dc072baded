"""Message batches of the official Anthropic SDK against the fake."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import anthropic
import httpx2
import pytest
import pytest_asyncio
from anthropic import Anthropic, AsyncAnthropic
from anthropic.types.messages import MessageBatch

from fakeservers import FakeServers, overloaded
from tests.conformance.support import HandClock, unknown_fields

PARAMS: Any = {
    "model": "claude-sonnet-5",
    "max_tokens": 200,
    "messages": [{"role": "user", "content": "Hello!"}],
}


def request(custom_id: str, prompt: str = "Hello!", **params: Any) -> Any:
    """One request of a batch."""
    said = {"messages": [{"role": "user", "content": prompt}]}
    return {"custom_id": custom_id, "params": PARAMS | said | params}


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def servers(clock: HandClock) -> Iterator[FakeServers]:
    with FakeServers(clock=clock) as llmsim:
        yield llmsim


@pytest.fixture
def client(servers: FakeServers, http: httpx2.Client) -> Anthropic:
    return Anthropic(http_client=http, max_retries=0)


@pytest_asyncio.fixture
async def async_client(servers: FakeServers) -> AsyncIterator[AsyncAnthropic]:
    async with httpx2.AsyncClient(verify=False) as http:
        yield AsyncAnthropic(http_client=http, max_retries=0)


def test_a_batch_is_answered_request_by_request(servers: FakeServers, client: Anthropic) -> None:
    """Each result carries the custom id of its request and the reply that was scripted for it."""
    servers.claude.on(prompt="France").replies("Paris.")
    servers.claude.on(prompt="Italy").replies("Rome.")
    batch = client.messages.batches.create(requests=[request("f", "France"), request("i", "Italy")])
    assert batch.processing_status == "in_progress"
    assert batch.request_counts.processing == 2
    said = {}
    for entry in client.messages.batches.results(batch.id):
        assert entry.result.type == "succeeded"
        assert entry.result.message.usage.service_tier == "batch"
        assert entry.result.message.content[0].type == "text"
        said[entry.custom_id] = entry.result.message.content[0].text
    assert said == {"f": "Paris.", "i": "Rome."}


@pytest.mark.asyncio
async def test_a_batch_through_the_async_client(async_client: AsyncAnthropic) -> None:
    """Without a script the requests of a batch are answered naturally."""
    batch = await async_client.messages.batches.create(requests=[request("one")])
    results = [entry async for entry in await async_client.messages.batches.results(batch.id)]
    assert [entry.custom_id for entry in results] == ["one"]
    assert results[0].result.type == "succeeded"


def test_a_batch_ends_on_the_clock(
    servers: FakeServers, client: Anthropic, clock: HandClock
) -> None:
    """With `after_s` a batch is in progress until so many seconds have passed, however often a
    client looks."""
    servers.claude.jobs(after_s=60)
    batch = client.messages.batches.create(requests=[request("one")])
    clock.advance(59)
    early = [client.messages.batches.retrieve(batch.id) for _ in range(3)]
    clock.advance(1)
    ended = client.messages.batches.retrieve(batch.id)
    assert {one.processing_status for one in early} == {"in_progress"}
    assert (ended.processing_status, ended.request_counts.succeeded) == ("ended", 1)
    assert ended.ended_at is not None
    assert (ended.ended_at - ended.created_at).total_seconds() == 60


def test_a_batch_ends_after_so_many_polls(servers: FakeServers, client: Anthropic) -> None:
    """With `polls` that many looks find a batch in progress, the next one finds it ended."""
    servers.claude.jobs(polls=2)
    batch = client.messages.batches.create(requests=[request("one")])
    seen = [client.messages.batches.retrieve(batch.id).processing_status for _ in range(4)]
    assert seen == ["in_progress", "in_progress", "ended", "ended"]


def test_an_error_of_one_request_is_its_result(servers: FakeServers, client: Anthropic) -> None:
    """What a single request would have been refused with stands in its result; the others
    succeed."""
    servers.claude.on(endpoint="messages", prompt="fail").fails(overloaded())
    batch = client.messages.batches.create(
        requests=[request("ok"), request("bad", model="nope"), request("busy", "fail")]
    )
    results = {entry.custom_id: entry.result for entry in client.messages.batches.results(batch.id)}
    counts = client.messages.batches.retrieve(batch.id).request_counts
    assert (counts.succeeded, counts.errored) == (1, 2)
    assert results["bad"].type == results["busy"].type == "errored"
    assert results["bad"].error.error.type == "not_found_error"
    assert results["busy"].error.error.message == "Overloaded"


def test_the_journal_knows_the_batch(servers: FakeServers, client: Anthropic) -> None:
    """The requests of a batch are in the journal, with the batch that they came in."""
    batch = client.messages.batches.create(requests=[request("one", "Where is Paris?")])
    client.messages.batches.retrieve(batch.id)
    inner = [call for call in servers.claude.calls if call.batch is not None]
    assert [(call.batch, call.prompt, call.status) for call in inner] == [
        (batch.id, "Where is Paris?", 200)
    ]


def test_cancelling(servers: FakeServers, client: Anthropic) -> None:
    """A cancelled batch is canceling, then ended; what was not answered is canceled, and nobody
    was asked."""
    servers.claude.jobs(after_s=60)
    batch = client.messages.batches.create(requests=[request("one")])
    canceling = client.messages.batches.cancel(batch.id)
    ended = client.messages.batches.retrieve(batch.id)
    assert (canceling.processing_status, ended.processing_status) == ("canceling", "ended")
    assert canceling.cancel_initiated_at is not None
    results = list(client.messages.batches.results(batch.id))
    assert [entry.result.type for entry in results] == ["canceled"]
    assert not [call for call in servers.claude.calls if call.batch is not None]


def test_what_is_not_done_within_a_day_expires(
    servers: FakeServers, client: Anthropic, clock: HandClock
) -> None:
    """A batch that would take longer than 24 hours ends then, its requests expired."""
    servers.claude.jobs(after_s=100_000)
    batch = client.messages.batches.create(requests=[request("one")])
    clock.advance(86_400)
    ended = client.messages.batches.retrieve(batch.id)
    assert (ended.processing_status, ended.request_counts.expired) == ("ended", 1)
    assert ended.ended_at == ended.expires_at


def test_a_failing_job(servers: FakeServers, client: Anthropic) -> None:
    """With `fails` every request of the batch has errored, for the given reason."""
    servers.claude.jobs(fails="The cluster is on fire.")
    batch = client.messages.batches.create(requests=[request("one")])
    (entry,) = client.messages.batches.results(batch.id)
    assert entry.result.type == "errored"
    assert entry.result.error.error.message == "The cluster is on fire."


def test_listing_page_by_page(client: Anthropic) -> None:
    """Batches are listed newest first, and the SDK finds every page."""
    made = [client.messages.batches.create(requests=[request(f"r{n}")]).id for n in range(5)]
    assert [batch.id for batch in client.messages.batches.list(limit=2)] == made[::-1]
    before = client.messages.batches.list(before_id=made[0], limit=2)
    assert [batch.id for batch in before.data] == [made[2], made[1]]


def test_deleting(servers: FakeServers, client: Anthropic) -> None:
    """A batch can be deleted once it has ended, and is gone then."""
    servers.claude.jobs(polls=1)
    batch = client.messages.batches.create(requests=[request("one")])
    with pytest.raises(anthropic.BadRequestError, match="still processing"):
        client.messages.batches.delete(batch.id)
    client.messages.batches.retrieve(batch.id)
    client.messages.batches.retrieve(batch.id)
    assert client.messages.batches.delete(batch.id).type == "message_batch_deleted"
    with pytest.raises(anthropic.NotFoundError, match=f"Message Batch not found: {batch.id}"):
        client.messages.batches.retrieve(batch.id)


@pytest.mark.parametrize(
    ("requests", "message"),
    [
        ([], "requests: List should have at least 1 item"),
        ([request("a b")], "requests.0.custom_id: String should match pattern"),
        ([request("x"), request("x")], "requests.1.custom_id: custom_id must be unique"),
        ([{"custom_id": "x"}], "requests.0.params: Field required"),
        ([request("x", stream=True)], "requests.0.params.stream: Streaming is not supported"),
    ],
    ids=["none", "bad id", "same id", "no params", "stream"],
)
def test_what_is_refused(client: Anthropic, requests: Any, message: str) -> None:
    """A batch that is malformed as a whole is refused when it is created."""
    with pytest.raises(anthropic.BadRequestError, match=message):
        client.messages.batches.create(requests=requests)


def test_a_batch_is_what_the_types_say(client: Anthropic) -> None:
    """Every form of a batch has the fields of the SDK's type, and no other."""
    raw = client.messages.batches.with_raw_response.create(requests=[request("one")])
    batch = MessageBatch.model_validate_json(raw.http_response.content)
    again = client.messages.batches.with_raw_response.retrieve(batch.id)
    ended = MessageBatch.model_validate_json(again.http_response.content)
    assert unknown_fields(batch) == unknown_fields(ended) == []
    assert ended.results_url is not None
    assert ended.results_url.endswith(f"/v1/messages/batches/{batch.id}/results")
