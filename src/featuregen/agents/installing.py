"""`featuregen agents install`: bring every agent's files up to date; what a user changed stays."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from featuregen.agents.parts import canonical, find, put
from featuregen.agents.targets import Asset, assets, text_of
from featuregen.errors import FeaturegenError
from featuregen.results import ByHand, OpenConflict, RunResult

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from featuregen.results import Outcome
    from featuregen.workspace import Staged, Write

MEMORY = ".featuregen/agents.json"
"""Not `agents.lock`: a lock is a feature's, and a feature may be called `agents`."""


@dataclass
class _Merging:
    """What a run will write, keep and remember; grows while it goes on."""

    texts: dict[str, bytes] = field(default_factory=dict)
    memory: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    by_hand: list[ByHand] = field(default_factory=list)
    conflicts: list[OpenConflict] = field(default_factory=list)


def install(root: Path, targets: tuple[str, ...], *, check: bool = False) -> RunResult:
    """Write what is missing, merge what is new. With `check` nothing is written: `due` or not.

    Without targets, those that were installed before; `all` where none was.
    """
    from featuregen.workspace import apply, project_lock, recover, stage

    root = root.resolve()
    if not root.is_dir():
        raise FeaturegenError("there is no such folder", where=str(root), exit_code=2)
    with project_lock(root):
        recover(root)
        memory = _remembered(root)
        merging = _Merging(memory=dict(memory))
        for asset in assets(targets) if targets else _installed(memory):
            _bring_in(root, asset, memory.get(asset.path), merging)
        staged = stage(root, _writes(merging))
        if not check:
            apply(staged)
    return _result(root, staged, merging, check=check)


def _installed(memory: Mapping[str, str]) -> tuple[Asset, ...]:
    every = assets(("all",))
    return tuple(asset for asset in every if asset.path in memory) or every


def _bring_in(root: Path, asset: Asset, known: str | None, merging: _Merging) -> None:
    from featuregen.merge import FileState, merge_file
    from featuregen.workspace import read_file

    found = read_file(root, asset.path)
    text = None if found is None else _decoded(found, asset.path)
    ours = None if text is None else find(asset.kind, text)
    part = canonical(asset.kind, text_of(asset))
    if known is None and ours is not None and ours != part:
        reason = "it is there already, and not featuregen's: kept yours"
        merging.conflicts.append(OpenConflict(asset.path, None, 0, reason))
        return
    base, mine, theirs = (
        None if one is None else FileState(one.encode()) for one in (known, ours, part)
    )
    merged = merge_file(asset.path, base, mine, theirs)
    merging.notes += (f"{asset.path}: {note}" for note in merged.notes)
    merging.memory[asset.path] = part
    if asset.kind in {"json", "toml"} and merged.outcome in {"conflict", "merged"}:
        merging.notes.append(f"{asset.path}: you changed the server's entry: kept yours")
        return
    merging.conflicts += (
        OpenConflict(one.path, one.symbol, one.line, one.reason) for one in merged.conflicts
    )
    if merged.state is None or merged.state == mine:
        return
    after = put(asset.kind, text, merged.state.text.decode())
    if after is None:
        merging.by_hand.append(ByHand(f"agents:{asset.path}", asset.path, _paste(asset)))
    else:
        merging.texts[asset.path] = after.encode()


def _paste(asset: Asset) -> str:
    text = text_of(asset)
    if asset.kind == "json":
        return f'Add to the object "mcpServers":\n\n    "featuregen": {text}\n'
    return "Add:\n\n" + "".join(f"    {line}\n" for line in text.splitlines())


def _decoded(text: bytes, path: str) -> str:
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError as reason:
        raise FeaturegenError("this file is not UTF-8 text", where=path) from reason


def _writes(merging: _Merging) -> list[Write]:
    from featuregen.workspace import Write

    files = dict(merging.texts)
    if merging.memory:
        files[MEMORY] = _dumped(merging.memory).encode()
    return [Write(path, text) for path, text in files.items()]


def _remembered(root: Path) -> dict[str, str]:
    """Our parts as they were installed last: the base of the merge."""
    from json import JSONDecodeError, loads

    from featuregen.workspace import read_file

    found = read_file(root, MEMORY)
    if found is None:
        return {}
    try:
        parts = loads(found)["parts"]
        return {str(path): str(text) for path, text in parts.items()}
    except (JSONDecodeError, UnicodeDecodeError, KeyError, TypeError, AttributeError) as reason:
        raise FeaturegenError(
            "the record of installed agent files cannot be read",
            where=MEMORY,
            hint="delete it, and run this again: files that differ from ours are then kept",
        ) from reason


def _dumped(parts: Mapping[str, str]) -> str:
    from json import dumps

    return dumps({"agents": 1, "parts": dict(sorted(parts.items()))}, indent=1) + "\n"


def _result(root: Path, staged: Staged, merging: _Merging, *, check: bool) -> RunResult:
    from featuregen.pipeline import file_changes

    files = tuple(one for one in file_changes(staged) if one.path != MEMORY)
    outcome: Outcome = "unchanged"
    if staged.writes:
        outcome = "due" if check else "updated"
    return RunResult(
        command="agents",
        root=str(root),
        picture=None,
        outcome=outcome,
        files=files,
        by_hand=tuple(merging.by_hand),
        notes=tuple(merging.notes),
        verification=None,
        stages=(),
        next_steps=(),
        warnings=(),
        conflicts=tuple(merging.conflicts),
    )
