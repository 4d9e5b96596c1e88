"""Environments that uv builds for verification, in the user's cache and shared by projects.

An environment appears under its key in one rename, complete; so one that is there can be used.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from featuregen.cache import cache_dir
from featuregen.environment.installed import interpreter_of
from featuregen.environment.requirements import Requirements
from featuregen.errors import FeaturegenError

KEPT = 8
"""So many environments (or caches of mypy) stay; the least recently used go."""
_BUSY_SECONDS = 3600
_FRAME = "\N{MULTIPLICATION SIGN}╰─▶├│ "
_HINTS = (
    "name an interpreter that has the dependencies with --python, or skip verification with "
    "--no-verify; behind a mirror or proxy, set UV_DEFAULT_INDEX or HTTPS_PROXY"
)


def cache_folder(name: str) -> Path:
    """A folder of ours in the user's cache. Raises `FeaturegenError` where it cannot be made."""
    try:
        return cache_dir(name)
    except OSError as reason:
        raise FeaturegenError(
            f"cannot make the cache folder: {reason.strerror}",
            where=str(reason.filename),
            hint="set FEATUREGEN_CACHE_DIR to a folder that you may write to",
        ) from reason


def environment_key(requirements: Requirements) -> str:
    """Names the environment that these requirements need on this machine."""
    import hashlib
    import json
    import platform

    data = [requirements.lines, _python_request(requirements), sys.platform, platform.machine()]
    return hashlib.sha256(json.dumps(data).encode()).hexdigest()[:24]


def cached_environment(requirements: Requirements, root: Path, *, offline: bool) -> Path:
    """The interpreter of an environment with these requirements, built if need be.

    Raises `FeaturegenError` with uv's own reason where it cannot be built.
    """
    environments = cache_folder("environments")
    home = environments / environment_key(requirements)
    python = _ready(home)
    if python is None:
        with _building(home):
            python = _ready(home) or _build(requirements, home, root, offline=offline)
        prune(environments, home)
    return python


def _ready(home: Path) -> Path | None:
    python = interpreter_of(home)
    if python is not None:
        with contextlib.suppress(OSError):
            os.utime(home)
    return python


def _python_request(requirements: Requirements) -> str:
    """Our own Python where the project allows it, else what the project asks for."""
    import platform

    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    ours = platform.python_version()
    with contextlib.suppress(InvalidSpecifier):
        if requirements.python and not SpecifierSet(requirements.python).contains(
            ours, prereleases=True
        ):
            return requirements.python
    return f"{platform.python_implementation().lower()}@{ours}"


