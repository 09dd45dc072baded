"""Measures how near the fakes come to the real services, and writes the figures into
`docs/fidelity.md`.

    python tools/fidelity.py [RECORDINGS]

One run of an unscripted `llmsim serve` is asked whatever the recorded programs asked the real
services: shapes are compared by the script beside the recordings, statuses and errors here,
tokens by `benchmarks/tokens.py`, and the vendors' suites run by `tools/sdk_suites.py`. Whatever
differs is explained in EXPLAINED or PROVIDER_KEEPS, or stands on the page as unexplained and makes
this fail. Without recordings there is nothing to measure: it says so and ends well.
"""

import json
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import SequenceMatcher
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "benchmarks")]

import sdk_suites  # noqa: E402
import tokens  # noqa: E402
from conformance import CHECK, CHECK_S_MAX, OPTIONS, served  # noqa: E402

PAGE = ROOT / "docs" / "fidelity.md"
MEASURED = re.compile(r"(<!-- measured -->\n).*?(<!-- end of measured -->)", re.S)
CUT_SHORT = "[truncated base64"
REQUESTS_MAX = 400
REQUEST_S_MAX = 20
NEAR = 0.9
"""From how alike on two messages count as nearly the same."""
KEYS: Mapping[str, Mapping[str, str]] = {
    "claude": {"x-api-key": "key", "anthropic-version": "2023-06-01"},
    "openai": {"authorization": "Bearer key"},
    "gemini": {"x-goog-api-key": "key"},
    "ollama": {},
}

EXPLAINED = {
    "openai__chat_completions MISSING chat.completion.chunk:usage": (
        "the chunks of requests without `include_usage`, which have no usage there either; the "
        "comparison takes only newer models for its norm, and their requests all asked for it"
    ),
    "openai__chat_completions TYPES chat.completion.chunk:system_fingerprint ['null']": (
        "null for gpt-4 and gpt-3.5-turbo, as recorded; newer models have a fingerprint"
    ),
    "openai__chat_completions UNKNOWN json:choices[].message.function_call": (
        "answers to the old `functions`, as recorded with gpt-3.5-turbo"
    ),
    "ollama__generate UNKNOWN done:prompt_eval_count": (
        "the one recorded stream is of May 2024, when a cached prompt had no count"
    ),
}
PROVIDER_KEEPS = re.compile(
    r"^(File not found: |No such File object: |Conversation with id |Previous response with id "
    r"|CachedContent not found|You do not have permission to access the File )"
)
"""How a fake says that a request names what lives only at the provider."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What came of the recorded requests of one endpoint."""

    endpoint: str
    asked: int
    same_status: int
    kept_there: int
    """Answered 200 there and refused here, for they name what only the provider keeps."""
    refused: tuple[str, ...]
    """Answered 200 there and refused here for any other reason."""
    errors: int
    same_errors: int
    near_errors: int


def main(recordings: Path) -> int:
    if not CHECK.is_file() or not recordings.is_dir():
        print("fidelity: skipped, no recordings lie beside this repository")
        return 0
    with served() as urls:
        shapes, differences = compared(urls)
        replayed = [one(path, urls) for path in sorted(recordings.glob("*.jsonl"))]
    suites = list(sdk_suites.results())
    unexplained = [line for line in differences if line not in EXPLAINED]
    unexplained += [line for each in replayed for line in each.refused]
    lines = chain(
        summary(shapes, replayed, suites, unexplained, errors_of_tokens(recordings)),
        endpoints(shapes, replayed),
        explained(differences, unexplained),
    )
    text = "\n".join(lines)
    page, written = MEASURED.subn(
        lambda marks: f"{marks[1]}{text}\n{marks[2]}", PAGE.read_text("utf-8")
    )
    if not written:
        raise SystemExit(f"fidelity: {PAGE.name} has no place for what was measured")
    PAGE.write_text(page, "utf-8")
    print(text)
    return 1 if unexplained else 0


