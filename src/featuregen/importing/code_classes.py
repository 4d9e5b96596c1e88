"""Classes of Python: pydantic models, enums, errors."""

from __future__ import annotations

import ast
import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from featuregen.importing import names
from featuregen.importing.code_fields import Fields, first_line
from featuregen.importing.code_rules import read_rule
from featuregen.importing.python_values import UnknownValueError, keywords, name, text, value
from featuregen.importing.schemas import short
from featuregen.spec import reserved

if TYPE_CHECKING:
    from featuregen.importing.imported import Notes, Tree
    from featuregen.importing.sources import Module, Sources
    from featuregen.spec.yaml_text import Plain

Function = ast.FunctionDef | ast.AsyncFunctionDef
_MODELS = frozenset({"BaseModel", "SQLModel", "RootModel", "SensitiveModel"})
_ENUMS = frozenset({"Enum", "StrEnum", "IntEnum"})
_ERRORS = frozenset({"Exception", "AppError", "HTTPException"})
_VALIDATORS = frozenset({"field_validator", "model_validator", "validator", "root_validator"})
_COMPUTED = frozenset({"computed_field", "field_serializer", "model_serializer"})
_FROM, _TO = 400, 599


@dataclass(slots=True)
class Classes:
    """What the classes of a project are."""

    sources: Sources
    feature: str
    notes: Notes
    models: Tree = field(default_factory=dict)
    errors: Tree = field(default_factory=dict)  # those that can be raised, by name
    rules: dict[str, tuple[Module, Function]] = field(default_factory=dict)  # by message
    fields: Fields = field(init=False)
    _names: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        enums: dict[str, list[str | int]] = {}
        for found, (module, node) in self.sources.classes.items():
            bases = {found, *self.sources.bases(node)}
            if bases & _MODELS and found not in _MODELS and found not in reserved.CLASSES:
                self._names[found] = names.model_name(found, self.feature, self._names.values())
            elif bases & _ENUMS:
                enums[found] = self._enum(module, node)
            elif bases & _ERRORS:
                self._error(node)
        self.fields = Fields(self.sources, self._names, enums, self.notes)

    def use(self, kind: str, *, as_input: bool = False) -> None:
        """Read a model that an operation needs, and those within it."""
        bare = kind.removeprefix("list[").removeprefix("map[").rstrip("]")
        found = next((ours for ours, spec in self._names.items() if spec == bare), None)
        if found is None:
            return
        module, node = self.sources.classes[found]
        if bare not in self.models:
            model: Tree = {}
            self.models[bare] = model
            self._read(model, module, node)
        entry = self.models[bare]
        if not isinstance(entry, dict) or not isinstance(entry.get("fields"), dict):
            return
        if as_input and entry.get("extra") is None and self._config(node).get("extra") != "forbid":
            entry["extra"] = "ignore"
        for inner in self._inner(entry):
            if as_input or inner not in self.models:
                self.use(inner, as_input=as_input and inner != bare)

    def in_order(self) -> Tree:
        """The models that are used, in the order of the code."""
        order = {ours: place for place, ours in enumerate(self._names.values())}
        every = sorted(self.models, key=lambda one: order.get(str(one), len(order)))
        return {one: self.models[one] for one in every}

    def example_of(self, kind: str) -> Tree:
        """The whole example of a model, where it has one."""
        found = next((ours for ours, spec in self._names.items() if spec == kind), None)
        example = self._config(self.sources.classes[found][1]).get("example") if found else None
        return example if isinstance(example, dict) else {}

    def fields_of(self, kind: str) -> dict[str, Tree]:
        """The fields of a model whose values come one by one, as parameters."""
        found = next((ours for ours, spec in self._names.items() if spec == kind), None)
        if found is None:
            return {}
        model: Tree = {}
        self._read(model, *self.sources.classes[found])
        fields = model["fields"]
        every = fields.items() if isinstance(fields, dict) else ()
        return {
            str(key): dict(one) if isinstance(one, dict) else {"type": one} for key, one in every
        }

    def _inner(self, entry: Tree) -> list[str]:
        fields = entry["fields"]
        every = fields.values() if isinstance(fields, dict) else ()
        kinds = [str(one["type"] if isinstance(one, dict) else one) for one in every]
        bare = [one.removeprefix("list[").removeprefix("map[").rstrip("]") for one in kinds]
        return [one for one in bare if one in self._names.values()]

    def _read(self, model: Tree, module: Module, node: ast.ClassDef) -> None:
        if summary := first_line(node):
            model["summary"] = summary
            if rest := (ast.get_docstring(node) or "").strip().partition("\n")[2].strip():
                model["description"] = rest
        config = self._config(node)
        own: Tree = {}
        for base in reversed(self.sources.bases(node)):
            if base in self._names:
                own |= self._fields(model, *self.sources.classes[base], config)
        own |= self._fields(model, module, node, config)
        rules = model.pop("rules", None)
        model["fields"] = own or {"value": "json"}
        if rules:
            model["rules"] = rules
        if not own:
            self.notes.add(module.place(node), f"{node.name} has no fields that can be read")
        if "example" in config:
            model["example"] = config["example"]

    def _fields(self, model: Tree, module: Module, node: ast.ClassDef, config: Tree) -> Tree:
        found: Tree = {}
        for one in node.body:
            if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name):
                attribute = one.target.id
                if attribute == "model_config" or attribute.startswith("_"):
                    continue
                keys = self.fields.read(one.annotation, one.value, module.place(one))
                wire = str(keys.pop("wire", _aliased(attribute, config)))
                known = names.field_name(attribute, [str(name_) for name_ in found])
                if wire != known:
                    keys["wire"] = wire
                found[known] = short(keys)
            elif isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef):
                self._method(model, module, node, one)
            elif isinstance(one, ast.ClassDef) and one.name == "Config":
                self.notes.add(module.place(one), f"`Config` of {node.name}, as pydantic 1 had it")
        return found

    def _method(self, model: Tree, module: Module, node: ast.ClassDef, method: Function) -> None:
        rule = read_rule(method)
        rules = model.setdefault("rules", []) if rule is not None else None
        if isinstance(rules, list) and rule is not None:
            rules.append(rule)
            self.rules[str(rule["message"])] = (module, method)
            return
        self.note_method(module, node.name, method)

    def note_method(self, module: Module, owner: str, method: Function) -> None:
        """Say of a method of a model that the spec does not have it."""
        for decorator in method.decorator_list:
            called = name(decorator.func) if isinstance(decorator, ast.Call) else name(decorator)
            if called in _VALIDATORS:
                what = f"the validator {owner}.{method.name}: say it as a rule, or in a hook"
                self.notes.add(module.place(method), what)
            elif called in _COMPUTED:
                self.notes.add(module.place(method), f"{owner}.{method.name} is computed")

    def _config(self, node: ast.ClassDef) -> Tree:
        config: Tree = {}
        for base in reversed([node.name, *self.sources.bases(node)]):
            found = self.sources.classes.get(base)
            for one in found[1].body if found else ():
                match one:
                    case ast.Assign(targets=[ast.Name(id="model_config")], value=given):
                        config |= _settings(given)
                    case ast.AnnAssign(target=ast.Name(id="model_config"), value=given) if given:
                        config |= _settings(given)
        return config

    def _enum(self, module: Module, node: ast.ClassDef) -> list[str | int]:
        values: list[str | int] = []
        for one in node.body:
            if isinstance(one, ast.Assign) and isinstance(one.targets[0], ast.Name):
                found: Plain = one.targets[0].id.lower()
                with contextlib.suppress(UnknownValueError):  # auto(): the name, in lower case
                    found = value(one.value)
                if isinstance(found, str | int):
                    values.append(found)
                else:
                    self.notes.add(module.place(one), f"a value of {node.name}")
        return values or ["unknown"]

    def _error(self, node: ast.ClassDef) -> None:
        """A subclass that says its status: `status = 404`, or `status, code, title = 404, …`."""
        if node.name in reserved.CLASSES or not node.name[0].isupper():
            return
        said: Tree = {}
        for one in node.body:
            match one:
                case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)):
                    pairs = zip(targets, values, strict=False)
                case ast.Assign(targets=[target], value=given):
                    pairs = zip([target], [given], strict=True)
                case ast.AnnAssign(target=target, value=given) if given is not None:
                    pairs = zip([target], [given], strict=True)
                case _:
                    continue
            for target, given in pairs:
                with contextlib.suppress(UnknownValueError):
                    said[name(target)] = value(given)
        status = said.get("status", said.get("status_code"))
        if isinstance(status, int) and _FROM <= status <= _TO:
            entry: Tree = {"status": status}
            for key in ("title", "code", "retry_after"):
                if isinstance(said.get(key), str if key != "retry_after" else int):
                    entry[key] = f"{said[key]}s" if key == "retry_after" else said[key]
            self.errors[node.name] = _shortened(entry, node)