@contextlib.contextmanager
def _building(home: Path) -> Iterator[None]:
    """One builder at a time for a key; the others wait and then find it built."""
    try:
        import fcntl
    except ImportError:
        yield  # each builds its own; the first rename wins
        return
    handle = os.open(home.with_name(f"{home.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _build(requirements: Requirements, home: Path, root: Path, *, offline: bool) -> Path:
    import platform
    import shutil

    if requirements.elsewhere:
        raise FeaturegenError(
            f"{', '.join(requirements.elsewhere)} comes from [tool.uv.sources], "
            "so it cannot be in an environment of ours",
            where="pyproject.toml",
            hint="run `uv sync`: the project's own .venv is used when it has every dependency",
        )
    building = home.with_name(f"{home.name}.building-{os.getpid()}")
    shutil.rmtree(building, ignore_errors=True)
    request = _python_request(requirements)
    ours = request.startswith(f"{platform.python_implementation().lower()}@")
    python = sys.executable if ours else request
    flags = ["--quiet", "--no-progress", *(["--offline"] if offline else [])]
    try:
        _uv(
            ["venv", *flags, "--relocatable", "--no-project", "--python", python, str(building)],
            root,
        )
        inside = str(interpreter_of(building) or building)
        install = ["pip", "install", *flags, "--compile-bytecode", "--python", inside]
        _uv([*install, *requirements.lines], root)
        _put(building, home)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    python_inside = interpreter_of(home)
    if python_inside is None:
        raise FeaturegenError("uv built an environment without an interpreter", where=str(home))
    return python_inside


def _put(building: Path, home: Path) -> None:
    import shutil

    if home.exists() and interpreter_of(home) is None:  # its Python was uninstalled
        shutil.rmtree(home, ignore_errors=True)
    try:
        building.rename(home)
    except OSError:
        if interpreter_of(home) is None:
            raise


def _uv(arguments: list[str], root: Path) -> None:
    """Run uv with the caller's configuration: uv.toml, the project's `[tool.uv]`, variables."""
    import subprocess

    cwd = root if root.is_dir() else cache_folder("environments")
    command = [_uv_binary(), *arguments]
    try:
        done = subprocess.run(
            command,
            cwd=cwd,
            env=uv_variables(),
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    except OSError as reason:
        raise FeaturegenError(
            f"cannot run uv: {reason.strerror}", where=command[0], hint=_HINTS
        ) from reason
    if done.returncode:
        raise FeaturegenError(
            f"cannot build an environment for the project's tests: {essence(done.stderr)}",
            where="pyproject.toml",
            hint=_HINTS,
        )


def _uv_binary() -> str:
    import shutil

    try:
        import uv

        return str(uv.find_uv_bin())
    except (ImportError, FileNotFoundError):
        found = shutil.which("uv")
        if found is None:
            raise FeaturegenError(
                "uv is not installed", hint="pip install uv, or name an interpreter with --python"
            ) from None
        return found


def uv_variables() -> dict[str, str]:
    """The caller's environment; what it says to pip is said to uv, unless uv is told itself."""
    variables = dict(os.environ)
    for pip, uv in (
        ("PIP_INDEX_URL", "UV_DEFAULT_INDEX"),
        ("PIP_EXTRA_INDEX_URL", "UV_INDEX"),
        ("PIP_CERT", "SSL_CERT_FILE"),
    ):
        if os.environ.get(pip) and not {uv, "UV_INDEX_URL"} & set(os.environ):
            variables[uv] = os.environ[pip]
    variables.pop("VIRTUAL_ENV", None)
    return variables


def essence(stderr: str) -> str:
    """The reason that uv gives, without its frame and its hints, on one line."""
    kept: list[str] = []
    for line in stderr.splitlines():
        text = line.strip().lstrip(_FRAME).strip()
        if not text or text.startswith(("warning:", "Using ", "Resolved ", "Creating ")):
            continue
        if text.startswith("hint:"):
            break
        for label in ("error:", "Caused by:", "cause:"):
            if text.startswith(label):
                text = text.removeprefix(label).strip()
                kept[-1:] = [f"{kept[-1].removesuffix(':')}:"] if kept else []
        kept.append(text)
    return " ".join(kept)[:600] or "uv gave no reason"


def prune(folder: Path, current: Path) -> None:
    """Remove what was used least recently, and what others left when they died."""
    import shutil
    import time

    now = time.time()
    found: list[tuple[float, Path]] = []
    for place in folder.iterdir():
        with contextlib.suppress(OSError):
            if place.is_dir():
                found.append((place.stat().st_mtime, place))
    dead = [place for used, place in found if "." in place.name and now - used > _BUSY_SECONDS]
    whole = sorted((item for item in found if "." not in item[1].name), reverse=True)
    old = [place for used, place in whole[KEPT:] if place != current and now - used > _BUSY_SECONDS]
    for place in old:  # gone in one step: what is half removed would be taken for whole
        leaving = place.with_name(f"{place.name}.removing-{os.getpid()}")
        with contextlib.suppress(OSError):
            place.rename(leaving)
            dead.append(leaving)
    for place in dead:
        shutil.rmtree(place, ignore_errors=True)
