"""The spec as frozen, typed data: what `load_spec` hands to `plan`.

Every value here has been checked: names are identifiers, references resolve, bounds agree. Plain
dataclasses, not pydantic: importing pydantic alone costs more CPU than `featuregen check` may.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal, TypeAlias

from featuregen.errors import Diagnostic, Position

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
Bound: TypeAlias = int | float | Decimal | str
"""A number; ISO 8601 text for dates, times and datetimes; seconds for durations."""

Path: TypeAlias = tuple[str | int, ...]
"""Where a value stands in the document: `("models", "PaymentRequest", "fields", "amount")`."""

Scalar = Literal[
    "string", "int", "float", "decimal", "bool", "date", "datetime", "time", "duration", "uuid",
    "email", "url", "json", "bytes", "id", "secret",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class TypeRef:
    """`list[Item]` is `TypeRef("list", of=TypeRef("model", model="Item"))`."""

    kind: str  # a Scalar, or "enum", "list", "map", "model"
    of: TypeRef | None = None
    model: str | None = None


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a model, a setting, a parameter or a header."""

    name: str
    type: TypeRef
    values: tuple[str | int, ...] = ()  # of an enum
    required: bool = True
    has_default: bool = False
    default: Json = None
    has_example: bool = False
    example: Json = None
    description: str | None = None
    gt: Bound | None = None
    ge: Bound | None = None
    lt: Bound | None = None
    le: Bound | None = None
    multiple_of: Bound | None = None
    decimal_places: int | None = None
    max_digits: int | None = None
    round: Literal["half_even", "half_up", "down"] | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    unique: bool = False
    strip: bool = False
    lower: bool = False
    upper: bool = False
    sensitive: Literal["full", "last4"] | None = None
    wire: str | None = None

    @property
    def wire_name(self) -> str:
        """The name in JSON."""
        return self.wire or self.name

    @property
    def optional(self) -> bool:
        """May be left out by the client: not required, or it has a default."""
        return not self.required or self.has_default

    @property
    def nullable(self) -> bool:
        """`null` is a value of it: not required and no default of its own."""
        return not self.required and (not self.has_default or self.default is None)


@dataclass(frozen=True, slots=True)
class Rule:
    """A cross-field rule: `check` is an expression over field names (see `spec.expressions`)."""

    check: str
    message: str


@dataclass(frozen=True, slots=True)
class Model:
    """A request, response or value model."""

    name: str
    fields: tuple[Field, ...]
    summary: str | None = None
    description: str | None = None
    rules: tuple[Rule, ...] = ()
    example: dict[str, Json] | None = None
    ignore_extra: bool = False


@dataclass(frozen=True, slots=True)
class ErrorType:
    """A domain error, and how it looks on the wire."""

    name: str
    status: int
    title: str
    code: str
    retry_after: float | None = None  # seconds
    description: str | None = None


@dataclass(frozen=True, slots=True)
class Auth:
    """How an upstream is told who we are. `settings` are those that hold the credentials."""

    kind: Literal["none", "bearer", "basic", "header", "query"]
    settings: tuple[str, ...] = ()
    name: str | None = None  # of the header or query parameter


@dataclass(frozen=True, slots=True)
class ErrorMapping:
    """What one status of an upstream means to us."""

    error: str
    message: str | None = None
    """May hold `{upstream_message}`; any other brace is literal text."""


@dataclass(frozen=True, slots=True)
class Upstream:
    """An external HTTP API, and what its faults mean to us."""

    name: str
    base_url: str  # a setting
    auth: Auth
    encoding: Literal["json", "form"] = "json"
    timeout_setting: str | None = None
    timeout_seconds: float = 30.0  # where no setting is named
    retries: int = 0
    idempotency_header: str | None = None
    error_message: tuple[str, ...] = ()  # path to the upstream's error text
    errors: dict[int, ErrorMapping] = field(default_factory=dict)
    on_timeout: ErrorMapping | None = None
    other: ErrorMapping | None = None


@dataclass(frozen=True, slots=True)
class Pipe:
    """`minor_units(currency)` has `args`; `map(a=b, *=c)` has a `table`."""

    name: Literal[
        "minor_units", "from_minor_units", "from_unix", "map", "lower", "upper", "str", "isoformat"
    ]
    args: tuple[str, ...] = ()
    table: tuple[tuple[str, str], ...] = ()  # of `map`; "*" is the rest


