"""The answers of the wizard → a commented spec."""

from __future__ import annotations

from typing import TYPE_CHECKING

from featuregen.importing import names
from featuregen.spec import yaml_text
from featuregen.spec.plural import kebab, plural
from featuregen.wizard_fields import read_fields
from featuregen.wizard_rows import stored_entity, stored_operations

if TYPE_CHECKING:
    from collections.abc import Mapping

    from featuregen.spec.yaml_text import Plain

    Tree = dict[str | int, Plain]

OPERATIONS = {
    "create": "make a new one", "get": "look one up", "list": "list them",
    "update": "change one", "delete": "remove one",
}  # fmt: skip
_METHODS = {"create": "POST", "get": "GET", "list": "GET", "update": "PUT", "delete": "DELETE"}
_VERBS = {"create": "create", "get": "read", "list": "read", "update": "update", "delete": "delete"}
_WRITES = ("create", "update", "delete")
_LIMIT: Tree = {"type": "int", "ge": 1, "le": 100, "default": 20}


def compose_spec(answers: Mapping[str, str]) -> str:
    """The text of the spec. Raises `FieldsError` where the line of fields means nothing."""
    return _Composer(answers).text()


class _Composer:
    def __init__(self, answers: Mapping[str, str]) -> None:
        self.answers = answers
        self.feature = answers["feature"]
        self.spoken = self.feature.replace("_", " ")
        self.plural = plural(self.feature)
        self.chosen = answers["operations"].split(",")
        self.calls = answers["work"] == "upstream"
        self.stores = answers["work"] == "stored"
        self.fields = read_fields(answers["fields"])
        stem = names.pascal(self.feature.replace("_", " ").title())
        self.answer = names.model_name(stem, self.feature, ())
        self.input = names.model_name(f"{stem}Input", self.feature, ())
        self.not_found = f"{stem}NotFoundError"
        self.unavailable = f"{stem}UnavailableError"

    def text(self) -> str:
        """Section by section, each with a word on what to do there."""
        answers = self.answers
        lines = [
            f"# {self.spoken.capitalize()}: a first spec. `featuregen questions` asks the rest.",
            "featuregen: 1",
            *yaml_text.entry("feature", self.feature, 0),
            *yaml_text.entry("summary", answers["summary"], 0),
        ]
        users: list[Plain] = [answers["users"]]
        self._section(lines, "What the ticket said: shown in the docs.", {
            "requirements": {"users": users}})  # fmt: skip
        if self.stores:
            self._section(lines, *stored_entity(self.answer, self.fields, self.chosen, answers))
            self._section(lines, *stored_operations(self.answer, self.plural, self.chosen, answers))
            return "\n".join(lines) + "\n"
        if self.calls:
            self._upstream(lines)
        errors = self._errors()
        if errors:
            self._section(lines, "What a client may be told, as problem+json.", {"errors": errors})
        self._models(lines)
        self._operations(lines)
        return "\n".join(lines) + "\n"

    def _section(self, lines: list[str], comment: str, tree: Tree) -> None:
        lines += ["", f"# {comment}"]
        for key, value in tree.items():
            lines += yaml_text.entry(key, value, 0, block=key != "crud")

    def _by_id(self) -> bool:
        return any(one in ("get", "update", "delete") for one in self.chosen)

    def _errors(self) -> Tree:
        errors: Tree = {}
        title = self.spoken.capitalize()
        if self._by_id():
            errors[self.not_found] = {"status": 404, "title": f"{title} not found"}
        if self.calls:
            unavailable: Tree = {
                "status": 503,
                "title": f"{title} unavailable",
                "retry_after": "30s",
            }
            errors[self.unavailable] = unavailable
        return errors

    def _upstream(self, lines: list[str]) -> None:
        name = self.answers["upstream"]
        url, key = f"{name}_url", f"{name}_api_key"
        credentials = self.answers["credentials"]
        base: Tree = {
            "type": "url",
            "example": "https://api.example.com",
            "description": "Base URL",
        }
        settings: Tree = {url: base}
        auth: Plain = "none"
        if credentials != "none":
            settings[key] = {"type": "secret", "example": "key_...", "description": "Our key"}
            auth = (
                {"bearer": key}
                if credentials == "bearer"
                else {"header": "X-Api-Key", "value": key}
            )
        raised: Tree = {"raise": self.unavailable, "message": "It does not answer"}
        errors: Tree = {"timeout": raised, "other": {**raised, "message": "It failed"}}
        if self._by_id():
            errors = {404: {"raise": self.not_found, "message": f"No such {self.spoken}"}, **errors}
        upstream: Tree = {
            "base_url": url,
            "auth": auth,
            "timeout": "10s",
            "retries": 2,
            "errors": errors,
        }
        self._section(lines, "Read from the environment; the app refuses to start without them.", {
            "settings": settings})  # fmt: skip
        lines += [
            "",
            "# The API that is called, and what its answers mean to our clients.",
            "upstreams:",
        ]
        lines.append(f"  {name}:")
        for one, value in upstream.items():
            lines += yaml_text.entry(one, value, 4, block=one == "errors")

    def _models(self, lines: list[str]) -> None:
        given = {name: keys for name, keys in self.fields.items() if name != "id"}
        id_: Tree = {"type": "string", "min_length": 1, "max_length": 255}
        lines += ["", "# What is sent and answered; every bound here becomes a test.", "models:"]
        models = []
        if {"create", "update"} & set(self.chosen):
            models.append((self.input, "What a client sends.", given))
        if {"create", "get", "list", "update"} & set(self.chosen):
            shown = {name: _shown(keys) for name, keys in given.items()}
            models.append((self.answer, "What a client gets.", {"id": id_, **shown}))
        if not models:
            lines.pop()  # a delete alone needs none
            lines.pop()
        for name, summary, fields in models:
            lines += [f"  {name}:", f"    summary: {summary}", "    fields:"]
            for field, keys in fields.items():
                short: Plain = keys["type"] if list(keys) == ["type"] else {**keys}
                lines += yaml_text.entry(field, short, 6)

    def _operations(self, lines: list[str]) -> None:
        what = "Each calls the upstream." if self.calls else "Each is a function that you write."
        lines += ["", f"# {what}", "operations:"]
        for name in self.chosen:
            lines += [f"  {name}_{self.plural if name == 'list' else self.feature}:"]
            for key, value in self._operation(name).items():
                lines += yaml_text.entry(key, value, 4, block=key == "call")

    def _operation(self, name: str) -> Tree:
        id_ = f"{self.feature}_id"
        by_id = name in ("get", "update", "delete")
        operation: Tree = {"method": _METHODS[name], "path": f"/{{{id_}}}" if by_id else "/"}
        operation["summary"] = self._summary(name)
        if name == "list":
            operation["query"] = {"limit": {**_LIMIT}}
        if name in ("create", "update"):
            operation["request"] = self.input
        operation["response"] = {"delete": "none", "list": f"list[{self.answer}]"}.get(
            name, self.answer
        )
        operation |= self._access(name)
        if not self.calls:
            if by_id:
                operation["errors"] = [self.not_found]
            operation["hook"] = f"{name}_{self.plural if name == 'list' else self.feature}"
            return operation
        operation["call"] = self._call(name, by_id=by_id, id_=id_)
        return operation

    def _summary(self, name: str) -> str:
        if name == "list":
            return f"List {self.plural.replace('_', ' ')}"
        verb = {"get": "Look up", "update": "Change", "delete": "Remove"}.get(name, "Create")
        return f"{verb} {'an' if self.spoken[0] in 'aeiou' else 'a'} {self.spoken}"

    def _access(self, name: str) -> Tree:
        access: Tree = {}
        match self.answers["access"]:
            case "permission":
                access["permission"] = f"{self.plural}.{_VERBS[name]}"
            case "public":
                access["auth"] = "none"
        if name in _WRITES or access.get("auth") == "none":
            access["rate_limit"] = self.answers["rate"]
        return access

    def _call(self, name: str, *, by_id: bool, id_: str) -> Tree:
        path = f"/{kebab(self.plural)}"
        call: Tree = {"method": _METHODS[name], "path": f"{path}/{{{id_}}}" if by_id else path}
        mapped: Tree = {field: field for field in self.fields if field != "id"}
        if name in ("create", "update"):
            call["send"] = mapped
        if name == "list":
            call["send_query"] = {"limit": "limit"}
        if name != "delete":
            call["receive"] = {"id": "id", **mapped}
        return call


def _shown(keys: Tree) -> Tree:
    """The field in an answer: what it is, not what a client may send."""
    kept = ("type", "values", "required", "decimal_places", "sensitive", "max_length")
    return {key: value for key, value in keys.items() if key in kept}
