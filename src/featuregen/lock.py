"""`.featuregen/<name>.lock`: what featuregen wrote the last time, so that the next run can merge.

One JSON document with one line for each file, sorted, so that git can merge it where two branches
changed different files. The pristine render is compressed and stays so until it is asked for:
reading a hundred locks for their contributions costs nothing but JSON.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from featuregen.errors import FeaturegenError
from featuregen.plan.contribution import (
    Contribution,
    ErrorEntry,
    FakeEntry,
    Import,
    RouterEntry,
    SettingEntry,
)
from featuregen.version import VERSION

FORMAT = 1
PROJECT = "project"
_BROKEN_HINT = "rebuild it from the spec with: featuregen lock --rebuild"


@dataclass(frozen=True, slots=True)
class Pristine:
    """One generated file as it was rendered, still packed."""

    packed: str
    executable: bool = False
    where: str = field(default="", compare=False)
    """The lock and the file, for the message where it does not unpack."""

    @property
    def text(self) -> bytes:
        """The bytes; `FeaturegenError` where the lock is damaged."""
        try:
            return _unpacked(self.packed)
        except (ValueError, zlib.error) as reason:
            raise FeaturegenError(
                "a file in the lock does not unpack", where=self.where or None, hint=_BROKEN_HINT
            ) from reason


@lru_cache(maxsize=256)  # a run asks for the same text up to three times
def _unpacked(packed: str) -> bytes:
    return zlib.decompress(base64.b64decode(packed, validate=True))


def pack(text: bytes, *, executable: bool = False, before: Pristine | None = None) -> Pristine:
    """Pack a render. One that says the same as `before` keeps its form.

    zlib's implementations differ in their output: without `before`, a run on another machine could
    change the lock of a project in which nothing has changed.
    """
    if before is not None and before.executable == executable and before.text == text:
        return before
    return Pristine(base64.b64encode(zlib.compress(text, 9)).decode(), executable)


@dataclass(frozen=True, slots=True)
class Lock:
    """`name` is the feature, or `project` for the skeleton and the shared files."""

    name: str
    version: str  # of featuregen
    ruff: str
    spec_hash: str | None  # of the spec's text as last applied; None for the project
    project_name: str | None  # for the project only
    contribution: Contribution | None
    wired: Mapping[str, str]  # ids of what stands in shared files, each with what its undo needs
    files: Mapping[str, Pristine] = field(default_factory=dict)
    conflicts: tuple[str, ...] = ()
    """Files in which an update left conflicts for a person; `featuregen resolve` clears them."""
    house: str | None = None
    """For the project only: the digest of the team's own templates that it was rendered with."""


def spec_hash(text: bytes) -> str:
    """What a lock keeps of a spec, to tell whether it has changed."""
    return hashlib.sha256(text).hexdigest()


def lock_path(name: str) -> str:
    """Where a lock lies in its project."""
    return f".featuregen/{name}.lock"


def load_lock(root: Path, name: str) -> Lock | None:
    """The lock as it stands in the project, None where there is none."""
    path = root / lock_path(name)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as reason:
        raise _broken(name, str(reason)) from reason
    return parse_lock(text, name)


def check_not_newer(locks: Iterable[Lock]) -> None:
    """Raise `FeaturegenError` where a newer featuregen has been at work in the project."""
    for lock in locks:
        if lock.version != VERSION and _is_newer(lock.version):
            raise _other_version(lock, f"install it: pip install 'featuregen>={lock.version}'")


def check_current(locks: Iterable[Lock], command: str) -> None:
    """Raise `FeaturegenError` where the project stands on another featuregen than this one.

    The skeleton is shared: rendered by one version, it does not fit features of another.
    """
    found = tuple(locks)
    check_not_newer(found)
    for lock in found:
        if lock.version != VERSION:
            hint = f"bring it up to date, then {command}: featuregen update"
            raise _other_version(lock, hint, exit_code=3)


