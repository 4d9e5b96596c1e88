"""Random three-way merges of repetitive Python, for an oracle that knows what must come out.

A case is a model of a module, copied twice and edited by two scripts of edits. Every edit leaves a
marker (`ours_3_1x`) that occurs nowhere else; the script remembers which definition it belongs to.
Nothing here uses the merge engine: the texts are rendered from the models, and `merge_judge` reads
the result with `ast`.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

Side = Literal["ours", "theirs"]
MODULE, TYPING, TRIED = 0, -1, -2
"""Places of a marker that stands in no definition."""


@dataclass
class Statement:
    """`head(args)` in one line or exploded, or any text, where there are no arguments."""

    text: str
    args: tuple[str, ...] = ()

    def render(self, *, exploded: bool) -> list[str]:
        if not self.args:
            return self.text.split("\n")
        if not exploded:
            return [f"{self.text}({', '.join(self.args)})"]
        return [f"{self.text}(", *(f"    {arg}," for arg in self.args), ")"]


@dataclass
class Function:
    uid: int
    name: str
    params: list[str]
    body: list[Statement | Function]
    decorators: list[str] = field(default_factory=list)
    lead: list[str] = field(default_factory=list)
    exploded: bool = False
    stub: bool = False

    def render(self) -> list[str]:
        lines = [*self.lead, *(f"@{each}" for each in self.decorators)]
        lines += [f"async def {self.name}({', '.join(self.params)}):"]
        if self.stub:
            return [*lines, "    ..."]
        for item in self.body:
            if isinstance(item, Function):
                lines += ["", *(f"    {line}" for line in item.render())]
            else:
                lines += [f"    {line}" for line in item.render(exploded=self.exploded)]
        return lines


@dataclass
class Variable:
    uid: int
    name: str
    value: str
    lead: list[str] = field(default_factory=list)

    def render(self) -> list[str]:
        return [*self.lead, f"{self.name} = {self.value}"]


@dataclass
class Class:
    uid: int
    name: str
    bases: list[str]
    members: list[Function | Variable]
    lead: list[str] = field(default_factory=list)

    def render(self) -> list[str]:
        bases = f"({', '.join(self.bases)})" if self.bases else ""
        lines = [*self.lead, f"class {self.name}{bases}:", '    """Service."""']
        for member in self.members:
            gap = [""] if isinstance(member, Function) else []
            lines += [*gap, *(f"    {line}" for line in member.render())]
        return lines


Item = Function | Variable | Class


@dataclass
class Module:
    imports: dict[str, list[str]]
    typing_imports: dict[str, list[str]]
    tried: list[str]
    items: list[Item]

    def render(self) -> str:
        lines = ['"""A module."""', ""]
        lines += _import_lines(self.imports)
        lines += ["", "try:", f"    from fast import {', '.join(self.tried)}"]
        lines += ["except ImportError:", f"    from slow import {', '.join(self.tried)}", ""]
        lines += [
            "if TYPE_CHECKING:",
            *(f"    {line}" for line in _import_lines(self.typing_imports)),
        ]
        for item in self.items:
            lines += [*([] if isinstance(item, Variable) else ["", ""]), *item.render()]
        return "\n".join(lines) + "\n"


def _import_lines(imports: dict[str, list[str]]) -> list[str]:
    return [
        f"from {module} import {', '.join(sorted(names))}"
        for module, names in imports.items()
        if names
    ]


REPEATED = (
    Statement("row = await db.get", ("key",)),
    Statement("if row is None:\n    raise NotFoundError"),
    Statement("log.info", ('"done"', "key")),
    Statement("await db.commit", ("row", "key", "True")),
    Statement("for item in db.all():\n    log.info(item)\n    await db.commit(item)"),
    Statement("try:\n    row = load(key)\nexcept NotFoundError:\n    row = None"),
)


class Cases:
    """Makes modules; every definition gets a number that it keeps through renames and moves."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 - a seeded fuzz, no secret
        self.count = 0

    def uid(self) -> int:
        self.count += 1
        return self.count

    def module(self) -> Module:
        items: list[Item] = [Variable(self.uid(), f"LIMIT_{n}", str(n)) for n in range(3)]
        items += [self.function(f"step_{n}", []) for n in range(self.random.randint(2, 3))]
        items += [self.klass(f"Service{n}") for n in range(self.random.randint(1, 2))]
        return Module(
            {
                "typing": ["TYPE_CHECKING", "overload"],
                "app.db": ["db", "load"],
                "app.errors": ["ConflictError", "NotFoundError"],
                "app.log": ["log"],
            },
            {"app.models": ["Payment", "Refund"]},
            ["dumps", "loads"],
            items,
        )

    def klass(self, name: str) -> Class:
        members: list[Function | Variable] = [Variable(self.uid(), "retries", "3")]
        verbs = ["create", "get", "update", "delete"][: self.random.randint(3, 4)]
        members += [self.function(verb, ["self"]) for verb in verbs]
        if self.random.random() < 0.5:
            members += [
                self.function("load", ["self", "key: int"], decorators=["overload"], stub=True),
                self.function("load", ["self", "key: str"], decorators=["overload"], stub=True),
                self.function("load", ["self"]),
            ]
        if self.random.random() < 0.5:
            members += [
                self.function("state", ["self", "key=None"], decorators=["property"]),
                self.function("state", ["self"], decorators=["state.setter"]),
            ]
        return Class(self.uid(), name, [], members)

    def function(
        self,
        name: str,
        params: list[str],
        *,
        decorators: list[str] | None = None,
        stub: bool = False,
    ) -> Function:
        lead = ["# A step."] if self.random.random() < 0.2 else []
        if stub:
            return Function(self.uid(), name, params, [], decorators or [], lead, stub=True)
        size = self.random.randint(2, 5)
        body: list[Statement | Function] = [
            copy.copy(self.random.choice(REPEATED)) for _ in range(size)
        ]
        if self.random.random() < 0.15:
            inner: list[Statement | Function] = [
                copy.copy(self.random.choice(REPEATED)) for _ in "12"
            ]
            body.insert(1, Function(self.uid(), "inner", ["key"], inner))
        body.append(Statement("return row"))
        if not any("key" in each for each in params):
            params = [*params, "key"]
        return Function(self.uid(), name, params, body, decorators or [], lead)


