"""Write the model data of the fakes, `fakeservers/behaviour/model_data/*.json`.

Names come from the installed SDKs' own lists, context windows and display names from
genai-prices, and what both lack from the hand-kept `model_tables/*.txt` beside this script. Run
it where the newest of them are installed, read what it prints to have changed, and commit that:

    pip install -U anthropic openai google-genai genai-prices
    python tools/make_catalogue.py
"""

import importlib
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from catalogue_sources import (
    context_of,
    english_day,
    epoch_s,
    literals,
    longest_prefix,
    pairs,
    price_entry,
    priced,
    source,
    table,
)

AS_OF = "2026-11-22"
"""The day of these data: a model whose retirement lies before it answers but is not listed."""

TARGET = Path(__file__).parents[1] / "fakeservers" / "behaviour" / "model_data"
LETTERS = {"t": "tools", "v": "vision", "r": "thinking", "s": "json_schema"}

Row = dict[str, Any]


def main() -> None:
    for make in (claude, openai, gemini, ollama):
        write(make.__name__, [finished(row) for row in make()])


# --- Claude -------------------------------------------------------------------------------


def claude() -> Iterator[Row]:
    """Newest first, as the real listing is."""
    rows = list(table("claude", "models"))
    known = {name for row in rows for name in row[:2]}
    for name in literals("anthropic.types.model", "Model"):
        if name not in known:
            print(f"claude: {name} is missing in model_tables/claude.txt, its data are guessed")
            yield claude_row([name, "", "", AS_OF, "", "128000", "", "adaptive", "", ""])
    yield from map(claude_row, rows)


def claude_row(row: list[str]) -> Row:
    name, alias, snapshot, released, context, output, efforts, thinking, deprecated, retires = row
    messages: Any = importlib.import_module("anthropic.resources.messages.messages")
    if announced := messages.DEPRECATED_MODELS.get(name):
        retires = english_day(announced)
    lifecycle = "active" if not retires else "retired" if retires <= AS_OF else "deprecated"
    return {
        "id": name,
        "snapshot": snapshot,
        "created_s": epoch_s(released),
        "display_name": getattr(price_entry("anthropic", name), "name", None) or titled(name),
        "context_window": int(context or context_of("anthropic", name, 1_000_000)),
        "max_output_tokens": int(output),
        "capabilities": "tv" + "r" * bool(thinking) + "s" * (not name.startswith("claude-3")),
        "deprecated_on": deprecated,
        "retires_on": retires,
        "aliases": [alias] if alias else [],
        "extra": {
            "line": re.findall("haiku|sonnet|opus|fable|mythos", name)[0],
            "lifecycle": lifecycle,
            "efforts": efforts.split(),
            "thinking_types": thinking.split(),
        },
    }


def titled(name: str) -> str:
    """`claude-mythos-5-1` as `Claude Mythos 5.1`."""
    return re.sub(r"(\d)-(\d)", r"\1.\2", name).replace("-", " ").title()


# --- OpenAI -------------------------------------------------------------------------------

OPENAI_LISTS = {
    ("openai.types.shared.all_models", "AllModels"): "chat",
    ("openai.types.embedding_model", "EmbeddingModel"): "embedding",
    ("openai.types.moderation_model", "ModerationModel"): "moderation",
    ("openai.types.image_model", "ImageModel"): "image",
    ("openai.types.audio_model", "AudioModel"): "audio",
    ("openai.types.audio.speech_model", "SpeechModel"): "audio",
    ("openai.types.video_model", "VideoModel"): "other",
}
DAY = r"\d{4}-\d\d-\d\d"


def openai() -> Iterator[Row]:
    """Oldest first, as the real listing is."""
    kinds = {name: kind for each, kind in OPENAI_LISTS.items() for name in literals(*each)}
    names = openai_names(set(kinds))
    retirements = openai_retirements()
    rows = (openai_row(name, kinds.get(name, ""), names, retirements) for name in sorted(names))
    yield from sorted(rows, key=lambda row: row["created_s"])


