"""All-or-nothing writing: an undo journal inside the project, and recovery of an interrupted run.

The journal (`.featuregen/.journal/`) appears in one rename, complete: a manifest, the new contents,
and the files to be replaced as second names of themselves. While it is there, the tree is on its
way, and `recover_tree` leads it back to the old state. It disappears in one rename too, and that is
the commit. Thus after a kill at any point the tree is the old one or the new one.

    .journal.building   not begun: discard           → the old tree
    .journal            on its way: undo             → the old tree
    .journal.undone     undone: discard              → the old tree
    .journal.done       committed: discard           → the new tree

Where `.featuregen` itself is not there before (or after), it is the folder that appears (or
disappears) in that rename.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from featuregen.errors import FeaturegenError
from featuregen.workspace import mutations
from featuregen.workspace.manifest import (
    HOME,
    JOURNAL,
    Entry,
    Manifest,
    digest,
    dump_manifest,
    load_manifest,
    plan_manifest,
)
from featuregen.workspace.paths import check_place
from featuregen.workspace.staging import Staged, changed_meanwhile, read_original

_STATES = ("building", "undone", "done")


@dataclass(frozen=True, slots=True)
class Recovery:
    """How an interrupted run was brought to its end.

    `kept`: files that were edited after the interruption; they stay as they are, and what stood
    there before the run lies in `.featuregen/recovered/`.
    """

    outcome: Literal["undone", "done"]
    files: tuple[str, ...]
    kept: tuple[str, ...] = ()


def write_tree(staged: Staged) -> None:
    """Bring the staged writes into an existing project: all of them or none.

    Raises `FeaturegenError`; the tree is then the old one, or, where even undoing failed (a disk
    gone read-only), the journal stays, and the next run undoes it.
    """
    _check_unchanged(staged)
    root = staged.root
    manifest = plan_manifest(staged)
    try:
        _prepare(staged, manifest)
        _carry_out(root, root / HOME / JOURNAL, manifest)
        closed = _close(root, "done", home_ours=manifest.home_made or _wrote_in_home(manifest))
    except OSError as reason:
        recover_tree(root)
        raise cannot_write(root, reason) from reason
    except BaseException:
        recover_tree(root)
        raise
    with contextlib.suppress(OSError):  # committed: what is left, the next run tidies
        mutations.discard(closed)


def cannot_write(place: Path, reason: OSError) -> FeaturegenError:
    """The error for a disk that refused, after everything was put back."""
    return FeaturegenError(
        f"cannot write: {reason.strerror}; nothing was changed",
        where=str(reason.filename or place),
        hint="free some space or make the folder writable, then run the command again",
    )


def pending(root: Path) -> bool:
    """Whether an interrupted run left something to recover."""
    return any(place.is_dir() for place in _places(root))


def recover_tree(root: Path) -> Recovery | None:
    """Undo or finish what an interrupted run left. None where nothing had begun.

    Safe to be interrupted itself.
    """
    outcome: Recovery | None = None
    try:
        for place in _places(root):
            if place.is_symlink() or not place.is_dir():
                continue
            if place.name == JOURNAL:
                outcome = _undo(root, place)
            else:
                if place.name.endswith(".done"):
                    outcome = Recovery("done", _files(place))
                mutations.discard(place)
    except OSError as reason:
        raise FeaturegenError(
            f"an interrupted featuregen run could not be undone: {reason.strerror}",
            where=str(reason.filename or root),
            hint="make the project writable and run the command again; its journal is intact",
        ) from reason
    return outcome


def _places(root: Path) -> list[Path]:
    homes = [root / f"{HOME}.{state}" for state in _STATES]
    journals = [root / HOME / f"{JOURNAL}.{state}" for state in _STATES]
    return [*homes, *journals, root / HOME / JOURNAL]


def _check_unchanged(staged: Staged) -> None:
    for write, original in staged.changes:
        if read_original(staged.root, write.path) != original:
            raise changed_meanwhile(write.path)


# --- writing -------------------------------------------------------------------------------------


def _prepare(staged: Staged, manifest: Manifest) -> None:
    """Build the whole journal aside, then let it appear in one rename."""
    root = staged.root
    home = root / HOME
    if manifest.home_made:
        building = root / f"{HOME}.building"
        mutations.mkdir(building)
        journal, appears = building / JOURNAL, home
    else:
        if home.is_symlink():
            raise FeaturegenError(f"{HOME} is a symlink", where=HOME, hint="make it a folder")
        building = journal = home / f"{JOURNAL}.building"
        appears = home / JOURNAL
    mutations.mkdir(journal, 0o700)
    new, pre = journal / "new", journal / "pre"
    mutations.mkdir(new)
    mutations.mkdir(pre)
    writes = {write.path: write for write in staged.writes}
    for entry in manifest.entries:
        _keep(root, journal, entry, writes[entry.path].content)
    mutations.create(journal / "manifest.json", dump_manifest(manifest))
    for folder in (new, pre, journal):
        mutations.sync(folder)
    mutations.rename(building, appears)
    mutations.sync(appears.parent)


def _keep(root: Path, journal: Path, entry: Entry, content: bytes | None) -> None:
    target = root / entry.path
    like = None
    if entry.old is not None:
        like = target.stat()
        mutations.link(target, journal / "pre" / str(entry.number))
    if content is not None:
        mutations.create(journal / "new" / str(entry.number), content, entry.mode, like)


def _carry_out(root: Path, journal: Path, manifest: Manifest) -> None:
    for folder in manifest.made:
        mutations.mkdir(root / folder)
    touched = {root / folder for folder in (".", *manifest.made)}
    for entry in manifest.entries:
        target = root / entry.path
        touched.add(target.parent)
        if entry.new is None:
            mutations.remove(target)
        else:
            mutations.move(journal / "new" / str(entry.number), target, entry.bridge(root))
    for number, (folder, _) in enumerate(manifest.emptied):
        cache = root / folder / "__pycache__"
        if cache.is_dir():
            mutations.rename(cache, journal / "pre" / f"cache-{number}")
        mutations.rmdir(root / folder)
    for place in sorted(touched):
        if place.is_dir():
            mutations.sync(place)


def _wrote_in_home(manifest: Manifest) -> bool:
    return any(entry.path.startswith(f"{HOME}/") for entry in manifest.entries)


def _close(root: Path, state: Literal["undone", "done"], *, home_ours: bool) -> Path:
    """The commit: the journal stops being one, in one rename. Returns what is left to discard."""
    home = root / HOME
    if home_ours and [entry.name for entry in home.iterdir()] == [JOURNAL]:
        closed = root / f"{HOME}.{state}"
        mutations.rename(home, closed)
    else:
        closed = home / f"{JOURNAL}.{state}"
        mutations.rename(home / JOURNAL, closed)
    mutations.sync(closed.parent)
    return closed


# --- undoing -------------------------------------------------------------------------------------


def _undo(root: Path, journal: Path) -> Recovery:
    manifest = load_manifest(journal)
    for number, (folder, mode) in reversed(tuple(enumerate(manifest.emptied))):
        place = root / folder
        if not place.is_dir():
            mutations.mkdir(place, mode)
        mutations.chmod(place, mode)
        cache = journal / "pre" / f"cache-{number}"
        if cache.is_dir() and not (place / "__pycache__").exists():
            mutations.rename(cache, place / "__pycache__")
    entries = reversed(manifest.entries)
    kept = [entry.path for entry in entries if not _undo_entry(root, journal, entry)]
    for folder in reversed(manifest.made):
        mutations.rmdir(root / folder)
    mutations.discard(_close(root, "undone", home_ours=manifest.home_made))
    files = tuple(sorted(entry.path for entry in manifest.entries))
    return Recovery("undone", files, tuple(sorted(kept)))


def _undo_entry(root: Path, journal: Path, entry: Entry) -> bool:
    """Restore one file, unless somebody edited it since; whether it is the old one now."""
    mutations.remove(entry.bridge(root))
    target = root / entry.path
    pre = journal / "pre" / str(entry.number)
    try:
        found = check_place(root, entry.path)
    except FeaturegenError:
        return False  # a folder or a link stands there now: not ours to touch
    now = digest(target.read_bytes()) if found is not None else None
    if now == entry.old and (not pre.exists() or _same_mode(target, pre)):
        return True
    if now is not None and now not in {entry.old, entry.new}:
        _set_aside(root, pre, entry)
        return False
    if entry.old is None:
        mutations.remove(target)
    elif pre.exists():
        mutations.move(pre, target, entry.bridge(root))
    return True


def _same_mode(target: Path, pre: Path) -> bool:
    return target.exists() and target.stat().st_mode == pre.stat().st_mode


def _set_aside(root: Path, pre: Path, entry: Entry) -> None:
    if not pre.exists():
        return
    kept = root / HOME / "recovered" / entry.path
    for folder in reversed(kept.relative_to(root).parents[:-1]):
        if not (root / folder).is_dir():
            mutations.mkdir(root / folder)
    mutations.move(pre, kept, kept.with_name(f"{kept.name}.tmp"))


def _files(closed: Path) -> tuple[str, ...]:
    for journal in (closed, closed / JOURNAL):
        if (journal / "manifest.json").is_file():
            with contextlib.suppress(FeaturegenError):
                return tuple(sorted(entry.path for entry in load_manifest(journal).entries))
    return ()
