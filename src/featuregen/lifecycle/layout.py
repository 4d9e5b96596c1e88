"""The layout of merged Python files: formatted where the user's file was."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path


def formatted(merged: Mapping[str, tuple[bytes, bytes]]) -> dict[str, bytes]:
    """The merged texts, each given beside the user's, by path.

    A file that the user keeps in another layout is left alone: formatting it would be noise.
    """
    python = {path: both for path, both in merged.items() if path.endswith(".py")}
    result = {path: after for path, (_, after) in merged.items()}
    if not python:
        return result
    with tempfile.TemporaryDirectory(prefix="featuregen-") as folder:
        sides = (Path(folder) / "before", Path(folder) / "after")
        for side, root in enumerate(sides):
            for path, both in python.items():
                place = root / path
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(both[side])
            _run_ruff(root)
        for path, (before, _) in python.items():
            if (sides[0] / path).read_bytes() == before:
                result[path] = (sides[1] / path).read_bytes()
    return result


def _run_ruff(root: Path) -> None:
    """Sort imports and format; a file that ruff cannot read stays as it is."""
    from featuregen.render import RUFF_SETTINGS, ruff_bin

    sort = ("check", "--fix", "--exit-zero", "--select", "I")
    first_party = ("--config", 'lint.isort.known-first-party=["app","tests"]')
    for arguments in ((*sort, *RUFF_SETTINGS, *first_party), ("format", *RUFF_SETTINGS)):
        subprocess.run([ruff_bin(), *arguments, "."], cwd=root, capture_output=True, check=False)
