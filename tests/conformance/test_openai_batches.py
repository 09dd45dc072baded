"""Files, uploads and batches of the official OpenAI SDK against the fake."""

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx2
import openai
import pytest
import pytest_asyncio
from openai import AsyncOpenAI, OpenAI

from fakeservers import FakeServers
from tests.conformance.support import HandClock, unknown_fields

MODEL = "gpt-5.4-mini"
CHAT: Any = "/v1/chat/completions"


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def servers(clock: HandClock) -> Iterator[FakeServers]:
    with FakeServers(clock=clock) as llmsim:
        yield llmsim


@pytest.fixture
def client(servers: FakeServers, http: httpx2.Client) -> OpenAI:
    return OpenAI(http_client=http, max_retries=0)


@pytest_asyncio.fixture
async def async_client(servers: FakeServers) -> AsyncIterator[AsyncOpenAI]:
    async with httpx2.AsyncClient(verify=False) as http:
        yield AsyncOpenAI(http_client=http, max_retries=0)


def line(custom_id: str, prompt: str = "Hi", url: str = CHAT, **body: Any) -> str:
    """One request of a batch."""
    said = {"model": MODEL, "messages": [{"role": "user", "content": prompt}]} | body
    return json.dumps({"custom_id": custom_id, "method": "POST", "url": url, "body": said})


def uploaded(client: OpenAI, *lines: str) -> str:
    """The id of a file with these lines."""
    file = ("in.jsonl", "\n".join(lines).encode())
    return client.files.create(file=file, purpose="batch").id


def created(client: OpenAI, *lines: str) -> Any:
    """A batch of these requests."""
    file = uploaded(client, *lines or [line("one")])
    return client.batches.create(input_file_id=file, endpoint=CHAT, completion_window="24h")


def results(client: OpenAI, id: str | None) -> dict[str, Any]:
    """The lines of a file of results, by custom id."""
    assert id is not None
    told = map(json.loads, client.files.content(id).text.splitlines())
    return {one["custom_id"]: one for one in told}


def test_a_batch_is_answered_request_by_request(servers: FakeServers, client: OpenAI) -> None:
    """The output file has the reply that was scripted for each request, by custom id."""
    servers.openai.on(prompt="France").replies("Paris.")
    servers.openai.on(prompt="Italy").replies("Rome.")
    batch = created(client, line("f", "France"), line("i", "Italy"))
    assert batch.status == "validating"
    done = client.batches.retrieve(batch.id)
    assert (done.status, done.error_file_id) == ("completed", None)
    said = {
        id: one["response"]["body"]["choices"][0]["message"]["content"]
        for id, one in results(client, done.output_file_id).items()
    }
    assert said == {"f": "Paris.", "i": "Rome."}


@pytest.mark.asyncio
async def test_a_batch_through_the_async_client(async_client: AsyncOpenAI) -> None:
    """Requests to other endpoints than chat are answered too; usage is summed up."""
    body = {"model": MODEL, "input": "Hi"}
    asked = {"custom_id": "r", "method": "POST", "url": "/v1/responses", "body": body}
    file = await async_client.files.create(
        file=("in.jsonl", json.dumps(asked).encode()), purpose="batch"
    )
    batch = await async_client.batches.create(
        input_file_id=file.id, endpoint="/v1/responses", completion_window="24h"
    )
    done = await async_client.batches.retrieve(batch.id)
    assert done.output_file_id is not None
    content = await async_client.files.content(done.output_file_id)
    answer = json.loads(content.text)["response"]["body"]
    assert answer["object"] == "response"
    assert done.usage is not None
    assert done.usage.total_tokens == answer["usage"]["total_tokens"]


def test_a_batch_goes_its_way_on_the_clock(
    servers: FakeServers, client: OpenAI, clock: HandClock
) -> None:
    """Validating, in progress, finalizing, completed, with the moment of each."""
    servers.openai.jobs(after_s=100)
    batch = created(client)
    seen = [batch]
    for _ in range(4):
        clock.advance(25)
        seen.append(client.batches.retrieve(batch.id))
    assert [one.status for one in seen] == [
        "validating",
        "in_progress",
        "in_progress",
        "finalizing",
        "completed",
    ]
    done = seen[-1]
    assert done.completed_at == batch.created_at + 100
    assert [one.request_counts.completed for one in seen if one.request_counts] == [0, 0, 0, 0, 1]


