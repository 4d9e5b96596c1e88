"""What git has left open in a project's files: nothing is merged over it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from featuregen.errors import FeaturegenError
from featuregen.git_conflicts import DECIDE, SAID, in_file
from featuregen.lock import UnmergedLockError
from featuregen.results import OpenConflict

if TYPE_CHECKING:
    from featuregen.lock import Lock

_PATH = re.compile(r'^  ("[^"]+"): \[', re.MULTILINE)  # a file in a lock
_SHOWN = 20


def unmerged(root: Path, locks: Iterable[Lock]) -> Iterator[OpenConflict]:
    """The places in generated and shared files, and in the specs of the features."""
    for lock in locks:
        for path, item in lock.files.items():
            found = _in_file(root, path)
            if found and not in_file(path, item.text):
                yield from found


def unmerged_answers(root: Path, feature: str) -> tuple[OpenConflict, ...]:
    """Those in copier's answers, which the next update writes anew: nobody has to decide them."""
    from featuregen.answers import answers_path

    return _in_file(root, answers_path(feature))


def refuse_unmerged(root: Path, locks: Iterable[Lock]) -> None:
    """Raise `FeaturegenError` where git has left anything open."""
    if found := [*unmerged(root, locks)]:
        raise _unmerged(found, f"{DECIDE}, then run the command again")


def _unmerged(found: Iterable[OpenConflict], hint: str) -> FeaturegenError:
    places = sorted({(each.path, each.line) for each in found})
    files = len({path for path, _ in places})
    more = [f"and {len(places) - _SHOWN} more"] if len(places) > _SHOWN else []
    return FeaturegenError(
        f"git's conflict markers of a merge are in {files} file{'s' if files > 1 else ''}",
        where="\n".join([*(f"{path}:{line}" for path, line in places[:_SHOWN]), *more]),
        hint=hint,
        exit_code=3,
    )


def refuse_locks(
    root: Path, faults: Iterable[UnmergedLockError], sound: Iterable[Lock]
) -> NoReturn:
    """Raise for locks that git could not merge, together with all else that it has left open."""
    found = [*unmerged(root, sound)]
    for fault in faults:
        for path in _PATH.findall(fault.text):
            found += _in_file(root, path.strip('"'))
        found.append(OpenConflict(*fault.place, SAID))
    hint = (
        f"{DECIDE} in the specs and the code, leave .featuregen/ as it is, then: "
        "featuregen lock --rebuild"
    )
    raise _unmerged(found, hint)


def _in_file(root: Path, path: str) -> tuple[OpenConflict, ...]:
    try:
        content = (root / path).read_bytes()
    except OSError:
        return ()
    return tuple(OpenConflict(path, None, line, SAID) for line in in_file(path, content))