# --- measuring --------------------------------------------------------------------------


def compared(urls: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    """The figures of the comparing script, and each difference that it found, in a line."""
    with tempfile.TemporaryDirectory(prefix="llmsim-fidelity-") as folder:
        figures = Path(folder) / "figures.json"
        options = [part for name, url in urls.items() for part in (OPTIONS[name], url)]
        command = [sys.executable, str(CHECK), *options, "-v"]
        command += ["--max", str(REQUESTS_MAX), "--json", str(figures)]
        told = subprocess.run(
            command, check=True, timeout=CHECK_S_MAX, capture_output=True, text=True
        ).stdout
        shapes: dict[str, Any] = json.loads(figures.read_text("utf-8"))
    return shapes, list(differences_in(told))


def differences_in(told: str) -> Iterator[str]:
    """`endpoint KIND path` for each path that is missing, of another type or unknown."""
    endpoint = ""
    for line in told.splitlines():
        if not line.startswith(" "):
            endpoint = line.split()[0]
        elif found := re.match(r"\s+(MISSING|TYPES|UNKNOWN) \[(.*)\]$", line):
            for quoted in re.findall(r"'([^']*)'|\"([^\"]*)\"", found[2]):
                yield f"{endpoint} {found[1]} {quoted[0] or quoted[1]}"


def one(path: Path, urls: Mapping[str, str]) -> Replayed:
    """Ask what one file recorded, and compare statuses and errors."""
    asked = same = kept = errors = exact = near = 0
    refused: list[str] = []
    for record in map(json.loads, path.read_text("utf-8").splitlines()):
        if CUT_SHORT in json.dumps(record["request"]["body"]):
            continue
        answer, wanted = ask(record, urls), record["response"]
        asked += 1
        same += answer.status_code == wanted["status"]
        if wanted["status"] >= 400:
            errors += 1
            likeness = alike(answer, wanted)
            exact += likeness == 1
            near += likeness >= NEAR
        elif answer.status_code >= 400:
            message = error_of(answer.json())["message"]
            if PROVIDER_KEEPS.match(message):
                kept += 1
            else:
                refused.append(f"{path.stem} REFUSED {message}")
    return Replayed(
        endpoint=path.stem,
        asked=asked,
        same_status=same,
        kept_there=kept,
        refused=tuple(refused),
        errors=errors,
        same_errors=exact,
        near_errors=near,
    )


def ask(record: dict[str, Any], urls: Mapping[str, str]) -> httpx.Response:
    provider = {"anthropic": "claude"}.get(record["provider"], record["provider"])
    request = record["request"]
    url = urls[provider].removesuffix("/v1") + request["path"]
    given = {name: text for name, text in request["headers"].items() if name != "content-type"}
    return httpx.request(
        request["method"],
        f"{url}?{request['query']}" if request["query"] else url,
        json=request["body"],
        headers={**KEYS[provider], **given},
        timeout=REQUEST_S_MAX,
    )


def alike(answer: httpx.Response, wanted: dict[str, Any]) -> float:
    """0 unless status, type, code and param are the recorded ones; how alike the messages are."""
    if answer.status_code != wanted["status"]:
        return 0.0
    ours, theirs = error_of(answer.json()), error_of(wanted["body"])
    told, recorded = ours.pop("message"), theirs.pop("message")
    same = {**ours, "details": None} == {**theirs, "details": None}
    return SequenceMatcher(None, told, recorded).ratio() if same else 0.0


def error_of(body: Any) -> dict[str, Any]:
    error = body["error"]
    return dict(error) if isinstance(error, dict) else {"message": error}


def errors_of_tokens(recordings: Path) -> dict[str, tuple[float, float]]:
    """The median relative error of the prompt tokens by what is counted, with and without the
    `tokens` extra; requests whose media were cut short are left out."""
    with_extra = counted(recordings)
    with tokens.without_vocabulary():
        without = counted(recordings)
    return {
        name: (statistics.median(with_extra[name]), statistics.median(without[name]))
        for name in with_extra
    }


def counted(recordings: Path) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for path in sorted(recordings.glob("*.jsonl")):
        service = path.stem.partition("__")[0].replace("anthropic", "claude")
        for kind, error in tokens.measured(path):
            name = f"{service}, {kind}" if service == "openai" else service
            if kind != "cut media":
                found.setdefault(name, []).append(error)
    return found


# --- writing ----------------------------------------------------------------------------


def summary(
    shapes: Mapping[str, Any],
    replayed: list[Replayed],
    suites: list[tuple[sdk_suites.Suite, int, int]],
    unexplained: list[str],
    token_errors: Mapping[str, tuple[float, float]],
) -> Iterator[str]:
    def summed(name: str) -> int:
        return sum(figures[name] for figures in shapes.values())

    def total(name: str) -> int:
        return sum(getattr(each, name) for each in replayed)

    sdks = ("anthropic", "openai", "google-genai", "ollama")
    yield (
        f"{datetime.now(UTC):%Y-%m-%d}, {total('asked')} recorded requests, unscripted; "
        + ", ".join(f"{name} {version(name)}" for name in sdks)
        + "."
    )
    yield ""
    yield "| measure | here |"
    yield "|---|---|"
    yield (
        "| JSON paths always present in real replies that are sent | "
        f"{summed('always_sent')} of {summed('always_total')} |"
    )
    odd = summed("types_bad") + summed("unknown")
    yield f"| paths or types that no real reply has | {odd}, explained below |"
    yield f"| streams whose events come as real ones | {summed('sse_ok')} of {summed('sse_n')} |"
    errors = total("errors")
    yield (
        "| recorded errors with the same status, type, code and param, the message nearly or "
        f"wholly the same | {total('near_errors')} of {errors}, wholly {total('same_errors')} |"
    )
    yield f"| recorded 200s refused without need | {sum(len(e.refused) for e in replayed)} |"
    yield (
        "| recorded 200s refused because they name a file, conversation, response or cache that "
        f"only the provider keeps | {total('kept_there')} |"
    )
    for name, (with_extra, without) in sorted(token_errors.items()):
        figure = f"{with_extra:.1%}"
        if f"{without:.1%}" != figure:
            figure += f"; without the `tokens` extra {without:.1%}"
        yield f"| median error of prompt tokens: {name} | {figure} |"
    for suite, passed, failed in suites:
        must = f"; {suite.failing} want what the real service does not send" * bool(suite.failing)
        yield (
            f"| tests of the SDK `{suite.package}` that pass without validation | "
            f"{passed} of {passed + failed}{must} |"
        )
    yield f"| differences without an explanation | {len(unexplained)} |"


def endpoints(shapes: Mapping[str, Any], replayed: list[Replayed]) -> Iterator[str]:
    yield ""
    yield "| recorded endpoint | requests | same status | paths | streams | token error |"
    yield "|---|---|---|---|---|---|"
    for each in replayed:
        row = [each.endpoint.replace("__", " "), str(each.asked), str(each.same_status)]
        if (figures := shapes.get(each.endpoint)) is not None:
            error = figures["token_err_median"]
            row += [
                f"{figures['always_sent']} of {figures['always_total']}",
                f"{figures['sse_ok']} of {figures['sse_n']}" if figures["sse_n"] else "-",
                "-" if error is None else f"{error:.0%}",
            ]
        else:
            row += ["-"] * 3
        yield f"| {' | '.join(row)} |"


def explained(differences: list[str], unexplained: list[str]) -> Iterator[str]:
    yield ""
    yield "What the comparison names, and why:"
    yield ""
    for line in differences:
        if line in EXPLAINED:
            yield f"- `{line}`: {EXPLAINED[line]}."
    for line in unexplained:
        yield f"- `{line}`: unexplained."


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else tokens.RECORDINGS))
