"""The user's cache folder, by the conventions of the platform."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def cache_dir(name: str) -> Path:
    """`~/.cache/featuregen/<name>` or its like, made when it is not there."""
    configured = os.environ.get("FEATUREGEN_CACHE_DIR")
    if configured:
        base = Path(configured)
    elif os.environ.get("XDG_CACHE_HOME"):
        base = Path(os.environ["XDG_CACHE_HOME"]) / "featuregen"
    elif sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData/Local") / "featuregen"
    elif sys.platform == "darwin":
        base = Path.home() / "Library/Caches/featuregen"
    else:
        base = Path.home() / ".cache/featuregen"
    folder = base / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder
