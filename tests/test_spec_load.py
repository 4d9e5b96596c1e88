"""What a spec leaves unsaid is filled in as FastAPI users expect it."""

from __future__ import annotations

import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from featuregen.errors import SpecError
from featuregen.spec.durations import rate_limit, seconds
from featuregen.spec.load import parse_spec
from featuregen.spec.mappings import MappingError, parse_source
from featuregen.spec.model import Auth, FeatureSpec, Pipe, RateLimit, Response, Source, TypeRef
from featuregen.spec.plural import plural

PAYMENT = Path(__file__).parent.parent / "examples/payment/payment.yaml"
EVERYTHING = (Path(__file__).parent / "cases/good/everything.yaml").read_text(encoding="utf-8")


def load(body: str) -> FeatureSpec:
    return parse_spec(f"featuregen: 1\nfeature: sales_order\n{body}", "x.yaml")


def operation(text: str, **definitions: str) -> FeatureSpec:
    extra = "".join(f"{key}: {value}\n" for key, value in definitions.items())
    return load(f"{extra}operations:\n  act: {text}\n")


@pytest.fixture(scope="module")
def everything() -> FeatureSpec:
    return parse_spec(EVERYTHING, "everything.yaml")


def test_names_follow_from_the_feature() -> None:
    spec = operation("{method: GET, path: /, hook: act}")
    assert spec.title == "Sales order"
    assert spec.plural == "sales_orders"
    assert spec.base_path == "/api/v1/sales-orders"
    assert spec.validation_status == 422


@pytest.mark.parametrize(
    ("fields", "status", "response"),
    [
        ("method: GET, response: text", 200, Response("text")),
        ("method: POST, response: text", 201, Response("text")),
        ("method: PUT, response: html", 200, Response("html")),
        ("method: POST", 204, Response("none")),
        ("method: DELETE, response: none", 204, Response("none")),
        ("method: POST, response: bytes, status: 202", 202, Response("bytes")),
    ],
)
def test_the_status_follows_from_method_and_response(
    fields: str, status: int, response: Response
) -> None:
    act = operation(f"{{{fields}, path: /, hook: act}}").operations["act"]
    assert (act.status, act.response) == (status, response)


def test_an_error_has_code_and_title_from_its_name() -> None:
    errors = operation(
        "{method: GET, path: /, hook: act, errors: [HTTPGatewayError, CardRefused]}",
        errors="{HTTPGatewayError: {status: 502, retry_after: 1.5h}, CardRefused: {status: 402}}",
    ).errors
    assert (errors["HTTPGatewayError"].code, errors["HTTPGatewayError"].title) == (
        "http_gateway",
        "Http gateway",
    )
    assert errors["HTTPGatewayError"].retry_after == 5400.0
    assert errors["CardRefused"].code == "card_refused"


def test_parameters_of_the_path_come_in_its_order_and_default_to_a_safe_id(
    everything: FeatureSpec,
) -> None:
    tenant, booking_id = everything.operations["get_booking"].path_params
    assert (tenant.name, tenant.min_length, tenant.max_length, tenant.pattern) == (
        "tenant", 1, 255, "^[A-Za-z0-9_-]+$",
    )  # fmt: skip
    assert (booking_id.name, booking_id.max_length, booking_id.pattern) == ("booking_id", 20, None)


def test_decimals_stay_exact(everything: FeatureSpec) -> None:
    price = next(
        field for field in everything.models["BookingRequest"].fields if field.name == "price"
    )
    assert price.default == "10.50"
    assert (price.gt, price.lt) == (Decimal(0), Decimal("1e6"))
    assert everything.models["BookingRequest"].example is not None
    assert everything.models["BookingRequest"].example["price"] == "99.90"


def test_bounds_are_in_the_terms_of_their_type(everything: FeatureSpec) -> None:
    fields = {field.name: field for field in everything.models["BookingRequest"].fields}
    assert fields["room"].le == 511
    assert fields["stay"].ge == 3600.0
    assert fields["from_"].ge == "2020-01-01"
    assert fields["discount"].ge == 0.5


def test_types_nest(everything: FeatureSpec) -> None:
    fields = {field.name: field for field in everything.models["BookingRequest"].fields}
    assert fields["guests"].type == TypeRef("list", of=TypeRef("model", model="Guest"))
    assert fields["extras"].type == TypeRef("map", of=TypeRef("int"))
    assert fields["stars"].values == (1, 2, 3)


def test_fields_are_optional_and_nullable_as_they_say(everything: FeatureSpec) -> None:
    fields = {field.name: field for field in everything.models["BookingRequest"].fields}
    assert (fields["until"].optional, fields["until"].nullable) == (False, False)
    assert (fields["paid"].optional, fields["paid"].nullable) == (True, False)
    assert (fields["ref"].optional, fields["ref"].nullable) == (True, True)
    assert fields["from_"].wire_name == "from"


def test_sources_are_looked_up(everything: FeatureSpec) -> None:
    call = everything.operations["create_booking"].call
    assert call is not None
    sent = {".".join(mapping.target): mapping.source for mapping in call.send}
    assert sent["room"] == Source("request", ("room",))
    assert sent["amount"] == Source(
        "request", ("price",), pipes=(Pipe("minor_units", ("currency",)),)
    )
    assert sent["card"] == Source("literal", literal="card")
    assert sent["guests"] == Source("request", ("guests", "name"))
    assert sent["meta.user"] == Source("user", ("id",))
    assert sent["state"].pipes == (Pipe("map", table=(("open", "o"), ("*", "x"))),)
    assert [mapping.source for mapping in call.send_query] == [Source("settings", ("region",))]
    assert [mapping.source for mapping in call.send_headers] == [Source("header", ("trace",))]
    assert call.receive[0].source == Source("upstream", ("id",))
    assert call.receive[-1].target == ("address", "city")


