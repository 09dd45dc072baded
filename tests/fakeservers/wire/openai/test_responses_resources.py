"""Stored responses: read, replayed, deleted, cancelled; input items; token counts."""

import json
from typing import Any

import pytest

from fakeservers.canonical import ChatRequest, ToolCall, ToolResult
from fakeservers.serving.exchange import Fake
from fakeservers.wire.base import HttpRequest, single
from fakeservers.wire.openai.provider import PROVIDER
from tests.fakeservers.support import fake, post

THEIRS = "resp_" + "0a" * 25


@pytest.fixture
def openai() -> Fake:
    return fake(PROVIDER)


def ask(openai: Fake, method: str, path: str, **query: str) -> tuple[int, Any]:
    """Status and body: parsed JSON, or the events of a stream."""
    headers = {"authorization": "Bearer key"}
    http = HttpRequest(method=method, path=f"/v1/responses{path}", query=query, headers=headers)
    return read(openai, http)


def create(openai: Fake, **fields: Any) -> dict[str, Any]:
    body = {"model": "gpt-4o", "input": "Hi", **fields}
    status, response = read(openai, post("/v1/responses", body))
    assert status == 200, response
    told: dict[str, Any] = response
    return told


def read(openai: Fake, http: HttpRequest) -> tuple[int, Any]:
    answer, _ = openai.respond(http)
    if isinstance(answer.body, bytes):
        return answer.status, json.loads(answer.body)
    return answer.status, [
        json.loads(frame.data.split(b"data: ")[1]) for frame in single(answer.body)
    ]


def test_retrieve_returns_what_was_answered(openai: Fake) -> None:
    """A stored response is read as it was answered."""
    response = create(openai)
    assert ask(openai, "GET", f"/{response['id']}") == (200, response)


def test_streamed_responses_are_stored(openai: Fake) -> None:
    """A streamed response can be read afterwards."""
    events = create(openai, stream=True)
    response = events[-1]["response"]  # type: ignore[index]
    status, stored = ask(openai, "GET", f"/{response['id']}")
    assert (status, stored["output"]) == (200, response["output"])


def test_replay_begins_after_an_event(openai: Fake) -> None:
    """`stream=true` replays the events, after the one with number `starting_after`."""
    id = create(openai)["id"]
    _, events = ask(openai, "GET", f"/{id}", stream="true")
    _, later = ask(openai, "GET", f"/{id}", stream="true", starting_after="3")
    assert later[0]["sequence_number"] == 4
    assert [e["type"] for e in later] == [e["type"] for e in events][4:]


def test_delete(openai: Fake) -> None:
    """A deleted response is gone, and its input items with it."""
    id = create(openai)["id"]
    assert ask(openai, "DELETE", f"/{id}") == (
        200,
        {"id": id, "object": "response", "deleted": True},
    )
    assert ask(openai, "GET", f"/{id}")[0] == 404
    assert ask(openai, "GET", f"/{id}/input_items")[0] == 404


def test_unknown_response(openai: Fake) -> None:
    """OpenAI's words for a response that is not there."""
    status, body = ask(openai, "GET", "/resp_x")
    assert status == 404
    assert body["error"] == {
        "message": "Response with id 'resp_x' not found.",
        "type": "invalid_request_error",
        "param": None,
        "code": None,
    }


def test_unstored_response_is_unknown(openai: Fake) -> None:
    """`store: false` leaves nothing to read."""
    assert ask(openai, "GET", f"/{create(openai, store=False)['id']}")[0] == 404


def test_only_background_responses_are_cancelled(openai: Fake) -> None:
    """Cancelling answers with a finished background response and refuses any other."""
    background, plain = create(openai, background=True), create(openai)
    assert ask(openai, "POST", f"/{background['id']}/cancel") == (200, background)
    status, body = ask(openai, "POST", f"/{plain['id']}/cancel")
    assert (status, body["error"]["message"]) == (400, "Cannot cancel a synchronous response.")


def test_input_items_newest_first(openai: Fake) -> None:
    """Input items come newest first, or in their order when asked."""
    items = [{"role": "user", "content": text} for text in "abc"]
    id = create(openai, input=items)["id"]
    _, newest = ask(openai, "GET", f"/{id}/input_items")
    _, oldest = ask(openai, "GET", f"/{id}/input_items", order="asc")
    texts = [item["content"][0]["text"] for item in newest["data"]]
    assert texts == ["c", "b", "a"]
    assert oldest["data"] == newest["data"][::-1]


def test_input_items_by_page(openai: Fake) -> None:
    """A page begins after an item and says whether there are more."""
    items = [{"role": "user", "content": text, "id": f"msg_{text}"} for text in "abc"]
    id = create(openai, input=items)["id"]
    _, page = ask(openai, "GET", f"/{id}/input_items", limit="2")
    _, rest = ask(openai, "GET", f"/{id}/input_items", after=page["last_id"])
    assert (page["first_id"], page["last_id"], page["has_more"]) == ("msg_c", "msg_b", True)
    assert ([item["id"] for item in rest["data"]], rest["has_more"]) == (["msg_a"], False)


