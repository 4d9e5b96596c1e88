"""Builds the real models of a spec and validates payloads with them, in a process of their own.

The interpreter needs pydantic; `FEATUREGEN_APP_PYTHON` names one that has all
that a generated project needs (FastAPI, email-validator).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jinja2

from featuregen.plan.models import plan_models
from featuregen.plan.needs import NEEDS
from featuregen.spec.model import (
    FeatureSpec,
    Field,
    Json,
    Model,
    Operation,
    Requirements,
    Response,
    SpecSource,
    TypeRef,
)

APP_PYTHON = os.environ.get("FEATUREGEN_APP_PYTHON", sys.executable)
TEMPLATES = Path(__file__).parents[1] / "templates"
CORE = (
    "binary", "decimals", "digit_patterns", "durations", "json_values", "lists", "moments",
    "numbers", "redaction", "sensitive", "strings", "urls",
)  # fmt: skip
_RUNNER = """
import importlib, json, sys
from pydantic import ValidationError
models = importlib.import_module("app.models.feature")
results = []
for name, payload in json.load(sys.stdin):
    try:
        value = getattr(models, name).model_validate(payload)
        printed = json.loads(value.model_dump_json(by_alias=True))
        results.append({"value": printed, "repr": repr(value)})
    except ValidationError as error:
        results.append({"errors": [
            {"loc": [str(part) for part in item["loc"]],
             "code": item["type"], "message": item["msg"]}
            for item in error.errors()
        ]})
json.dump(results, sys.stdout)
"""


@dataclass(frozen=True)
class Needs:
    """What `project.needs` is to a template."""

    wanted: frozenset[str]

    def __getattr__(self, name: str) -> bool:
        if name not in NEEDS:
            raise AttributeError(name)
        return name in self.wanted


def field(name: str, kind: str, **keys: Any) -> Field:  # noqa: ANN401 - of any key of a field
    """`field("tags", "list[string]", unique=True)`."""
    if "default" in keys:
        keys["has_default"] = True
    if "example" in keys:
        keys["has_example"] = True
    return Field(name, type_ref(kind), **keys)


def type_ref(text: str) -> TypeRef:
    """The type that a spec writes as `text`."""
    outer, bracket, rest = text.partition("[")
    if bracket:
        return TypeRef(outer, of=type_ref(rest[:-1]))
    return TypeRef("model", model=text) if text[0].isupper() else TypeRef(text)


def spec_of(*models: Model, settings: dict[str, Field] | None = None) -> FeatureSpec:
    """A spec in which a client sends each of the models; a `…Response` is sent to it."""
    operations = {}
    for model in models:
        answer = model.name.endswith("Response")
        operations[f"op_{model.name}"] = Operation(
            f"op_{model.name}",
            "POST",
            "/",
            Response("model", model.name) if answer else Response("none"),
            200,
            request=None if answer else model.name,
        )
    return FeatureSpec(
        feature="sample",
        title="Sample",
        summary=None,
        plural="samples",
        base_path="/samples",
        requirements=Requirements(),
        waivers=(),
        models={model.name: model for model in models},
        errors={},
        settings=settings or {},
        upstreams={},
        operations=operations,
        examples=(),
        validation_status=422,
        source=SpecSource("sample.yaml", "", {}, {}),
    )


@cache
def templates() -> jinja2.Environment:
    """The environment that templates are rendered in."""
    return jinja2.Environment(  # noqa: S701 - it renders Python, not HTML
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def write_models(spec: FeatureSpec, root: Path) -> Path:
    """Write the models and the core modules that they need; return the models' file."""
    plan = plan_models(spec)
    project = {"needs": Needs(plan.needs)}
    for folder in ("app", "app/core", "app/models"):
        (root / folder).mkdir(exist_ok=True)
        (root / folder / "__init__.py").write_text("")
    for name in CORE:
        text = templates().get_template(f"project/app/core/{name}.py.jinja").render(project=project)
        if text.strip():
            (root / f"app/core/{name}.py").write_text(text, encoding="utf-8")
    path = root / "app/models/feature.py"
    template = templates().get_template("feature/app/models/feature.py.jinja")
    path.write_text(template.render(models=plan), encoding="utf-8")
    return path


def run(root: Path, code: str, given: object) -> Any:  # noqa: ANN401 - JSON
    """Run `code` in the project, with JSON in and out."""
    done = subprocess.run(
        [APP_PYTHON, "-W", "error", "-c", code],
        cwd=root,
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


def validate(
    spec: FeatureSpec, payloads: Sequence[tuple[str, Mapping[str, Json]]], root: Path
) -> list[dict[str, Any]]:
    """What each model makes of its payload: `value` as JSON and `repr`, or `errors`."""
    write_models(spec, root)
    results: list[dict[str, Any]] = run(root, _RUNNER, payloads)
    return results


@cache
def app_has(module: str) -> bool:
    """Whether the interpreter for generated code has that module."""
    found = subprocess.run([APP_PYTHON, "-c", f"import {module}"], capture_output=True, check=False)
    return found.returncode == 0