def _is_newer(version: str) -> bool:
    from packaging.version import InvalidVersion, Version

    try:
        return Version(version) > Version(VERSION)
    except InvalidVersion:
        return True


def _other_version(lock: Lock, hint: str, *, exit_code: int = 1) -> FeaturegenError:
    return FeaturegenError(
        f"featuregen {lock.version} wrote this project, and this is featuregen {VERSION}",
        where=lock_path(lock.name),
        hint=hint,
        exit_code=exit_code,
    )


def parse_lock(text: str, name: str) -> Lock:
    """Raises `FeaturegenError` for conflict markers, broken JSON and a newer format."""
    if any(line.startswith(("<<<<<<< ", ">>>>>>> ")) for line in text.splitlines()):
        raise _broken(name, "it holds conflict markers of a merge")
    try:
        data = json.loads(text)
        if data["lock"] > FORMAT:
            raise FeaturegenError(
                f"{lock_path(name)} was written by a newer featuregen ({data['featuregen']})",
                where=lock_path(name),
                hint=f"install it: pip install 'featuregen>={data['featuregen']}'",
            )
        return Lock(
            name=name,
            version=data["featuregen"],
            ruff=data["ruff"],
            spec_hash=data.get("spec"),
            project_name=data.get("project"),
            contribution=_contribution(data["contribution"]) if data.get("contribution") else None,
            wired=dict(data["wired"]),
            files={path: _pristine(item, path, name) for path, item in data["files"].items()},
            conflicts=tuple(map(str, data.get("conflicts", ()))),
            house=data.get("house"),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as reason:
        raise _broken(name, f"{type(reason).__name__}: {reason}") from reason


def dump_lock(lock: Lock) -> str:
    """Deterministic text: the same lock gives the same bytes."""
    head: dict[str, Any] = {
        "lock": FORMAT,
        "featuregen": lock.version,
        "ruff": lock.ruff,
        "spec": lock.spec_hash,
        "project": lock.project_name,
        "contribution": asdict(lock.contribution) if lock.contribution else None,
        "wired": dict(sorted(lock.wired.items())),
        "conflicts": sorted(lock.conflicts) or None,
        "house": lock.house,
    }
    lines = [
        f" {json.dumps(key)}: {json.dumps(value, ensure_ascii=True)},"
        for key, value in head.items()
        if value is not None
    ]
    files = [
        f"  {json.dumps(path)}: {json.dumps(_item(pristine))}"
        for path, pristine in sorted(lock.files.items())
    ]
    return "\n".join(["{", *lines, ' "files": {', ",\n".join(files), " }", "}"]) + "\n"


def _item(pristine: Pristine) -> dict[str, object]:
    return {"z": pristine.packed, **({"x": True} if pristine.executable else {})}


def _pristine(item: dict[str, Any], path: str, name: str) -> Pristine:
    if not isinstance(item["z"], str) or not item["z"].isascii():
        raise TypeError(f"{path} is not packed")
    return Pristine(item["z"], bool(item.get("x", False)), f"{lock_path(name)}: {path}")


def _contribution(data: dict[str, Any]) -> Contribution:
    return Contribution(
        feature=data["feature"],
        title=data["title"],
        routers=tuple(RouterEntry(**item) for item in data["routers"]),
        settings=tuple(
            SettingEntry(
                **{
                    **item,
                    "imports": tuple(Import(**entry) for entry in item["imports"]),
                    "env_comment": tuple(item["env_comment"]),
                }
            )
            for item in data["settings"]
        ),
        errors=tuple(ErrorEntry(**item) for item in data["errors"]),
        fakes=tuple(FakeEntry(**item) for item in data["fakes"]),
        needs=tuple(data["needs"]),
        permissions=tuple(data["permissions"]),
        routes=tuple(data.get("routes", ())),
        readme=data["readme"],
    )


def _broken(name: str, why: str) -> FeaturegenError:
    return FeaturegenError(
        f"the lock of {name} cannot be read: {why}", where=lock_path(name), hint=_BROKEN_HINT
    )