@dataclass(frozen=True, slots=True)
class Source:
    """The right side of a mapping: where a value comes from, then its pipes."""

    kind: Literal["request", "path", "query", "header", "user", "settings", "literal", "upstream"]
    path: tuple[str, ...] = ()  # `("user", "id")` is kind "user", path ("id",)
    literal: str | None = None
    pipes: tuple[Pipe, ...] = ()


@dataclass(frozen=True, slots=True)
class Mapping:
    """One line of `send` or `receive`: where a value goes, and where it comes from."""

    target: tuple[str, ...]  # dotted path on the left
    source: Source


@dataclass(frozen=True, slots=True)
class Call:
    """A request to an upstream: what is sent, and how its answer is read."""

    upstream: str
    method: str
    path: str  # holds {param} and {settings.name}
    send: tuple[Mapping, ...] = ()
    send_query: tuple[Mapping, ...] = ()
    send_headers: tuple[Mapping, ...] = ()
    receive: tuple[Mapping, ...] = ()
    items: tuple[str, ...] = ()  # where the list stands in the answer; () is the answer itself


@dataclass(frozen=True, slots=True)
class RateLimit:
    """`10/minute`: `amount` requests in `seconds`; `text` as limits parses it."""

    text: str
    amount: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Response:
    """`none`, `text`, `html`, `bytes`, or a model, alone or in a list."""

    kind: Literal["model", "list", "none", "text", "html", "bytes"]
    model: str | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """An endpoint: its contract, and the one thing that it does."""

    name: str
    method: str
    path: str  # below base_path; "/" is the collection itself
    response: Response
    status: int
    summary: str | None = None
    description: str | None = None
    request: str | None = None  # a model
    query: tuple[Field, ...] = ()
    path_params: tuple[Field, ...] = ()  # every parameter of base_path + path, in that order
    headers: tuple[Field, ...] = ()
    auth: Literal["required", "optional", "none"] = "required"
    permission: str | None = None
    rate_limits: tuple[RateLimit, ...] = ()
    deprecated: bool = False
    errors: tuple[str, ...] = ()
    call: Call | None = None
    hook: str | None = None
    before: str | None = None
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One request of an example, the example's own or one of its `given`."""

    do: str
    body: dict[str, Json] | None = None
    path: dict[str, Json] = field(default_factory=dict)
    query: dict[str, Json] = field(default_factory=dict)
    headers: dict[str, Json] = field(default_factory=dict)
    as_: str = "user"  # `user`, `anonymous`, or the name of another user
    permissions: tuple[str, ...] | None = None  # None: all that the feature knows
    upstream_status: int | None = None
    upstream_body: Json = None
    save: tuple[tuple[str, tuple[str, ...]], ...] = ()  # name ← path into the response


@dataclass(frozen=True, slots=True)
class Example:
    """Behaviour given as request → response; it becomes a test."""

    name: str
    step: Step
    given: tuple[Step, ...]
    status: int | None
    body: Json = None  # matched partially; None: not looked at
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Requirements:
    """What the ticket said, in free text."""

    users: tuple[str, ...] = ()
    performance: tuple[str, ...] = ()
    compliance: tuple[str, ...] = ()
    acceptance: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Waiver:
    """A clarifying question, answered with "no, because"."""

    question: str
    at: str
    because: str


@dataclass(frozen=True, slots=True)
class SpecSource:
    """The document as written, and where in it everything stands."""

    file: str  # as diagnostics name it
    text: str
    keys: dict[Path, Position]
    values: dict[Path, Position]

    def at(self, *path: str | int) -> Position:
        """Position of the nearest part of `path` that is written out."""
        for end in range(len(path), 0, -1):
            found = self.keys.get(path[:end]) or self.values.get(path[:end])
            if found is not None:
                return found
        return Position(1, 1)


@dataclass(frozen=True, slots=True)
class FeatureSpec:
    """One feature as its author wrote it, checked."""

    feature: str
    title: str
    summary: str | None
    plural: str
    base_path: str
    requirements: Requirements
    waivers: tuple[Waiver, ...]
    models: dict[str, Model]
    errors: dict[str, ErrorType]
    settings: dict[str, Field]
    upstreams: dict[str, Upstream]
    operations: dict[str, Operation]
    examples: tuple[Example, ...]
    validation_status: int
    source: SpecSource
    warnings: tuple[Diagnostic, ...] = ()  # remarkable, not wrong: unused definitions
