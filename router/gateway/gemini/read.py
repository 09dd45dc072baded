"""A GenerateContentRequest as the router's own. Nothing of answers.

Fields by name as google-genai 3.4 sends them (`models.py`), in camelCase or in snake_case, as
proto3's JSON has it. Safety settings are passed on: only targets of this wire have them.
"""

import json
import re
from typing import Any

from ...types import (
    Image,
    LLMRequest,
    Message,
    OutputSchema,
    Part,
    Text,
    Thinking,
    ThinkingOptions,
    Tool,
    ToolCall,
    ToolResult,
)
from ..fields import Fields, Notes, decoded
from ..unserved import unserved_words
from ..values import Asked, BadRequest, Incoming
from .schemas import json_schema

__all__ = ["read"]

_MODES = {"AUTO": "auto", "NONE": "none", "ANY": "required", "VALIDATED": "auto"}
_MARK = re.compile(r"(anthropic|gemini|openai):")
_LEVELS = {"MINIMAL": "minimal", "LOW": "low", "MEDIUM": "medium", "HIGH": "high"}


def read(incoming: Incoming) -> Asked:
    """Raises BadRequest."""
    model, _, method = incoming.path["call"].rpartition(":")
    if method not in ("generateContent", "streamGenerateContent"):
        raise BadRequest(unserved_words("gemini", method or model), status=404, kind="no_path")
    streamed = method == "streamGenerateContent"
    if streamed and incoming.query.get("alt") != "sse":
        raise BadRequest("a stream is asked for with ?alt=sse", param="alt", kind="unsupported")
    notes = Notes(lenient=incoming.lenient)
    body = Fields(incoming.body, notes=notes)
    passed: dict[str, Any] = {}
    if settings := body.take("safetySettings", list, also="safety_settings"):
        passed["safetySettings"] = settings
    tools = _tools(body)
    request = LLMRequest(
        messages=_messages(body),
        system=_system(body),
        tools=tools,
        tool_choice=_choice(body, tools),
        **_config(body),
    )
    body.done()
    return Asked(
        model=model,
        request=request,
        streamed=streamed,
        passed=passed,
        same_wire=bool(passed),
        left_out=tuple(notes.left_out),
    )


def _config(body: Fields) -> dict[str, Any]:
    config = body.inner("generationConfig", also="generation_config")
    if config is None:
        return {}
    if (count := config.whole("candidateCount", also="candidate_count")) not in (None, 1):
        config.refuse("candidateCount", f"is {count}; the router gives one answer a call")
    if config.take("responseModalities", list, also="response_modalities") not in (None, ["TEXT"]):
        config.refuse("responseModalities", "may hold TEXT only")
    found = {
        "temperature": config.number("temperature", 0, 2),
        "top_p": config.number("topP", 0, 1, also="top_p"),
        "top_k": _top_k(config),
        "seed": config.take("seed", int),
        "frequency_penalty": config.number("frequencyPenalty", -2, 2, also="frequency_penalty"),
        "presence_penalty": config.number("presencePenalty", -2, 2, also="presence_penalty"),
        "max_tokens": config.whole("maxOutputTokens", least=1, also="max_output_tokens"),
        "stop": tuple(config.take("stopSequences", list, also="stop_sequences") or ()),
        "output": _output(config),
        "thinking": _thinking(config),
    }
    config.done()
    return found


def _top_k(config: Fields) -> int | None:
    """A float on this wire."""
    value = config.number("topK", 0, 1_000_000, also="top_k")
    return None if value is None else int(value)


def _output(config: Fields) -> OutputSchema | None:
    kind = config.take("responseMimeType", str, also="response_mime_type")
    plain = config.take("responseJsonSchema", dict, also="response_json_schema")
    own = config.take("responseSchema", dict, also="response_schema")
    if kind in (None, "text/plain"):
        return None
    if kind != "application/json":
        config.refuse("responseMimeType", f"is {kind!r}; it is text/plain or application/json")
        return None
    schema = plain if own is None else json_schema(own)
    return OutputSchema(schema=schema)


def _thinking(config: Fields) -> ThinkingOptions | None:
    asked = config.inner("thinkingConfig", also="thinking_config")
    if asked is None:
        return None
    include = bool(asked.take("includeThoughts", bool, also="include_thoughts"))
    budget = asked.take("thinkingBudget", int, also="thinking_budget")
    effort = asked.word("thinkingLevel", _LEVELS, also="thinking_level")
    asked.done()
    if budget is not None and budget < 0:  # -1: as much as the model likes
        budget = None
    return ThinkingOptions(budget_tokens=budget, effort=effort, include=include)  # type: ignore[arg-type]


def _system(body: Fields) -> str | None:
    content = body.inner("systemInstruction", also="system_instruction")
    if content is None:
        return None
    content.take("role", str)
    texts = []
    for part in content.each("parts"):
        texts.append(part.need("text", str))
        part.done()
    content.done()
    return "\n\n".join(texts) or None


