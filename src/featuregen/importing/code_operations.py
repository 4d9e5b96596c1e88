"""Routes → operations of a spec."""

from __future__ import annotations

import ast
import contextlib
import re
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING

from featuregen.importing import names
from featuregen.importing.code_fields import first_line
from featuregen.importing.code_jobs import job_of
from featuregen.importing.code_routes import texts
from featuregen.importing.code_services import (
    Work,
    admitted_by,
    service_of,
    steps_of_its_own,
)
from featuregen.importing.python_values import UnknownValueError, keywords, name, text, value
from featuregen.importing.schemas import short
from featuregen.spec import reserved
from featuregen.spec.operations import ID_LENGTH, ID_PATTERN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from featuregen.importing.code_classes import Classes
    from featuregen.importing.code_clients import Client, Clients
    from featuregen.importing.code_jobs import Job
    from featuregen.importing.code_routes import Function, Route
    from featuregen.importing.code_services import Service
    from featuregen.importing.imported import Notes, Tree
    from featuregen.importing.sources import Sources
    from featuregen.spec.yaml_text import Plain

_DEEPEST = 5
_PLAIN = frozenset(
    {"string", "int", "float", "decimal", "bool", "date", "datetime", "time", "duration", "uuid",
     "email", "url", "enum"}
)  # fmt: skip
_OF_FASTAPI = frozenset({"Request", "Response", "WebSocket", "HTTPConnection", "SecurityScopes"})
_CALLER = re.compile(r"user|auth|token|permission|principal|security|bearer|api_?key|caller|claims")
_EMPTY = 204
_OF_EVERY_PROJECT = (401, 403, 413, 422, 429)
_RESPONSES = {"HTMLResponse": "html", "PlainTextResponse": "text", "StreamingResponse": "bytes",
              "FileResponse": "bytes", "Response": "bytes"}  # fmt: skip
_OF_ROWS = frozenset({"IfMatch", "RequiredIfMatch", "SessionDep", "JobQueueDep"})
_OF_KEPT_ANSWERS = frozenset({"provide", "forgets"})
_OF_FEATURES = "app/core/errors.py"
_GROUPS = {"Query": "query", "Path": "path_params", "Header": "headers"}

_IDENTIFIER: Tree = {
    "type": "string", "min_length": 1, "max_length": ID_LENGTH, "pattern": ID_PATTERN,
}  # fmt: skip


