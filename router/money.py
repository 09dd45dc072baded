"""Money as integer pico-dollars: how it is read, divided and shown.

What belongs here: the unit, the two roundings, exact conversion from and to US dollars. What must
not: prices, budgets, or a binary float. `$x` per million tokens is `x * 10**6` pico-dollars a
token, so that every price of up to six decimals is a whole number; finer prices are integer
fractions with one denominator a rate card.
"""

from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from fractions import Fraction
from typing import TypeAlias

__all__ = [
    "PICO_PER_CENT",
    "PICO_PER_USD",
    "Usd",
    "divide_half_even",
    "divide_up",
    "exact_fraction",
    "format_usd",
    "pico_from_cents",
    "pico_from_usd",
    "usd_from_pico",
]

PICO_PER_USD = 10**12
PICO_PER_CENT = 10**10

Usd: TypeAlias = Decimal | int | str
"""An amount as programs write it: `Decimal("0.25")`, `"0.25"` or `3`. A float is refused."""

_DIGITS_MAX = 60
# Reads any amount of up to 60 digits without rounding, whatever the thread's own context says.
_READING = Context(prec=_DIGITS_MAX, rounding=ROUND_HALF_EVEN)


def exact_fraction(amount: Usd | Fraction) -> Fraction:
    """The amount without loss.

    Raises TypeError for a binary float (0.1 is not a tenth) and for bool, ValueError for text
    that is not a finite number.
    """
    if isinstance(amount, bool) or not isinstance(amount, int | str | Decimal | Fraction):
        raise TypeError(
            f"{amount!r} is a {type(amount).__name__}, and money is exact: "
            f'write "{amount}" or Decimal("{amount}")'
        )
    if isinstance(amount, str):
        try:
            amount = _READING.create_decimal(amount.strip().removeprefix("$"))
        except InvalidOperation:
            raise ValueError(f'{amount!r} is not an amount: write for example "0.25"') from None
    if isinstance(amount, Decimal) and not amount.is_finite():
        raise ValueError(f"{amount} is not an amount: leave the limit out for no limit")
    return Fraction(amount)


def pico_from_usd(amount: Usd | Fraction, *, negative: bool = False) -> int:
    """Pico-dollars of an amount in US dollars.

    Raises ValueError for a negative amount unless `negative`, and for one finer than a
    pico-dollar, which no ledger could hold exactly.
    """
    pico = exact_fraction(amount) * PICO_PER_USD
    if pico < 0 and not negative:
        raise ValueError(f"{amount} is negative: an amount of money is 0 or more")
    if pico.denominator != 1:
        raise ValueError(f"{amount} is finer than a pico-dollar (12 decimals): round it first")
    return pico.numerator


def pico_from_cents(amount: Usd | Fraction, *, negative: bool = False) -> int:
    """Pico-dollars of an amount in US cents; raises as `pico_from_usd` does."""
    return pico_from_usd(exact_fraction(amount) / 100, negative=negative)


def usd_from_pico(pico: int) -> Decimal:
    """The amount in US dollars: exact at any size, whatever the decimal context; without zeros
    at its end, so that it prints as people write it."""
    whole, rest = divmod(abs(pico), PICO_PER_USD)
    decimals = f"{rest:012d}".rstrip("0")
    return Decimal(f"{'-' if pico < 0 else ''}{whole}{'.' if decimals else ''}{decimals}")


def format_usd(pico: int, *, decimals_min: int = 2) -> str:
    """The exact amount as people read it: `$0.25`, `-$1.00`, `$0.000000000001`."""
    whole, rest = divmod(abs(pico), PICO_PER_USD)
    decimals = f"{rest:012d}".rstrip("0").ljust(decimals_min, "0")
    return f"{'-' if pico < 0 else ''}${whole:,}{'.' if decimals else ''}{decimals}"


def divide_half_even(numerator: int, denominator: int) -> int:
    """The nearest integer, a tie to the even one: how a cost is rounded, once a record."""
    quotient, rest = divmod(numerator, denominator)
    if 2 * rest > denominator or (2 * rest == denominator and quotient % 2):
        quotient += 1
    return quotient


def divide_up(numerator: int, denominator: int) -> int:
    """The integer at or above: how a hold is rounded, so that no cost exceeds it by rounding."""
    return -(-numerator // denominator)
