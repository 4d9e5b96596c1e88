"""The language's structure, once: which key may stand where and what it may hold.

The structure check and the JSON Schema are both made from this. What a pattern cannot say (that a name
exists, that bounds agree) is checked in `featuregen.spec.checks`.
"""
# ruff: noqa: E501 - tables read best with one key a line

from __future__ import annotations

from featuregen.spec.shapes import (
    Anything,
    Either,
    Flag,
    Key,
    Listing,
    Names,
    Number,
    Record,
    Text,
    Variants,
    Whole,
)

SCALARS = (
    "string", "int", "float", "decimal", "bool", "date", "datetime", "time", "duration", "uuid", "email",
    "url", "json", "bytes", "id", "secret",
)  # fmt: skip
DURATION = r"[0-9]+(\.[0-9]+)?(ms|s|m|h|d)"
RATE = r"[1-9][0-9]{0,6}( per |/)([1-9][0-9]{0,3} ?)?(second|minute|hour|day)s?"
SNAKE = "[a-z][a-z0-9_]{0,62}"
PASCAL = "[A-Z][A-Za-z0-9]{0,62}"

_LOSS = rf"^(drop {PASCAL}(\.{SNAKE})?|(narrow|require) {PASCAL}\.{SNAKE})$"
_PLACEHOLDER = r"\{[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?\}"
_SEGMENT = rf"([A-Za-z0-9._~:@+-]|{_PLACEHOLDER})+"
_TYPE = rf"^({'|'.join(SCALARS)}|enum|{PASCAL}|(list|map)\[.+\])$"

