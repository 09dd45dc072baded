"""Files that were uploaded count as what they hold, through the official SDKs."""

import io
import struct
from collections.abc import Callable
from typing import Any

import pytest
from anthropic import Anthropic
from google import genai
from openai import OpenAI

from fakeservers import FakeServers

TEXT = ("note.txt", b"A short note.", "text/plain")
PNG = ("a.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", 1024, 512), "image/png")


def claude(servers: FakeServers, http: Any, file: Any) -> int:
    client = Anthropic(http_client=http)
    kept = client.beta.files.upload(file=file)
    kind = "image" if file is PNG else "document"
    block: Any = {"type": kind, "source": {"type": "file", "file_id": kept.id}}
    return client.beta.messages.create(
        model="claude-haiku-4-5",
        max_tokens=9,
        messages=[{"role": "user", "content": [block]}],
        betas=["files-api-2025-04-14"],
    ).usage.input_tokens


def openai(servers: FakeServers, http: Any, file: Any) -> int:
    client = OpenAI(http_client=http)
    kept = client.files.create(file=file, purpose="user_data")
    kind = "input_image" if file is PNG else "input_file"
    asked: Any = [{"role": "user", "content": [{"type": kind, "file_id": kept.id}]}]
    answer = client.responses.create(model="gpt-4o", input=asked)
    assert answer.usage
    return answer.usage.input_tokens


def gemini(servers: FakeServers, http: Any, file: Any) -> int:
    client = genai.Client()
    kept = client.files.upload(file=io.BytesIO(file[1]), config={"mime_type": file[2]})
    counted = client.models.count_tokens(model="gemini-2.5-flash", contents=[kept])
    assert counted.total_tokens
    return counted.total_tokens


@pytest.mark.parametrize("ask", [claude, openai, gemini])
def test_a_text_costs_its_words(servers: FakeServers, http: Any, ask: Callable[..., int]) -> None:
    """And no page of a document."""
    assert ask(servers, http, TEXT) < 20


@pytest.mark.parametrize(("ask", "tokens"), [(claude, 703), (openai, 432), (gemini, 1548)])
def test_a_picture_costs_its_pixels(
    servers: FakeServers, http: Any, ask: Callable[..., int], tokens: int
) -> None:
    """1024 by 512 of them are 37 by 19 patches, a base and two tiles, or three tiles twice."""
    assert tokens <= ask(servers, http, PNG) < tokens + 10
