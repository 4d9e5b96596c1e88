"""What generated modules of a storing feature import besides; ruff takes out what is not used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from featuregen.plan.names import pascal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from featuregen.spec.model import FeatureSpec


def tables(spec: FeatureSpec) -> Iterator[str]:
    """The classes of the rows."""
    for name in spec.entities:
        yield f"from app.tables.{spec.feature} import {name}"


def service_imports(spec: FeatureSpec) -> tuple[str, ...]:
    if not spec.entities:
        return _attempt(spec)
    return (
        "from sqlalchemy import ColumnElement, and_, case, delete, exists, func, not_, or_, select",
        "from sqlalchemy import UnaryExpression, true, update",
        "from collections.abc import Sequence",
        "from sqlalchemy.ext.asyncio import AsyncSession",
        "from app.core.errors import AppError, ConflictError, NotFoundError",
        "from app.core.errors import PreconditionFailedError",
        *(f"from app.core.errors import {name}" for name in spec.errors),
        "from app.core.preconditions import Versioned",
        "from app.db.base import utcnow",
        "from app.db.queries import changed, commit, contains, flush, page",
        *_attempt(spec),
        *tables(spec),
    )


def hook_imports(spec: FeatureSpec) -> tuple[str, ...]:
    session = ("from sqlalchemy.ext.asyncio import AsyncSession",) if spec.entities else ()
    return (*session, *_attempt(spec))


def router_imports(spec: FeatureSpec) -> tuple[str, ...]:
    keyed = any(operation.idempotent for operation in spec.operations.values())
    return (
        *(("from app.db.session import SessionDep",) if spec.entities else ()),
        *(("from app.core.preconditions import IfMatch, RequiredIfMatch, etag_of",)),
        *(
            (
                "from app.core.idempotency import Idempotency, idempotency",
                f"from app.tables.{spec.feature} import {pascal(spec.feature)}IdempotencyKey",
            )
            if keyed
            else ()
        ),
    )


def _attempt(spec: FeatureSpec) -> tuple[str, ...]:
    if any(operation.idempotent for operation in spec.operations.values()):
        return ("from app.core.idempotency import Attempt",)
    return ()
