"""How near the counted tokens come to what the real services counted, and how long counting takes.

    python benchmarks/tokens.py [FOLDER]

FOLDER holds recorded requests and answers, one JSON object a line; without it the one beside this
repository is taken, and where there is none only the times are told. Each request is read as a
fake reads it; the error is that of its prompt tokens, relative to the recorded count. Requests
whose media were cut short in the recording stand apart, for nobody could count those.
"""

import json
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import parse_qsl

from fakeservers.behaviour.tokens import count_inputs, count_request, vocabulary
from fakeservers.canonical import (
    ChatRequest,
    CountRequest,
    EmbedRequest,
    Media,
    Message,
    Rejected,
    Request,
    Text,
    ToolCall,
    ToolResult,
)
from fakeservers.serving.routing import RouteTable
from fakeservers.wire.base import HttpRequest
from fakeservers.wire.registry import installed

RECORDINGS = Path(__file__).resolve().parents[2] / "shared" / "recordings"
NAMES = {"anthropic": "claude"}
HEADERS = {"anthropic-version": "2023-06-01", "x-api-key": "key", "authorization": "Bearer key"}
CUT_SHORT = "[truncated base64"
KINDS = ("text", "tools", "images", "cut media", "all")
TIMED_ROUNDS = 2000


def main(folder: Path) -> None:
    print("prompt tokens against recordings: median relative error (requests)")
    if not folder.is_dir():
        print(f"no recordings in {folder.name}/ beside this repository")
    else:
        installed = vocabulary.is_installed()
        table(folder, "with the tokens extra" if installed else "without the tokens extra")
        if installed:
            with without_vocabulary():
                table(folder, "without the tokens extra")
    times()


def table(folder: Path, title: str) -> None:
    print(f"\n{title}")
    print(f"{'endpoint':34}" + "".join(f"{kind:>16}" for kind in KINDS))
    for path in sorted(folder.glob("*.jsonl")):
        errors: defaultdict[str, list[float]] = defaultdict(list)
        for kind, error in measured(path):
            errors[kind].append(error)
            if kind != "cut media":
                errors["all"].append(error)
        if errors:
            print(f"{path.stem:34}" + "".join(f"{cell(errors[kind]):>16}" for kind in KINDS))


def cell(errors: list[float]) -> str:
    return f"{statistics.median(errors):.1%} ({len(errors)})" if errors else "-"


def measured(path: Path) -> Iterator[tuple[str, float]]:
    """The kind of each request that was answered, and the error of its count."""
    service = path.stem.partition("__")[0]
    provider = next(p for p in installed() if p.name == NAMES.get(service, service))
    routes = RouteTable(provider.routes)
    with path.open(encoding="utf-8") as lines:
        for record in map(json.loads, lines):
            answer = record["response"]
            wanted = recorded_tokens(answer["body"]) if answer["status"] == 200 else None
            if not wanted:
                continue
            try:
                request = read(routes, record["request"])
            except Rejected:
                continue
            if (counted := tokens(request)) is not None:
                yield kind_of(request, record["request"]), abs(counted - wanted) / wanted


def read(routes: RouteTable, asked: dict[str, Any]) -> Request:
    endpoint, params = routes.find(asked["method"], asked["path"])
    http = HttpRequest(
        method=asked["method"],
        path=asked["path"],
        query=dict(parse_qsl(asked["query"] or "")),
        headers=HEADERS,
        body=json.dumps(asked["body"]).encode(),
        params=params,
    )
    return endpoint.parse(http)


def tokens(request: Request) -> int | None:
    match request:
        case ChatRequest():
            return count_request(request)
        case CountRequest():
            return count_request(request.chat)
        case EmbedRequest():
            return count_inputs(request)
    return None


def kind_of(request: Request, asked: dict[str, Any]) -> str:
    if CUT_SHORT in json.dumps(asked["body"]):
        return "cut media"
    chat = request.chat if isinstance(request, CountRequest) else request
    if not isinstance(chat, ChatRequest):
        return "text"
    parts = [part for message in chat.messages for part in message.parts]
    if any(isinstance(p, Media) or (isinstance(p, ToolResult) and p.media) for p in parts):
        return "images"
    tools = chat.tools or asked["body"].get("tools")
    return "tools" if tools or any(isinstance(p, ToolCall | ToolResult) for p in parts) else "text"


# --- what was recorded ------------------------------------------------------------------


def recorded_tokens(body: Any) -> int | None:
    """The prompt tokens that an answer, whole or streamed, reports."""
    if isinstance(body, str):
        found = [recorded_tokens(event) for event in events(body)]
        return max((tokens for tokens in found if tokens), default=None)
    if isinstance(body, list):
        return recorded_tokens(body[-1])
    for inner in ("message", "response"):
        if isinstance(body.get(inner), dict):
            return recorded_tokens(body[inner])
    usage = body.get("usage") or body.get("usageMetadata") or body
    for name in ("prompt_tokens", "promptTokenCount", "totalTokens", "prompt_eval_count"):
        if name in usage:
            return int(usage[name])
    names = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
    return sum(usage.get(name) or 0 for name in names) or None


def events(text: str) -> Iterator[dict[str, Any]]:
    for line in text.splitlines():
        data = line.removeprefix("data:").strip()
        if data.startswith("{"):
            value = json.loads(data)
            if isinstance(value, dict):
                yield value


# --- without the extra, and time --------------------------------------------------------


@contextmanager
def without_vocabulary() -> Iterator[None]:
    """Counts by shape, as where the extra is not installed."""
    vocabulary.counter.cache_clear()
    with patch.object(vocabulary, "exact", lambda encoding: None):
        yield
    vocabulary.counter.cache_clear()


def times() -> None:
    print("\nmicroseconds a request: counted anew, and when its texts have come before")
    for title, text in (
        ("a short prompt", "What is the capital of France?"),
        ("2,250 characters", "The quick brown fox jumps over the lazy dog. " * 50),
    ):
        for provider, model in (("openai", "gpt-5"), ("claude", "claude-sonnet-4-5")):
            anew = timed(lambda n: count_request(ask(provider, model, f"{text} {n}")))  # noqa: B023
            again = timed(lambda _: count_request(ask(provider, model, text)))  # noqa: B023
            print(f"{title:20}{provider:10}{anew:10.1f}{again:10.1f}")


def ask(provider: str, model: str, text: str) -> ChatRequest:
    messages = (Message("user", (Text(text),)),)
    return ChatRequest(provider=provider, endpoint="chat", model=model, messages=messages)


def timed(count: Callable[[int], int]) -> float:
    count(-1)
    begin = time.perf_counter()
    for number in range(TIMED_ROUNDS):
        count(number)
    return (time.perf_counter() - begin) / TIMED_ROUNDS * 1e6


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else RECORDINGS)
