"""Decimals: what is taken, how it is rounded and printed, and that the schema says the same."""

import re
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from itertools import product
from typing import Annotated, Any

import pytest
from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticKnownError

from app.core.decimals import DecimalRule

PRICE = DecimalRule(gt=Decimal(0), le=Decimal(10000), places=2)
ROUNDED = DecimalRule(gt=Decimal(0), le=Decimal(10000), places=2, rounding=ROUND_HALF_EVEN)
RULES = (
    PRICE,
    ROUNDED,
    DecimalRule(),
    DecimalRule(places=0),
    DecimalRule(max_digits=3),
    DecimalRule(ge=Decimal(0), le=Decimal(0)),
    DecimalRule(ge=Decimal("0.5"), le=Decimal("0.75"), places=2),
    DecimalRule(gt=Decimal("-2.5"), lt=Decimal("1.25"), places=3),
    DecimalRule(ge=Decimal("-1.5"), le=Decimal("-0.25"), places=2),
    DecimalRule(ge=Decimal(-1), le=Decimal(0), places=1),
    DecimalRule(ge=Decimal(-1), le=Decimal("0.5"), places=1),
    DecimalRule(ge=Decimal(-35), lt=Decimal(-7)),
    DecimalRule(ge=Decimal(7), le=Decimal(1234), places=1),
    DecimalRule(gt=Decimal("12.3"), lt=Decimal("12.345"), places=3),
    DecimalRule(gt=Decimal(3), lt=Decimal(4), places=0),
    DecimalRule(ge=Decimal("0.35"), le=Decimal("0.42"), places=2),
    DecimalRule(ge=Decimal(188), le=Decimal(217), places=0),
    DecimalRule(ge=Decimal(250), le=Decimal(999), places=2, max_digits=5),
    DecimalRule(gt=Decimal("-1.5"), lt=Decimal("2.5"), places=1, rounding=ROUND_DOWN),
    DecimalRule(gt=Decimal("0.3"), lt=Decimal("2.5"), places=1, rounding=ROUND_DOWN),
    DecimalRule(gt=Decimal("-0.1"), lt=Decimal(500), places=1, rounding=ROUND_DOWN),
    DecimalRule(places=1, max_digits=3, rounding=ROUND_DOWN),
    DecimalRule(gt=Decimal("0.5"), lt=Decimal("2.5"), places=1, rounding=ROUND_HALF_UP),
    DecimalRule(ge=Decimal("0.05"), le=Decimal(2), places=1, rounding=ROUND_HALF_EVEN),
)


def schema(rule: DecimalRule, mode: str = "validation") -> dict[str, Any]:
    adapter: TypeAdapter[Decimal] = TypeAdapter(Annotated[Decimal, rule])
    return adapter.json_schema(mode="validation" if mode == "validation" else "serialization")


def takes(rule: DecimalRule, value: object) -> bool:
    try:
        rule.parse(value)
    except PydanticKnownError:
        return False
    return True


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_the_pattern_of_the_schema_is_what_is_taken(rule: DecimalRule) -> None:
    text = schema(rule)["anyOf"][1]
    pattern = re.compile(text["pattern"])
    bounds = [bound for bound in (rule.gt, rule.ge, rule.lt, rule.le) if bound is not None]
    beyond = Decimal(1).scaleb(rule.max_digits - (rule.places or 0))
    around = [Decimal(n).scaleb(-k) for n, k in product((-5, -1, 0, 1, 4, 5, 9), range(5))]
    numbers = [
        base + step
        for base in (*bounds, Decimal(0), Decimal(100), beyond, -beyond)
        for step in around
    ]
    texts = [f"{number:f}" for number in numbers] + [
        "-0",
        "00",
        "1e1",
        ".5",
        "5.",
        "0.00",
        "9" * 40,
    ]
    for given in texts:
        said = bool(pattern.search(given)) and len(given) <= text["maxLength"]
        assert takes(rule, given) is said, given


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_what_is_printed_is_what_the_schema_says(rule: DecimalRule) -> None:
    pattern = re.compile(schema(rule, "serialization")["pattern"])
    for number in ("0", "0.5", "12.34", "7", "-8", "3.2", "260", "-0.25", "1"):
        if takes(rule, number):
            assert pattern.search(rule.serialise(rule.parse(number)))


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (True, "decimal_type"),
        (None, "decimal_type"),
        ([1], "decimal_type"),
        ("1e1", "decimal_parsing"),
        ("-0", "decimal_parsing"),
        ("5.00\n", "decimal_parsing"),
        ("NaN", "decimal_parsing"),
        (float("nan"), "finite_number"),
        (Decimal("Infinity"), "finite_number"),
        (0, "greater_than"),
        ("10000.01", "less_than_equal"),
        ("9.999", "decimal_max_places"),
        ("9.990", "decimal_max_places"),
        (0.1 + 0.2, "decimal_max_places"),
    ],
)
def test_a_price_is_refused_with_its_reason(value: object, code: str) -> None:
    with pytest.raises(PydanticKnownError) as refused:
        PRICE.parse(value)
    assert refused.value.type == code


