"""Hypothesis strategies of what can go wrong, for `universes` and for tests of one's own.

They shrink towards no fault, and to few, early, short faults of the first provider and kind.
"""

from collections.abc import Sequence

from hypothesis import strategies as st

from fakeservers import FaultWindow
from fakeservers.virtual.windows import KINDS, FaultKind

__all__ = ["fault_windows", "schedules"]

TENTHS = 10


def fault_windows(
    providers: Sequence[str] = ("claude", "openai", "gemini", "ollama"),
    *,
    horizon_s: float = 60.0,
    kinds: Sequence[FaultKind] = KINDS,
) -> st.SearchStrategy[FaultWindow]:
    """One fault of one of the providers, that begins and ends within `horizon_s`, at full tenths
    of a second."""
    last = max(2, int(horizon_s * TENTHS))

    def window(provider: str, kind: FaultKind, start: int, length: int) -> FaultWindow:
        length = min(length, last - start)
        return FaultWindow(
            provider=provider, kind=kind, start_s=start / TENTHS, for_s=length / TENTHS
        )

    return st.builds(
        window,
        st.sampled_from(list(providers)),
        st.sampled_from(list(kinds)),
        st.integers(0, last - 1),
        st.integers(1, max(1, last // 2)),
    )


def schedules(
    providers: Sequence[str] = ("claude", "openai", "gemini", "ollama"),
    *,
    horizon_s: float = 60.0,
    kinds: Sequence[FaultKind] = KINDS,
    faults_max: int = 5,
) -> st.SearchStrategy[list[FaultWindow]]:
    """Up to `faults_max` faults within `horizon_s`; they may overlap."""
    return st.lists(fault_windows(providers, horizon_s=horizon_s, kinds=kinds), max_size=faults_max)
