"""A team's templates out of a git repository, read once for each version of them.

`templates = "git+https://git.example.com/house.git@v3"`: the part after the `@` is a tag or a
commit. It has to be there: the same spec is to give the same bytes tomorrow.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

from featuregen.cache import cache_dir
from featuregen.errors import FeaturegenError

_SETTING = re.compile(
    r"git\+(?P<url>(?:https|ssh|file)://[^\s#]+?|git@[^\s#]+?)"
    r"@(?P<ref>[A-Za-z0-9][\w./-]*)(?:#(?P<folder>[\w./-]+))?"
)


def cloned(setting: str) -> Path:
    """The folder with the repository's templates, in the user's cache.

    Raises `FeaturegenError` for a setting without a version, and where git cannot get it.
    """
    found = _SETTING.fullmatch(setting)
    if found is None:
        raise FeaturegenError(
            f"{setting!r} is no git URL with a version",
            where="pyproject.toml",
            hint="write it as git+https://HOST/REPOSITORY.git@TAG, with #FOLDER if need be",
        )
    home = cache_dir("houses")
    place = home / hashlib.sha256(f"{found['url']}@{found['ref']}".encode()).hexdigest()[:24]
    if not place.is_dir():
        _clone(found["url"], found["ref"], place)
    folder = (place / (found["folder"] or ".")).resolve()
    if not folder.is_dir() or not folder.is_relative_to(place.resolve()):
        raise FeaturegenError(
            f"there is no folder {found['folder']!r} in {found['url']}", where="pyproject.toml"
        )
    return folder


def _clone(url: str, ref: str, place: Path) -> None:
    building = place.with_name(f".{place.name}.{os.getpid()}")
    shutil.rmtree(building, ignore_errors=True)
    try:
        _git("clone", "--quiet", "--no-checkout", "--", url, str(building))
        _git("-C", str(building), "checkout", "--quiet", "--detach", ref)
    except FeaturegenError:
        shutil.rmtree(building, ignore_errors=True)
        raise
    try:
        building.rename(place)
    except OSError:  # another process was first
        shutil.rmtree(building, ignore_errors=True)


def _git(*arguments: str) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    done = subprocess.run(
        ["git", *arguments],
        env={**environment, "GIT_TERMINAL_PROMPT": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise FeaturegenError(
            "git could not get the team's templates",
            where="pyproject.toml",
            hint=done.stderr.strip().splitlines()[-1] if done.stderr.strip() else None,
        )
