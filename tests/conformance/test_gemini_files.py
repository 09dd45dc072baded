"""Files and cached contents of google-genai against the fake."""

import io
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import pytest_asyncio
from google import genai
from google.genai import errors, types

from fakeservers import FakeServers
from tests.conformance.support import HandClock

MODEL = "gemini-2.5-flash"
BOOK = "It was the best of times, it was the worst of times, it was the age of wisdom. " * 120


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


def uploaded(client: genai.Client, data: bytes = b"%PDF-1.4", **config: Any) -> types.File:
    """A file of these bytes."""
    given = {"mime_type": "application/pdf", **config}
    return client.files.upload(file=io.BytesIO(data), config=types.UploadFileConfig(**given))


def test_a_file_is_kept(client: genai.Client) -> None:
    """What was uploaded can be looked up with its name, type, size and hash, and deleted."""
    file = uploaded(client, display_name="A report")
    assert (file.display_name, file.mime_type, file.size_bytes) == (
        "A report",
        "application/pdf",
        8,
    )
    assert file.state == types.FileState.ACTIVE
    assert file.name is not None
    assert client.files.get(name=file.name).uri == file.uri
    client.files.delete(name=file.name)
    with pytest.raises(errors.ClientError, match=r"403 PERMISSION_DENIED.*it may not exist"):
        client.files.get(name=file.name)


def test_a_file_in_pieces(client: genai.Client, tmp_path: Path) -> None:
    """A file that is larger than a piece of the SDK's arrives whole, under the wanted name."""
    path = tmp_path / "long.txt"
    path.write_bytes(bytes(range(256)) * 40_000)
    file = client.files.upload(file=path, config=types.UploadFileConfig(name="my-file"))
    assert (file.name, file.size_bytes) == ("files/my-file", 256 * 40_000)


@pytest.mark.asyncio
async def test_files_through_the_async_client(async_client: genai.Client) -> None:
    """The async client uploads and lists like the other."""
    file = await async_client.aio.files.upload(
        file=io.BytesIO(b"x"), config=types.UploadFileConfig(mime_type="text/plain")
    )
    assert [found.name async for found in await async_client.aio.files.list()] == [file.name]


def test_files_are_listed_page_by_page(client: genai.Client) -> None:
    """Newest first; the SDK follows the token through every page."""
    made = [uploaded(client).name for _ in range(5)]
    found = [file.name for file in client.files.list(config={"page_size": 2})]
    assert found == made[::-1]


def test_a_file_that_is_processed(
    servers: FakeServers, client: genai.Client, clock: HandClock
) -> None:
    """With `after_s` a file is being processed until then, and cannot be used before."""
    servers.gemini.jobs(after_s=30)
    file = uploaded(client)
    assert file.name is not None
    assert file.state == types.FileState.PROCESSING
    with pytest.raises(errors.ClientError, match="not in an ACTIVE state"):
        client.models.generate_content(model=MODEL, contents=[file, "Sum up."])
    clock.advance(30)
    assert client.files.get(name=file.name).state == types.FileState.ACTIVE
    assert client.models.generate_content(model=MODEL, contents=[file, "Sum up."]).text


def test_a_file_that_fails(servers: FakeServers, client: genai.Client) -> None:
    """With `fails` a file fails after so many looks, for the given reason."""
    servers.gemini.jobs(polls=1, fails="No such codec.")
    file = uploaded(client)
    assert file.name is not None
    assert client.files.get(name=file.name).state == types.FileState.PROCESSING
    failed = client.files.get(name=file.name)
    assert failed.state == types.FileState.FAILED
    assert failed.error is not None
    assert failed.error.message == "No such codec."


def test_a_file_expires_after_two_days(client: genai.Client, clock: HandClock) -> None:
    """As on the service; whoever names it then is told that it may not exist."""
    file = uploaded(client)
    clock.advance(48 * 3600)
    with pytest.raises(errors.ClientError, match="You do not have permission to access the File"):
        client.models.generate_content(model=MODEL, contents=[file, "Sum up."])


