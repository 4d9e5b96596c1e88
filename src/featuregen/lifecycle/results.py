"""From what a run of the lifecycle came to, to the result that is told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from featuregen.lifecycle.known import Known
from featuregen.project import HOME, into_option
from featuregen.results import KeptEdits, OpenConflict, RunResult, StageTime, adds_revision

if TYPE_CHECKING:
    from featuregen.lifecycle.carrying import Carried
    from featuregen.merge.state import Conflict
    from featuregen.progress import Stopwatch
    from featuregen.results import ByHand, ContractChange, FeaturePicture, Outcome
    from featuregen.spec.model import FeatureSpec
    from featuregen.verify import Verification
    from featuregen.workspace import FileDiff, Staged


def result(
    command: str,
    outcome: Outcome,
    known: Known,
    watch: Stopwatch,
    *,
    features: Sequence[str],
    specs: Sequence[FeatureSpec] = (),
    carried: Carried | None = None,
    staged: Staged | None = None,
    verification: Verification | None = None,
    contract: tuple[ContractChange, ...] = (),
    diffs: bool = False,
    notes: Sequence[str] = (),
    conflicts: Sequence[OpenConflict] = (),
) -> RunResult:
    """The result of a run, with what was merged and staged in it."""
    from featuregen.house import find_house, stale_notes
    from featuregen.pipeline import file_changes

    stale = stale_notes(find_house(known.root)) if command == "update" else []
    files = file_changes(staged) if staged else ()
    opened = (*(map(told, carried.conflicts) if carried else ()), *conflicts)
    by_hand = carried.by_hand if carried else ()
    return RunResult(
        command=command,
        root=str(known.root),
        picture=_picture(specs[0], known, staged) if len(specs) == 1 >= len(features) else None,
        outcome=outcome,
        files=files,
        by_hand=by_hand,
        notes=(*(carried.notes if carried else ()), *notes, *stale),
        verification=verification,
        stages=tuple(StageTime(name, seconds) for name, seconds in watch.times),
        next_steps=tuple(
            _next_steps(
                command,
                outcome,
                into_option(str(known.root)),
                opened,
                by_hand,
                proven=verification is not None or not _has_features_after(outcome, known),
                migrates=adds_revision(files),
            )
        ),
        warnings=tuple(warning for spec in specs for warning in spec.warnings),
        features=tuple(features),
        sources=tuple(spec.source for spec in specs),
        conflicts=opened,
        kept=_kept(carried) if carried else None,
        contract=contract,
        diffs=_diffs(staged) if staged and diffs else (),
        test_functions=_test_functions(carried) if carried else None,
    )


def _diffs(staged: Staged) -> tuple[FileDiff, ...]:
    """Of what people read: the locks are for us."""
    from featuregen.workspace import Staged, tree_diff

    changes = [each for each in staged.changes if not each[0].path.startswith(f"{HOME}/")]
    writes, originals = zip(*changes, strict=True) if changes else ((), ())
    return tree_diff(Staged(staged.root, tuple(writes), tuple(originals)))


def _picture(spec: FeatureSpec, known: Known, staged: Staged | None) -> FeaturePicture:
    from featuregen.picture import feature_picture
    from featuregen.pipeline import open_hooks

    return feature_picture(spec, open_hooks(spec, known.root, staged))


def _has_features_after(outcome: Outcome, known: Known) -> bool:
    return not (outcome == "removed" and len(known.features) == 1)


def _next_steps(
    command: str,
    outcome: Outcome,
    into: str,
    conflicts: Sequence[OpenConflict],
    by_hand: Sequence[ByHand],
    *,
    proven: bool,
    migrates: bool,
) -> Iterator[str]:
    """What the run leaves to a person."""
    if outcome == "failed":
        yield "nothing was written; correct what failed, and run it again"
        if command != "resolve":
            yield "to look at the code with its failures: the same command with --no-verify"
        return
    if outcome == "planned":
        yield "to do it: the same command without --dry-run"
        return
    if outcome == "due":
        yield f"to do it: featuregen {command}{into}"
        return
    if by_hand:
        yield f"by hand: what is told above, in {', '.join(sorted({one.path for one in by_hand}))}"
    if conflicts:
        yield f"mend the conflicts, then: featuregen resolve{into}"
    elif outcome in {"updated", "renamed", "removed", "resolved"} and not proven:
        yield f"prove it: featuregen verify{into}"
    if migrates and outcome in {"updated", "renamed"}:
        yield "migrate the databases that there are: uv run alembic upgrade head"


def told(conflict: Conflict) -> OpenConflict:
    """A conflict of the merge, as results carry it."""
    return OpenConflict(conflict.path, conflict.symbol, conflict.line, conflict.reason)


def _kept(carried: Carried) -> KeptEdits:
    found = carried.certificate()
    return KeptEdits(
        found.user_symbols_total,
        found.user_symbols_kept,
        found.user_lines_total,
        found.user_lines_kept,
        found.lost,
    )


def _test_functions(carried: Carried) -> tuple[int, int]:
    tests = [file for file in carried.files if file.path.rpartition("/")[2].startswith("test_")]
    before = sum(_count(file.ours.text) for file in tests if file.ours)
    after = sum(_count(file.merged.state.text) for file in tests if file.merged.state)
    return before, after


def _count(text: bytes) -> int:
    import re

    return len(re.findall(rb"^[ \t]*(?:async[ \t]+)?def[ \t]+test_", text, re.MULTILINE))
