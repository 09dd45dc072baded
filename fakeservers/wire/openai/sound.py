"""Sound in the formats that OpenAI speaks in, and how long sound of a client is.

`wav` and `pcm` carry the samples. `mp3`, `opus`, `aac` and `flac` carry silence of the same length:
valid files that any player opens, since encoders for them are no small thing.
"""

import io
import struct
import wave
from collections.abc import Callable, Mapping
from math import ceil

from ...canonical import SpeechResult

__all__ = ["FORMATS", "MIME_TYPES", "duration_s", "encoded"]

MIME_TYPES: Mapping[str, str] = {
    "mp3": "audio/mpeg",
    "opus": "audio/ogg",
    "aac": "audio/aac",
    "flac": "audio/flac",
    "wav": "audio/wav",
    "pcm": "audio/pcm",
}
BYTES_PER_S = 16_000
"""What sound of a client is taken to weigh when it is no WAV: 128 kilobits a second."""


def encoded(sound: SpeechResult, form: str) -> bytes:
    """The sound as a file of the format `form`, one of FORMATS."""
    return _ENCODERS[form](sound)


def duration_s(data: bytes) -> float:
    """How many seconds of sound a file holds: told by a WAV, guessed by the weight of others."""
    try:
        with wave.open(io.BytesIO(data)) as file:
            return float(file.getnframes() / file.getframerate())
    except (wave.Error, EOFError, ZeroDivisionError, struct.error):
        return max(0.1, len(data) / BYTES_PER_S)


def _wav(sound: SpeechResult) -> bytes:
    with io.BytesIO() as buffer:
        with wave.open(buffer, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(sound.rate_hz)
            file.writeframes(sound.samples)
        return buffer.getvalue()


def _pcm(sound: SpeechResult) -> bytes:
    return sound.samples


def _mp3(sound: SpeechResult) -> bytes:
    """MPEG-2 layer III, 24 kHz, mono, 32 kbit/s: frames of 576 samples in 96 bytes, whose side
    information says that nothing follows."""
    frame = bytes.fromhex("fff344c0") + bytes(92)
    return frame * ceil(sound.seconds * 24_000 / 576)


def _aac(sound: SpeechResult) -> bytes:
    """AAC-LC in ADTS, 24 kHz, mono: 1024 samples of silence a frame."""
    silence = bytes.fromhex("00c800802380")
    size = 7 + len(silence)
    head = bytes((0xFF, 0xF1, 0x58, 0x40 | size >> 11, size >> 3 & 0xFF, size << 5 & 0xE0 | 0x1F))
    return (head + b"\xfc" + silence) * ceil(sound.seconds * 24_000 / 1024)


# --- FLAC ---------------------------------------------------------------------------------

FLAC_BLOCK = 4_096


def _flac(sound: SpeechResult) -> bytes:
    """Frames whose only subframe is a constant (RFC 9639)."""
    count = ceil(sound.seconds * 24_000 / FLAC_BLOCK)
    info = struct.pack(">HH", FLAC_BLOCK, FLAC_BLOCK) + bytes(6)
    # 20 bits of rate, 3 of channels less one, 5 of bits less one, 36 of samples; no MD5.
    info += (24_000 << 44 | 15 << 36 | count * FLAC_BLOCK).to_bytes(8, "big") + bytes(16)
    head = b"fLaC" + bytes((0x80, 0, 0, len(info))) + info
    return head + b"".join(map(_flac_frame, range(count)))


def _flac_frame(number: int) -> bytes:
    # Fixed blocks of 4096 samples, 24 kHz, mono, 16 bits.
    head = bytes((0xFF, 0xF8, 0xC7, 0x08)) + chr(number).encode()
    head += bytes((_crc(head, 8, 0x07),))
    frame = head + bytes(3)
    return frame + _crc(frame, 16, 0x8005).to_bytes(2, "big")


def _crc(data: bytes, bits: int, polynomial: int) -> int:
    top, mask, value = 1 << bits - 1, (1 << bits) - 1, 0
    for byte in data:
        value ^= byte << bits - 8
        for _ in range(8):
            value = (value << 1 ^ polynomial if value & top else value << 1) & mask
    return value


# --- Opus ---------------------------------------------------------------------------------

OPUS_SILENCE = bytes.fromhex("f8fffe")
"""A packet of 20 ms of silence."""

PACKETS_A_PAGE = 50
SERIAL = 1


def _opus(sound: SpeechResult) -> bytes:
    """Opus in Ogg (RFC 7845): two pages of headers, then a second of packets a page."""
    packets = ceil(sound.seconds * 50)
    head = b"OpusHead" + struct.pack("<BBHIHB", 1, 1, 312, 24_000, 0, 0)
    vendor = b"llmsim"
    tags = b"OpusTags" + struct.pack("<I", len(vendor)) + vendor + bytes(4)
    pages = [_page([head], 0, 0, first=True), _page([tags], 0, 1)]
    done = 0
    while done < packets:
        run = min(PACKETS_A_PAGE, packets - done)
        done += run
        # Positions count samples of 48 kHz.
        pages.append(_page([OPUS_SILENCE] * run, done * 960, len(pages), last=done == packets))
    return b"".join(pages)


def _page(
    packets: list[bytes], position: int, number: int, *, first: bool = False, last: bool = False
) -> bytes:
    kind = (2 if first else 0) | (4 if last else 0)
    sizes = bytes(map(len, packets))
    body = sizes + b"".join(packets)
    start = b"OggS" + struct.pack("<BBqII", 0, kind, position, SERIAL, number)
    blank = start + bytes(4) + bytes((len(packets),)) + body
    return start + struct.pack("<I", _crc(blank, 32, 0x04C11DB7)) + blank[len(start) + 4 :]


_ENCODERS: Mapping[str, Callable[[SpeechResult], bytes]] = {
    "mp3": _mp3,
    "opus": _opus,
    "aac": _aac,
    "flac": _flac,
    "wav": _wav,
    "pcm": _pcm,
}
FORMATS = tuple(_ENCODERS)
