"""Did you mean: the nearest of the names that would have been right."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_CLOSE_ENOUGH = 0.6
_LONGEST = 60


def did_you_mean(word: str, candidates: Iterable[str]) -> str | None:
    """`did you mean 'money'?`, or None where nothing is near."""
    near = nearest(word, candidates)
    return f"did you mean '{near}'?" if near else None


def nearest(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate that is most like `word`, whatever its case."""
    import difflib

    names = sorted({name for name in candidates if len(name) <= _LONGEST})
    folded = {name.lower(): name for name in reversed(names)}
    near = difflib.get_close_matches(word[:_LONGEST].lower(), list(folded), 1, _CLOSE_ENOUGH)
    return folded[near[0]] if near else None


def did_you_mean_or_list(word: str, candidates: Iterable[str], *, most: int = 12) -> str | None:
    """The nearest name, or all that there are when they are few."""
    names = sorted(set(candidates))
    near = did_you_mean(word, names)
    if near or not names or len(names) > most:
        return near
    return f"known: {', '.join(names)}"
