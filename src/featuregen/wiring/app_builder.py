"""Where a file builds its FastAPI app: a factory, the top level, a helper that returns it."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from featuregen.wiring.imports import ImportTable
from featuregen.wiring.includes import Include
from featuregen.wiring.python_file import FUNCTIONS, Block, PythonFile, Scope
from featuregen.wiring.shared_file import NotEditableError


@dataclass(eq=False, slots=True)
class Builder:
    """A variable that holds the app, in one scope."""

    scope: Scope
    target: str  # "app", "application", "self.app"
    sites: list[ast.stmt] = field(default_factory=list)  # where it is assigned
    includes: list[Include] = field(default_factory=list)
    certain: bool = False  # it is known to be a FastAPI
    app: Builder | None = None  # the same app under another name: see `_root`


def find_builder(file: PythonFile, imports: ImportTable, includes: list[Include]) -> Builder:
    """The variable to call `include_router` on. Raises where there is none, or no single one."""
    return _Search(file, imports).choose(includes)


class _Search:
    def __init__(self, file: PythonFile, imports: ImportTable) -> None:
        self.file = file
        self.imports = imports
        self.builders: dict[tuple[Scope, str], Builder] = {}
        self.factories: dict[str, Builder | None] = {}
        self.routers = self._api_routers()
        functions = [node for node in file.blocks if isinstance(node, FUNCTIONS)]
        self._assignments(certain_only=True)
        for function in functions:
            self._parameters(function)
        for _ in range(3):  # a helper's helper's helper
            self._returns(functions)
            self._assignments(certain_only=False)
        self._passed_on(functions)

    def _is_fastapi(self, node: ast.expr | None) -> bool:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            try:
                node = ast.parse(node.value, mode="eval").body
            except SyntaxError:
                return False
        if isinstance(node, ast.BinOp):  # FastAPI | None
            return self._is_fastapi(node.left)
        if node is None:
            return False
        return any(
            origin.startswith("fastapi.") and origin.endswith(".FastAPI")
            for origin in self.imports.resolve(node)
        )

    def _api_routers(self) -> set[str]:
        """Variables that hold an APIRouter: what they include is not the app's own."""
        found = set()
        for node in self.file.blocks:
            match node:
                case (
                    ast.Assign(targets=[target], value=ast.Call(func=func))
                    | ast.AnnAssign(target=target, value=ast.Call(func=func))
                ) if ast.unparse(func).endswith("Router"):
                    found.add(ast.unparse(target))
        return found

    def _builder(self, scope: Scope, target: str) -> Builder:
        return self.builders.setdefault((scope, target), Builder(scope, target))

    def _assignments(self, *, certain_only: bool) -> None:
        for node, block in self.file.blocks.items():
            target, value, annotation = _assignment(node)
            if target is None:
                continue
            made = isinstance(value, ast.Call) and self._is_fastapi(value.func)
            if made or self._is_fastapi(annotation):
                self._site(node, block, target, value)
            elif not certain_only and (name := _called(value)) in self.factories:
                builder = self._site(node, block, target, value)
                _join(builder, self.factories[name])

    def _site(
        self, node: ast.stmt, block: Block, target: ast.expr, value: ast.expr | None
    ) -> Builder:
        builder = self._builder(block.scope, ast.unparse(target))
        builder.certain = True
        if value is not None and node not in builder.sites:
            builder.sites.append(node)
        if (name := _called(value)) in self.factories:
            _join(builder, self.factories[name])
        return builder

    def _parameters(self, function: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        arguments = function.args
        for each in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]:
            if self._is_fastapi(each.annotation):
                self._builder(function, each.arg).certain = True

    def _returns(self, functions: list[ast.FunctionDef | ast.AsyncFunctionDef]) -> None:
        """Functions that give the app, and the variable that holds it inside."""
        for function in functions:
            if self._is_fastapi(function.returns):
                self.factories.setdefault(function.name, None)
            for node, block in self.file.blocks.items():
                if isinstance(node, ast.Return) and node.value and block.scope is function:
                    builder = self.builders.get((function, ast.unparse(node.value)))
                    call = node.value
                    if builder:
                        self.factories[function.name] = builder
                    elif isinstance(call, ast.Call) and self._is_fastapi(call.func):
                        self.factories.setdefault(function.name, None)

    def _passed_on(self, functions: list[ast.FunctionDef | ast.AsyncFunctionDef]) -> None:
        """`register_routers(app)`: the parameter is the same app."""
        by_name = {function.name: function for function in functions}
        for node in ast.walk(self.file.tree):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            function = by_name.get(node.func.id)
            passed = {ast.unparse(each) for each in [*node.args, *(k.value for k in node.keywords)]}
            if function is None:
                continue
            for (scope, target), builder in list(self.builders.items()):
                if target in passed and scope is not function:
                    for (inner, _), parameter in list(self.builders.items()):
                        if inner is function and not parameter.sites:
                            _join(parameter, builder)

    def choose(self, includes: list[Include]) -> Builder:
        for include in includes:
            self._attach(include)
        builders = [each for each in self.builders.values() if each.sites or each.includes]
        if any(each.certain for each in builders):
            builders = [each for each in builders if each.certain or _root(each).certain]
        if not builders:
            raise NotEditableError("no FastAPI app is made here, such as app = FastAPI()")
        wired = [each for each in builders if any(i.router for i in each.includes)]
        apps = list(dict.fromkeys(_root(each) for each in wired or builders))
        if len(apps) > 1:
            where = ", ".join(f"{each.target} on line {_line(each)}" for each in apps)
            raise NotEditableError(f"there are several FastAPI apps ({where})")
        return max(builders, key=lambda each: _weight(each, apps[0]))

    def _attach(self, include: Include) -> None:
        """To the variable of the scope that the call stands in, or of one around it."""
        if include.receiver in self.routers:
            return
        block: Block | None = self.file.blocks[include.statement]
        scope = block.scope if block else self.file.tree
        outer = block
        while outer is not None:
            found = self.builders.get((outer.scope, include.receiver))
            if found is not None:
                here = self._builder(scope, include.receiver)
                if here is not found:
                    here.certain = found.certain
                    _join(here, found)
                here.includes.append(include)
                return
            outer = outer.parent
        self._builder(scope, include.receiver).includes.append(include)


def _assignment(node: ast.stmt) -> tuple[ast.expr | None, ast.expr | None, ast.expr | None]:
    match node:
        case ast.Assign(targets=[ast.Name() | ast.Attribute() as target], value=value):
            return target, value, None
        case ast.AnnAssign(target=ast.Name() | ast.Attribute() as target):
            return target, node.value, node.annotation
    return None, None, None


def _called(value: ast.expr | None) -> str:
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name):
        return value.func.id
    return ""


def _root(builder: Builder) -> Builder:
    while builder.app is not None:
        builder = builder.app
    return builder


def _join(builder: Builder, other: Builder | None) -> None:
    if other is not None and _root(builder) is not _root(other):
        _root(builder).app = _root(other)


def _line(builder: Builder) -> int:
    statements = [*builder.sites, *(include.statement for include in builder.includes)]
    return min(node.lineno for node in statements)


def _weight(builder: Builder, app: Builder) -> tuple[bool, int, int, int]:
    """The variable of `app` that registers most of our routers, else most, else the first."""
    wired = sum(include.router is not None for include in builder.includes)
    return _root(builder) is app, wired, len(builder.includes), -_line(builder)
