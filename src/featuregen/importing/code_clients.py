"""Clients as featuregen generates them, `app/clients/provider.py` → `upstreams` and `call`s."""

from __future__ import annotations

import ast
from copy import deepcopy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from featuregen.importing.code_mappings import (
    UnreadError,
    dotted,
    in_path,
    received,
    sent,
    template,
)
from featuregen.importing.python_values import UnknownValueError, keywords, name, text, value

if TYPE_CHECKING:
    from featuregen.importing.imported import Notes, Tree
    from featuregen.importing.sources import Module, Sources

_CLIENT = "UpstreamClient"
_ASKED = frozenset({"refusal", "timed_out", "broken", "__init__"})
_DEFAULT = "UpstreamFailedError"
_NO_ANSWER = "no usable answer"
_BODILESS = frozenset({"GET", "DELETE", "HEAD"})

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(slots=True)
class Client:
    """One class, and what it comes to."""

    module: Module
    upstream: str
    tree: Tree
    calls: dict[str, Tree] = field(default_factory=dict)
    methods: dict[str, Function] = field(default_factory=dict)
    settings: set[str] = field(default_factory=set)

    def read(self, called: str, names: dict[str, ast.expr]) -> Tree:
        """A call, whose parameters stand for values of rows. Raises `UnreadError`."""
        method = self.methods.get(called)
        if method is None:
            raise UnreadError(ast.Name(called))
        return _call(_Named(names).visit(deepcopy(method)), self.module)[0]


class _Named(ast.NodeTransformer):
    """Parameters by what they were given."""

    def __init__(self, names: dict[str, ast.expr]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self.names.get(node.id, node)


class Clients:
    """Reads the clients of a project. What a person has added to one is noted."""

    def __init__(self, sources: Sources, notes: Notes) -> None:
        self.sources, self.notes = sources, notes
        self.found: dict[str, Client] = {}
        for class_name, (module, node) in sources.classes.items():
            if _CLIENT in [name(base) for base in node.bases]:
                client = self._client(module, node)
                if client is not None:
                    self.found[class_name] = client

    def _client(self, module: Module, node: ast.ClassDef) -> Client | None:
        constants = {
            name(one.targets[0]): one.value for one in node.body if isinstance(one, ast.Assign)
        }
        upstream = text(constants.get("name"))
        opened = _opened(module)
        if upstream is None or opened is None:
            return None
        client = Client(module, upstream, {})
        try:
            client.tree |= _connection(opened, module, node.name)
            client.tree |= _constants(constants)
            errors = _errors(node)
        except (UnreadError, UnknownValueError) as error:
            at = error.node if isinstance(error, UnreadError) else node
            self.notes.add(module.place(at), f"the client {node.name} is not as it was generated")
            return None
        if errors:
            client.tree["errors"] = errors
        for method in node.body:
            if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef):
                self._method(method, client)
        client.settings = {
            one.attr
            for one in ast.walk(module.tree)
            if isinstance(one, ast.Attribute) and name(one.value) in ("settings", "_settings")
        }
        return client

    def _method(self, method: Function, client: Client) -> None:
        if method.name in _ASKED:
            return
        client.methods[method.name] = method
        try:
            call, encoding = _call(method, client.module)
        except UnreadError as error:
            what = f"{error.what} of {method.name}: a call cannot say it"
            self.notes.add(client.module.place(error.node), what)
            return
        client.calls[method.name] = call
        if encoding == "form":
            client.tree["encoding"] = encoding


