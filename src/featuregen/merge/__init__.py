"""3-way merge of generated files with the user's edits: pure functions over `FileState`, no disk.

`merge_file` and `merge_tree` merge, `certify` counts what survived. See `docs/architecture.md`
for why featuregen has its own merge.
"""

from __future__ import annotations

from featuregen.merge.certificate import Certificate, certificate, certify
from featuregen.merge.files import merge_file, open_conflicts
from featuregen.merge.state import (
    Conflict,
    ConflictMode,
    FileState,
    Labels,
    Merged,
    Outcome,
    beside_path,
)
from featuregen.merge.tree import TreeMerge, merge_tree

__all__ = [
    "Certificate",
    "Conflict",
    "ConflictMode",
    "FileState",
    "Labels",
    "Merged",
    "Outcome",
    "TreeMerge",
    "beside_path",
    "certificate",
    "certify",
    "merge_file",
    "merge_tree",
    "open_conflicts",
]
