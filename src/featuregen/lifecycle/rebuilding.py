"""`featuregen lock --rebuild`: locks made anew from the specs, when git has merged them badly."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from featuregen.assemble import RUFF_VERSION
from featuregen.errors import FeaturegenError
from featuregen.house import house_setting
from featuregen.lifecycle.known import Known, read_state
from featuregen.lifecycle.locks_after import write_answers, write_lock
from featuregen.lifecycle.rendering import (
    Render,
    SpecText,
    read_spec_bytes,
    render,
    spec_path,
)
from featuregen.lifecycle.results import result
from featuregen.lifecycle.revisions import kept_revisions
from featuregen.lifecycle.updating import all_wired
from featuregen.line_ends import plain
from featuregen.lock import PROJECT, Lock, UnmergedLockError, load_lock, lock_path, pristine_files
from featuregen.project import HOME, Project
from featuregen.version import VERSION
from featuregen.workspace import Write, apply, project_lock, recover, stage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from featuregen.lifecycle.revisions import Kept
    from featuregen.progress import Progress
    from featuregen.results import Outcome, RunResult


def rebuild(root: Path, progress: Progress) -> RunResult:
    """Render every spec and keep that as what was rendered last; the code stays as it is.

    What stands in the files and not in the render counts as the user's from then on, and what is
    missing in the shared files as taken out by the user.
    """
    from featuregen.progress import Stopwatch

    watch = Stopwatch(progress)
    root = _project_root(root)
    with project_lock(root):
        recover(root)
        with watch.stage("check"):
            sides = {name: _side(root, name) for name in (PROJECT, *_names(root))}
            found = {name: side.lock if side.sound else None for name, side in sides.items()}
            _refuse_older(found)
            specs = [_applied(root, name, found[name]) for name in _names(root)]
            name = _project_name(root, found[PROJECT])
            old = found[PROJECT]
            templates = old.templates if old else house_setting(root)
            project = Lock(
                PROJECT, VERSION, RUFF_VERSION, None, name, None, {}, templates=templates
            )
            known = Known(root.resolve(), old or project, {})
        with watch.stage("render"):
            kept = {
                one.feature: kept_revisions(root, one.feature, side.lock, sound=side.sound)
                for one in specs
                for side in (sides[one.feature],)
            }
            rendered = render(known, specs, name=name, kept=kept)
        files = pristine_files(rendered.skeleton)
        marked = _still_marked(root, rendered.skeleton)
        project = replace(project, files=files, conflicts=marked, house=rendered.house)
        writes = [write_lock(project)]
        for feature, each in rendered.features.items():
            writes += _feature_writes(known, each, sides[feature].lock, kept[feature].unsure)
        staged = stage(known.root, writes)
        if staged.writes:
            with watch.stage("apply"):
                apply(staged)
        names = tuple(rendered.features)
        outcome: Outcome = "rebuilt" if staged.writes else "unchanged"
        notes = [*_notes(kept.values())]
        return result("lock", outcome, known, watch, features=names, staged=staged, notes=notes)


def _refuse_older(found: Mapping[str, Lock | None]) -> None:
    """A sound lock of an older version is what an update needs: today's render would not be."""
    older = [lock for lock in found.values() if lock is not None and lock.version != VERSION]
    if older and None not in found.values():
        raise FeaturegenError(
            f"the locks are sound, and of featuregen {older[0].version}",
            where=lock_path(older[0].name),
            hint="bring the project up to date with: featuregen update",
        )


def _applied(root: Path, feature: str, lock: Lock | None) -> SpecText:
    """The spec as it was applied last: of the lock, else of the answers, else as it stands."""
    from featuregen.answers import load_answers

    path = spec_path(feature)
    if lock is not None and path in lock.files:
        text = plain(lock.files[path].text)
    else:
        try:
            answers = load_answers(root, feature)
        except FeaturegenError:
            answers = None
        if answers is None:
            return SpecText(feature, read_spec_bytes(root, feature))
        text = answers.spec.encode()
    return SpecText(feature, text)


def _notes(kept: Iterable[Kept]) -> Iterator[str]:
    for path in (path for each in kept for path in each.unsure):
        yield (
            f"{path}: whether you have edited it is not known any more, so it counts as yours: "
            "'featuregen remove' keeps it"
        )


def _feature_writes(
    known: Known, render: Render, before: Lock | None, unsure: tuple[str, ...]
) -> Iterator[Write]:
    name = render.contribution.feature
    ledger = all_wired(render.contribution)
    if before is not None:  # what its undo needs, where it is known
        ledger = {key: before.wired.get(key, "") for key in ledger}
    yield write_lock(
        Lock(
            name,
            VERSION,
            RUFF_VERSION,
            render.applied,
            None,
            render.contribution,
            ledger,
            render.files,
            _still_marked(known.root, render.files),
            unsure,
        )
    )
    yield write_answers(known, name, render.files[spec_path(name)].text.decode(), name)


def _still_marked(root: Path, files: Iterable[str]) -> tuple[str, ...]:
    """Conflicts of an update that are still open, as far as the files tell."""
    from featuregen.merge.files import open_conflicts

    return tuple(path for path in sorted(files) if open_conflicts(path, read_state(root, path)))


def _project_root(root: Path) -> Path:
    """The folder with the specs, here or above: the locks may be missing altogether."""
    start = Path(root).absolute()
    for folder in (start, *start.parents):
        if (folder / HOME).is_dir() and any(folder.glob("features/*.yaml")):
            return folder
    if any(start.glob("features/*.yaml")) and (start / "app").is_dir():
        return start
    raise FeaturegenError(
        "no featuregen project here",
        where=str(start),
        hint="a project has its specs in features/",
        exit_code=2,
    )


def _names(root: Path) -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in root.glob("features/*.yaml")))


class _Side(NamedTuple):
    """A lock, or but one side of it where git could not merge it; None where nothing is readable.

    A side tells what was rendered once, not what was rendered last.
    """

    lock: Lock | None
    sound: bool = True


def _side(root: Path, name: str) -> _Side:
    try:
        return _Side(load_lock(root, name))
    except UnmergedLockError as fault:
        return _Side(fault.first_side(), sound=False)
    except FeaturegenError:
        return _Side(None)


def _project_name(root: Path, lock: Lock | None) -> str:
    """Of the lock, else of the project's own `pyproject.toml`, else of the folder."""
    if lock is not None and lock.project_name:
        return lock.project_name
    try:
        text = (root / "pyproject.toml").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        text = ""
    named = re.search(r'^name = "([a-z][a-z0-9-]*)"', text, re.MULTILINE)
    return named[1] if named else Project(root, exists=True, features=()).folder_name
