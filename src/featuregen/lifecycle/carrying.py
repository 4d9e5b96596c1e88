"""From what was rendered last to what is rendered now, with the user's edits carried over."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from featuregen.lifecycle.hook_files import HooksFile, keep_written_hooks
from featuregen.lifecycle.known import Known, on_disk, pristine
from featuregen.line_ends import ended_like, is_uniform, same
from featuregen.merge.state import Conflict, ConflictMode, FileState, Merged, beside_path
from featuregen.merge.tree import merge_tree
from featuregen.results import ByHand
from featuregen.shared_edits import Rewire, merge_shared
from featuregen.spool import Held, Spool
from featuregen.workspace import Write

if TYPE_CHECKING:
    from featuregen.merge.certificate import Certificate
    from featuregen.wiring.wire import Ledger, WiringResult

Tree: TypeAlias = Mapping[str, FileState]


@dataclass(frozen=True, slots=True)
class Step:
    """One transition. `before` and `after` hold the features' own files by feature.

    `renames` maps old paths to new ones; `hooks` are the paths of hooks files.
    """

    before: Tree
    after: Tree
    skeleton_before: Tree
    skeleton_after: Tree
    renames: Mapping[str, str]
    rewire: Rewire
    ledgers: Mapping[str, Ledger]
    pristine_ledgers: Mapping[str, Ledger]
    conflicts: ConflictMode = "inline"


@dataclass(frozen=True, slots=True)
class CarriedFile:
    """One file on its three sides, and what came of it. `was` is its path before."""

    path: str
    was: str
    base: FileState | None
    ours: FileState | None
    theirs: FileState | None
    merged: Merged
    shared: bool

    @property
    def changes(self) -> bool:
        """Whether the disk will differ."""
        return self.merged.state != self.ours or self.path != self.was


@dataclass(frozen=True, slots=True)
class Carried:
    """What to write, what to tell."""

    files: tuple[CarriedFile, ...]
    wired: WiringResult | None
    by_hand: tuple[ByHand, ...]
    notes: tuple[str, ...]

    @property
    def conflicts(self) -> tuple[Conflict, ...]:
        return tuple(each for file in self.files for each in file.merged.conflicts)

    @property
    def shared(self) -> frozenset[str]:
        """Paths of the shared files and the skeleton among those that change."""
        return frozenset(file.path for file in self.files if file.shared and file.changes)

    def writes(self) -> Iterator[Write]:
        """Everything but the locks."""
        written = {file.path for file in self.files}
        for file in self.files:
            if file.was != file.path and file.was not in written and file.ours is not None:
                yield Write(file.was, None)
            if file.changes and not (file.merged.state is None and file.ours is None):
                yield _write(file.path, file.merged.state, file.ours)
            if file.merged.beside is not None:
                yield _write(beside_path(file.path), file.merged.beside, None)

    def seen(self) -> dict[str, Held | None]:
        """What the merges were made from: a file that is another by now stops the run."""
        return {
            file.was: file.ours.held if file.ours is not None else None
            for file in self.files
            if file.ours is None or file.ours.link is None
        }

    def certificate(self) -> Certificate:
        """What of the user's edits is still there, counted anew."""
        from featuregen.merge.certificate import Certificate, certificate

        total = Certificate()
        for file in self.files:
            if file.ours != file.theirs:
                total += certificate(file.path, file.base, file.ours, file.merged)
        return total


def carry(known: Known, step: Step) -> Carried:
    """Merge the own files and the shared ones; nothing is written."""
    spool = Spool()
    ours = on_disk(known.root, {*step.before, *step.after}, spool)
    skeleton_ours = on_disk(known.root, {*step.skeleton_before, *step.skeleton_after}, spool)
    step = _as_checked_out(step, ours, skeleton_ours)
    after, todo, notes = _without_written_hooks(step, ours)
    tree = merge_tree(step.before, ours, after, step.renames, conflicts=step.conflicts)
    shared = merge_shared(
        step.skeleton_before,
        skeleton_ours,
        step.skeleton_after,
        step.rewire,
        ledgers=step.ledgers,
        pristine_ledgers=step.pristine_ledgers,
        conflicts=step.conflicts,
    )
    origin = {new: old for old, new in tree.moved.items()}
    files = [
        CarriedFile(
            path,
            was,
            step.before.get(was),
            ours.get(was),
            step.after.get(path),
            merged,
            shared=False,
        )
        for path, merged in tree.files.items()
        for was in (origin.get(path, path),)
    ]
    files += [
        CarriedFile(
            path,
            path,
            step.skeleton_before.get(path),
            skeleton_ours.get(path),
            step.skeleton_after.get(path),
            merged,
            shared=True,
        )
        for path, merged in shared.files.items()
    ]
    impossible = shared.wired.impossible if shared.wired else ()
    by_hand = [ByHand(item.id, item.path, item.instructions) for item in impossible]
    by_hand += shared.by_hand
    notes += [f"{path}: it is now {new}, with your edits" for path, new in tree.moved.items()
             if ours.get(path) != step.before.get(path)]  # fmt: skip
    notes += [f"{file.path}: {note}" for file in files for note in file.merged.notes]
    notes += map(note_taken_out, shared.wired.removed_by_user if shared.wired else ())
    return Carried(tuple(_formatted(files)), shared.wired, (*by_hand, *todo), tuple(notes))