@dataclass
class Place:
    """A definition with the list that holds it and the class it stands in."""

    item: Item
    holder: list[Item]
    owner: Class | None


def places(module: Module) -> Iterator[Place]:
    for item in module.items:
        yield Place(item, module.items, None)
        if isinstance(item, Class):
            holder: list[Item] = item.members  # type: ignore[assignment]
            for member in item.members:
                yield Place(member, holder, item)


@dataclass
class Script:
    """The edits of one side: what was marked, what was removed."""

    side: Side
    cases: Cases
    base: Module
    module: Module
    marked: dict[str, int] = field(default_factory=dict)
    """Marker → uid of the innermost definition it belongs to, or one of the module's places."""
    log: list[str] = field(default_factory=list)

    def before(self, item: Class) -> Class:
        """A class as it was in the base; itself, where it is new."""
        found = [each for each in self.base.items if each.uid == item.uid]
        return found[0] if found and isinstance(found[0], Class) else item

    def marker(self, uid: int) -> str:
        name = f"{self.side}_{len(self.log)}_{len(self.marked)}x"
        self.marked[name] = uid
        return name

    def run(self, edits: int) -> None:
        for _ in range(edits):
            edit = self.cases.random.choice(EDITS)
            self.log.append(edit.__name__)
            edit(self)

    def functions(self, *, plain: bool = False) -> list[Place]:
        found = [place for place in places(self.module) if isinstance(place.item, Function)]
        if plain:
            found = [p for p in found if isinstance(p.item, Function) and not _shares_name(p.item)]
        return found

    def a_function(self, *, plain: bool = False) -> tuple[Function, Place]:
        place = self.cases.random.choice(self.functions(plain=plain))
        assert isinstance(place.item, Function)
        return place.item, place


def _shares_name(function: Function) -> bool:
    return function.name in ("load", "state")


