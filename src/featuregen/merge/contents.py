"""The merge of two versions of a text file that both sides changed, from bytes to bytes.

Apart from `files`, which must stay cheap to import: in most runs no file was changed on both sides.
"""

from __future__ import annotations

from featuregen.merge.chunks import render, resolve
from featuregen.merge.encoding import decode, encode
from featuregen.merge.lines import two_way
from featuregen.merge.state import (
    Conflict,
    FileState,
    Labels,
    Merged,
    Outcome,
    executable,
    whole_file,
)
from featuregen.merge.texts import TextMerge, equal_but_for_layout, is_python, merge_text, parses


def merge_contents(
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
    mode = executable(base, ours, theirs)
    text, places = render(merged.chunks, labels)
    try:
        resolved = encode(resolve(merged.chunks), was, mine, new)
        shown = encode(text, was, mine, new)
    except UnicodeEncodeError:
        reason = f"the new text cannot be written in {mine.codec}: kept yours"
        return whole_file(path, ours, theirs, reason)
    if not places:
        return _clean(FileState(resolved, mode), ours, theirs, merged)
    found = tuple(Conflict(path, hunk.symbol, hunk.reason, line) for hunk, line in places)
    state, beside = FileState(shown, mode), None if labels else theirs
    if labels is None and is_python(path) and parses(mine.text) and not parses(text):
        state = ours
    return Merged(
        state, "conflict", found, merged.notes, beside, resolved, merged.renames, merged.left_out
    )


def _clean(state: FileState, ours: FileState, theirs: FileState, merged: TextMerge) -> Merged:
    if state == ours:
        outcome: Outcome = "kept" if merged.notes else "unchanged"
        return Merged(ours, outcome, notes=merged.notes, left_out=merged.left_out)
    outcome = "taken" if state == theirs else "merged"
    return Merged(
        state, outcome, notes=merged.notes, renames=merged.renames, left_out=merged.left_out
    )
