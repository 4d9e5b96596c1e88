"""The merge certificate: how many symbols and lines the user had, and how many are still there.

Counted anew from the texts that went in and came out, not from what the merge thinks it did.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from featuregen.merge.encoding import decode, is_binary
from featuregen.merge.state import Conflict, FileState, Merged
from featuregen.merge.tree import Tree, TreeMerge

if TYPE_CHECKING:
    from featuregen.merge.audit import Scopes


@dataclass(frozen=True, slots=True)
class Certificate:
    """What the user had added or changed since the last render, and what of it the merge kept.

    A symbol is a function, class, module-level or section block that the user touched, or an
    import; it is kept when all its lines are. Lines inside an open conflict are there to see, so
    they count as kept.
    """

    user_symbols_total: int = 0
    user_symbols_kept: int = 0
    user_lines_total: int = 0
    user_lines_kept: int = 0
    conflicts: tuple[Conflict, ...] = ()
    lost: tuple[str, ...] = ()
    """`path: line` of what did not survive; empty unless there is a bug in the merge."""

    def __add__(self, other: Certificate) -> Certificate:
        return Certificate(
            self.user_symbols_total + other.user_symbols_total,
            self.user_symbols_kept + other.user_symbols_kept,
            self.user_lines_total + other.user_lines_total,
            self.user_lines_kept + other.user_lines_kept,
            self.conflicts + other.conflicts,
            self.lost + other.lost,
        )


def certificate(
    path: str, base: FileState | None, ours: FileState | None, merged: Merged
) -> Certificate:
    """The certificate of one file; empty for a file that the user did not touch."""
    none = Certificate(conflicts=merged.conflicts)
    if ours is None or ours == base:
        return none
    after = merged.resolved if merged.resolved is not None else merged.state and merged.state.text
    if ours.link is not None or is_binary(ours.text):
        kept = int(merged.state is not None and merged.state.text == ours.text)
        return Certificate(1, kept, 0, 0, merged.conflicts, () if kept else (path,))
    texts = [decode(data or b"").text for data in (base.text if base else b"", ours.text, after)]
    views = _views(path, texts)
    return _count(path, views[0], views[1], views[2], merged) + none


def _views(path: str, texts: list[str]) -> list[Scopes]:
    from featuregen.merge.audit import lines_by_section
    from featuregen.merge.sections import sections_for
    from featuregen.merge.texts import is_python, parses

    if is_python(path) and all(parses(text) for text in texts):
        return [_python_scopes(text) for text in texts]
    return [lines_by_section(text, sections_for(path)) for text in texts]


def _python_scopes(text: str) -> Scopes:
    """Lines by function or class, and each imported name as a symbol of its own."""
    from featuregen.merge.audit import canonical_by_scope, imports

    scopes = dict(canonical_by_scope(text))
    for module, name in imports(text):
        scopes[f"import {module} {name}"] = Counter([f"import {module} {name}"])
    return scopes


def _count(path: str, base: Scopes, ours: Scopes, after: Scopes, merged: Merged) -> Certificate:
    renames = merged.renames
    was = {renames.of_base(scope): lines for scope, lines in base.items()}
    empty: Counter[str] = Counter()
    symbols = symbols_kept = lines = lines_kept = 0
    lost: list[str] = []
    for scope, mine in ours.items():
        own = mine - was.get(renames.of_ours(scope), empty)
        if not own:
            continue
        missing = own - after.get(renames.of_ours(scope), empty)
        symbols += 1
        symbols_kept += not missing
        lines += own.total()
        lines_kept += own.total() - missing.total()
        lost += [f"{path}: {line}" for line in missing.elements()]
    return Certificate(symbols, symbols_kept, lines, lines_kept, (), tuple(lost))


def certify(base: Tree, tree: TreeMerge) -> Certificate:
    """The certificate of a whole update."""
    origin = {new: old for old, new in tree.moved.items()}
    return _sum(
        certificate(path, base.get(old), tree.ours.get(old), merged)
        for path, merged in tree.files.items()
        for old in (origin.get(path, path),)
    )


def _sum(certificates: Iterable[Certificate]) -> Certificate:
    total = Certificate()
    for each in certificates:
        total += each
    return total