class Routes:
    """Collects operations, and the errors that they raise."""

    def __init__(
        self,
        classes: Classes,
        clients: Clients,
        feature: str,
        notes: Notes,
        *,
        stores: bool = False,
    ) -> None:
        self.classes, self.clients, self.feature, self.notes = classes, clients, feature, notes
        self.stores = stores
        self.operations: Tree = {}
        self.upstreams: dict[str, Client] = {}
        self.validation_status: int | None = None
        self._raised: set[str] = set()
        self._statuses: Tree = {}

    def add(self, route: Route, below: str) -> None:
        """One operation."""
        function = route.function
        taken = [str(one) for one in self.operations]
        called = names.function_name(function.name, self.feature, taken)
        entry: Tree = {"method": route.method.upper(), "path": below.rstrip("/") or "/"}
        self.operations[called] = entry
        entry |= self._about(route)
        entry |= _in_order(self._arguments(route, entry), route.function)
        job = job_of(route.function, self.classes.sources)
        entry |= self._answer(route) if job is None else self._later(job)
        entry["auth"] = "none"
        for dependency in route.router_dependencies:
            self._dependency(dependency, entry, route.module.place(function))
        self._callers(route, entry)
        if entry.get("auth") == "required":
            del entry["auth"]
        if isinstance(flag := route.options.get("deprecated"), ast.Constant) and flag.value is True:
            entry["deprecated"] = True
        work = self._work(route)
        errors = list(dict.fromkeys(self._errors(route)))
        if work.client is not None:
            errors = [one for one in errors if one not in self._mapped(work.client)]
        if errors:
            entry["errors"] = [*errors]
        entry |= _done(work, called)

    def note_rows(self, service: Service) -> None:
        """The upstreams and errors of a service that stores, which endpoints do not all show.

        They come in its own order.
        """
        for client in service.clients_of(self.clients):
            self.upstreams.pop(client.upstream, None)
            self.upstreams[client.upstream] = client
            self._mapped(client)
        used = {one.id for one in ast.walk(service.module.tree) if isinstance(one, ast.Name)}
        if service.is_alone:
            classes = self.classes.sources.classes
            used |= {one for one, (module, _) in classes.items() if module.name == _OF_FEATURES}
        for error in used:
            self._raised.update(self._known(error))

    @property
    def errors(self) -> Tree:
        """Those that are raised, in the order of the code."""
        found: Tree = {
            key: one for key, one in self.classes.errors.items() if str(key) in self._raised
        }
        return found | self._statuses

    def _work(self, route: Route) -> Work:
        """What the endpoint's service does, where it is as featuregen generates it."""
        found = service_of(route.function, self.classes.sources)
        done = found[0].work(found[1], self.clients) if found else None
        if found is None or done is None:
            return Work()
        work, method = done
        if (admitting := admitted_by(route.function)) is not None:
            work = replace(work, before=found[0].hook_of(admitting))
        steps = [(found[0].module, one) for one in work.unread]
        steps += [(route.module, one) for one in steps_of_its_own(route.function)]
        for module, statement in (
            () if self.stores else steps
        ):  # else `code_proof` says what is left
            what = f"`{ast.unparse(statement)[:60]}` of {method.name}: move it into a hook"
            self.notes.add(module.place(statement), what)
        if work.client is None or work.called not in work.client.calls:
            return Work(hook=work.hook)
        self.upstreams[work.client.upstream] = work.client
        return work

    def _mapped(self, client: Client) -> set[str]:
        """The errors that an upstream's answers become; they are the feature's, too."""
        mapped = client.tree.get("errors")
        every = mapped.values() if isinstance(mapped, dict) else ()
        raised = {str(one["raise"]) for one in every if isinstance(one, dict)}
        self._raised |= raised & {str(key) for key in self.classes.errors}
        return raised

    def _about(self, route: Route) -> Tree:
        about: Tree = {}
        summary = text(route.options.get("summary")) or first_line(route.function)
        if summary:
            about["summary"] = " ".join(summary.split())
        described = text(route.options.get("description"))
        whole = (ast.get_docstring(route.function) or "").strip()
        one_line = " ".join(whole.split()).rstrip(".")
        if described or ("\n" in whole or one_line != (summary or "").rstrip(".")):
            about["description"] = (described or whole).strip()
        return about

    def _arguments(self, route: Route, entry: Tree) -> Tree:
        found: Tree = {}
        placeholders = re.findall(r"\{([^{}]*)\}", route.path)
        for argument, default in _with_defaults(route.function):
            where = route.module.place(argument)
            kind = self._kind(argument, default, placeholders)
            if kind in ("dependency", "skipped"):
                continue
            keys = self.classes.fields.read(argument.annotation, default, where)
            if kind == "path_params":
                keys.pop("example", None)
            if kind == "body":
                self._body(str(keys["type"]), found, where)
            elif kind in ("query", "path_params", "headers"):
                parts = self.classes.fields_of(str(keys["type"]))
                for called, one in (parts or {argument.arg: keys}).items():
                    self._parameter(str(called), one, kind, found, entry, where)
            else:
                self.notes.add(where, f"{kind} '{argument.arg}' is not carried over")
        return found

    def _every_mark(self, argument: ast.arg, default: ast.expr | None) -> list[ast.expr]:
        marks = _marks(argument.annotation, self.classes.sources)
        return marks if default is None else [*marks, default]

    def _kind(self, argument: ast.arg, default: ast.expr | None, placeholders: list[str]) -> str:
        marks = self._every_mark(argument, default)
        called = [name(one.func) if isinstance(one, ast.Call) else name(one) for one in marks]
        if any(one in ("Depends", "Security") for one in called):
            return "dependency"
        if argument.arg in placeholders:
            return "path_params"
        for mark in called:
            if mark in _GROUPS:
                return _GROUPS[mark]
            if mark in ("Form", "File", "Cookie"):
                return f"a {mark.lower()} field"
        annotated = name(argument.annotation)
        if annotated in _OF_FASTAPI or annotated in ("self", "cls"):
            return "skipped"
        if annotated in ("BackgroundTasks", "UploadFile"):
            return f"the {annotated}"
        scratch = self.classes.fields.typed(argument.annotation, "") if argument.annotation else {}
        kind = str(scratch.get("type", "string"))
        inner = kind[5:-1] if kind.startswith("list[") else kind
        return "query" if inner in _PLAIN and "Body" not in called else "body"

    def _body(self, kind: str, found: Tree, where: str) -> None:
        if not kind[0].isupper() or "request" in found:
            self.notes.add(where, f"a body is one object with named fields, not {kind}")
            return
        found["request"] = kind
        self.classes.use(kind, as_input=True)

    def _parameter(
        self, argument: str, keys: Tree, kind: str, found: Tree, entry: Tree, where: str
    ) -> None:
        wire = str(keys.pop("wire", argument))
        called = names.parameter_name(argument, ())
        if kind == "path_params":
            for key in ("required", "default"):
                keys.pop(key, None)
            if wire != argument and f"{{{wire}}}" in str(entry["path"]):
                argument = called = names.parameter_name(wire, ())
                entry["path"] = str(entry["path"]).replace(f"{{{wire}}}", f"{{{argument}}}")
            entry["path"] = str(entry["path"]).replace(f"{{{argument}}}", f"{{{called}}}")
            if keys in ({"type": "string"}, _IDENTIFIER):
                return
        elif wire != called:
            keys["wire"] = wire
        if str(keys["type"]).removeprefix("list[").rstrip("]") not in _PLAIN:
            self.notes.add(where, f"{keys['type']} cannot stand in {kind}: any text")
            keys["type"] = "string"
        group = found.setdefault(kind, {})
        if isinstance(group, dict):
            group[called] = short(keys)

    def _callers(self, route: Route, entry: Tree) -> None:
        for argument, default in _with_defaults(route.function):
            if name(argument.annotation) in _OF_ROWS:
                if name(argument.annotation) == "RequiredIfMatch":
                    entry["if_match"] = "required"
                continue
            for mark in self._every_mark(argument, default):
                self._dependency(mark, entry, route.module.place(argument))

    def _dependency(self, node: ast.expr, entry: Tree, where: str) -> None:
        if not isinstance(node, ast.Call) or name(node.func) not in ("Depends", "Security"):
            return
        inner = node.args[0] if node.args else None
        target = name(inner.func) if isinstance(inner, ast.Call) else name(inner)
        argument = text(inner.args[0]) if isinstance(inner, ast.Call) and inner.args else None
        if target in ("rate_limit", "rate_limit_by_address") and isinstance(inner, ast.Call):
            limits = [limit for one in inner.args if (limit := text(one))]
            entry["rate_limit"] = limits[0] if len(limits) == 1 else [*limits]
        elif target == "idempotency":
            entry["idempotent"] = True
        elif target in ("cached_answer", "own_cached_answer") and isinstance(inner, ast.Call):
            entry |= self._kept(inner, own=target.startswith("own"), where=where)
        elif _CALLER.search(target.lower()) or name(node.func) == "Security":
            entry["auth"] = "optional" if "optional" in target.lower() else "required"
            scopes = texts(keywords(node).get("scopes"))
            if "permission" in target.lower() and argument:
                entry["permission"] = argument
            elif scopes:
                entry["permission"] = scopes[0]
        elif target and not target.endswith("_service") and target not in _OF_KEPT_ANSWERS:
            self.notes.add(where, f"the dependency {target}: the hook does what it did")

    def _kept(self, node: ast.Call, *, own: bool, where: str) -> Tree:
        """How long answers are kept, and what they are: the endpoint itself answers them whole."""
        given = keywords(node)
        vary: list[Plain] = [*texts(given.get("vary"))]
        cache: Tree = {}
        with contextlib.suppress(KeyError, UnknownValueError):
            cache["ttl"] = f"{value(given['ttl'])}s"
        if vary or own:
            cache["vary"] = ["user", *vary] if own else vary
        kept: Tree = {"cache": cache}
        if node.args and "media_type" not in given:
            kept["response"] = self._model(node.args[0], where)
        return kept

    def _answer(self, route: Route) -> Tree:
        where = route.module.place(route.function)
        given = route.options.get("response_model") or route.function.returns
        made = name(route.options.get("response_class"))
        is_nothing = isinstance(given, ast.Constant) and made == "Response"
        plain = None if is_nothing else _RESPONSES.get(made) or _RESPONSES.get(name(given))
        kind = "none" if given is None or plain else self._model(given, where)
        response = plain or kind
        if given is None and plain is None and _status(route.options.get("status_code")) != _EMPTY:
            self.notes.add(where, "what it answers is not said: `response: none`")
        status = _status(route.options.get("status_code")) or (204 if response == "none" else 200)
        if response == "none" and status not in (202, 205):
            return {"response": "none"}
        usual = 201 if route.method == "post" else 200
        answer: Tree = {"response": response}
        return answer if status == usual else answer | {"status": status}

    def _later(self, job: Job) -> Tree:
        """The endpoint answers 202; its job has what the operation answers in the end."""
        given = job.work.returns
        plain = {"str": "text", "bytes": "bytes"}.get(name(given))
        if given is None or plain is not None:
            return {"response": plain or "none", "async": True}
        return {"response": self._model(given, job.module.place(job.work)), "async": True}

    def _model(self, node: ast.expr, where: str) -> str:
        if self.stores and "Page" in self._bases(node):
            return "none"  # a list of rows: its operation says what stands on it
        keys = self.classes.fields.typed(node, where)
        kind = str(keys["type"])
        if kind == "null":
            return "none"
        bare = kind.removeprefix("list[").rstrip("]")
        if bare[0].isupper() and not kind.startswith("map"):
            self.classes.use(kind)
            return kind
        if kind == "string":
            self.notes.add(where, "a JSON text is answered as plain text")
            return "text"
        self.notes.add(where, f"an answer is a model or a list of them, not {kind}: nothing")
        return "none"

    def _bases(self, node: ast.expr) -> list[str]:
        found = self.classes.sources.classes.get(name(node))
        bases = found[1].bases if found is not None else []
        return [name(one.value) for one in bases if isinstance(one, ast.Subscript)]

    def _errors(self, route: Route) -> Iterator[str]:
        raises = [one for one in ast.walk(route.function) if isinstance(one, ast.Raise)]
        for node in sorted(raises, key=lambda one: one.lineno):
            raised = node.exc
            if isinstance(raised, ast.Call) and name(raised.func) == "HTTPException":
                yield from self._http_exception(raised, route)
            elif raised is not None:
                target = raised.func if isinstance(raised, ast.Call) else raised
                yield from self._known(name(target))
        responses = route.options.get("responses")
        for documented in _problems(responses):
            for argument in documented.args:
                yield from self._known(name(argument))
            status = _status(keywords(documented).get("validation_status"))
            self.validation_status = status or self.validation_status
        for key in responses.keys if isinstance(responses, ast.Dict) else ():
            status = _status(key) if key else None
            if status is not None and status >= 400:  # noqa: PLR2004
                yield from self._by_status(status, None)

    def _known(self, error: str) -> Iterator[str]:
        if error in self.classes.errors and error not in reserved.ERRORS:
            self._raised.add(error)
            yield error

    def _http_exception(self, node: ast.Call, route: Route) -> Iterator[str]:
        given = keywords(node)
        positional = dict(zip(("status_code", "detail"), node.args, strict=False))
        status = _status(given.get("status_code") or positional.get("status_code"))
        if status is None:
            self.notes.add(route.module.place(node), "an HTTPException with a computed status")
            return
        yield from self._by_status(status, text(given.get("detail") or positional.get("detail")))

    def _by_status(self, status: int, title: str | None) -> Iterator[str]:
        if status in _OF_EVERY_PROJECT:
            return
        try:
            phrase = HTTPStatus(status).phrase
        except ValueError:
            phrase = f"Status {status}"
        stem = f"{names.pascal(self.feature.title())}{names.pascal(phrase.title())}"
        called = f"{stem}Error"
        if called in reserved.CLASSES:
            called = f"{stem}FeatureError"
        self._statuses.setdefault(called, {"status": status, "title": title or phrase})
        yield called


