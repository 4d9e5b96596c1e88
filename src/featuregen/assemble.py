"""The writes of a run: the feature's own files, the shared files, the lock.

A shared file that nobody touched is rendered anew with what all features contribute, so that any
order of adding features gives the same tree. One that the user has changed is merged with the new
render, and wired by an exact edit where that does not bring everything in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from featuregen.answers import answers_after, answers_path, dump_answers
from featuregen.errors import FeaturegenError
from featuregen.git_conflicts import DECIDE, SAID, in_file
from featuregen.line_ends import ended_like, is_uniform, same
from featuregen.lock import Lock, Pristine, load_lock, lock_path, lock_pieces, pristine_files
from featuregen.plan.contribution import Contribution
from featuregen.results import ByHand
from featuregen.spool import Spool
from featuregen.version import VERSION
from featuregen.workspace import Write, read_file

if TYPE_CHECKING:
    from pathlib import Path

    from featuregen.house import House
    from featuregen.project import Project

RUFF_VERSION = "0.17.6"  # the one that pyproject pins: its formatting is part of the lock


@dataclass
class Assembly:
    """What a run will write, and what it could not do; grows while the run goes on."""

    root: Path
    writes: dict[str, Write] = field(default_factory=dict)
    by_hand: list[ByHand] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    shared: set[str] = field(default_factory=set)
    spool: Spool = field(default_factory=Spool)

    def write(self, path: str, text: bytes) -> None:
        self.writes[path] = Write(path, self.spool.park(text))

    def write_lock(self, lock: Lock) -> None:
        pieces = (piece.encode() for piece in lock_pieces(lock))
        self.writes[lock_path(lock.name)] = Write(
            lock_path(lock.name), self.spool.park_pieces(pieces)
        )


def other_contributions(project: Project, *features: str) -> tuple[Contribution, ...]:
    """What the project's other features add, from their locks."""
    locks = (load_lock(project.root, name) for name in project.features if name not in features)
    return tuple(lock.contribution for lock in locks if lock is not None and lock.contribution)


def formatted_before(old: Lock | None) -> Mapping[str, Pristine]:
    """The files of a lock that the ruff of today has formatted."""
    return {} if old is None or old.ruff != RUFF_VERSION else old.files


def add_own_files(assembly: Assembly, files: Mapping[str, str]) -> None:
    """The new feature's own files; one that stands there already is never overwritten."""
    for path, text in files.items():
        found = read_file(assembly.root, path)
        if found is not None and not same(found, text.encode()):
            raise FeaturegenError(
                f"{path} exists already, and is not this feature's",
                where=path,
                hint="move it away, or give the feature another name",
            )
        assembly.write(path, text.encode() if found is None else found)


def add_shared_files(
    assembly: Assembly,
    rendered: Mapping[str, str],
    old: Lock | None,
    contributions: Sequence[Contribution],
    others: Sequence[Contribution],
) -> dict[str, Mapping[str, str]]:
    """The skeleton and the shared files, as they are with all features.

    Returns, for each new feature, the ids of all that stands in them for it, each with its inverse.
    """
    from featuregen.wiring.ids import wired_ids

    edited: dict[str, tuple[bytes, bytes]] = {}
    for path, text in rendered.items():
        new = text.encode()
        base = old.files[path].text if old is not None and path in old.files else None
        ours = read_file(assembly.root, path)
        if new == base:
            continue
        if base is None and ours is not None and ours != new and old is None:
            raise FeaturegenError(f"{path} exists already", where=path, hint="name an empty folder")
        if ours is None and base is not None:
            assembly.notes.append(f"{path}: you deleted it, so it stays deleted")
        elif ours is None:
            assembly.shared.add(path)
            assembly.write(path, new)
        elif base is not None and same(ours, base) and is_uniform(ours):
            assembly.shared.add(path)
            assembly.write(path, ended_like(new, ours))
        elif ours != new:
            _refuse_unmerged(path, ours)
            edited[path] = (base or b"", ours)
    if edited:
        from featuregen.shared_edits import edit_shared_files

        return dict(edit_shared_files(assembly, rendered, edited, contributions, others))
    return {each.feature: dict.fromkeys(wired_ids(each), "") for each in contributions}


def _refuse_unmerged(path: str, ours: bytes) -> None:
    if lines := in_file(path, ours):
        raise FeaturegenError(
            SAID,
            where=f"{path}:{lines[0]}",
            hint=f"{DECIDE}, then run the command again",
            exit_code=3,
        )


def add_feature_lock(
    assembly: Assembly,
    files: Mapping[str, str],
    contribution: Contribution,
    *,
    applied: str,
    wired: Mapping[str, str],
) -> None:
    """The pristine render of a feature's own files, for the next run to merge with."""
    lock = Lock(
        name=contribution.feature,
        version=VERSION,
        ruff=RUFF_VERSION,
        spec_hash=applied,
        project_name=None,
        contribution=contribution,
        wired=wired,
        files=pristine_files(files),
    )
    assembly.write_lock(lock)
    add_answers(assembly, lock.name, files[f"features/{lock.name}.yaml"])


def add_answers(assembly: Assembly, feature: str, spec: str) -> None:
    """What plain `copier update` reads: the spec as it is applied now."""
    answers = answers_after(assembly.root, feature, spec)
    assembly.write(answers_path(feature), dump_answers(answers).encode())


def add_project_lock(
    assembly: Assembly,
    files: Mapping[str, str],
    project_name: str,
    old: Lock | None,
    house: House | None = None,
    templates: str | None = None,
) -> None:
    """The pristine render of the skeleton and the shared files.

    The project keeps the house of its other features: they were not rendered now.
    """
    digest = house.digest if house else None
    lock = Lock(
        name="project",
        version=VERSION,
        ruff=RUFF_VERSION,
        spec_hash=None,
        project_name=project_name,
        contribution=None,
        wired={},
        files=pristine_files(files),
        house=old.house if old else digest,
        templates=old.templates if old else templates,
        conflicts=old.conflicts if old else (),
    )
    assembly.write_lock(lock)
