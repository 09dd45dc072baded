"""The control endpoint of standalone fakes: begin, reset and journal, for programs that run them.

    POST /_llmsim/begin     the scenario's time begins now
    POST /_llmsim/reset     as just started: nothing seen or stored, the same scenario
    GET  /_llmsim/journal   what was seen, one JSON object a line; ?after=claude:7,openai:3 leaves
                            out each fake's exchanges up to that number

On a port of its own, on loopback only, off unless asked for. What the endpoints do is handed in;
nothing here knows a fake.
"""

import json
import threading
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

from ..errors import StartError

__all__ = ["Control", "Controlled"]

HOST = "127.0.0.1"
PREFIX = "/_llmsim/"
VERBS = {"begin": "POST", "reset": "POST", "journal": "GET"}
AFTER_CHARS_MAX = 1000


class Controlled(Protocol):
    """What the endpoint drives."""

    def begin(self) -> Mapping[str, Any]: ...

    def reset(self) -> Mapping[str, Any]: ...

    def journal(self, after: Mapping[str, int]) -> Iterable[Mapping[str, Any]]:
        """What each fake saw after its exchange of that number."""
        ...


class Control:
    """A small HTTP server in a daemon thread of its own. Raises StartError when its port cannot
    be bound; port 0 is a free one."""

    def __init__(self, controlled: Controlled, *, port: int = 0) -> None:
        try:
            self._server = ThreadingHTTPServer((HOST, port), _handler(controlled))
        except (OSError, OverflowError) as problem:
            raise StartError(
                f"Cannot listen on {HOST}:{port} for control: {problem}. Use port 0 for a free one."
            ) from problem
        self._server.daemon_threads = True
        self.url = f"http://{HOST}:{self._server.server_address[1]}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, name="llmsim-control", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler(controlled: Controlled) -> type[BaseHTTPRequestHandler]:
    def perform(verb: str, query: Mapping[str, list[str]]) -> Iterable[Mapping[str, Any]]:
        if verb == "journal":
            return controlled.journal(_numbers(query.get("after", [""])[0]))
        return [controlled.begin() if verb == "begin" else controlled.reset()]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._do()

        def do_POST(self) -> None:
            self._do()

        def _do(self) -> None:
            asked = urlsplit(self.path)
            verb = asked.path.removeprefix(PREFIX)
            if (refused := self._refused(asked.path, verb)) is not None:
                self._send(refused[0], [{"error": refused[1]}])
                return
            try:
                told = list(perform(verb, parse_qs(asked.query)))
            except ValueError as problem:
                self._send(HTTPStatus.BAD_REQUEST, [{"error": str(problem)}])
                return
            self._send(HTTPStatus.OK, told)

        def _refused(self, path: str, verb: str) -> tuple[HTTPStatus, str] | None:
            # A page in a browser of this machine reaches loopback too: by a name that it made
            # resolve to it, or by a plain form. Neither may drive the fakes.
            host = urlsplit(f"//{self.headers.get('host', '')}").hostname or ""
            if "origin" in self.headers or not _is_loopback(host):
                return HTTPStatus.FORBIDDEN, "control is for programs of this machine, by 127.0.0.1"
            if not path.startswith(PREFIX) or verb not in VERBS:
                there_are = ", ".join(f"{method} {PREFIX}{name}" for name, method in VERBS.items())
                return HTTPStatus.NOT_FOUND, f"no {path}: there are {there_are}"
            if self.command != VERBS[verb]:
                return HTTPStatus.METHOD_NOT_ALLOWED, f"write {VERBS[verb]} {path}"
            return None

        def _send(self, status: HTTPStatus, lines: Iterable[Mapping[str, Any]]) -> None:
            body = "".join(json.dumps(line) + "\n" for line in lines).encode()
            self.send_response(status)
            self.send_header("content-type", "application/x-ndjson")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Requests to the control endpoint are no news."""

    return Handler


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _numbers(text: str) -> dict[str, int]:
    """`claude:7,openai:3` by name. Raises ValueError for anything else."""
    numbers = {}
    for piece in filter(None, text[:AFTER_CHARS_MAX].split(",")):
        name, colon, number = piece.partition(":")
        if not colon or not number.isdecimal():
            raise ValueError(f"after={text!r}: write after=claude:7,openai:3")
        numbers[name] = int(number)
    return numbers
