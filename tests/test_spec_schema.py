"""The JSON Schema says the same as the parser, as far as a schema can."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import pytest

from featuregen.errors import SpecError
from featuregen.spec.document import Node, parse, read_text, source_map
from featuregen.spec.findings import Findings
from featuregen.spec.grammar import specification
from featuregen.spec.load import parse_spec
from featuregen.spec.schema import json_schema
from featuregen.spec.structure import check_structure

ROOT = Path(__file__).parent.parent
BAD = sorted(path for path in (ROOT / "tests/cases/bad").glob("*/feature.yaml"))
GOOD = [*sorted((ROOT / "tests/cases/good").glob("*.yaml")), ROOT / "examples/payment/payment.yaml"]
ONLY_THE_PARSER_SEES = {"FG106", "FG109", "FG110"}  # JSON has no tags, and each key once


@pytest.fixture(scope="module")
def validator() -> Any:  # noqa: ANN401 - jsonschema is untyped
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def document(path: Path) -> tuple[Node, str]:
    root, _, text = parse(read_text(path, path.name), path.name)
    return root, text


def structural_codes(path: Path) -> set[str]:
    try:
        root, text = document(path)
    except SpecError:
        return set()
    findings = Findings(source_map(root, text, path.name))
    check_structure(root, specification, findings)
    return {found.code for found in findings.diagnostics}


@pytest.mark.parametrize("path", GOOD, ids=lambda path: str(path.stem))
def test_the_schema_accepts_what_the_parser_accepts(path: Path, validator: Any) -> None:  # noqa: ANN401
    parse_spec(read_text(path, path.name), path.name)
    assert [error.message for error in validator.iter_errors(document(path)[0].json())] == []


STRUCTURAL = [path for path in BAD if structural_codes(path) - ONLY_THE_PARSER_SEES]


@pytest.mark.parametrize("path", STRUCTURAL, ids=lambda path: str(path.parent.name))
def test_the_schema_refuses_every_structural_fault(path: Path, validator: Any) -> None:  # noqa: ANN401
    if path.parent.name == "infinite-number":
        pytest.skip("JSON has no infinity, so no schema is asked about one")
    assert not validator.is_valid(document(path)[0].json())


def test_most_bad_cases_are_structural_so_that_the_test_above_means_something() -> None:
    assert len(STRUCTURAL) > 25


def test_every_property_has_a_title_and_a_description() -> None:
    def walk(schema: Any) -> None:  # noqa: ANN401
        if isinstance(schema, dict):
            for name, inner in schema.get("properties", {}).items():
                assert inner["title"] == name
                assert inner["description"]
            for inner in schema.values():
                walk(inner)
        elif isinstance(schema, list):
            for inner in schema:
                walk(inner)

    walk(json_schema())
