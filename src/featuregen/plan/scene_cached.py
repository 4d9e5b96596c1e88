"""Kept answers: asked for once, told apart, given back as 304, ended by the feature's writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from featuregen.plan.kept import kept
from featuregen.plan.names import words
from featuregen.plan.quote import docstring, py_literal, py_string
from featuregen.plan.samples import sample_model
from featuregen.plan.scene_found import STRANGER
from featuregen.plan.scene_guards import doubled
from featuregen.plan.scene_requests import RequestPlan, request_plan, url
from featuregen.plan.scene_rows import are_few, row_of, rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from featuregen.spec.model import FeatureSpec, Operation


class Write(NamedTuple):
    """An operation that ends a kept answer."""

    name: str
    verb: str
    request: RequestPlan
    status: int | None  # None where it may fail, and ends the answer even so
    gone: bool  # what was answered is not there any more


class CachedTest(NamedTuple):
    """What is tested of one operation whose answers are kept."""

    name: str
    verb: str
    request: RequestPlan
    status: int
    auth: bool
    anonymous: bool  # answers who has no token, too
    upstream: str | None  # what is asked; None for the database
    private: bool
    scope: str  # of Cache-Control
    ttl: int
    vary: tuple[str, ...]  # headers
    others: str  # the arguments of `make_token` for another caller
    writes: tuple[Write, ...]

    @property
    def asked(self) -> tuple[str, ...]:
        """All operations that its tests ask for."""
        return (self.name, *(write.name for write in self.writes))


class CachedTests(NamedTuple):
    """`tests/test_<feature>_cached.py`."""

    docstring: str
    imports: tuple[str, ...]
    constants: tuple[tuple[str, str], ...]
    seeds: bool
    reads_rows: bool
    bears: bool
    doubled: tuple[str, ...]  # functions of the user's, in whose place the tests put their own
    operations: tuple[CachedTest, ...]


def plan_cached_tests(spec: FeatureSpec) -> CachedTests | None:
    """The tests of a feature's kept answers; None where it keeps none."""
    operations = [each for each in spec.operations.values() if _is_tested(each)]
    if not operations:
        return None
    tests = tuple(_test(each, spec) for each in operations)
    seeds = tuple(row.constant for row in rows(spec))
    feature = spec.feature
    return CachedTests(
        docstring=docstring(
            f"Answers of the {words(feature)} feature that are kept, and what ends them", indent=0
        ),
        imports=(
            "import asyncio",
            "import time",
            "from typing import Any",
            "import httpx2",
            "import pytest",
            "from sqlalchemy import event",
            f"from app.services import {feature}_hooks",
            *(["from app.db.session import Database"] if spec.entities else []),
            "from tests.conftest import TokenFactory",
            "from tests.fakes.upstream import FakeUpstream",
            *(f"from tests.{feature}_rows import {name}" for name in seeds),
            *([f"from tests.{feature}_rows import add_rows"] if seeds else []),
        ),
        constants=tuple(
            (each.name.upper(), py_literal(sample_model(spec.models[each.request], spec)))
            for each in spec.operations.values()
            if each.request
            and any(write.name == each.name for test in tests for write in test.writes)
        ),
        seeds=bool(seeds),
        reads_rows=any(test.upstream is None for test in tests),
        bears=any(test.auth for test in tests),
        doubled=doubled(spec.operations[name] for test in tests for name in test.asked),
        operations=tests,
    )


def _is_tested(operation: Operation) -> bool:
    """A hook answers what it likes, and what a call brings ends what is kept of its row."""
    refreshes = operation.action == "get" and operation.call is not None
    is_plain = not (operation.hook or operation.is_async or refreshes)
    return kept(operation) is not None and is_plain


def _test(operation: Operation, spec: FeatureSpec) -> CachedTest:
    cache = operation.cache
    assert cache is not None  # noqa: S101 - those without were left out
    own = cache.private
    held = ", ".join([py_string(operation.permission)] if operation.permission else [])
    return CachedTest(
        name=operation.name,
        verb=operation.method.lower(),
        request=request_plan(operation, spec, body=None),
        status=operation.status,
        auth=operation.auth != "none",
        anonymous=operation.auth == "optional",
        upstream=operation.call.upstream if operation.call and not operation.entity else None,
        private=own,
        scope="private" if own else "public",
        ttl=int(cache.ttl),
        vary=tuple(py_string(name) for name in cache.vary if name != "user"),
        others=f"{py_string(STRANGER)}, [{held}]",
        writes=tuple(_writes(operation, spec)),
    )


def _writes(operation: Operation, spec: FeatureSpec) -> Iterator[Write]:
    for other in spec.operations.values():
        if other.method == "GET" or other.is_async:
            continue
        constant = other.name.upper() if other.request else None
        plan = request_plan(other, spec, body=constant)
        if operation.entity is None:
            succeeds = other.hook is None and other.entity is None
            status = other.status if succeeds else None
            yield Write(other.name, other.method.lower(), plan, status, gone=False)
        elif other.entity == operation.entity and other.call is None and other.reserve is None:
            write = _write_of_rows(operation, other, plan, spec)
            if write is not None:
                yield write


def _write_of_rows(
    operation: Operation, other: Operation, plan: RequestPlan, spec: FeatureSpec
) -> Write | None:
    """A write that shows in the answer: of a row in the list, or of the very row."""
    row = row_of(operation, spec)
    if operation.action == "list":
        below = operation.parent is not None or other.parent is not None
        if below or other.action not in {"create", "delete"}:
            return None
        if are_few(spec.entities[other.entity or ""]):
            return None  # the row that is listed is all that there can be
        return Write(other.name, other.method.lower(), plan, other.status, gone=False)
    if row is None or other.by != operation.by or other.action not in {"update", "delete"}:
        return None
    if other.row_param is None or operation.by != "id":
        return None
    there = {other.row_param: row.id}
    plan = plan._replace(url=py_string(url(other, spec, there)))
    return Write(other.name, other.method.lower(), plan, other.status, other.action == "delete")
