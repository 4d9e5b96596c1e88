"""A new project: built beside its place, then renamed there, so that it is absent or complete."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from featuregen.errors import FeaturegenError
from featuregen.workspace import mutations
from featuregen.workspace.journal import cannot_write
from featuregen.workspace.locking import held
from featuregen.workspace.staging import Staged, new_mode


def create_tree(staged: Staged) -> None:
    """Make the project's folder, with missing parents and all files, in one rename.

    Raises `FeaturegenError`; then there is nothing.
    """
    top = _top(staged.root)
    building = _building(top)
    try:
        with _claimed(building):
            _fill(staged, building, building / staged.root.relative_to(top))
            mutations.rename(building, top)
            mutations.sync(top.parent)
    except OSError as reason:
        discard_birth(staged.root)
        raise cannot_write(staged.root, reason) from reason
    except FeaturegenError:
        raise
    except BaseException:
        discard_birth(staged.root)
        raise


def discard_birth(root: Path) -> bool:
    """Remove what an interrupted creation of `root` left beside it; whether there was any."""
    places = {_building(_top(root)), _building(root)}
    found = [place for place in places if place.is_dir() and not place.is_symlink()]
    discarded = False
    for place in found:
        with contextlib.suppress(FeaturegenError), held(place):  # else: somebody is building there
            mutations.discard(place)
            discarded = True
    return discarded


def _top(root: Path) -> Path:
    """The outermost folder that is missing: the one that will appear."""
    top = root
    while not top.parent.exists():
        top = top.parent
    return top


def _building(top: Path) -> Path:
    return top.with_name(f".{top.name}.featuregen-building")


@contextlib.contextmanager
def _claimed(building: Path) -> Iterator[None]:
    if building.is_dir():
        with held(building):
            mutations.discard(building)
    mutations.mkdir(building)
    with held(building):
        yield


def _fill(staged: Staged, building: Path, place: Path) -> None:
    made = {building}
    _make_folders(place, made)
    for write, _ in staged.changes:
        content = write.content
        if content is None:
            continue
        target = place / write.path
        _make_folders(target.parent, made)
        mutations.create(target, content, new_mode(write, None))
    for folder in sorted(made):
        mutations.sync(folder)


def _make_folders(folder: Path, made: set[Path]) -> None:
    if folder in made:
        return
    _make_folders(folder.parent, made)
    mutations.mkdir(folder)
    made.add(folder)
