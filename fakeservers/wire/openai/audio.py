"""/v1/audio: speech, transcriptions, translations.

Shapes from the types of the openai SDK 3.54 (`Transcription`, `TranscriptionVerbose`, the events
`transcript.text.*`) and the speech-to-text guide. A transcription is generated content: scripts
say what was heard.
"""

from base64 import b64encode
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from ...canonical import (
    ChatRequest,
    CompletionResult,
    Media,
    Message,
    Part,
    Rejected,
    SpeechRequest,
    SpeechResult,
    Text,
    Usage,
)
from ..base import Answer, Frame, HttpRequest, Stamp
from ..framing import deltas, dumps, json_bytes, sse
from ..reading import Reader
from .fields import as_body
from .headers import answer
from .resources import form
from .rules import Range, check_range
from .sound import FORMATS, MIME_TYPES, duration_s, encoded
from .subtitles import Segment, segments, srt, vtt, words
from .wording import WORDING, invalid, unknown_value

__all__ = ["Speech", "Transcribe", "Translate"]

INPUT_CHARS_MAX = 4_096
SPEED = Range("decimal", 0.25, 4)
TEMPERATURE = Range("decimal", 0, 1)

STREAM_FORMATS = ("sse", "audio")
OLD_SPEECH = ("tts-1", "tts-1-hd")
EVENT_BYTES = 24_000
TEXT_FORMATS = ("json", "text", "srt", "verbose_json", "vtt", "diarized_json")
PLAIN = "text/plain; charset=utf-8"
WHISPER = "whisper-1"
HEARD = ("flac", "m4a", "mp3", "mp4", "mpeg", "mpga", "oga", "ogg", "wav", "webm")
"""The kinds of files that are transcribed, by the ends of their names."""
_SUFFIXES = tuple(f".{kind}" for kind in HEARD)
TOKENS_PER_S = 10
"""Of sound that a model listens to (OpenAI's pricing of gpt-4o-transcribe: a minute is 600)."""


class Speech:
    """POST /v1/audio/speech: sound, whole or in server-sent events."""

    def parse(self, http: HttpRequest) -> SpeechRequest:
        body = Reader.of(http.json(), WORDING)
        body.require("model", "input", "voice")
        text = body.text("input") or ""
        if len(text) > INPUT_CHARS_MAX:
            raise Rejected(
                invalid(
                    f"Invalid 'input': string too long. Expected a string with maximum length "
                    f"{INPUT_CHARS_MAX}, but got a string with length {len(text)} instead.",
                    param="input",
                    code="string_above_max_length",
                )
            )
        if not isinstance(body.raw("voice"), str):
            body.object("voice")
        _one_of(body, "response_format", FORMATS)
        _one_of(body, "stream_format", STREAM_FORMATS)
        speed = body.number("speed")
        check_range("speed", speed, SPEED)
        model = body.text("model") or ""
        if body.raw("stream_format") == "sse" and model in OLD_SPEECH:
            message = f"stream_format 'sse' is not supported for model '{model}'."
            raise Rejected(invalid(message, param="stream_format"))
        return SpeechRequest(
            provider="openai",
            endpoint="audio.speech.create",
            model=model,
            prompt=text,
            speed=1.0 if speed is None else speed,
            raw=body.value,
        )

    def render(self, request: SpeechRequest, result: SpeechResult, stamp: Stamp) -> Answer:
        form = request.raw.get("response_format") or "mp3"
        data = encoded(result, form)
        if request.raw.get("stream_format") == "sse":
            return answer(stamp, _speech_events(data, result.usage))
        return answer(stamp, data, kind=MIME_TYPES[form])


def _speech_events(data: bytes, usage: Usage) -> Iterator[Frame]:
    for start in range(0, len(data), EVENT_BYTES):
        piece = b64encode(data[start : start + EVENT_BYTES]).decode()
        yield Frame(sse(dumps({"type": "speech.audio.delta", "audio": piece})), True)
    counts = {
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "total_tokens": usage.input_tokens + usage.output_tokens,
    }
    yield Frame(sse(dumps({"type": "speech.audio.done", "usage": counts})))


