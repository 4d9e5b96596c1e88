"""`featuregen import`: a first spec from an OpenAPI document or from code, and what it lacks."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_process import featuregen

from featuregen.json_models import Document, FirstSpecDocument
from featuregen.spec.load import load_spec, parse_spec

OPENAPI = """\
openapi: 3.1.0
info: {title: Pet shop, version: "1"}
paths:
  /pets:
    post:
      tags: [pets]
      requestBody:
        content: {application/json: {schema: {$ref: "#/components/schemas/Pet"}}}
      responses: {"201": {description: made}}
    head: {tags: [pets], responses: {"200": {description: ok}}}
  /orders:
    get: {tags: [orders], responses: {"204": {description: none}}}
components:
  schemas:
    Pet:
      type: object
      required: [name]
      properties:
        name: {type: string, maxLength: 40}
        \x1b[31mcolour: {type: string}
"""

CODE = """\
from fastapi import APIRouter
from pydantic import BaseModel, Field

router = APIRouter(prefix="/pets", tags=["Pets"])


class Pet(BaseModel):
    name: str = Field(max_length=40)


@router.post("/", status_code=201)
async def create_pet(pet: Pet) -> Pet:
    raise SystemExit("imported code is never run")
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "openapi.yaml").write_text(OPENAPI.replace("\x1b[31m", ""), encoding="utf-8")
    (tmp_path / "pets.py").write_text(CODE, encoding="utf-8")
    return tmp_path


def test_a_document_becomes_a_spec_and_its_rest_is_listed(folder: Path) -> None:
    done = featuregen("import", "openapi", "openapi.yaml", "--tag", "pets", cwd=folder)
    assert done.returncode == 0
    assert done.stdout.startswith("✓ pet.yaml: written, and it holds\n  ")
    assert " that the spec does not say:\n" in done.stderr
    assert "  HEAD /pets: a spec has no such method\n" in done.stderr
    spec = load_spec(folder / "pet.yaml")
    assert [(one.method, one.path) for one in spec.operations.values()] == [("POST", "/")]
    assert [field.max_length for field in spec.models["Pet"].fields] == [40, None]


def test_paths_and_the_name_can_be_chosen(folder: Path) -> None:
    done = featuregen(
        "import", "openapi", "openapi.yaml", "--path", "/orders", "--feature", "purchase",
        "--output", "-", cwd=folder,
    )  # fmt: skip
    assert done.returncode == 0
    spec = parse_spec(done.stdout, "purchase.yaml")
    assert (spec.feature, spec.base_path) == ("purchase", "/orders")
    assert not (folder / "purchase.yaml").exists()


def test_code_becomes_a_spec_and_is_not_run(folder: Path) -> None:
    done = featuregen("import", "code", "pets.py", "--json", cwd=folder)
    document = FirstSpecDocument.model_validate_json(done.stdout)
    assert (done.returncode, document.feature, document.file) == (0, "pet", "pet.yaml")
    spec = load_spec(folder / "pet.yaml")
    assert spec.operations["create_pet"].hook == "create_pet"
    assert document.text == spec.source.text
    assert {one.id for one in document.questions} >= {"FGQ001", "FGQ051"}


def test_the_notes_are_in_the_document_too(folder: Path) -> None:
    done = featuregen("import", "openapi", "openapi.yaml", "--tag", "pets", "--json", cwd=folder)
    notes = FirstSpecDocument.model_validate_json(done.stdout).notes
    assert ("HEAD /pets", "a spec has no such method") in {(one.where, one.what) for one in notes}
    assert all(f"  {one.where}: {one.what}\n" in done.stderr for one in notes)


def test_what_a_terminal_would_obey_is_shown_by_its_code(folder: Path) -> None:
    (folder / "openapi.yaml").write_text(
        OPENAPI.replace("\x1b[31mcolour", '"\\e[31mcolour"'), encoding="utf-8"
    )
    done = featuregen("import", "openapi", "openapi.yaml", cwd=folder)
    assert done.returncode == 0
    assert "\x1b" not in done.stderr + done.stdout


def test_nothing_is_written_over(folder: Path) -> None:
    assert featuregen("import", "code", "pets.py", cwd=folder).returncode == 0
    done = featuregen("import", "code", "pets.py", cwd=folder)
    assert done.returncode == 3
    assert "error: pet.yaml is there already\n" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "what"),
    [
        (["wsdl", "a.xml"], 2, "'wsdl' is nothing to import from"),
        (["openapi", "openapi.yaml", "pets.py"], 2, "one OpenAPI document at a time"),
        (["openapi", "missing.json"], 2, "missing.json: no such file or directory"),
        (["openapi", "pets.py"], 1, "this is "),
        (["openapi", "openapi.yaml", "--tag", "cats"], 1, "no operation of the document is chosen"),
        (["code", "pets.py", "--tag", "pets"], 2, "--tag and --path choose from an OpenAPI"),
        (["code", "openapi.yaml"], 1, ""),
        (["openapi", "openapi.yaml", "--feature", "Two Words"], 1, ""),
    ],
)
def test_what_cannot_be_imported_is_said_and_nothing_is_written(
    arguments: list[str], code: int, what: str, folder: Path
) -> None:
    before = sorted(folder.iterdir())
    done = featuregen("import", *arguments, "--json", cwd=folder)
    document = Document.model_validate_json(done.stdout)
    assert done.returncode == document.exit_code == code
    assert document.error is not None
    assert what in document.error.what
    assert sorted(folder.iterdir()) == before


def test_a_tag_that_is_not_there_names_those_that_are(folder: Path) -> None:
    done = featuregen("import", "openapi", "openapi.yaml", "--tag", "cats", cwd=folder)
    assert "help: tags: pets, orders\n" in done.stderr
