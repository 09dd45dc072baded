"""What the Gemini API refuses, and in which words; what it takes, it takes here too."""

from typing import Any

import pytest

from fakeservers.wire.gemini.provider import PROVIDER
from tests.fakeservers.wire.refusing import Asker

PATH = "/v1beta/models/gemini-2.5-flash:generateContent"
NEW = "/v1beta/models/gemini-3-flash-preview:generateContent"
PRO = "/v1beta/models/gemini-2.5-pro:generateContent"
CHAT = "/v1beta/openai/chat/completions"
BAD_REQUEST = "type.googleapis.com/google.rpc.BadRequest"
HI: dict[str, Any] = {"role": "user", "parts": [{"text": "Hi"}]}
PLAIN: dict[str, Any] = {"contents": [HI]}
SEARCH: dict[str, Any] = {"googleSearch": {}}
JSON = {"generationConfig": {"responseMimeType": "application/json"}}
BAD_NAME = (
    "[FIELD_INVALID] Invalid function name. Must start with a letter or an underscore. Must be "
    "alphameric (a-z, A-Z, 0-9), underscores (_), dots (.), colons (:), or dashes (-), with a "
    "maximum length of 128."
)
UNSIGNED = (
    "Function call is missing a thought_signature in functionCall parts. This is required for "
    "tools to work correctly, and missing thought_signature may lead to degraded model "
    "performance. Additional data, function call `default_api:f` , position 2. Please refer to "
    "https://ai.google.dev/gemini-api/docs/thought-signatures for more details."
)


def tools(*names: str, **schema: Any) -> dict[str, Any]:
    """Functions of these names; `schema` are the parameters of each."""
    declared = [{"name": name, **({"parameters": schema} if schema else {})} for name in names]
    return {"tools": [{"functionDeclarations": declared}]}


def config(**fields: Any) -> dict[str, Any]:
    return {"generationConfig": fields}


def thinking(**fields: Any) -> dict[str, Any]:
    return config(thinkingConfig=fields)


def turns(*parts: Any) -> dict[str, Any]:
    """Contents of the user and the model in turn; a list is the parts of one."""
    roles = ("user", "model") * len(parts)
    pairs = zip(roles, parts, strict=False)
    return {
        "contents": [
            {"role": role, "parts": said if isinstance(said, list) else [said]}
            for role, said in pairs
        ]
    }


def blob(mime_type: str, data: str = "aGk=") -> dict[str, Any]:
    return turns({"inlineData": {"mimeType": mime_type, "data": data}})


TEXT = {"text": "a"}
CALL: dict[str, Any] = {"functionCall": {"name": "f", "args": {}}}
RESPONSE: dict[str, Any] = {"functionResponse": {"name": "f", "response": {"a": 1}}}
AT = "* GenerateContentRequest."
PARAMETERS = f"{AT}tools[0].function_declarations[0].parameters"


@pytest.fixture(scope="module")
def ask() -> Asker:
    return Asker(PROVIDER, PATH, {"x-goog-api-key": "k", "authorization": "Bearer k"})


