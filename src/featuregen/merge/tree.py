"""The merge of many files at once, with the template's renames: the user's edits move along."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from featuregen.merge.chunks import split_lines
from featuregen.merge.encoding import decode, is_binary
from featuregen.merge.files import NO_LABELS, merge_file
from featuregen.merge.state import Conflict, ConflictMode, FileState, Labels, Merged, beside_path

Tree = Mapping[str, FileState]

LIKENESS = 0.6
"""From this share of equal lines on, a new file counts as a dropped one's new name (as in git)."""

NO_RENAMES: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class TreeMerge:
    """`files` by their new path; `moved` maps old paths to new ones."""

    files: Mapping[str, Merged]
    moved: Mapping[str, str]
    ours: Tree = field(repr=False)

    @property
    def conflicts(self) -> tuple[Conflict, ...]:
        return tuple(each for merged in self.files.values() for each in merged.conflicts)

    @property
    def notes(self) -> tuple[tuple[str, str], ...]:
        """Each note with the path that it is about."""
        return tuple((path, note) for path, merged in self.files.items() for note in merged.notes)

    def writes(self) -> dict[str, FileState | None]:
        """What differs from the user's tree afterwards: path → state, None to delete; sorted."""
        out: dict[str, FileState | None] = {
            old: None for old in self.moved if old in self.ours and old not in self.files
        }
        for path, merged in self.files.items():
            if merged.state != self.ours.get(path):
                out[path] = merged.state
            if merged.beside is not None:
                out[beside_path(path)] = merged.beside
        return dict(sorted(out.items()))


def merge_tree(
    base: Tree,
    ours: Tree,
    theirs: Tree,
    renames: Mapping[str, str] = NO_RENAMES,
    *,
    labels: Labels = NO_LABELS,
    conflicts: ConflictMode = "inline",
) -> TreeMerge:
    """Merge every file that base or theirs has; one that only the user has is not our business.

    `renames` maps the template's old paths to its new ones. A file that the user edited and the
    template dropped is looked for among the template's new files, too: a rename that nobody
    declared.
    """
    moved = dict(_usable(renames, base, ours, theirs))
    moved.update(_undeclared(base, ours, theirs, moved))
    origin = {new: old for old, new in moved.items()}
    files: dict[str, Merged] = {}
    for path in sorted({*base, *theirs} - set(moved)):
        old = origin.get(path, path)
        files[path] = merge_file(
            path, base.get(old), ours.get(old), theirs.get(path), labels=labels, conflicts=conflicts
        )
    return TreeMerge(files, moved, ours)


def _usable(
    renames: Mapping[str, str], base: Tree, ours: Tree, theirs: Tree
) -> Iterator[tuple[str, str]]:
    """Those where the template lets the old path go and the new one is not the user's own file."""
    for old, new in renames.items():
        if (
            old in base
            and old not in theirs
            and new in theirs
            and new not in base
            and new not in ours
        ):
            yield old, new


def _undeclared(
    base: Tree, ours: Tree, theirs: Tree, known: Mapping[str, str]
) -> Mapping[str, str]:
    edited = [
        path
        for path in sorted(set(base) - set(theirs) - set(known))
        if path in ours and ours[path] != base[path] and _is_text(base[path])
    ]
    if not edited:
        return NO_RENAMES
    added = [
        path
        for path in sorted(set(theirs) - set(base) - set(ours) - set(known.values()))
        if _is_text(theirs[path])
    ]
    likeness = sorted(
        ((_likeness(base[old], theirs[new]), old, new) for old in edited for new in added
         if _suffix(old) == _suffix(new)),
        reverse=True,
    )  # fmt: skip
    found: dict[str, str] = {}
    for share, old, new in likeness:
        if share >= LIKENESS and old not in found and new not in found.values():
            found[old] = new
    return found


def _is_text(state: FileState) -> bool:
    return state.link is None and not is_binary(state.text)


def _suffix(path: str) -> str:
    return path.rpartition("/")[2].rpartition(".")[2]


def _likeness(a: FileState, b: FileState) -> float:
    from difflib import SequenceMatcher

    lines = [
        [line for line in split_lines(decode(each.text).text) if line.strip()] for each in (a, b)
    ]
    return SequenceMatcher(None, lines[0], lines[1], autojunk=False).ratio()
