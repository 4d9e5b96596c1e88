"""Names that generated code, Python, pydantic or a file system have taken already."""

from __future__ import annotations

PYDANTIC = frozenset(
    "construct copy dict from_orm json model_computed_fields model_config model_construct model_copy "
    "model_extra model_fields model_fields_set model_json_schema model_parametrized_name model_post_init "
    "model_rebuild parse_file parse_obj parse_raw schema schema_json update_forward_refs validate".split()
)
PYDANTIC_PREFIXES = ("model_dump", "model_validate")

# The core fields of every project's Settings, and what BaseSettings has of its own.
SETTINGS = frozenset(
    "environment log_level max_body_bytes database_url jwt_secret jwt_algorithm jwt_issuer jwt_audience "
    "rate_limit_enabled rate_limit_storage_uri settings_cached settings_clear_cache "
    "settings_customise_sources".split()
)

# What the generated modules import or define beside a feature's own classes.
CLASSES = frozenset(
    "APIRouter Answer Annotated Any AppError AsyncGenerator Awaitable AwareDatetime BaseModel BaseSettings "
    "Body Call Callable ClassVar ConfigDict ContentTooLargeError CurrentUser Decimal DecimalRule Depends "
    "EmailStr FakeUpstream FastAPI Field FieldProblem Final ForbiddenError HTMLResponse HTTPException Header "
    "HttpUrl JSONResponse Json Literal Mapping Model NotFoundError NotImplementedYetError OptionalUser Path "
    "PlainTextResponse PositiveFloat Problem PydanticCustomError Query RateLimitedError Request "
    "RequestValidationError Response Route SecretStr Self Sequence Settings SettingsDep TokenFactory "
    "Transports TypedDict UTC UUID UnauthorizedError UpstreamClient UpstreamFailedError User "
    "ValidationError".split()
)

FUNCTIONS = frozenset(
    "attempts basic broken call error_message from_minor_units get_current_user get_optional_user "
    "get_resource idempotency_header items lifespan minor_units name open_http_client pick present problems "
    "provide rate_limit rate_limit_by_address refusal require_permission router segment set_resource "
    "timed_out".split()
)

# Names of arguments and locals of the generated functions.
PARAMETERS = frozenset(
    "app client data date datetime decimal minor_units present segment self service settings time timedelta "
    "user bool bytes dict float int list str tuple".split()
)

FEATURES = frozenset(
    "api app asgi auth config conftest core curl currency decimals dev errors fakes health logging main "
    "middleware openapi ratelimit redaction resources sensitive strings test tests upstream validation".split()
)

UPSTREAMS = frozenset("app self settings upstream".split())

WINDOWS = frozenset(
    ["con", "prn", "aux", "nul", *(f"com{n}" for n in range(10)), *(f"lpt{n}" for n in range(10))]
)