RULES = [
    (PATH, tools("f", "f"), "Duplicate function declaration found: f"),
    (PATH, tools("1f"), f"{AT}tools[0].function_declarations[0].name: {BAD_NAME}\n"),
    (
        PATH,
        config(temperature=99, topP=2),
        f"{AT}generation_config.temperature: temperature must be in the range [0.0, 2.0].\n"
        f"{AT}generation_config.top_p: top_p must be in the range [0.0, 1.0].\n",
    ),
    (
        PATH,
        config(responseMimeType="image/png"),
        f"{AT}generation_config.response_mime_type: allowed mimetypes are `text/plain`, "
        "`application/json`, `application/xml`, `application/yaml` and `text/x.enum`.\n",
    ),
    (
        PATH,
        tools("f", type="OBJECT", properties={"a": {"type": "ARRAY"}, "b": {"type": "STRING"}}),
        f"{PARAMETERS}.properties[a].items: missing field.\n",
    ),
    (
        PATH,
        tools("f", type="OBJECT", properties={"a": {"type": "STRING", "properties": {"x": {}}}}),
        f"{PARAMETERS}.properties[a].properties: only allowed for OBJECT type\n",
    ),
    (
        PATH,
        tools("f", type="OBJECT", properties={"a": {"type": "INTEGER", "enum": ["1", ""]}}),
        f"{PARAMETERS}.properties[a].enum: only allowed for STRING type\n"
        f"{PARAMETERS}.properties[a].enum[1]: cannot be empty\n",
    ),
    (
        PATH,
        tools("f", type="OBJECT", properties={"a": {"type": "STRING"}}, required=["b"]),
        f"{PARAMETERS}.required[0]: property is not defined\n",
    ),
    (
        PATH,
        tools("f") | JSON,
        "Function calling with a response mime type: 'application/json' is unsupported",
    ),
    (
        PATH,
        {"tools": [SEARCH]} | JSON,
        "Tool use with a response mime type: 'application/json' is unsupported",
    ),
    (
        PATH,
        {"tools": [SEARCH, *tools("f")["tools"]]},
        "Tool use with function calling is unsupported",
    ),
    (
        PATH,
        thinking(thinkingBudget=1, thinkingLevel="LOW"),
        "You can only set only one of thinking budget and thinking level.",
    ),
    (PATH, thinking(thinkingLevel="LOW"), "Thinking level is not supported for this model."),
    (
        PATH,
        thinking(thinkingBudget=32000),
        "The thinking budget 32000 is invalid. Please choose a value between 0 and 24576.",
    ),
    (
        PRO,
        thinking(thinkingBudget=50),
        "The thinking budget 50 is invalid. Please choose a value between 128 and 32768.",
    ),
    (
        PRO,
        thinking(thinkingBudget=0),
        "Budget 0 is invalid. This model only works in thinking mode.",
    ),
    (
        "/v1beta/models/gemini-3-pro-preview:generateContent",
        thinking(thinkingLevel="MINIMAL"),
        "Thinking level MINIMAL is not supported for this model. Please retry with other thinking "
        "level.",
    ),
    (
        PATH,
        turns(TEXT, CALL, TEXT),
        "Please ensure that the number of function response parts is equal to the number of "
        "function call parts of the function call turn.",
    ),
    (
        PATH,
        turns(TEXT, [CALL, CALL], RESPONSE),
        "Please ensure that the number of function response parts is equal to the number of "
        "function call parts of the function call turn.",
    ),
    (
        PATH,
        turns(TEXT, TEXT, RESPONSE),
        "Please ensure that function response turn comes immediately after a function call turn.",
    ),
    (
        PATH,
        {"contents": [{"role": "model", "parts": [CALL]}, {"parts": [RESPONSE]}]},
        "Please ensure that function call turn comes immediately after a user turn or after a "
        "function response turn.",
    ),
    (NEW, turns(TEXT, CALL, RESPONSE), UNSIGNED),
    (PATH, blob("image/jpg"), "Unsupported MIME type: image/jpg"),
    (PATH, blob("png"), "Unsupported MIME type: png"),
    (
        PATH,
        blob("image/PNG"),
        "Unable to process input image. Please retry or report in "
        "https://developers.generativeai.google/guide/troubleshooting",
    ),
    (
        "/v1beta/models/gemini-2.5-pro-preview-tts:generateContent",
        PLAIN,
        "The requested combination of response modalities is not supported by the model. "
        "models/gemini-2.5-pro-preview-tts accepts the following combination of response "
        "modalities:\n* AUDIO\n",
    ),
]
NAMED = [
    (
        {"nope": 1, "generationConfig": {"foo": 1}},
        'Invalid JSON payload received. Unknown name "nope": Cannot find field.',
    ),
    (
        {"tools": [{"functionDeclarations": [{"name": "f", "strict": True}]}]},
        'Invalid JSON payload received. Unknown name "strict" at '
        "'tools[0].function_declarations[0]': Cannot find field.",
    ),
    (
        tools("f", type="OBJECT", properties={"a": {}, "b": {"anyOf": [{"const": 1}]}}),
        'Invalid JSON payload received. Unknown name "const" at \'tools[0].function_declarations'
        "[0].parameters.properties[1].value.any_of[0]': Cannot find field.",
    ),
    (
        blob("image/png", "a!"),
        "Invalid value at 'contents[0].parts[0].inline_data.data' (TYPE_BYTES), Base64 decoding "
        'failed for "a!"',
    ),
    (
        {"safetySettings": [{"category": "X", "threshold": "BLOCK_NONE"}]},
        "Invalid value at 'safety_settings[0].category' "
        '(type.googleapis.com/google.ai.generativelanguage.v1beta.HarmCategory), "X"',
    ),
    (
        thinking(thinkingLevel="HARD"),
        "Invalid value at 'generation_config.thinking_config.thinking_level' "
        "(type.googleapis.com/google.ai.generativelanguage.v1beta.ThinkingConfig.ThinkingLevel), "
        '"HARD"',
    ),
]


@pytest.mark.parametrize(("path", "fields", "message"), RULES)
def test_refused(ask: Asker, path: str, fields: Any, message: str) -> None:
    """A faulty body is refused with 400 in the words of the real service."""
    answer = ask({**PLAIN, **fields}, path)
    assert (answer.status, answer.body["error"]) == (
        400,
        {"code": 400, "message": message, "status": "INVALID_ARGUMENT"},
    )


@pytest.mark.parametrize(("fields", "message"), NAMED)
def test_violations(ask: Asker, fields: Any, message: str) -> None:
    """What is no valid message names each field that is wrong in BadRequest."""
    answer = ask({**PLAIN, **fields})
    (details,) = answer.body["error"]["details"]
    told = [violation["description"] for violation in details["fieldViolations"]]
    assert (answer.status, details["@type"], told[0]) == (400, BAD_REQUEST, message)
    assert answer.body["error"]["message"] == "\n".join(told)


