"""Find the project that a command is about."""

from __future__ import annotations

import re
from collections.abc import Collection
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
    lost: tuple[str, ...] = ()  # that have answers and no lock, sorted

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
        locks, answers = (
            {path.stem for path in (root / HOME).glob(each)} - {"project"}
            for each in ("*.lock", "*.yml")
        )
        if (root / HOME / "project.lock").is_file():
            return Project(
                root,
                exists=True,
                features=tuple(sorted(locks)),
                lost=tuple(sorted(answers - locks)),
            )
        found = sorted(
            entry.name
            for entry in root.iterdir()
            if entry.name not in _IGNORED and entry.name not in (HOME, beside)
        )
        if found and _has_lost_its_lock(root):
            raise lock_is_missing("project")
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
        if _has_lost_its_lock(folder):
            raise lock_is_missing("project")
    raise FeaturegenError(
        "no featuregen project here",
        where=str(start),
        hint="start one with: featuregen new SPEC --into DIR",
        exit_code=2,
    )


def _has_lost_its_lock(root: Path) -> bool:
    """Whether what else a project has is there."""
    if any(entry.suffix in {".lock", ".yml"} for entry in (root / HOME).glob("*.*")):
        return True
    return (root / "app").is_dir() and any(root.glob("features/*.yaml"))


def check_known(feature: str, features: Collection[str], root: Path) -> None:
    """Raise `FeaturegenError` for a feature that the project does not have."""
    from featuregen.spec.suggest import did_you_mean

    if feature not in features:
        raise FeaturegenError(
            f"no feature {feature!r} in this project",
            where=str(root),
            hint=did_you_mean(feature, features) or f"there is: {', '.join(features)}",
            exit_code=2,
        )


def check_complete(project: Project, *, but: Collection[str] = ()) -> None:
    """Raise `FeaturegenError` where a feature has lost its lock: to us it would be gone.

    Then the next render of the shared files would take it out. `but` are those that are to have
    a lock in a moment: copier writes the answers first.
    """
    for name in project.lost:
        if name not in but:
            raise lock_is_missing(name)


def lock_is_missing(name: str) -> FeaturegenError:
    """What to say of a project, or of a feature, that a person or git has taken the lock from."""
    return FeaturegenError(
        f"the lock of {name} is missing",
        where=f"{HOME}/{name}.lock",
        hint="take it from git, or make it anew with: featuregen lock --rebuild",
    )


def near(root: str) -> str:
    """A folder as one would type it here: relative where it is below the current one."""
    try:
        inside = Path(root).absolute().relative_to(Path.cwd())
    except (OSError, ValueError):
        return root
    return str(inside)


def into_option(root: str) -> str:
    """What a command that is told has to end with, so that it means this project."""
    from shlex import quote

    folder = near(root)
    return "" if folder == "." else f" --into {quote(folder)}"
