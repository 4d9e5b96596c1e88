"""Nodes of `call` → `Call`: sources looked up, pipes fitted to their types, `receive` complete."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from featuregen.spec.mappings import MappingError, parse_source
from featuregen.spec.model import (
    Call,
    Entity,
    Mapping,
    Model,
    Path,
    Pipe,
    Response,
    Source,
    TypeRef,
)
from featuregen.spec.scope import Scope, UnknownNameError, field_type
from featuregen.spec.stored import literals
from featuregen.spec.suggest import did_you_mean, did_you_mean_or_list
from featuregen.spec.types import type_name

if TYPE_CHECKING:
    from collections.abc import Collection
    from collections.abc import Mapping as Models_

    from featuregen.spec.document import Node
    from featuregen.spec.findings import Findings

_DEEPEST = 8
_ANY = frozenset({"json"})
_PIPES_TAKE = {
    "minor_units": frozenset({"decimal", "int"}),
    "isoformat": frozenset({"date", "datetime", "time"}),
    "lower": frozenset({"string", "enum", "email", "url", "id", "uuid"}),
    "upper": frozenset({"string", "enum", "id", "uuid"}),
    "map": frozenset({"string", "enum", "id", "bool", "int"}),
}
_PIPES_GIVE = {
    "minor_units": "int",
    "isoformat": "string",
    "lower": "string",
    "upper": "string",
    "str": "string",
    "map": "string",
    "from_minor_units": "decimal",
    "from_unix": "datetime",
}
_TARGET_OF = {"from_minor_units": frozenset({"decimal"}), "from_unix": frozenset({"datetime"})}


@dataclass(frozen=True, slots=True)
class CallReader:
    """Reads the call of one operation."""

    findings: Findings
    scope: Scope
    upstreams: Collection[str]
    response: Response
    response_model: Model | None
    row: Entity | None = None
    """Where a row is made or read: what `receive` and `refused` write into, and not the answer."""

    def read(self, node: Node, path: Path) -> Call:
        """The call; its faults are reported."""
        call = Call(
            upstream=self._upstream(node, path),
            method=node.str_of("method") or "GET",
            path=self._path(node.str_of("path") or "/", (*path, "path")),
            send=self._sent(node.get("send"), (*path, "send")),
            send_query=self._sent(node.get("send_query"), (*path, "send_query")),
            send_headers=self._sent(
                node.get("send_headers"), (*path, "send_headers"), dotted=False
            ),
            receive=self._received(node.get("receive"), (*path, "receive")),
            items=tuple((node.str_of("items") or "").split(".")) if node.get("items") else (),
            refused=literals(node.get("refused"), self.row),
            when=node.str_of("when"),
        )
        if not node.broken:
            self._check_answer(call, node, path)
        return call

    def _upstream(self, node: Node, path: Path) -> str:
        name = node.str_of("upstream")
        if name is None:
            if len(self.upstreams) == 1:
                return next(iter(self.upstreams))
            hint = (
                f"upstream: {min(self.upstreams)}"
                if self.upstreams
                else "define it under `upstreams:`"
            )
            which = "there are several" if self.upstreams else "there is none"
            self.findings.add(
                "FG208", f"the call must name its upstream: {which}", path, at="key", hint=hint
            )
            return ""
        if name not in self.upstreams:
            self.findings.add(
                "FG204",
                f"unknown upstream '{name}'",
                (*path, "upstream"),
                hint=did_you_mean_or_list(name, self.upstreams),
            )
        return name

    def _path(self, text: str, path: Path) -> str:
        """The path with each parameter by its Python name."""
        self._check_path(text, path)
        names = {field.wire: field.name for field in self.scope.path if field.wire}
        return re.sub(r"\{([^{}.]*)\}", lambda found: f"{{{names.get(found[1], found[1])}}}", text)

    def _check_path(self, text: str, path: Path) -> None:
        parameters = [
            name
            for field in self.scope.path
            for name in dict.fromkeys((field.wire_name, field.name))
        ]
        for match in re.finditer(r"\{([^{}]*)\}", text):
            name = match[1]
            within = (text, match.start(1), len(name))
            owner, dot, rest = name.partition(".")
            if dot and owner in ("entity", "parent"):
                try:
                    self.scope.find((owner, rest))
                except UnknownNameError as error:
                    self.findings.add(
                        error.code, error.message, path, hint=error.hint, within=within
                    )
            elif dot and owner == "settings":
                if rest not in self.scope.known_settings:
                    hint = did_you_mean_or_list(rest, self.scope.known_settings)
                    self.findings.add(
                        "FG203", f"unknown setting '{rest}'", path, hint=hint, within=within
                    )
            elif name not in parameters:
                hint = (
                    did_you_mean_or_list(name, parameters)
                    or "a parameter stands in the operation's own path: /{id}"
                )
                self.findings.add(
                    "FG207", f"unknown path parameter '{name}'", path, hint=hint, within=within
                )

    def _sent(self, node: Node | None, path: Path, *, dotted: bool = True) -> tuple[Mapping, ...]:
        mappings = []
        for target, source, here, text in self._parsed(node, path):
            resolved = self._resolve_sent(source, text, here)
            if resolved is not None:
                mappings.append(
                    Mapping(tuple(target.split(".")) if dotted else (target,), resolved)
                )
        self._check_targets(mappings, path)
        return tuple(mappings)

    def _parsed(self, node: Node | None, path: Path) -> list[tuple[str, Source, Path, str]]:
        parsed = []
        for key, value in node.entries if node is not None else ():
            here = (*path, key.name)
            if value.kind == "broken":
                continue
            try:
                parsed.append((key.text, parse_source(value.text), here, value.text))
            except MappingError as error:
                self.findings.add(
                    "FG507",
                    error.message,
                    here,
                    hint=error.hint,
                    within=(value.text, error.offset, error.length),
                )
        return parsed

    def _resolve_sent(self, source: Source, text: str, path: Path) -> Source | None:
        if source.kind == "literal":
            return source
        try:
            kind, parts, type_ = self.scope.find(source.path)
            for pipe in source.pipes:
                for argument in pipe.args:
                    self._check_currency(argument, text, path)
        except UnknownNameError as error:
            name = ".".join(source.path)
            self.findings.add(
                error.code,
                error.message,
                path,
                hint=error.hint,
                within=(text, text.find(name), len(name)),
            )
            return None
        self._check_pipes(source.pipes, type_, text, path)
        return replace(source, kind=kind, path=parts)

    def _check_currency(self, argument: str, text: str, path: Path) -> None:
        try:
            type_ = self.scope.find(tuple(argument.split(".")))[2]
        except UnknownNameError as error:
            within = (text, text.find(argument, text.find("(")), len(argument))
            self.findings.add(error.code, error.message, path, hint=error.hint, within=within)
            return
        if type_.kind not in ("string", "enum", "json"):
            self.findings.add(
                "FG512", f"the currency is text, and '{argument}' is {type_name(type_)}", path
            )

    def _check_pipes(self, pipes: tuple[Pipe, ...], type_: TypeRef, text: str, path: Path) -> None:
        kind = type_.kind
        for pipe in pipes:
            within = (text, text.find(pipe.name, text.find("|")), len(pipe.name))
            if pipe.name in _TARGET_OF:
                self.findings.add(
                    "FG512",
                    f"'{pipe.name}' is for what an upstream answers",
                    path,
                    within=within,
                    hint="use |minor_units(currency)" if "minor" in pipe.name else "use |isoformat",
                )
                return
            takes = _PIPES_TAKE.get(pipe.name)
            if takes is not None and kind not in takes | _ANY:
                self.findings.add(
                    "FG512",
                    f"'{pipe.name}' does not take {kind}",
                    path,
                    within=within,
                    hint=f"it takes: {', '.join(sorted(takes))}",
                )
                return
            kind = _PIPES_GIVE[pipe.name]

    def _check_targets(self, mappings: list[Mapping], path: Path) -> None:
        targets = {mapping.target for mapping in mappings}
        for mapping in mappings:
            for end in range(1, len(mapping.target)):
                if mapping.target[:end] in targets:
                    outer = ".".join(mapping.target[:end])
                    self.findings.add(
                        "FG507",
                        f"'{outer}' is given a value of its own already",
                        (*path, ".".join(mapping.target)),
                        at="key",
                    )

    def _received(self, node: Node | None, path: Path) -> tuple[Mapping, ...]:
        if node is not None and self.response.kind not in ("model", "list"):
            self.findings.add(
                "FG509",
                f"`receive` fills a model, and the response is {self.response.kind}",
                path,
                at="key",
                hint="name a model in `response`, or leave `receive` out",
            )
            return ()
        mappings = []
        for target, source, here, text in self._parsed(node, path):
            parts = tuple(target.split("."))
            if self.response_model is None or self._check_target(parts, source, text, here):
                mappings.append(Mapping(parts, source))
        self._check_targets(mappings, path)
        return tuple(mappings)

    def _check_target(self, parts: tuple[str, ...], source: Source, text: str, path: Path) -> bool:
        model = self.response_model
        assert model is not None  # noqa: S101 - the caller has looked
        fields = {field.name: field for field in model.fields}
        if parts[0] not in fields:
            wire = {field.wire_name: field.name for field in model.fields}
            hint = (
                f"did you mean '{wire[parts[0]]}'?"
                if parts[0] in wire
                else did_you_mean_or_list(parts[0], fields)
            )
            self.findings.add(
                "FG206", f"{model.name} has no field '{parts[0]}'", path, at="key", hint=hint
            )
            return False
        try:
            type_ = field_type(fields[parts[0]].type, parts[1:], self.scope.models, parts[0])
        except UnknownNameError as error:
            self.findings.add(error.code, error.message, path, at="key", hint=error.hint)
            return False
        if len(parts) > 1 and type_.kind == "list" and fields[parts[0]].type.kind == "list":
            self.findings.add(
                "FG507",
                f"'{parts[0]}' is a list: fill it whole",
                path,
                at="key",
                hint=f"{parts[0]}: their_list.name",
            )
            return False
        self._check_received_pipes(
            source.pipes, fields[parts[0]].values if len(parts) == 1 else (), type_, text, path
        )
        return True

    def _check_received_pipes(
        self,
        pipes: tuple[Pipe, ...],
        values: tuple[str | int, ...],
        type_: TypeRef,
        text: str,
        path: Path,
    ) -> None:
        for pipe in pipes:
            within = (text, text.find(pipe.name, text.find("|")), len(pipe.name))
            if pipe.name == "minor_units":
                self.findings.add(
                    "FG512",
                    "'minor_units' is for what is sent",
                    path,
                    within=within,
                    hint="use |from_minor_units(currency)",
                )
        last = pipes[-1] if pipes else None
        if last is None:
            return
        within = (text, text.rfind(last.name), len(last.name))
        if last.name in _TARGET_OF and type_.kind not in _TARGET_OF[last.name] | _ANY:
            wanted = ", ".join(_TARGET_OF[last.name])
            self.findings.add(
                "FG512",
                f"'{last.name}' gives a {wanted}, and the field is {type_name(type_)}",
                path,
                within=within,
            )
        if last.name == "map" and values:
            for _, ours in last.table:
                if ours not in [str(value) for value in values]:
                    self.findings.add(
                        "FG206",
                        f"'{ours}' is not one of the field's values",
                        path,
                        hint=did_you_mean(ours, [str(value) for value in values])
                        or f"known: {', '.join(str(value) for value in values)}",
                        within=(text, text.find(ours, within[1]), len(ours)),
                    )

    def _check_answer(self, call: Call, node: Node, path: Path) -> None:
        if call.items and self.response.kind != "list":
            self.findings.add(
                "FG509",
                "`items` says where a list stands, and the response is no list",
                (*path, "items"),
                at="key",
                hint="response: list[…]",
            )
        receive = node.get("receive")
        if self.response_model is None or self.row or receive is None or receive.broken:
            return  # without `receive`, fields are filled by name
        filled = {tuple(key.text.split(".")) for key, _ in receive.entries}
        missing = _missing(self.response_model, (), filled, self.scope.models)
        if missing:
            names = ", ".join(f"'{name}'" for name in missing)
            self.findings.add(
                "FG508",
                f"`receive` does not fill {names} of {self.response_model.name}",
                (*path, "receive"),
                at="key",
                hint=f"add {missing[0]}: <where it stands in the upstream's answer>",
            )


def _missing(
    model: Model,
    prefix: tuple[str, ...],
    filled: set[tuple[str, ...]],
    models: Models_[str, Model],
    depth: int = 0,
) -> list[str]:
    """Required fields that nothing fills, as dotted names."""
    missing: list[str] = []
    for field in model.fields:
        target = (*prefix, field.name)
        if target in filled:
            continue
        partly = any(other[: len(target)] == target for other in filled)
        if partly and field.type.kind == "model" and depth < _DEEPEST:
            inner = models.get(field.type.model or "")
            missing += _missing(inner, target, filled, models, depth + 1) if inner else []
        elif not partly and not field.optional:
            missing.append(".".join(target))
    return missing