class Transcribe:
    """POST /v1/audio/transcriptions, a form with `file` and `model`."""

    endpoint = "audio.transcriptions.create"
    task = "transcribe"

    def parse(self, http: HttpRequest) -> ChatRequest:
        given = form(http)
        file = given.file("file")
        body = Reader.of(as_body(given, numbers=("temperature",)), WORDING)
        if file is None:
            raise Rejected(WORDING.missing(("file",)))
        body.require("model")
        if not file.data:
            raise Rejected(invalid("Audio file is too short. Minimum audio length is 0.1 seconds."))
        if http.validates and PurePosixPath(file.name).suffix.lower() not in ("", *_SUFFIXES):
            told = f"Invalid file format. Supported formats: {[*HEARD]}"  # issue logs, 2023 to 2025
            raise Rejected(invalid(told))
        model, text = body.text("model") or "", body.text("prompt") or ""
        check_range("temperature", body.number("temperature"), TEMPERATURE)
        kind = _text_format(body, model)
        heard: list[Part] = [Media("audio", file.mime_type)]
        if text:
            heard.append(Text(text))
        return ChatRequest(
            provider="openai",
            endpoint=self.endpoint,
            model=model,
            messages=(Message("user", tuple(heard)),),
            # Only the newer models stream; others take no notice (SDK, `transcriptions.create`).
            stream=body.flag("stream") is True and model != WHISPER,
            raw={
                **body.value,
                "response_format": kind,
                "seconds": duration_s(file.data),
                "granularities": given.fields.get("timestamp_granularities", ["segment"]),
            },
        )

    def render(self, request: ChatRequest, result: CompletionResult, stamp: Stamp) -> Answer:
        raw, text = request.raw, result.reply.text
        seconds: float = raw["seconds"]
        if request.stream:
            return answer(stamp, _text_events(text, result.usage, seconds))
        cut = segments(text, seconds)
        match raw["response_format"]:
            case "text":
                return answer(stamp, f"{text}\n".encode(), kind=PLAIN)
            case "srt":
                return answer(stamp, srt(cut).encode(), kind=PLAIN)
            case "vtt":
                return answer(stamp, vtt(cut).encode(), kind=PLAIN)
            case "verbose_json":
                return answer(stamp, json_bytes(self._verbose(raw, text, cut)))
            case "diarized_json":
                return answer(stamp, json_bytes(_diarized(text, cut, seconds, result.usage)))
        body: dict[str, Any] = {"text": text}
        if self.task == "transcribe":
            body["usage"] = _usage(request.model, result.usage, seconds)
        return answer(stamp, json_bytes(body))

    def _verbose(self, raw: Mapping[str, Any], text: str, cut: list[Segment]) -> dict[str, Any]:
        seconds, wanted = raw["seconds"], raw["granularities"]
        language = "english" if self.task == "translate" else raw.get("language") or "english"
        body = {"task": self.task, "language": language, "duration": seconds, "text": text}
        if "word" in wanted:
            body["words"] = [
                {"word": word, "start": start, "end": end}
                for word, start, end in words(text, seconds)
            ]
        if "segment" in wanted:
            body["segments"] = [_segment(number, one) for number, one in enumerate(cut)]
        if self.task == "transcribe":
            body["usage"] = {"type": "duration", "seconds": round(seconds)}
        return body


class Translate(Transcribe):
    """POST /v1/audio/translations: into English."""

    endpoint = "audio.translations.create"
    task = "translate"


def _one_of(body: Reader, key: str, known: tuple[str, ...]) -> None:
    value = body.text(key)
    if value is not None and value not in known:
        raise Rejected(unknown_value(value, known, key))


def _text_format(body: Reader, model: str) -> str:
    """The format of the text; not every model knows each (SDK, `TranscriptionCreateParams`)."""
    _one_of(body, "response_format", TEXT_FORMATS)
    kind = body.text("response_format") or "json"
    if model.startswith("gpt-4o-transcribe-diarize"):
        known: tuple[str, ...] = ("json", "text", "diarized_json")
    elif model.startswith(("gpt-4o-transcribe", "gpt-4o-mini-transcribe", "gpt-transcribe")):
        known = ("json", "text")
    else:
        known = TEXT_FORMATS[:-1]
    if kind not in known:
        raise Rejected(
            invalid(
                f"response_format '{kind}' is not compatible with model '{model}'. Use 'json' or "
                f"'text' instead.",
                param="response_format",
                code="unsupported_value",
            )
        )
    return kind


def _usage(model: str, usage: Usage, seconds: float) -> dict[str, Any]:
    if model == WHISPER:
        return {"type": "duration", "seconds": round(seconds)}
    return _tokens(usage, seconds)


def _tokens(usage: Usage, seconds: float) -> dict[str, Any]:
    """What was heard counts by its length."""
    heard = max(1, round(seconds * TOKENS_PER_S))
    return {
        "type": "tokens",
        "total_tokens": heard + usage.output_tokens,
        "input_tokens": heard,
        "input_token_details": {"text_tokens": 0, "audio_tokens": heard},
        "output_tokens": usage.output_tokens,
    }


def _text_events(text: str, usage: Usage, seconds: float) -> Iterator[Frame]:
    for delta in deltas(text):
        yield Frame(sse(dumps({"type": "transcript.text.delta", "delta": delta})), True)
    done = {"type": "transcript.text.done", "text": text, "usage": _tokens(usage, seconds)}
    yield Frame(sse(dumps(done)))


def _segment(number: int, one: Segment) -> dict[str, Any]:
    return {
        "id": number,
        "seek": 0,
        "start": one.start_s,
        "end": one.end_s,
        "text": f" {one.text}",
        "tokens": [],
        "temperature": 0.0,
        "avg_logprob": -0.25,
        "compression_ratio": 1.2,
        "no_speech_prob": 0.01,
    }


def _diarized(text: str, cut: list[Segment], seconds: float, usage: Usage) -> dict[str, Any]:
    return {
        "task": "transcribe",
        "duration": seconds,
        "text": text,
        "segments": [
            {
                "type": "transcript.text.segment",
                "id": f"seg_{number:03d}",
                "start": one.start_s,
                "end": one.end_s,
                "text": one.text,
                "speaker": "A",
            }
            for number, one in enumerate(cut)
        ],
        "usage": _tokens(usage, seconds),
    }
