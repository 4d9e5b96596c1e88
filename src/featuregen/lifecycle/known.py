"""What is known about a project before a run: its locks, and the files on the disk."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from featuregen.lock import (
    PROJECT,
    Lock,
    Pristine,
    UnmergedLockError,
    check_not_newer,
    load_lock,
)
from featuregen.spool import Spool

if TYPE_CHECKING:
    from pathlib import Path

    from featuregen.merge.state import FileState
    from featuregen.plan.contribution import Contribution
    from featuregen.project import Project


@dataclass(frozen=True, slots=True)
class Known:
    """The locks of a project: of the skeleton, and of each feature by its name."""

    root: Path
    project: Lock
    features: Mapping[str, Lock]

    def contributions(self, *, without: Collection[str] = ()) -> tuple[Contribution, ...]:
        """What the features add to the shared files."""
        return tuple(
            lock.contribution
            for name, lock in self.features.items()
            if name not in without and lock.contribution is not None
        )

    def locks(self) -> Iterator[Lock]:
        """The project's lock, then each feature's."""
        yield self.project
        yield from self.features.values()


def read_known(project: Project) -> Known:
    """Read every lock, its files out of memory; raises `FeaturegenError` for a damaged one."""
    spool = Spool()
    found: dict[str, Lock] = {}
    faults: list[UnmergedLockError] = []
    for name in (PROJECT, *project.features):
        try:
            lock = load_lock(project.root, name)
        except UnmergedLockError as fault:
            faults.append(fault)
        else:
            if lock is not None:
                parked = {path: item.parked(spool) for path, item in lock.files.items()}
                found[name] = replace(lock, files=parked)
    if faults:
        from featuregen.lifecycle.unmerged import refuse_locks

        refuse_locks(project.root, faults, found.values())
    return Known(
        project.root.resolve(),
        found[PROJECT],
        {name: found[name] for name in sorted(found) if name != PROJECT},
    )


def check_version(known: Known) -> None:
    """Raise `FeaturegenError` where a newer featuregen has been at work in the project."""
    check_not_newer(known.locks())


def has_new_house(known: Known) -> bool:
    """Whether the team's own templates are others than those that all features are made with."""
    from featuregen.house import find_house

    house = find_house(known.root)
    return known.project.house != (house.digest if house else None)


def pristine(files: Mapping[str, Pristine]) -> dict[str, FileState]:
    """The last render, as the merge reads it."""
    from featuregen.merge.state import FileState

    return {path: FileState(item.held, item.executable) for path, item in files.items()}


def on_disk(root: Path, paths: Iterable[str], spool: Spool | None = None) -> dict[str, FileState]:
    """The files that are there, a symlink as what it is; with a `spool` not in memory."""
    found = ((path, read_state(root, path)) for path in paths)
    return {
        path: replace(state, held=spool.park(state.text)) if spool else state
        for path, state in found
        if state is not None
    }


def read_state(root: Path, path: str) -> FileState | None:
    """One file as it stands, None where there is none."""
    from featuregen.merge.state import FileState
    from featuregen.workspace.staging import read_original

    place = root / path
    if place.is_symlink():
        return FileState(b"", link=os.fspath(place.readlink()))
    original = read_original(root, path)
    return None if original is None else FileState(original.content, original.executable)
