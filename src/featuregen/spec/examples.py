"""Nodes → examples: steps and what is expected of the last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from featuregen.spec.model import Example, Json, Step

if TYPE_CHECKING:
    from featuregen.spec.document import Node


def read_examples(node: Node | None) -> tuple[Example, ...]:
    """Every example that could be read."""
    if node is None or node.kind != "list":
        return ()
    return tuple(_example(item) for item in node.items if item.kind == "map")


def _example(node: Node) -> Example:
    given, expect = node.get("given"), node.get("expect")
    status = expect.get("status") if expect else None
    body = expect.get("body") if expect else None
    return Example(
        node.str_of("name") or "",
        read_step(node),
        given=tuple(
            read_step(item) for item in (given.items if given else ()) if item.kind == "map"
        ),
        status=status.value if status is not None and isinstance(status.value, int) else None,
        body=body.json() if body is not None else None,
        headers={
            key: str(value)
            for key, value in _values(expect.get("headers") if expect else None).items()
        },
    )


def read_step(node: Node) -> Step:
    """One request."""
    body, upstream, permissions, save = (
        node.get(key) for key in ("with", "upstream", "permissions", "save")
    )
    status = upstream.get("status") if upstream else None
    answer = upstream.get("body") if upstream else None
    return Step(
        node.str_of("do") or "",
        body=_values(body) if body is not None else None,
        path=_values(node.get("path")),
        query=_values(node.get("query")),
        headers=_values(node.get("headers")),
        as_=node.str_of("as") or "user",
        permissions=permissions.strings() if permissions is not None else None,
        upstream_status=status.value
        if status is not None and isinstance(status.value, int)
        else None,
        upstream_body=answer.json() if answer is not None else None,
        save=tuple(
            (key.text, tuple(value.text.split(".")))
            for key, value in (save.entries if save else ())
        ),
    )


def _values(node: Node | None) -> dict[str, Json]:
    if node is None or node.kind != "map":
        return {}
    return {key.text: value.json() for key, value in node.entries}
