"""What a run is about to do to the files, written down before it does: the journal's manifest."""

from __future__ import annotations

import hashlib
import json
import stat
from dataclasses import dataclass
from pathlib import Path

from featuregen.errors import FeaturegenError
from featuregen.workspace.staging import Staged, new_mode

HOME = ".featuregen"
JOURNAL = ".journal"


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of the run."""

    path: str
    old: str | None  # sha256 of the content before; None: there was no file
    new: str | None
    mode: int  # of the file to write
    number: int  # names new/<number>, pre/<number> and the bridge

    def bridge(self, root: Path) -> Path:
        """Beside the target, for a move over a mount boundary."""
        target = root / self.path
        mark = (self.new or self.old or "")[:12]
        return target.with_name(f".featuregen-{self.number}-{mark}.tmp")


@dataclass(frozen=True, slots=True)
class Manifest:
    """Everything that undoing needs to know."""

    entries: tuple[Entry, ...]
    made: tuple[str, ...]  # folders we make, parents first
    emptied: tuple[tuple[str, int], ...]  # folders we empty, with their modes, children first
    home_made: bool


def digest(content: bytes) -> str:
    """Names a content."""
    return hashlib.sha256(content).hexdigest()


def plan_manifest(staged: Staged) -> Manifest:
    """What the staged writes do to files and folders; deletions first."""
    entries: list[Entry] = []
    made: dict[str, None] = {}
    deletions_first = sorted(staged.changes, key=lambda change: not change[0].deletes)
    for number, (write, original) in enumerate(deletions_first):
        old = digest(original.content) if original else None
        content = write.content
        new = digest(content) if content is not None else None
        entries.append(Entry(write.path, old, new, new_mode(write, original), number))
        if content is not None:
            missing = [p for p in _parents(write.path) if not (staged.root / p).exists()]
            made.update(dict.fromkeys(missing))
    made.pop(HOME, None)
    home_made = not (staged.root / HOME).exists()
    return Manifest(tuple(entries), tuple(made), _emptied(staged), home_made)


def _emptied(staged: Staged) -> tuple[tuple[str, int], ...]:
    """Folders that hold nothing (or only bytecode) once the deletions are done, children first."""
    gone = {write.path for write in staged.writes if write.deletes}
    written = [write.path for write in staged.writes if not write.deletes]
    filled = {parent for path in written for parent in _parents(path)}
    candidates = {parent for path in gone for parent in _parents(path)} - filled - {HOME}
    emptied: list[tuple[str, int]] = []
    for folder in sorted(candidates, key=lambda path: (-path.count("/"), path)):
        place = staged.root / folder
        if place.is_symlink() or not place.is_dir():
            continue
        names = {f"{folder}/{entry.name}" for entry in place.iterdir() if not _is_bytecode(entry)}
        if names <= gone:
            gone.add(folder)
            emptied.append((folder, stat.S_IMODE(place.stat().st_mode)))
    return tuple(emptied)


def _parents(path: str) -> list[str]:
    parts = path.split("/")[:-1]
    return ["/".join(parts[: end + 1]) for end in range(len(parts))]


def _is_bytecode(folder: Path) -> bool:
    if folder.name != "__pycache__" or folder.is_symlink() or not folder.is_dir():
        return False
    return all(entry.suffix == ".pyc" for entry in folder.iterdir())


def dump_manifest(manifest: Manifest) -> bytes:
    """As JSON, for the journal."""
    return json.dumps(
        {
            "version": 1,
            "entries": [[e.path, e.old, e.new, e.mode, e.number] for e in manifest.entries],
            "made": manifest.made,
            "emptied": manifest.emptied,
            "home_made": manifest.home_made,
        }
    ).encode()


def load_manifest(journal: Path) -> Manifest:
    """Of a journal on disk. Raises `FeaturegenError` where it is damaged."""
    try:
        data = json.loads((journal / "manifest.json").read_bytes())
        return Manifest(
            tuple(Entry(*entry) for entry in data["entries"]),
            tuple(data["made"]),
            tuple((folder, mode) for folder, mode in data["emptied"]),
            data["home_made"],
        )
    except (OSError, ValueError, KeyError, TypeError) as reason:
        raise FeaturegenError(
            "the journal of an interrupted featuregen run is damaged",
            where=str(journal),
            hint="its 'pre' folder has the files before that run; once all is well, remove it",
        ) from reason