def test_a_parameter_goes_before_a_field_of_the_body() -> None:
    spec = load(
        "settings: {api_url: url}\nupstreams: {store: {base_url: api_url}}\n"
        "models: {Note: {fields: {id: string}}}\n"
        "operations:\n  act:\n    method: PUT\n    path: /{id}\n"
        "    request: Note\n    call: {method: PUT, path: '/{id}', send: {id: id}}\n"
    )
    call = spec.operations["act"].call
    assert call is not None
    assert call.send[0].source == Source("path", ("id",))


def test_upstreams_carry_their_defaults(everything: FeatureSpec) -> None:
    hotel, rates = everything.upstreams["hotel"], everything.upstreams["rates"]
    assert hotel.auth == Auth("basic", ("hotel_user", "hotel_password"))
    assert (hotel.timeout_setting, hotel.encoding, hotel.error_message) == (
        "hotel_timeout",
        "form",
        ("fault", "text"),
    )
    assert sorted(hotel.errors) == [409, 500]
    assert rates.auth == Auth("header", ("rates_key",), "X-Api-Key")
    assert (rates.timeout_setting, rates.timeout_seconds, rates.retries) == (None, 2.5, 0)


def test_examples_keep_their_steps(everything: FeatureSpec) -> None:
    first, second = everything.examples
    assert first.given[0].save == (("booking_id", ("body", "booking_id")),)
    assert (first.step.do, first.step.permissions, first.status) == (
        "cancel_booking",
        ("bookings.cancel",),
        501,
    )
    assert (second.step.as_, second.step.permissions, second.status) == ("anonymous", None, None)


def test_an_unused_definition_is_a_warning_and_does_not_fail() -> None:
    spec = operation("{method: GET, path: /, hook: act}", errors="{LostError: {status: 404}}")
    assert [(found.code, found.severity) for found in spec.warnings] == [("FG801", "warning")]


def test_one_broken_definition_has_no_follow_up() -> None:
    with pytest.raises(SpecError) as caught:
        load(
            "models: {Note: {fields: 5}}\noperations:\n"
            "  act: {method: POST, path: /, request: Note, response: Note, hook: act}\n"
            "examples: [{name: a, do: act, with: {text: x}, expect: {status: 201}}]\n"
        )
    assert [found.code for found in caught.value.diagnostics] == ["FG102"]


def test_diagnostics_come_by_position_and_each_once() -> None:
    with pytest.raises(SpecError) as caught:
        load("operations:\n  b: {method: X, path: y}\n  a: {method: Z, hook: a}\ntitel: x\n")
    places = [(found.position.line, found.position.column) for found in caught.value.diagnostics]
    assert places == sorted(places)
    assert len(set(caught.value.diagnostics)) == len(caught.value.diagnostics)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30s", 30.0),
        ("500ms", 0.5),
        ("5m", 300.0),
        ("1h", 3600.0),
        ("1d", 86400.0),
        ("30", None),
        ("1w", None),
    ],
)
def test_durations(text: str, expected: float | None) -> None:
    assert seconds(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10/minute", RateLimit("10/minute", 10, 60)),
        ("1 per day", RateLimit("1/day", 1, 86400)),
        ("100 per 2 hours", RateLimit("100/2 hours", 100, 7200)),
        ("0/minute", None),
        ("10/fortnight", None),
    ],
)
def test_rates(text: str, expected: RateLimit | None) -> None:
    assert rate_limit(text) == expected


@pytest.mark.parametrize(
    "text", ["", "a b", "a|", "a|nope", "a|lower(x)", "a|map()", "a.|lower", ".a", "a|map(a)"]
)
def test_a_source_that_says_nothing_is_refused(text: str) -> None:
    with pytest.raises(MappingError):
        parse_source(text)


def test_a_literal_is_all_that_follows_the_sign() -> None:
    assert parse_source("=a|lower") == Source("literal", literal="a|lower")
    assert parse_source("=") == Source("literal", literal="")


@pytest.mark.parametrize(
    ("one", "many"),
    [
        ("category", "categories"),
        ("payment", "payments"),
        ("box", "boxes"),
        ("day", "days"),
        ("address", "addresses"),
        ("branch", "branches"),
        ("person", "people"),
        ("order_status", "order_statuses"),
        ("sales_person", "sales_people"),
        ("analysis", "analyses"),
        ("news", "news"),
        ("photo", "photos"),
        ("hero", "heroes"),
        ("leaf", "leaves"),
        ("quiz", "quizzes"),
    ],
)
def test_plurals(one: str, many: str) -> None:
    assert plural(one) == many


def test_loading_a_spec_imports_nothing_heavy() -> None:
    code = (
        "import sys; from pathlib import Path; from featuregen.spec.load import load_spec;"
        f"load_spec(Path({str(PAYMENT)!r}));"
        "heavy = {'pydantic', 'pydantic_core', 'libcst', 'jinja2', 'typer'};"
        "print(sorted(sys.modules.keys() & heavy))"
    )
    source = str(PAYMENT.parents[2] / "src")
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": source, "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"


def test_the_specs_in_the_documentation_are_accepted() -> None:
    text = (PAYMENT.parents[2] / "docs/spec.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```yaml\n(featuregen: 1\n.*?)```", text, re.DOTALL)
    assert [parse_spec(block, "spec.md").feature for block in blocks] == ["note"]
