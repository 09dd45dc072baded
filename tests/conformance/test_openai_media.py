"""Images and audio of the official OpenAI SDK against the fake."""

import io
import struct
import wave
import zlib
from base64 import b64decode
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import openai
import pytest
import pytest_asyncio
from openai import AsyncOpenAI, OpenAI

from fakeservers import FakeServers
from tests.conformance.support import unknown_fields

IMAGE_MODEL = "gpt-image-1.5"
SPEECH_MODEL = "gpt-4o-mini-tts"
RETIRED = pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")
SAID = "It is raining. Take a coat!"


@pytest.fixture
def client(servers: FakeServers, http: httpx2.Client) -> OpenAI:
    return OpenAI(http_client=http, max_retries=0)


@pytest_asyncio.fixture
async def async_client(servers: FakeServers) -> AsyncIterator[AsyncOpenAI]:
    async with httpx2.AsyncClient(verify=False) as http:
        yield AsyncOpenAI(http_client=http, max_retries=0)


def size(png: bytes) -> tuple[int, int]:
    """Width and height of a PNG whose pixels are all there."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height, depth = struct.unpack(">IIB", png[16:25])
    start = png.index(b"IDAT") + 4
    length = struct.unpack(">I", png[start - 8 : start - 4])[0]
    rows = zlib.decompress(png[start : start + length])
    assert len(rows) == height * (1 + -(-width * depth // 8))
    return width, height


def painted(response: Any) -> list[bytes]:
    """The pictures of an answer."""
    return [b64decode(image.b64_json) for image in response.data]


def tone(seconds: float = 4.0) -> tuple[str, bytes]:
    """A sound of that length, as a file to send."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(int(16_000 * seconds)))
    return "said.wav", buffer.getvalue()


# --- images -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "wanted", "got"),
    [
        (IMAGE_MODEL, "auto", (1024, 1024)),
        (IMAGE_MODEL, "1024x1536", (1024, 1536)),
        ("gpt-image-2", "1536x864", (1536, 864)),
    ],
)
def test_a_picture(client: OpenAI, model: str, wanted: Any, got: tuple[int, int]) -> None:
    """A picture is a small PNG of the size that was asked for, with its usage."""
    answer = client.images.generate(model=model, prompt="A cat", size=wanted, quality="low")
    (png,) = painted(answer)
    assert size(png) == got
    assert len(png) < 50_000
    assert answer.size == f"{got[0]}x{got[1]}"
    assert answer.usage is not None
    assert answer.usage.output_tokens >= 272
    assert unknown_fields(answer) == []


def test_pictures_differ_and_are_repeatable(client: OpenAI, servers: FakeServers) -> None:
    """Several pictures of one request differ; the same request to a new fake paints the same."""
    first = painted(client.images.generate(model=IMAGE_MODEL, prompt="A cat", n=2))
    servers.reset()
    again = painted(client.images.generate(model=IMAGE_MODEL, prompt="A cat", n=2))
    assert first[0] != first[1]
    assert first == again


def test_streamed_pictures(client: OpenAI) -> None:
    """Unfinished pictures come first, then the finished one with its usage."""
    stream = client.images.generate(
        model=IMAGE_MODEL, prompt="A cat", stream=True, partial_images=2
    )
    events: list[Any] = list(stream)
    assert [event.type for event in events] == [
        "image_generation.partial_image",
        "image_generation.partial_image",
        "image_generation.completed",
    ]
    assert {size(b64decode(event.b64_json)) for event in events} == {(1024, 1024)}
    assert events[-1].usage.total_tokens > 0
    assert not any(map(unknown_fields, events))


@pytest.mark.asyncio
async def test_edits_through_the_async_client(async_client: AsyncOpenAI) -> None:
    """An edit counts the tokens of the pictures that it starts from; streamed it has events of
    its own."""
    source = await async_client.images.generate(model=IMAGE_MODEL, prompt="A cat")
    file = ("cat.png", painted(source)[0], "image/png")
    edited = await async_client.images.edit(model=IMAGE_MODEL, image=[file, file], prompt="A hat")
    stream = await async_client.images.edit(
        model=IMAGE_MODEL, image=file, prompt="A hat", stream=True
    )
    assert size(painted(edited)[0]) == (1024, 1024)
    assert edited.usage is not None
    assert edited.usage.input_tokens_details.image_tokens == 2 * (65 + 129)
    assert [event.type async for event in stream] == ["image_edit.completed"]


