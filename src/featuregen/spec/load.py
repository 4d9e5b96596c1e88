"""A spec file → `FeatureSpec`: read, check the structure, read the parts, check them together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from featuregen.errors import SpecError
from featuregen.spec.checks import check_all
from featuregen.spec.checks.cycles import model_in
from featuregen.spec.crud import expand_crud
from featuregen.spec.definitions import (
    read_errors,
    read_models,
    read_requirements,
    read_settings,
    read_upstreams,
    read_waivers,
)
from featuregen.spec.derived import Derived, as_patch
from featuregen.spec.document import parse, read_text, source_map
from featuregen.spec.draft import Draft
from featuregen.spec.entities import EntityReader
from featuregen.spec.examples import read_examples
from featuregen.spec.fields import Reader
from featuregen.spec.findings import Findings
from featuregen.spec.grammar import specification
from featuregen.spec.model import FeatureSpec
from featuregen.spec.narrowing import narrowed
from featuregen.spec.operations import OperationReader
from featuregen.spec.plural import kebab, plural
from featuregen.spec.stored import owned, reference_to
from featuregen.spec.structure import check_structure
from featuregen.spec.webhooks import read_webhooks

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from featuregen.errors import Diagnostic
    from featuregen.spec.document import Node
    from featuregen.spec.model import Entity, Model, Operation, SpecSource

_VALIDATION_STATUS = 422


def load_spec(path: Path, *, shown_as: str | None = None) -> FeatureSpec:
    """The spec in a file; raises `SpecError` with all that is wrong with it."""
    shown = shown_as or str(path)
    return parse_spec(read_text(path, shown), shown)


def parse_spec(text: str, file: str) -> FeatureSpec:
    """The spec in `text`; `file` is its name in diagnostics. Raises `SpecError`."""
    spec, findings = _checked(text, file)
    if findings.failed:
        from featuregen.spec.consequences import own_faults

        text = findings.source.text
        found = own_faults(findings.ordered(), text, lambda mended: _diagnosed(mended, file))
        raise SpecError(found, text)
    return _with_warnings(spec, findings)


def _diagnosed(text: str, file: str) -> tuple[Diagnostic, ...]:
    try:
        return _checked(text, file)[1].ordered()
    except SpecError as unreadable:
        return unreadable.diagnostics


def _checked(text: str, file: str) -> tuple[FeatureSpec, Findings]:
    document, syntax, text = parse(text, file)
    source = source_map(document, text, file)
    findings = Findings(source)
    findings.diagnostics += syntax
    tree, from_crud = expand_crud(check_structure(document, specification, findings), source)
    draft = Draft(tree, findings, from_crud)
    spec = _read(tree, draft, source)
    check_all(spec, draft)
    return spec, findings


def _read(tree: Node, draft: Draft, source: SpecSource) -> FeatureSpec:
    reader = Reader(draft.findings, draft.models)
    feature = tree.str_of("feature") or "feature"
    plural_name = tree.str_of("plural") or plural(feature)
    base_path = tree.str_of("base_path") or f"/api/v1/{kebab(plural_name)}"
    models = read_models(tree.get("models"), reader)
    settings = read_settings(tree.get("settings"), reader)
    entities = EntityReader(reader, feature, plural_name, owned(tree)).read(tree.get("entities"))
    derived = Derived(entities, models, _parents(draft, entities))
    reading = OperationReader(reader, draft, base_path, models, settings, entities, derived)
    operations = {name: reading.read(name, node) for name, node in draft.entries("operations")}
    _report_made_twice(derived, draft)
    models = narrowed(_patches(models, operations, entities), operations, entities)
    return FeatureSpec(
        feature=feature,
        title=tree.str_of("title") or feature.replace("_", " ").capitalize(),
        summary=tree.str_of("summary"),
        plural=plural_name,
        base_path=base_path,
        requirements=read_requirements(tree.get("requirements")),
        waivers=read_waivers(tree.get("waive")),
        models={**models, **{k: v for k, v in derived.models.items() if k not in models}},
        errors=read_errors(tree.get("errors")),
        settings=settings,
        upstreams=read_upstreams(tree.get("upstreams")),
        operations=operations,
        examples=read_examples(tree.get("examples")),
        validation_status=_validation_status(tree.get("wire")),
        source=source,
        entities=entities,
        webhooks=read_webhooks(tree.get("webhooks"), entities),
        allow=_allowed(tree.get("allow")),
    )


def _patches(
    models: dict[str, Model], operations: dict[str, Operation], entities: Mapping[str, Entity]
) -> dict[str, Model]:
    """Written models that only updates ask for leave out what does not change."""
    used: dict[str, set[str]] = {}
    for operation in operations.values():
        for name, use in (
            (operation.request, f"{operation.action} {operation.entity}"),
            (operation.response.model, "response"),
        ):
            used.setdefault(name or "", set()).add(use)
    for model in models.values():
        for field in model.fields:
            used.setdefault(model_in(field.type) or "", set()).add("field")
    return {
        name: as_patch(model, entity)
        if (entity := _only_update(used.get(name, set()), entities)) is not None
        else model
        for name, model in models.items()
    }


def _only_update(uses: set[str], entities: Mapping[str, Entity]) -> Entity | None:
    action, _, entity = next(iter(uses)).partition(" ") if len(uses) == 1 else ("", "", "")
    return entities.get(entity) if action == "update" else None


def _report_made_twice(derived: Derived, draft: Draft) -> None:
    for name, model in derived.models.items():
        if name in draft.models:
            draft.findings.add(
                "FG405",
                f"'{name}' is also made from the entity '{model.entity}'",
                ("models", name),
                at="key",
                hint="name it in `request` or `response` where it is meant, or call it otherwise",
            )


def _parents(draft: Draft, entities: Mapping[str, Entity]) -> dict[str, frozenset[str]]:
    """The references that some path sets: the rows stay where they were made."""
    found: dict[str, set[str]] = {}
    for _, node in draft.entries("operations"):
        entity, parent = entities.get(node.str_of("create") or ""), node.str_of("parent")
        if entity is not None and parent is not None:
            field = reference_to(entity, parent, node.str_of("via"))
            found.setdefault(entity.name, set()).update([field] if field else [])
    return {name: frozenset(fields) for name, fields in found.items()}


def _allowed(node: Node | None) -> tuple[str, ...]:
    if node is None or node.kind != "list":
        return ()
    return tuple(item.text.strip() for item in node.items if item.kind == "string")


def _validation_status(wire: Node | None) -> int:
    given = wire.get("validation_status") if wire is not None and wire.kind == "map" else None
    return given.value if given is not None and isinstance(given.value, int) else _VALIDATION_STATUS


def _with_warnings(spec: FeatureSpec, findings: Findings) -> FeatureSpec:
    from dataclasses import replace

    return replace(spec, warnings=findings.ordered()) if findings.diagnostics else spec
