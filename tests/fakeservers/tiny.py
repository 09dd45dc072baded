"""A fifth provider, as small as one can be: it says the last user text back in capitals of its
own wire format. What another distribution would bring through the hook."""

from fakeservers.canonical import (
    ApiError,
    ChatRequest,
    CompletionResult,
    Message,
    Rejected,
    Text,
)
from fakeservers.wire.base import Answer, Frame, HttpRequest, Provider, Route, Stamp


class Say:
    """`POST /say {"text": ..., "stream": false}` -> `{"said": ...}`."""

    def parse(self, http: HttpRequest) -> ChatRequest:
        body = http.json()
        if not isinstance(body, dict) or not isinstance(body.get("text"), str):
            raise Rejected(ApiError(status=422, kind="invalid", message="text is missing"))
        return ChatRequest(
            provider="tiny",
            endpoint="say",
            model="tiny-1",
            messages=(Message("user", (Text(body["text"]),)),),
            stream=bool(body.get("stream")),
            raw=body,
        )

    def render(self, request: ChatRequest, result: CompletionResult, stamp: Stamp) -> Answer:
        if request.stream:
            frames = (Frame(f"{word}\n".encode(), True) for word in result.reply.text.split())
            return Answer(headers=(("content-type", "text/plain"),), body=frames)
        said = f'{{"said": "{result.reply.text}"}}'
        return Answer(headers=(("content-type", "application/json"),), body=said.encode())


def error(problem: ApiError, http: HttpRequest, stamp: Stamp) -> Answer:
    said = problem.message or f"{problem.kind} {problem.subject}"
    return Answer(
        status=problem.status,
        headers=(("content-type", "text/plain"), *problem.headers),
        body=said.encode(),
    )


TINY = Provider(
    name="tiny",
    routes=(Route("POST", "/say", Say()),),
    error=error,
    env=lambda url: {"TINY_URL": url},
)
