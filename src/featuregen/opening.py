"""The project that a command works on: found, locked, and recovered from an interrupted run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from featuregen.project import HOME, Project, check_complete, existing_project
from featuregen.workspace import pending, project_lock, recover


@contextmanager
def opened(root: Path) -> Iterator[Project]:
    """The project at `root` or above it, for this run alone.

    It is looked at only after the recovery: an interrupted run may have left it without a lock or
    with one too many. Raises `FeaturegenError` where there is none, and where a feature has lost
    its lock.
    """
    place = _place(root)
    with project_lock(place):
        recover(place)
        project = existing_project(place)
        check_complete(project)
        yield project


def _place(root: Path) -> Path:
    start = Path(root).absolute()
    for folder in (start, *start.parents):
        if (folder / HOME / "project.lock").is_file() or pending(folder):
            return folder
    return existing_project(start).root
