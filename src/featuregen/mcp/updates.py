"""The dry run of an update whose spec may not lie in the project yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from featuregen.errors import FeaturegenError

if TYPE_CHECKING:
    from pathlib import Path

    from featuregen.lifecycle.known import Known
    from featuregen.results import RunResult
    from featuregen.spec.model import FeatureSpec


def plan_update(root: Path, spec: FeatureSpec, text: str) -> RunResult:
    """What `update` would do once this is the feature's spec; nothing is written.

    Raises `FeaturegenError` where the project's copy of the spec has edits of its own, which are
    neither applied nor in `text`.
    """
    from featuregen.lifecycle.conflicts import refuse_open
    from featuregen.lifecycle.known import check_version, read_known
    from featuregen.lifecycle.rendering import SpecText
    from featuregen.lifecycle.results import result
    from featuregen.lifecycle.updating import prepare_update, told
    from featuregen.line_ends import plain
    from featuregen.progress import Silent, Stopwatch
    from featuregen.project import existing_project
    from featuregen.workspace import project_lock, recover

    watch = Stopwatch(Silent())
    project = existing_project(root)
    with project_lock(project.root):
        recover(project.root)
        known = read_known(project)
        check_version(known)
        refuse_open(known)
        _check_unapplied(known, spec.feature, text)
        prepared = prepare_update(
            known, [SpecText(spec.feature, plain(text.encode()), spec)], watch
        )
    if not prepared.staged.writes:
        return result("update", "unchanged", known, watch, features=[spec.feature], specs=[spec])
    return told("update", "planned", known, prepared, watch)


def _check_unapplied(known: Known, feature: str, text: str) -> None:
    from featuregen.lifecycle.rendering import read_spec_bytes, spec_path
    from featuregen.lock import spec_hash

    on_disk = read_spec_bytes(known.root, feature)
    if spec_hash(on_disk) in {spec_hash(text.encode()), known.features[feature].spec_hash}:
        return
    raise FeaturegenError(
        f"{spec_path(feature)} has changes that were never applied, and this spec is another",
        where=spec_path(feature),
        hint=f"plan that file: spec='{spec_path(feature)}'",
        exit_code=3,
    )
