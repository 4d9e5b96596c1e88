"""The staged tree on disk, for verification: a copy of the project with the writes on top."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from featuregen.errors import FeaturegenError
from featuregen.workspace.staging import Staged, new_mode

_SKIPPED_FOLDERS = frozenset(
    """
    .git .hg .svn .jj .venv venv node_modules __pycache__ .mypy_cache .ruff_cache .pytest_cache
    .hypothesis .tox .nox .idea .vscode htmlcov .eggs .cache .journal
    """.split()  # noqa: SIM905 - a table of words reads better than twenty quoted ones
)
_BUILD_FOLDERS = frozenset({"build", "dist", "target", "site"})
"""Skipped only at the top: further down they can be packages."""
_SECRETS = ".env"
_EXAMPLES = (".example", ".sample", ".template", ".dist")


def materialise(staged: Staged, into: Path) -> None:
    """Copy the project to the empty or missing folder `into`, with the staged writes applied.

    Left out: version control, environments, caches, builds, and `.env` files, whose values must
    not reach the tests. Times and modes are kept, symlinks stay symlinks. Nothing is hard-linked:
    a test that writes to a file in place must not reach the user's.
    """
    root = staged.root
    into = into.resolve()
    into.mkdir(parents=True, exist_ok=True)
    try:
        if root.is_dir():
            _copy_folder(root, into, avoid=into, top=True)
        for write, original in staged.changes:
            target = into / write.path
            content = write.content
            if content is None:
                target.unlink(missing_ok=True)
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            target.unlink(missing_ok=True)
            target.write_bytes(content)
            if original is not None or write.executable:
                target.chmod(new_mode(write, original) if original else 0o755)
    except OSError as reason:
        raise FeaturegenError(
            f"cannot copy the project for verification: {reason.strerror}",
            where=str(reason.filename or into),
            hint="free some space in the temporary folder, or point TMPDIR elsewhere",
        ) from reason


@contextlib.contextmanager
def materialised(staged: Staged) -> Iterator[Path]:
    """The staged tree in a temporary folder, which is removed at the end."""
    import tempfile

    with tempfile.TemporaryDirectory(prefix="featuregen-", ignore_cleanup_errors=True) as folder:
        tree = Path(folder).resolve() / (staged.root.name or "project")
        materialise(staged, tree)
        yield tree


def _copy_folder(source: Path, target: Path, *, avoid: Path, top: bool) -> None:
    with os.scandir(source) as entries:
        for entry in entries:
            place = target / entry.name
            if entry.is_symlink():
                place.symlink_to(Path(entry.path).readlink())
            elif entry.is_dir():
                folder = Path(entry.path)
                if not _skips_folder(folder, top=top) and folder != avoid:
                    place.mkdir()
                    _copy_folder(folder, place, avoid=avoid, top=False)
                    place.chmod(stat.S_IMODE(entry.stat().st_mode) | stat.S_IRWXU)
            elif entry.is_file() and not _skips_file(entry.name):
                _copy_file(Path(entry.path), place, entry.stat())


def _skips_folder(folder: Path, *, top: bool) -> bool:
    if folder.name in _SKIPPED_FOLDERS or (top and folder.name in _BUILD_FOLDERS):
        return True
    return folder.name.endswith(".egg-info") or (folder / "pyvenv.cfg").exists()


def _skips_file(name: str) -> bool:
    if name.endswith((".pyc", ".pyo")) or name == ".coverage" or name.startswith(".coverage."):
        return True
    return (name == _SECRETS or name.startswith(f"{_SECRETS}.")) and not name.endswith(_EXAMPLES)


def _copy_file(source: Path, target: Path, found: os.stat_result) -> None:
    """Copy content, mode and times. The kernel copies, and shares blocks where it can (XFS)."""
    with source.open("rb") as reader, target.open("wb") as writer:
        if not _copy_in_kernel(reader.fileno(), writer.fileno(), found.st_size):
            import shutil

            reader.seek(0)
            writer.truncate(0)
            writer.seek(0)
            shutil.copyfileobj(reader, writer)
    target.chmod(stat.S_IMODE(found.st_mode) | stat.S_IRUSR | stat.S_IWUSR)
    os.utime(target, ns=(found.st_atime_ns, found.st_mtime_ns))


def _copy_in_kernel(reader: int, writer: int, size: int) -> bool:
    if not hasattr(os, "copy_file_range"):
        return False
    copied = 0
    while copied < size:
        try:
            step = os.copy_file_range(reader, writer, size - copied)
        except OSError:
            return False
        if step == 0:
            break
        copied += step
    return copied == size
