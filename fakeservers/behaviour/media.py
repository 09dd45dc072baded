"""Pictures and sound as a cooperative model would make them: valid, small, the same for the same
seed. What they show says nothing.

A picture is a mirrored pattern of a few colours in the size that was asked for, so that it weighs
some kilobytes; speech is a tone for each word. How they are packed is the wire's affair.
"""

import math
import struct
import zlib
from array import array
from random import Random
from sys import byteorder

from ..canonical import ImageRequest, ImageResult, SpeechRequest, SpeechResult, Usage
from ..rng import Seed
from .tokens import count_text

__all__ = ["RATE_HZ", "SPEECH_S_MAX", "paint", "picture", "speak"]

RATE_HZ = 24_000
"""Samples a second of OpenAI's speech (its text-to-speech guide, format `pcm`)."""

SPEECH_S_MAX = 30.0
"""Longer texts are not spoken to their end."""

WORD_S = 0.25
PAUSE_S = 0.08
LOUDNESS = 8_000

CELLS = 8
COLOURS = 4

# Output tokens of a square, a tall and a wide picture of about a megapixel (OpenAI's image
# generation guide); other sizes in proportion to their pixels.
_TOKENS = {
    "low": (272, 408, 400),
    "medium": (1_056, 1_584, 1_568),
    "high": (4_160, 6_240, 6_208),
}
_BASE_PIXELS = (1_024 * 1_024, 1_024 * 1_536, 1_536 * 1_024)
TILE_PIXELS = 512
TOKENS_BASE = 65
TOKENS_TILE = 129
"""What a source counts at low fidelity: a base, and each tile once its shorter side is 512 (the
same guide)."""


def paint(request: ImageRequest, seed: Seed, model: str) -> ImageResult:
    """The pictures that a request asks for."""
    images, partials = [], []
    for number in range(request.count):
        one = seed.of(b"picture %d" % number)
        images.append(picture(one.random(), request.width, request.height))
        # Each unfinished picture is the same one, seen more coarsely.
        coarse = [max(1, CELLS >> (request.partials - at)) for at in range(request.partials)]
        partials.append(
            tuple(picture(one.random(), request.width, request.height, cells) for cells in coarse)
        )
    image_tokens = sum(_source_tokens(*size) for size in request.sources)
    usage = Usage(
        input_tokens=count_text(request.prompt) + image_tokens,
        output_tokens=request.count * _tokens(request),
    )
    return ImageResult(
        images=tuple(images),
        partials=tuple(partials),
        usage=usage,
        image_tokens=image_tokens,
        model=model,
    )


def picture(random: Random, width: int, height: int, cells: int = CELLS) -> bytes:
    """A PNG of `width` by `height` pixels in four colours; `cells` of its pattern along a side."""
    palette = bytes(random.randrange(256) for _ in range(3 * COLOURS))
    fine = [[random.randrange(COLOURS) for _ in range(CELLS)] for _ in range(CELLS)]
    step = CELLS // cells
    pattern = [row[::step] for row in fine[::step]]
    lines = [_line([*row, *reversed(row)], width) for row in pattern]
    rows = b"".join(lines[y * cells // height] for y in range(height))
    header = struct.pack(">IIBBBBB", width, height, 2, 3, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"PLTE", palette), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in chunks)


def _line(colours: list[int], width: int) -> bytes:
    """A row of pixels, four to a byte, after the byte that says that it is not filtered."""
    pixels = [colours[x * len(colours) // width] for x in range(width)]
    pixels += [0] * (-width % 4)
    packed = bytes(
        a << 6 | b << 4 | c << 2 | d
        for a, b, c, d in zip(pixels[::4], pixels[1::4], pixels[2::4], pixels[3::4], strict=True)
    )
    return b"\0" + packed


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _tokens(request: ImageRequest) -> int:
    width, height = request.width, request.height
    shape = 0 if width == height else 1 if width < height else 2
    known = _TOKENS.get(request.quality, _TOKENS["high"])[shape]
    return max(1, round(known * width * height / _BASE_PIXELS[shape]))


def _source_tokens(width: int, height: int) -> int:
    scale = TILE_PIXELS / max(1, min(width, height))
    across, down = (math.ceil(side * scale / TILE_PIXELS) for side in (width, height))
    return TOKENS_BASE + TOKENS_TILE * across * down


# --- sound --------------------------------------------------------------------------------


def speak(request: SpeechRequest, seed: Seed, model: str) -> SpeechResult:
    """The sound of a text: a tone for each word, and a pause after it."""
    random = seed.random()
    speed = request.speed
    longest = max(1, int(SPEECH_S_MAX * speed / (WORD_S + PAUSE_S)))
    words = request.prompt.split()[:longest] or [""]
    pause = bytes(2 * int(PAUSE_S * RATE_HZ / speed))
    samples = b"".join(
        _tone(random.randrange(120, 240), int(WORD_S * RATE_HZ / speed)) + pause for _ in words
    )
    seconds = len(samples) / 2 / RATE_HZ
    usage = Usage(
        input_tokens=count_text(request.prompt), output_tokens=max(1, round(seconds * 20))
    )
    return SpeechResult(samples=samples, rate_hz=RATE_HZ, usage=usage, model=model)


def _tone(frequency_hz: int, count: int) -> bytes:
    """So many samples of a tone: one wave, again and again."""
    period = RATE_HZ // frequency_hz
    wave = array("h", (round(LOUDNESS * math.sin(math.tau * n / period)) for n in range(period)))
    if byteorder == "big":
        wave.byteswap()
    return (wave.tobytes() * (count // period + 1))[: 2 * count]