def _body_of(script: Script) -> Function:
    """A function with a body, now and then one that is nested in another."""
    bodies = [place.item for place in script.functions() if not getattr(place.item, "stub", False)]
    function = script.cases.random.choice(bodies)
    assert isinstance(function, Function)
    inner = [item for item in function.body if isinstance(item, Function)]
    if inner and script.cases.random.random() < 0.5:
        return inner[0]
    return function


def insert_statement(script: Script) -> None:
    function = _body_of(script)
    at = script.cases.random.randint(0, len(function.body) - 1)
    marker = script.marker(function.uid)
    text = script.cases.random.choice(
        [
            f"{marker} = 1",
            f"if key:\n    {marker} = 1\n    log.info(key)",
            f'raise ConflictError("{marker}", dumps)',
        ]
    )
    function.body.insert(at, Statement(text))
    names = script.module.imports["app.errors"]
    if "raise ConflictError" in text and "ConflictError" not in names:
        names.append("ConflictError")


def insert_comment(script: Script) -> None:
    function = _body_of(script)
    at = script.cases.random.randint(0, len(function.body) - 1)
    function.body.insert(at, Statement(f"# {script.marker(function.uid)}"))


def change_statement(script: Script) -> None:
    function = _body_of(script)
    at = script.cases.random.randrange(len(function.body))
    statement = function.body[at]
    if isinstance(statement, Function):
        return
    marker = script.marker(function.uid)
    function.body[at] = Statement(f"row = load(key, {marker}=1)")


def comment_statement(script: Script) -> None:
    function = _body_of(script)
    at = script.cases.random.randrange(len(function.body))
    statement = function.body[at]
    if isinstance(statement, Function) or statement.args:
        return
    marker = script.marker(function.uid)
    function.body[at] = Statement(f"{statement.text}  # {marker}")


def remove_statement(script: Script) -> None:
    function = _body_of(script)
    if len(function.body) > 2:
        del function.body[script.cases.random.randrange(len(function.body) - 1)]


def decorate(script: Script) -> None:
    function, _ = script.a_function()
    function.decorators.insert(0, f"log.{script.marker(function.uid)}")


def add_parameter(script: Script) -> None:
    function, _ = script.a_function()
    function.params.append(f"{script.marker(function.uid)}=None")


def lead_comment(script: Script) -> None:
    function, _ = script.a_function()
    function.lead.append(f"# {script.marker(function.uid)}")


def add_function(script: Script) -> None:
    model, place = script.a_function(plain=True)
    uid = script.cases.uid()
    like = [each for each in model.body if isinstance(each, Statement) and each in REPEATED]
    params = [each for each in model.params if "=" not in each]
    own = Statement(f"log.debug({uid})")  # else it could be an old function under a new name
    new = Function(uid, script.marker(uid), params, [*like, own, Statement("return row")])
    place.holder.insert(place.holder.index(model) + script.cases.random.randint(0, 1), new)


def nest_function(script: Script) -> None:
    function, _ = script.a_function(plain=True)
    uid = script.cases.uid()
    body: list[Statement | Function] = [copy.copy(REPEATED[0]), Statement("return row")]
    function.body.insert(1, Function(uid, script.marker(uid), ["key"], body))


def add_overload(script: Script) -> None:
    stubs = [place for place in script.functions() if getattr(place.item, "stub", False)]
    if stubs:
        place = script.cases.random.choice(stubs)
        uid = script.cases.uid()
        params = ["self", f"key: {script.marker(uid)}"]
        new = Function(uid, "load", params, [], ["overload"], stub=True)
        place.holder.insert(place.holder.index(place.item), new)


def remove_function(script: Script) -> None:
    function, place = script.a_function(plain=True)
    if len(place.holder) > 4:
        place.holder.remove(function)


def rename_function(script: Script) -> None:
    function, _ = script.a_function(plain=True)
    if script.side not in function.name:
        function.name = f"{function.name}_by_{script.side}"


def rename_class(script: Script) -> None:
    classes = [item for item in script.module.items if isinstance(item, Class)]
    chosen = script.cases.random.choice(classes)
    if script.side not in chosen.name:
        chosen.name = f"{chosen.name}_by_{script.side}"


