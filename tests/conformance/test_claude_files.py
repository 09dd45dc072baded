"""The Files API of the official Anthropic SDK against the fake."""

from collections.abc import AsyncIterator
from typing import Any

import anthropic
import httpx2
import pytest
import pytest_asyncio
from anthropic import Anthropic, AsyncAnthropic
from anthropic.types import FileMetadata

from fakeservers import FakeServers
from tests.conformance.support import unknown_fields

ASKED: Any = {"role": "user", "content": "Sum it up."}
PDF = ("report.pdf", b"%PDF-1.4 nothing much", "application/pdf")


@pytest.fixture
def client(servers: FakeServers, http: httpx2.Client) -> Anthropic:
    return Anthropic(http_client=http, max_retries=0)


@pytest_asyncio.fixture
async def async_client(servers: FakeServers) -> AsyncIterator[AsyncAnthropic]:
    async with httpx2.AsyncClient(verify=False) as http:
        yield AsyncAnthropic(http_client=http, max_retries=0)


def about(source: Any, kind: str = "document") -> Any:
    """The fields of a message about a file."""
    content = [{"type": kind, "source": source}, {"type": "text", "text": "Sum it up."}]
    messages = [{"role": "user", "content": content}]
    return {"model": "claude-sonnet-5", "max_tokens": 200, "messages": messages}


def test_a_file_is_kept(client: Anthropic) -> None:
    """What was uploaded can be looked up with its name, type and size, and deleted."""
    file = client.files.upload(file=PDF)
    assert (file.filename, file.mime_type, file.size_bytes) == (PDF[0], PDF[2], len(PDF[1]))
    assert client.files.retrieve_metadata(file.id) == file
    assert client.files.delete(file.id).type == "file_deleted"
    with pytest.raises(anthropic.NotFoundError, match=f"File not found: {file.id}"):
        client.files.retrieve_metadata(file.id)


@pytest.mark.asyncio
async def test_files_through_the_async_client(async_client: AsyncAnthropic) -> None:
    """The async client uploads and lists like the other."""
    file = await async_client.files.upload(file=PDF)
    assert [found.id async for found in async_client.files.list()] == [file.id]


def test_a_file_is_what_the_types_say(client: Anthropic) -> None:
    """Metadata have the fields of the SDK's type, and no other."""
    raw = client.files.with_raw_response.upload(file=PDF)
    assert unknown_fields(FileMetadata.model_validate_json(raw.http_response.content)) == []


def test_files_are_listed_page_by_page(client: Anthropic) -> None:
    """Newest first; the SDK follows the cursor through every page."""
    made = [client.files.upload(file=(f"{n}.txt", b"x", "text/plain")).id for n in range(5)]
    assert [file.id for file in client.files.list(limit=2)] == made[::-1]


def test_an_unknown_cursor(client: Anthropic) -> None:
    """A cursor that no list gave is refused."""
    with pytest.raises(anthropic.BadRequestError, match="page: Invalid page cursor"):
        client.files.list(page="page_!")


def test_an_uploaded_file_cannot_be_downloaded(client: Anthropic) -> None:
    """As on the service: only what a tool made can be; the SDK knows the error."""
    file = client.files.upload(file=PDF)
    with pytest.raises(anthropic.BadRequestError, match="File is not downloadable") as caught:
        client.files.download(file.id)
    assert type(caught.value).__name__ == "FileNotDownloadableError"


@pytest.mark.parametrize("kind", ["document", "image"])
def test_a_file_as_a_source(client: Anthropic, kind: str) -> None:
    """A message may name an uploaded file as a document or an image."""
    file = client.files.upload(file=PDF)
    message = client.messages.create(**about({"type": "file", "file_id": file.id}, kind))
    assert message.stop_reason == "end_turn"


def test_an_unknown_file_as_a_source(client: Anthropic) -> None:
    """A message that names a file that there is not is refused."""
    with pytest.raises(anthropic.NotFoundError, match="File not found: file_nope"):
        client.messages.create(**about({"type": "file", "file_id": "file_nope"}))


@pytest.mark.parametrize(
    "source",
    [
        {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0xLjQ="},
        {"type": "url", "url": "https://example.com/a.pdf"},
        {"type": "text", "media_type": "text/plain", "data": "Plain words."},
        {"type": "content", "content": [{"type": "text", "text": "Words."}]},
    ],
    ids=lambda source: source["type"],
)
def test_documents_of_every_source(client: Anthropic, source: Any) -> None:
    """PDFs and texts are accepted as they come and counted as input."""
    plain = client.messages.create(
        model="claude-sonnet-5",
        max_tokens=200,
        messages=[{"role": "user", "content": "Sum it up."}],
    )
    message = client.messages.create(**about(source))
    assert message.usage.input_tokens > plain.usage.input_tokens


def test_a_form_without_a_file(servers: FakeServers, http: httpx2.Client) -> None:
    """An upload whose form has no `file` is refused in the words of a missing field."""
    answer = http.post(
        f"{servers.claude.url}/v1/files",
        headers={"x-api-key": "k", "anthropic-version": "2023-06-01"},
        files={"other": PDF},
    )
    assert answer.status_code == 400
    assert answer.json()["error"]["message"] == "file: Field required"


@pytest.mark.parametrize("body", [b"", b"--x\r\nnonsense", b"not a form"])
def test_a_broken_form(servers: FakeServers, http: httpx2.Client, body: bytes) -> None:
    """An upload that is no form is a 400, never a 500."""
    answer = http.post(
        f"{servers.claude.url}/v1/files",
        headers={
            "x-api-key": "k",
            "anthropic-version": "2023-06-01",
            "content-type": "multipart/form-data; boundary=x",
        },
        content=body,
    )
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith("Invalid multipart form")
