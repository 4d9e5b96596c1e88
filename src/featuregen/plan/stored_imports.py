"""What generated modules of a storing feature import besides; ruff takes out what is not used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from featuregen.plan.attempts import is_attempted
from featuregen.plan.cached import IMPORT
from featuregen.plan.kept import kept
from featuregen.plan.names import pascal
from featuregen.plan.signatures import stores

if TYPE_CHECKING:
    from collections.abc import Iterator

    from featuregen.spec.model import FeatureSpec


def tables(spec: FeatureSpec) -> Iterator[str]:
    """The classes of the rows."""
    for name in spec.entities:
        yield f"from app.tables.{spec.feature} import {name}"


def service_imports(spec: FeatureSpec) -> tuple[str, ...]:
    if not stores(spec):
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
        "from app.core.webhooks import Event, Outcome",
        "from app.db.base import utcnow",
        "from app.db.queries import change, changed, commit, contains, flush",
        "from app.db.queries import matching, page",
        *_attempt(spec),
        *tables(spec),
    )


def hook_imports(spec: FeatureSpec) -> tuple[str, ...]:
    session = ("from sqlalchemy.ext.asyncio import AsyncSession",) if stores(spec) else ()
    event = ("from app.core.webhooks import Event",) if spec.webhooks else ()
    return (*session, *event, *_attempt(spec))


def router_imports(spec: FeatureSpec) -> tuple[str, ...]:
    keyed = any(operation.idempotent for operation in spec.operations.values())
    return (
        *((IMPORT,) if any(kept(each) for each in spec.operations.values()) else ()),
        *(("from app.db.session import SessionDep",) if stores(spec) else ()),
        "from app.core.locations import located",
        "from urllib.parse import quote",
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
    if any(is_attempted(operation) for operation in spec.operations.values()):
        return ("from app.core.attempts import Attempt",)
    return ()