@RETIRED
def test_pictures_by_address(client: OpenAI, http: httpx2.Client) -> None:
    """Older models answer with an address that the fake itself serves, without a key."""
    answer = client.images.generate(model="dall-e-3", prompt="A cat", size="1792x1024")
    assert answer.data is not None
    assert answer.data[0].url is not None
    got = http.get(answer.data[0].url)
    assert (got.headers["content-type"], size(got.content)) == ("image/png", (1792, 1024))
    source = ("cat.png", got.content)
    varied = client.images.create_variation(image=source, response_format="b64_json")
    assert size(painted(varied)[0]) == (1024, 1024)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"size": "10x10"}, "Invalid value: '10x10'"),
        ({"model": "gpt-image-2", "size": "1000x1000"}, "divisible by 16"),
        ({"n": 11}, "Expected a value <= 10"),
        ({"response_format": "url"}, "Unknown parameter: 'response_format'"),
        ({"quality": "superb"}, "Invalid value: 'superb'"),
        ({"partial_images": 4}, "Expected a value <= 3"),
        ({"output_format": "webp"}, "PNG only"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_pictures_that_are_refused(client: OpenAI, fields: Any, message: str) -> None:
    """What the service refuses, and the formats that the fake cannot paint."""
    with pytest.raises(openai.BadRequestError, match=message):
        client.images.generate(**{"model": IMAGE_MODEL, "prompt": "A cat", **fields})


# --- speech -------------------------------------------------------------------------------


def test_speech_as_wav(client: OpenAI) -> None:
    """A WAV with a tone for every word; faster speech is shorter."""

    def spoken(speed: float) -> tuple[Any, bytes]:
        answer = client.audio.speech.create(
            model=SPEECH_MODEL, voice="alloy", input=SAID, response_format="wav", speed=speed
        )
        with wave.open(io.BytesIO(answer.content)) as file:
            return file.getparams(), file.readframes(1000)

    (usual, samples), (fast, _) = spoken(1), spoken(2)
    assert (usual.framerate, usual.nchannels, usual.sampwidth) == (24_000, 1, 2)
    assert usual.nframes == pytest.approx(2 * fast.nframes, abs=10)
    assert any(samples)


@pytest.mark.parametrize(
    ("form", "start", "kind"),
    [
        ("mp3", b"\xff\xf3", "audio/mpeg"),
        ("opus", b"OggS", "audio/ogg"),
        ("aac", b"\xff\xf1", "audio/aac"),
        ("flac", b"fLaC", "audio/flac"),
        ("wav", b"RIFF", "audio/wav"),
    ],
)
def test_formats_of_speech(client: OpenAI, form: Any, start: bytes, kind: str) -> None:
    """Each format is what it says it is."""
    answer = client.audio.speech.create(
        model="tts-1", voice="alloy", input=SAID, response_format=form
    )
    assert answer.content.startswith(start)
    assert answer.response.headers["content-type"] == kind


@pytest.mark.asyncio
async def test_streamed_speech(async_client: AsyncOpenAI) -> None:
    """Raw samples can be read as they come."""
    async with async_client.audio.speech.with_streaming_response.create(
        model=SPEECH_MODEL, voice="alloy", input=SAID, response_format="pcm"
    ) as answer:
        sizes = [len(piece) async for piece in answer.iter_bytes(4096)]
    assert sum(sizes) == 6 * 2 * (6_000 + 1_920)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"input": "x" * 4097}, "string too long"),
        ({"speed": 5}, "Expected a value <= 4"),
        ({"response_format": "ogg"}, "Invalid value: 'ogg'"),
        ({"model": "tts-1", "stream_format": "sse"}, "not supported"),
    ],
    ids=["long", "fast", "format", "stream"],
)
def test_speech_that_is_refused(client: OpenAI, fields: Any, message: str) -> None:
    """Too much text, a speed or a format that there is not."""
    with pytest.raises(openai.BadRequestError, match=message):
        client.audio.speech.create(
            **{"model": SPEECH_MODEL, "voice": "alloy", "input": SAID, **fields}
        )


# --- transcriptions -----------------------------------------------------------------------


def test_a_transcription_is_what_was_scripted(servers: FakeServers, client: OpenAI) -> None:
    """A script says what was heard; the usage is by tokens, for whisper by seconds."""
    servers.openai.on(endpoint="audio.transcriptions.create").replies(SAID)
    new = client.audio.transcriptions.create(model="gpt-4o-transcribe", file=tone())
    old = client.audio.transcriptions.create(model="whisper-1", file=tone())
    assert new.text == old.text == SAID
    assert new.usage is not None
    assert old.usage is not None
    assert (new.usage.type, old.usage.type) == ("tokens", "duration")
    assert unknown_fields(new) == unknown_fields(old) == []


