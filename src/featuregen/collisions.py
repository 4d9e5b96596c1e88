"""What a new feature must not share with the features that the project has."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import TYPE_CHECKING

from featuregen.errors import Diagnostic, SpecError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from featuregen.plan.contribution import Contribution
    from featuregen.plan.schema import Table
    from featuregen.spec.model import FeatureSpec


def check_collisions(spec: FeatureSpec, mine: Contribution, others: Iterable[Contribution]) -> None:
    """Raise `SpecError` at the spec's lines where another feature has the same name or route."""
    found = tuple(diagnostic for other in others for diagnostic in _with_one(spec, mine, other))
    if found:
        ordered = sorted(found, key=lambda item: (item.position.line, item.position.column))
        raise SpecError(tuple(ordered), spec.source.text)


def _with_one(spec: FeatureSpec, mine: Contribution, other: Contribution) -> Iterator[Diagnostic]:
    theirs = {item.name: item for item in other.errors}
    for error in mine.errors:
        if error.name in theirs:
            yield _taken(spec, ("errors", error.name), f"the error {error.name}", other)
    names = {item.name for item in other.settings}
    for setting in mine.settings:
        if setting.name in names:
            yield _taken(spec, ("settings", setting.name), f"the setting {setting.name}", other)
    fakes = {item.upstream for item in other.fakes}
    for fake in mine.fakes:
        if fake.upstream in fakes:
            yield _taken(spec, ("upstreams", fake.upstream), f"the upstream {fake.upstream}", other)
    if {item.module for item in mine.routers} & {item.module for item in other.routers}:
        yield _taken(spec, ("plural",), f"the router {spec.plural}", other)
    taken = set(other.routes)
    for route, name in zip_longest(mine.routes, spec.operations):
        if route in taken:  # that of the jobs, the last, is no operation's
            path = ("operations", name) if name else ("operations",)
            yield _taken(spec, path, f"the route {route}", other)
    yield from _in_database(spec, mine, other)


def _in_database(
    spec: FeatureSpec, mine: Contribution, other: Contribution
) -> Iterator[Diagnostic]:
    taken = {name for table in other.tables for name in _database_names(table)}
    for table in mine.tables:
        path = ("entities", table.subject) if table.kind == "entity" else ("feature",)
        clash = next((name for name in _database_names(table) if name in taken), None)
        if clash is not None:
            yield _taken(spec, path, f"the name {clash} in the database", other)


def _database_names(table: Table) -> Iterator[str]:
    """What no two tables of a database share: their names, and those of their indexes."""
    yield table.name
    yield from (key.name for key in (*table.unique, *table.indexes))


def _taken(
    spec: FeatureSpec, path: tuple[str | int, ...], what: str, other: Contribution
) -> Diagnostic:
    return Diagnostic(
        code="FG501" if path[0] == "operations" else "FG405",
        message=f"{what} belongs to the feature {other.feature!r} of this project",
        file=spec.source.file,
        position=spec.source.at(*path),
        hint="give it another name",
        path=".".join(str(part) for part in path),
    )
