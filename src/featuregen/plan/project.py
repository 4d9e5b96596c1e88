"""The project as its templates see it: its needs are those of all its features together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from featuregen.plan.contribution import Contribution
from featuregen.plan.needs import DEV_DEPENDENCIES, NEEDS, dependencies
from featuregen.plan.quote import py_string, toml_string


@dataclass(frozen=True, slots=True)
class ProjectPlan:
    """The context of `templates/project`."""

    name: str  # "payment-api"
    title: str  # Markdown
    title_literal: str  # Python literal
    needs: dict[str, bool]
    dependencies: tuple[str, ...]
    dev_dependencies: tuple[str, ...]
    house: str | None = None  # TOML: where a team's own templates are


def plan_project(
    name: str, contributions: Iterable[Contribution], house: str | None = None
) -> ProjectPlan:
    """The needs of a project are the union of what its features need."""
    wanted = tuple(sorted({need for item in contributions for need in item.needs}))
    title = " ".join(
        part.upper() if part == "api" else part.capitalize() for part in name.split("-")
    )
    return ProjectPlan(
        name=name,
        title=title,
        title_literal=py_string(title),
        needs={need: need in wanted for need in NEEDS},
        dependencies=dependencies(wanted),
        dev_dependencies=DEV_DEPENDENCIES,
        house=toml_string(house) if house else None,
    )
