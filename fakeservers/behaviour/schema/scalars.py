"""Strings and numbers for `schema`: from the prompt, from the schema's own offers, or made."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeGuard

from .patterns import matching
from .plausible import fits_format, kind_of, number_span, of_format, of_kind
from .validity import difference

if TYPE_CHECKING:
    from .example import Maker

__all__ = ["number", "string"]

STRING_CHARS_MAX = 20_000
DECIMALS_MAX = 12


def string(maker: Maker, flat: Mapping[str, Any], name: str, required: bool) -> str:
    """A string of the schema's format, pattern and length, or of the kind that its name tells."""
    format = flat.get("format")
    format = format if isinstance(format, str) else ""

    def fits(text: str) -> bool:
        return fits_format(text, format) and difference(text, flat, {}) is None

    formatted = of_format(format, maker.random) if format else None
    loose = required or "default" not in flat
    claimed = maker.claims.text(name, fits, loose=loose, formatted=formatted is not None)
    if claimed is not None:
        return claimed
    for offered in _offered(flat):
        if isinstance(offered, str) and fits(offered):
            return offered
    if formatted is not None and fits(formatted):
        return formatted
    low, high = _lengths(flat)
    if isinstance(flat.get("pattern"), str):
        matched = matching(flat["pattern"], maker.random, low=low, high=high)
        if matched is not None:
            return matched
    return _sized(of_kind(kind_of(name), maker.random), maker, low, high)


def number(
    maker: Maker, flat: Mapping[str, Any], name: str, required: bool, *, whole: bool
) -> int | float:
    """A number within the schema's bounds, in the range that its name usually has."""

    def fits(value: float) -> bool:
        return not (whole and isinstance(value, float)) and difference(value, flat, {}) is None

    claimed = maker.claims.number(name, fits, loose=required or "default" not in flat)
    if claimed is not None:
        return claimed
    for offered in _offered(flat):
        if isinstance(offered, int | float) and not isinstance(offered, bool) and fits(offered):
            return offered
    return _in_range(maker, flat, name, whole)


def _offered(flat: Mapping[str, Any]) -> list[Any]:
    """The default, then the examples."""
    examples = flat.get("examples")
    return [flat.get("default"), *(examples if isinstance(examples, list) else ())]


def _lengths(flat: Mapping[str, Any]) -> tuple[int, int | None]:
    low, high = flat.get("minLength"), flat.get("maxLength")
    least = math.ceil(low) if _is_finite(low) and low > 0 else 0
    most = math.floor(high) if _is_finite(high) and high >= 0 else None
    return min(least, STRING_CHARS_MAX), most


def _sized(text: str, maker: Maker, low: int, high: int | None) -> str:
    while len(text) < low:
        text = f"{text} {of_kind('', maker.random)}"
    if high is None or len(text) <= high:
        return text
    cut = text[:high].rstrip()
    return cut if len(cut) >= low else text[:high]


def _is_finite(value: Any) -> TypeGuard[int | float]:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) < 1e300


def _in_range(maker: Maker, flat: Mapping[str, Any], name: str, whole: bool) -> int | float:
    usual = number_span(name)
    low, high = _bounds(flat, usual.low, usual.high)
    step = flat.get("multipleOf")
    if _is_finite(step) and step > 0:
        return _multiple(maker, flat, (low, high), step, whole)
    if whole:
        return _whole(maker, flat, low, high)
    value = round(maker.random.uniform(low, high), usual.decimals or 2)
    if low <= value <= high and not _excluded(value, flat):
        return value
    return _between(low, high, flat)


def _bounds(flat: Mapping[str, Any], usual_low: float, usual_high: float) -> tuple[float, float]:
    """The usual range cut to the schema's bounds; a range at the bounds if none of it is left."""
    lows = [flat[key] for key in ("minimum", "exclusiveMinimum") if _is_finite(flat.get(key))]
    highs = [flat[key] for key in ("maximum", "exclusiveMaximum") if _is_finite(flat.get(key))]
    least, most = (max(lows) if lows else None), (min(highs) if highs else None)
    low = usual_low if least is None else max(least, usual_low)
    high = usual_high if most is None else min(most, usual_high)
    if least is not None and most is not None and (low >= high):
        return least, most
    if low < high:
        return low, high
    return (least, least + 100) if least is not None else (high - 100, high)


def _excluded(value: float, flat: Mapping[str, Any]) -> bool:
    return value in (flat.get("exclusiveMinimum"), flat.get("exclusiveMaximum"))


def _whole(maker: Maker, flat: Mapping[str, Any], low: float, high: float) -> int:
    least, most = math.ceil(low), math.floor(high)
    least += _excluded(least, flat) and least <= most
    most -= _excluded(most, flat) and least < most
    return maker.random.randint(least, most) if least < most else least


def _multiple(
    maker: Maker, flat: Mapping[str, Any], bounds: tuple[float, float], step: float, whole: bool
) -> int | float:
    least, most = math.ceil(bounds[0] / step), math.floor(bounds[1] / step)
    least += _excluded(least * step, flat)
    most -= _excluded(most * step, flat)
    factor = maker.random.randint(least, most) if least < most else least
    value = factor * step
    if isinstance(value, int):
        return value
    value = round(value, DECIMALS_MAX)
    return int(value) if whole and value.is_integer() else value


def _between(low: float, high: float, flat: Mapping[str, Any]) -> int | float:
    """A number in a range too narrow for two decimals: a bound if allowed, else the middle."""
    for bound in (low, high):
        if not _excluded(bound, flat):
            return bound
    return low + (high - low) / 2