def openai_names(names: set[str]) -> set[str]:
    """The SDK's names, those that genai-prices adds and those that only the table has."""
    chat_models = source("openai.types.shared.chat_model")
    unsupported = re.findall(r'"([^"]+)": Not a supported model ID', chat_models)
    unserved = {row[0] for row in table("openai", "unserved")}
    served = {row[0] for row in table("openai", "served")}
    for model in priced("openai"):
        dated = re.findall(rf"'({re.escape(model.id)}-{DAY})'", repr(model.match))
        served.update([model.id, *dated])
    return (names | served) - unserved - set(unsupported)


def openai_row(name: str, kind: str, names: set[str], retirements: dict[str, str]) -> Row:
    limits = {row[0]: row for row in table("openai", "limits")}
    _, context, output, capabilities, dimensions = limits[longest_prefix(name, limits)]
    dated = [each for each in names if re.fullmatch(rf"{re.escape(name)}-{DAY}", each)]
    snapshot = pairs("openai", "snapshots").get(name) or max(dated, default="")
    ends = pairs("openai", "retires")
    alias = pairs("openai", "aliases").get(name)
    return {
        "id": name,
        "snapshot": snapshot,
        "kind": kind or openai_kind(name),
        "created_s": openai_created(name, snapshot),
        "context_window": int(context or context_of("openai", name, 0)),
        "max_output_tokens": int(output),
        "dimensions": int(dimensions or 0),
        "capabilities": capabilities,
        "retires_on": retirements.get(name) or ends.get(longest_prefix(name, ends), ""),
        "aliases": [alias] if alias else [],
        "extra": {"owned_by": pairs("openai", "owners").get(name, "system")},
    }


def openai_kind(name: str) -> str:
    """The kind of a model that stands in none of the SDK's lists."""
    if re.search("whisper|transcribe|tts", name):
        return "audio"
    if re.search("realtime|live", name):
        return "other"
    if re.search("davinci|babbage|instruct", name):
        return "completion"
    return "image" if "image" in name else "chat"


def openai_created(name: str, snapshot: str) -> int:
    if created := pairs("openai", "created").get(name):
        return int(created)
    released = pairs("openai", "released").get(name)
    days = [released] if released else re.findall(DAY, f"{name} {snapshot}")
    if not days:
        print(f"openai: no day is known for {name}; see [released] in model_tables/openai.txt")
    return epoch_s(days[0] if days else AS_OF)


def openai_retirements() -> dict[str, str]:
    """The shutdown days that stand in the SDK's docstrings, by model."""
    found: dict[str, str] = {}
    for module in ("shared.chat_model", "image_model", "audio_model", "audio.speech_model"):
        for entry in source(f"openai.types.{module}").split("\n- ")[1:]:
            names, _, text = " ".join(entry.split()).partition(": ")
            if day := re.search(rf"({DAY})|on (\w+ \d+, \d{{4}})", text):
                ends = day[1] or english_day(day[2])
                found.update(dict.fromkeys(re.findall('"([^"]+)"', names), ends))
    return found


# --- Gemini -------------------------------------------------------------------------------

GEMINI_METHODS = {
    "cached": ["generateContent", "countTokens", "createCachedContent", "batchGenerateContent"],
    "batch": ["generateContent", "countTokens", "batchGenerateContent"],
    "plain": ["generateContent", "countTokens"],
    "embed": ["embedContent", "countTextTokens", "countTokens", "asyncBatchEmbedContent"],
    "answer": ["generateAnswer"],
    "predict": ["predict"],
    "film": ["predictLongRunning"],
}
GEMINI_KINDS = {"embed": "embedding", "answer": "other", "predict": "image", "film": "other"}
GEMINI_SDK_LIST = "google.genai._gaos.types.interactions.model"


def gemini() -> Iterator[Row]:
    """In the order of the real listing, then what only the SDK lists, then what is gone."""
    comments = re.findall(r'# (.+)\n\s+"([^"]+)",', source(GEMINI_SDK_LIST))
    described = {name: text for text, name in comments}
    rows = list(table("gemini", "listed"))
    known = {row[0] for row in rows}
    ends = pairs("gemini", "retires")
    for row in rows:
        ending = {"retires_on": ends.get(row[0], ""), "listed": True}
        yield gemini_row(row, described) | {"snapshot": row[8]} | ending
    for name in literals(GEMINI_SDK_LIST, "Model"):
        if name not in known:
            yield gemini_row(gemini_guess(name, described.get(name, "")), described)
    for row in table("gemini", "unlisted"):
        yield gemini_row(row, described) | {"listed": False, "retires_on": row[8]}