def test_a_batch_that_is_polled(servers: FakeServers, client: OpenAI) -> None:
    """With `polls=2` two looks find the batch under way, the third completed."""
    servers.openai.jobs(polls=2)
    batch = created(client)
    seen = [client.batches.retrieve(batch.id).status for _ in range(3)]
    assert seen == ["in_progress", "finalizing", "completed"]


def test_errors_have_a_file_of_their_own(client: OpenAI) -> None:
    """What was refused stands in the error file, as the single request would have been told."""
    batch = created(client, line("good"), line("bad", messages=[]))
    done = client.batches.retrieve(batch.id)
    error = results(client, done.error_file_id)["bad"]["response"]
    assert (error["status_code"], error["body"]["error"]["param"]) == (400, "messages")
    assert list(results(client, done.output_file_id)) == ["good"]
    assert done.request_counts is not None
    assert done.request_counts.to_dict() == {"total": 2, "completed": 1, "failed": 1}


@pytest.mark.parametrize(
    ("lines", "code", "number"),
    [
        (["not json"], "invalid_json_line", 1),
        ([line("a"), line("a")], "duplicate_custom_id", 2),
        ([line("a", url="/v1/embeddings")], "url_mismatch", 1),
        ([line("a"), line("b", model="gpt-5.4")], "model_mismatch", 2),
        (['{"custom_id": "a"}'], "missing_required_parameter", 1),
        ([" "], "empty_file", None),
    ],
    ids=["no json", "same id", "other endpoint", "two models", "no body", "empty"],
)
def test_a_wrong_file_fails_its_batch(
    client: OpenAI, lines: list[str], code: str, number: int | None
) -> None:
    """The batch is created, and fails when it is validated, with the line and the reason."""
    batch = created(client, *lines)
    failed = client.batches.retrieve(batch.id)
    assert (batch.status, failed.status, failed.output_file_id) == ("validating", "failed", None)
    assert failed.errors is not None
    assert failed.errors.data is not None
    assert [(one.code, one.line) for one in failed.errors.data] == [(code, number)]


def test_a_failing_batch(servers: FakeServers, client: OpenAI) -> None:
    """With `fails` the batch fails for the given reason, and nobody is asked."""
    servers.openai.jobs(fails="The cluster is on fire.")
    failed = client.batches.retrieve(created(client).id)
    assert failed.status == "failed"
    assert failed.errors is not None
    assert failed.errors.data is not None
    assert failed.errors.data[0].message == "The cluster is on fire."
    assert not servers.openai.requests or all(call.batch is None for call in servers.openai.calls)


def test_cancelling(servers: FakeServers, client: OpenAI) -> None:
    """A cancelled batch is cancelling, then cancelled; one that has ended is a conflict."""
    servers.openai.jobs(after_s=60)
    batch = created(client)
    cancelling = client.batches.cancel(batch.id)
    cancelled = client.batches.retrieve(batch.id)
    assert (cancelling.status, cancelled.status) == ("cancelling", "cancelled")
    with pytest.raises(openai.ConflictError, match="Cannot cancel a batch with status 'cancelled'"):
        client.batches.cancel(batch.id)


def test_a_batch_expires(servers: FakeServers, client: OpenAI, clock: HandClock) -> None:
    """What is not done within 24 hours is told in the error file."""
    servers.openai.jobs(after_s=100_000)
    batch = created(client)
    clock.advance(90_000)
    expired = client.batches.retrieve(batch.id)
    assert (expired.status, expired.expired_at) == ("expired", expired.expires_at)
    assert results(client, expired.error_file_id)["one"]["error"]["code"] == "batch_expired"


def test_batches_are_listed(client: OpenAI) -> None:
    """Newest first, page by page."""
    made = [created(client, line(f"r{n}")).id for n in range(5)]
    assert [batch.id for batch in client.batches.list(limit=2)] == made[::-1]


def test_a_batch_is_what_the_types_say(client: OpenAI) -> None:
    """A batch has the fields of the SDK's type, and no other, whatever its state."""
    batch = created(client)
    assert unknown_fields(batch) == unknown_fields(client.batches.retrieve(batch.id)) == []
    assert [call for call in client.batches.list(limit=1).data if unknown_fields(call)] == []