@pytest.mark.parametrize(("path", "fields"), [row[:2] for row in RULES])
def test_not_validated(ask: Asker, path: str, fields: Any) -> None:
    """A fake that does not validate answers whatever it can read."""
    assert ask({**PLAIN, **fields}, path, validates=False).status == 200


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        (PATH, config(temperature=2.0, topP=1, topK=64, stopSequences=["x"])),
        (PATH, thinking(thinkingBudget=0)),
        (PATH, thinking(thinkingBudget=-1, includeThoughts=True)),
        (NEW, thinking(thinkingLevel="low")),
        (NEW, {"tools": [SEARCH, *tools("f")["tools"]]} | JSON),
        (PATH, turns(TEXT, [CALL, CALL], [RESPONSE, RESPONSE, TEXT])),
        (NEW, turns(TEXT, {**CALL, "thoughtSignature": "c2ln"}, RESPONSE)),
        (NEW, turns(TEXT, CALL, RESPONSE, TEXT, TEXT)),
        (PATH, blob("image/png", "iVBORw0KGgo")),
        (PATH, blob("image/jpeg", "_9j_4AAQ")),
        (PATH, blob("image/heic")),
        (
            "/v1beta/models/gemini-2.5-pro-preview-tts:generateContent",
            {**PLAIN, **config(responseModalities=["AUDIO"])},
        ),
        (PATH, blob("application/pdf")),
        (PATH, tools("f", type="object", properties={"a": {"type": ["string", "null"]}})),
        (PATH, {"safety_settings": [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "OFF"}]}),
    ],
)
def test_taken(ask: Asker, path: str, fields: Any) -> None:
    """What the real service takes is answered."""
    answer = ask({**PLAIN, **fields}, path)
    assert answer.status == 200, answer.text


@pytest.mark.parametrize(
    ("model", "fields", "message"),
    [
        ("gemini-2.5-flash-image", tools("f"), "Function calling is not enabled for models/{}"),
        ("gemini-2.5-flash-image", JSON, "JSON mode is not enabled for models/{}"),
        (
            "gemini-2.0-flash",
            thinking(includeThoughts=True),
            "Thinking is not enabled for models/{}",
        ),
    ],
)
def test_what_a_model_cannot_do(ask: Asker, model: str, fields: Any, message: str) -> None:
    """A model is not asked for what it cannot do."""
    answer = ask({**PLAIN, **fields}, f"/v1beta/models/{model}:generateContent")
    assert (answer.status, answer.body["error"]["message"]) == (400, message.format(model))


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1beta/models/gemini-embedding-001:generateContent", PLAIN),
        ("/v1beta/models/gemini-2.5-flash:embedContent", {"content": HI}),
    ],
)
def test_the_wrong_kind_of_model(ask: Asker, path: str, body: Any) -> None:
    """A model that has no such method is as good as none."""
    answer = ask(body, path)
    assert answer.status == 404
    assert answer.body["error"]["message"].split(", ")[0].endswith("for API version v1beta")


def test_a_bad_key(ask: Asker) -> None:
    """A key that cannot be one is told with the reason, for programs and for people."""
    answer = ask(PLAIN, x_goog_api_key="my key")
    info, localized = answer.body["error"]["details"]
    assert (answer.status, info["reason"]) == (400, "API_KEY_INVALID")
    assert answer.body["error"]["message"] == localized["message"]


def test_unknown_query(ask: Asker) -> None:
    """A parameter of the query that names no field is refused; those of all Google APIs are not."""
    answer = ask(PLAIN, query={"alt": "json", "stream": "true"})
    assert (answer.status, answer.body["error"]["message"]) == (
        400,
        'Invalid JSON payload received. Unknown name "stream": Cannot bind query parameter. Field '
        "'stream' could not be found in request message.",
    )
    assert ask(PLAIN, query={"alt": "json", "key": "k"}).status == 200


COMPATIBLE = [
    ({"bogus": 1}, 400, 'Invalid JSON payload received. Unknown name "bogus": Cannot find field.'),
    ({"messages": []}, 400, f"{AT}contents: contents is not specified\n"),
    ({"temperature": "hot", "n": "x"}, 400, "Invalid value at 'n'"),
    (
        {"model": "gemini-0"},
        404,
        "models/gemini-0 is not found for API version v1main, or is not supported for "
        "generateContent. Call ModelService.ListModels to see the list of available models and "
        "their supported methods.",
    ),
]


@pytest.mark.parametrize(("fields", "status", "message"), COMPATIBLE)
def test_compatible(ask: Asker, fields: Any, status: int, message: str) -> None:
    """The OpenAI-compatible API tells faults in Google's words, inside an array."""
    body = {"model": "gemini-2.5-flash", "messages": [{"role": "user", "content": "Hi"}]}
    answer = ask({**body, **fields}, CHAT)
    (told,) = answer.body
    assert (answer.status, told["error"]["message"]) == (status, message)


def test_compatible_without_a_key() -> None:
    """Without a key the OpenAI-compatible API asks for the header."""
    answer = Asker(PROVIDER, CHAT, {})({"model": "gemini-2.5-flash"})
    assert (answer.status, answer.body[0]["error"]["message"]) == (
        400,
        "Missing or invalid Authorization header.",
    )
