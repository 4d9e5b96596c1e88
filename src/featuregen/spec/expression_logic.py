"""`and`, `or`, `not`: what they say of absent fields, and how a reader would write them."""

from __future__ import annotations

from featuregen.spec.expression_nodes import (
    Absent,
    Choice,
    Compare,
    Constant,
    Join,
    Kind,
    Node,
    Not,
    same,
)

_BOOL = Kind("bool")


def known_present(node: Node, *, when: bool) -> frozenset[str]:
    """Return the optional fields that are there once `node` turned out to be `when`."""
    match node:
        case Absent(field=field, absent=absent):
            return frozenset({field.name} if absent is not when else ())
        case Not(part=part):
            return known_present(part, when=not when)
        case Join(word=word, parts=parts) if (word == "and") is when:
            return frozenset().union(*(known_present(part, when=when) for part in parts))
        case _:
            return frozenset()


def merged(parts: list[Node], word: str) -> list[Node]:
    """Write `a == 1 or a == 2` as `a in (1, 2)`, the way a reader would."""
    sign, box_sign = ("==", "in") if word == "or" else ("!=", "not in")
    kept: list[Node] = []
    for part in parts:
        known = _choices(kept[-1], sign, box_sign) if kept else None
        new = _choices(part, sign, box_sign)
        if known is None or new is None or not same(known[0], new[0]):
            kept.append(part)
            continue
        fresh = tuple(item for item in new[1] if not any(same(item, other) for other in known[1]))
        items = (*known[1], *fresh)
        box = Choice(Kind("list", of=known[0].kind), items[0].offset, items)
        rest = ((box_sign, box),) if len(items) > 1 else ((sign, items[0]),)
        kept[-1] = Compare(_BOOL, kept[-1].offset, known[0], rest)
    return kept


def _choices(node: Node, sign: str, box_sign: str) -> tuple[Node, tuple[Constant, ...]] | None:
    match node:
        case Compare(first=first, rest=((found, Constant() as item),)) if found == sign:
            return first, (item,)
        case Compare(first=first, rest=((found, Choice(items=items)),)) if found == box_sign:
            return first, items
        case _:
            return None


def negated(node: Node, at: int) -> Node:
    match node:
        case Not(part=part):
            return part
        case Absent(field=field, absent=absent):
            return Absent(_BOOL, at, field, not absent)
        case Compare(first=first, rest=(("in" | "==" as sign, right),)):
            return Compare(_BOOL, at, first, (({"in": "not in", "==": "!="}[sign], right),))
        case Compare(first=first, rest=(("not in" | "!=" as sign, right),)):
            return Compare(_BOOL, at, first, (({"not in": "in", "!=": "=="}[sign], right),))
        case _:
            return Not(_BOOL, at, node)