def _opened(module: Module) -> ast.Call | None:
    """`open_http_client(app, "provider", str(settings.payment_api_url), …)`."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and name(node.func) == "open_http_client":
            return node
    return None


def _connection(opened: ast.Call, module: Module, class_name: str) -> Tree:
    match opened.args:
        case [_, _, ast.Call(func=ast.Name(id="str"), args=[ast.Attribute(attr=base_url)])]:
            found: Tree = {"base_url": base_url}
        case _:
            raise UnreadError(opened)
    auth: Tree | None = None
    for key, given in keywords(opened).items():
        if auth is not None:
            raise UnreadError(given)
        auth = _auth(key, given)
    if auth is not None:
        found["auth"] = auth
    return found | _timeout(module, class_name)


def _auth(key: str, given: ast.expr) -> Tree:
    match key, given:
        case "headers", ast.Dict(values=[ast.JoinedStr(values=[word, secret])]) if text(
            word
        ) == "Bearer " and isinstance(secret, ast.FormattedValue):
            return {"bearer": _secret(secret.value)}
        case "headers", ast.Dict(keys=[ast.Constant(value=str(header))], values=[secret]):
            return {"header": header, "value": _secret(secret)}
        case "query", ast.Dict(keys=[ast.Constant(value=str(parameter))], values=[secret]):
            return {"query": parameter, "value": _secret(secret)}
        case "auth", ast.Call(args=[user, password]) if name(given.func) == "BasicAuth":
            return {"basic": [_secret(user), _secret(password)]}
    raise UnreadError(given)


def _secret(node: ast.expr) -> str:
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Attribute(attr=found), attr="get_secret_value")):
            return found
        case ast.Attribute(value=ast.Name(id="settings"), attr=found):
            return found
    raise UnreadError(node)


def _timeout(module: Module, class_name: str) -> Tree:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and name(node.func) == class_name:
            match keywords(node).get("timeout"):
                case ast.Constant(value=int() | float() as seconds):
                    return {"timeout": f"{seconds:g}s"}
                case ast.Call(
                    func=ast.Attribute(value=ast.Attribute(attr=found), attr="total_seconds")
                ):
                    return {"timeout": found}
            raise UnreadError(node)
    return {}


def _constants(constants: dict[str, ast.expr]) -> Tree:
    found: Tree = {}
    for key, given in constants.items():
        match key, value(given):
            case "name", _:
                pass
            case "attempts", int(attempts):
                found["retries"] = attempts - 1
            case "idempotency_header", str(header):
                found["idempotency_header"] = header
            case "error_message", list(parts):
                found["error_message"] = ".".join(str(part) for part in parts)
            case _:
                raise UnreadError(given)
    return found


def _errors(node: ast.ClassDef) -> Tree:
    """`refusal`, `timed_out` and `broken` → what the statuses raise."""
    methods = {one.name: one for one in node.body if isinstance(one, ast.FunctionDef)}
    found: Tree = {}
    other: Tree | None = None
    match _plain_body(methods.get("refusal"), node):
        case [ast.Return(value=returned)] if returned is not None:
            other = _raised(returned)
        case [ast.Match(cases=cases)]:
            for case in cases:
                match case:
                    case ast.match_case(
                        pattern=ast.MatchValue(value=ast.Constant(value=int(status))),
                        guard=None,
                        body=[ast.Return(value=returned)],
                    ) if returned is not None:
                        found[status] = _raised(returned)
                    case ast.match_case(
                        pattern=ast.MatchAs(pattern=None),
                        guard=None,
                        body=[ast.Return(value=returned)],
                    ) if returned is not None:
                        other = _raised(returned)
                    case _:
                        raise UnreadError(node)
        case _:
            raise UnreadError(node)
    late, broken = (_answered(methods.get(one), node) for one in ("timed_out", "broken"))
    if broken != _without_answer(other):
        raise UnreadError(methods["broken"])
    if late is not None and late != broken:
        found["timeout"] = late
    if other is not None:
        found["other"] = other
    return found


def _answered(method: ast.FunctionDef | None, node: ast.ClassDef) -> Tree | None:
    match _plain_body(method, node):
        case [ast.Return(value=returned)] if returned is not None:
            return _raised(returned) or None
    raise UnreadError(node)


def _without_answer(mapping: Tree | None) -> Tree | None:
    """An error as it is where there is no message of the upstream."""
    if mapping is None or "message" not in mapping:
        return mapping
    return mapping | {"message": str(mapping["message"]).replace("{upstream_message}", _NO_ANSWER)}


def _raised(node: ast.expr) -> Tree | None:
    match node:
        case ast.Call(func=ast.Name(id=error), args=[], keywords=[]):
            return None if error == _DEFAULT else {"raise": error}
        case ast.Call(func=ast.Name(id=error), args=[message], keywords=[]):
            return {"raise": error, "message": template(message, _upstream_message)}
    raise UnreadError(node)


def _upstream_message(node: ast.expr) -> str:
    match node:
        case ast.Name(id="message"):
            return "upstream_message"
    raise UnreadError(node)


def _plain_body(method: Function | None, within: ast.AST) -> list[ast.stmt]:
    """Without its docstring."""
    if method is None:
        raise UnreadError(within)
    first = method.body[0]
    is_docstring = isinstance(first, ast.Expr) and text(first.value) is not None
    return method.body[1:] if is_docstring else method.body


# --- calls ---------------------------------------------------------------------------------------


def _call(method: Function, module: Module) -> tuple[Tree, str]:
    """The call, and the encoding of what it sends."""
    match _plain_body(method, method):
        case [ast.Return(value=ast.Await(value=ast.Call(func=ast.Attribute(attr="call")) as made))]:
            pass
        case body:
            raise UnreadError(body[0] if body else method)
    if len(made.args) != 3:  # noqa: PLR2004 - method, path, reader
        raise UnreadError(made)
    verb, path, reader = made.args
    call: Tree = {"method": text(verb) or "GET", "path": in_path(path)}
    encoding = ""
    for key, given in keywords(made).items():
        match key:
            case "query":
                call["send" if call["method"] in _BODILESS else "send_query"] = _mapped(given)
            case "headers":
                call["send_headers"] = _mapped(given)
            case "json" | "form":
                call["send"], encoding = _mapped(given), key
            case "idempotency_key":
                pass
            case _:
                raise UnreadError(given)
    return call | _answer(_reader(name(reader), module, made)), encoding


def _mapped(node: ast.expr) -> Tree:
    return dict(dotted(node, sent))


def _reader(called: str, module: Module, at: ast.AST) -> ast.expr | None:
    for node in module.tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == called:
            match _plain_body(node, node):
                case [ast.Return(value=returned)]:
                    return returned
                case [ast.AnnAssign(target=ast.Name(id="answer")), ast.Return(value=returned)]:
                    return returned
                case [
                    ast.Expr(value=ast.Call(func=ast.Attribute(attr="json"))),
                    ast.Return(value=returned),
                ]:  # of which nothing is told, but that it can be read
                    return returned
            raise UnreadError(node)
    raise UnreadError(at)


def _answer(returned: ast.expr | None) -> Tree:
    match returned:
        case None | ast.Attribute(value=ast.Name(id="response"), attr="text" | "content"):
            return {}
        case ast.ListComp(
            elt=item,
            generators=[
                ast.comprehension(iter=ast.Call(func=ast.Name(id="items"), args=[_, *keys]))
            ],
        ):
            where: Tree = {}
            if keys:
                where["items"] = ".".join(text(key) or "" for key in keys)
            return where | {"receive": _filled(item)}
        case ast.expr():
            return {"receive": _filled(returned)}
    return {}


def _filled(node: ast.expr) -> Tree:
    """`Model.model_validate(present({…}))`."""
    match node:
        case ast.Call(
            func=ast.Attribute(attr="model_validate"),
            args=[ast.Call(func=ast.Name(id="present"), args=[display])],
        ):
            return dict(dotted(display, received))
    raise UnreadError(node)
