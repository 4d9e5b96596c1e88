"""The peer: datamodel-code-generator, which writes models and FastAPI stubs from OpenAPI."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from measure import Command, environment

from featuregen.cache import cache_dir
from featuregen.environment import project_environment

VERSION = "0.89.0"
NAME = f"datamodel-codegen {VERSION}"

_EXPORT = """
import json, sys
from app.core.config import Settings, example_settings
from app.main import create_app
settings = Settings.model_validate(example_settings() | {"environment": "development"})
json.dump(create_app(settings).openapi(), sys.stdout)
"""


def peer() -> Path:
    """Its executable, in an environment of its own that is made once."""
    from uv import find_uv_bin

    folder = cache_dir("benchmarks") / f"datamodel-code-generator-{VERSION}"
    script = folder / "bin" / "datamodel-codegen"
    if not script.is_file():
        uv = find_uv_bin()
        subprocess.run([uv, "venv", "--quiet", "--clear", folder], check=True)
        requirement = f"datamodel-code-generator=={VERSION}"
        python = folder / "bin" / "python"
        subprocess.run(
            [uv, "pip", "install", "--quiet", "--python", python, requirement], check=True
        )
    return script


def openapi(project: Path, file: Path) -> Path:
    """The very same API as OpenAPI: the generated app says it itself."""
    python = project_environment(project, (project / "pyproject.toml").read_text()).python
    with file.open("w", encoding="utf-8") as out:
        subprocess.run(
            [python, "-c", _EXPORT], cwd=project, stdout=out, env=dict(environment()), check=True
        )
    return file


def command(document: Path, folder: Path) -> Command:
    """Models and a server, with its fastest formatter."""
    output = folder / "out"

    def prepare() -> None:
        shutil.rmtree(output, ignore_errors=True)
        output.mkdir(parents=True)

    return Command(
        NAME,
        [
            peer(), "--input", document, "--input-file-type", "openapi",
            "--output", "out/models.py", "--output-model-type", "pydantic_v2.BaseModel",
            "--formatters", "builtin",
            "--generate-server", "fastapi", "--server-output", "out/server",
            "--server-package", "out.server", "--server-model-package", "out.models",
        ],
        folder,
        prepare,
    )  # fmt: skip