def _done(work: Work, called: str) -> Tree:
    """The keys of an operation that say what it does."""
    if work.client is None or work.called is None:
        return {"hook": work.hook or called}
    done: Tree = {"call": {"upstream": work.client.upstream, **work.client.calls[work.called]}}
    if work.before:
        done["before"] = work.before
    return done | ({"after": work.after} if work.after else {})


def _in_order(groups: Tree, function: Function) -> Tree:
    """Parameters as the service is given them: the endpoint has its optional ones at the end."""
    given = [
        one.arg
        for call in ast.walk(function)
        if isinstance(call, ast.Call) and _hands_on(name(getattr(call.func, "value", None)))
        for one in call.keywords
    ]
    return {
        group: dict(sorted(one.items(), key=lambda item: _position(str(item[0]), given)))
        if isinstance(one, dict)
        else one
        for group, one in groups.items()
    }


def _hands_on(owner: str) -> bool:
    return owner == "service" or owner.endswith("_jobs")


def _position(parameter: str, given: list[str | None]) -> int:
    return given.index(parameter) if parameter in given else len(given)


def _problems(responses: ast.expr | None) -> list[ast.Call]:
    """`problems(PaymentError, …)`, alone or within a dict."""
    match responses:
        case ast.Call():
            return [responses]
        case ast.Dict(keys=keys, values=values):
            within = zip(keys, values, strict=True)
            return [one for key, one in within if key is None and isinstance(one, ast.Call)]
        case _:
            return []


