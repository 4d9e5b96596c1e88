"""The staged tree over a project, and its all-or-nothing way into the project.

The order of a run: `project_lock` → `recover` → `stage` → `materialised` (verify) → `apply`.
"""

from __future__ import annotations

from pathlib import Path

from featuregen.workspace.birth import create_tree, discard_birth
from featuregen.workspace.copies import materialise, materialised
from featuregen.workspace.diff import FileDiff, tree_diff
from featuregen.workspace.journal import Recovery, pending, recover_tree, write_tree
from featuregen.workspace.locking import project_lock
from featuregen.workspace.staging import (
    Original,
    Staged,
    Write,
    changed_meanwhile,
    read_file,
    stage,
)

__all__ = [
    "FileDiff",
    "Original",
    "Recovery",
    "Staged",
    "Write",
    "apply",
    "materialise",
    "materialised",
    "pending",
    "project_lock",
    "read_file",
    "recover",
    "stage",
    "tree_diff",
]


def apply(staged: Staged) -> None:
    """Bring the staged writes into the project: all of them or none, also if the process is killed.

    Raises `FeaturegenError`, with the tree unchanged: a file changed since staging, the disk is
    full, a folder is read-only.
    """
    if not staged.writes:
        return
    if staged.root.is_dir():
        write_tree(staged)
        return
    gone = [write.path for write, original in staged.changes if original is not None]
    if gone:
        raise changed_meanwhile(gone[0])
    create_tree(staged)


def recover(root: Path) -> Recovery | None:
    """Bring an interrupted run to its end, the old tree or the new one. None: nothing to do.

    For the start of every command, with the project locked.
    """
    root = root.resolve()
    discard_birth(root)
    return recover_tree(root) if root.is_dir() else None
