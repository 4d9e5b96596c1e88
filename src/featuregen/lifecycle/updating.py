"""`featuregen update`: a changed spec, newer templates and the user's edits meet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from featuregen.lifecycle.conflicts import refuse_open
from featuregen.lifecycle.known import Known, check_version, has_new_house, pristine, read_known
from featuregen.lifecycle.rendering import read_spec_bytes, read_specs, render, spec_path
from featuregen.lifecycle.results import result
from featuregen.lifecycle.unmerged import unmerged_answers
from featuregen.lock import FORMAT, lock_path, spec_hash
from featuregen.opening import opened
from featuregen.project import check_known, into_option
from featuregen.version import VERSION
from featuregen.workspace import Staged, Write, apply, stage

if TYPE_CHECKING:
    from featuregen.lifecycle.carrying import Carried, Step
    from featuregen.lifecycle.rendering import Rendered, SpecText
    from featuregen.merge.state import ConflictMode
    from featuregen.pipeline import Options, Subject
    from featuregen.plan.contribution import Contribution
    from featuregen.progress import Progress, Stopwatch
    from featuregen.results import ContractChange, Outcome, RunResult
    from featuregen.spec.model import FeatureSpec
    from featuregen.verify import Verification
    from featuregen.wiring.wire import Ledger, WiringResult


@dataclass(frozen=True, slots=True)
class Prepared:
    """An update, staged: everything but the proof."""

    rendered: Rendered
    carried: Carried
    staged: Staged
    contract: tuple[ContractChange, ...]

    def specs(self, verification: Verification | None) -> list[FeatureSpec]:
        """What is told of the specs: of many, only of those that warn or did not hold a proof."""
        given = [each.given for each in self.rendered.features.values()]
        failed = verification is not None and not verification.ok
        return [one.spec for one in given if len(given) == 1 or failed or one.warns]

    @property
    def subjects(self) -> list[Subject]:
        return [each.subject for each in self.rendered.features.values()]


def update(
    root: Path,
    features: Sequence[str],
    options: Options,
    progress: Progress,
    *,
    conflicts: ConflictMode = "inline",
    dry_run: bool = False,
    diffs: bool = False,
) -> RunResult:
    """Render what is due → merge → wire → stage → verify → apply → report.

    With no feature named, all are meant. A dry run stops before the proof. `diffs`: the result
    holds what changes in each file.
    """
    from featuregen.progress import Stopwatch

    watch = Stopwatch(progress)
    with opened(root) as project:
        with watch.stage("check"):
            known = read_known(project)
            check_version(known)
            names = due(known, chosen(known, features))
            refuse_open(known)
            specs = read_specs(known.root, names)
        if not (specs or is_outdated(known)):
            return result("update", "unchanged", known, watch, features=features)
        prepared = prepare_update(known, specs, watch, conflicts=conflicts)
        if dry_run:
            return told("update", "planned", known, prepared, watch, diffs=diffs)
        return finish("update", "updated", known, prepared, options, watch, diffs=diffs)


def check_update(
    root: Path, features: Sequence[str], progress: Progress, *, diffs: bool = False
) -> RunResult:
    """Whether an update would change a byte: the whole of it but the writing.

    It renders also what looks up to date, so that a lock that says something else than the spec is
    found, too.
    """
    from featuregen.progress import Stopwatch

    watch = Stopwatch(progress)
    with opened(root) as project:
        with watch.stage("check"):
            known = read_known(project)
            check_version(known)
            refuse_open(known)
            specs = read_specs(known.root, chosen(known, features))
            by_hash = due(known, chosen(known, features)) or is_outdated(known)
        prepared = prepare_update(known, specs, watch, afresh=True)
    if not prepared.staged.writes:
        return result("update", "unchanged", known, watch, features=features)
    found = told("update", "due", known, prepared, watch, diffs=diffs)
    if by_hash:
        return found
    step = f"a lock says what its spec does not: featuregen lock --rebuild{into_option(found.root)}"
    return replace(found, next_steps=(step,))


def chosen(known: Known, features: Sequence[str]) -> tuple[str, ...]:
    """The named features, or all; raises `FeaturegenError` for one that is not there."""
    for feature in features:
        check_known(feature, known.features, known.root)
    return tuple(dict.fromkeys(features)) or tuple(known.features)


def due(known: Known, features: Sequence[str]) -> tuple[str, ...]:
    """Those of the features that an update is about, told by hashes alone.

    Newer templates bring a newer skeleton, which all features share: then it is all of them.
    """
    if is_outdated(known):
        return tuple(known.features)
    return tuple(
        name
        for name in features
        if spec_hash(read_spec_bytes(known.root, name)) != known.features[name].spec_hash
        or unmerged_answers(known.root, name)
    )


def is_outdated(known: Known) -> bool:
    """Whether templates, ours or the team's own, are newer than the project or its locks."""
    older = any(lock.version != VERSION or lock.form != FORMAT for lock in known.locks())
    return older or has_new_house(known)


def prepare_update(
    known: Known,
    specs: Sequence[SpecText],
    watch: Stopwatch,
    *,
    conflicts: ConflictMode = "inline",
    was: Mapping[str, str] | None = None,
    afresh: bool = False,
) -> Prepared:
    """Render, merge and stage. `was` maps features to the name they have had so far.

    `afresh`: also what would come out as it did the last time, if the lock is right.
    """
    from featuregen.lifecycle.carrying import carry
    from featuregen.lifecycle.importers import broken_imports
    from featuregen.lifecycle.locks_after import lock_writes

    before = {each.feature: each.feature for each in specs} | dict(was or {})
    gone = [old for new, old in before.items() if new != old]
    with watch.stage("render"):
        name = project_name(known)
        rendered = render(
            known, specs, name=name, without=gone, keep_skeleton=True, afresh=afresh, was=before
        )
    with watch.stage("merge"):
        carried = carry(known, _step(known, rendered, before, conflicts))
        writes = [
            *carried.writes(),
            *lock_writes(known, rendered, carried, was=before),
            *(Write(path, None) for name in gone for path in own_records(name)),
        ]
        staged = stage(known.root, writes, carried.seen())
        todo = broken_imports(staged, {file.was: file.path for file in carried.files})
    notes = dict.fromkeys((*carried.notes, *_taken_out(known, before.values())))
    carried = replace(carried, by_hand=(*carried.by_hand, *todo), notes=tuple(notes))
    return Prepared(rendered, carried, staged, _contract(known, rendered, before))


