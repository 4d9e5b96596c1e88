"""The interpreter that verifies: the one named, the project's own, or one that uv builds for us."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from featuregen.environment.cache import cache_folder, cached_environment, environment_key, prune
from featuregen.environment.installed import Installed, probe, read_venv, unmet
from featuregen.environment.requirements import read_requirements
from featuregen.errors import FeaturegenError

__all__ = ["Environment", "cache_folder", "project_environment", "prune"]


@dataclass(frozen=True, slots=True)
class Environment:
    """An interpreter with the project's dependencies; `seconds` is what getting it took."""

    python: Path
    origin: Literal["option", "project-venv", "cache"]
    key: str  # the same for the same interpreter and requirements
    seconds: float
    note: str = ""
    """Why it is not the project's own, or what it lacks; for people."""


def project_environment(
    root: Path, pyproject_text: str, *, python: Path | None = None, offline: bool = False
) -> Environment:
    """An environment that meets the pyproject of the staged tree.

    `python` wins; else the project's `.venv`, when it has everything that is needed; else one from
    the cache. Raises `FeaturegenError` where none can be had.
    """
    started = time.perf_counter()
    requirements = read_requirements(pyproject_text)
    if python is not None:
        installed = probe(_named(python))
        note = _lacks(unmet(requirements.lines, installed), str(python))
        return _environment(installed, "option", started, note)
    note = "the project has no .venv"
    own = read_venv(root / ".venv")
    if own is not None:
        problems = (*_wrong_python(own, requirements.python), *unmet(requirements.lines, own))
        if not problems:
            return _environment(own, "project-venv", started)
        note = _lacks(problems, "the project's .venv")
    found = cached_environment(requirements, root, offline=offline)
    return Environment(found, "cache", environment_key(requirements), _since(started), note)


def _named(python: Path) -> Path:
    """The interpreter that `--python` names: a program, or the folder of an environment."""
    import shutil

    for candidate in (python / "bin" / "python", python / "Scripts" / "python.exe"):
        if candidate.exists():
            return candidate.absolute()
    found = shutil.which(str(python))
    if found is None or python.is_dir():
        raise FeaturegenError(f"there is no interpreter {python}", where=str(python), exit_code=2)
    return Path(found).absolute()


def _environment(
    installed: Installed,
    origin: Literal["option", "project-venv"],
    started: float,
    note: str = "",
) -> Environment:
    import hashlib

    versions = sorted((name, found.version) for name, found in installed.distributions.items())
    data = repr((str(installed.python), installed.version, versions))
    key = hashlib.sha256(data.encode()).hexdigest()[:24]
    return Environment(installed.python, origin, key, _since(started), note)


def _wrong_python(installed: Installed, requires: str | None) -> tuple[str, ...]:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        if not requires or SpecifierSet(requires).contains(installed.version, prereleases=True):
            return ()
    except InvalidSpecifier:
        return ()
    return (f"Python {requires} is needed, it has {installed.version}",)


def _lacks(problems: tuple[str, ...], whose: str) -> str:
    if not problems:
        return ""
    shown = "; ".join(problems[:3])
    more = f"; and {len(problems) - 3} more" if len(problems) > 3 else ""  # noqa: PLR2004
    return f"{whose} does not meet pyproject.toml: {shown}{more}"


def _since(started: float) -> float:
    return time.perf_counter() - started
