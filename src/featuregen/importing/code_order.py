"""The order of the operations in the spec, which a router may have to change.

A router asks for `/named` before `/{id}`; clients, jobs and the orders of lists stand as they were.
"""

from __future__ import annotations

import ast
from itertools import pairwise
from typing import TYPE_CHECKING

from featuregen.importing.python_values import name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from featuregen.importing.code_clients import Client
    from featuregen.importing.code_services import Service
    from featuregen.importing.imported import Tree
    from featuregen.importing.sources import Sources

_ORDERS = "_ORDERS"
_OF_ROWS = ("Create", "Update", "Page")


def in_order(
    operations: Tree, service: Service, clients: Iterable[Client], sources: Sources
) -> Tree:
    """The operations of a router in an order that all of the code allows."""
    known = [str(one) for one in operations]
    before: dict[str, set[str]] = {one: set() for one in known}
    for sequence in (*_sequences(service, sources), *(client.methods for client in clients)):
        there = [one for one in sequence if one in before]
        for earlier, later in pairwise(there):
            before[later].add(earlier)
    done: dict[str, None] = {}
    while left := [one for one in known if one not in done]:
        free = (one for one in left if before[one] <= done.keys())
        done[next(free, left[0])] = None  # the first, where a person's order has no beginning
    return {one: operations[one] for one in done}


def _sequences(service: Service, sources: Sources) -> Iterator[list[str]]:
    assigned = [
        one.target.id.removesuffix(_ORDERS).lower()
        for one in service.module.tree.body
        if isinstance(one, ast.AnnAssign)
        and isinstance(one.target, ast.Name)
        and one.target.id.endswith(_ORDERS)
    ]
    yield assigned
    yield [*_in_the_order_of_models(service, sources)]
    jobs = sources.module(f"app/api/endpoints/{service.feature}_jobs.py")
    if jobs is not None:
        yield [name(one.targets[0]) for one in jobs.tree.body if isinstance(one, ast.Assign)]


def _in_the_order_of_models(service: Service, sources: Sources) -> Iterator[str]:
    """Operations with a model of their own that is made of a row: it stands where it is needed."""
    models = sources.module(f"app/models/{service.feature}.py")
    tables = sources.module(f"app/tables/{service.feature}.py")
    if models is None or tables is None:
        return
    rows = [one.name for one in tables.tree.body if isinstance(one, ast.ClassDef)]
    made = {f"{row}{end}" for row in rows for end in _OF_ROWS}
    users: dict[str, list[str]] = {}
    methods = (one for one in service.node.body if isinstance(one, ast.AsyncFunctionDef))
    for method in methods:
        for node in (method.returns, *(one.annotation for one in method.args.args)):
            users.setdefault(name(node), []).append(method.name)
    for one in models.tree.body:
        if isinstance(one, ast.ClassDef) and one.name in made and len(users.get(one.name, ())) == 1:
            yield users[one.name][0]
