"""Names: each becomes Python, a file or a route, and must not get in the way of another."""

from __future__ import annotations

import builtins
import keyword
from dataclasses import replace
from typing import TYPE_CHECKING

from featuregen.spec import reserved

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from featuregen.spec.draft import Draft
    from featuregen.spec.model import FeatureSpec, Field, Operation, Path

_BUILTINS = frozenset(dir(builtins))


def check_names(spec: FeatureSpec, draft: Draft) -> None:
    """Report every name that generated code could not carry."""
    names = _Names(draft)
    names.check_feature(spec)
    names.check_classes(spec)
    for name in draft.upstreams:
        names.check_module(name, ("upstreams", name), reserved.UPSTREAMS)
    for name in draft.settings:
        names.check_setting(name)
    for model in spec.models.values():
        if model.derived is None:
            names.check_fields(model.fields, ("models", model.name, "fields"))
    for entity in spec.entities.values():
        names.check_fields(entity.fields, ("entities", entity.name, "fields"))
    for operation in spec.operations.values():
        _check_operation(operation, names, spec)
    for webhook in spec.webhooks.values():
        for event in webhook.events:
            if event.hook is not None:
                path: Path = ("webhooks", webhook.name, "events", event.type, "hook")
                names.check_hook(event.hook, path)


def _check_operation(operation: Operation, names: _Names, spec: FeatureSpec) -> None:
    path: Path = ("operations", operation.name)
    names.check_function(operation.name, path, spec)
    for key, fields in (("query", operation.query), ("headers", operation.headers)):
        names.check_parameters(fields, (*path, key))
    names.check_parameters(operation.path_params, (*path, "path_params"), (*path, "path"))
    for key in ("hook", "before", "after"):
        if (hook := getattr(operation, key)) is not None:
            names.check_hook(hook, (*path, key))


class _Names:
    def __init__(self, draft: Draft) -> None:
        self.findings = draft.findings

    def _report(
        self, code: str, message: str, path: Path, hint: str | None = None, *, value: bool = False
    ) -> None:
        self.findings.add(code, message, path, hint=hint, at="value" if value else "key")

    def _python(self, name: str, path: Path, *, value: bool = False) -> bool:
        if keyword.iskeyword(name):
            hint = f"write {name}_" if name[0].islower() else None
            self._report("FG401", f"'{name}' is a keyword of Python", path, hint, value=value)
            return False
        return True

    def check_feature(self, spec: FeatureSpec) -> None:
        """The feature and its plural name modules, tests and routes."""
        written = self.findings.source.values
        before = len(self.findings.diagnostics)
        self.check_module(spec.feature, ("feature",), reserved.FEATURES, value=True)
        where: Path = ("plural",) if ("plural",) in written else ("feature",)
        written_out = where == ("plural",)
        if written_out or len(self.findings.diagnostics) == before:
            self.check_module(spec.plural, where, reserved.FEATURES, value=True)
        if not written_out:
            self._tell_of_plural(spec, before)

    def _tell_of_plural(self, spec: FeatureSpec, since: int) -> None:
        """What is wrong with a plural that nobody has written is told as such."""
        found = self.findings.diagnostics
        for index, one in enumerate(found[since:], since):
            if f"'{spec.plural}'" in one.message and spec.plural != spec.feature:
                said = f"the plural of '{spec.feature}': {one.message}"
                found[index] = replace(one, message=said, hint="say it otherwise: plural: …")

    def check_module(
        self, name: str, path: Path, taken: Collection[str], *, value: bool = False
    ) -> None:
        """A name that becomes a file."""
        if not self._python(name, path, value=value):
            return
        if name in reserved.WINDOWS:
            self._report("FG406", f"'{name}' cannot be a file's name on Windows", path, value=value)
        elif name in taken:
            self._report(
                "FG404",
                f"'{name}' is a module of every project",
                path,
                "choose a name of its own",
                value=value,
            )
        elif name.endswith("_") or "__" in name:
            self._report(
                "FG404",
                f"'{name}' is hard to tell from another name",
                path,
                "single underscores, within",
                value=value,
            )

    def check_classes(self, spec: FeatureSpec) -> None:
        """Models, errors and the classes that generated code makes up share one namespace."""
        seen: dict[str, str] = {}
        for section, name in self._class_names(spec):
            path: Path = (section, name)
            label = {"models": "model", "errors": "error", "entities": "entity"}[section]
            if not self._python(name, path):
                continue
            if name in _BUILTINS:
                self._report("FG403", f"'{name}' is built into Python", path, f"write Api{name}")
            elif name in reserved.CLASSES or name in _taken_by_rows(section, spec):
                self._report(
                    "FG404",
                    f"'{name}' is a class of every project",
                    path,
                    "choose a name of its own",
                )
            elif name.lower() in seen:
                self._report(
                    "FG405",
                    f"'{name}' is also the name of {seen[name.lower()]}",
                    path,
                    "one name, one class, also where upper and lower case differ",
                )
            seen.setdefault(name.lower(), f"the {label} '{name}'")
        self._check_made_up(spec, seen)

    def _class_names(self, spec: FeatureSpec) -> list[tuple[str, str]]:
        return [
            *(("models", name) for name, model in spec.models.items() if model.derived is None),
            *(("entities", name) for name in spec.entities),
            *(("errors", name) for name in spec.errors),
        ]

    def _check_made_up(self, spec: FeatureSpec, seen: dict[str, str]) -> None:
        made: list[tuple[str, Path, str]] = [
            (f"{_pascal(spec.feature)}Service", ("feature",), "the service of the feature")
        ]
        made += [(f"{_pascal(spec.feature)}ServiceDep", ("feature",), "the service of the feature")]
        if spec.entities:  # a row is called as its entity
            made += [(f"{_pascal(spec.feature)}Hooks", ("feature",), "the module of hooks")]
        for name in spec.upstreams:
            made += [
                (
                    f"{_pascal(name)}Client",
                    ("upstreams", name),
                    f"the client of the upstream '{name}'",
                ),
                (f"Fake{_pascal(name)}", ("upstreams", name), f"the fake of the upstream '{name}'"),
            ]
        made += _of_rows(spec)
        clients: dict[str, str] = {}
        for class_name, path, what in made:
            if class_name.lower() in seen:
                owner = seen[class_name.lower()]
                own_path = _path_of(owner)
                self._report(
                    "FG405", f"{what} is called '{class_name}' too", own_path, "choose another name"
                )
            first = clients.setdefault(class_name.lower(), what)
            if first != what and class_name.endswith("Client"):
                self._report(
                    "FG405", f"{first} is called '{class_name}' too", path, "choose another name"
                )

    def check_setting(self, name: str) -> None:
        """A field of the Settings class and a variable of the environment."""
        path: Path = ("settings", name)
        if not self._python(name, path):
            return
        if name in reserved.SETTINGS:
            self._report(
                "FG404", f"'{name}' is a setting of every project", path, f"write <feature>_{name}"
            )
        else:
            self._check_pydantic(name, path, wire=False)

    def check_fields(self, fields: tuple[Field, ...], path: Path) -> None:
        """Attributes of a pydantic model; their names in JSON are unique too."""
        wires: dict[str, str] = {}
        for field in fields:
            here = (*path, field.name)
            if self._python(field.name, here):
                self._check_pydantic(field.name, here)
            first = wires.setdefault(field.wire_name, field.name)
            if first != field.name:
                self._report(
                    "FG405", f"'{field.wire_name}' is the name of '{first}' in JSON already", here
                )

    def _check_pydantic(self, name: str, path: Path, *, wire: bool = True) -> None:
        hint = f"{name}_: {{…, wire: {name}}}" if wire else f"write {name}_"
        if name in ("self", "cls"):
            self._report("FG401", f"'{name}' means something else inside a class", path, hint)
        elif name in reserved.PYDANTIC or name.startswith(reserved.PYDANTIC_PREFIXES):
            self._report("FG402", f"'{name}' belongs to pydantic's models", path, hint)
        elif name in reserved.ATTRIBUTES:
            told = f"'{name}' would hide what the fields below it are made of"
            self._report("FG403", told, path, hint)

    def check_function(self, name: str, path: Path, spec: FeatureSpec) -> None:
        """An operation is a function of the router and a method of service and client."""
        if not self._python(name, path):
            return
        if name in _BUILTINS:
            self._report(
                "FG403", f"'{name}' is built into Python", path, f"write {name}_{spec.feature}"
            )
            return
        made = {
            f"get_{spec.feature}_service",
            f"{spec.feature}_hooks",
            f"{spec.feature}_jobs",
            *(f"{up}_lifespan" for up in spec.upstreams),
        }
        if name in reserved.FUNCTIONS or name in made:
            self._report(
                "FG404",
                f"'{name}' is a name of the generated code",
                path,
                f"write {name}_{spec.feature}",
            )

    def check_hook(self, name: str, path: Path) -> None:
        """A function of the hooks module."""
        if self._python(name, path, value=True) and name in _BUILTINS:
            self._report(
                "FG403", f"'{name}' is built into Python", path, f"write do_{name}", value=True
            )
        elif name in reserved.HOOKS:
            told = f"'{name}' is a name of the generated code"
            self._report("FG404", told, path, f"write do_{name}", value=True)

    def check_parameters(
        self, fields: tuple[Field, ...], path: Path, otherwise: Path | None = None
    ) -> None:
        """Arguments of the generated functions."""
        wires: dict[str, str] = {}
        for field in fields:
            here: Path = (*path, field.name)
            if otherwise is not None and here not in self.findings.source.keys:
                here = otherwise
            if (
                self._python(field.name, here, value=here == otherwise)
                and field.name in reserved.PARAMETERS
            ):
                hint = (
                    f"write {{{field.name}_}}"
                    if otherwise
                    else f"{field.name}_: {{…, wire: {field.name}}}"
                )
                self._report(
                    "FG404",
                    f"'{field.name}' is a name of the generated code",
                    here,
                    hint,
                    value=here == otherwise,
                )
            first = wires.setdefault(field.wire_name.lower(), field.name)
            if first != field.name:
                self._report("FG405", f"'{field.wire_name}' is the name of '{first}' already", here)


