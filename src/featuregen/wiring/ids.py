"""Ids of what a feature has in the shared files, without the editors: most runs edit nothing.

Importing the editors costs a tenth of what `new` may take as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from featuregen.plan.contribution import Contribution
from featuregen.plan.needs import DEPENDENCIES


def wired_ids(contribution: Contribution, paths: Collection[str] | None = None) -> tuple[str, ...]:
    """Every id that a feature has in these files, or in all: the ledger of files rendered anew."""
    found = _ids(contribution)
    return tuple(
        sorted(key for path, ids in found if paths is None or path in paths for key in ids)
    )


def requirements(contribution: Contribution) -> tuple[str, ...]:
    """What the feature needs in `pyproject.toml` for itself, sorted."""
    needed = {each for need in contribution.needs for each in DEPENDENCIES.get(need, ())}
    return tuple(sorted(needed))


def _ids(contribution: Contribution) -> tuple[tuple[str, list[str]], ...]:
    settings = [setting.name for setting in contribution.settings]
    packages = [_package(requirement) for requirement in requirements(contribution)]
    return (
        ("app/main.py", [f"router:{router.module}" for router in contribution.routers]),
        ("app/core/config.py", [f"setting:{name}" for name in settings]),
        ("app/core/errors.py", [f"error:{error.name}" for error in contribution.errors]),
        ("tests/fakes/__init__.py", [f"fake:{fake.upstream}" for fake in contribution.fakes]),
        ("pyproject.toml", [f"dependency:{package}" for package in packages]),
        (".env.example", [f"env:{name.upper()}" for name in settings]),
        ("README.md", [f"readme:{contribution.feature}"]),
    )


def _package(requirement: str) -> str:
    name = re.match(r"[A-Za-z0-9._-]+", requirement)
    return re.sub(r"[-_.]+", "-", name.group() if name else requirement).lower()
