"""Conflicts that an update left in the files, until a person has mended them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from featuregen.errors import FeaturegenError
from featuregen.lifecycle.known import Known, read_state
from featuregen.lifecycle.unmerged import refuse_unmerged, unmerged
from featuregen.results import OpenConflict

if TYPE_CHECKING:
    from featuregen.lock import Lock


def still_open(known: Known) -> tuple[OpenConflict, ...]:
    """The places that nobody has mended: of an update's conflicts, and of a merge by git."""
    updates = [each for lock in known.locks() for each in _of_lock(known, lock)]
    return (*updates, *unmerged(known.root, known.locks()))


def _of_lock(known: Known, lock: Lock) -> Iterator[OpenConflict]:
    if not lock.conflicts:
        return
    from featuregen.merge.files import open_conflicts
    from featuregen.merge.state import beside_path

    for path in lock.conflicts:
        state = read_state(known.root, path)
        for conflict in open_conflicts(path, state):
            yield OpenConflict(path, None, conflict.line, "markers of the conflict are still in it")
        beside = beside_path(path)
        if read_state(known.root, beside) is not None:
            yield OpenConflict(
                path, None, 0, f"the new render is in {beside}: take what you want, delete it"
            )


def refuse_open(known: Known) -> None:
    """Raise `FeaturegenError` while conflicts of git, or of an earlier update, are open."""
    refuse_unmerged(known.root, known.locks())
    found = still_open(known)
    if found:
        files = sorted({conflict.path for conflict in found})
        raise FeaturegenError(
            "conflicts of an earlier update are still open",
            where=", ".join(files),
            hint="mend them, then: featuregen resolve",
            exit_code=3,
        )
