"""The merge of one file: only what both sides changed is merged as text."""

from __future__ import annotations

from dataclasses import replace

from featuregen.merge.chunks import marker_lines, render, resolve
from featuregen.merge.encoding import decode, encode, is_binary
from featuregen.merge.lines import two_way
from featuregen.merge.state import Conflict, ConflictMode, FileState, Labels, Merged, Outcome
from featuregen.merge.texts import TextMerge, equal_but_for_layout, is_python, merge_text, parses

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
        return _whole_file(path, ours, theirs, "a symlink is on one side: kept yours")
    if any(state is not None and is_binary(state.text) for state in (base, ours, theirs)):
        return _binary(path, base, ours, theirs)
    if opened := open_conflicts(path, ours, labels=labels):
        return Merged(ours, "conflict", opened, beside=theirs)
    return _merge_texts(path, base, ours, theirs, labels if conflicts == "inline" else None)


def _no_longer_generated(path: str, base: FileState | None, ours: FileState) -> Merged:
    if base is not None and base.link is None and ours.link is None and not is_binary(ours.text):
        before, now = decode(base.text), decode(ours.text)
        if equal_but_for_layout(path, now.text, before.text):
            return Merged(None, "deleted", notes=("you changed only its layout",))
    conflict = Conflict(path, None, "no longer generated, but you changed it: kept yours")
    return Merged(ours, "conflict", (conflict,))


def _whole_file(path: str, ours: FileState, theirs: FileState, reason: str) -> Merged:
    return Merged(ours, "conflict", (Conflict(path, None, reason),), beside=theirs)


def _binary(path: str, base: FileState | None, ours: FileState, theirs: FileState) -> Merged:
    executable = _executable(base, ours, theirs)
    if theirs.text == ours.text or (base is not None and theirs.text == base.text):
        return Merged(replace(ours, executable=executable), "merged")
    if base is not None and ours.text == base.text:
        return Merged(replace(theirs, executable=executable), "merged")
    return _whole_file(path, ours, theirs, "a binary file that both sides changed: kept yours")


def _executable(base: FileState | None, ours: FileState, theirs: FileState) -> bool:
    if base is not None and ours.executable == base.executable:
        return theirs.executable
    return ours.executable


def _merge_texts(
    path: str,
    base: FileState | None,
    ours: FileState,
    theirs: FileState,
    labels: Labels | None,
) -> Merged:
    """Merge what both sides changed; conflicts get markers if there are `labels` for them."""
    was = decode(base.text) if base is not None else None
    mine, new = decode(ours.text), decode(theirs.text)
    if was is not None:
        merged = merge_text(path, was.text, mine.text, new.text)
    elif equal_but_for_layout(path, mine.text, new.text):
        merged = TextMerge([mine.text])
    else:
        merged = TextMerge(two_way(mine.text, new.text))
    executable = _executable(base, ours, theirs)
    text, places = render(merged.chunks, labels)
    try:
        resolved = encode(resolve(merged.chunks), was, mine, new)
        shown = encode(text, was, mine, new)
    except UnicodeEncodeError:
        reason = f"the new text cannot be written in {mine.codec}: kept yours"
        return _whole_file(path, ours, theirs, reason)
    if not places:
        return _clean(FileState(resolved, executable), ours, theirs, merged)
    found = tuple(Conflict(path, hunk.symbol, hunk.reason, line) for hunk, line in places)
    state, beside = FileState(shown, executable), None if labels else theirs
    if labels is None and is_python(path) and parses(mine.text) and not parses(text):
        state = ours
    return Merged(state, "conflict", found, merged.notes, beside, resolved, merged.renames)


def _clean(state: FileState, ours: FileState, theirs: FileState, merged: TextMerge) -> Merged:
    if state == ours:
        return Merged(ours, "kept" if merged.notes else "unchanged", notes=merged.notes)
    outcome: Outcome = "taken" if state == theirs else "merged"
    return Merged(state, outcome, notes=merged.notes, renames=merged.renames)


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
