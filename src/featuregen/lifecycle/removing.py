"""`featuregen remove`: the exact inverse of `new`, which keeps what a person has written."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from featuregen.errors import FeaturegenError
from featuregen.lifecycle.carrying import Carried, CarriedFile, Step, carry
from featuregen.lifecycle.importers import importers, module_name
from featuregen.lifecycle.known import Known, on_disk, pristine, read_known
from featuregen.lifecycle.locks_after import write_lock
from featuregen.lifecycle.outputs import applied_spec_of
from featuregen.lifecycle.rendering import render
from featuregen.lifecycle.results import result
from featuregen.lifecycle.revisions import relink
from featuregen.lifecycle.unmerged import refuse_unmerged
from featuregen.lifecycle.updating import all_wired, chosen, own_records, project_name
from featuregen.lock import PROJECT, check_current, lock_path, pristine_files
from featuregen.merge.files import merge_file
from featuregen.merge.state import FileState, beside_path
from featuregen.opening import opened
from featuregen.shared_edits import left_over, users_side
from featuregen.version import VERSION
from featuregen.workspace import Staged, Write, apply, stage

if TYPE_CHECKING:
    from featuregen.pipeline import Options
    from featuregen.progress import Progress, Stopwatch
    from featuregen.results import Outcome, RunResult
    from featuregen.verify import Verification
    from featuregen.wiring.wire import Ledger, WiringResult

_IMPORTERS_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Removal:
    """A removal, staged. `kept` are the feature's files that the user has edited."""

    feature: str
    carried: Carried
    staged: Staged
    kept: tuple[str, ...]
    notes: tuple[str, ...] = ()


def remove(
    root: Path,
    feature: str,
    options: Options,
    progress: Progress,
    *,
    force: bool = False,
    dry_run: bool = False,
    diffs: bool = False,
) -> RunResult:
    """Take a feature out: its files, what is wired for it, and what only it needed.

    Files that the user has edited stay, and are listed, unless `force`. Raises `FeaturegenError`
    where other code imports what would go.
    """
    from featuregen.progress import Stopwatch

    watch = Stopwatch(progress)
    with opened(root) as project:
        with watch.stage("check"):
            known = read_known(project)
            check_current(known.locks(), f"remove {feature}")
            chosen(known, (feature,))
            refuse_unmerged(known.root, (known.project, known.features[feature]))
        with watch.stage("unwire"):
            removal = _prepare(known, feature, force=force)
            _refuse_imported(known, removal)
        if dry_run:
            return _told("planned", known, removal, watch, diffs=diffs)
        verification = _prove(known, removal, options, watch)
        if verification is not None and not verification.ok:
            return _told("failed", known, removal, watch, verification, diffs=diffs)
        with watch.stage("apply"):
            apply(removal.staged)
        return _told("removed", known, removal, watch, verification, diffs=diffs)


def _prepare(known: Known, feature: str, *, force: bool) -> Removal:
    skeleton = _skeleton_without(known, feature)
    carried = carry(known, _step(known, feature, skeleton))
    carried = _by_hand_where_it_conflicts(carried)
    unsure = frozenset(known.features[feature].unsure)
    kept = tuple(
        file.path for file in carried.files if _is_edited(file, unsure) and not file.shared
    )
    files = tuple(_settled(file, unsure, force=force) for file in carried.files)
    carried = replace(carried, files=files)
    left = Write(lock_path(PROJECT), None)
    if skeleton:
        left = write_lock(replace(known.project, version=VERSION, files=pristine_files(skeleton)))
    beside = [beside_path(path) for path in known.features[feature].conflicts]
    gone = (Write(path, None) for path in (*own_records(feature), *beside))
    relinked = relink(known, feature, () if force else kept)
    writes = [*carried.writes(), *gone, left, *relinked.writes]
    staged = stage(known.root, writes, {**carried.seen(), **relinked.seen})
    return Removal(feature, carried, staged, () if force else kept, relinked.notes)


def _skeleton_without(known: Known, feature: str) -> Mapping[str, str]:
    """The skeleton that the other features need.

    The last feature takes it along, unless somebody has edited it or builds on it: then the project
    stays, without features.
    """
    rendered = render(known, (), name=project_name(known), without=(feature,))
    if rendered.skeleton:
        return rendered.skeleton
    base = pristine(known.project.files)
    own = known.features[feature].files
    edited = [
        path
        for path, state in on_disk(known.root, base).items()
        if merge_file(path, base[path], state, None).state is not None
    ]
    gone = stage(known.root, [Write(path, None) for path in (*base, *own)])
    modules = {module_name(path): path for path in base if path.endswith(".py")}
    if edited or importers(gone, modules, set(own)):
        return render(
            known, (), name=project_name(known), without=(feature,), keep_skeleton=True
        ).skeleton
    return {}


