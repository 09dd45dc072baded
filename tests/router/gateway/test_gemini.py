"""Google's SDK as a caller of the gateway, whoever answers."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from google import genai
from google.genai import types

from fakeservers import FakeServers, structured, text, tool_call

from .support import MODELS, Gateway

WEATHER = types.Tool(
    function_declarations=[
        types.FunctionDeclaration(
            name="weather",
            description="The weather of a city.",
            parameters=types.Schema(
                type=types.Type.OBJECT, properties={"city": types.Schema(type=types.Type.STRING)}
            ),
        )
    ]
)
every_target = pytest.mark.parametrize("name", MODELS)


@pytest.fixture
def gemini(served: Gateway) -> Iterator[genai.Client]:
    options = types.HttpOptions(base_url=served.origin)
    with genai.Client(api_key="any", http_options=options) as sdk:
        yield sdk


@every_target
def test_text(llmsim: FakeServers, gemini: genai.Client, name: str) -> None:
    """Any target's answer is a response with its counts."""
    llmsim[name].replies("Paris.")
    config = types.GenerateContentConfig(system_instruction="Be brief.", max_output_tokens=50)
    answer = gemini.models.generate_content(model=name, contents="Hello?", config=config)
    assert answer.text == "Paris." and answer.candidates
    assert answer.candidates[0].finish_reason == types.FinishReason.STOP
    assert answer.usage_metadata and answer.usage_metadata.candidates_token_count


@every_target
def test_a_stream(llmsim: FakeServers, gemini: genai.Client, name: str) -> None:
    """Any target's stream is chunks; the last has the finish reason and the counts."""
    llmsim[name].replies(text("It is Paris.", chunks=["It is", " Paris."]))
    chunks = list(gemini.models.generate_content_stream(model=name, contents="Hello?"))
    assert "".join(chunk.text or "" for chunk in chunks) == "It is Paris."
    reasons = [
        c.finish_reason for chunk in chunks for c in chunk.candidates or () if c.finish_reason
    ]
    assert reasons == [types.FinishReason.STOP]
    assert chunks[-1].usage_metadata and chunks[-1].usage_metadata.total_token_count


@every_target
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_tools(llmsim: FakeServers, gemini: genai.Client, name: str, streamed: bool) -> None:
    """A call goes out, its result comes back, at every target."""
    llmsim[name].replies(tool_call("weather", city="Paris"), "Sunny.")
    off = types.AutomaticFunctionCallingConfig(disable=True)
    config = types.GenerateContentConfig(tools=[WEATHER], automatic_function_calling=off)
    asked: dict[str, Any] = {"model": name, "config": config}
    ask = gemini.models.generate_content
    if streamed:
        chunks = gemini.models.generate_content_stream(contents="Weather?", **asked)
        parts = [p for chunk in chunks for p in chunk.candidates[0].content.parts or ()]
    else:
        parts = ask(contents="Weather?", **asked).candidates[0].content.parts
    (call,) = [part.function_call for part in parts if part.function_call]
    assert (call.name, call.args) == ("weather", {"city": "Paris"})
    result = types.Part.from_function_response(name="weather", response={"output": "sunny"})
    turns = [
        types.Content(role="user", parts=[types.Part(text="Weather?")]),
        types.Content(role="model", parts=parts),
        types.Content(role="user", parts=[result]),
    ]
    assert ask(contents=turns, **asked).text == "Sunny."


@every_target
def test_structured_output(llmsim: FakeServers, gemini: genai.Client, name: str) -> None:
    """A schema goes to every target, its JSON comes back."""
    llmsim[name].replies(structured({"city": "Paris"}))
    schema = {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    }
    config = types.GenerateContentConfig(
        response_mime_type="application/json", response_json_schema=schema
    )
    answer = gemini.models.generate_content(model=name, contents="Hello?", config=config)
    assert json.loads(answer.text or "") == {"city": "Paris"}


@pytest.mark.parametrize(
    ("path", "body", "says"),
    [
        ("nope:generateContent", {"contents": [{"parts": [{"text": "a"}]}]}, "there is no model"),
        ("claude:embedContent", {}, "does not serve embedContent"),
        ("claude:generateContent", {"contents": []}, "contents is not specified"),
        ("claude:generateContent", {"contents": [{"parts": []}]}, "parts is empty"),
        (
            "claude:generateContent",
            {"contents": [{"parts": [{"text": "a"}]}], "tools": [{"googleSearch": {"a": 1}}]},
            "tools[0].googleSearch cannot be carried",
        ),
    ],
)
def test_refused_requests(served: Gateway, path: str, body: Any, says: str) -> None:
    """What cannot be carried is refused in Google's form."""
    error = served.http.post(f"/v1beta/models/{path}", json=body).json()["error"]
    assert says in error["message"]
    assert error["status"] in ("INVALID_ARGUMENT", "NOT_FOUND")