@pytest.mark.parametrize(
    ("rule", "value", "code"),
    [
        (DecimalRule(ge=Decimal(5)), "4.9", "greater_than_equal"),
        (DecimalRule(lt=Decimal(5)), "5", "less_than"),
        (DecimalRule(multiple_of=Decimal("0.05")), "0.07", "multiple_of"),
        (DecimalRule(max_digits=3), "1234", "decimal_max_digits"),
        (DecimalRule(max_digits=3), "0.123", "decimal_max_digits"),
        (DecimalRule(max_digits=3, places=2), 12, "decimal_max_digits"),
        (DecimalRule(places=2), 10**600, "decimal_max_digits"),
        (ROUNDED, "0.004", "greater_than"),
    ],
    ids=str,
)
def test_a_number_out_of_its_rule_is_refused_with_its_reason(
    rule: DecimalRule, value: object, code: str
) -> None:
    with pytest.raises(PydanticKnownError) as refused:
        rule.parse(value)
    assert refused.value.type == code


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        (DecimalRule(max_digits=3), "999"),
        (DecimalRule(max_digits=3), "1.23"),
        (DecimalRule(max_digits=3, places=2), 9.99),
        (DecimalRule(places=0), 5),
    ],
    ids=str,
)
def test_a_number_with_all_of_its_digits_is_taken(rule: DecimalRule, value: str | float) -> None:
    assert rule.parse(value) == Decimal(str(value))


def test_numbers_are_documented_with_their_bounds() -> None:
    assert schema(PRICE)["anyOf"][0] == {
        "type": "number",
        "exclusiveMinimum": 0,
        "maximum": 10000,
        "multipleOf": 0.01,
    }


def test_a_multiple_is_taken_and_documented() -> None:
    rule = DecimalRule(multiple_of=Decimal("0.05"), places=2)
    assert rule.parse("0.15") == Decimal("0.15")
    assert schema(rule)["anyOf"][0]["multipleOf"] == 0.05


@pytest.mark.parametrize(
    ("rounding", "value", "rounded"),
    [
        (ROUND_HALF_EVEN, "2.345", "2.34"),
        (ROUND_HALF_UP, "2.345", "2.35"),
        (ROUND_DOWN, 2.349, "2.34"),
    ],
)
def test_places_are_dropped_as_the_rule_says(rounding: str, value: object, rounded: str) -> None:
    rule = DecimalRule(places=2, rounding=rounding)
    assert rule.serialise(rule.parse(value)) == rounded


def test_a_decimal_travels_as_a_string_with_all_of_its_places() -> None:
    adapter: TypeAdapter[Decimal] = TypeAdapter(Annotated[Decimal, PRICE])
    assert adapter.dump_json(adapter.validate_python(5)) == b'"5.00"'
    assert adapter.dump_python(adapter.validate_python("5")) == Decimal("5.00")
    assert DecimalRule().serialise(Decimal("5.10")) == "5.10"
    with pytest.raises(ValidationError):
        adapter.validate_json('"5.001"')
