"""The tests of rows: whose they are, what a request may write into them, what stays as it was.

The seeded rows of `scene_makers` are there; each operation has its own, in the state that it wants.
The caller is their owner; whoever else asks holds the permission of the operation, and no other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from featuregen.plan.conflict_texts import DETAIL, in_use_text
from featuregen.plan.names import snake, words
from featuregen.plan.python_values import VALUE_IMPORTS
from featuregen.plan.quote import docstring, py_literal, py_text
from featuregen.plan.samples import sample_model
from featuregen.plan.scene_found import found_scene
from featuregen.plan.scene_guards import doubled
from featuregen.plan.scene_others import others_scene
from featuregen.plan.scene_requests import request_plan
from featuregen.plan.scene_rows import row_of, rows
from featuregen.plan.scene_updated import (
    referring_rows,
    transition_scene,
    updated_scene,
    version_scene,
)
from featuregen.plan.scene_written import written_scene

if TYPE_CHECKING:
    from featuregen.plan.scene_found import FoundScene
    from featuregen.plan.scene_others import OthersScene
    from featuregen.plan.scene_requests import RequestPlan
    from featuregen.plan.scene_updated import (
        Referring,
        TransitionScene,
        UpdatedScene,
        VersionScene,
    )
    from featuregen.plan.scene_written import WrittenScene
    from featuregen.spec.model import FeatureSpec, Operation


class StoredTest(NamedTuple):
    """What is tested of one operation; a part that does not apply is None or empty."""

    name: str
    verb: str
    request: RequestPlan
    unversioned: RequestPlan  # says of no row which version it has read
    constant: str | None
    body: str | None
    status: int
    auth: bool
    validation_status: int
    table: str
    id_name: str
    id: str | None  # the constant of the row's id
    owner: str | None  # the column that holds whose a new row is
    upstream: str | None
    creates: bool
    deletes: bool
    found: FoundScene | None
    written: WrittenScene | None
    updated: UpdatedScene | None
    version: VersionScene | None
    referring: tuple[Referring, ...]
    in_use: str  # what is told where one of them keeps the row
    transition: TransitionScene | None
    others: OthersScene | None


class StoredTests(NamedTuple):
    """`tests/test_<feature>_stored.py`."""

    docstring: str
    imports: tuple[str, ...]
    seeds: bool
    doubled: tuple[str, ...]  # functions of the user's, in whose place the tests put their own
    operations: tuple[StoredTest, ...]


def plan_stored_tests(spec: FeatureSpec) -> StoredTests | None:
    """The tests of a feature's rows; None where it keeps none."""
    operations = [each for each in spec.operations.values() if is_tested(each)]
    if not operations:
        return None
    seeds = tuple(row.constant for row in rows(spec))
    made = (*seeds, *(["add_rows"] if seeds else []), "add", "stored")
    makers = (f"make_{snake(name)}" for name in spec.entities)
    feature = spec.feature
    return StoredTests(
        docstring=docstring(
            f"Rows of the {words(feature)} feature: whose they are, what changes, what stays",
            indent=0,
        ),
        imports=(
            "import asyncio",
            "from collections.abc import Callable",
            *VALUE_IMPORTS,
            "from typing import Any",
            "import httpx2",
            "import pytest",
            "from sqlalchemy import update",
            "from app.db.base import Base",
            "from app.db.session import Database",
            f"from app.services import {feature}_hooks",
            *(f"from app.tables.{feature} import {name}" for name in spec.entities),
            "from tests.conftest import TokenFactory",
            "from tests.fakes.upstream import FakeUpstream",
            *(f"from tests.{feature}_rows import {name}" for name in (*made, *makers)),
        ),
        seeds=bool(seeds),
        doubled=doubled(operations),
        operations=tuple(_test(each, spec) for each in operations),
    )


def is_tested(operation: Operation) -> bool:
    """Whether it answers at once about a row: what a job makes of rows, its own tests say."""
    return operation.entity is not None and not operation.is_async


def _test(operation: Operation, spec: FeatureSpec) -> StoredTest:
    row, model = row_of(operation, spec), spec.models.get(operation.request or "")
    changed = operation.entity or ""
    entity = spec.entities[changed]
    constant = operation.name.upper() if model else None
    owned = operation.action == "create" and operation.auth != "none" and entity.owner
    return StoredTest(
        name=operation.name,
        verb=operation.method.lower(),
        request=request_plan(operation, spec, body=constant),
        unversioned=request_plan(operation, spec, body=constant, version=False),
        constant=constant,
        body=py_literal(sample_model(model, spec)) if model else None,
        status=operation.status,
        auth=operation.auth != "none",
        validation_status=spec.validation_status,
        table=changed,
        id_name=entity.id.name,
        id=row.constant if row is not None else None,
        owner=owned.name if owned else None,
        upstream=operation.call.upstream if operation.call else None,
        creates=operation.action == "create",
        deletes=operation.action == "delete",
        found=found_scene(operation, spec),
        written=written_scene(operation, spec),
        updated=updated_scene(operation, spec),
        version=version_scene(operation, spec),
        referring=tuple(referring_rows(operation, spec)),
        in_use=py_text(in_use_text(entity), DETAIL),
        transition=transition_scene(operation, spec),
        others=others_scene(operation, spec),
    )
