"""Batches of google-genai against the fake."""

import io
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx2
import pytest
import pytest_asyncio
from google import genai
from google.genai import errors, types

from fakeservers import FakeServers
from tests.conformance.support import HandClock

MODEL = "gemini-2.5-flash"


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def servers(clock: HandClock) -> Iterator[FakeServers]:
    with FakeServers(clock=clock) as llmsim:
        yield llmsim


@pytest.fixture
def client(servers: FakeServers, http: httpx2.Client) -> genai.Client:
    return genai.Client(http_options=types.HttpOptions(httpx_client=http))


@pytest_asyncio.fixture
async def async_client(servers: FakeServers) -> AsyncIterator[genai.Client]:
    async with httpx2.AsyncClient(verify=False) as http:
        yield genai.Client(http_options=types.HttpOptions(httpx_async_client=http))


def created(client: genai.Client, *prompts: str) -> types.BatchJob:
    """A batch of these prompts."""
    src: Any = [
        {"contents": [{"parts": [{"text": prompt}], "role": "user"}]}
        for prompt in prompts or ["Hi"]
    ]
    return client.batches.create(model=MODEL, src=src, config={"display_name": "A batch"})


def looked(client: genai.Client, job: types.BatchJob) -> types.BatchJob:
    """How far a batch is."""
    assert job.name is not None
    return client.batches.get(name=job.name)


def state(job: types.BatchJob) -> str | None:
    return job.state.name if job.state is not None else None


def answers(job: types.BatchJob) -> list[types.InlinedResponse]:
    assert job.dest is not None
    assert job.dest.inlined_responses is not None
    return job.dest.inlined_responses


def test_a_batch_is_answered_request_by_request(servers: FakeServers, client: genai.Client) -> None:
    """The results stand in the order of the requests, each as it was scripted."""
    servers.gemini.on(prompt="France").replies("Paris.")
    servers.gemini.on(prompt="Italy").replies("Rome.")
    job = created(client, "France", "Italy")
    assert state(job) == "JOB_STATE_PENDING"
    done = looked(client, job)
    assert (state(done), done.display_name) == ("JOB_STATE_SUCCEEDED", "A batch")
    assert [one.response.text for one in answers(done) if one.response] == ["Paris.", "Rome."]


def test_an_error_of_one_request_is_its_result(servers: FakeServers, client: genai.Client) -> None:
    """One request that fails leaves the others alone."""
    servers.gemini.on(endpoint="models.generate_content", prompt="bad").fails(503)
    good, bad = answers(looked(client, created(client, "good", "bad")))
    assert good.response is not None
    assert bad.error is not None
    assert (bad.error.code, bad.error.message) == (
        14,
        "The model is overloaded. Please try again later.",
    )


def test_a_batch_out_of_a_file(client: genai.Client) -> None:
    """Requests in an uploaded file are answered in a file, by their keys."""
    request = {"contents": [{"parts": [{"text": "Hi"}]}]}
    lines = "\n".join(json.dumps({"key": key, "request": request}) for key in "ab")
    file = client.files.upload(
        file=io.BytesIO(lines.encode()), config=types.UploadFileConfig(mime_type="jsonl")
    )
    assert file.name is not None
    done = looked(client, client.batches.create(model=MODEL, src=file.name))
    assert done.dest is not None
    assert done.dest.file_name is not None
    told = client.files.download(file=done.dest.file_name).splitlines()
    assert [json.loads(line)["key"] for line in told] == ["a", "b"]


@pytest.mark.asyncio
async def test_a_batch_on_the_clock(
    servers: FakeServers, async_client: genai.Client, clock: HandClock
) -> None:
    """Pending, running, succeeded as the seconds pass."""
    servers.gemini.jobs(after_s=100)
    src: Any = [{"contents": [{"parts": [{"text": "Hi"}], "role": "user"}]}]
    job = await async_client.aio.batches.create(model=MODEL, src=src)
    assert job.name is not None
    seen = [job]
    for _ in range(2):
        clock.advance(50)
        seen.append(await async_client.aio.batches.get(name=job.name))
    assert [state(one) for one in seen] == [
        "JOB_STATE_PENDING",
        "JOB_STATE_RUNNING",
        "JOB_STATE_SUCCEEDED",
    ]


def test_cancelling_and_deleting(servers: FakeServers, client: genai.Client) -> None:
    """A cancelled batch has no results; a deleted one is not found."""
    servers.gemini.jobs(after_s=60)
    job = created(client)
    assert job.name is not None
    client.batches.cancel(name=job.name)
    assert state(looked(client, job)) == "JOB_STATE_CANCELLED"
    client.batches.delete(name=job.name)
    with pytest.raises(errors.ClientError, match="404 NOT_FOUND"):
        looked(client, job)


def test_a_failing_batch(servers: FakeServers, client: genai.Client) -> None:
    """With `fails` a batch fails, and nobody is asked."""
    servers.gemini.jobs(fails="No room.")
    assert state(looked(client, created(client))) == "JOB_STATE_FAILED"
    assert not [call for call in servers.gemini.calls if call.batch is not None]


def test_batches_are_listed(client: genai.Client) -> None:
    """Newest first, page by page."""
    made = [created(client).name for _ in range(3)]
    assert [job.name for job in client.batches.list(config={"page_size": 2})] == made[::-1]


def test_an_unknown_file(client: genai.Client) -> None:
    """A batch out of a file that there is not is refused."""
    with pytest.raises(errors.ClientError, match="You do not have permission to access the File"):
        client.batches.create(model=MODEL, src="files/nope")
