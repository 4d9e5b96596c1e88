"""What an interpreter has installed, and which requirement it does not meet.

A virtual environment is read from its folders: starting its interpreter would cost more than that.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from featuregen.errors import FeaturegenError

if TYPE_CHECKING:
    from packaging.requirements import Requirement

_PROBE = """
import json, sys
print(json.dumps([".".join(map(str, sys.version_info[:3])), [p for p in sys.path if p]]))
"""


@dataclass(frozen=True, slots=True)
class Distribution:
    version: str
    metadata: Path


@dataclass(frozen=True, slots=True)
class Installed:
    """The distributions of one interpreter, by normalised name."""

    python: Path
    version: str  # of Python: "3.12.4"
    distributions: dict[str, Distribution]


def read_venv(venv: Path) -> Installed | None:
    """What a virtual environment holds, None where it is none or its interpreter is gone."""
    python = interpreter_of(venv)
    config = _read_config(venv / "pyvenv.cfg")
    if python is None or not config:
        return None
    version = config.get("version_info") or config.get("version") or ""
    folders = [*venv.glob("lib*/python3*/site-packages"), venv / "Lib" / "site-packages"]
    if config.get("include-system-site-packages", "").lower() == "true" or not version:
        return probe(python)
    return Installed(python, ".".join(version.split(".")[:3]), _distributions(folders))


def interpreter_of(venv: Path) -> Path | None:
    """The interpreter of a virtual environment, None where it is missing or dangling."""
    for name in ("bin/python", "Scripts/python.exe"):
        if (venv / name).exists():
            return venv / name
    return None


def probe(python: Path) -> Installed:
    """Ask an interpreter where its packages are. Raises `FeaturegenError` where it does not run."""
    import json
    import subprocess

    command = [str(python), "-I", "-c", _PROBE]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
        version, folders = json.loads(answer.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as reason:
        raise FeaturegenError(
            f"{python} does not run as a Python interpreter",
            where=str(python),
            hint="name the interpreter of an environment that has the project's dependencies",
        ) from reason
    return Installed(python, version, _distributions(Path(folder) for folder in folders))


def unmet(lines: Iterable[str], installed: Installed) -> tuple[str, ...]:
    """What is missing, one sentence each: `httpx2>=2.16 is not installed`."""
    from packaging.requirements import Requirement

    found: list[str] = []
    seen: set[tuple[str, frozenset[str]]] = set()
    for line in lines:
        found += _unmet(Requirement(line), installed, "", seen)
    return tuple(dict.fromkeys(found))


def _unmet(
    requirement: Requirement,
    installed: Installed,
    extra: str,
    seen: set[tuple[str, frozenset[str]]],
) -> list[str]:
    from packaging.utils import canonicalize_name

    if requirement.marker and not requirement.marker.evaluate(_markers(installed, extra)):
        return []
    wanted = f"{requirement.name}{requirement.specifier}"
    distribution = installed.distributions.get(canonicalize_name(requirement.name))
    if distribution is None:
        return [f"{wanted} is not installed"]
    if not requirement.specifier.contains(distribution.version, prereleases=True):
        return [f"{wanted} is needed, {distribution.version} is installed"]
    key = (canonicalize_name(requirement.name), frozenset(requirement.extras))
    if not requirement.extras or key in seen:
        return []
    seen.add(key)
    return [
        problem
        for extra_name in sorted(requirement.extras)
        for needed in _extra_requirements(distribution)
        if needed.marker
        and not needed.marker.evaluate(_markers(installed, ""))
        and needed.marker.evaluate(_markers(installed, extra_name))
        for problem in _unmet(needed, installed, extra_name, seen)
    ]


def _extra_requirements(distribution: Distribution) -> list[Requirement]:
    from packaging.requirements import Requirement

    head = distribution.metadata.read_text("utf-8", errors="replace").partition("\n\n")[0]
    lines = [
        line.partition(":")[2].strip()
        for line in head.splitlines()
        if line.startswith("Requires-Dist:")
    ]
    return [Requirement(line) for line in lines if "extra" in line]


def _markers(installed: Installed, extra: str) -> dict[str, str]:
    short = ".".join(installed.version.split(".")[:2])
    return {"python_version": short, "python_full_version": installed.version, "extra": extra}


def _distributions(folders: Iterable[Path]) -> dict[str, Distribution]:
    from packaging.utils import canonicalize_name

    found: dict[str, Distribution] = {}
    for folder in folders:
        for place in folder.glob("*.dist-info"):
            name, _, version = place.name.removesuffix(".dist-info").partition("-")
            found.setdefault(canonicalize_name(name), Distribution(version, place / "METADATA"))
    return found


def _read_config(path: Path) -> dict[str, str]:
    try:
        text = path.read_text("utf-8")
    except OSError:
        return {}
    pairs = (line.partition("=") for line in text.splitlines())
    return {key.strip().lower(): value.strip() for key, _, value in pairs}
