"""Money is integers: exact in, exact out, rounded where it is said and nowhere else."""

import ast
import decimal
import re
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.money import (
    PICO_PER_USD,
    divide_half_even,
    divide_up,
    exact_fraction,
    format_usd,
    pico_from_cents,
    pico_from_usd,
    usd_from_pico,
)
from tests.pages import ROOT


@given(st.integers(-(10**40), 10**40))
def test_pico_survive_the_way_to_dollars_and_back(pico: int) -> None:
    """No amount changes on its way to a Decimal and back, even under a poor decimal context."""
    with decimal.localcontext(prec=3):
        usd = usd_from_pico(pico)
    assert pico_from_usd(usd, negative=True) == pico
    assert "." not in f"{usd:f}" or not f"{usd:f}".endswith("0")


@pytest.mark.parametrize("amount", [0.1, True, None, [1]])
def test_what_is_not_exact_is_refused(amount: object) -> None:
    """A float, a bool or anything else is no amount, and the error says what to write."""
    with pytest.raises(TypeError, match=r"money is exact: write .*Decimal"):
        exact_fraction(amount)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("amount", "says"),
    [
        ("-1", "-1 is negative: an amount of money is 0 or more"),
        ("ten", "'ten' is not an amount: write for example \"0.25\""),
        (Decimal("NaN"), "NaN is not an amount: leave the limit out for no limit"),
        ("0.0000000000001", "0.0000000000001 is finer than a pico-dollar (12 decimals)"),
    ],
)
def test_amounts_that_make_no_sense_are_refused(amount: str, says: str) -> None:
    """Negative, unreadable, endless and too fine amounts are told apart."""
    with pytest.raises(ValueError) as refused:
        pico_from_usd(amount)
    assert str(refused.value).startswith(says)


def test_cents_are_a_hundredth() -> None:
    """Cents are read exactly too."""
    assert pico_from_cents("2.5") == pico_from_usd("0.025") == 25 * 10**9


@given(st.integers(-(10**20), 10**20), st.integers(1, 10**9))
def test_the_two_roundings(numerator: int, denominator: int) -> None:
    """A cost goes to the nearest integer, a tie to even; a hold never below the fraction."""
    exact = Fraction(numerator, denominator)
    assert divide_half_even(numerator, denominator) == round(exact)
    assert 0 <= divide_up(numerator, denominator) - exact < 1


@pytest.mark.parametrize(
    ("pico", "shown"),
    [
        (0, "$0.00"),
        (PICO_PER_USD // 4, "$0.25"),
        (1, "$0.000000000001"),
        (-PICO_PER_USD, "-$1.00"),
        (1234567 * PICO_PER_USD, "$1,234,567.00"),
    ],
)
def test_amounts_are_shown_whole(pico: int, shown: str) -> None:
    """What is shown is the exact amount, with at least two decimals."""
    assert format_usd(pico) == shown


ROUTER = ROOT / "router"
MONEY = re.compile("pico|usd|^cost$|^amount$")
NO_LEDGER_READS_IT = {
    "money.py": "divides Fractions",
    "pricing/genai.py": "divides Fractions",
    "observation/otel.py": "shows",
    "observation/prometheus.py": "shows",
    "routing/strategies.py": "ranks",
}


def floats_of_money(tree: ast.AST) -> Iterator[str]:
    """Where something named like money is divided, raised or made a float."""
    for node in ast.walk(tree):
        match node:
            case ast.BinOp(op=ast.Div() | ast.Pow()):
                pass
            case ast.Call(func=ast.Name(id="float" | "round")):
                pass
            case _:
                continue
        names = (getattr(n, "id", "") or getattr(n, "attr", "") for n in ast.walk(node))
        if any(MONEY.search(name) for name in names):
            yield ast.unparse(node)


def test_b6_no_float_touches_money() -> None:
    """Nothing that a limit, a hold or a cost is made of is divided, raised or made a float."""
    found = {
        path.relative_to(ROUTER).as_posix()
        for path in ROUTER.rglob("*.py")
        if any(floats_of_money(ast.parse(path.read_text("utf-8"))))
    }
    assert found == set(NO_LEDGER_READS_IT)
