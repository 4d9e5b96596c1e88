"""`featuregen resolve`: what an update left to a person, and going on once it is mended."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from featuregen.lifecycle.conflicts import still_open
from featuregen.lifecycle.known import check_version, read_known
from featuregen.lifecycle.locks_after import write_lock
from featuregen.lifecycle.outputs import applied_spec_of
from featuregen.lifecycle.results import result
from featuregen.lock import PROJECT
from featuregen.opening import opened
from featuregen.workspace import apply, stage

if TYPE_CHECKING:
    from featuregen.pipeline import Options
    from featuregen.progress import Progress
    from featuregen.results import RunResult


def resolve(root: Path, options: Options, progress: Progress) -> RunResult:
    """List the conflicts that are open; where none is any longer, prove the code and say so.

    What failed its proof stays on the list, so that the next `resolve` proves it again.
    """
    from featuregen.pipeline import prove
    from featuregen.plan.make import make_plan
    from featuregen.progress import Stopwatch

    watch = Stopwatch(progress)
    with opened(root) as project:
        with watch.stage("check"):
            known = read_known(project)
            check_version(known)
            waiting = [lock for lock in known.locks() if lock.conflicts]
            found = still_open(known)
        names = tuple(lock.name for lock in waiting if lock.name != PROJECT)
        if found or not waiting:
            return result("resolve", "unchanged", known, watch, features=names, conflicts=found)
        staged = stage(known.root, [write_lock(replace(lock, conflicts=())) for lock in waiting])
        locks = waiting if len(names) == len(waiting) else list(known.features.values())
        specs = [spec for lock in locks if (spec := applied_spec_of(lock))]
        verification = None
        if options.verify:
            verification = prove(staged, [make_plan(spec) for spec in specs], options, watch)
            if not verification.ok:
                return result(
                    "resolve",
                    "failed",
                    known,
                    watch,
                    features=names,
                    specs=specs,
                    verification=verification,
                )
        with watch.stage("apply"):
            apply(staged)
        return result(
            "resolve",
            "resolved",
            known,
            watch,
            features=names,
            specs=specs,
            staged=staged,
            verification=verification,
        )