def test_a_natural_transcription(client: OpenAI, servers: FakeServers) -> None:
    """Without a script some text is heard, the same in the same sound every time."""
    first = client.audio.transcriptions.create(model="whisper-1", file=tone()).text
    servers.reset()
    assert first
    assert client.audio.transcriptions.create(model="whisper-1", file=tone()).text == first


def test_a_verbose_transcription(servers: FakeServers, client: OpenAI) -> None:
    """Segments and words cover the length of the sound, in order."""
    servers.openai.replies(SAID)
    answer = client.audio.transcriptions.create(
        model="whisper-1",
        file=tone(4),
        response_format="verbose_json",
        timestamp_granularities=["word", "segment"],
    )
    assert answer.duration == 4
    assert answer.segments is not None
    assert answer.words is not None
    assert [one.text.strip() for one in answer.segments] == ["It is raining.", "Take a coat!"]
    assert [one.word for one in answer.words][-2:] == ["a", "coat"]
    assert answer.segments[-1].end == 4


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("text", f"{SAID}\n"),
        ("srt", "1\n00:00:00,000 --> 00:00:02,070\nIt is raining.\n\n2\n"),
        ("vtt", "WEBVTT\n\n00:00:00.000 --> 00:00:02.070\nIt is raining.\n\n"),
    ],
)
def test_transcriptions_as_text(servers: FakeServers, client: OpenAI, form: Any, text: str) -> None:
    """Plain text and subtitles."""
    servers.openai.replies(SAID)
    answer: Any = client.audio.transcriptions.create(
        model="whisper-1", file=tone(4), response_format=form
    )
    assert answer.startswith(text)


@pytest.mark.asyncio
async def test_a_streamed_transcription(servers: FakeServers, async_client: AsyncOpenAI) -> None:
    """The deltas join to the text of the last event."""
    servers.openai.replies(SAID)
    stream = await async_client.audio.transcriptions.create(
        model="gpt-4o-transcribe", file=tone(), stream=True
    )
    events: list[Any] = [event async for event in stream]
    assert "".join(event.delta for event in events[:-1]) == events[-1].text == SAID
    assert not any(map(unknown_fields, events))


def test_speakers_are_told_apart(servers: FakeServers, client: OpenAI) -> None:
    """A diarized transcription names who said each sentence."""
    servers.openai.replies(SAID)
    answer: Any = client.audio.transcriptions.create(
        model="gpt-4o-transcribe-diarize", file=tone(), response_format="diarized_json"
    )
    assert [one.speaker for one in answer.segments] == ["A", "A"]
    assert unknown_fields(answer) == []


@RETIRED
def test_a_translation(servers: FakeServers, client: OpenAI) -> None:
    """A translation into English is scripted like a transcription."""
    servers.openai.on(endpoint="audio.translations.create").replies(SAID)
    assert client.audio.translations.create(model="whisper-1", file=tone()).text == SAID
    verbose = client.audio.translations.create(
        model="whisper-1", file=tone(), response_format="verbose_json"
    )
    assert verbose.language == "english"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"file": ("a.wav", b"")}, "too short"),
        ({"file": ("a.txt", b"x")}, "Invalid file format. Supported formats: \\['flac', 'm4a'"),
        ({"model": "gpt-4o-transcribe", "response_format": "srt"}, "not compatible with model"),
        ({"temperature": 2.0}, "Expected a value <= 1"),
    ],
    ids=["empty", "kind", "format", "temperature"],
)
def test_transcriptions_that_are_refused(client: OpenAI, fields: Any, message: str) -> None:
    """An empty file, one that is no sound, a format that the model does not know, a number out of
    range."""
    with pytest.raises(openai.BadRequestError, match=message):
        client.audio.transcriptions.create(**{"model": "whisper-1", "file": tone(), **fields})


@pytest.mark.parametrize("path", ["images/edits", "audio/transcriptions", "files"])
def test_what_is_no_form(servers: FakeServers, http: httpx2.Client, path: str) -> None:
    """JSON where a form is wanted is a 400, never a 500."""
    answer = http.post(
        f"{servers.openai.url}/{path}", json={}, headers={"authorization": "Bearer k"}
    )
    assert answer.status_code == 400
    assert "multipart form" in answer.json()["error"]["message"]