def _as_checked_out(step: Step, ours: Tree, skeleton_ours: Tree) -> Step:
    """The renders with the line ends that git has given to files that nobody has edited."""
    before, after = _ended_like(step.before, ours, step.after, step.renames)
    skeleton_before, skeleton_after = _ended_like(
        step.skeleton_before, skeleton_ours, step.skeleton_after, {}
    )
    return replace(
        step,
        before=before,
        after=after,
        skeleton_before=skeleton_before,
        skeleton_after=skeleton_after,
    )


def _ended_like(
    before: Tree, ours: Tree, after: Tree, renames: Mapping[str, str]
) -> tuple[Tree, Tree]:
    known, new = dict(before), dict(after)
    for path in before.keys() & ours.keys():
        last, mine, then = before[path], ours[path], renames.get(path, path)
        if last.text == mine.text or mine.link is not None:
            continue
        if same(last.text, mine.text) and is_uniform(mine.text):
            known[path] = replace(last, held=mine.held)
            if then in new:
                new[then] = replace(new[then], held=ended_like(new[then].text, mine.text))
    return known, new


def note_taken_out(key: str) -> str:
    """About what is wired, and no longer there."""
    return f"{key}: you took it out of the shared file, so it stays out"


def _write(path: str, state: FileState | None, ours: FileState | None) -> Write:
    if state is None:
        return Write(path, None)
    before = ours.executable if ours is not None else False
    return Write(path, state.held, None if state.executable == before else state.executable)


def _without_written_hooks(step: Step, ours: Tree) -> tuple[Tree, list[ByHand], list[str]]:
    """The new render with the hooks that the user has written as they were rendered last."""
    after = dict(step.after)
    todo: list[ByHand] = []
    notes: list[str] = []
    for path in step.before:
        new = step.renames.get(path, path)
        if not path.endswith("_hooks.py") or new not in after or path not in ours:
            continue
        base, mine = step.before[path], ours[path]
        if base == mine or mine.link is not None:
            continue
        kept = keep_written_hooks(_text(base), _text(mine), _text(after[new]))
        after[new] = replace(after[new], held=kept.theirs.encode())
        todo += _hooks_to_adapt(new, kept)
        notes += [f"{new}: no operation calls your {name}() any longer" for name in kept.unused]
    return after, todo, notes


def _text(state: FileState) -> str:
    from featuregen.merge.encoding import decode

    return decode(state.text).text


def _hooks_to_adapt(path: str, kept: HooksFile) -> Iterator[ByHand]:
    if not kept.is_readable:
        yield ByHand(
            "hooks",
            path,
            "The file does not parse, so it was left. Mend it, then write the hooks that are "
            "missing: 'featuregen verify' names them.",
        )
    for name, signature in kept.changed:
        yield ByHand(
            f"hook:{name}",
            path,
            f"The spec calls {name}() in another way now. Your function was left as it is; give it "
            f"this signature:\n\n{signature}",
        )


def _formatted(files: Collection[CarriedFile]) -> Iterator[CarriedFile]:
    """With merged Python laid out as the user's file was."""
    from featuregen.lifecycle.layout import formatted

    merged = {
        file.path: (file.ours.text, file.merged.state.text)
        for file in files
        if file.ours is not None
        and file.merged.state is not None
        and file.merged.state.link is None
        and not file.merged.conflicts
        and file.merged.state not in (file.ours, file.theirs)
    }
    texts = formatted(merged) if merged else {}
    for file in files:
        if file.path in texts and file.merged.state is not None:
            state = replace(file.merged.state, held=texts[file.path])
            yield replace(file, merged=replace(file.merged, state=state))
        else:
            yield file


__all__ = ["Carried", "CarriedFile", "Step", "carry", "pristine"]
