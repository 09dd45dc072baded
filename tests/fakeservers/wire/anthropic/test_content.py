"""Messages and blocks in canonical form."""

from typing import Any

import pytest

from fakeservers.canonical import (
    Media,
    Message,
    Opaque,
    Rejected,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
)

CALL = {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Paris"}}


def result(**fields: Any) -> dict[str, Any]:
    return {"type": "tool_result", "tool_use_id": "toolu_1", **fields}


def conversation(*blocks: Any) -> list[dict[str, Any]]:
    return [
        {"role": "user", "content": "Weather?"},
        {"role": "assistant", "content": [CALL]},
        {"role": "user", "content": list(blocks)},
    ]


@pytest.mark.parametrize(
    "system",
    ["Be brief.", [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}]],
    ids=["text", "blocks"],
)
def test_system_comes_first(ask: Any, system: Any) -> None:
    """`system`, a text or text blocks, becomes the first message."""
    request = ask(system=system)
    assert request.messages[0] == Message("system", (Text("Be brief."),))
    assert request.system == "Be brief."


@pytest.mark.parametrize("system", ["", [], None])
def test_no_system_is_no_message(ask: Any, system: Any) -> None:
    """An empty `system` adds nothing."""
    assert [message.role for message in ask(system=system).messages] == ["user"]


def test_system_role_stays_in_its_place(ask: Any) -> None:
    """A system message within the conversation, new in 2026, is kept where it stands."""
    messages = [{"role": "user", "content": "a"}, {"role": "system", "content": "b"}]
    assert [message.role for message in ask(messages=messages).messages] == ["user", "system"]


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"content": "sunny"}, "sunny"),
        ({"content": [{"type": "text", "text": "sun"}, {"type": "text", "text": "ny"}]}, "sun\nny"),
        ({}, ""),
        ({"content": [{"type": "image", "source": {"type": "url", "url": "u"}}]}, ""),
        ({"content": [{"type": "tool_reference", "tool_name": "x"}]}, ""),
        (
            {
                "content": [
                    {
                        "type": "search_result",
                        "source": "s",
                        "title": "t",
                        "content": [{"type": "text", "text": "found"}],
                    }
                ]
            },
            "found",
        ),
    ],
    ids=["text", "blocks", "absent", "image", "reference", "search"],
)
def test_tool_results(ask: Any, fields: dict[str, Any], text: str) -> None:
    """A tool result of any form is a ToolResult with the called tool's name."""
    request = ask(messages=conversation(result(**fields)))
    said = request.messages[-1].parts[0]
    assert isinstance(said, ToolResult) and request.messages[-1].role == "tool"
    assert (said.call_id, said.name, said.text) == ("toolu_1", "weather", text)


def test_media_in_a_tool_result(ask: Any) -> None:
    """Images and documents of a tool result stay, for they are prompt tokens too."""
    image = {"type": "image", "source": {"type": "url", "url": "u"}}
    request = ask(messages=conversation(result(content=[image, {"type": "text", "text": "x"}])))
    (said,) = request.messages[-1].parts
    assert isinstance(said, ToolResult) and [media.raw for media in said.media] == [image]


def test_text_beside_a_tool_result(ask: Any) -> None:
    """What stands beside tool results becomes a user message after them."""
    blocks = (result(content="x", is_error=True), {"type": "text", "text": "And?"})
    request = ask(messages=conversation(*blocks))
    assert request.tool_results == (ToolResult("toolu_1", "weather", "x", True),)
    assert request.messages[-1] == Message("user", (Text("And?"),))


def test_assistant_blocks(ask: Any) -> None:
    """Thinking, text and calls of the history keep their order."""
    blocks = [
        {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"},
        {"type": "text", "text": "Let me see."},
        CALL,
    ]
    messages = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": blocks}]
    assert ask(messages=messages).messages[-1].parts == (
        Thinking("Hm.", "c2ln"),
        Text("Let me see."),
        ToolCall("weather", {"city": "Paris"}, "toolu_1"),
    )


@pytest.mark.parametrize(
    ("block", "kind", "mime_type"),
    [
        (
            {"type": "image", "source": {"type": "base64", "media_type": "image/gif", "data": ""}},
            "image",
            "image/gif",
        ),
        ({"type": "image", "source": {"type": "file", "file_id": "file_1"}}, "image", "image/png"),
        (
            {"type": "document", "source": {"type": "url", "url": "u"}, "title": "t"},
            "document",
            "application/pdf",
        ),
    ],
    ids=["image", "file", "document"],
)
def test_media(ask: Any, block: dict[str, Any], kind: Any, mime_type: str) -> None:
    """Images and documents are Media that keep the block."""
    request = ask(messages=[{"role": "user", "content": [block]}])
    assert request.messages[0].parts == (Media(kind, mime_type, raw=block),)


@pytest.mark.parametrize(
    "block",
    [
        {"type": "redacted_thinking", "data": "x"},
        {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}},
        {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": []},
        {"type": "search_result", "source": "s", "title": "t", "content": []},
        {"type": "container_upload", "file_id": "file_1"},
        {"type": "tool_addition", "tool": {"type": "tool_reference", "name": "x"}},
    ],
    ids=lambda block: block["type"],
)
def test_blocks_without_a_canonical_form(ask: Any, block: dict[str, Any]) -> None:
    """Every other block that the API knows is kept as it stands."""
    request = ask(messages=[{"role": "assistant", "content": [block]}])
    assert request.messages[0].parts == (Opaque(block),)


@pytest.mark.parametrize(
    ("messages", "said"),
    [
        ([], "messages: at least one message is required"),
        ("Hi", "messages: Input should be a valid array"),
        (["Hi"], "messages.0: Input should be an object"),
        ([{"content": "Hi"}], "messages.0.role: Field required"),
        (
            [{"role": "bot", "content": "Hi"}],
            "messages.0.role: Input should be 'user', 'assistant' or 'system'",
        ),
        ([{"role": "user"}], "messages.0.content: Field required"),
        ([{"role": "user", "content": 1}], "messages.0.content: Input should be a valid string"),
        ([{"role": "user", "content": [{}]}], "messages.0.content.0.type: Field required"),
        (
            [{"role": "user", "content": [{"type": "text"}]}],
            "messages.0.content.0.text.text: Field required",
        ),
        (
            [{"role": "user", "content": [{"type": "tool_result"}]}],
            "messages.0.content.0.tool_result.tool_use_id: Field required",
        ),
        (
            [{"role": "assistant", "content": [{**CALL, "input": []}]}],
            "messages.0.content.0.tool_use.input: Input should be a valid dictionary",
        ),
    ],
)
def test_wrong_messages(strictly: Any, messages: Any, said: str) -> None:
    """An error names the place, form of the block included, and the fault."""
    with pytest.raises(Rejected) as caught:
        strictly(messages=messages)
    assert (caught.value.error.status, caught.value.error.message) == (400, said)


def test_unknown_block(strictly: Any) -> None:
    """A block that the API does not know is refused with the list of those it does."""
    with pytest.raises(Rejected, match=r"messages\.0\.content\.0: Input tag 'film' found using"):
        strictly(messages=[{"role": "user", "content": [{"type": "film"}]}])