def _shortened(entry: Tree, node: ast.ClassDef) -> Tree:
    """Without the code that goes without saying; with what the class says beyond its title."""
    if entry.get("code") == "_".join(names.words(node.name.removesuffix("Error"))):
        del entry["code"]
    described = " ".join((ast.get_docstring(node) or "").split())
    if described and described.rstrip(".") != str(entry.get("title")).rstrip("."):
        entry["description"] = described
    return entry


def _settings(node: ast.expr) -> Tree:
    """What `ConfigDict(…)`, or a dict, says that a spec can say."""
    if isinstance(node, ast.Dict):
        given = {text(key) or "": one for key, one in zip(node.keys, node.values, strict=True)}
    elif isinstance(node, ast.Call):
        given = keywords(node)
    else:
        return {}
    config: Tree = {}
    for key in ("extra",):
        if found := text(given.get(key)):
            config[key] = found
    if "alias_generator" in given:
        config["alias"] = name(given["alias_generator"])
    with contextlib.suppress(UnknownValueError):
        extra = value(given["json_schema_extra"]) if "json_schema_extra" in given else None
        examples = extra.get("examples", extra.get("example")) if isinstance(extra, dict) else None
        first = examples[0] if isinstance(examples, list) and examples else examples
        if isinstance(first, dict):
            config["example"] = first
    return config


def _aliased(attribute: str, config: Tree) -> str:
    first, *rest = attribute.split("_")
    match config.get("alias"):
        case "to_camel":
            return first + "".join(part.capitalize() for part in rest)
        case "to_pascal":
            return first.capitalize() + "".join(part.capitalize() for part in rest)
        case _:
            return attribute
