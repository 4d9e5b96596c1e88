"""`featuregen status`: what the features are, what is due, and what the user has made of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from featuregen.lifecycle.conflicts import still_open
from featuregen.lifecycle.known import Known, has_new_house, on_disk, pristine, read_known
from featuregen.lifecycle.rendering import spec_path
from featuregen.lifecycle.revisions import history_faults
from featuregen.lifecycle.taken_out import taken_out
from featuregen.lifecycle.unmerged import unmerged_answers
from featuregen.line_ends import same
from featuregen.lock import PROJECT, spec_hash
from featuregen.opening import opened
from featuregen.version import VERSION

if TYPE_CHECKING:
    from featuregen.lock import Lock
    from featuregen.merge.state import FileState
    from featuregen.results import OpenConflict

SpecState = Literal["applied", "edited", "missing"]


@dataclass(frozen=True, slots=True)
class FeatureStatus:
    """One feature; `project` stands for the skeleton and the shared files."""

    name: str
    version: str  # of the featuregen that wrote it
    spec: SpecState | None  # None for the project
    due: bool  # an update would have something to do
    files: int
    edited: tuple[str, ...]
    deleted: tuple[str, ...]
    taken_out: tuple[str, ...]  # ids of wired edits that the user has removed
    not_wired: tuple[str, ...]  # ids of edits that were left to a person
    unsure: tuple[str, ...]  # files of which nobody knows whether they were edited
    conflicts: tuple[OpenConflict, ...]


@dataclass(frozen=True, slots=True)
class ProjectStatus:
    root: str
    project: FeatureStatus
    features: tuple[FeatureStatus, ...]
    migrations: tuple[str, ...] = ()  # what is wrong with their history


def status(root: Path) -> ProjectStatus:
    """Compare the disk with the locks; nothing is rendered, nothing is written."""
    with opened(root) as project:
        known = read_known(project)
        gone = taken_out(known)
        conflicts = still_open(known)
        changed = has_new_house(known)
        found = {
            lock.name: _status(known, lock, gone.get(lock.name, ()), conflicts, new_house=changed)
            for lock in known.locks()
        }
    skeleton = found.pop(PROJECT)
    return ProjectStatus(
        str(known.root), skeleton, tuple(found.values()), tuple(history_faults(known.root))
    )


def _status(
    known: Known,
    lock: Lock,
    taken_out: tuple[str, ...],
    conflicts: tuple[OpenConflict, ...],
    *,
    new_house: bool,
) -> FeatureStatus:
    base = pristine(lock.files)
    ours = on_disk(known.root, base)
    spec = _spec_state(known, lock) if lock.name != PROJECT else None
    own_spec = spec_path(lock.name)
    return FeatureStatus(
        name=lock.name,
        version=lock.version,
        spec=spec,
        due=lock.version != VERSION or spec == "edited" or new_house,
        files=len(base),
        edited=tuple(_edited(base, ours, own_spec)),
        deleted=tuple(path for path in sorted(base) if path not in ours),
        taken_out=taken_out,
        not_wired=_not_wired(lock),
        unsure=tuple(path for path in lock.unsure if path in ours),
        conflicts=(
            *(each for each in conflicts if each.path in lock.files or each.path in lock.conflicts),
            *_in_answers(known, lock),
        ),
    )


def _edited(
    base: Mapping[str, FileState], ours: Mapping[str, FileState], own_spec: str
) -> Iterator[str]:
    for path in sorted(ours):
        if path != own_spec and not _is_as_rendered(ours[path], base[path]):
            yield path


def _is_as_rendered(mine: FileState, last: FileState) -> bool:
    return replace(mine, held=last.held) == last and same(mine.text, last.text)


def _spec_state(known: Known, lock: Lock) -> SpecState:
    try:
        text = (known.root / spec_path(lock.name)).read_bytes()
    except OSError:
        return "missing"
    return "applied" if spec_hash(text) == lock.spec_hash else "edited"


def _in_answers(known: Known, lock: Lock) -> Iterator[OpenConflict]:
    for each in unmerged_answers(known.root, lock.name):
        yield replace(each, reason=f"{each.reason}: 'featuregen update' writes it anew")


def _not_wired(lock: Lock) -> tuple[str, ...]:
    """What the feature has in shared files by its render, and not by its ledger."""
    from featuregen.wiring.wire import wired_ids

    if lock.contribution is None:
        return ()
    missing = set(wired_ids(lock.contribution)) - set(lock.wired)
    return tuple(sorted(key for key in missing if not key.startswith("dependency:")))
