"""Shared files that the user has changed: features wired in or out on both sides, then merged.

The exact edits that bring a feature in are made on the user's file *and* on the last render. What
then still differs between the last render and the new one is the skeleton's own change, and what
differs between the last render and the user's file is the user's: the merge of the three hardly
ever meets both in one place. What the user took out is missing on the user's side only, and stays
out by the same merge. What cannot be done is told as an edit by hand; nothing is skipped silently.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

from featuregen.lock import load_lock
from featuregen.merge.files import merge_file
from featuregen.merge.state import ConflictMode, FileState, Merged
from featuregen.results import ByHand

if TYPE_CHECKING:
    from featuregen.assemble import Assembly
    from featuregen.plan.contribution import Contribution
    from featuregen.wiring.wire import Ledger, WiringResult

Tree: TypeAlias = Mapping[str, FileState]
Texts: TypeAlias = Mapping[str, str]
Rewire: TypeAlias = "Callable[[Texts, Mapping[str, Ledger]], WiringResult]"
"""Brings features in or out of these files. The ledgers say what was wired, by feature."""


@dataclass(frozen=True, slots=True)
class SharedMerge:
    """`wired` is what became of the edits of the user's files; None where there were none.

    `by_hand` is what the skeleton changes in what the user has taken out of a file: of a module
    that the user has rebuilt, nothing else would tell.
    """

    files: Mapping[str, Merged] = field(default_factory=dict)
    wired: WiringResult | None = None
    by_hand: tuple[ByHand, ...] = ()


def merge_shared(
    base: Tree,
    ours: Tree,
    theirs: Tree,
    rewire: Rewire,
    *,
    ledgers: Mapping[str, Ledger],
    pristine_ledgers: Mapping[str, Ledger],
    conflicts: ConflictMode,
) -> SharedMerge:
    """Merge the skeleton and the shared files.

    `pristine_ledgers` hold all that the last render has, `ledgers` what the user's files had.
    """
    changed = sorted(
        path
        for path in {*base, *theirs}
        if not (base.get(path) == theirs.get(path) == ours.get(path))
    )
    edited = [
        path for path in changed if _wants_wiring(base.get(path), ours.get(path), theirs.get(path))
    ]
    known, mine, wired = base, ours, None
    if edited:
        wired = rewire(_texts(ours, edited), ledgers)
        careful = _without_loss(base, ours, wired)
        again = rewire(_texts(base, [path for path in edited if careful(path)]), pristine_ledgers)
        wired = replace(
            wired,
            files={path: text for path, text in wired.files.items() if careful(path)},
            impossible=tuple(item for item in wired.impossible if careful(item.path)),
        )
        known, mine = _over(base, again.files), _over(ours, wired.files)
    files = {
        path: merge_file(
            path, known.get(path), mine.get(path), theirs.get(path), conflicts=conflicts
        )
        for path in changed
    }
    by_hand = tuple(
        left_out(path, known[path], theirs[path], merged)
        for path, merged in files.items()
        if merged.left_out and not merged.conflicts
    )
    return SharedMerge(files, wired, by_hand)


def _without_loss(base: Tree, ours: Tree, wired: WiringResult) -> Callable[[str], bool]:
    """Whether an edited file still has all that the user wrote in it.

    A comment inside an entry would go with the entry: such a file is only merged, which shows it.
    """
    from featuregen.merge.certificate import certificate

    lossy = {
        path
        for path, text in wired.files.items()
        if certificate(
            path, base[path], ours[path], Merged(FileState(text.encode()), "merged")
        ).lost
    }
    return lambda path: path not in lossy


def _wants_wiring(base: FileState | None, ours: FileState | None, theirs: FileState | None) -> bool:
    if base is None or ours is None or theirs is None or base in (ours, theirs):
        return False
    return ours.link is None and _is_text(base.text) and _is_text(ours.text)


def _is_text(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


def _texts(tree: Tree, paths: Collection[str]) -> dict[str, str]:
    from featuregen.wiring.wire import PATHS

    return {path: tree[path].text.decode() for path in paths if path in PATHS}


def _over(tree: Tree, texts: Texts) -> dict[str, FileState]:
    edited = {path: replace(tree[path], held=text.encode()) for path, text in texts.items()}
    return {**tree, **edited}


def ledger_after(
    contribution: Contribution,
    before: Ledger,
    wired: WiringResult | None,
    others: Collection[str] = (),
) -> dict[str, str]:
    """What stands in the shared files on a feature's account once the run is over.

    What the user took out stays in it, or the next run would bring it back. A requirement that was
    the user's before stays the user's; `others` are the ids in the other features' ledgers.
    """
    from featuregen.wiring.wire import wired_ids

    known = dict.fromkeys(wired_ids(contribution), "")
    if wired is None:
        return {key: before.get(key, "") for key in known}
    impossible = {item.id for item in wired.impossible}
    users = {key for key in wired.already if key.startswith("dependency:") and key not in others}
    return {
        key: wired.inverses.get(key, before.get(key, ""))
        for key in known
        if key in before or not (key in impossible or key in users)
    }


def edit_shared_files(
    assembly: Assembly,
    rendered: Mapping[str, str],
    edited: Mapping[str, tuple[bytes, bytes]],
    contributions: Sequence[Contribution],
    others: Sequence[Contribution],
) -> dict[str, dict[str, str]]:
    """Bring new features into edited files; returns what stands there on each one's account.

    `edited` holds what featuregen rendered the last time and what stands there now, by path. Where
    the skeleton changes lines that the user has changed, the user's stay, and that is told.
    """

    def rewire(texts: Texts, _: Mapping[str, Ledger]) -> WiringResult:
        from featuregen.wiring.wire import wire_all

        return wire_all(texts, contributions, others)

    base = {path: FileState(before) for path, (before, _) in edited.items() if before}
    ours = {path: FileState(now) for path, (_, now) in edited.items()}
    theirs = {path: FileState(rendered[path].encode()) for path in edited}
    shared = merge_shared(
        base, ours, theirs, rewire, ledgers={}, pristine_ledgers={}, conflicts="inline"
    )
    for path, merged in shared.files.items():
        assembly.notes += [f"{path}: {note}" for note in merged.notes]
        state = merged.state
        if merged.conflicts:
            state = users_side(merged, ours[path])
            assembly.by_hand.append(left_over(path, base.get(path), theirs[path], merged))
        if state is not None and state != ours[path]:
            assembly.shared.add(path)
            assembly.write(path, state.text)
    assembly.by_hand += shared.by_hand
    impossible = shared.wired.impossible if shared.wired else ()
    assembly.by_hand += [ByHand(item.id, item.path, item.instructions) for item in impossible]
    locks = (load_lock(assembly.root, each.feature) for each in others)
    known = {key for lock in locks if lock is not None for key in lock.wired}
    return {each.feature: ledger_after(each, {}, shared.wired, known) for each in contributions}


def users_side(merged: Merged, ours: FileState) -> FileState:
    """The merged file with each conflict decided for the user."""
    return ours if merged.resolved is None else replace(ours, held=merged.resolved)


def left_over(path: str, base: FileState | None, theirs: FileState, merged: Merged) -> ByHand:
    """What of the skeleton's change the user has to look at."""
    places = ", ".join(each.symbol or f"line {each.line}" for each in merged.conflicts)
    return ByHand(
        f"skeleton:{path}",
        path,
        f"You have changed {places} yourself. The skeleton changes there too:\n\n"
        + _diff(path, base, theirs),
    )


def left_out(path: str, base: FileState, theirs: FileState, merged: Merged) -> ByHand:
    """What of the skeleton's change has no place in the file any more."""
    return ByHand(
        f"skeleton:{path}",
        path,
        f"You have taken out {', '.join(merged.left_out)}. The skeleton changes there; what of it "
        "is not in your file yet belongs where you do the same now:\n\n"
        + _diff(path, base, theirs),
    )


def _diff(path: str, base: FileState | None, theirs: FileState) -> str:
    import difflib

    old = (base.text if base else b"").decode(errors="replace").splitlines()
    new = theirs.text.decode(errors="replace").splitlines()
    return "\n".join(difflib.unified_diff(old, new, path, path, lineterm="", n=2))
