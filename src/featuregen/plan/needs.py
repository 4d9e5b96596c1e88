"""The parts a project has only when a feature needs them, and the packages each part brings."""

from __future__ import annotations

NEEDS: dict[str, str] = {
    "auth": "an operation knows its caller: app/core/auth.py",
    "rate_limit": "an operation has a rate_limit: app/core/ratelimit.py",
    "upstream": "an upstream is called: app/core/upstream.py, tests/fakes/",
    "form": "an upstream wants form fields: the encoder in app/core/upstream.py",
    "upstream_list": "an upstream answers with a list: `items` in app/core/upstream.py",
    "upstream_failed": "an upstream maps no `other`: UpstreamFailedError in app/core/upstream.py",
    "from_unix": "an upstream's Unix time is read: app/core/answers.py",
    "choose": "an upstream's word is mapped to one of ours: app/core/answers.py",
    "to_lower": "an upstream's text is lowered: app/core/answers.py",
    "to_upper": "an upstream's text is raised: app/core/answers.py",
    "to_text": "an upstream's value is read as text: app/core/answers.py",
    "currency": "an amount is sent in minor units: app/core/currency.py",
    "decimal": "a field is a decimal: app/core/decimals.py",
    "strings": "a field is free text from outside: app/core/strings.py",
    "normalised": "a text is stripped or has its case changed: app/core/strings.py",
    "hooks": "an operation is the user's own function",
    "shadowing": "a parameter is called like a function of Python's",
    "email": "a field is an e-mail address",
    "sensitive": "a field must show in no repr and no log: app/core/sensitive.py",
    "date": "a field is a date: app/core/moments.py",
    "datetime": "a field is a datetime: app/core/moments.py",
    "time": "a field is a time of the day: app/core/moments.py",
    "duration": "a field is a duration: app/core/moments.py",
    "setting_duration": "a setting is a duration: app/core/durations.py",
    "url": "a field is a web address: app/core/urls.py",
    "bytes": "a field is bytes: app/core/binary.py",
    "json": "a field is any JSON: app/core/json_values.py",
    "int": "a field of a model is a whole number: app/core/numbers.py",
    "int_enum": "a field is one of a few whole numbers: app/core/numbers.py",
    "unique": "a list repeats no item: app/core/lists.py",
    "patch": "an update may leave fields out: NotNull in app/core/patches.py",
    "storage": "a feature stores something: app/db/, migrations/, alembic.ini",
    "paging": "a list is read page by page: app/core/pagination.py",
    "filters": "a list is filtered: `matching` in app/db/queries.py",
    "search": "a list is searched: `contains` in app/db/queries.py",
    "conflict": "something answers 409: ConflictError in app/core/errors.py",
    "etag": "a row's version is compared: app/core/preconditions.py",
    "if_match": "an update demands If-Match: PreconditionRequiredError in app/core/errors.py",
    "stored_decimal": "a column is a decimal: ExactDecimal in app/db/base.py",
    "stored_json": "a column holds JSON: JsonValue in app/db/base.py",
    "stored_duration": "a column is a duration: DurationValue in app/db/base.py",
    "idempotency": "an operation takes an Idempotency-Key: app/core/idempotency.py",
    "webhooks": "signed events are received: app/core/webhooks.py, app/replay.py",
    "webhook_stripe": "a webhook is signed by Stripe's scheme: app/core/signatures.py",
    "webhook_standard": "a webhook is signed by Standard Webhooks' scheme: app/core/signatures.py",
    "webhook_hmac": "a webhook is signed by a plain HMAC: app/core/signatures.py",
    "cache": "an answer is cached: app/core/cache.py",
    "location": "an answer tells where what was made is found: app/core/locations.py",
    "jobs": "an operation or an event is worked off later: app/core/jobs.py",
    "event_jobs": "a worker calls an event's function: app/core/webhooks.py",
    "metrics": "something is stored or called: app/core/telemetry.py, ops/",
    "pending": "rows wait for an outcome that others tell of: app/db/pending.py",
}

BASE_DEPENDENCIES: tuple[str, ...] = (
    "fastapi>=0.165,<0.170",
    "uvicorn[standard]>=0.54",
    "pydantic>=2.14,<3",
    "pydantic-settings>=2.16,<3",
    "structlog>=26.1",
)

DEPENDENCIES: dict[str, tuple[str, ...]] = {
    "auth": ("pyjwt[crypto]>=2.15,<3",),
    "rate_limit": ("limits>=5.8,<6",),
    "upstream": ("httpx2>=2.16,<3", "stamina>=26.1"),
    "email": ("email-validator>=2.4",),
    "storage": (
        "sqlalchemy[asyncio]>=2.1,<2.2",
        "aiosqlite>=0.22",
        "asyncpg>=0.32",
        "alembic>=1.20,<2",
    ),
    "cache": ("cashews[redis]>=7.6",),
    "jobs": ("taskiq>=0.13", "taskiq-redis>=1.2"),
    "metrics": ("opentelemetry-sdk>=1.45,<2", "opentelemetry-exporter-prometheus>=0.66b2"),
}

DEV_DEPENDENCIES: tuple[str, ...] = (
    "bandit>=1.9",
    "httpx2>=2.16,<3",
    "mypy>=2.4",
    "pyright>=1.1.414",
    "pytest>=9.2",
    "pytest-cov>=7.1",
    "pytest-randomly>=5.1",
    "pytest-xdist>=3.8",
    "ruff==0.17.6",
    "schemathesis>=4.32",
)


def dependencies(needs: tuple[str, ...]) -> tuple[str, ...]:
    """Run-time requirements of a project with these needs, sorted as pyproject holds them."""
    wanted = set(BASE_DEPENDENCIES)
    for need in needs:
        wanted.update(DEPENDENCIES.get(need, ()))
    return tuple(sorted(wanted))
