"""`featuregen rename OLD NEW`: the feature under another name, with the user's edits."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from featuregen.errors import FeaturegenError
from featuregen.lifecycle.conflicts import refuse_open
from featuregen.lifecycle.known import Known, read_known
from featuregen.lifecycle.rendering import SpecText, read_spec_bytes, spec_path
from featuregen.lifecycle.updating import chosen, finish, prepare_update, told
from featuregen.lock import check_current
from featuregen.opening import opened

if TYPE_CHECKING:
    from featuregen.merge.state import ConflictMode
    from featuregen.pipeline import Options
    from featuregen.progress import Progress
    from featuregen.results import RunResult


def rename(
    root: Path,
    old: str,
    new: str,
    options: Options,
    progress: Progress,
    *,
    conflicts: ConflictMode = "inline",
    dry_run: bool = False,
    diffs: bool = False,
) -> RunResult:
    """Edit the name in the spec, then merge as an update does, file by file under its new path.

    What the spec leaves to its defaults follows the new name, routes among it: the report names
    them. A `plural` or `base_path` that is written out stays.
    """
    from featuregen.progress import Stopwatch

    watch = Stopwatch(progress)
    with opened(root) as project:
        with watch.stage("check"):
            known = read_known(project)
            check_current(known.locks(), "rename")
            chosen(known, (old,))
            refuse_open(known)
            spec = _renamed(known, old, new)
        prepared = prepare_update(known, [spec], watch, conflicts=conflicts, was={new: old})
        if dry_run:
            return told("rename", "planned", known, prepared, watch, diffs=diffs)
        return finish("rename", "renamed", known, prepared, options, watch, diffs=diffs)


def _renamed(known: Known, old: str, new: str) -> SpecText:
    from featuregen.spec.edit import Set, apply_edits
    from featuregen.spec.load import parse_spec

    if new in known.features or (known.root / spec_path(new)).exists():
        raise FeaturegenError(
            f"there is a feature {new!r} already", where=spec_path(new), exit_code=2
        )
    text = apply_edits(read_spec_bytes(known.root, old).decode(), [Set(("feature",), new)])
    spec = parse_spec(text, spec_path(new))
    return SpecText(new, text.encode(), spec)
