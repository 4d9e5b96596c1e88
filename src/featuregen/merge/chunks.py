"""A merged text before it is written: plain stretches and conflict hunks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from featuregen.merge.state import Labels


@dataclass(frozen=True, slots=True)
class Hunk:
    """One conflict: what each side has there. `symbol` is the qualname or section it stands in."""

    ours: str
    base: str
    theirs: str
    symbol: str | None = None
    reason: str = "both sides changed these lines"


Chunk = str | Hunk


def whole(chunks: Iterable[Chunk]) -> bool:
    """True if no chunk is a conflict."""
    return not any(isinstance(chunk, Hunk) for chunk in chunks)


def resolve(chunks: Iterable[Chunk]) -> str:
    """The text with each conflict decided for the user's side."""
    return "".join(chunk.ours if isinstance(chunk, Hunk) else chunk for chunk in chunks)


def render(chunks: Iterable[Chunk], labels: Labels | None) -> tuple[str, list[tuple[Hunk, int]]]:
    """The text, with markers in diff3 style if there are `labels`, and each hunk with its line."""
    out: list[str] = []
    places: list[tuple[Hunk, int]] = []
    line = 1
    for chunk in chunks:
        text = chunk if isinstance(chunk, str) else _shown(chunk, labels)
        if isinstance(chunk, Hunk):
            places.append((chunk, line))
        line += text.count("\n")
        out.append(text)
    return "".join(out), places


def _shown(hunk: Hunk, labels: Labels | None) -> str:
    if labels is None:
        return hunk.ours
    return (
        f"<<<<<<< {labels.ours}\n{ended(hunk.ours)}"
        f"||||||| {labels.base}\n{ended(hunk.base)}"
        f"=======\n{ended(hunk.theirs)}"
        f">>>>>>> {labels.theirs}\n"
    )


def ended(text: str) -> str:
    """The text with a newline at its end, unless it is empty."""
    return text if not text or text.endswith("\n") else text + "\n"


def split_lines(text: str) -> list[str]:
    r"""Lines with their ends. Only `\n` ends one: `str.splitlines` splits at form feeds, too."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def marker_lines(text: str, labels: Labels) -> Sequence[int]:
    """The lines (from 1) where an open conflict of an earlier merge begins."""
    start, end = f"<<<<<<< {labels.ours}", f">>>>>>> {labels.theirs}"
    if start not in text or end not in text:
        return ()
    return tuple(
        number for number, line in enumerate(text.split("\n"), 1) if line.rstrip("\r") == start
    )
