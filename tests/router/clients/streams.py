"""A short stream of each vendor, piece by piece, as its server writes it."""

import json
from dataclasses import dataclass
from typing import Any

__all__ = ["STREAMS", "Script"]


@dataclass(frozen=True, kw_only=True)
class Script:
    """One vendor's stream of the text "Hello world" with 3 tokens in and 2 out.

    before    up to the last piece with text, `after` the rest with the terminal marker
    error     an error of the server's inside the stream; `limited` one that says rate limit
    garbage   a line that is not JSON
    """

    content_type: str
    before: tuple[bytes, ...]
    after: tuple[bytes, ...]
    error: bytes
    limited: bytes
    garbage: bytes

    @property
    def whole(self) -> bytes:
        return b"".join(self.before + self.after)


def _event(value: dict[str, Any]) -> bytes:
    return f"event: {value['type']}\ndata: {json.dumps(value)}\n\n".encode()


def _data(value: Any, end: str = "\n\n") -> bytes:
    return f"data: {json.dumps(value)}{end}".encode()


def _claude() -> Script:
    usage = {"input_tokens": 3, "output_tokens": 1}
    message = {"id": "msg_1", "model": "claude", "role": "assistant", "usage": usage}

    def delta(text: str) -> bytes:
        said = {"type": "text_delta", "text": text}
        return _event({"type": "content_block_delta", "index": 0, "delta": said})

    def error(kind: str) -> bytes:
        return _event({"type": "error", "error": {"type": kind, "message": "Overloaded"}})

    opened = {"type": "text", "text": ""}
    return Script(
        content_type="text/event-stream",
        before=(
            _event({"type": "message_start", "message": message}),
            _event({"type": "content_block_start", "index": 0, "content_block": opened}),
            delta("Hello"),
            delta(" world"),
        ),
        after=(
            _event({"type": "content_block_stop", "index": 0}),
            _event(
                {
                    "type": "message_delta",
                    "delta": {"stop_reason": "end_turn"},
                    "usage": {"output_tokens": 2},
                }
            ),
            _event({"type": "message_stop"}),
        ),
        error=error("overloaded_error"),
        limited=error("rate_limit_error"),
        garbage=b'event: ping\ndata: {"type": "pi\n\n',
    )


def _chat() -> Script:
    def chunk(delta: dict[str, Any], reason: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        return _data({"id": "chatcmpl-1", "model": "gpt", "choices": [choice], "usage": None})

    def error(kind: str) -> bytes:
        return _data({"error": {"message": "no", "type": kind, "param": None, "code": kind}})

    counts = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
    return Script(
        content_type="text/event-stream",
        before=(
            chunk({"role": "assistant", "content": ""}),
            chunk({"content": "Hello"}),
            chunk({"content": " world"}),
        ),
        after=(
            chunk({}, "stop"),
            _data({"id": "chatcmpl-1", "model": "gpt", "choices": [], "usage": counts}),
            b"data: [DONE]\n\n",
        ),
        error=error("server_error"),
        limited=error("rate_limit_exceeded"),
        garbage=b'data: {"id": "chatcmpl\n\n',
    )


def _responses() -> Script:
    def of(kind: str, **more: Any) -> bytes:
        return _event({"type": kind, **more})

    def error(code: str) -> bytes:
        return of("error", code=code, message="no", param=None)

    made = {"id": "resp_1", "model": "gpt", "output": []}
    counts = {"input_tokens": 3, "output_tokens": 2, "total_tokens": 5}
    ended = {**made, "status": "completed", "usage": counts}
    return Script(
        content_type="text/event-stream",
        before=(
            of("response.created", response={**made, "status": "in_progress"}),
            of("response.output_text.delta", delta="Hello", output_index=0),
            of("response.output_text.delta", delta=" world", output_index=0),
        ),
        after=(
            of("response.output_text.done", text="Hello world"),
            of("response.completed", response=ended),
        ),
        error=error("server_error"),
        limited=error("rate_limit_exceeded"),
        garbage=b'event: response.x\ndata: {"type": "resp\n\n',
    )


def _gemini() -> Script:
    def chunk(text: str, reason: str | None = None) -> bytes:
        candidate: dict[str, Any] = {"content": {"parts": [{"text": text}], "role": "model"}}
        if reason:
            candidate["finishReason"] = reason
        counts = {"promptTokenCount": 3, "candidatesTokenCount": 2, "totalTokenCount": 5}
        return _data({"candidates": [candidate], "usageMetadata": counts}, "\r\n\r\n")

    def error(code: int, status: str) -> bytes:
        body = {"error": {"code": code, "message": "no", "status": status}}
        return json.dumps(body, indent=2).encode() + b"\r\n"

    return Script(
        content_type="text/event-stream",
        before=(chunk("Hello"), chunk(" world")),
        after=(chunk("", "STOP"),),
        error=error(503, "UNAVAILABLE"),
        limited=error(429, "RESOURCE_EXHAUSTED"),
        garbage=b'data: {"candidates": [{"con\r\n\r\n',
    )


def _ollama() -> Script:
    def line(text: str, **more: Any) -> bytes:
        said = {"role": "assistant", "content": text}
        return (
            json.dumps({"model": "llama", "message": said, "done": False} | more).encode() + b"\n"
        )

    ended = {"done": True, "done_reason": "stop", "prompt_eval_count": 3, "eval_count": 2}
    error = b'{"error": "an error was encountered while running the model"}\n'
    return Script(
        content_type="application/x-ndjson",
        before=(line("Hello"), line(" world")),
        after=(line("", **ended),),
        error=error,
        limited=error,
        garbage=b'{"model": "llama", "mess\n',
    )


STREAMS = {
    "claude": _claude(),
    "chat": _chat(),
    "responses": _responses(),
    "gemini": _gemini(),
    "ollama": _ollama(),
    "http": _chat(),
}