def test_an_unfinished_upload(servers: FakeServers, http: httpx2.Client) -> None:
    """A piece that does not belong where it says it does is refused."""
    key = {"x-goog-api-key": "k"}
    started = http.post(
        f"{servers.gemini.url}/upload/v1beta/files",
        json={"file": {}},
        headers={**key, "x-goog-upload-command": "start", "x-goog-upload-protocol": "resumable"},
    )
    piece = {"x-goog-upload-command": "upload", "x-goog-upload-offset": "5"}
    answer = http.post(started.headers["x-goog-upload-url"], content=b"x", headers=piece)
    assert answer.status_code == 400
    assert "offset 5" in answer.json()["error"]["message"]


# --- cached contents ----------------------------------------------------------------------


def cached(client: genai.Client, **config: Any) -> types.CachedContent:
    """A book that is cached."""
    return client.caches.create(
        model=MODEL, config=types.CreateCachedContentConfig(contents=BOOK, **config)
    )


def test_a_cached_prompt(servers: FakeServers, client: genai.Client) -> None:
    """A request that names cached content begins with it, and its tokens are told as cached."""
    cache = cached(client, display_name="A book", system_instruction="Be brief.")
    assert cache.usage_metadata is not None
    answer = client.models.generate_content(
        model=MODEL, contents="Who?", config=types.GenerateContentConfig(cached_content=cache.name)
    )
    usage, asked = answer.usage_metadata, servers.gemini.requests[-1]
    assert usage is not None
    assert usage.cached_content_token_count == cache.usage_metadata.total_token_count
    assert usage.prompt_token_count is not None
    assert usage.prompt_token_count > (usage.cached_content_token_count or 0)
    assert getattr(asked, "system", None) == "Be brief."


def test_cached_content_is_kept_for_its_time(client: genai.Client, clock: HandClock) -> None:
    """It is gone when its `ttl` has passed, unless it was given more."""
    cache = cached(client, ttl="600s")
    assert cache.name is not None
    assert cache.expire_time is not None
    assert cache.create_time is not None
    assert (cache.expire_time - cache.create_time).total_seconds() == 600
    clock.advance(500)
    client.caches.update(name=cache.name, config=types.UpdateCachedContentConfig(ttl="600s"))
    clock.advance(599)
    assert client.caches.get(name=cache.name).model == f"models/{MODEL}"
    clock.advance(1)
    with pytest.raises(errors.ClientError, match=r"403 PERMISSION_DENIED.*CachedContent not found"):
        client.caches.get(name=cache.name)


@pytest.mark.asyncio
async def test_caches_through_the_async_client(async_client: genai.Client) -> None:
    """The async client creates, lists and deletes like the other."""
    caches = async_client.aio.caches
    cache = await caches.create(model=MODEL, config=types.CreateCachedContentConfig(contents=BOOK))
    assert cache.name is not None
    assert [found.name async for found in await caches.list()] == [cache.name]
    await caches.delete(name=cache.name)
    assert [found.name async for found in await caches.list()] == []


def test_what_cannot_be_cached(client: genai.Client) -> None:
    """Too little, for a model that there is not, or with an end that is none."""
    with pytest.raises(errors.ClientError, match="Cached content is too small"):
        client.caches.create(
            model=MODEL, config=types.CreateCachedContentConfig(contents="Too little.")
        )
    with pytest.raises(errors.ClientError, match="not supported for createCachedContent"):
        client.caches.create(
            model="gemini-nope", config=types.CreateCachedContentConfig(contents=BOOK)
        )
    with pytest.raises(errors.ClientError, match="400 INVALID_ARGUMENT"):
        cached(client, ttl="soon")


def test_cached_content_that_does_not_fit(client: genai.Client) -> None:
    """Unknown content, another model, or instructions besides are refused."""
    cache = cached(client)

    def ask(model: str = MODEL, **config: Any) -> Any:
        given = types.GenerateContentConfig(**{"cached_content": cache.name, **config})
        return client.models.generate_content(model=model, contents="Who?", config=given)

    with pytest.raises(errors.ClientError, match="CachedContent not found"):
        ask(cached_content="cachedContents/nope")
    with pytest.raises(errors.ClientError, match="has to be the same"):
        ask(model="gemini-2.5-pro")
    with pytest.raises(errors.ClientError, match="CachedContent can not be used with"):
        ask(system_instruction="Be brief.")
