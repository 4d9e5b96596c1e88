"""What a run would change: the staged tree is the project with these writes on top."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from featuregen.errors import FeaturegenError
from featuregen.line_ends import same
from featuregen.spool import Held, Spool, content_of
from featuregen.workspace.paths import check_clashes, check_place, check_spelling, fold, refuse

_RECORDS = ".featuregen/"
"""Nobody edits what lies there: line ends that git has changed are left."""


@dataclass(frozen=True, slots=True)
class Write:
    """One file as it shall be. No content: deleted. `executable=None` leaves the mode alone."""

    path: str  # relative to the project, POSIX
    held: Held | None
    executable: bool | None = None

    @property
    def content(self) -> bytes | None:
        """The bytes, read each time where they are parked."""
        return None if self.held is None else content_of(self.held)

    @property
    def deletes(self) -> bool:
        """Whether the file shall be gone."""
        return self.held is None


@dataclass(frozen=True, slots=True, eq=False)
class Original:
    """A file as staging found it: apply refuses when it is another one by then."""

    held: Held
    mode: int

    @property
    def content(self) -> bytes:
        """The bytes, read each time where they are parked."""
        return content_of(self.held)

    def __eq__(self, other: object) -> bool:
        """Whether they are the same file, wherever the bytes are."""
        if not isinstance(other, Original):
            return NotImplemented
        return self.mode == other.mode and self.content == other.content

    def __hash__(self) -> int:
        return hash((self.mode, self.content))

    @property
    def executable(self) -> bool:
        """Whether its owner may run it."""
        return bool(self.mode & stat.S_IXUSR)


@dataclass(frozen=True, slots=True)
class Staged:
    """The real changes only, by path; `originals` has what they replace, None for a new file."""

    root: Path  # resolved; may not exist yet
    writes: tuple[Write, ...]
    originals: tuple[Original | None, ...]

    def read(self, path: str) -> bytes | None:
        """A file of the staged tree, None where there is none."""
        for write in self.writes:
            if write.path == path:
                return write.content
        return read_file(self.root, path)

    @property
    def changes(self) -> tuple[tuple[Write, Original | None], ...]:
        """Each write beside what it replaces."""
        return tuple(zip(self.writes, self.originals, strict=True))


def read_file(root: Path, path: str) -> bytes | None:
    """A project file's bytes, None where there is none. Refuses what `stage` would refuse."""
    check_spelling(path)
    if check_place(root.resolve(), path) is None:
        return None
    return (root / path).read_bytes()


def stage(
    root: Path, writes: Iterable[Write], seen: Mapping[str, Held | None] | None = None
) -> Staged:
    """Check every path and keep the writes that change something: other files keep their mtime.

    `seen`: the bytes that the new contents were made from; a file that differs by now is an error.
    Raises `FeaturegenError` naming the path; the project is only read.
    """
    root = root.resolve()
    if root.exists() and not root.is_dir():
        raise FeaturegenError("the project is not a folder", where=str(root))
    ordered = sorted(writes, key=lambda write: write.path)
    for write in ordered:
        check_spelling(write.path)
    deleted = [write.path for write in ordered if write.deletes]
    check_clashes(root, (write.path for write in ordered if not write.deletes), deleted)
    _check_distinct(root, ordered)
    spool = Spool()
    kept: list[tuple[Write, Original | None]] = []
    for write in ordered:
        original = read_original(root, write.path)
        _check_seen(write.path, original, seen)
        if _changes(write, original):
            kept.append((write, _parked(original, spool)))
    return Staged(root, tuple(write for write, _ in kept), tuple(original for _, original in kept))


def read_original(root: Path, path: str) -> Original | None:
    """The file that stands at `path` now, after the checks of its place. `root` is resolved."""
    found = check_place(root, path)
    if found is None:
        return None
    try:
        return Original((root / path).read_bytes(), stat.S_IMODE(found.st_mode))
    except OSError as reason:
        raise FeaturegenError(f"cannot read {path}: {reason.strerror}", where=path) from reason


def _parked(original: Original | None, spool: Spool) -> Original | None:
    return original and replace(original, held=spool.park(original.content))


def _check_distinct(root: Path, writes: list[Write]) -> None:
    places: dict[str, str] = {}
    files = {fold(write.path) for write in writes if not write.deletes}
    for write in writes:
        folder, _, name = write.path.rpartition("/")
        place = f"{(root / folder).resolve()}/{name}"
        if place in places:
            raise refuse(write.path, f"it is written twice, also as {places[place]!r}")
        places[place] = write.path
        while folder:
            if fold(folder) in files:
                raise refuse(write.path, f"{folder!r} is written as a file")
            folder = folder.rpartition("/")[0]


def _check_seen(
    path: str, original: Original | None, seen: Mapping[str, Held | None] | None
) -> None:
    if seen is None or path not in seen:
        return
    held = seen[path]
    if (None if held is None else content_of(held)) != (original.content if original else None):
        raise changed_meanwhile(path)


def changed_meanwhile(path: str) -> FeaturegenError:
    """The error for a file that another program wrote while we worked."""
    return FeaturegenError(
        f"{path} changed while featuregen was at work; nothing was written",
        where=path,
        hint="run the command again",
    )


def _changes(write: Write, original: Original | None) -> bool:
    if original is None:
        return not write.deletes
    new, old = write.content, original.content
    if new is None or not (same(new, old) if write.path.startswith(_RECORDS) else new == old):
        return True
    if write.executable is None or os.name == "nt":
        return False
    return write.executable != original.executable


def new_mode(write: Write, original: Original | None) -> int:
    """The mode of the file to write; for a new file the umask still applies."""
    if original is None:
        return 0o777 if write.executable else 0o666
    if write.executable is None or write.executable == original.executable:
        return original.mode
    if write.executable:
        return original.mode | (original.mode & 0o444) >> 2
    return original.mode & ~0o111
