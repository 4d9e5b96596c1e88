"""The variables that the tools see: of the caller's only what a program needs to run at all.

So a `PYTHONPATH`, `PYTEST_ADDOPTS` or `PAYMENT_API_URL` of the caller decides nothing.
"""

from __future__ import annotations

import os
from pathlib import Path

_PASSED = (  # noqa: SIM905 - a table of words reads better than thirty quoted ones
    "HOME USER LOGNAME LANG LC_ALL LC_CTYPE TMPDIR TEMP TMP LD_LIBRARY_PATH DYLD_LIBRARY_PATH "
    "SYSTEMROOT SYSTEMDRIVE WINDIR COMSPEC PATHEXT USERPROFILE APPDATA LOCALAPPDATA PROGRAMDATA "
    "NUMBER_OF_PROCESSORS PROCESSOR_ARCHITECTURE"
).split()  # fmt: skip


def tool_variables(tree: Path, python: Path, scratch: Path, *, importing: bool) -> dict[str, str]:
    """For a tool of the environment of `python` in `tree`, with its own files in `scratch`.

    The staged code must come before an editable install of the project. For mypy that is said in
    another way: it is silent about what it finds on the path of the interpreter.
    """
    variables = {name: os.environ[name] for name in _PASSED if name in os.environ}
    sources = [tree / "src"] if (tree / "src").is_dir() else []
    if importing:
        sources.append(tree)
    return {
        **variables,
        "PATH": os.pathsep.join([str(python.parent), os.environ.get("PATH", os.defpath)]),
        "PYTHONPATH" if importing else "MYPYPATH": os.pathsep.join(map(str, sources)),
        "PYTHONNOUSERSITE": "1",
        "PYTHONUNBUFFERED": "1",
        "PYTHONUTF8": "1",
        "NO_COLOR": "1",
        "TERM": "dumb",
        "COLUMNS": "200",
        "COVERAGE_FILE": str(scratch / "coverage"),
        "HYPOTHESIS_STORAGE_DIRECTORY": str(scratch / "hypothesis"),
        "RUFF_NO_CACHE": "true",
    }
