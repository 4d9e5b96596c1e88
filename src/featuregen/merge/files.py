"""The merge of one file: only what both sides changed is merged as text."""

from __future__ import annotations

from dataclasses import replace

from featuregen.merge.chunks import marker_lines
from featuregen.merge.encoding import decode, is_binary
from featuregen.merge.state import (
    Conflict,
    ConflictMode,
    FileState,
    Labels,
    Merged,
    executable,
    whole_file,
)

NO_LABELS = Labels()


def merge_file(
    path: str,
    base: FileState | None,
    ours: FileState | None,
    theirs: FileState | None,
    *,
    labels: Labels = NO_LABELS,
    conflicts: ConflictMode = "inline",
) -> Merged:
    """Merge one file: `base` is the last render, `ours` what is on disk, `theirs` the new render.

    None stands for a file that is not there. `path` tells the kind of file and names it in
    conflicts; with `conflicts="file"` the result has no markers: it keeps the user's side, and
    theirs is put beside it.
    """
    if ours == theirs:
        return Merged(ours, "unchanged")
    if theirs == base:
        note = ("you deleted it: it stays deleted",) if ours is None else ()
        return Merged(ours, "kept" if note else "unchanged", notes=note)
    if ours == base:
        return Merged(theirs, "deleted" if theirs is None else "taken")
    if ours is None:
        return Merged(
            None, "kept", notes=("you deleted it; the new version changes it: it stays deleted",)
        )
    if theirs is None:
        return _no_longer_generated(path, base, ours)
    if any(state is not None and state.link is not None for state in (base, ours, theirs)):
        return whole_file(path, ours, theirs, "a symlink is on one side: kept yours")
    if any(state is not None and is_binary(state.text) for state in (base, ours, theirs)):
        return _binary(path, base, ours, theirs)
    if opened := open_conflicts(path, ours, labels=labels):
        return Merged(ours, "conflict", opened, beside=theirs)
    from featuregen.merge.contents import merge_contents

    return merge_contents(path, base, ours, theirs, labels if conflicts == "inline" else None)


def _no_longer_generated(path: str, base: FileState | None, ours: FileState) -> Merged:
    if base is not None and base.link is None and ours.link is None and not is_binary(ours.text):
        from featuregen.merge.texts import equal_but_for_layout

        before, now = decode(base.text), decode(ours.text)
        if equal_but_for_layout(path, now.text, before.text):
            return Merged(None, "deleted", notes=("you changed only its layout",))
    conflict = Conflict(path, None, "no longer generated, but you changed it: kept yours")
    return Merged(ours, "conflict", (conflict,))


def _binary(path: str, base: FileState | None, ours: FileState, theirs: FileState) -> Merged:
    mode = executable(base, ours, theirs)
    if theirs.text == ours.text or (base is not None and theirs.text == base.text):
        return Merged(replace(ours, executable=mode), "merged")
    if base is not None and ours.text == base.text:
        return Merged(replace(theirs, executable=mode), "merged")
    return whole_file(path, ours, theirs, "a binary file that both sides changed: kept yours")


def open_conflicts(
    path: str, state: FileState | None, *, labels: Labels = NO_LABELS
) -> tuple[Conflict, ...]:
    """The conflicts of an earlier merge that nobody has mended yet."""
    if state is None or state.link is not None or is_binary(state.text):
        return ()
    lines = marker_lines(decode(state.text).text, labels)
    return tuple(
        Conflict(path, None, "conflict markers of an earlier update are still in it", line)
        for line in lines
    )
