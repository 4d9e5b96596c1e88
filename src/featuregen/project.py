"""Find the project that a command is about."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from featuregen.errors import FeaturegenError

HOME = ".featuregen"
_IGNORED = frozenset(
    {".git", ".gitignore", ".gitattributes", ".venv", ".idea", ".vscode", ".DS_Store"}
    | {".agents", ".claude", ".codex", ".cursor", ".mcp.json", "AGENTS.md", "CLAUDE.md"}
    | {"features"}
)
"""What may stand in a folder that is to become a project: the tools' files, and the specs."""


@dataclass(frozen=True, slots=True)
class Project:
    """`root` may not exist yet; then, or when it is empty, `exists` is False."""

    root: Path
    exists: bool
    features: tuple[str, ...]  # that have a lock, sorted

    @property
    def folder_name(self) -> str:
        """The name of a new project: its folder's, in kebab-case."""
        words = re.sub(r"[^a-z0-9]+", "-", self.root.name.lower()).strip("-")
        return words if re.match(r"[a-z]", words) else f"app-{words}".strip("-")


def find_project(root: Path, beside: str | None = None) -> Project:
    """The featuregen project at `root`, or the place for a new one.

    `beside` is what else may stand in that place: a folder with the team's templates. Raises
    `FeaturegenError` for a file, and for a folder that holds something else.
    """
    root = Path(root).absolute()
    if root.is_symlink() or root.exists():
        if not root.is_dir():
            raise FeaturegenError("this is not a folder", where=str(root), exit_code=2)
        home = root / HOME
        if (home / "project.lock").is_file():
            locks = sorted(path.stem for path in home.glob("*.lock"))
            return Project(
                root, exists=True, features=tuple(name for name in locks if name != "project")
            )
        found = sorted(
            entry.name
            for entry in root.iterdir()
            if entry.name not in _IGNORED and entry.name not in (HOME, beside)
        )
        if found:
            raise FeaturegenError(
                "this folder is not empty, and no featuregen project",
                where=str(root),
                hint=f"it holds {found[0]!r}; name an empty or a new folder: --into build/api",
                exit_code=2,
            )
    return Project(root, exists=False, features=())


def existing_project(root: Path) -> Project:
    """The project at `root` or above it; raises `FeaturegenError` where there is none."""
    start = Path(root).absolute()
    for folder in (start, *start.parents):
        if (folder / HOME / "project.lock").is_file():
            return find_project(folder)
    raise FeaturegenError(
        "no featuregen project here",
        where=str(start),
        hint="start one with: featuregen new SPEC --into DIR",
        exit_code=2,
    )