def _taken_out(known: Known, features: Iterable[str]) -> Iterator[str]:
    """Of these features, also where this run had nothing to do in the shared file."""
    from featuregen.lifecycle.carrying import note_taken_out
    from featuregen.lifecycle.taken_out import taken_out

    gone = taken_out(known)
    yield from (note_taken_out(key) for name in features for key in gone.get(name, ()))


def finish(
    command: str,
    outcome: Outcome,
    known: Known,
    prepared: Prepared,
    options: Options,
    watch: Stopwatch,
    *,
    diffs: bool = False,
) -> RunResult:
    """Prove what is staged, unless a person has to decide something first, and apply it."""
    from featuregen.pipeline import prove_subjects

    if not prepared.staged.writes:
        return told(command, "unchanged", known, prepared, watch)
    verification = None
    if options.verify and not is_open(prepared.carried):
        verification = prove_subjects(prepared.staged, prepared.subjects, options, watch)
        if not verification.ok:
            return told(command, "failed", known, prepared, watch, verification, diffs=diffs)
    with watch.stage("apply"):
        apply(prepared.staged)
    return told(command, outcome, known, prepared, watch, verification, diffs=diffs)


def is_open(carried: Carried) -> bool:
    """Whether a person has to decide something, so that a proof would tell nothing yet."""
    return bool(carried.conflicts or carried.by_hand)


def told(
    command: str,
    outcome: Outcome,
    known: Known,
    prepared: Prepared,
    watch: Stopwatch,
    verification: Verification | None = None,
    *,
    diffs: bool = False,
) -> RunResult:
    """The result of what was prepared."""
    return result(
        command,
        outcome,
        known,
        watch,
        features=tuple(prepared.rendered.features),
        specs=prepared.specs(verification),
        carried=prepared.carried,
        staged=prepared.staged,
        verification=verification,
        contract=prepared.contract,
        diffs=diffs,
    )


def project_name(known: Known) -> str:
    """As the skeleton has it; a lock of old may not tell."""
    from featuregen.project import Project

    if known.project.project_name:
        return known.project.project_name
    return Project(known.root, exists=True, features=()).folder_name


def own_records(feature: str) -> tuple[str, str]:
    """The files in `.featuregen` that go with a feature."""
    from featuregen.answers import answers_path

    return lock_path(feature), answers_path(feature)


def _step(
    known: Known, rendered: Rendered, was: Mapping[str, str], conflicts: ConflictMode
) -> Step:
    from featuregen.lifecycle.carrying import Step
    from featuregen.merge.state import FileState

    locks = {new: known.features[old] for new, old in was.items()}
    applied = {spec_path(new) for new, old in was.items() if new == old}  # it is what we read
    before = {
        path: state
        for lock in locks.values()
        for path, state in pristine(lock.files).items()
        if path not in applied
    }
    after = {
        path: state
        for each in rendered.features.values()
        for path, state in pristine(each.files).items()
        if path not in applied
    }
    contributions = [each.contribution for each in rendered.features.values()]
    others = known.contributions(without=(*was, *was.values()))
    previous = {
        new: lock.contribution for new, lock in locks.items() if lock.contribution is not None
    }

    def rewire(texts: Mapping[str, str], ledgers: Mapping[str, Ledger]) -> WiringResult:
        from featuregen.wiring.wire import wire_all

        return wire_all(texts, contributions, others, previous=previous, ledgers=ledgers)

    return Step(
        before=before,
        after=after,
        skeleton_before=pristine(known.project.files),
        skeleton_after={p: FileState(text.encode()) for p, text in rendered.skeleton.items()},
        renames={
            old: new
            for name in rendered.features
            for old, new in _renames(known, rendered, name, was)
        },
        rewire=rewire,
        ledgers={new: lock.wired for new, lock in locks.items()},
        pristine_ledgers={new: all_wired(contribution) for new, contribution in previous.items()},
        conflicts=conflicts,
    )


def _renames(
    known: Known, rendered: Rendered, name: str, was: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    from featuregen.house import find_house
    from featuregen.lifecycle.outputs import moved_files

    house = find_house(known.root)
    yield from moved_files(known.features[was[name]], rendered.features[name], house)
    if name != was[name]:
        yield spec_path(was[name]), spec_path(name)


def all_wired(contribution: Contribution) -> dict[str, str]:
    """The ledger of a render: everything is in it."""
    from featuregen.wiring.wire import wired_ids

    return dict.fromkeys(wired_ids(contribution), "")


def _contract(
    known: Known, rendered: Rendered, was: Mapping[str, str]
) -> tuple[ContractChange, ...]:
    from featuregen.lifecycle.contract import contract_changes
    from featuregen.lifecycle.outputs import applied_spec_of

    changes: list[ContractChange] = []
    for name, each in rendered.features.items():
        lock = known.features[was[name]]
        old = applied_spec_of(lock) if lock.spec_hash != each.applied else None
        if old is not None:
            changes += contract_changes(old, each.given.spec)
    return tuple(changes)
