"""What a staged run would change, as unified diffs that `git apply` and people read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from featuregen.workspace.staging import Original, Staged, Write, new_mode


@dataclass(frozen=True, slots=True)
class FileDiff:
    """One file's change. `added` and `removed` count lines; they are 0 for binary files."""

    path: str
    status: Literal["added", "changed", "deleted"]
    added: int
    removed: int
    text: str


def tree_diff(staged: Staged) -> tuple[FileDiff, ...]:
    """One diff for each staged write, in the order of the paths."""
    return tuple(_file_diff(write, original) for write, original in staged.changes)


def _file_diff(write: Write, original: Original | None) -> FileDiff:
    status: Literal["added", "changed", "deleted"] = "changed"
    header = [f"diff --git a/{write.path} b/{write.path}\n"]
    if original is None:
        status = "added"
        header.append(f"new file mode {_git_mode(executable=bool(write.executable))}\n")
    elif write.deletes:
        status = "deleted"
        header.append(f"deleted file mode {_git_mode(executable=original.executable)}\n")
    elif bool(new_mode(write, original) & 0o100) != original.executable:
        header.append(f"old mode {_git_mode(executable=original.executable)}\n")
        header.append(f"new mode {_git_mode(executable=not original.executable)}\n")
    before = original.content if original else b""
    after = write.content or b""
    old_name = f"a/{write.path}" if original else "/dev/null"
    new_name = f"b/{write.path}" if not write.deletes else "/dev/null"
    if before == after:
        return FileDiff(write.path, status, 0, 0, "".join(header))
    old, new = _lines(before), _lines(after)
    if old is None or new is None:
        header.append(f"Binary files {old_name} and {new_name} differ\n")
        return FileDiff(write.path, status, 0, 0, "".join(header))
    body = _hunks(old, new, old_name, new_name)
    added = sum(line.startswith("+") for line in body[2:])
    removed = sum(line.startswith("-") for line in body[2:])
    return FileDiff(write.path, status, added, removed, "".join(header + body))


def _git_mode(*, executable: bool) -> str:
    return "100755" if executable else "100644"


def _lines(content: bytes) -> list[str] | None:
    """Lines with their ends, split at `\\n` only; None for what is no text."""
    if b"\0" in content:
        return None
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return None
    lines = [line + "\n" for line in text.split("\n")]
    lines[-1] = lines[-1][:-1]
    return lines if lines[-1] else lines[:-1]


def _hunks(old: list[str], new: list[str], old_name: str, new_name: str) -> list[str]:
    import difflib

    body = difflib.unified_diff(old, new, _quoted(old_name), _quoted(new_name))
    end = "\n\\ No newline at end of file\n"
    return [line if line.endswith("\n") else f"{line}{end}" for line in body]


def _quoted(name: str) -> str:
    """A name with a space ends with a tab, as git and patch expect."""
    return f"{name}\t" if " " in name else name
