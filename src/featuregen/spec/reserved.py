"""Names that generated code, Python, pydantic or a file system have taken already."""

from __future__ import annotations

PYDANTIC = frozenset(
    [
        "construct",
        "copy",
        "dict",
        "from_orm",
        "json",
        "model_computed_fields",
        "model_config",
        "model_construct",
        "model_copy",
        "model_extra",
        "model_fields",
        "model_fields_set",
        "model_json_schema",
        "model_parametrized_name",
        "model_post_init",
        "model_rebuild",
        "parse_file",
        "parse_obj",
        "parse_raw",
        "schema",
        "schema_json",
        "update_forward_refs",
        "validate",
    ]
)
PYDANTIC_PREFIXES = ("model_dump", "model_validate")

# What stands in the body of a model or of the settings, where a field of that name would hide it.
ATTRIBUTES = frozenset(["bool", "bytes", "float", "int", "list", "model_validator", "str"])

# The core fields of every project's Settings, and what BaseSettings has of its own.
SETTINGS = frozenset(
    [
        "cache_url",
        "database_url",
        "environment",
        "jobs_lease_seconds",
        "jobs_url",
        "log_level",
        "max_body_bytes",
        "metrics_enabled",
        "tracing_enabled",
        "jwt_secret",
        "jwt_algorithm",
        "jwt_issuer",
        "jwt_audience",
        "rate_limit_enabled",
        "rate_limit_storage_uri",
        "settings_cached",
        "settings_clear_cache",
        "settings_customise_sources",
    ]
)

# What the generated modules import or define beside a feature's own classes.
CLASSES = frozenset(
    [
        "Annotated",
        "Answer",
        "Any",
        "AnyJson",
        "APIRouter",
        "AppError",
        "AsyncGenerator",
        "Awaitable",
        "AwareDatetime",
        "Base64",
        "BaseModel",
        "BaseSettings",
        "BeforeValidator",
        "Body",
        "CachedAnswer",
        "Call",
        "Callable",
        "ClassVar",
        "ConfigDict",
        "ContentTooLargeError",
        "CurrentUser",
        "Decimal",
        "DecimalRule",
        "Depends",
        "EmailStr",
        "FakeUpstream",
        "FastAPI",
        "Field",
        "FieldProblem",
        "Final",
        "ForbiddenError",
        "Header",
        "HTMLResponse",
        "HTTPException",
        "HttpUrl",
        "IfMatch",
        "IsoDate",
        "IsoDatetime",
        "IsoDuration",
        "Json",
        "JsonInt",
        "JSONResponse",
        "Literal",
        "LocalTime",
        "Mapping",
        "Model",
        "NotFoundError",
        "NotImplementedYetError",
        "OptionalUser",
        "Path",
        "PlainTextResponse",
        "PositiveFloat",
        "Problem",
        "PydanticCustomError",
        "Query",
        "RateLimitedError",
        "Request",
        "RequestValidationError",
        "RequiredIfMatch",
        "Response",
        "ResponseValidationError",
        "Route",
        "SecretStr",
        "Self",
        "Sensitive",
        "SensitiveModel",
        "Sequence",
        "SettingDuration",
        "Settings",
        "SettingsDep",
        "StrictBool",
        "Telemetry",
        "Text",
        "TokenFactory",
        "Transports",
        "TypeAdapter",
        "TypedDict",
        "UnauthorizedError",
        "Unique",
        "UpstreamClient",
        "UpstreamFailedError",
        "User",
        "UTC",
        "UUID",
        "ValidationError",
        "WebUrl",
    ]
)

# What the service of a feature that stores imports besides.
STORED_CLASSES = frozenset(
    [
        "AppError",
        "AsyncSession",
        "Attempt",
        "ColumnElement",
        "ConflictError",
        "PreconditionFailedError",
        "UnaryExpression",
        "Versioned",
    ]
)
# What stands in one module with its models, or its errors.
OF_MODELS = frozenset(
    [
        "Idempotency",
        "IdempotencyInProgressError",
        "IdempotencyKeyReusedError",
        "NotNull",
        "Page",
        "PreconditionRequiredError",
        "SessionDep",
        "SignatureError",
    ]
)
# Errors that the project has as soon as one of its features stores rows or receives events.
ERRORS = frozenset(
    [
        "ConflictError",
        "EventFailedError",
        "IdempotencyInProgressError",
        "IdempotencyKeyReusedError",
        "PreconditionFailedError",
        "PreconditionRequiredError",
        "SignatureError",
    ]
)
# What the tests of rows import beside the entities.
OF_ROW_TESTS = frozenset(
    ["Base", "Database", "Delete", "Logs", "NamedTuple", "QueuePool", "Select", "Update"]
)
# What work that is done later brings.
OF_JOBS = frozenset(["Job", "JobId", "JobQueue", "JobQueueDep", "JobRead"])
OF_EVENTS = frozenset(["Event", "Outcome"])
# What SQLAlchemy's classes have anyway, and the version that `If-Match` names.
COLUMNS = frozenset(["metadata", "registry", "type_annotation_map", "version"])
TABLES = frozenset(["alembic_version"])
MACHINERY_TABLES = ("idempotency_keys", "webhook_events", "jobs")

FUNCTIONS = frozenset(
    [
        "accepted",
        "asynccontextmanager",
        "attempts",
        "basic",
        "broken",
        "cached_answer",
        "call",
        "date",
        "datetime",
        "error_message",
        "etag_of",
        "forgets",
        "from_minor_units",
        "get_current_user",
        "get_optional_user",
        "get_resource",
        "idempotency",
        "idempotency_header",
        "items",
        "lifespan",
        "located",
        "minor_units",
        "name",
        "open_http_client",
        "own_cached_answer",
        "pick",
        "present",
        "problems",
        "provide",
        "quote",
        "rate_limit",
        "rate_limit_by_address",
        "read_job",
        "refusal",
        "require_permission",
        "router",
        "segment",
        "set_resource",
        "time",
        "timed_out",
        "timedelta",
        "whole_number",
    ]
)
# What the module of hooks imports.
HOOKS = frozenset(["date", "datetime", "time", "timedelta"])

# Names of arguments and locals of the generated functions.
PARAMETERS = frozenset(
    [
        "app",
        "choose",
        "client",
        "data",
        "date",
        "datetime",
        "decimal",
        "minor_units",
        "present",
        "segment",
        "self",
        "service",
        "settings",
        "time",
        "timedelta",
        "to_lower",
        "to_text",
        "to_upper",
        "user",
        "bool",
        "bytes",
        "dict",
        "float",
        "int",
        "list",
        "str",
        "tuple",
    ]
)

FEATURES = frozenset(
    [
        "api",
        "app",
        "asgi",
        "auth",
        "config",
        "conftest",
        "core",
        "curl",
        "currency",
        "decimals",
        "dev",
        "errors",
        "fakes",
        "health",
        "logging",
        "main",
        "middleware",
        "openapi",
        "ratelimit",
        "redaction",
        "resources",
        "sensitive",
        "strings",
        "test",
        "tests",
        "upstream",
        "validation",
    ]
)

UPSTREAMS = frozenset(["app", "self", "settings", "upstream"])

WINDOWS = frozenset(
    ["con", "prn", "aux", "nul", *(f"com{n}" for n in range(10)), *(f"lpt{n}" for n in range(10))]
)