def gemini_guess(name: str, text: str) -> list[str]:
    """The row of a model that only the SDK lists; genai-prices rounds the 1,048,576 tokens."""
    context = context_of("google", name, 1_000_000)
    window = str(1_048_576 if context == 1_000_000 else context)
    display = text.split(" - ")[0] if " - " in text else titled(name)
    return [name, "001", display, window, "65536", "cached", "1 0.95 64 2", "tvrs", ""]


def gemini_row(row: list[str], described: dict[str, str]) -> Row:
    name, version, display, context, output, methods, sampling, capabilities, _ = row
    embeds = methods == "embed"
    names = [] if embeds else ["temperature", "topP", "topK", "maxTemperature"]
    return {
        "id": name,
        "kind": GEMINI_KINDS.get(methods, "chat"),
        "display_name": display,
        "context_window": int(context),
        "max_output_tokens": int(output),
        "dimensions": int(sampling) if embeds else 0,
        "capabilities": capabilities,
        "extra": {
            "version": version,
            "description": described.get(name, display),
            "supportedGenerationMethods": GEMINI_METHODS[methods],
            **dict(zip(names, map(json.loads, sampling.split()), strict=False)),
        },
    }


# --- Ollama -------------------------------------------------------------------------------


def ollama() -> Iterator[Row]:
    """Newest first, as the real listing is; each was pulled a day before the one above it."""
    pulled = datetime.fromisoformat(AS_OF).replace(hour=9, tzinfo=UTC)
    for days, row in enumerate(table("ollama", "models")):
        name, families, parameters, quantization, size, context, able, dimensions = row
        letters = [letter for letter, meaning in LETTERS.items() if meaning in able.split()]
        yield {
            "id": f"{name}:latest",
            "kind": "embedding" if able == "embedding" else "chat",
            "created_s": int((pulled - timedelta(days=days)).timestamp()),
            "context_window": int(context),
            "max_output_tokens": int(context),
            "dimensions": int(dimensions or 0),
            "capabilities": "".join(letters) + "s" * ("completion" in able),
            "extra": {
                "family": families.split()[0],
                "families": families.split(),
                "parameter_size": parameters,
                "quantization_level": quantization,
                "size": int(size),
                "digest": sha256(f"{name}:latest".encode()).hexdigest(),
                "capabilities": able.split(),
            },
        }


# --- writing ------------------------------------------------------------------------------


def finished(row: Row) -> Row:
    """The row as `Model` takes it: letters spelt out, what is a default left out."""
    letters = row.pop("capabilities")
    row |= {meaning: letter in letters for letter, meaning in LETTERS.items()}
    if "listed" not in row and "" < row.get("retires_on", "") <= AS_OF:
        row["listed"] = False
    row["extra"] = row.pop("extra")
    own = {"snapshot": row["id"], "display_name": row["id"]}
    defaults = own | {"kind": "chat", "dimensions": 0, "listed": True, "aliases": []}
    return {key: value for key, value in row.items() if value not in ("", defaults.get(key, ""))}


def write(provider: str, rows: list[Row]) -> None:
    """Write the file, one model a line, and print what changed."""
    path = TARGET / f"{provider}.json"
    before = json.loads(path.read_text("utf-8")) if path.exists() else []
    old, new = ({row["id"]: row for row in each} for each in (before, rows))
    path.write_text("[\n" + ",\n".join(map(json.dumps, rows)) + "\n]\n", "utf-8")
    changed = {name for name in new.keys() & old.keys() if new[name] != old[name]}
    print(f"{provider}: {len(new)} models")
    for sign, names in {"+": new.keys() - old, "-": old.keys() - new, "~": changed}.items():
        for name in sorted(names):
            print(f"  {sign} {name}")


if __name__ == "__main__":
    main()
