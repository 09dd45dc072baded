"""One call to an OpenAI-compatible endpoint over gevent's sockets, and when each part of it came.

Locust's own clients are not used: with `stream=True` their row is the time to the headers only,
and `FastHttpUser.iter_lines` waits for blocks of 1024 bytes, so that every token seems to arrive
with the last one. Here a line is stamped when it is read from the socket.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any

import gevent  # type: ignore[import-untyped]
from geventhttpclient import HTTPClient
from geventhttpclient.response import HTTPSocketPoolResponse

from .answers import content_of, error_code, events, told_by_headers
from .records import Outcome

__all__ = ["PATH", "Heard", "Line"]

PATH = "/chat/completions"
LINE_END = b"\n"


@dataclass(slots=True, kw_only=True)
class Heard:
    """What came of a call. Times are seconds since it was sent; `message` is the answer's, put
    together again where it was streamed."""

    outcome: Outcome = "lost"
    status: int | None = None
    headers_s: float | None = None
    ttft_s: float | None = None
    took_s: float = 0.0
    gaps_s: list[float] = field(default_factory=list)
    error: str = ""
    message: dict[str, Any] = field(default_factory=dict)
    usage: dict[str, Any] = field(default_factory=dict)
    told: dict[str, Any] = field(default_factory=dict)


class Line:
    """A user's connections to the endpoint; `request_s_max` bounds a whole call."""

    def __init__(self, base_url: str, *, key: str = "", request_s_max: float = 30.0) -> None:
        base_url = base_url.rstrip("/")
        if not base_url.endswith("/v1"):
            base_url += "/v1"
        self._client = HTTPClient.from_url(
            base_url, network_timeout=request_s_max, connection_timeout=request_s_max
        )
        self._path = "/" + base_url.split("://", 1)[1].partition("/")[2] + PATH
        self._headers = {"content-type": "application/json", "authorization": f"Bearer {key}"}
        self._request_s_max = request_s_max

    def ask(self, body: Mapping[str, Any]) -> Heard:
        """Send it and hear it to its end. Never raises for what the other side does."""
        heard = Heard()
        payload = json.dumps(body).encode()
        sent_s = time.perf_counter()
        try:
            with gevent.Timeout(self._request_s_max):
                response = self._client.request("POST", self._path, payload, self._headers)
                heard.headers_s = time.perf_counter() - sent_s
                heard.status = response.status_code
                headers = {str(name).lower(): str(value) for name, value in response.items()}
                heard.told = told_by_headers(headers)
                if heard.status == 200 and "event-stream" in headers.get("content-type", ""):
                    _hear_stream(response, heard, sent_s)
                else:
                    _hear_whole(response, heard)
        except gevent.Timeout:
            heard.error = "user_gave_up"
            self._client.close()
        except (HTTPException, OSError, ValueError) as problem:
            heard.error = f"{type(problem).__name__}: {problem}"
        heard.took_s = time.perf_counter() - sent_s
        return heard

    def close(self) -> None:
        self._client.close()


def _hear_whole(response: HTTPSocketPoolResponse, heard: Heard) -> None:
    body = json.loads(response.read())
    if heard.status != 200:
        heard.outcome, heard.error = "refused", error_code(body)
        _note_trace(body, heard)
        return
    heard.message = body["choices"][0]["message"]
    heard.usage = body.get("usage") or {}
    heard.told.setdefault("extra", {}).setdefault("call_id", _call_id(body))
    heard.outcome = "ok"


def _hear_stream(response: HTTPSocketPoolResponse, heard: Heard, sent_s: float) -> None:
    """Ends well only with a finish reason and `[DONE]`: a stream that just stops is lost."""
    before_s = None
    finished = done = False
    while line := response.readline(LINE_END):
        now_s = time.perf_counter() - sent_s
        done = done or line.startswith(b"data: [DONE]")
        for chunk in events(line):
            if "error" in chunk:
                heard.outcome = "cut" if heard.ttft_s is not None else "refused"
                heard.error = error_code(chunk)
                _note_trace(chunk, heard)
                continue
            heard.told.setdefault("extra", {}).setdefault("call_id", _call_id(chunk))
            heard.usage = chunk.get("usage") or heard.usage
            if content_of(chunk):
                if before_s is None:
                    heard.ttft_s = now_s
                else:
                    heard.gaps_s.append(now_s - before_s)
                before_s = now_s
            for choice in chunk.get("choices", ()):
                _put_together(heard.message, choice.get("delta") or {})
                finished = finished or choice.get("finish_reason") is not None
    if not heard.error:
        heard.outcome = "ok" if finished and done else "lost"
        heard.error = "" if finished and done else "ended_without_saying_so"


def _put_together(message: dict[str, Any], delta: Mapping[str, Any]) -> None:
    if delta.get("content"):
        message["content"] = message.get("content", "") + delta["content"]
    for piece in delta.get("tool_calls") or ():
        calls = message.setdefault("tool_calls", [])
        while len(calls) <= piece["index"]:
            calls.append({"id": "", "type": "function", "function": {"name": "", "arguments": ""}})
        call, function = calls[piece["index"]], piece.get("function") or {}
        call["id"] += piece.get("id") or ""
        for name in ("name", "arguments"):
            call["function"][name] += function.get(name) or ""


def _call_id(body: Mapping[str, Any]) -> str:
    return str(body.get("id", "")).removeprefix("chatcmpl-")


def _note_trace(body: Mapping[str, Any], heard: Heard) -> None:
    """Who was asked before the gateway gave up."""
    error = body.get("error")
    trace = error.get("llmsim") if isinstance(error, Mapping) else None
    if isinstance(trace, Mapping):
        heard.told.setdefault("extra", {})["call_id"] = trace.get("call_id", "")
        tried = [f"{a['provider']}:{a['outcome']}" for a in trace.get("attempts", ())]
        heard.told |= {"tried": tried, "attempts": len(tried)}
