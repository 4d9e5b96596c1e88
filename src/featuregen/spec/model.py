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
class Generated:
    """What sets a field that the client does not: `value` is there where `kind` is "literal"."""

    kind: Literal["id", "now", "on_update", "owner", "literal"]
    value: Json = None


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a model, an entity, a setting, a parameter or a header."""

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
    immutable: bool = False  # from here on: of an entity's fields only
    internal: bool = False
    was: str | None = None
    generated: Generated | None = None
    references: str | None = None  # an entity
    on_delete: Literal["cascade", "restrict", "set_null"] = "restrict"
    prefix: str | None = None  # of an id
    patch: bool = False
    """Of a derived update model: may be left out, and is not null even so (unless `nullable`)."""

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
    derived: Literal["create", "update", "read", "page"] | None = None
    """Made from an entity, not written in the spec: a page holds `items` and `next_cursor`."""
    entity: str | None = None  # what it is derived from


@dataclass(frozen=True, slots=True)
class Entity:
    """A stored model; `fields` are complete: `id` and, where callers own rows, `owner_id` too."""

    name: str
    table: str
    fields: tuple[Field, ...]
    summary: str | None = None
    description: str | None = None
    indexes: tuple[tuple[str, ...], ...] = ()
    unique: tuple[tuple[str, ...], ...] = ()
    scope: Literal["owner", "public", "permission"] = "owner"
    scope_permission: str | None = None  # who holds it sees the rows of all owners

    def field(self, name: str) -> Field:
        """The field of that name; `KeyError` where there is none."""
        for known in self.fields:
            if known.name == name:
                return known
        raise KeyError(name)

    @property
    def id(self) -> Field:
        """The primary key."""
        return next(one for one in self.fields if one.generated == Generated("id"))

    @property
    def owner(self) -> Field | None:
        """The field that holds who owns the row."""
        owned = (one for one in self.fields if one.generated == Generated("owner"))
        return next(owned, None)


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

    kind: Literal[
        "request", "path", "query", "header", "user", "settings", "literal", "upstream",
        "entity", "parent",
    ]  # fmt: skip
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
    refused: tuple[tuple[str, Json], ...] = ()  # what a definite refusal writes into the row
    when: str | None = None  # an expression over the row's fields: only then is the call made


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
class Cache:
    """How long an answer is kept, and what it depends on besides path and query."""

    ttl: float  # seconds
    vary: tuple[str, ...] = ()  # "user", or names of headers
    private: bool = False
    """Each caller has its own: said by `vary: [user]`, and true of every row that has an owner."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What a `list` operation offers."""

    filters: tuple[str, ...] = ()
    search: tuple[str, ...] = ()
    sort: tuple[str, ...] = ()  # "-created_at"; the first is the default, never empty

    @property
    def parameters(self) -> frozenset[str]:
        """The names of all that its query may hold."""
        filters = (parameter for name in self.filters for parameter in compared(name))
        return frozenset((*filters, "q", "sort", "limit", "cursor"))


def compared(name: str) -> dict[str, str]:
    """The parameters that a filter may have, and how each compares: ordered fields have a range."""
    return {name: "==", f"{name}_from": ">=", f"{name}_to": "<="}


@dataclass(frozen=True, slots=True)
class Transition:
    """A change of an enum field that is atomic, and refused (409) from any other state."""

    entity: str
    field: str  # the enum, `status` by default
    from_: tuple[str | int, ...]
    to: str | int
    by: tuple[str, ...] = ()  # of a webhook: where the event carries the row's id
    set: tuple[tuple[str, tuple[str, ...]], ...] = ()  # of a webhook: field ← path in the event


@dataclass(frozen=True, slots=True)
class Reserve:
    """A bounded counter: `field + by <= up_to`, in one atomic UPDATE; over the bound is 409."""

    entity: str
    field: str
    by: str  # a field of the request, or of the new row where it stands with `create`
    up_to: str  # a field of the row, or a number
    via: str | None = None  # the reference of the new row to the bounded one
    when: str | None = None  # an expression over the bounded row
    full: tuple[tuple[str, Json], ...] = ()


@dataclass(frozen=True, slots=True)
class Event:
    """What is done about one type of event: a transition, or a function of the user's."""

    type: str
    transition: Transition | None = None
    hook: str | None = None
    is_async: bool = False


@dataclass(frozen=True, slots=True)
class Webhook:
    """Signed events received from others."""

    name: str
    path: str  # absolute
    secret: str  # a setting
    scheme: Literal["stripe", "standard", "hmac"]
    algorithm: Literal["sha1", "sha256", "sha512"] = "sha256"  # of plain HMAC
    header: str = ""  # that holds the signature, lower case: set for every scheme
    tolerance: float = 300.0  # seconds
    id: tuple[str, ...] = ("id",)
    type: tuple[str, ...] = ("type",)
    events: tuple[Event, ...] = ()
    summary: str | None = None


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
    action: Literal[
        "call", "hook", "create", "get", "update", "delete", "list", "transition", "reserve"
    ] = "call"
    entity: str | None = None
    """What a stored operation works on: the row that is made, read, changed, listed."""
    parent: str | None = None  # the entity of `{id}` in the path, for a `create` or `list` below it
    parent_field: str | None = None  # the reference of `entity` to `parent`
    by: str = "id"  # get, update, delete, transition, reserve: the field that the path names
    row_param: str | None = None
    """The path parameter that names the row (or the parent's)."""
    if_match: Literal["optional", "required"] = "optional"  # of an update or delete
    listing: Listing | None = None
    transition: Transition | None = None
    reserve: Reserve | None = None
    idempotent: bool = False
    cache: Cache | None = None
    is_async: bool = False
    from_crud: bool = False

    @property
    def stored(self) -> bool:
        """Whether it reads or writes rows by itself."""
        return self.entity is not None


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
    entities: dict[str, Entity] = field(default_factory=dict)
    webhooks: dict[str, Webhook] = field(default_factory=dict)
    allow: tuple[str, ...] = ()
    warnings: tuple[Diagnostic, ...] = ()  # remarkable, not wrong: unused definitions
