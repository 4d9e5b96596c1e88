"""Every change that we make to a project's files goes through here, one system call each.

So a test can end the process, or fail the call, before any one of them (`FEATUREGEN_FAULT`):

- `12`: SIGKILL ourselves before the 12th mutation;
- `enospc:12`: from the 12th on, what needs room on the disk fails with "no space left";
- `eacces:12`: the 12th fails with "permission denied", the ones after it work;
- `erofs:12`: from the 12th on, all fail with "read-only file system";
- `count:FILE`: append one line for each mutation to FILE.
"""

from __future__ import annotations

import errno
import os
import signal
import stat
from pathlib import Path

_done = 0
_NEEDS_ROOM = frozenset({"create", "write", "mkdir", "link"})


def _before(kind: str, path: Path) -> None:
    fault = os.environ.get("FEATUREGEN_FAULT")
    if not fault:
        return
    global _done  # noqa: PLW0603 - one count for the whole process is the point
    _done += 1
    mode, _, argument = fault.rpartition(":")
    if fault.startswith("count:"):
        with Path(fault.removeprefix("count:")).open("a", encoding="utf-8") as log:
            log.write(f"{kind} {path}\n")
    elif mode == "" and _done == int(argument):
        os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
    elif mode == "enospc" and _done >= int(argument) and kind in _NEEDS_ROOM:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
    elif mode == "eacces" and _done == int(argument):
        raise OSError(errno.EACCES, os.strerror(errno.EACCES), str(path))
    elif mode == "erofs" and _done >= int(argument):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))


def create(
    path: Path, content: bytes, mode: int = 0o666, like: os.stat_result | None = None
) -> None:
    """Write a new file durably. The umask applies, unless `like` gives the owner."""
    _before("create", path)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode)
    try:
        _before("write", path)
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(handle, rest) :]
        if like is not None:
            _before("chmod", path)
            _take_over(path, handle, like, stat.S_IMODE(mode))
        os.fsync(handle)
    finally:
        os.close(handle)


def _take_over(path: Path, handle: int, like: os.stat_result, mode: int) -> None:
    mine = os.fstat(handle)
    if hasattr(os, "fchown") and (mine.st_uid, mine.st_gid) != (like.st_uid, like.st_gid):
        try:
            os.fchown(handle, like.st_uid, like.st_gid)
        except PermissionError:
            mode &= 0o777  # another owner's set-id bits are not ours to give
    path.chmod(mode)


def link(source: Path, target: Path) -> None:
    """A second name for `source`: a copy that costs nothing and keeps mode, owner and times."""
    _before("link", target)
    try:
        os.link(source, target, follow_symlinks=False)
    except (OSError, NotImplementedError) as reason:
        if isinstance(reason, OSError) and reason.errno in {errno.ENOSPC, errno.EROFS}:
            raise
        copy(source, target)


def copy(source: Path, target: Path) -> None:
    """A durable copy with mode, owner and times."""
    found = source.stat()
    create(target, source.read_bytes(), stat.S_IMODE(found.st_mode), found)
    os.utime(target, ns=(found.st_atime_ns, found.st_mtime_ns))


def move(source: Path, target: Path, bridge: Path) -> None:
    """Put `source` in the place of `target` at once.

    Over a mount boundary it goes by way of `bridge`, a name beside the target.
    """
    _before("replace", target)
    try:
        source.replace(target)
    except OSError as reason:
        if reason.errno != errno.EXDEV or not source.is_file():
            raise
        remove(bridge)
        copy(source, bridge)
        _before("replace", target)
        bridge.replace(target)
        remove(source)


def rename(source: Path, target: Path) -> None:
    """Rename a folder to a name that is free."""
    _before("rename", target)
    source.rename(target)


def remove(path: Path) -> bool:
    """Remove a file or a symlink; whether there was one."""
    if not os.path.lexists(path):
        return False
    _before("unlink", path)
    path.unlink()
    return True


def mkdir(path: Path, mode: int | None = None) -> None:
    """Make one folder; `mode` outright, else by the umask."""
    _before("mkdir", path)
    path.mkdir()
    if mode is not None and stat.S_IMODE(path.stat().st_mode) != mode:
        _before("chmod", path)
        path.chmod(mode)


def chmod(path: Path, mode: int) -> None:
    """Set a folder's mode."""
    if stat.S_IMODE(path.stat().st_mode) != mode:
        _before("chmod", path)
        path.chmod(mode)


def rmdir(path: Path) -> bool:
    """Remove a folder if it is there and empty; whether it was."""
    try:
        if any(path.iterdir()):
            return False
    except (FileNotFoundError, NotADirectoryError):
        return False
    _before("rmdir", path)
    path.rmdir()
    return True


def discard(tree: Path) -> None:
    """Remove a folder of ours with all that is in it; links are not followed."""
    for entry in sorted(tree.iterdir()):
        if entry.is_dir() and not entry.is_symlink():
            discard(entry)
        else:
            remove(entry)
    rmdir(tree)


def sync(folder: Path) -> None:
    """Make the names in `folder` durable, where the platform can."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