def _with_defaults(function: Function) -> list[tuple[ast.arg, ast.expr | None]]:
    given = function.args
    positional = [*given.posonlyargs, *given.args]
    missing = len(positional) - len(given.defaults)
    defaults: list[ast.expr | None] = [*([None] * missing), *given.defaults]
    arguments = [*positional, *given.kwonlyargs]
    return list(zip(arguments, [*defaults, *given.kw_defaults], strict=True))


def _marks(annotation: ast.expr | None, sources: Sources, depth: int = 0) -> list[ast.expr]:
    """What stands beside the type in `Annotated`, also behind an alias."""
    if depth > _DEEPEST:
        return []
    if isinstance(annotation, ast.Name) and annotation.id in sources.aliases:
        return _marks(sources.aliases[annotation.id], sources, depth + 1)
    if isinstance(annotation, ast.Subscript) and name(annotation.value) == "Annotated":
        parts = annotation.slice.elts if isinstance(annotation.slice, ast.Tuple) else []
        return [*parts[1:], *(_marks(parts[0], sources, depth + 1) if parts else [])]
    return []


def _status(node: ast.expr | None) -> int | None:
    """`404`, or `status.HTTP_404_NOT_FOUND`."""
    if isinstance(node, ast.Constant) and isinstance(node.value, int):
        return node.value
    match = re.match(r"HTTP_([0-9]{3})", name(node))
    return int(match[1]) if match else None
