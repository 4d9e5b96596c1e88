"""Operations of an OpenAPI document → operations of a spec."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from featuregen.importing import names
from featuregen.importing.schemas import Schemas, short

if TYPE_CHECKING:
    from featuregen.importing.imported import Notes, Tree
    from featuregen.importing.reading import References, Schema

_OF_EVERY_PROJECT = frozenset({"401", "403", "422", "429"})
_LEAST_ERROR = 400
_SCALARS = frozenset(
    {"string", "int", "float", "decimal", "bool", "date", "datetime", "time", "duration", "uuid",
     "email", "url", "enum"}
)  # fmt: skip
_GROUPS = {"query": "query", "path": "path_params", "header": "headers"}
_CREDENTIALS = frozenset({"authorization", "accept", "content-type"})
_PERMISSION = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:-]{0,99}")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff]")
_LONGEST_TEXT = 4000
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
_WITHOUT_BODY = ("get", "delete")


class Endpoints:
    """Collects operations, and the errors that they answer."""

    def __init__(
        self, schemas: Schemas, references: References, document: Schema, feature: str, notes: Notes
    ) -> None:
        self.schemas, self.references, self.document = schemas, references, document
        self.feature, self.notes = feature, notes
        self.operations: Tree = {}
        self.errors: Tree = {}

    def add(self, path: str, below: str, method: str, operation: Schema, item: Schema) -> None:
        """One operation; `below` is its path under the spec's base path."""
        where = f"{method.upper()} {path}"
        called = operation.get("operationId") or f"{method} {re.sub('[{}]', ' ', path)}"
        taken = [str(one) for one in self.operations]
        name = names.function_name(str(called), self.feature, taken)
        entry: Tree = {"method": method.upper(), "path": "/"}
        self.operations[name] = entry
        entry |= _about(operation)
        parameters, renamed = self._parameters(operation, item, where)
        entry["path"] = self._path(below, renamed)
        entry |= parameters
        entry |= self._request(operation, method, name, where)
        entry |= self._answer(operation, name, where)
        if entry.get("status") == _usual_status(method, entry.get("response")):
            del entry["status"]
        entry |= self._access(operation, where)
        if operation.get("deprecated") is True:
            entry["deprecated"] = True
        errors = self._errors(operation, where)
        if errors:
            entry["errors"] = [*errors]
        entry["hook"] = name
        for key in ("callbacks", "servers"):
            if operation.get(key):
                self.notes.add(where, f"`{key}` of the operation")

    def _path(self, path: str, renamed: dict[str, str]) -> str:
        def parameter(match: re.Match[str]) -> str:
            return f"{{{renamed.get(match[1]) or names.parameter_name(match[1], ())}}}"

        path = re.sub(r"\{([^{}]*)\}", parameter, path)
        return path.rstrip("/") or "/"

    def _parameters(
        self, operation: Schema, item: Schema, where: str
    ) -> tuple[Tree, dict[str, str]]:
        groups: Tree = {}
        renamed: dict[str, str] = {}
        taken: list[str] = []
        for (place, wire), parameter in self._declared(operation, item, where).items():
            at = f"{where}: {place} parameter '{wire}'"
            if place not in _GROUPS:
                self.notes.add(at, "a cookie is not read")
                continue
            keys = self._parameter(parameter, place, at)
            name = names.parameter_name(wire, taken)
            taken.append(name)
            if place == "path":
                renamed[wire] = name
                if keys == {"type": "string"}:
                    continue  # as a spec has it where nothing is said
            elif name != wire and (place != "header" or name.replace("_", "-") != wire.lower()):
                keys["wire"] = wire
            group = groups.setdefault(_GROUPS[place], {})
            if isinstance(group, dict):
                group[name] = short(keys)
        return groups, renamed

    def _declared(
        self, operation: Schema, item: Schema, where: str
    ) -> dict[tuple[str, str], Schema]:
        """Parameters by place and name; the operation's own go before those of its path."""
        found: dict[tuple[str, str], Schema] = {}
        for one in (*(item.get("parameters") or ()), *(operation.get("parameters") or ())):
            whole, _ = self.references.resolve(one, where)
            place, wire = str(whole.get("in")), whole.get("name")
            if isinstance(wire, str) and (place != "header" or wire.lower() not in _CREDENTIALS):
                found[place, wire] = whole
        return found

    def _parameter(self, parameter: Schema, place: str, at: str) -> Tree:
        schema = parameter.get("schema")
        if schema is None:
            self.notes.add(at, "its value is an encoded document: any text")
            schema = {"type": "string"}
        keys = self.schemas.field(schema, at, "Parameter", "in")
        kind = str(keys["type"])
        inner = kind[5:-1] if kind.startswith("list[") and place == "query" else kind
        if inner not in _SCALARS:
            self.notes.add(at, f"{kind} cannot stand in a {place}: any text")
            keys = {key: keys[key] for key in ("required", "description") if key in keys}
            keys = {"type": "string", **keys}
        elif kind != inner and parameter.get("explode") is False:
            self.notes.add(at, "its items are separated by commas there; here the name is repeated")
        if place == "path":
            for key in ("required", "default"):
                keys.pop(key, None)
        elif parameter.get("required") is not True:
            keys["required"] = False
        text = parameter.get("description")
        if isinstance(text, str) and text.strip():
            keys["description"] = " ".join(text.split())
        return keys

    def _request(self, operation: Schema, method: str, name: str, where: str) -> Tree:
        if "requestBody" not in operation:
            return {}
        body, _ = self.references.resolve(operation["requestBody"], where)
        at = f"{where}: body"
        if method in _WITHOUT_BODY:
            self.notes.add(at, f"a {method.upper()} request has no body")
            return {}
        content = body.get("content") if isinstance(body.get("content"), dict) else {}
        schema = _json_of(content or {})
        if schema is None:
            schema = _form_of(content or {})
        kinds = ", ".join(content or {}) or "nothing"
        if schema is None:
            self.notes.add(at, f"only JSON is read, not {kinds}")
            return {}
        if _json_of(content or {}) is None or len(content or {}) > 1:
            self.notes.add(at, f"{kinds} there, JSON here")
        hint = names.pascal(f"{name}_request".replace("_", " ").title())
        kind = str(self.schemas.field(schema, at, hint, "in")["type"])
        if kind not in self.schemas.models:
            self.notes.add(at, f"a body is an object with named fields, not {kind}")
            return {}
        if body.get("required") is not True:
            self.notes.add(at, "an optional body: it is required here")
        return {"request": kind}

    def _answer(self, operation: Schema, name: str, where: str) -> Tree:
        responses = operation.get("responses")
        answers = responses if isinstance(responses, dict) else {}
        good = sorted(one for one in answers if re.fullmatch("2[0-9X]{2}", str(one), re.IGNORECASE))
        if not good and "default" in answers:
            good = ["default"]
        if not good:
            self.notes.add(where, "no answer of success is described: 204")
            return {"response": "none"}
        for other in good[1:]:
            self.notes.add(f"{where}: {other}", f"a second answer of success beside {good[0]}")
        status = int(good[0]) if str(good[0]).isdigit() else 200
        answer, _ = self.references.resolve(answers[good[0]], where)
        response = self._response(answer, name, f"{where}: {good[0]}")
        if answer.get("headers"):
            self.notes.add(f"{where}: {good[0]}", f"headers: {', '.join(answer['headers'])}")
        if answer.get("links"):
            self.notes.add(f"{where}: {good[0]}", "links")
        if response == "none":
            status = status if status in (200, 202, 204, 205) else 204
        elif status in (204, 205):
            status = 200
        return {"response": response, "status": status}

    def _response(self, answer: Schema, name: str, at: str) -> str:
        content = answer.get("content")
        if not isinstance(content, dict) or not content:
            return "none"
        schema = _json_of(content)
        if schema is None:
            kind = next(iter(content)).partition(";")[0]
            return {"text/html": "html", "text/plain": "text"}.get(kind, "bytes")
        hint = names.pascal(f"{name}_response".replace("_", " ").title())
        kind = str(self.schemas.field(schema, at, hint, "out")["type"])
        inner = kind[5:-1] if kind.startswith("list[") else kind
        if inner in self.schemas.models:
            return kind
        if kind == "string":
            self.notes.add(at, "a JSON text is answered as plain text")
            return "text"
        model = names.model_name(hint, self.feature, [str(one) for one in self.schemas.models])
        self.schemas.models[model] = {"fields": {"value": kind if kind != "enum" else "string"}}
        self.notes.add(
            at, f"{kind} stands in a field `value`: an answer is an object or a list of them"
        )
        return model

    def _access(self, operation: Schema, where: str) -> Tree:
        security = operation.get("security", self.document.get("security"))
        if not isinstance(security, list) or not security:
            return {"auth": "none"}
        wanted = [one for one in security if isinstance(one, dict) and one]
        if not wanted:
            return {"auth": "none"}
        if len(wanted) < len(security):
            return {"auth": "optional"}
        scopes = [scope for one in wanted for found in one.values() for scope in found or ()]
        fitting = [one for one in scopes if isinstance(one, str) and _PERMISSION.fullmatch(one)]
        if scopes and (len(set(scopes)) > 1 or not fitting):
            self.notes.add(where, f"one permission of the scopes {', '.join(map(str, scopes))}")
        return {"permission": fitting[0]} if fitting else {}

    def _errors(self, operation: Schema, where: str) -> list[str]:
        responses = operation.get("responses")
        found = []
        for status, value in (responses if isinstance(responses, dict) else {}).items():
            text = str(status)
            if not text.isdigit() or int(text) < _LEAST_ERROR:
                if re.fullmatch("[345]XX|3[0-9]{2}|1[0-9X]{2}", text, re.IGNORECASE):
                    self.notes.add(f"{where}: {text}", "only statuses of 2xx, 4xx, 5xx, one by one")
                elif text == "default" and len(responses or {}) > 1:
                    self.notes.add("default", "errors are problem+json (RFC 9457)")
                continue
            if text == "429":
                self.notes.add(f"{where}: 429", "which limit: say `rate_limit`")
            if text in _OF_EVERY_PROJECT:
                continue  # answered by every project, where it can happen
            answer, _ = self.references.resolve(value, where)
            if _json_of(answer.get("content") or {}) is not None:
                self.notes.add(f"{where}: {text}", "its body: errors are problem+json (RFC 9457)")
            name = self._error(int(text), answer)
            if name is not None:
                found.append(name)
        return found

    def _error(self, status: int, answer: Schema) -> str | None:
        try:
            phrase = HTTPStatus(status).phrase
        except ValueError:
            phrase = f"Status {status}"
        name = f"{names.pascal(self.feature.title())}{names.pascal(phrase.title())}Error"
        if name not in self.errors:
            text = answer.get("description")
            title = " ".join(text.split())[:200] if isinstance(text, str) else ""
            self.errors[name] = {"status": status, "title": title or phrase}
        return name


def _usual_status(method: str, response: Any) -> int:  # noqa: ANN401 - a name, or nothing
    """What a spec means where it says no status."""
    if response in (None, "none"):
        return 204
    return 201 if method == "post" else 200


def _about(operation: Schema) -> Tree:
    about: Tree = {}
    for key in ("summary", "description"):
        text = operation.get(key)
        if isinstance(text, str) and text.strip():
            text = _CONTROL.sub(" ", text.replace("\t", " "))
            lines = [line.rstrip() for line in text.strip().splitlines()]
            joined = (" " if key == "summary" else "\n").join(lines)
            about[key] = joined[:_LONGEST_TEXT].strip()
    return about


def _json_of(content: Any) -> Any:  # noqa: ANN401 - None: no JSON; {}: JSON without a schema
    for kind, media in content.items():
        bare = kind.partition(";")[0].strip().lower()
        if bare in ("*/*", "application/json") or bare.endswith("+json"):
            return (media or {}).get("schema", {})
    return None


def _form_of(content: Any) -> Any:  # noqa: ANN401
    """The schema of a form: its fields are those of an object."""
    for kind, media in content.items():
        if kind.partition(";")[0].strip() in _FORMS:
            return (media or {}).get("schema", {})
    return None
