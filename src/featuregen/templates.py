"""Where the templates are: beside the source, or packed into the wheel."""

from __future__ import annotations

from pathlib import Path

from featuregen.errors import FeaturegenError


def templates_root() -> Path:
    """The folder that holds `project/`, `feature/` and `macros/`."""
    here = Path(__file__).resolve().parent
    for root in (here / "_templates", here.parents[1] / "templates"):
        if (root / "project").is_dir():
            return root
    raise FeaturegenError(
        "the templates are missing from this installation", hint="install featuregen again"
    )
