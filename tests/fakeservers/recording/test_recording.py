"""Recorded through the official SDKs, and replayed by them without the service."""

import asyncio
import gzip
import time
from contextlib import closing

import anthropic
import ollama
import openai
import pytest
from google import genai

from fakeservers import (
    FakeServers,
    ScriptError,
    Unverified,
    cut,
    rate_limited,
    raw,
    reply,
    text,
    tool_call,
)
from fakeservers.recording import Recording
from fakeservers.recording.files import load

from .support import KEYS, recording, replaying

HI = [{"role": "user", "content": "Hi."}]


def claude():
    with anthropic.Anthropic(max_retries=0) as client:
        return client.messages.create(model="claude-haiku-4-5", max_tokens=50, messages=HI).content


def claude_streamed():
    with anthropic.Anthropic(max_retries=0) as client:
        asked = {"model": "claude-haiku-4-5", "max_tokens": 50, "messages": HI}
        with client.messages.stream(**asked) as stream:
            return stream.get_final_message().content


def openai_chat():
    with openai.OpenAI(max_retries=0) as client:
        return client.chat.completions.create(model="gpt-4o", messages=HI).choices


def openai_streamed():
    with (
        openai.OpenAI(max_retries=0) as client,
        client.responses.create(model="gpt-5-mini", input="Hi.", stream=True) as stream,
    ):
        return [event.to_json() for event in stream]


def openai_speech():
    with openai.OpenAI(max_retries=0) as client:
        return client.audio.speech.create(model="tts-1", voice="alloy", input="Hi.").content


def gemini():
    with closing(genai.Client()) as client:
        return client.models.generate_content(model="gemini-2.5-flash", contents="Hi.").candidates


def gemini_streamed():
    with closing(genai.Client()) as client:
        answer = client.models.generate_content_stream(model="gemini-2.5-flash", contents="Hi.")
        return [chunk.candidates for chunk in answer]


def ollama_chat():
    return ollama.Client().chat("llama3.2", HI).message


def ollama_streamed():
    return [chunk.model_dump() for chunk in ollama.Client().chat("llama3.2", HI, stream=True)]


PROGRAMS = [
    claude,
    claude_streamed,
    openai_chat,
    openai_streamed,
    openai_speech,
    gemini,
    gemini_streamed,
    ollama_chat,
    ollama_streamed,
]


@pytest.fixture
def real():
    """What stands in for the real services."""
    with FakeServers(seed=99) as servers:
        for handle in servers.providers.values():
            handle.unused = "allow"
        yield servers


@pytest.fixture
def file(tmp_path):
    """Where it is recorded, in a folder that there is not yet."""
    return tmp_path / "recordings" / "a.toml"


def keyed(monkeypatch):
    """The program's own keys."""
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_every_sdk_reads_the_same_again(real, file, monkeypatch, program):
    """Whole, streamed and binary: with the service, and then without; no key in the file, no
    difference in shape, and the same on the bill."""
    with recording(real, file) as fakes:
        keyed(monkeypatch)
        first = program()
        assert fakes.recording.drift(fakes._fakes) == ()
        bill = fakes.bill.lines
    assert not any(key in file.read_text("utf-8") for key in KEYS.values())
    real.stop()
    with replaying(file) as fakes:
        assert program() == first
        assert [(line.usage, line.pico) for line in fakes.bill.lines] == [
            (line.usage, line.pico) for line in bill
        ]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_the_journal_knows_what_was_said_and_charged(real, file, program):
    """What a real answer tells is read as what the service meant: its words, its calls of tools,
    why it ended, its usage, its price."""
    calls = tool_call("look_up", {"city": "Oslo", "of": [1, {"ä": None}]})
    for handle in real.providers.values():
        handle.impossible = "allow"
        handle.replies(reply(text("Let me see. "), calls))
    with recording(real, file) as fakes:
        program()
        read, meant = fakes.journal[-1], real.journal[-1]
        assert read.text == meant.text
        assert [(c.name, c.arguments) for r in read.replies for c in r.tool_calls] == [
            (c.name, c.arguments) for r in meant.replies for c in r.tool_calls
        ]
        assert [r.finish for r in read.replies] == [r.finish for r in meant.replies]
        if program is not openai_speech:
            assert fakes.bill.total == real.bill.total
            assert "look_up" in fakes.transcript()


def test_asynchronous_clients_are_recorded_too(real, file):
    """Several requests at once, each with its own answer."""

    async def ask(client, number):
        said = [{"role": "user", "content": f"Say {number}."}]
        return (await client.chat.completions.create(model="gpt-4o", messages=said)).choices

    async def ask_all():
        async with openai.AsyncOpenAI(max_retries=0) as client:
            return await asyncio.gather(*(ask(client, number) for number in range(5)))

    with recording(real, file):
        first = asyncio.run(ask_all())
    with replaying(file):
        assert asyncio.run(ask_all()) == first


def test_equal_requests_are_answered_in_recorded_order(real, file):
    """And one more than were recorded is told."""
    real.openai.replies("one", "two")
    with recording(real, file):
        first = [openai_chat()[0].message.content for _ in range(2)]
    with replaying(file) as fakes:
        assert [openai_chat()[0].message.content for _ in range(2)] == first == ["one", "two"]
        with pytest.raises(openai.BadRequestError, match="recorded 2 times, and has come once"):
            openai_chat()
        fakes.openai._fake.reset()


