"""The merge of one text: by unit, by line, as one conflict; the first sound one."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from featuregen.merge.audit import Texts, audit_python, audit_text
from featuregen.merge.chunks import Chunk, Hunk, resolve, whole
from featuregen.merge.lines import Sections, merge_by_section, no_sections
from featuregen.merge.python import merge_python
from featuregen.merge.sections import sections_for
from featuregen.merge.source import comments, parse
from featuregen.merge.state import Renames


@dataclass(frozen=True, slots=True)
class TextMerge:
    chunks: list[Chunk]
    notes: tuple[str, ...] = ()
    renames: Renames = field(default_factory=Renames)
    left_out: tuple[str, ...] = ()


def merge_text(path: str, base: str, ours: str, theirs: str) -> TextMerge:
    """Merge texts whose lines end in a newline."""
    if theirs in (ours, base):
        return TextMerge([ours])
    if ours == base:
        return TextMerge([theirs])
    reason = ""
    if is_python(path):
        merged, reason = _by_unit(base, ours, theirs)
        if merged is not None:
            return merged
    conflicted: TextMerge | None = None
    for chunks, finding in _by_line(path, base, ours, theirs):
        if finding is None and whole(chunks):
            return TextMerge(chunks)
        if finding is None:
            conflicted = conflicted or TextMerge(chunks)
        reason = reason or finding or ""
    return conflicted or TextMerge([Hunk(ours, base, theirs, None, reason or "no safe merge")])


def is_python(path: str) -> bool:
    return path.endswith((".py", ".pyi"))


def _by_unit(base: str, ours: str, theirs: str) -> tuple[TextMerge | None, str]:
    try:
        merged = merge_python(base, ours, theirs)
    except (SyntaxError, ValueError, RecursionError) as error:
        return None, str(error)
    texts = Texts(resolve(merged.chunks), base, ours, theirs)
    renames = Renames(merged.renamed_by_theirs, merged.renamed_by_ours)
    finding = audit_python(texts, renames, kept=merged.kept, decided=whole(merged.chunks))
    if finding is not None:
        return None, finding
    return TextMerge(list(merged.chunks), merged.notes, renames, merged.left_out), ""


def _by_line(
    path: str, base: str, ours: str, theirs: str
) -> Iterator[tuple[list[Chunk], str | None]]:
    sections = sections_for(path)
    audit = _auditor(path, base, ours, theirs, sections)
    tried = [sections] if sections is no_sections else [sections, no_sections]
    for each in tried:
        chunks = merge_by_section(base, ours, theirs, each)
        yield chunks, audit(resolve(chunks), whole(chunks))


def _auditor(
    path: str, base: str, ours: str, theirs: str, sections: Sections
) -> Callable[[str, bool], str | None]:
    def by_section(merged: str, decided: bool) -> str | None:  # noqa: ARG001, FBT001
        return audit_text(Texts(merged, base, ours, theirs), sections)

    def by_scope(merged: str, decided: bool) -> str | None:  # noqa: FBT001
        return audit_python(Texts(merged, base, ours, theirs), Renames(), decided=decided)

    if is_python(path) and all(parses(text) for text in (base, ours, theirs)):
        return by_scope
    return by_section


def parses(text: str) -> bool:
    try:
        parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return False
    return True


def equal_but_for_layout(path: str, ours: str, theirs: str) -> bool:
    """True if two texts are the same, or the same Python with the same comments."""
    if ours == theirs:
        return True
    if not is_python(path) or not (parses(ours) and parses(theirs)):
        return False
    same_code = ast.dump(parse(ours).tree) == ast.dump(parse(theirs).tree)
    return same_code and comments(ours) == comments(theirs)
