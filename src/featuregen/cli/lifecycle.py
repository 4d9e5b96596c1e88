"""`featuregen update`, `remove`, `rename`, `resolve`, `lock` and `status`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from featuregen.cli.live import progress
from featuregen.cli.run import Outcome, run
from featuregen.cli.runs import run_outcome
from featuregen.errors import FeaturegenError

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable
    from pathlib import Path

    from featuregen.documents import Document
    from featuregen.merge.state import ConflictMode
    from featuregen.pipeline import Options
    from featuregen.progress import Progress
    from featuregen.results import RunResult


def update_command(given: Namespace, options: Options) -> int:
    """Bring changed specs and newer templates in."""
    return run("update", lambda: _update(given, options), json=given.json)


def _update(given: Namespace, options: Options) -> Outcome:
    from featuregen.lifecycle.updating import check_update, update

    if given.all and given.features:
        raise FeaturegenError("features are named, and --all is given", exit_code=2)
    if given.check:
        return _told(lambda told: check_update(given.into, given.features, told, diffs=given.diff))
    return _told(
        lambda told: update(
            given.into,
            given.features,
            options,
            told,
            conflicts=_mode(given.conflicts),
            dry_run=given.dry_run,
            diffs=given.diff,
        )
    )


def remove_command(given: Namespace, options: Options) -> int:
    """Take a feature out."""
    return run("remove", lambda: _remove(given, options), json=given.json)


def _remove(given: Namespace, options: Options) -> Outcome:
    from featuregen.lifecycle.removing import remove

    if given.force and not given.dry_run:
        _ask(given.into, given.feature)
    return _told(
        lambda told: remove(
            given.into,
            given.feature,
            options,
            told,
            force=given.force,
            dry_run=given.dry_run,
            diffs=given.diff,
        )
    )


def _ask(root: Path, feature: str) -> None:
    """Before edited files are deleted, where a person can answer; raises at a no."""
    from featuregen.lifecycle.removing import edited_files
    from featuregen.terminal import is_terminal, to_stderr, visible

    if not (is_terminal(sys.stdin) and is_terminal(sys.stderr)):
        return
    edited = edited_files(root, feature)
    if not edited:
        return
    named = "".join(f"  {visible(path)}\n" for path in edited)
    to_stderr(f"You have edited:\n{named}Delete them with {visible(feature)}? [y/N] ")
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        raise FeaturegenError("nothing was removed", hint="without --force they are kept")


def rename_command(given: Namespace, options: Options) -> int:
    """Give a feature another name."""
    return run("rename", lambda: _rename(given, options), json=given.json)


def _rename(given: Namespace, options: Options) -> Outcome:
    from featuregen.lifecycle.renaming import rename

    return _told(
        lambda told: rename(
            given.into,
            given.old,
            given.new,
            options,
            told,
            conflicts=_mode(given.conflicts),
            dry_run=given.dry_run,
            diffs=given.diff,
        )
    )


def resolve_command(given: Namespace, options: Options) -> int:
    """List open conflicts, or go on."""
    return run("resolve", lambda: _resolve(given, options), json=given.json)


def _resolve(given: Namespace, options: Options) -> Outcome:
    from featuregen.lifecycle.resolving import resolve

    return _told(lambda told: resolve(given.into, options, told))


def lock_command(given: Namespace) -> int:
    """Make the locks anew."""
    return run("lock", lambda: _lock(given), json=given.json)


def _lock(given: Namespace) -> Outcome:
    from featuregen.lifecycle.rebuilding import rebuild

    if not given.rebuild:
        raise FeaturegenError(
            "say what to do with the locks", hint="featuregen lock --rebuild", exit_code=2
        )
    return _told(lambda told: rebuild(given.into, told))


def _told(body: Callable[[Progress], RunResult]) -> Outcome:
    """Run with progress."""
    from featuregen.report import change_as_text

    with progress() as told:
        result = body(told)
    return run_outcome(result, text=lambda style: change_as_text(result, style))


def _mode(text: str) -> ConflictMode:
    if text in {"inline", "file"}:
        return "file" if text == "file" else "inline"
    raise FeaturegenError(f"--conflicts is {text!r}", hint="it is 'inline' or 'file'", exit_code=2)


def status_command(into: Path, *, json: bool) -> int:
    """What the features are, what is due, what was edited."""
    return run("status", lambda: _status(into), json=json)


def _status(into: Path) -> Outcome:
    from featuregen.lifecycle.statuses import status
    from featuregen.report.statuses import status_as_text

    found = status(into)

    def document() -> Document:
        from featuregen.documents import status_document

        return status_document(found)

    return Outcome(text=lambda style: status_as_text(found, style), document=document)


def blame_command(place: str, into: Path, *, json: bool) -> int:
    """Where a line comes from."""
    return run("blame", lambda: _blame(place, into), json=json)


def _blame(place: str, into: Path) -> Outcome:
    from featuregen.lifecycle.blaming import blame
    from featuregen.report.statuses import blame_as_text

    file, _, line = place.rpartition(":")
    if not (file and line.isascii() and line.isdigit() and int(line)):
        raise FeaturegenError(
            f"{place!r} is no line of a file", hint="name one: app/main.py:12", exit_code=2
        )
    found = blame(into, file, int(line))

    def document() -> Document:
        from featuregen.documents import blame_document

        return blame_document(found)

    return Outcome(text=lambda style: blame_as_text(found, style), document=document)
