"""`list`: what it filters, searches and sorts by, out of the parameters that these become."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from featuregen.importing.python_values import name

if TYPE_CHECKING:
    from collections.abc import Collection

    from featuregen.importing.code_services import Function
    from featuregen.importing.imported import Tree
    from featuregen.spec.yaml_text import Plain

_MADE = frozenset({"sort", "limit", "cursor", "q"})


def listing(method: Function, query: Tree, columns: Collection[str]) -> Tree:
    """The keys of a list; `columns` are those of its rows."""
    found: Tree = {}
    filters = dict.fromkeys(_filtered(str(key), columns) for key in query if key not in _MADE)
    if filters:
        found["filter"] = [*filters]
    searched: list[Plain] = [
        one.args[0].attr
        for one in ast.walk(method)
        if isinstance(one, ast.Call) and name(one.func) == "contains"
        and isinstance(one.args[0], ast.Attribute)
    ]  # fmt: skip
    if searched:
        found["search"] = searched
    sort = query.get("sort")
    if isinstance(sort, dict) and isinstance(sort.get("values"), list):
        found["sort"] = sort["values"]
    return found


def item_of(method: Function) -> str | None:
    """The model that each row is told as."""
    for node in ast.walk(method):
        if isinstance(node, ast.ListComp) and isinstance(node.elt, ast.Call):
            return name(getattr(node.elt.func, "value", None))
    return None


def _filtered(parameter: str, columns: Collection[str]) -> str:
    """`created_at_from` is about `created_at`."""
    bare = parameter.removesuffix("_from").removesuffix("_to")
    return parameter if parameter in columns or bare not in columns else bare
