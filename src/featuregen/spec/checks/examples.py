"""Examples: each step is a request that the spec's operations know."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from featuregen.spec.suggest import did_you_mean_or_list

if TYPE_CHECKING:
    from collections.abc import Iterable

    from featuregen.spec.document import Node
    from featuregen.spec.draft import Draft
    from featuregen.spec.findings import Findings
    from featuregen.spec.model import (
        Example,
        FeatureSpec,
        Field,
        Json,
        Model,
        Operation,
        Path,
        Step,
    )


def check_examples(spec: FeatureSpec, draft: Draft) -> None:
    """Report every step that names what is not there, or that cannot happen."""
    examples = draft.tree.get("examples")
    if examples is None or examples.kind != "list":
        return
    positions = [index for index, item in enumerate(examples.items) if item.kind == "map"]
    names: dict[str, int] = {}
    for index, example in zip(positions, spec.examples, strict=True):
        path: Path = ("examples", index)
        if example.name and names.setdefault(example.name, index) != index:
            draft.findings.add(
                "FG704",
                "an example of this name stands above",
                (*path, "name"),
                hint="each becomes a test, and tests have names of their own",
            )
        if example.status is None and example.body is None and not example.headers:
            node = examples.items[index].get("expect")
            if node is not None and not node.broken and node.kind == "map":
                draft.findings.add(
                    "FG703",
                    "the example expects nothing",
                    (*path, "expect"),
                    at="key",
                    hint="expect: {status: 200}",
                )
        saved: set[str] = set()
        for number, step in enumerate(example.given):
            _Step(spec, draft, (*path, "given", number), saved).check(step)
        _Step(spec, draft, path, saved).check(example.step)
        _check_success(spec, draft, path, example)


def _check_success(spec: FeatureSpec, draft: Draft, path: Path, example: Example) -> None:
    """An operation has one status for what succeeds."""
    operation = spec.operations.get(example.step.do)
    node = draft.node("operations", example.step.do)
    if operation is None or node is None or _at_fault(node):  # its status may be a guess
        return
    if example.status in range(200, 300) and example.status != operation.status:
        draft.findings.add(
            "FG523",
            f"'{operation.name}' answers {operation.status} where it succeeds, "
            f"never {example.status}",
            (*path, "expect", "status"),
            hint=f"expect {operation.status}, or give the operation `status: {example.status}`",
        )


def _at_fault(node: Node) -> bool:
    return node.broken or any(value.kind == "broken" for _, value in node.entries)


class _Step:
    """One request, after others have saved some values."""

    def __init__(self, spec: FeatureSpec, draft: Draft, path: Path, saved: set[str]) -> None:
        self.spec, self.draft, self.path, self.saved = spec, draft, path, saved
        self.findings: Findings = draft.findings

    def check(self, step: Step) -> None:
        if step.do and step.do not in self.draft.operations:
            self._report(
                "FG205",
                f"unknown operation '{step.do}'",
                "do",
                hint=did_you_mean_or_list(step.do, self.draft.operations),
            )
        operation = self.spec.operations.get(step.do)
        if operation is not None:
            self._check_body(step, operation)
            self._check_parameters(step, operation)
            self._check_caller(step, operation)
            self._check_upstream(step, operation)
        self._check_placeholders(step)
        self.saved |= {name for name, _ in step.save}

    def _report(
        self, code: str, message: str, *where: str, hint: str | None = None, key: bool = False
    ) -> None:
        self.findings.add(
            code, message, (*self.path, *where), hint=hint, at="key" if key else "value"
        )

    def _check_body(self, step: Step, operation: Operation) -> None:
        if step.body is None:
            return
        entity = self.spec.entities.get(operation.entity or "")
        if operation.stored and (entity is None or not self.draft.is_whole(entity)):
            return
        if operation.request is None:
            self._report("FG701", f"'{operation.name}' takes no body", "with", key=True)
            return
        model = self.spec.models.get(operation.request)
        if model is None or model.ignore_extra or not self._is_whole(model):
            return
        known = {field.wire_name for field in model.fields}
        own = {field.name: field.wire_name for field in model.fields}
        for name in step.body:
            # A value that the model does not know may be sent on purpose: to see it refused.
            if name not in known and not self._expects_refusal():
                hint = (
                    f"did you mean '{own[name]}'?"
                    if name in own
                    else did_you_mean_or_list(name, known)
                )
                self._report(
                    "FG206",
                    f"{model.name} has no field '{name}'",
                    "with",
                    name,
                    hint=hint,
                    key=True,
                )

    def _is_whole(self, model: Model) -> bool:
        if model.derived is None:
            return model.name in self.draft.whole_models
        return self.draft.is_whole(self.spec.entities[model.entity or ""])

    def _expects_refusal(self) -> bool:
        if "given" in self.path:
            return False
        index = self.path[1]
        examples = self.draft.tree.get("examples")
        node = examples.items[index].get("expect") if examples and isinstance(index, int) else None
        status = node.get("status") if node and node.kind == "map" else None
        return status is not None and status.value == self.spec.validation_status

    def _check_parameters(self, step: Step, operation: Operation) -> None:
        self._check_named("path", step.path, operation.path_params, operation)
        self._check_named("query", step.query, operation.query, operation)
        given = set(step.path)
        missing = [
            field.wire_name
            for field in operation.path_params
            if field.name not in given and field.wire_name not in given
        ]
        if missing and step.path:
            self._report(
                "FG702",
                f"the path parameter '{missing[0]}' has no value",
                "path",
                key=True,
                hint=f"path: {{{missing[0]}: …}}",
            )

    def _check_named(
        self, where: str, given: Iterable[str], fields: tuple[Field, ...], operation: Operation
    ) -> None:
        known = {field.name for field in fields} | {field.wire_name for field in fields}
        for name in given:
            if name not in known and not (where == "query" and self._expects_refusal()):
                self._report(
                    "FG206",
                    f"'{operation.name}' has no {where} parameter '{name}'",
                    where,
                    name,
                    key=True,
                    hint=did_you_mean_or_list(name, known),
                )

    def _check_caller(self, step: Step, operation: Operation) -> None:
        if step.permissions is not None and operation.auth == "none":
            self._report(
                "FG701", f"'{operation.name}' asks nobody for permissions", "permissions", key=True
            )
        if step.permissions is not None and step.as_ == "anonymous":
            self._report("FG701", "an anonymous caller has no permissions", "permissions", key=True)
        known = {other.permission for other in self.spec.operations.values() if other.permission}
        known |= {
            entity.scope_permission
            for entity in self.spec.entities.values()
            if entity.scope_permission
        }
        for index, name in enumerate(step.permissions or ()):
            if name not in known:
                self.findings.add(
                    "FG211",
                    f"no operation asks for the permission '{name}'",
                    (*self.path, "permissions", index),
                    hint=did_you_mean_or_list(name, known),
                )

    def _check_upstream(self, step: Step, operation: Operation) -> None:
        if step.upstream_status is not None and operation.call is None:
            self._report("FG701", f"'{operation.name}' calls no upstream", "upstream", key=True)

    def _check_placeholders(self, step: Step) -> None:
        places: tuple[tuple[str, dict[str, Json]], ...] = (
            ("path", step.path),
            ("query", step.query),
        )
        for where, values in places:
            for key, value in values.items():
                match = (
                    re.fullmatch(r"\{([a-z][a-z0-9_]*)\}", value)
                    if isinstance(value, str)
                    else None
                )
                if match is not None and match[1] not in self.saved:
                    self._report(
                        "FG206",
                        f"no step before this saves '{match[1]}'",
                        where,
                        key,
                        hint=did_you_mean_or_list(match[1], self.saved)
                        or f"save: {{{match[1]}: body.{match[1]}}}",
                    )