_snake = Text("a name in snake_case", f"^{SNAKE}$", code="FG107")
_pascal = Text("a name in PascalCase", f"^{PASCAL}$", code="FG107")
_a_field = Text("the name of a field in snake_case", f"^{SNAKE}$", code="FG107")
_a_model = Text("the name of a model", f"^{PASCAL}$", code="FG107")
_an_entity = Text("the name of an entity", f"^{PASCAL}$", code="FG107")
_an_error = Text("the name of an error", f"^{PASCAL}$", code="FG107")
_a_setting = Text("the name of a setting", f"^{SNAKE}$", code="FG107")
_header = Text("the name of a header", r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")
_anything_named = Text("text as a key", r"\S")

text = Text("text", r"\S")
line = Text("text of one line", r"^[^\n\r]*\S[^\n\r]*\n?$")
texts = Either("text or a list of text", (Listing(text, "a list of text"), text))
duration = Either(
    "a duration such as 30s, 500ms, 5m, 1h or 1d",
    (Text("a duration such as 30s, 500ms, 5m, 1h or 1d", f"^{DURATION}$"), Number("seconds", 0)),
)
own_path = Text(
    "a path such as /, /{id} or /{id}/refunds", rf"^(/|(/{_SEGMENT})+)$", code="FG506",
    hint="a path begins with / and does not end with one; parameters are {snake_case}",
)  # fmt: skip
upstream_path = Text(
    "a path of the upstream such as /payments/{id}", rf"^/(({_SEGMENT}|%[0-9A-F]{{2}}|[!$&'()*,;=])+/?)*$",
    code="FG506", hint="it begins with /; values of the query go into `send_query`",
)  # fmt: skip
_bound = Either(
    "a number, a date or a duration", (Number(), Text("a number, a date or a duration", r"\S"))
)
_length = Whole("a length from 0 to 1000000000", 0, 1_000_000_000)

_field_type = Text("a type", _TYPE, code="FG103", checked_later=True)
_field_keys = {
    "type": Key(_field_type, "What the value is: a scalar type, enum, list[T], map[T] or a model", required=True),
    "values": Key(Listing(Either("text or a whole number", (
        text, Whole("a whole number", -(2**53), 2**53))), "a list of values", 1), "The values of an enum"),
    "required": Key(Flag(), "False makes it optional: null, or the default, where it is absent"),
    "default": Key(Anything(), "The value where it is absent"),
    "example": Key(Anything(), "A value for the documentation and the tests"),
    "description": Key(text, "What the value means"),
    "gt": Key(_bound, "Greater than"),
    "ge": Key(_bound, "Greater than or equal to"),
    "lt": Key(_bound, "Less than"),
    "le": Key(_bound, "Less than or equal to"),
    "multiple_of": Key(Number(), "A multiple of this number"),
    "decimal_places": Key(Whole("a number of places from 0 to 30", 0, 30), "Most places after the point"),
    "max_digits": Key(Whole("a number of digits from 1 to 60", 1, 60), "Most digits in all"),
    "round": Key(Text("a way to round", choices=("half_even", "half_up", "down")),
                 "Quantise a value with more places instead of refusing it"),
    "min_length": Key(_length, "Shortest length of text or of a list"),
    "max_length": Key(_length, "Longest length of text or of a list"),
    "pattern": Key(Text("a regular expression", r"[\s\S]"), "A regular expression, anchored as written"),
    "unique": Key(Flag(), "No value of the list occurs twice"),
    "strip": Key(Flag(), "Remove white space at both ends before the checks"),
    "lower": Key(Flag(), "Turn into lower case before the checks"),
    "upper": Key(Flag(), "Turn into upper case before the checks"),
    "sensitive": Key(Either("true, false or last4", (Flag(), Text("true, false or last4", choices=("last4",)))),
                     "Never in a log, an error or a repr; last4 shows the last four characters"),
    "wire": Key(Text("a name in JSON", r"^[^\s\x00-\x1f]{1,100}$"), "Its name in JSON where that differs"),
}  # fmt: skip
_WRITTEN_OTHERWISE = {
    "maximum": "is written `le`", "max": "is written `le`", "minimum": "is written `ge`", "min": "is written `ge`",
    "exclusive_maximum": "is written `lt`", "exclusiveMaximum": "is written `lt`",
    "exclusive_minimum": "is written `gt`", "exclusiveMinimum": "is written `gt`",
    **dict.fromkeys(("max_items", "maxItems", "size"), "is written `max_length`"),
    **dict.fromkeys(("min_items", "minItems"), "is written `min_length`"),
    **dict.fromkeys(("options", "allowed", "one_of", "literal"), "is written `{type: enum, values: […]}`"),
    "enum": "is written `{type: enum, values: […]}`", "choices": "is written `{type: enum, values: […]}`",
    "regex": "is written `pattern`", "alias": "is written `wire`", "items": "is written `type: list[…]`",
    "nullable": "is written `required: false`", "optional": "is written `required: false`",
    "format": "is said by the type: date, datetime, uuid, email, url",
}  # fmt: skip
_OF_ENTITIES = {
    "immutable": Key(Flag(), "Set at creation, refused in an update"),
    "internal": Key(Flag(), "In no request and no response"),
    "was": Key(_a_field, "Its former name: the column is renamed, not dropped"),
    "generated": Key(Either("id, now, on_update, owner or a first value", (
        Text("id, now, on_update, owner or a first value"), Number(), Flag())), "What sets it, since the client does not"),
    "references": Key(_an_entity, "The entity whose row it names"),
    "on_delete": Key(Text("cascade, restrict or set_null", choices=("cascade", "restrict", "set_null")),
                     "What happens to the row when the one that it names is deleted"),
    "prefix": Key(Text("a prefix such as pay_", r"^[a-z][a-z0-9_]{0,19}$"), "What each id begins with"),
}  # fmt: skip
field_record = Record(
    "a field",
    _field_keys,
    dict.fromkeys(_OF_ENTITIES, "belongs in a field of an entity") | _WRITTEN_OTHERWISE,
)
column_record = Record("a field of an entity", {
    **_field_keys,
    "type": Key(_field_type, "What the value is; left out, it follows from `generated` or `references`"),
    **_OF_ENTITIES,
}, _WRITTEN_OTHERWISE | {
    **dict.fromkeys(("primary_key", "pk"), "is said by `generated: id`"),
    **dict.fromkeys(("foreign_key", "fk", "ref"), "is written `references`"),
    **dict.fromkeys(("ondelete", "onDelete"), "is written `on_delete`"),
    **dict.fromkeys(("auto_now_add", "auto_now"), "is written `generated: now` or `on_update`"),
    "index": "is written `indexes` of the entity",
})  # fmt: skip
field = Either("a type, or a mapping with one", (
    Text("a type", _TYPE, code="FG103", checked_later=True), field_record))  # fmt: skip
fields = Names(_a_field, field, "a mapping of names to fields", 1)

_rule = Record("a rule", {
    "check": Key(text, "An expression over the fields that must be true", required=True),
    "message": Key(text, "What the client is told where it is not", required=True),
})  # fmt: skip
model = Record("a model", {
    "summary": Key(line, "What it is, in one line"),
    "description": Key(text, "What it is, at length"),
    "fields": Key(fields, "Its fields by name", required=True),
    "rules": Key(Listing(_rule, "a list of rules"), "Rules over several fields"),
    "example": Key(Names(_anything_named, Anything(), "a mapping of fields to values"), "A whole example"),
    "extra": Key(Text("forbid or ignore", choices=("forbid", "ignore")), "What happens to keys it does not know"),
})  # fmt: skip
error = Record("an error", {
    "status": Key(Whole("an HTTP status from 400 to 599", 400, 599), "HTTP status of the answer", required=True),
    "title": Key(line, "Short text for people, the same for every occurrence"),
    "code": Key(_snake, "Stable name for programs"),
    "retry_after": Key(duration, "When the client may try again"),
    "description": Key(text, "When it happens"),
}, short="status")  # fmt: skip

_mapped_error = Record("an error mapping", {
    "raise": Key(_an_error, "The error to raise", required=True),
    "message": Key(line, "Its detail; {upstream_message} stands for the upstream's own text"),
}, short="raise")  # fmt: skip
_auth = Either("none, or a mapping that names the credentials", (
    Text("none, or a mapping that names the credentials", choices=("none",)),
    Variants("how the upstream is told who we are", {
        "bearer": Record("bearer authentication", {
            "bearer": Key(_a_setting, "The setting with the token", required=True)}),
        "basic": Record("basic authentication", {
            "basic": Key(Listing(_a_setting, "[user setting, password setting]", 2),
                         "The settings with user and password", required=True)}),
        "header": Record("authentication by header", {
            "header": Key(_header, "Name of the header", required=True),
            "value": Key(_a_setting, "The setting with its value", required=True)}),
        "query": Record("authentication by query parameter", {
            "query": Key(Text("the name of a query parameter", r"^[^\s&=#]+$"), "Name of the parameter", required=True),
            "value": Key(_a_setting, "The setting with its value", required=True)}),
    }),
))  # fmt: skip
upstream = Record("an upstream", {
    "base_url": Key(_a_setting, "The setting with its address", required=True),
    "auth": Key(_auth, "How it is told who we are"),
    "encoding": Key(Text("json or form", choices=("json", "form")), "How bodies are sent"),
    "timeout": Key(Either("a setting or a duration such as 30s", (
        Text("a setting or a duration such as 30s", f"^({DURATION}|{SNAKE})$"), Number("seconds", 0.001))),
        "One deadline over all attempts"),
    "retries": Key(Whole("a number of retries from 0 to 10", 0, 10), "Further attempts where the call is safe to repeat"),
    "idempotency_header": Key(_header, "Header that makes a repeated POST safe"),
    "error_message": Key(Text("a path such as error.message", r"^[^\s.]+(\.[^\s.]+)*$"), "Where its error text stands"),
    "errors": Key(Names(
        Text("a status from 300 to 599, timeout or other", r"^([345][0-9][0-9]|timeout|other)$",
             hint="`other` covers every status that is not named"),
        _mapped_error, "a mapping of statuses to errors", numbers=True), "Which error each of its answers becomes"),
})  # fmt: skip

_target = Text("a dotted name", r"^[^\s.]+(\.[^\s.]+)*$")
_source = Text("a source such as amount, user.id or =literal", r"\S")
_mapping = Names(_target, _source, "a mapping of targets to sources")
_literals = Names(_a_field, Anything(), "a mapping of fields to values", 1)
call = Record("a call", {
    "upstream": Key(_snake, "Which upstream; may be left out when there is one"),
    "method": Key(Text("an HTTP method", choices=("GET", "POST", "PUT", "PATCH", "DELETE")), "HTTP method", required=True),
    "path": Key(upstream_path, "Path below the upstream's base URL", required=True),
    "send": Key(_mapping, "Upstream field ← ours: the body, or the query for GET and DELETE"),
    "send_query": Key(_mapping, "Query parameter ← ours"),
    "send_headers": Key(Names(_header, _source, "a mapping of headers to sources"), "Header ← ours"),
    "receive": Key(_mapping, "Our field ← the upstream's"),
    "items": Key(_target, "Where the list stands in the answer"),
    "refused": Key(_literals, "What a definite refusal writes into the new row"),
    "when": Key(text, "An expression over the row's fields: only then is the call made"),
})  # fmt: skip
_rate = Text("a rate such as 10/minute", f"^{RATE}$", hint="per second, minute, hour or day")
_state = Either(
    "a value of the field", (Text("a value of the field"), Whole("a whole number", -(2**53), 2**53))
)
_states = Either("a list of values", (Listing(_state, "a list of values", 1), _state))
_state_change = {
    "entity": Key(_an_entity, "Whose row it is", required=True),
    "field": Key(_a_field, "The enum that changes; status, where it is left out"),
}
transition = Record("a transition", {
    **_state_change,
    "from": Key(_states, "The values that it may have before", required=True),
    "to": Key(_state, "The value that it has afterwards", required=True),
})  # fmt: skip
_amount = Either("the name of a field, or a number", (_a_field, Number()))
reserve = Record("a reservation", {
    "entity": Key(_an_entity, "Whose row is bounded", required=True),
    "field": Key(_a_field, "The counter", required=True),
    "by": Key(_amount, "How much: a field of the request or of the new row, or a number", required=True),
    "up_to": Key(_amount, "The bound: a field of the row, or a number", required=True),
    "via": Key(_a_field, "Which reference of the new row names the bounded one"),
    "when": Key(text, "An expression over the bounded row that must hold"),
    "full": Key(_literals, "What is set once the bound is reached"),
})  # fmt: skip
cache = Record("a cache", {
    "ttl": Key(duration, "How long an answer is kept", required=True),
    "vary": Key(Listing(_header, "a list of `user` and names of headers"), "What the answer depends on besides path and query"),
}, short="ttl")  # fmt: skip
_some_fields = Listing(_a_field, "a list of fields", 1)
operation = Record("an operation", {
    "method": Key(Text("an HTTP method", choices=("GET", "POST", "PUT", "PATCH", "DELETE")), "HTTP method", required=True),
    "path": Key(own_path, "Path below base_path; / is the collection itself", required=True),
    "summary": Key(line, "What it does, in one line"),
    "description": Key(text, "What it does, at length"),
    "request": Key(_a_model, "Model of the body"),
    "query": Key(fields, "Query parameters"),
    "path_params": Key(fields, "Path parameters that are more than an id"),
    "headers": Key(fields, "Request headers"),
    "response": Key(Text("a model, list[Model], none, text, html or bytes",
                         rf"^(none|text|html|bytes|{PASCAL}|list\[{PASCAL}\])$", code="FG107"), "What it answers"),
    "status": Key(Whole("a success status from 200 to 299", 200, 299), "HTTP status of success"),
    "auth": Key(Text("required, optional or none", choices=("required", "optional", "none")), "Who may call it"),
    "permission": Key(Text("a permission such as payments.create", r"^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,99}$"),
                      "What the caller must be allowed to do"),
    "rate_limit": Key(Either("a rate such as 10/minute, or a list of them", (
        _rate, Listing(_rate, "a list of rates", 1))), "How often a caller may call it"),
    "deprecated": Key(Flag(), "Marked as deprecated in the documentation"),
    "errors": Key(Listing(_an_error, "a list of errors"), "Errors that a hook raises"),
    "call": Key(call, "Calls an upstream and answers with what it says"),
    "hook": Key(_snake, "The function that does it, written by you"),
    "before": Key(_snake, "A function of yours that runs first"),
    "after": Key(_snake, "A function of yours that runs last"),
    "create": Key(_an_entity, "Inserts a row"),
    "get": Key(_an_entity, "Reads the row that the path names"),
    "update": Key(_an_entity, "Changes the row that the path names: what is absent stays"),
    "delete": Key(_an_entity, "Deletes the row that the path names"),
    "list": Key(_an_entity, "Reads rows page by page"),
    "transition": Key(transition, "Changes a state, and refuses from any other (409)"),
    "reserve": Key(reserve, "Adds to a bounded counter, and refuses (409) beyond"),
    "by": Key(_a_field, "The field that the path names the row by; the id, where it is left out"),
    "parent": Key(_an_entity, "The entity of {id} in the path, to which the rows belong"),
    "via": Key(_a_field, "Which reference names the parent, where two do"),
    "filter": Key(_some_fields, "Fields that a list can be filtered by"),
    "search": Key(_some_fields, "Fields that `q` searches"),
    "sort": Key(Listing(Text("a field, or -field for the other way round", f"^-?{SNAKE}$", code="FG107"),
                        "a list of fields such as -created_at", 1), "Orders that a list offers; the first is the default"),
    "if_match": Key(Text("optional or required", choices=("optional", "required")), "Whether a change must name the version that it changes"),
    "idempotent": Key(Flag(), "Accepts an Idempotency-Key: a replay returns the first answer"),
    "cache": Key(cache, "How long answers are kept; of GET only"),
    "async": Key(Flag(), "Answers 202; a worker does it"),
}, {
    **dict.fromkeys(("body", "input", "payload", "request_model"), "is written `request`"),
    **dict.fromkeys(("returns", "output", "response_model"), "is written `response`"),
    **dict.fromkeys(("permissions", "scopes", "scope", "roles"), "is written `permission`, and is one"),
    **dict.fromkeys(("params", "parameters", "query_params"), "is written `query`, or `path_params`"),
    "status_code": "is written `status`", "throttle": "is written `rate_limit`",
    "tags": "is not needed: a feature is its own tag", "pagination": "is there for each `list`",
})  # fmt: skip

_values = Names(_anything_named, Anything(), "a mapping of names to values")
_step = {
    "do": Key(_snake, "The operation", required=True),
    "with": Key(_values, "The body"),
    "path": Key(_values, "Path parameters"),
    "query": Key(_values, "Query parameters"),
    "headers": Key(_values, "Request headers"),
    "as": Key(_snake, "user, anonymous, or the name of another user"),
    "permissions": Key(Listing(line, "a list of permissions"), "What the caller may do; all, where it is left out"),
    "upstream": Key(Record("an upstream's answer", {
        "status": Key(Whole("an HTTP status from 200 to 599", 200, 599), "Its status", required=True),
        "body": Key(Anything(), "Its body"),
    }), "What the upstream answers"),
    "save": Key(Names(_snake, Text("a path such as body.payment_id", r"^(body|headers)(\.[^\s.]+)+$"),
                      "a mapping of names to places in the answer"), "Values kept for later steps"),
}  # fmt: skip
_given = Record("a step", _step)
example = Record("an example", {
    "name": Key(line, "A sentence that is true", required=True),
    "given": Key(Listing(_given, "a list of steps"), "What happened before"),
    **_step,
    "expect": Key(Record("an expectation", {
        "status": Key(Whole("an HTTP status from 200 to 599", 200, 599), "Status of the answer"),
        "body": Key(Anything(), "What must be in the body"),
        "headers": Key(Names(_header, text, "a mapping of headers to text"), "What must be in the headers"),
    }), "What is answered", required=True),
})  # fmt: skip

requirements = Record("requirements", {
    "users": Key(texts, "Who uses it"),
    "performance": Key(texts, "How fast it must be"),
    "compliance": Key(texts, "Which rules bind it"),
    "acceptance": Key(texts, "When it is done"),
    "notes": Key(texts, "Anything else"),
})  # fmt: skip
_waiver = Record("a waiver", {
    "question": Key(Text("the code of a question", r"^FG[A-Z]*[0-9]+$"), "The question", required=True),
    "at": Key(text, "Where in the spec it is asked", required=True),
    "because": Key(text, "Why the answer is no", required=True),
})  # fmt: skip

entity = Record("an entity", {
    "summary": Key(line, "What it is, in one line"),
    "description": Key(text, "What it is, at length"),
    "table": Key(_snake, "The table; the plural of its name, where it is left out"),
    "fields": Key(Names(_a_field, Either("a type, or a mapping", (_field_type, column_record)),
                        "a mapping of names to fields", 1), "Its fields by name", required=True),
    "indexes": Key(Listing(Either("a list of fields", (_some_fields, _a_field)), "a list of lists of fields"), "Indexes beside those that are made anyway"),
    "unique": Key(Listing(Either("a list of fields", (_some_fields, _a_field)), "a list of lists of fields"), "What no two rows share; a clash is 409"),
    "scope": Key(Text("owner, public or permission:<name>", r"^(owner|public|permission:[A-Za-z0-9_][A-Za-z0-9_.:-]{0,99})$",
                      words=("owner", "public")),
                 "Whose rows a caller sees"),
})  # fmt: skip
_crud = Record("the crud", {
    "entity": Key(_an_entity, "The entity", required=True),
    "only": Key(Listing(Text("an operation", choices=("create", "get", "list", "update", "delete"),
                              hint="known: create, get, list, update, delete"), "a list of operations", 1),
                "Which of the five; all, where it is left out"),
    "permission": Key(Flag(), "Each asks for a permission: <plural>.create, .read, .update, .delete"),
})  # fmt: skip
crud = Either("an entity, or a mapping with one", (_an_entity, _crud))

_place = Text("a path such as data.object.id", r"^[^\s.]+(\.[^\s.]+)*$")
_event = Record("an event", {
    "transition": Key(Record("a transition of an event", {
        **_state_change,
        "by": Key(_place, "Where the event carries the row's id", required=True),
        "from": Key(_states, "The values that it may have before; any, where it is left out"),
        "to": Key(_state, "The value that it has afterwards", required=True),
        "set": Key(Names(_a_field, _place, "a mapping of fields to places in the event", 1), "Further values that are copied"),
    }), "The state of a row that it changes"),
    "hook": Key(_snake, "The function that handles it, written by you"),
    "async": Key(Flag(), "A worker handles it"),
}, some_of=("transition", "hook"))  # fmt: skip
webhook = Record("a webhook", {
    "path": Key(own_path, "Its absolute path", required=True),
    "summary": Key(line, "What it is, in one line"),
    "secret": Key(_a_setting, "The setting with the secret that events are signed with", required=True),
    "scheme": Key(Either("stripe, standard or {hmac: sha256, header: X-Signature}", (
        Text("stripe, standard or {hmac: sha256, header: X-Signature}", choices=("stripe", "standard")),
        Record("a plain HMAC", {
            "hmac": Key(Text("a hash", choices=("sha1", "sha256", "sha512")), "The hash", required=True),
            "header": Key(_header, "The header with the signature", required=True)}),
    )), "How events are signed", required=True),
    "tolerance": Key(duration, "How old an event may be; 5m, where it is left out"),
    "id": Key(_place, "Where the event's id stands; id, where it is left out"),
    "type": Key(_place, "Where the event's type stands; type, where it is left out"),
    "events": Key(Names(_anything_named, _event, "a mapping of types of events to what is done", 1), "What is done about which event", required=True),
})  # fmt: skip

specification = Record("the spec", {
    "featuregen": Key(Whole("language version 1", 1, 1), "Version of the language: 1", required=True),
    "feature": Key(Text("a singular name in snake_case", f"^{SNAKE}$", code="FG107"),
                   "Singular name in snake_case: names modules, tests and routes", required=True),
    "title": Key(line, "Name for people"),
    "summary": Key(text, "What the feature is for"),
    "plural": Key(_snake, "Plural of the feature: names the router and the base path"),
    "base_path": Key(own_path, "Path of all its routes; /api/v1/<plural> where left out"),
    "requirements": Key(requirements, "What the ticket said"),
    "waive": Key(Listing(_waiver, "a list of waivers"), "Clarifying questions answered with no, because"),
    "models": Key(Names(_pascal, model, "a mapping of names to models"), "Models of requests, responses and values"),
    "errors": Key(Names(_pascal, error, "a mapping of names to errors"), "Domain errors"),
    "settings": Key(Names(_snake, field, "a mapping of names to settings"), "Configuration from the environment"),
    "upstreams": Key(Names(_snake, upstream, "a mapping of names to upstreams"), "HTTP APIs that are called"),
    "operations": Key(Names(_snake, operation, "a mapping of names to operations", 1), "The endpoints"),
    "examples": Key(Listing(example, "a list of examples"), "Behaviour as request and response; each is a test"),
    "wire": Key(Record("wire", {
        "validation_status": Key(Whole("an HTTP status from 400 to 499", 400, 499), "Status of a validation failure"),
    }), "Exceptions for a contract that is given"),
    "entities": Key(Names(_pascal, entity, "a mapping of names to entities"), "Models that are stored"),
    "crud": Key(Either("an entity, a mapping with one, or a list of them", (
        Listing(crud, "a list of entities", 1), *crud.options)), "Create, get, list, update and delete of an entity"),
    "webhooks": Key(Names(_snake, webhook, "a mapping of names to webhooks"), "Signed events from others"),
    "allow": Key(Listing(Text("a change such as drop Payment.note", _LOSS,
                              hint="drop Payment, drop Payment.note, narrow Payment.note or require Payment.note"), "a list of changes"),
                 "Changes that may lose data, by name"),
}, some_of=("operations", "crud", "webhooks"))  # fmt: skip

__all__ = ["DURATION", "RATE", "SCALARS", "specification"]