def _tools(body: Fields) -> tuple[Tool, ...]:
    tools: list[Tool] = []
    for tool in body.each("tools"):
        for declared in tool.each("functionDeclarations", also="function_declarations"):
            plain = declared.take("parametersJsonSchema", dict, also="parameters_json_schema")
            own = declared.take("parameters", dict)
            schema = plain if own is None else json_schema(own)
            tools.append(
                Tool(
                    name=declared.need("name", str),
                    description=declared.take("description", str) or "",
                    parameters=schema or {"type": "object", "properties": {}},
                )
            )
            declared.done()
        tool.done()
    return tuple(tools)


def _choice(body: Fields, tools: tuple[Tool, ...]) -> str:
    config = body.inner("toolConfig", also="tool_config")
    if config is None:
        return "auto"
    calling = config.inner("functionCallingConfig", also="function_calling_config")
    config.done()
    if calling is None:
        return "auto"
    mode = calling.word("mode", _MODES) or "auto"
    names = calling.take("allowedFunctionNames", list, also="allowed_function_names") or []
    calling.done()
    if len(names) == 1 and mode == "required":
        return str(names[0])
    if names and {tool.name for tool in tools} != set(names):
        calling.refuse("allowedFunctionNames", "may name one function, or all that there are")
    return mode


# Contents


def _messages(body: Fields) -> tuple[Message, ...]:
    if not body.need("contents", list):
        raise BadRequest("contents is not specified", param="contents")
    calls: dict[str, list[str]] = {}
    return tuple(
        _message(content, number, calls) for number, content in enumerate(body.each("contents"))
    )


def _message(content: Fields, number: int, calls: dict[str, list[str]]) -> Message:
    """`calls` are the ids of calls that have no result yet, by name: on this wire results may be
    told apart by name and order alone."""
    role = content.take("role", str) or "user"
    if role not in ("user", "model", "function"):
        raise BadRequest("Please use a valid role: user, model.", param=content.path("role"))
    parts: list[Part] = []
    for place, part in enumerate(content.each("parts")):
        parts += _part(part, f"local_{number}_{place}", calls)
        part.done()
    content.done()
    if not parts:
        raise BadRequest(f"{content.path('parts')} is empty", param=content.path("parts"))
    if role == "model":
        return Message(role="assistant", parts=tuple(parts))
    only_results = all(isinstance(part, ToolResult) for part in parts)
    return Message(role="tool" if only_results else "user", parts=tuple(parts))


def _part(part: Fields, made_id: str, calls: dict[str, list[str]]) -> list[Part]:
    seal = _seal(part)
    thought = part.take("thought", bool)
    text = part.take("text", str)
    if (call := part.inner("functionCall", also="function_call")) is not None:
        return [_call(call, seal, made_id, calls)]
    if (result := part.inner("functionResponse", also="function_response")) is not None:
        return [_result(result, calls)]
    if (blob := part.inner("inlineData", also="inline_data")) is not None:
        data = decoded(
            blob.need("data", str).replace("-", "+").replace("_", "/"), blob.path("data")
        )
        kind = blob.need("mimeType", str, also="mime_type")
        blob.done()
        return [Image(data=data, media_type=kind)]
    if (file := part.inner("fileData", also="file_data")) is not None:
        url = file.need("fileUri", str, also="file_uri")
        kind = file.take("mimeType", str, also="mime_type") or "image/png"
        file.done()
        return [Image(url=url, media_type=kind)]
    if thought:
        return [Thinking(text=text or "", signature=seal)]
    sealed = [Thinking(signature=seal)] if seal else []
    return [*([Text(text)] if text else []), *sealed]


def _seal(part: Fields) -> str:
    """As `write` wrapped it, with the mark of whose it is; a bare one is Gemini's own."""
    sealed: str = part.take("thoughtSignature", str, also="thought_signature") or ""
    if not sealed:
        return ""
    plain = decoded(sealed.replace("-", "+").replace("_", "/"), part.path("thoughtSignature"))
    text = plain.decode("ascii", "ignore")
    return text if _MARK.match(text) else sealed


def _call(call: Fields, seal: str, made_id: str, calls: dict[str, list[str]]) -> ToolCall:
    name = call.need("name", str)
    id = call.take("id", str) or made_id
    calls.setdefault(name, []).append(id)
    made = ToolCall(id=id, name=name, arguments=call.take("args", dict) or {}, signature=seal)
    call.done()
    return made


def _result(result: Fields, calls: dict[str, list[str]]) -> ToolResult:
    """What the SDK wraps as output or error is unwrapped; any other object goes as its JSON."""
    name = result.need("name", str)
    open_calls = calls.get(name, [])
    id = result.take("id", str) or (open_calls[0] if open_calls else "")
    if id in open_calls:
        open_calls.remove(id)
    if not id:
        raise BadRequest(f"{result.path('name')} answers no call", param=result.path("name"))
    response = result.take("response", dict) or {}
    result.done()
    is_error = set(response) == {"error"}
    value = response.get("error") if is_error else response
    if set(response) in ({"output"}, {"result"}):
        value = next(iter(response.values()))
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return ToolResult(call_id=id, name=name, content=text, is_error=is_error)
