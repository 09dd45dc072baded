"""A request of `POST /api/chat` as the router's own. Nothing of answers.

Fields by name as ollama 0.6 sends them (`_types.py`, ChatRequest and Options). How the machine
shall run the model (`keep_alive` and the options in RUNNING) goes only to targets of this wire;
options in PASSED change the answer, and only targets of this wire are asked then.
"""

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
from ..fields import Fields, Notes, decoded, late_system
from ..values import Asked, BadRequest, Incoming

__all__ = ["PASSED", "RUNNING", "read"]

RUNNING = (
    "f16_kv", "low_vram", "main_gpu", "num_batch", "num_ctx", "num_gpu", "num_thread", "numa",
    "use_mlock", "use_mmap", "num_keep", "vocab_only", "embedding_only", "logits_all",
)  # fmt: skip
PASSED = (
    "min_p", "mirostat", "mirostat_eta", "mirostat_tau", "penalize_newline", "repeat_last_n",
    "repeat_penalty", "tfs_z", "typical_p",
)  # fmt: skip
_EFFORTS = ("low", "medium", "high")


def read(incoming: Incoming) -> Asked:
    """Raises BadRequest. A stream is this wire's default."""
    notes = Notes(lenient=incoming.lenient)
    body = Fields(incoming.body, notes=notes)
    hints = body.take_all(("keep_alive",))
    model = body.need("model", str)
    sampling, passed = _options(body, hints)
    system, messages = _messages(body)
    request = LLMRequest(
        messages=messages,
        system=system,
        tools=tuple(_tool(tool) for tool in body.each("tools")),
        output=_output(body),
        thinking=_thinking(body),
        **sampling,
    )
    for name in ("logprobs", "top_logprobs"):
        if body.take(name):
            body.refuse(name)
    streamed = body.take("stream", bool)
    body.done()
    return Asked(
        model=model,
        request=request,
        streamed=streamed is not False,
        hints=hints,
        passed=passed,
        same_wire=bool(passed),
        left_out=tuple(notes.left_out),
    )


def _options(body: Fields, hints: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """(what LLMRequest carries, what is passed on)."""
    options = body.inner("options")
    if options is None:
        return {}, {}
    running, passed = options.take_all(RUNNING), options.take_all(PASSED)
    stop = options.take("stop", str, list)
    most = options.take("num_predict", int)
    carried = {
        "temperature": options.number("temperature", 0, 2),
        "top_p": options.number("top_p", 0, 1),
        "top_k": options.whole("top_k"),
        "seed": options.take("seed", int),
        "frequency_penalty": options.number("frequency_penalty", -2, 2),
        "presence_penalty": options.number("presence_penalty", -2, 2),
        "max_tokens": most if most is not None and most > 0 else None,  # -1 and -2: no limit
        "stop": (stop,) if isinstance(stop, str) else tuple(stop or ()),
    }
    options.done()
    if passed:
        return carried, {"options": running | passed}
    if running:
        hints["options"] = running
    return carried, {}


def _output(body: Fields) -> OutputSchema | None:
    form = body.take("format", str, dict)
    if isinstance(form, dict):
        return OutputSchema(schema=form)
    if form in (None, ""):
        return None
    if form != "json":
        raise BadRequest(f'format is {form!r}; it is "json" or a schema', param="format")
    return OutputSchema(schema=None)


def _thinking(body: Fields) -> ThinkingOptions | None:
    """`false` is how most models answer anyway, and other wires have no word for it."""
    think = body.take("think", bool, str)
    if think in (None, False):
        return None
    if think is True:
        return ThinkingOptions()
    if think not in _EFFORTS:
        raise BadRequest("think is true, false, low, medium or high", param="think")
    return ThinkingOptions(effort=think)


def _tool(tool: Fields) -> Tool:
    tool.take("type", str)
    function = tool.child(tool.need("function", dict), "function")
    made = Tool(
        name=function.need("name", str),
        description=function.take("description", str) or "",
        parameters=function.take("parameters", dict) or {"type": "object", "properties": {}},
    )
    function.done()
    tool.done()
    return made


# Messages


def _messages(body: Fields) -> tuple[str | None, tuple[Message, ...]]:
    system: list[str] = []
    turns: list[Message] = []
    open_calls: list[tuple[str, str]] = []  # (name, id) without a result yet
    for number, message in enumerate(body.each("messages")):
        role = message.need("role", str)
        content = message.take("content", str) or ""
        if role == "system":
            if turns:
                raise late_system(message)
            system.append(content)
        elif role == "tool":
            result = _result(message, content, open_calls)
            if turns and turns[-1].role == "tool":
                turns[-1] = Message(role="tool", parts=(*turns[-1].parts, result))
            else:
                turns.append(Message(role="tool", parts=(result,)))
        elif role in ("user", "assistant"):
            turns.append(_turn(message, role, content, number, open_calls))
        else:
            raise BadRequest(f"{message.path('role')} is {role!r}", param=message.path("role"))
        message.done()
    if not turns:
        raise BadRequest("messages holds no turn beside the system prompt", param="messages")
    return "\n\n".join(system) if system else None, tuple(turns)


def _turn(
    message: Fields, role: str, content: str, number: int, open_calls: list[tuple[str, str]]
) -> Message:
    parts: list[Part] = []
    if thought := message.take("thinking", str):
        parts.append(Thinking(text=thought))
    if content:
        parts.append(Text(content))
    for place, image in enumerate(message.take("images", list) or ()):
        where = f"{message.path('images')}[{place}]"
        if not isinstance(image, str):
            raise BadRequest(f"{where} must be a string", param=where)
        data = decoded(image, where)
        parts.append(Image(data=data, media_type=_media_type(data)))
    for place, call in enumerate(message.each("tool_calls")):
        made = _call(call, f"local_{number}_{place}")
        open_calls.append((made.name, made.id))
        parts.append(made)
    if not parts:
        raise BadRequest(f"{message.path('content')} is empty", param=message.path("content"))
    return Message(role="assistant" if role == "assistant" else "user", parts=tuple(parts))


def _media_type(data: bytes) -> str:
    """This wire sends bytes alone; the others want to know what they are."""
    if data.startswith(b"\xff\xd8"):
        return "image/jpeg"
    if data.startswith(b"GIF8"):
        return "image/gif"
    return "image/webp" if data[8:12] == b"WEBP" else "image/png"


def _call(call: Fields, made_id: str) -> ToolCall:
    call.take("type", str)
    function = call.child(call.need("function", dict), "function")
    function.take("index", int)
    made = ToolCall(
        id=call.take("id", str) or made_id,
        name=function.need("name", str),
        arguments=function.take("arguments", dict) or {},
        signature=call.take("signature", str) or "",
    )
    function.done()
    call.done()
    return made


def _result(message: Fields, content: str, open_calls: list[tuple[str, str]]) -> ToolResult:
    """This wire tells results apart by the tool's name and their order."""
    name = message.take("tool_name", str, also="name") or ""
    id = message.take("tool_call_id", str) or ""
    found = next((c for c in open_calls if id == c[1] or (not id and name in ("", c[0]))), None)
    if found is None:
        raise BadRequest(f"{message.path('tool_name')} answers no call", param=message.path("role"))
    open_calls.remove(found)
    return ToolResult(call_id=found[1], name=found[0], content=content)
