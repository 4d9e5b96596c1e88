"""The locks as they are once a run is over: what the next run merges with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from featuregen.answers import answers_after, answers_path, dump_answers
from featuregen.assemble import RUFF_VERSION
from featuregen.lifecycle.rendering import Rendered, spec_path
from featuregen.lock import PROJECT, Lock, lock_path, lock_pieces, pristine_files
from featuregen.shared_edits import ledger_after
from featuregen.spool import Spool
from featuregen.version import VERSION
from featuregen.workspace import Write

if TYPE_CHECKING:
    from featuregen.lifecycle.carrying import Carried
    from featuregen.lifecycle.known import Known


def lock_writes(
    known: Known, rendered: Rendered, carried: Carried, *, was: Mapping[str, str]
) -> Iterator[Write]:
    """The locks of everything that was rendered, and copier's answers.

    `was` maps features to the name that they had before.
    """
    spool = Spool()
    open_files = sorted({conflict.path for conflict in carried.conflicts})
    shared = set(rendered.skeleton)
    for name, render in rendered.features.items():
        before = known.features.get(was.get(name, name))
        others = {
            key
            for other, lock in known.features.items()
            if other != was.get(name, name)
            for key in lock.wired
        }
        ledger = ledger_after(
            render.contribution, before.wired if before else {}, carried.wired, others
        )
        yield write_lock(
            Lock(
                name=name,
                version=VERSION,
                ruff=RUFF_VERSION,
                spec_hash=render.applied,
                project_name=None,
                contribution=render.contribution,
                wired=ledger,
                files=render.files,
                conflicts=tuple(path for path in open_files if path in render.files),
                unsure=before.unsure if before else (),
            ),
            spool,
        )
        yield write_answers(
            known, name, render.files[spec_path(name)].text.decode(), was.get(name, name)
        )
    yield write_lock(
        Lock(
            name=PROJECT,
            version=VERSION,
            ruff=RUFF_VERSION,
            spec_hash=None,
            project_name=known.project.project_name,
            contribution=None,
            wired={},
            files=pristine_files(rendered.skeleton),
            conflicts=tuple(path for path in open_files if path in shared),
            house=_house(known, rendered),
            templates=known.project.templates,
        )
    )


def _house(known: Known, rendered: Rendered) -> str | None:
    """The team's templates that all features are rendered with; the old ones while some are not."""
    everything = len(rendered.features) == len(known.features)
    return rendered.house if everything else known.project.house


def write_lock(lock: Lock, spool: Spool | None = None) -> Write:
    """The write of one lock; of many, in one spool."""
    pieces = (piece.encode() for piece in lock_pieces(lock))
    return Write(lock_path(lock.name), (spool or Spool()).park_pieces(pieces))


def write_answers(known: Known, feature: str, spec: str, was: str) -> Write:
    """What plain `copier update` reads: the spec as it is applied now."""
    from dataclasses import replace

    answers = replace(answers_after(known.root, was, spec), feature=feature)
    return Write(answers_path(feature), dump_answers(answers).encode())
