"""Shared files that the user has changed: merged with the new skeleton, then wired.

The merge brings in what a new need adds to the skeleton (a rate limiter in `create_app`), and
usually the feature's own lines too. Where it cannot, the user's text stays, exact edits bring the
feature's lines in, and what is left is told as an edit by hand. Nothing is skipped silently.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from featuregen.results import ByHand

if TYPE_CHECKING:
    from featuregen.assemble import Assembly
    from featuregen.plan.contribution import Contribution
    from featuregen.wiring.wire import Ledger


def edit_shared_files(
    assembly: Assembly,
    rendered: Mapping[str, str],
    edited: Mapping[str, tuple[bytes, bytes]],
    contributions: Sequence[Contribution],
    others: Sequence[Contribution],
) -> dict[str, Ledger]:
    """Write what can be written; returns what stands in the files now on each feature's account.

    `edited` holds what featuregen rendered the last time and what stands there now, by path.
    """
    from featuregen.wiring.ids import wired_ids
    from featuregen.wiring.wire import PATHS, wire_all

    merged = {
        path: _merged(assembly, path, base, ours, rendered[path].encode())
        for path, (base, ours) in edited.items()
    }
    texts = {
        path: text.decode() for path, text in merged.items() if path in PATHS and _is_text(text)
    }
    result = wire_all(texts, contributions, others)
    for path, text in merged.items():
        final = result.files[path].encode() if path in result.files else text
        if final != edited[path][1]:
            assembly.shared.add(path)
            assembly.write(path, final)
    assembly.by_hand += [
        ByHand(item.id, item.path, item.instructions) for item in result.impossible
    ]
    theirs = {key for key in result.already if key.startswith("dependency:")}  # the user had it
    absent = {item.id for item in result.impossible} | theirs
    return {
        contribution.feature: {
            key: result.inverses.get(key, "")
            for key in wired_ids(contribution)
            if key not in absent
        }
        for contribution in contributions
    }


def _merged(assembly: Assembly, path: str, base: bytes, ours: bytes, theirs: bytes) -> bytes:
    from featuregen.merge import FileState, merge_file

    result = merge_file(path, FileState(base), FileState(ours), FileState(theirs))
    assembly.notes += [f"{path}: {note}" for note in result.notes]
    if not result.conflicts and result.state is not None:
        return result.state.text
    places = ", ".join(conflict.symbol or f"line {conflict.line}" for conflict in result.conflicts)
    assembly.by_hand.append(
        ByHand(
            id=f"skeleton:{path}",
            path=path,
            instructions=f"You have changed {places} yourself. The skeleton changes there too:\n\n"
            + _diff(path, base, theirs),
        )
    )
    return result.resolved if result.resolved is not None else ours


def _diff(path: str, base: bytes, theirs: bytes) -> str:
    old, new = (text.decode(errors="replace").splitlines() for text in (base, theirs))
    return "\n".join(difflib.unified_diff(old, new, path, path, lineterm="", n=2))


def _is_text(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True
