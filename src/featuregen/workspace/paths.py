"""Which paths may be written: relative, portable, inside the project, and not through a symlink.

A path can carry names of the spec, so it is checked as if it came from a stranger.
"""

from __future__ import annotations

import os
import stat
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from featuregen.errors import FeaturegenError

_RESERVED = frozenset(
    ["con", "prn", "aux", "nul", "conin$", "conout$"]
    + [f"{device}{number}" for device in ("com", "lpt") for number in "0123456789¹²³"]
)
_FORBIDDEN = frozenset('<>:"|?*\\') | {chr(code) for code in range(32)} | {"\x7f"}
_GUARDED = (".git", ".featuregen/.journal")
"""Never written: git's own folder (its hooks are code) and our journal."""


def refuse(path: str, why: str, hint: str | None = None) -> FeaturegenError:
    """The error for a path that may not be written."""
    return FeaturegenError(f"refusing to write {path!r}: {why}", where=path, hint=hint)


def fold(path: str) -> str:
    """What `path` is to a file system that ignores case and Unicode composition."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())


def check_spelling(path: str) -> None:
    """Refuse a path that is not plain, relative, and the same on every platform.

    Raises `FeaturegenError`. Says nothing about what stands on the disk.
    """
    if not path:
        raise FeaturegenError("refusing to write: the path is empty")
    if path.startswith("/"):
        raise refuse(path, "it is absolute")
    bad = sorted(_FORBIDDEN & set(path))
    if bad:
        raise refuse(path, f"it holds {bad[0]!r}, which is not portable")
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        raise refuse(path, "it is not valid Unicode") from None
    for part in path.split("/"):
        _check_part(path, part)
    folded = fold(path)
    for guarded in _GUARDED:
        if folded == guarded or folded.startswith((f"{guarded}/", f"{guarded}.")):
            if guarded == ".git" and folded.startswith(".git."):
                continue
            raise refuse(path, f"{guarded} is not ours to write")


def _check_part(path: str, part: str) -> None:
    if part in {"", "."}:
        raise refuse(path, "it is not in its plain form")
    if part == "..":
        raise refuse(path, "it leaves the project through '..'")
    if part.endswith((".", " ")):
        raise refuse(path, f"{part!r} ends with a dot or a space, which Windows drops")
    if part.partition(".")[0].rstrip(" ").casefold() in _RESERVED:
        raise refuse(path, f"{part!r} is the name of a device on Windows")
    if len(part.encode()) > 255:  # noqa: PLR2004 - the limit of every common file system
        raise refuse(path, f"{part[:20]!r}… is longer than 255 bytes")


def check_place(root: Path, path: str) -> os.stat_result | None:
    """Refuse a path whose folders or target lead elsewhere; return the target's `lstat`, or None.

    `root` is resolved. A symlinked folder is fine as long as it stays inside the project.
    """
    folder = root
    parts = path.split("/")
    for part in parts[:-1]:
        folder = folder / part
        found = _lstat(folder)
        if found is None:
            return None
        if stat.S_ISLNK(found.st_mode):
            folder = folder.resolve()
            if not folder.is_relative_to(root):
                raise refuse(path, f"the folder {part!r} is a symlink that leaves the project")
            if not folder.is_dir():
                raise refuse(path, f"{part!r} is a symlink to something that is no folder")
        elif not stat.S_ISDIR(found.st_mode):
            raise refuse(path, f"{part!r} is a file, not a folder")
    found = _lstat(folder / parts[-1])
    if found is None or stat.S_ISREG(found.st_mode):
        return found
    if stat.S_ISLNK(found.st_mode):
        raise refuse(
            path,
            "it is a symlink, and its target is not ours",
            "replace the symlink by a file, or rename the feature",
        )
    kind = "a folder" if stat.S_ISDIR(found.st_mode) else "a special file"
    raise refuse(path, f"{kind} stands there")


def check_clashes(root: Path, written: Iterable[str], deleted: Iterable[str]) -> None:
    """Refuse paths that differ from another one, written or on the disk, only in case.

    On macOS and Windows they are the same file.
    """
    spellings: dict[str, str] = {}
    gone = set(deleted)
    listings: dict[str, dict[str, list[str]]] = {}
    for path in written:
        parts = path.split("/")
        for end in range(1, len(parts) + 1):
            here = "/".join(parts[:end])
            known = spellings.setdefault(fold(here), here)
            if known != here:
                raise refuse(path, f"{known!r} is written too, and differs only in case")
            parent = "/".join(parts[: end - 1])
            if parent not in listings:
                listings[parent] = _names(root / parent)
            for name in listings[parent].get(fold(parts[end - 1]), ()):
                on_disk = f"{parent}/{name}" if parent else name
                if name != parts[end - 1] and on_disk not in gone:
                    raise refuse(path, f"{on_disk!r} exists, and differs only in case")


def _names(folder: Path) -> dict[str, list[str]]:
    names: dict[str, list[str]] = {}
    try:
        entries = os.listdir(folder)  # noqa: PTH208 - str names, no Path objects
    except (FileNotFoundError, NotADirectoryError):
        return names
    for name in entries:
        names.setdefault(fold(name), []).append(name)
    return names


def _lstat(path: Path) -> os.stat_result | None:
    try:
        return path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None