def test_a_server_repeats_what_it_has(real, file):
    """Where programs come and go, the last answer is given again."""
    with recording(real, file):
        openai_chat()
    with replaying(file, repeats=True):
        assert openai_chat() == openai_chat()


def test_an_error_is_an_answer(real, file):
    """Its status, its body and its Retry-After."""
    real.openai.fails(rate_limited(retry_after_s=7), times=1)
    with recording(real, file), pytest.raises(openai.RateLimitError) as first:
        openai_chat()
    with pytest.raises(openai.RateLimitError) as second, replaying(file):
        openai_chat()
    assert second.value.body == first.value.body
    assert second.value.response.headers["retry-after"] == "7"


def test_a_compressed_answer_is_recorded_readable(real, file):
    """A service that compresses all the same: the client gets its bytes, the file the text."""
    body = b'{"id":"x","object":"chat.completion","choices":[]}'
    packed = raw(
        gzip.compress(body),
        content_type="application/json",
        headers={"content-encoding": "gzip"},
    )
    real.openai.replies(packed)
    with recording(real, file):
        assert openai_chat() == []
    (exchange,) = load(file)
    assert (exchange.body, "content-encoding" in exchange.header) == (body, False)
    with replaying(file):
        assert openai_chat() == []


def test_an_answer_that_is_not_what_it_says_is_passed_on_only(real, file):
    """The client gets the bytes, and nothing is recorded that nobody could serve."""
    real.openai.replies(raw("no gzip", headers={"content-encoding": "gzip"}))
    with recording(real, file) as fakes, openai.OpenAI(max_retries=0) as client:
        asked = client.chat.completions.with_streaming_response.create
        with asked(model="gpt-4o", messages=HI) as answer:
            assert b"".join(answer.http_response.iter_raw()) == b"no gzip"
        assert fakes.openai.last.outcome == "complete"
    assert not file.exists()


@pytest.mark.parametrize(("pieces", "is_cut"), [(99, False), (1, True)])
def test_who_leaves_a_stream_is_answered_so_far_again(real, file, pieces, is_cut):
    """One that was read to its last event is whole; of another there is no more than was read."""
    real.openai.replies("one two three four")
    real.openai.paces(ttft=0, inter_token=[0, 0, 3600] if is_cut else [0])

    def read():
        with openai.OpenAI(max_retries=0) as client:
            asked = {"model": "gpt-4o", "messages": HI, "stream": True}
            with client.chat.completions.create(**asked) as stream:
                return [chunk.id for _, chunk in zip(range(pieces), stream, strict=False)]

    with recording(real, file) as fakes:
        first = read()
        until_recorded(file)
        assert (fakes.openai.last.outcome == "disconnected") is is_cut
    (exchange,) = load(file)
    assert exchange.cut is is_cut
    with replaying(file):
        assert read() == first


def until_recorded(file):
    """A client that has left is noticed by the server's own thread."""
    for _ in range(3_000):
        if file.exists():
            return
        time.sleep(0.01)
    raise AssertionError(f"{file} was not written")


def test_a_stream_that_breaks_off_breaks_off_again(real, file):
    """After the same pieces."""
    real.openai.replies("one two three four five six")
    real.openai.fails(cut(after_chunks=3))

    def read():
        said = []
        with openai.OpenAI(max_retries=0) as client, pytest.raises(openai.APIConnectionError):
            for chunk in client.chat.completions.create(model="gpt-4o", messages=HI, stream=True):
                said.append(chunk.choices[0].delta.content)
        return said

    with recording(real, file):
        first = read()
    assert load(file)[0].cut
    with replaying(file) as fakes:
        assert read() == first != []
        assert fakes.openai.last.outcome == "cut"


def test_the_address_of_an_upload_is_the_fakes_own(real, file, tmp_path):
    """Where the service tells its own address, the client stays on the way through the fake."""
    note = tmp_path / "note.txt"
    note.write_text("Buy milk.")

    def upload():
        with closing(genai.Client()) as client:
            return client.files.upload(file=note).name

    with recording(real, file) as fakes:
        name = upload()
        assert len(fakes.gemini.calls) == len(real.gemini.calls) == 2
    assert real.gemini.url not in file.read_text("utf-8")
    with replaying(file):
        assert upload() == name


def test_a_query_is_passed_on_as_it_is(real, file):
    """With keys that come twice."""
    with recording(real, file) as fakes, openai.OpenAI(max_retries=0) as client:
        client.get("/models?a=1&a=2&b=%20", cast_to=object)
        assert fakes.openai.last.path == real.openai.last.path == "/v1/models"
    assert real.openai.last.http.query.raw == "a=1&a=2&b=%20"


def test_recordings_that_nothing_asked_for_are_told(real, file):
    """As rules are that no request met, and allowed likewise."""
    with recording(real, file):
        openai_chat()
    with pytest.raises(Unverified, match="nothing asked openai for what is recorded here"):
        replaying(file).__enter__().__exit__(None, None, None)
    with replaying(file) as fakes:
        fakes.openai.unused = "allow"


@pytest.mark.parametrize("record", ["new", {"claude": "none", "openai": "all"}])
def test_who_is_to_be_recorded_has_an_address(tmp_path, record):
    """Told before anything is asked."""
    with pytest.raises(ScriptError, match="to record openai its address is needed: upstreams="):
        Recording(tmp_path / "a.toml", record)


def test_a_word_that_is_no_way_to_record_is_told(tmp_path):
    """With those that there are."""
    with pytest.raises(ScriptError, match="record is none or once or new or all, not 'nwe'"):
        Recording(tmp_path / "a.toml", "nwe")
