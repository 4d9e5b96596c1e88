"""A spec file → `FeatureSpec`: read, check the structure, read the parts, check them together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from featuregen.errors import SpecError
from featuregen.spec.checks import check_all
from featuregen.spec.definitions import (
    read_errors,
    read_models,
    read_requirements,
    read_settings,
    read_upstreams,
    read_waivers,
)
from featuregen.spec.document import parse, read_text, source_map
from featuregen.spec.draft import Draft
from featuregen.spec.examples import read_examples
from featuregen.spec.fields import Reader
from featuregen.spec.findings import Findings
from featuregen.spec.grammar import specification
from featuregen.spec.model import FeatureSpec
from featuregen.spec.operations import OperationReader
from featuregen.spec.plural import kebab, plural
from featuregen.spec.structure import check_structure

if TYPE_CHECKING:
    from pathlib import Path

    from featuregen.spec.document import Node
    from featuregen.spec.model import SpecSource

_VALIDATION_STATUS = 422


def load_spec(path: Path, *, shown_as: str | None = None) -> FeatureSpec:
    """The spec in a file; raises `SpecError` with all that is wrong with it."""
    shown = shown_as or str(path)
    return parse_spec(read_text(path, shown), shown)


def parse_spec(text: str, file: str) -> FeatureSpec:
    """The spec in `text`; `file` is its name in diagnostics. Raises `SpecError`."""
    document, syntax, text = parse(text, file)
    source = source_map(document, text, file)
    findings = Findings(source)
    findings.diagnostics += syntax
    tree = check_structure(document, specification, findings)
    draft = Draft(tree, findings)
    spec = _read(tree, draft, source)
    check_all(spec, draft)
    if findings.failed:
        raise SpecError(findings.ordered(), text)
    return _with_warnings(spec, findings)


def _read(tree: Node, draft: Draft, source: SpecSource) -> FeatureSpec:
    reader = Reader(draft.findings, draft.models)
    feature = tree.str_of("feature") or "feature"
    plural_name = tree.str_of("plural") or plural(feature)
    base_path = tree.str_of("base_path") or f"/api/v1/{kebab(plural_name)}"
    models = read_models(tree.get("models"), reader)
    settings = read_settings(tree.get("settings"), reader)
    operations = OperationReader(
        reader, base_path, models, draft.whole_models, settings, draft.settings, draft.upstreams
    )
    return FeatureSpec(
        feature=feature,
        title=tree.str_of("title") or feature.replace("_", " ").capitalize(),
        summary=tree.str_of("summary"),
        plural=plural_name,
        base_path=base_path,
        requirements=read_requirements(tree.get("requirements")),
        waivers=read_waivers(tree.get("waive")),
        models=models,
        errors=read_errors(tree.get("errors")),
        settings=settings,
        upstreams=read_upstreams(tree.get("upstreams")),
        operations={
            name: operations.read(name, node) for name, node in draft.entries("operations")
        },
        examples=read_examples(tree.get("examples")),
        validation_status=_validation_status(tree.get("wire")),
        source=source,
    )


def _validation_status(wire: Node | None) -> int:
    given = wire.get("validation_status") if wire is not None and wire.kind == "map" else None
    return given.value if given is not None and isinstance(given.value, int) else _VALIDATION_STATUS


def _with_warnings(spec: FeatureSpec, findings: Findings) -> FeatureSpec:
    from dataclasses import replace

    return replace(spec, warnings=findings.ordered()) if findings.diagnostics else spec
