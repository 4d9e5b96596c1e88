"""What a shell completes: the features of the project, by their locks."""

from __future__ import annotations

import typer


def features(context: typer.Context, incomplete: str) -> list[str]:
    """Names of the features in the project of `--into` that are not on the line yet."""
    from pathlib import Path

    root = Path(context.params.get("into") or ".")
    taken = context.params.get("features") or ()
    names = sorted(lock.stem for lock in root.glob(".featuregen/*.lock"))
    return [name for name in names if name.startswith(incomplete) and name not in taken]
