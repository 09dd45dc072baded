"""What a wrong word is told, wherever settings and markers are read. Imports no fakes: they are
asked for by none of this, and a project may have a package of their name."""

from collections.abc import Collection, Iterable, Mapping

import pytest

__all__ = ["check_keywords", "check_providers", "did_you_mean"]


def did_you_mean(word: object, allowed: Iterable[str], least: float = 0.6) -> str:
    """The end of a message: the nearest allowed word, if one is near. It begins with a space."""
    from difflib import get_close_matches

    near = get_close_matches(str(word), list(allowed), n=1, cutoff=least)
    return f" Did you mean {near[0]!r}?" if near else ""


def check_keywords(
    item: pytest.Item, mark: pytest.Mark, known: Collection[str], given: Mapping[str, object]
) -> None:
    """Raise UsageError for keywords that a marker does not take."""
    if unknown := sorted(set(given) - set(known)):
        takes = f"it takes {', '.join(known)}" if known else "it takes no keywords"
        raise pytest.UsageError(
            f"{item.nodeid}: {mark.name}({', '.join(unknown)}=...): {takes}."
            + did_you_mean(unknown[0], known)
        )


def check_providers(
    item: pytest.Item, mark: pytest.Mark, names: Iterable[object], known: Collection[str]
) -> None:
    """Raise UsageError for a name that is no provider's."""
    for name in names:
        if name not in known:
            raise pytest.UsageError(
                f"{item.nodeid}: {mark.name}: no provider {name!r}; there are {', '.join(known)}."
                + did_you_mean(name, known)
            )
