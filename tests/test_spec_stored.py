"""What a spec of stored things leaves unsaid: ids, owners, models, parameters, operations."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from featuregen.errors import Diagnostic, SpecError
from featuregen.spec.load import parse_spec
from featuregen.spec.model import (
    Cache,
    FeatureSpec,
    Field,
    Generated,
    Json,
    Listing,
    Reserve,
    Response,
    Source,
    Transition,
    TypeRef,
)
from featuregen.spec.narrowing import width

if TYPE_CHECKING:
    from collections.abc import Iterable

GOOD = Path(__file__).parent / "cases" / "good"
TEXT = "{type: string, max_length: 100}"


def load(body: str, feature: str = "note") -> FeatureSpec:
    return parse_spec(f"featuregen: 1\nfeature: {feature}\n{body}", "x.yaml")


def notes(operations: str = "", fields: str = f"text: {TEXT}", **more: str) -> FeatureSpec:
    keys = "".join(f", {key}: {value}" for key, value in more.items())
    asked = f"operations: {{{operations}}}" if operations else "crud: Note"
    return load(f"entities: {{Note: {{fields: {{{fields}}}{keys}}}}}\n{asked}\n")


def good(name: str) -> FeatureSpec:
    return parse_spec((GOOD / f"{name}.yaml").read_text(encoding="utf-8"), f"{name}.yaml")


@pytest.fixture(scope="module")
def payment() -> FeatureSpec:
    return good("payment-full")


@pytest.fixture(scope="module")
def course() -> FeatureSpec:
    return good("stored")


def names(fields: tuple[Field, ...]) -> list[str]:
    return [field.name for field in fields]


def codes(body: str) -> list[str]:
    with pytest.raises(SpecError) as caught:
        load(body)
    return [found.code for found in caught.value.diagnostics]


# --- entities -------------------------------------------------------------------------------------


def test_an_id_is_added_with_a_prefix_of_the_name() -> None:
    note = notes().entities["Note"]
    assert note.id == Field(
        "id",
        TypeRef("id"),
        generated=Generated("id"),
        prefix="note_",
        pattern="^note_[0-9a-f]{32}$",
    )
    assert note.fields[0] == note.id


@pytest.mark.parametrize(
    ("name", "prefix"), [("Product", "prod_"), ("Tag", "tag_"), ("PaymentMethod", "pame_")]
)
def test_the_prefix_is_made_of_the_first_letters(name: str, prefix: str) -> None:
    spec = load(f"entities: {{{name}: {{fields: {{text: {TEXT}}}}}}}\ncrud: {name}\n")
    assert spec.entities[name].id.prefix == prefix


def test_a_reference_is_an_id_of_the_entity_that_it_names(course: FeatureSpec) -> None:
    reference = course.entities["Enrolment"].field("course_id")
    assert reference.type == TypeRef("id")
    assert reference.pattern == course.entities["Course"].id.pattern
    assert (reference.references, reference.on_delete) == ("Course", "cascade")


def test_an_owner_is_added_where_callers_are_known() -> None:
    owner = notes().entities["Note"].owner
    assert owner is not None
    assert (owner.name, owner.internal, owner.max_length) == ("owner_id", True, 255)


def test_no_owner_is_added_where_nobody_is_known() -> None:
    spec = notes("add: {method: POST, path: /, create: Note, auth: none}")
    assert spec.entities["Note"].owner is None


def test_an_owner_that_is_written_keeps_its_name(course: FeatureSpec) -> None:
    owner = course.entities["Enrolment"].owner
    assert owner is not None
    assert (owner.name, owner.internal) == ("student", False)


def test_public_rows_have_an_owner_unless_a_permission_guards_their_changes(
    course: FeatureSpec,
) -> None:
    assert course.entities["Course"].owner is None
    assert notes(scope="public").entities["Note"].owner is not None


def test_the_scope_of_a_permission_is_told_apart(course: FeatureSpec) -> None:
    enrolment = course.entities["Enrolment"]
    assert (enrolment.scope, enrolment.scope_permission) == ("permission", "enrolments.read_all")


def test_a_decimal_has_as_many_digits_as_its_column() -> None:
    field = (
        notes(fields="price: {type: decimal, decimal_places: 2}").entities["Note"].field("price")
    )
    assert field.max_digits == 18


def test_a_value_of_an_enum_is_no_keyword() -> None:
    field = notes(fields="by: {type: enum, values: [owner, guest], generated: owner}, text: string")
    assert field.entities["Note"].field("by").generated == Generated("literal", "owner")


def test_a_first_value_stays_exact(payment: FeatureSpec) -> None:
    refunded = payment.entities["Payment"].field("refunded_amount")
    assert refunded.generated == Generated("literal", "0.00")


def test_tables_are_named_in_the_plural(payment: FeatureSpec, course: FeatureSpec) -> None:
    assert [entity.table for entity in payment.entities.values()] == ["payments", "refunds"]
    assert course.entities["Course"].table == "course_catalogue"


def test_a_field_alone_is_a_key_of_one() -> None:
    assert notes(unique="[text, [owner_id, text]]").entities["Note"].unique == (
        ("text",),
        ("owner_id", "text"),
    )


# --- crud -----------------------------------------------------------------------------------------


def test_crud_stands_for_five_operations() -> None:
    operations = good("product").operations
    assert [(name, one.method, one.path, one.status) for name, one in operations.items()] == [
        ("create_product", "POST", "/", 201),
        ("get_product", "GET", "/{id}", 200),
        ("list_products", "GET", "/", 200),
        ("update_product", "PATCH", "/{id}", 200),
        ("delete_product", "DELETE", "/{id}", 204),
    ]
    assert all(
        one.from_crud and one.action == name.split("_")[0] for name, one in operations.items()
    )


def test_an_operation_that_is_written_out_goes_before_the_sugar() -> None:
    spec = load(
        f"entities: {{Note: {{fields: {{text: {TEXT}}}}}}}\ncrud: Note\n"
        "operations: {list_notes: {method: GET, path: /mine, list: Note}}\n"
    )
    assert next(iter(spec.operations)) == "list_notes"
    assert (spec.operations["list_notes"].path, spec.operations["list_notes"].from_crud) == (
        "/mine",
        False,
    )
    assert len(spec.operations) == 5


def test_crud_asks_for_permissions_where_it_says_so() -> None:
    spec = load(
        f"entities: {{Note: {{fields: {{text: {TEXT}}}}}}}\n"
        "crud: {entity: Note, only: [get, list, delete], permission: true}\n"
    )
    assert {name: one.permission for name, one in spec.operations.items()} == {
        "get_note": "notes.read",
        "list_notes": "notes.read",
        "delete_note": "notes.delete",
    }


def test_crud_of_another_entity_stands_below_its_plural(course: FeatureSpec) -> None:
    assert course.operations["get_enrolment"].path == "/enrolments/{id}"
    assert course.operations["list_enrolments"].path == "/enrolments"


# --- derived models -------------------------------------------------------------------------------


def test_models_are_derived_from_what_clients_say_and_are_told() -> None:
    models = good("product").models
    assert {name: names(model.fields) for name, model in models.items()} == {
        "ProductCreate": ["name", "price"],
        "ProductRead": ["id", "name", "price"],
        "ProductPage": ["items", "next_cursor"],
        "ProductUpdate": ["name", "price"],
    }
    assert {model.derived for model in models.values()} == {"create", "read", "page", "update"}
    assert models["ProductPage"].fields[0].type.of == TypeRef("model", model="ProductRead")


def test_what_is_generated_internal_or_immutable_is_not_the_clients_to_change(
    course: FeatureSpec,
) -> None:
    created = names(course.models["CourseCreate"].fields)
    changed = names(course.models["CourseUpdate"].fields)
    assert set(created) - set(changed) == {"slug"}
    assert not {"id", "taken", "state", "created_at", "updated_at"} & set(created)
    assert "receipt" not in names(course.models["EnrolmentRead"].fields)


def test_an_update_may_leave_out_each_field_and_null_needs_a_column_for_it() -> None:
    spec = notes(
        fields=f"text: {TEXT}, more: {{type: string, required: false}}, "
        "count: {type: int, default: 5}"
    )
    text, more, count = spec.models["NoteUpdate"].fields
    assert (text.patch, text.nullable) == (True, False)
    assert (more.patch, more.nullable) == (True, True)
    assert (count.patch, count.nullable, count.has_default) == (True, False, False)


def test_a_written_model_of_an_update_leaves_out_what_does_not_change(course: FeatureSpec) -> None:
    title, about = course.models["CourseChange"].fields
    assert (title.patch, title.nullable) == (True, False)
    assert (about.patch, about.nullable) == (False, True)


def test_what_is_told_is_not_held_to_todays_bounds() -> None:
    told = good("product").models["ProductRead"].fields[2]
    assert (told.name, told.gt, told.decimal_places) == ("price", None, 2)


def test_a_row_below_another_one_is_not_asked_which(course: FeatureSpec) -> None:
    assert names(course.models["EnrolmentCreate"].fields) == ["friend_id", "seats"]


def test_a_new_row_that_needs_nothing_has_no_body() -> None:
    spec = load(
        "entities: {Note: {fields: {a: string}}, Star: {fields: {note_id: {references: Note}}}}\n"
        'operations: {star: {method: POST, path: "/{id}/stars", parent: Note, create: Star}}\n'
    )
    assert spec.operations["star"].request is None
    assert "StarCreate" not in spec.models


def test_a_hook_may_name_a_derived_model(course: FeatureSpec) -> None:
    hook = course.operations["import_courses"]
    assert (hook.request, hook.response.model, hook.status) == ("CourseCreate", "CourseRead", 202)


# --- operations -----------------------------------------------------------------------------------


def test_the_id_in_a_path_is_called_after_the_entity(payment: FeatureSpec) -> None:
    operation = payment.operations["get_payment"]
    [parameter] = operation.path_params
    assert (parameter.name, parameter.wire_name, parameter.type.kind) == ("payment_id", "id", "id")
    assert (parameter.pattern, operation.row_param) == ("^pay_[0-9a-f]{32}$", "payment_id")


def test_an_operation_on_a_row_names_what_it_works_on(payment: FeatureSpec) -> None:
    create, get, listed, refund = payment.operations.values()
    assert [one.action for one in payment.operations.values()] == [
        "create",
        "get",
        "list",
        "create",
    ]
    assert create.call is not None
    assert create.call.refused == (("status", "failed"),)
    assert create.call.send[4].source == Source("entity", ("id",))
    assert get.call is not None
    assert get.call.when == "status == 'pending'"
    assert listed.response == Response("model", "PaymentPage")
    assert (refund.parent, refund.parent_field, refund.row_param) == (
        "Payment",
        "payment_id",
        "payment_id",
    )
    assert refund.reserve == Reserve(
        "Payment",
        "refunded_amount",
        "amount",
        "amount",
        via="payment_id",
        when="status == 'succeeded'",
        full=(("status", "refunded"),),
    )


def test_a_parameter_in_the_path_of_a_call_goes_by_its_python_name(course: FeatureSpec) -> None:
    call = course.operations["enrol"].call
    assert call is not None
    assert call.path == "/places/{parent.slug}/{course_id}"


def test_a_row_may_be_named_by_a_unique_field(course: FeatureSpec) -> None:
    operation = course.operations["read_course"]
    assert (operation.by, operation.row_param) == ("slug", "slug")
    assert operation.path_params[0].pattern == "^[a-z0-9-]+$"


def test_the_id_may_be_written_with_the_name_of_its_entity(course: FeatureSpec) -> None:
    operation = course.operations["change_course"]
    assert (operation.row_param, operation.path_params[0].wire) == ("course_id", None)


def test_a_list_offers_filters_ranges_search_and_pages(course: FeatureSpec) -> None:
    operation = course.operations["list_courses"]
    assert names(operation.query) == [
        "state", "fee", "fee_from", "fee_to", "starts_at_from", "starts_at_to", "seats",
        "seats_from", "seats_to", "q", "sort", "limit", "cursor",
    ]  # fmt: skip
    assert operation.response.model == "CourseSummaryPage"
    sort = next(field for field in operation.query if field.name == "sort")
    assert (sort.values, sort.default) == (("-created_at", "title", "fee"), "-created_at")


def test_a_list_is_read_from_its_newest_row_or_by_id() -> None:
    assert notes().operations["list_notes"].listing == Listing(sort=("id",))
    dated = notes(fields="created_at: {type: datetime, generated: now}, text: string")
    assert dated.operations["list_notes"].listing == Listing(sort=("-created_at",))


def test_a_filter_keeps_the_name_in_json() -> None:
    spec = notes(
        "all_notes: {method: GET, path: /, list: Note, filter: [made_on]}",
        fields="made_on: {type: date, wire: madeOn}",
    )
    wires = [field.wire_name for field in spec.operations["all_notes"].query]
    assert wires[:3] == ["madeOn", "madeOn_from", "madeOn_to"]


@pytest.mark.parametrize(
    ("operation", "action", "status"),
    [
        ("create: Note", "create", 201),
        ("transition: {entity: Note, from: [a], to: b}", "transition", 200),
        ("reserve: {entity: Note, field: used, by: 1, up_to: 5}", "reserve", 200),
        ("hook: act", "hook", 204),
        ("hook: act, response: NoteRead", "hook", 201),
        ("hook: act, response: NoteRead, async: true", "hook", 202),
        ("create: Note, response: none", "create", 204),
    ],
)
def test_action_and_status_follow_from_what_is_done(
    operation: str, action: str, status: int
) -> None:
    path = "/x/{id}" if "entity" in operation else "/x"
    act = notes(
        f'act: {{method: POST, path: "{path}", {operation}}}',
        fields="status: {type: enum, values: [a, b], generated: a}, "
        "used: {type: int, generated: 0}",
    ).operations["act"]
    assert (act.action, act.status) == (action, status)


def test_a_transition_changes_the_only_enum_that_there_is(course: FeatureSpec) -> None:
    assert course.operations["close_course"].transition == Transition(
        "Course", "state", ("open", "full"), "closed"
    )
    assert course.operations["cancel"].transition == Transition(
        "Enrolment", "status", ("pending",), "cancelled"
    )


def test_an_answer_that_depends_on_the_caller_is_kept_for_that_caller_alone() -> None:
    kept = "method: GET, cache: {ttl: 60s}"
    operations = notes(
        f'a: {{{kept}, path: "/a/{{id}}", get: Note}}, '
        f"b: {{{kept}, path: /b, hook: b, response: text, auth: none}}, "
        f"c: {{{kept}, path: /c, hook: c, response: text}}"
    ).operations
    assert [one.cache for one in operations.values()] == [
        Cache(60.0, private=True),
        Cache(60.0, private=False),
        Cache(60.0, private=True),
    ]


def test_a_public_row_is_kept_for_all(course: FeatureSpec) -> None:
    assert course.operations["list_courses"].cache == Cache(60.0, ("Accept-Language",))


# --- webhooks -------------------------------------------------------------------------------------


def test_webhooks_carry_their_defaults(payment: FeatureSpec) -> None:
    webhook = payment.webhooks["payment_events"]
    assert (webhook.scheme, webhook.header, webhook.tolerance) == (
        "stripe", "stripe-signature", 300.0,
    )  # fmt: skip
    assert webhook.events[0].transition == Transition(
        "Payment",
        "status",
        ("pending",),
        "succeeded",
        by=("data", "object", "reference"),
        set=(("provider_id", ("data", "object", "id")),),
    )


def test_a_plain_hmac_says_its_hash_and_its_header(course: FeatureSpec) -> None:
    mail = course.webhooks["mail_events"]
    assert (mail.scheme, mail.algorithm, mail.header) == ("hmac", "sha512", "x-mail-signature")


def test_an_event_may_change_a_row_and_be_told_to_a_hook(course: FeatureSpec) -> None:
    paid, lost = course.webhooks["store_events"].events
    assert paid.transition is not None
    assert paid.transition.from_ == ()
    assert (lost.hook, lost.is_async) == ("on_lost", True)


def test_what_may_be_lost_is_allowed_by_name(course: FeatureSpec) -> None:
    assert course.allow == ("drop Course.note", "require Course.slug", "drop Lesson")


def test_a_feature_of_webhooks_alone_has_no_operations() -> None:
    spec = load(
        "settings: {key: secret}\nwebhooks: {mail: {path: /mail, secret: key, scheme: stripe, "
        "events: {bounced: {hook: on_bounce}}}}\n"
    )
    assert spec.operations == {}


# --- faults ---------------------------------------------------------------------------------------


def test_a_broken_entity_has_no_follow_up() -> None:
    body = (
        "entities: {Note: {fields: {text: strng}}}\ncrud: Note\n"
        "operations: {lines: {method: GET, path: /lines, list: Note, sort: [made]}}\n"
        "examples: [{name: a, do: create_note, with: {text: x}, expect: {status: 201}}]\n"
    )
    assert codes(body) == ["FG103"]


def test_an_entity_that_is_no_mapping_has_no_follow_up() -> None:
    body = (
        "entities: {Note: 5, Line: {fields: {note_id: {references: Note}}}}\ncrud: Note\n"
        'operations: {add: {method: POST, path: "/{id}", parent: Note, create: Line}}\n'
    )
    assert codes(body) == ["FG102"]


def test_faults_of_crud_point_at_crud() -> None:
    with pytest.raises(SpecError) as caught:
        load("entities: {Note: {fields: {text: {type: string, internal: true}}}}\ncrud: Note\n")
    assert {(found.code, found.position.line) for found in caught.value.diagnostics} == {
        ("FG515", 4)
    }


def places(value: Json) -> list[tuple[str | int, ...]]:
    """Every place of a document."""
    inner = list(entries(value))
    return [(), *((key, *rest) for key, one in inner for rest in places(one))]


def entries(value: Json) -> Iterable[tuple[str | int, Json]]:
    match value:
        case dict():
            return value.items()
        case list():
            return enumerate(value)
        case _:
            return ()


def changed(value: Json, path: tuple[str | int, ...], new: Json) -> Json:
    """The document with another value at `path`; as it is where there is no such place."""
    if not path:
        return new
    match value:
        case dict():
            return {
                key: changed(one, path[1:], new) if key == path[0] else one
                for key, one in value.items()
            }
        case list():
            return [
                changed(one, path[1:], new) if key == path[0] else one
                for key, one in enumerate(value)
            ]
        case _:
            return value


STORED: Json = yaml.safe_load((GOOD / "stored.yaml").read_text(encoding="utf-8"))
VALUES: tuple[Json, ...] = (
    None, True, 0, 2.5, "", "x", "id", "status", "Course", "Nope", [], {}, ["x"], {"x": "y"},
    "list[string]", "=x", "entity.id", "{id}", "/{id}", "public", "owner", "now", "a == b",
    "list[CourseRead]", "CourseUpdate", "GET", "POST", [["id"]],
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(
    changes=st.lists(
        st.tuples(st.sampled_from(places(STORED)[1:]), st.sampled_from(VALUES)), max_size=3
    )
)
def test_whatever_is_wrong_is_said_and_never_stops_the_reading(
    changes: list[tuple[tuple[str | int, ...], Json]],
) -> None:
    document = STORED
    for path, new in changes:
        document = changed(document, path, new)
    faults: tuple[Diagnostic, ...] = ()
    try:
        parse_spec(yaml.safe_dump(document, sort_keys=False), "x.yaml")
    except SpecError as error:
        faults = error.diagnostics
    assert all(found.position.line > 0 for found in faults)
    assert changes or not faults


# --- what a column holds --------------------------------------------------------------------------

BITS = 1 << 63


def test_whole_numbers_of_rows_keep_within_their_column() -> None:
    spec = notes(
        "add: {method: POST, path: /, create: Note}, "
        "find: {method: GET, path: '/{number}', get: Note, by: number}, "
        "every: {method: GET, path: /, list: Note, filter: [number]}",
        fields="number: int, count: {type: int, gt: 0}",
        unique="[number]",
    )
    number, count = spec.models["NoteCreate"].fields
    assert (number.ge, number.le) == (-BITS, BITS - 1)
    assert (count.gt, count.ge, count.le) == (0, None, BITS - 1)
    in_path = spec.operations["find"].path_params[0]
    assert (in_path.ge, in_path.le) == (-BITS, BITS - 1)
    asked = {field.name: field for field in spec.operations["every"].query}
    for name in ("number", "number_from", "number_to"):
        assert (asked[name].ge, asked[name].le) == (-BITS, BITS - 1)
    told = spec.models["NoteRead"].fields[1]
    assert (told.name, told.ge, told.le) == ("number", None, None)


def request_of(fields: str, columns: str) -> dict[str, Field]:
    spec = load(
        f"models: {{NoteRequest: {{fields: {{{fields}}}}}}}\n"
        f"entities: {{Note: {{fields: {{{columns}}}}}}}\n"
        "operations: {add: {method: POST, path: /, create: Note, request: NoteRequest}}\n"
    )
    return {field.name: field for field in spec.models["NoteRequest"].fields}


def test_a_bound_that_a_request_leaves_out_is_that_of_the_column() -> None:
    found = request_of(
        "number: int, price: decimal, text: string, more: string, other: string",
        "number: int, price: {type: decimal, decimal_places: 2, max_digits: 8}, "
        "text: {type: string, max_length: 40}, more: string, other: id",
    )
    assert (found["number"].ge, found["number"].le) == (-BITS, BITS - 1)
    assert (found["price"].decimal_places, found["price"].max_digits) == (2, 8)
    assert [found[name].max_length for name in ("text", "more", "other")] == [40, None, 255]


def test_a_request_whose_own_bounds_fit_stays_as_it_is() -> None:
    found = request_of(
        "price: {type: decimal, gt: 0, le: 999999, decimal_places: 1}, "
        "rounded: {type: decimal, ge: -5, lt: 5, decimal_places: 2, round: half_up}, "
        'code: {type: string, pattern: "^[A-Z]{2,3}\\\\d?$"}, text: {type: string, max_length: 4}',
        "price: {type: decimal, decimal_places: 2, max_digits: 8}, "
        "rounded: {type: decimal, decimal_places: 2}, "
        "code: {type: string, max_length: 4}, text: {type: string, max_length: 4}",
    )
    assert (found["price"].decimal_places, found["price"].max_digits) == (1, None)
    assert found["rounded"].max_digits is None
    assert (found["code"].max_length, found["text"].max_length) == (None, 4)


@pytest.mark.parametrize(
    ("pattern", "longest"),
    [
        ("^[A-Z]{3}$", 3),
        ("^a?b$", 2),
        (r"^\d{1,5}-x$", 7),
        ("^$", 0),
        ("^a+$", None),
        ("^(a|b)$", None),
        ("[A-Z]{3}", None),
        ("^a{2,}$", None),
        (None, None),
    ],
)
def test_the_width_of_a_pattern_is_told_where_it_is_plain_to_see(
    pattern: str | None, longest: int | None
) -> None:
    assert width(pattern) == longest


def test_what_is_reserved_keeps_within_the_counter() -> None:
    spec = load(
        "models: {Hold: {fields: {seats: {type: int, ge: 1}, fee: {type: decimal, gt: 0}}}}\n"
        "entities: {Room: {fields: {seats: {type: int, ge: 1}, taken: {type: int, generated: 0}, "
        'paid: {type: decimal, decimal_places: 2, generated: "0.00"}}}}\n'
        "operations:\n"
        '  hold: {method: POST, path: "/{id}/hold", request: Hold, '
        "reserve: {entity: Room, field: taken, by: seats, up_to: seats}}\n"
        '  pay: {method: POST, path: "/{id}/pay", request: Hold, '
        "reserve: {entity: Room, field: paid, by: fee, up_to: 100}}\n"
    )
    seats, fee = spec.models["Hold"].fields
    assert (seats.ge, seats.le) == (1, BITS - 1)
    assert (fee.decimal_places, fee.max_digits) == (2, 18)


def test_a_reference_in_a_request_of_ones_own_is_an_id_of_the_row_that_it_names() -> None:
    spec = parse_spec(
        "featuregen: 1\nfeature: shelf\n"
        "models: {BookForm: {fields: {shelf_id: id}}}\n"
        "entities:\n"
        "  Shelf: {fields: {name: string}}\n"
        "  Book: {fields: {shelf_id: {references: Shelf}}}\n"
        "crud: Shelf\n"
        "operations: {add_book: {method: POST, path: /books, request: BookForm, create: Book}}\n",
        "shelf.yaml",
    )
    (given,) = spec.models["BookForm"].fields
    assert given.pattern == "^shel_[0-9a-f]{32}$"
