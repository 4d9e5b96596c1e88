"""`.featuregen/<name>.lock`: what featuregen wrote the last time, so that the next run can merge.

One JSON document, with a line for each line of the pristine files, so that git merges it as it
merges the files. Plain text on purpose: what compression makes of a text depends on the version of
its library, and git packs plain text smaller than it packs compressed lines.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from featuregen.errors import FeaturegenError
from featuregen.git_conflicts import SAID, conflict_lines, first_side
from featuregen.line_ends import plain
from featuregen.plan.contribution import (
    Contribution,
    ErrorEntry,
    FakeEntry,
    Import,
    RouterEntry,
    SettingEntry,
)
from featuregen.plan.schema import dump_tables, load_tables
from featuregen.spec.json_text import indented_json
from featuregen.spool import Held, Spool, content_of
from featuregen.version import VERSION

FORMAT = 2
PROJECT = "project"
_BROKEN_HINT = "rebuild it from the spec with: featuregen lock --rebuild"
_TWO_HASHES = re.compile(
    r'^<<<<<<< .*\n "spec": .*\n(?:\|{7}.*\n "spec": .*\n)?=======\n "spec": .*\n>>>>>>> .*\n',
    re.MULTILINE,
)
_MERGED_HASH = ' "spec": "merged",\n'


class UnmergedLockError(FeaturegenError):
    """A lock that git could not merge."""

    def __init__(self, name: str, text: str) -> None:
        self.name, self.text = name, text
        self.place = (lock_path(name), None, conflict_lines(text)[0])
        super().__init__(
            f"the lock of {name} cannot be read: {SAID}",
            where=f"{lock_path(name)}:{self.place[2]}",
            hint="leave it as it is, decide what git has left open elsewhere, then: "
            "featuregen lock --rebuild",
            exit_code=3,
        )

    def first_side(self) -> Lock | None:
        """As it was on the branch that git names first, where nothing else is wrong with it."""
        try:
            return parse_lock(first_side(self.text), self.name)
        except FeaturegenError:
            return None


@dataclass(frozen=True, slots=True)
class Pristine:
    """One generated file as it was rendered."""

    held: Held
    executable: bool = False

    @property
    def text(self) -> bytes:
        """The bytes, read each time where they are parked."""
        return content_of(self.held)

    def parked(self, spool: Spool) -> Pristine:
        """The same file, out of memory."""
        return Pristine(spool.park(self.text), self.executable)


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
    unsure: tuple[str, ...] = ()
    """Migrations that were there when the lock was made anew: nobody knows whether they have been
    edited since they were rendered."""
    house: str | None = None
    """For the project only: the digest of the team's own templates that it was rendered with."""
    templates: str | None = None
    """For the project only: where these are, as `new` was told; the skeleton has it from here."""
    form: int = FORMAT
    """Of the file that it was read from; an older one is written anew by the next update."""


def pristine_files(files: Mapping[str, str]) -> dict[str, Pristine]:
    """A render as a lock keeps it: plain line ends, also of a spec that git has given others."""
    return {path: Pristine(plain(text.encode())) for path, text in files.items()}


def spec_hash(text: bytes) -> str:
    """What a lock keeps of a spec, to tell whether it has changed; not in its line ends alone."""
    return hashlib.sha256(plain(text)).hexdigest()


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
    """Raises `FeaturegenError` for conflict markers, broken JSON and a newer format.

    Where two branches changed one spec, git merges all but the spec's hash. Then no hash is right,
    and the feature is due for an update, which merges what git has merged with the new render.
    """
    whole = text.replace("\r\n", "\n")
    text = _TWO_HASHES.sub(_MERGED_HASH, whole)
    if conflict_lines(text):
        raise UnmergedLockError(name, whole)
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
            files={path: _pristine(item) for path, item in data["files"].items()},
            conflicts=tuple(map(str, data.get("conflicts", ()))),
            unsure=tuple(map(str, data.get("unsure", ()))),
            house=data.get("house"),
            templates=data.get("templates"),
            form=data["lock"],
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as reason:
        raise _broken(name, f"{type(reason).__name__}: {reason}") from reason


def dump_lock(lock: Lock) -> str:
    """Deterministic text: the same lock gives the same bytes.

    What two branches both change stands apart: git makes one conflict of two that are near.
    """
    return "".join(lock_pieces(lock))


def lock_pieces(lock: Lock) -> Iterator[str]:
    """The text of `dump_lock`, a part at a time: the lock of a large project is large."""
    head: dict[str, Any] = {
        "lock": FORMAT,
        "spec": lock.spec_hash,
        "featuregen": lock.version,
        "ruff": lock.ruff,
        "project": lock.project_name,
        "house": lock.house,
        "templates": lock.templates,
        "contribution": _dumped(lock.contribution) if lock.contribution else None,
        "wired": dict(sorted(lock.wired.items())),
        "conflicts": sorted(lock.conflicts) or None,
        "unsure": sorted(lock.unsure) or None,
    }
    parts = [
        f" {json.dumps(key)}: {indented_json(value, 1, depth=1)}"
        for key, value in head.items()
        if value is not None
    ]
    yield "{\n" + ",\n".join([*parts, ' "files": {\n'])
    between = ""
    for path, item in sorted(lock.files.items()):
        yield f"{between}  {json.dumps(path)}: [\n   "
        yield from _lines(item)
        between = ",\n"
    yield "\n }\n}\n"


def _dumped(contribution: Contribution) -> dict[str, Any]:
    data = {**asdict(contribution), "readme": contribution.readme.split("\n")}
    del data["tables"]
    tables = {"tables": dump_tables(contribution.tables)} if contribution.tables else {}
    return {**data, **tables}


def _lines(item: Pristine) -> Iterator[str]:
    """The rest of a list of a file's lines; a thousand of them at a time."""
    between = ",\n   "
    before = f"true{between}" if item.executable else ""
    rest = item.text.decode("utf-8", "surrogateescape")
    more = True
    while more:
        *lines, rest = rest.split("\n", 1000)
        more = len(lines) == 1000  # noqa: PLR2004 - as many as were asked for
        part = lines if more else [*lines, rest]
        yield before + json.dumps(part, separators=(between, ": "))[1:-1]
        before = between
    yield "]"


def _pristine(item: Any) -> Pristine:  # noqa: ANN401 - JSON
    if isinstance(item, dict):
        return _unpacked(item)
    executable = item[:1] == [True]
    lines = item[1:] if executable else item
    return Pristine("\n".join(lines).encode("utf-8", "surrogateescape"), executable)


def _unpacked(item: dict[str, Any]) -> Pristine:
    """Of a lock of format 1."""
    import base64
    import zlib

    try:
        text = zlib.decompress(base64.b64decode(item["z"], validate=True))
    except zlib.error as reason:
        raise ValueError(str(reason)) from reason
    return Pristine(text, bool(item.get("x", False)))


def _contribution(data: dict[str, Any]) -> Contribution:
    readme = data["readme"]  # a list of lines since format 2
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
        readme=readme if isinstance(readme, str) else "\n".join(readme),
        tables=load_tables(data.get("tables", ())),
    )


def _broken(name: str, why: str) -> FeaturegenError:
    return FeaturegenError(
        f"the lock of {name} cannot be read: {why}", where=lock_path(name), hint=_BROKEN_HINT
    )