def _taken_by_rows(section: str, spec: FeatureSpec) -> frozenset[str]:
    """The names that the modules of a feature with rows import besides."""
    always = reserved.ERRORS if section == "errors" else frozenset()
    if _has_jobs(spec):
        always |= reserved.OF_JOBS
    if not (spec.entities or spec.webhooks):
        return always
    beside = reserved.OF_ROW_TESTS if section == "entities" else reserved.OF_MODELS
    taken = reserved.STORED_CLASSES | beside
    return always | taken | (reserved.OF_EVENTS if spec.webhooks else frozenset())


def _of_rows(spec: FeatureSpec) -> Iterator[tuple[str, Path, str]]:
    """The models that entities bring, and the tables of the feature's machinery."""
    for model in spec.models.values():
        if model.derived is not None and model.entity is not None:
            path: Path = ("entities", model.entity)
            yield model.name, path, f"the {model.derived} model of '{model.entity}'"
    stem = _pascal(spec.feature)
    if any(operation.idempotent for operation in spec.operations.values()):
        yield f"{stem}IdempotencyKey", ("feature",), "the table of idempotency keys"
    if spec.webhooks:
        yield f"{stem}WebhookEvent", ("feature",), "the table of events"
    if _has_jobs(spec):
        yield f"{stem}Job", ("feature",), "the table of jobs"


def _has_jobs(spec: FeatureSpec) -> bool:
    events = (event for webhook in spec.webhooks.values() for event in webhook.events)
    later = [operation.is_async for operation in spec.operations.values()]
    return any((*later, *(event.is_async for event in events)))


def _pascal(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in name.split("_") if part)


def _path_of(owner: str) -> Path:
    """`the model 'Payment'` → where it stands."""
    _, label, name = owner.split(" ", 2)
    section = {"model": "models", "error": "errors", "entity": "entities"}[label]
    return (section, name.strip("'"))