def test_what_is_refused(client: OpenAI) -> None:
    """An unknown file, a file for something else, an endpoint that has no batches."""
    other = client.files.create(file=("a.txt", b"x"), purpose="user_data").id
    with pytest.raises(openai.NotFoundError, match="No such File object: file-nope"):
        client.batches.create(input_file_id="file-nope", endpoint=CHAT, completion_window="24h")
    with pytest.raises(openai.BadRequestError, match="purpose 'batch'"):
        client.batches.create(input_file_id=other, endpoint=CHAT, completion_window="24h")
    wrong: Any = "/v1/nope"
    with pytest.raises(openai.BadRequestError, match="Invalid value: '/v1/nope'"):
        client.batches.create(input_file_id=other, endpoint=wrong, completion_window="24h")
    with pytest.raises(openai.NotFoundError, match="No batch found with id 'batch_nope'"):
        client.batches.retrieve("batch_nope")


# --- files --------------------------------------------------------------------------------


def test_a_file_is_kept(client: OpenAI) -> None:
    """What was uploaded can be looked up, read and deleted."""
    file = client.files.create(file=("in.jsonl", b"{}"), purpose="batch")
    assert (file.filename, file.bytes, file.purpose) == ("in.jsonl", 2, "batch")
    assert file.expires_at == file.created_at + 30 * 86_400
    assert client.files.retrieve(file.id) == file
    assert client.files.content(file.id).content == b"{}"
    assert client.files.delete(file.id).deleted
    with pytest.raises(openai.NotFoundError, match=f"No such File object: {file.id}"):
        client.files.retrieve(file.id)


def test_files_are_listed(client: OpenAI) -> None:
    """By purpose, newest first, page by page."""
    for purpose in ("user_data", "vision"):
        for n in range(3):
            client.files.create(file=(f"{n}.txt", b"x"), purpose=purpose)
    found = [file.filename for file in client.files.list(purpose="vision", limit=2)]
    assert found == ["2.txt", "1.txt", "0.txt"]


def test_a_file_expires(client: OpenAI, clock: HandClock) -> None:
    """A file is gone at the moment that it names."""
    file = client.files.create(
        file=("a.txt", b"x"),
        purpose="user_data",
        expires_after={"anchor": "created_at", "seconds": 3600},
    )
    clock.advance(3600)
    assert file.expires_at == file.created_at + 3600
    with pytest.raises(openai.NotFoundError):
        client.files.retrieve(file.id)


@pytest.mark.parametrize(
    ("file", "purpose", "message"),
    [
        (("a.txt", b"x"), "nonsense", "'nonsense' is not one of"),
        (("a.txt", b"x"), "batch", "Must be .jsonl"),
        (("a.jsonl", b""), "batch", "File is empty."),
    ],
    ids=["purpose", "name", "empty"],
)
def test_files_that_are_refused(client: OpenAI, file: Any, purpose: Any, message: str) -> None:
    """An unknown purpose, a batch that is no JSONL, an empty file."""
    with pytest.raises(openai.BadRequestError, match=message):
        client.files.create(file=file, purpose=purpose)


def test_some_files_cannot_be_downloaded(client: OpenAI) -> None:
    """As on the service, files for assistants can be used but not read again."""
    file = client.files.create(file=("a.txt", b"x"), purpose="assistants")
    with pytest.raises(openai.BadRequestError, match="Not allowed to download"):
        client.files.content(file.id)


def test_an_upload_in_parts(client: OpenAI) -> None:
    """The SDK's helper splits a file, and the parts become it again."""
    data = bytes(range(256)) * 40
    upload = client.uploads.upload_file_chunked(
        file=data,
        filename="a.jsonl",
        bytes=len(data),
        mime_type="application/jsonl",
        purpose="batch",
        part_size=4096,
    )
    assert upload.status == "completed"
    assert upload.file is not None
    assert client.files.content(upload.file.id).content == data


def test_an_upload_that_lacks_parts(client: OpenAI) -> None:
    """Parts that do not add up to the promised size, or that there are not, are refused."""
    upload = client.uploads.create(
        bytes=10, filename="a.txt", mime_type="text/plain", purpose="user_data"
    )
    part = client.uploads.parts.create(upload.id, data=b"12345")
    with pytest.raises(openai.BadRequestError, match="Expected 10 bytes"):
        client.uploads.complete(upload.id, part_ids=[part.id])
    with pytest.raises(openai.BadRequestError, match="'part_x' not found"):
        client.uploads.complete(upload.id, part_ids=["part_x"])
    assert client.uploads.cancel(upload.id).status == "cancelled"