@pytest.mark.parametrize("query", [{"limit": "0"}, {"limit": "x"}])
def test_wrong_page(openai: Fake, query: dict[str, str]) -> None:
    """A page of an impossible size is refused."""
    id = create(openai)["id"]
    status, body = ask(openai, "GET", f"/{id}/input_items", **query)
    assert (status, body["error"]["param"]) == (400, "limit")


def test_continuing_a_response(openai: Fake) -> None:
    """`previous_response_id` brings the conversation back, its tool calls by name."""
    tool = {
        "type": "function",
        "name": "look_up",
        "parameters": {"type": "object", "properties": {}},
    }
    first = create(openai, tools=[tool], tool_choice="required", instructions="Be brief.")
    call = next(item for item in first["output"] if item["type"] == "function_call")
    result = {"type": "function_call_output", "call_id": call["call_id"], "output": "42"}
    create(openai, previous_response_id=first["id"], input=[result])
    request = list(openai.journal)[-1].request
    assert isinstance(request, ChatRequest)
    assert (request.turn, request.system) == (2, "")
    assert [result.name for result in request.tool_results] == ["look_up"]


def test_unknown_previous_response(openai: Fake) -> None:
    """A conversation that is not there cannot be continued."""
    body = {"model": "gpt-4o", "input": "Hi", "previous_response_id": "resp_x"}
    status, told = read(openai, post("/v1/responses", body))
    assert status == 400
    assert told["error"] == {
        "message": "Previous response with id 'resp_x' not found.",
        "type": "invalid_request_error",
        "param": "previous_response_id",
        "code": "previous_response_not_found",
    }


def test_unknown_model(openai: Fake) -> None:
    """The Responses API answers an unknown model with 400, unlike the others."""
    status, told = read(openai, post("/v1/responses", {"model": "gpt-5.2-proo", "input": "Hi"}))
    assert status == 400
    assert told["error"] == {
        "message": "The requested model 'gpt-5.2-proo' does not exist.",
        "type": "invalid_request_error",
        "param": "model",
        "code": "model_not_found",
    }


def test_input_tokens(openai: Fake) -> None:
    """The count is that of the answer's usage."""
    body = {"model": "gpt-4o", "input": "Hello there", "instructions": "Be brief."}
    status, counted = read(openai, post("/v1/responses/input_tokens", body))
    usage = create(openai, **body)["usage"]
    assert (status, list(counted)) == (200, ["object", "input_tokens"])
    assert counted["input_tokens"] == usage["input_tokens"] > 0


def test_input_tokens_of_a_continued_response(openai: Fake) -> None:
    """The count includes the conversation that is continued."""
    id = create(openai, input="A long first message, with many words in it.")["id"]
    body = {"model": "gpt-4o", "input": "Hi"}
    path = "/v1/responses/input_tokens"
    _, alone = read(openai, post(path, body))
    _, continued = read(openai, post(path, {**body, "previous_response_id": id}))
    assert continued["input_tokens"] > alone["input_tokens"]


def test_a_reference_is_what_the_item_said(openai: Fake) -> None:
    """In its place in the conversation, with the name of the call that a result answers."""
    tools = [{"type": "function", "name": "f", "parameters": {"type": "object", "properties": {}}}]
    asked = {"role": "user", "content": "Hi"}
    (call,) = create(openai, input=[asked], tools=tools, tool_choice="required")["output"]
    result = {"type": "function_call_output", "call_id": call["call_id"], "output": "42"}
    reference = {"type": "item_reference", "id": call["id"]}
    create(openai, input=[asked, reference, result], tools=tools)
    *_, exchange = openai.journal
    assert isinstance(exchange.request, ChatRequest)
    _, said, answered = exchange.request.messages
    assert isinstance(said.parts[0], ToolCall) and said.parts[0].name == "f"
    assert answered.parts == (ToolResult(call["call_id"], "f", "42"),)


def test_a_reference_to_what_a_client_sent(openai: Fake) -> None:
    """It is known, and says nothing."""
    sent = {"type": "message", "id": "msg_1", "role": "user", "content": "Hi"}
    create(openai, input=[sent])
    create(openai, input=[{"type": "item_reference", "id": "msg_1"}, sent])
    *_, exchange = openai.journal
    assert isinstance(exchange.request, ChatRequest)
    assert [message.text for message in exchange.request.messages] == ["", "Hi"]


def test_a_response_that_was_not_stored_is_not_continued(openai: Fake) -> None:
    """Unlike one whose id shows that it was made at OpenAI."""
    mine = create(openai, store=False)["id"]
    body = {"model": "gpt-4o", "input": "Go on.", "previous_response_id": mine}
    assert read(openai, post("/v1/responses", body))[0] == 400
    assert read(openai, post("/v1/responses", {**body, "previous_response_id": THEIRS}))[0] == 200


def test_a_reference_to_what_was_not_stored(openai: Fake) -> None:
    """The error that users of `store: false` report."""
    (item,) = create(openai, store=False)["output"]
    body = {"model": "gpt-4o", "input": [{"type": "item_reference", "id": item["id"]}]}
    status, answer = read(openai, post("/v1/responses", body))
    assert (status, answer["error"]["param"]) == (404, "input")
    assert answer["error"]["message"].startswith(f"Item with id '{item['id']}' not found. Items")
