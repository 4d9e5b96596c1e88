"""One featuregen run at a time in a project. The kernel drops the lock with the process.

The lock is on the project's folder itself: it leaves no file behind. Where folders cannot be locked
(Windows, some network file systems), it is on a file in the temporary folder.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from featuregen.errors import FeaturegenError

_BUSY = frozenset({errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES, errno.EDEADLK})


@contextlib.contextmanager
def project_lock(root: Path) -> Iterator[None]:
    """Hold the project for this run. Raises `FeaturegenError` at once while another run holds it.

    A project that does not exist yet needs none: its creation claims its place.
    """
    if root.is_dir():
        with held(root):
            yield
    else:
        yield


@contextlib.contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold an existing folder."""
    handle = _open_folder(folder)
    if handle is None:
        handle = _open_beside(folder)
    try:
        yield
    finally:
        os.close(handle)


def _open_folder(folder: Path) -> int | None:
    """A locked handle of the folder, None where folders cannot be locked."""
    try:
        import fcntl
    except ImportError:
        return None
    try:
        handle = os.open(folder, os.O_RDONLY)
    except PermissionError as reason:
        what = f"cannot read the folder: {reason.strerror}"
        raise FeaturegenError(what, where=str(folder)) from reason
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as reason:
        os.close(handle)
        if reason.errno in _BUSY:
            raise _busy(folder) from None
        return None
    return handle


def _open_beside(folder: Path) -> int:
    """A locked handle of a file that stands for the folder."""
    import hashlib
    import tempfile

    name = hashlib.sha256(os.fsencode(os.path.realpath(folder))).hexdigest()[:32]
    place = Path(tempfile.gettempdir()) / f"featuregen-{name}.lock"
    handle = os.open(place, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _lock_file(handle)
    except OSError:
        os.close(handle)
        raise _busy(folder) from None
    return handle


def _lock_file(handle: int) -> None:
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        return
    with contextlib.suppress(ImportError):
        import fcntl

        fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _busy(folder: Path) -> FeaturegenError:
    return FeaturegenError(
        "another featuregen run is at work in this project",
        where=str(folder),
        hint="wait until it has ended, then run the command again",
    )