def _step(known: Known, feature: str, skeleton: Mapping[str, str]) -> Step:
    lock = known.features[feature]
    others = known.contributions(without=(feature,))
    contribution = lock.contribution

    def rewire(texts: Mapping[str, str], ledgers: Mapping[str, Ledger]) -> WiringResult:
        from featuregen.wiring.wire import WiringResult, unwire

        if contribution is None:
            return WiringResult()
        return unwire(texts, contribution, others, ledger=ledgers[feature])

    return Step(
        before=pristine(lock.files),
        after={},
        skeleton_before=pristine(known.project.files),
        skeleton_after={path: FileState(text.encode()) for path, text in skeleton.items()},
        renames={},
        rewire=rewire,
        ledgers={feature: lock.wired},
        pristine_ledgers={feature: all_wired(contribution) if contribution else {}},
    )


def _is_edited(file: CarriedFile, unsure: Collection[str]) -> bool:
    """A file that goes with the feature, but that the user has changed, or may have."""
    if file.path in unsure and file.ours is not None:
        return True
    return file.theirs is None and bool(file.merged.conflicts)


def _settled(file: CarriedFile, unsure: Collection[str], *, force: bool) -> CarriedFile:
    """An edited file that nobody renders any longer is the user's; with `force` it goes."""
    if not _is_edited(file, unsure):
        return file
    state = None if force and not file.shared else file.ours
    return replace(file, merged=replace(file.merged, state=state, conflicts=(), beside=None))


def _by_hand_where_it_conflicts(carried: Carried) -> Carried:
    """Where the skeleton shrinks in lines that the user has changed, the user's stay."""
    files, by_hand = [], list(carried.by_hand)
    for file in carried.files:
        if file.theirs is not None and file.merged.conflicts and file.ours is not None:
            by_hand.append(left_over(file.path, file.base, file.theirs, file.merged))
            state = users_side(file.merged, file.ours)
            merged = replace(file.merged, state=state, conflicts=(), beside=None)
            files.append(replace(file, merged=merged))
        else:
            files.append(file)
    return replace(carried, files=tuple(files), by_hand=tuple(by_hand))


def _refuse_imported(known: Known, removal: Removal) -> None:
    own = known.features[removal.feature].files
    deleted = [write.path for write in removal.staged.writes if write.content is None]
    modules = {module_name(path): path for path in (*own, *deleted) if path.endswith(".py")}
    found = importers(removal.staged, modules, set(own))
    if not found:
        return
    named = dict.fromkeys(f"{each.path}:{each.line} imports {each.module}" for each in found)
    shown = [*named][:_IMPORTERS_SHOWN]
    more = len(named) - len(shown)
    raise FeaturegenError(
        f"other code imports what would go with {removal.feature}",
        where="\n".join([*shown, *([f"and {more} more"] if more else [])]),
        hint="take these imports out first",
        exit_code=3,
    )


def _prove(
    known: Known, removal: Removal, options: Options, watch: Stopwatch
) -> Verification | None:
    """The tests of the features that stay; None where none does, or nothing was to be run."""
    from featuregen.pipeline import prove
    from featuregen.plan.make import make_plan

    if not options.verify or removal.carried.by_hand:
        return None
    locks = (lock for name, lock in known.features.items() if name != removal.feature)
    plans = [make_plan(spec) for lock in locks if (spec := applied_spec_of(lock))]
    if not plans:
        return None
    return prove(removal.staged, plans, options, watch)


def _told(
    outcome: Outcome,
    known: Known,
    removal: Removal,
    watch: Stopwatch,
    verification: Verification | None = None,
    *,
    diffs: bool = False,
) -> RunResult:
    return result(
        "remove",
        outcome,
        known,
        watch,
        features=(removal.feature,),
        carried=removal.carried,
        staged=removal.staged,
        verification=verification,
        diffs=diffs,
        notes=[
            *(f"{path}: you have edited it, so it was kept" for path in removal.kept),
            *removal.notes,
        ],
    )


def edited_files(root: Path, feature: str) -> Sequence[str]:
    """What `force` would delete although the user has edited it."""
    with opened(root) as project:
        known = read_known(project)
        chosen(known, (feature,))
        return _prepare(known, feature, force=False).kept