def move_function(script: Script) -> None:
    function, place = script.a_function(plain=True)
    place.holder.remove(function)
    place.holder.insert(_somewhere(script, place), function)


def _somewhere(script: Script, place: Place) -> int:
    """A place that does not part a name's overloads."""
    spots = [0 if place.owner is None else 1, len(place.holder)]
    spots += [
        index
        for index, item in enumerate(place.holder)
        if index and isinstance(item, Function) and not _shares_name(item)
    ]
    return script.cases.random.choice(spots)


def reformat_function(script: Script) -> None:
    function, _ = script.a_function()
    function.exploded = not function.exploded


def move_to_other_class(script: Script) -> None:
    classes = [item for item in script.module.items if isinstance(item, Class)]
    function, place = script.a_function(plain=True)
    others = [each for each in classes if each is not place.owner]
    if place.owner is None or not others or script.cases.random.random() < 0.5:
        return
    target = script.cases.random.choice(others)
    # A method that takes over the name of one that is gone cannot be told from a changed one.
    known = {member.name for each in (target, script.before(target)) for member in each.members}
    if function.name not in known:
        place.holder.remove(function)
        target.members.append(function)


def add_import(script: Script) -> None:
    module = script.cases.random.choice([*script.module.imports, f"app.{script.side}"])
    script.module.imports.setdefault(module, []).append(script.marker(MODULE))


def add_typing_import(script: Script) -> None:
    script.module.typing_imports["app.models"].append(script.marker(TYPING))


def add_tried_import(script: Script) -> None:
    script.module.tried.append(script.marker(TRIED))


def drop_import(script: Script) -> None:
    if "raise ConflictError" not in script.module.render():
        names = script.module.imports["app.errors"]
        script.module.imports["app.errors"] = [name for name in names if name != "ConflictError"]


def change_variable(script: Script) -> None:
    variables = [p for p in places(script.module) if isinstance(p.item, Variable)]
    place = script.cases.random.choice(variables)
    assert isinstance(place.item, Variable)
    owner = place.owner.uid if place.owner else 0
    place.item.value = f'"{script.marker(owner)}"'


def add_variable(script: Script) -> None:
    place = script.cases.random.choice(list(places(script.module)))
    owner = place.owner.uid if place.owner else 0
    new = Variable(script.cases.uid(), script.marker(owner), "1")
    place.holder.insert(0, new)


def add_class(script: Script) -> None:
    new = script.cases.klass("")
    new.name = script.marker(new.uid)
    script.module.items.insert(_after_variables(script), new)


def _after_variables(script: Script) -> int:
    return script.cases.random.randint(3, len(script.module.items))


def add_base(script: Script) -> None:
    classes = [item for item in script.module.items if isinstance(item, Class)]
    chosen = script.cases.random.choice(classes)
    chosen.bases.append(f"{script.side.title()}Base")
    chosen.lead.append(f"# {script.marker(chosen.uid)}")


Edit = Callable[[Script], None]
EDITS: tuple[Edit, ...] = (
    *(insert_statement, insert_statement, insert_comment, change_statement, comment_statement),
    *(remove_statement, decorate, add_parameter, lead_comment, add_function, nest_function),
    *(add_overload, remove_function, rename_function, move_function, reformat_function),
    *(move_to_other_class, add_import, add_typing_import, add_tried_import, drop_import),
    *(change_variable, add_variable, add_class, add_base, rename_class),
)


@dataclass(frozen=True)
class Case:
    """One three-way merge with all that is known about it."""

    seed: int
    models: dict[str, Module]
    scripts: dict[str, Script]
    base: str
    ours: str
    theirs: str


def make_case(seed: int, *, most: int = 4) -> Case:
    """A case with up to `most` edits on each side."""
    cases = Cases(seed)
    base = cases.module()
    scripts: dict[str, Script] = {}
    for side in ("ours", "theirs"):
        script = Script(side, cases, base, copy.deepcopy(base))
        script.run(cases.random.randint(1, most))
        scripts[side] = script
    models = {"base": base, **{side: script.module for side, script in scripts.items()}}
    return Case(
        seed, models, scripts, *(models[each].render() for each in ("base", "ours", "theirs"))
    )
