"""Spec files on disk: written whole or not at all, and never over what somebody else wrote."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from featuregen.errors import FeaturegenError

if TYPE_CHECKING:
    from pathlib import Path

_BOM = "\ufeff".encode()
_CONFLICT = 3
STDOUT = "-"


def refuse_existing(path: Path) -> None:
    """Raise where there is something at `path` already."""
    if os.path.lexists(path):
        raise FeaturegenError(
            f"{path} is there already",
            hint="nothing was written; name another file with --output",
            exit_code=_CONFLICT,
        )


def write_new(path: Path, text: str) -> None:
    """A new file with its folders. Raises where there is one, also one that came in between."""
    refuse_existing(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = _beside(path, text.encode())
        try:
            os.link(part, path)  # unlike a rename, never over another file
        except FileExistsError:
            refuse_existing(path)
        except OSError:  # a file system without links
            part.rename(path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as reason:
        raise _unwritable(path, reason) from reason


def replace_text(path: Path, before: str, after: str) -> None:
    """Put `after` where `before` stood. Raises where the file says something else by now."""
    target = path.resolve()  # a link stays one
    try:
        present = target.read_bytes()
        mark = _BOM if present.startswith(_BOM) else b""
        if present.removeprefix(_BOM) != before.encode():
            raise FeaturegenError(
                f"{path} has changed in the meantime",
                hint="nothing was written; run the command again",
                exit_code=_CONFLICT,
            )
        part = _beside(target, mark + after.encode())
        try:
            part.chmod(target.stat().st_mode & 0o7777)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
    except OSError as reason:
        raise _unwritable(path, reason) from reason


def _beside(path: Path, data: bytes) -> Path:
    """A file with this content in the same folder, so that a rename puts it in place at once."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    return part


def _unwritable(path: Path, reason: OSError) -> FeaturegenError:
    why = (reason.strerror or str(reason)).lower()
    return FeaturegenError(f"cannot write the spec: {why}", where=str(path))
