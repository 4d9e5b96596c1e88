"""Sample values, judged by the models that are generated: inside accepted, outside refused."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from modelbench import app_has, field, spec_of, validate

from featuregen.plan.samples import (
    inside,
    minimal_model,
    normalised,
    normalised_model,
    outside,
    sample,
    sample_model,
    violations,
)
from featuregen.spec.model import FeatureSpec, Field, Json, Model, Rule

INNER = Model(
    "Inner",
    (
        field("street", "string", min_length=1, max_length=9),
        field("number", "int", ge=1),
        field("extra", "decimal", required=False, decimal_places=2, wire="extraBit"),
    ),
)
FIELDS: dict[str, tuple[dict[str, Any], ...]] = {
    "string": (
        {},
        {"min_length": 1, "max_length": 5},
        {"pattern": "^[A-Z]{3}$"},
        {"pattern": "^[a-z]+$", "lower": True},
        {"strip": True, "min_length": 3, "max_length": 8},
        {"upper": True, "max_length": 20},
        {"strip": True, "lower": True, "pattern": "^[a-z]{2,4}$", "default": "ABC"},
        {"required": False, "max_length": 500},
        {"default": 'x"y'},
        {"pattern": r"^\d{3}-\w+$", "max_length": 9},
        {"pattern": "^.+$"},
        {"pattern": "abc"},
        {"min_length": 3000},
        {"sensitive": "last4", "min_length": 4},
        {"sensitive": "full", "required": False, "description": "secret note"},
        {"wire": "camelCase", "required": False},
        {"wire": "with-dash", "sensitive": "full", "default": "q"},
    ),
    "int": (
        {},
        {"gt": 0, "le": 10},
        {"ge": -5, "lt": 5, "multiple_of": 3},
        {"required": False, "default": 7},
        {"gt": 5, "lt": 7},
    ),
    "float": ({}, {"ge": 0, "le": 1}, {"gt": 0, "multiple_of": 0.5}, {"default": 1.5}),
    "decimal": (
        {},
        {"gt": 0, "le": 10000, "decimal_places": 2},
        {"gt": 0, "le": 10000, "decimal_places": 2, "round": "half_even"},
        {"ge": 0, "lt": 1, "decimal_places": 3, "round": "half_up"},
        {"gt": Decimal("-1.5"), "lt": Decimal("2.5"), "decimal_places": 1, "round": "down"},
        {"max_digits": 5, "decimal_places": 2},
        {"max_digits": 3},
        {"multiple_of": Decimal("0.05"), "decimal_places": 2},
        {"decimal_places": 0},
        {"default": "5.00", "decimal_places": 2},
        {"ge": Decimal("0.5"), "le": Decimal("0.75"), "decimal_places": 2},
        {"gt": 0, "required": False},
        {"gt": 0, "max_digits": 2, "decimal_places": 2},
    ),
    "bool": ({}, {"default": False}, {"required": False}),
    "date": (
        {},
        {"ge": "2020-01-01", "le": "2020-12-31"},
        {"gt": "2020-01-01", "required": False},
        {"default": "2020-02-29"},
    ),
    "datetime": (
        {},
        {"ge": "2020-01-01T00:00:00Z", "lt": "2030-01-01T00:00:00+02:00"},
        {"default": "2020-01-01T00:00:00+02:00"},
    ),
    "time": ({}, {"ge": "09:00", "lt": "17:30:00"}, {"default": "12:00"}),
    "duration": ({}, {"gt": 0.0, "le": 3600.0}, {"default": "90m"}),
    "uuid": ({}, {"required": False}),
    "url": ({}, {"max_length": 40}),
    "bytes": ({}, {"min_length": 2, "max_length": 5}),
    "json": ({}, {"required": False}, {"default": {"a": [1]}}),
    "id": ({},),
    "enum": (
        {"values": ("a", "b-c", 'd"e')},
        {"values": (1, 2, 3)},
        {"values": ("a", "b"), "default": "a", "description": 'say "hi" {x}'},
        {"values": (0, 5), "required": False},
    ),
    "email": ({}, {"lower": True, "max_length": 30}, {"required": False}),
    "list[string]": ({}, {"default": ["a", "b"]}),
    "list[int]": ({"min_length": 1, "max_length": 3, "unique": True},),
    "list[decimal]": ({"required": False},),
    "list[Inner]": ({"max_length": 2}, {"unique": True, "min_length": 2}),
    "list[list[date]]": ({"max_length": 2},),
    "list[bool]": ({"unique": True, "max_length": 2},),
    "map[int]": ({},),
    "map[string]": ({"min_length": 1, "max_length": 2},),
    "map[Inner]": ({},),
    "map[list[datetime]]": ({"required": False},),
    "Inner": ({}, {"required": False}, {"default": {"street": "x", "number": 3}}),
}


@dataclass(frozen=True)
class Trial:
    """One payload of one field, and what is to become of it."""

    field: Field
    label: str
    payload: dict[str, Json]
    value: Json
    accepted: bool
    pointer: tuple[str, ...] = ()
    code: str | None = None

    def fault(self, result: dict[str, Any], spec: FeatureSpec) -> str | None:
        """What is wrong with what the model made of it."""
        where = f"{self.field}: {self.label} {self.value!r}: {result}"
        if self.accepted:
            if "errors" in result:
                return f"refused: {where}"
            wanted = None if self.value is None else normalised(self.field, self.value, spec)
            return (
                None
                if result["value"][self.field.wire_name] == wanted
                else f"not {wanted}: {where}"
            )
        if "value" in result:
            return f"accepted: {where}"
        for error in result["errors"]:
            if tuple(error["loc"]) != (self.field.wire_name, *self.pointer):
                return f"not at {self.pointer}: {where}"
            if self.code is not None and error["code"] != self.code:
                return f"not {self.code}: {where}"
        return None


def trials(item: Field, spec: FeatureSpec) -> list[Trial]:
    name = item.wire_name
    example = sample(item, spec)
    found = [Trial(item, "sample", {name: example}, example, accepted=True)]
    found += [
        Trial(item, case.label, {name: case.value}, case.value, accepted=True)
        for case in inside(item, spec)
    ]
    found += [
        Trial(item, case.label, {name: case.value}, case.value, accepted=False,
              pointer=case.pointer, code=case.code)
        for case in outside(item, spec)
    ]  # fmt: skip
    if item.optional:
        found.append(Trial(item, "left out", {}, item.default, accepted=True))
    return found


def faults(fields: list[Field], root: Path) -> list[str]:
    """What the models say against our cases, over all fields: each stands in a model of its own."""
    models = [Model(f"M{index}", (item,)) for index, item in enumerate(fields)]
    spec = spec_of(INNER, *models)
    planned = [(model.name, trial) for model in models for trial in trials(model.fields[0], spec)]
    results = validate(spec, [(name, trial.payload) for name, trial in planned], root)
    found = (trial.fault(result, spec) for (_, trial), result in zip(planned, results, strict=True))
    return [fault for fault in found if fault is not None]


def test_every_case_of_every_kind_of_field_is_what_it_claims(tmp_path: Path) -> None:
    kinds = [kind for kind in FIELDS if kind != "email" or app_has("email_validator")]
    fields = [
        field(f"{kind.partition('[')[0].lower()}_{index}", kind, **keys)
        for kind in kinds
        for index, keys in enumerate(FIELDS[kind])
    ]
    assert faults(fields, tmp_path) == []


lengths = st.tuples(st.integers(0, 6), st.integers(0, 60)).map(
    lambda pair: {"min_length": pair[0], "max_length": pair[0] + pair[1]}
)
some_lengths: st.SearchStrategy[dict[str, int]] = st.just({}) | lengths
patterns = st.sampled_from(
    [r"^[a-z]{2,9}$", r"^\d+$", "^[A-Z][a-z]*$", "^(x|yz)-[0-9]$", "^.{1,9}$"]
)


@st.composite
def strings(draw: st.DrawFn) -> Field:
    keys: dict[str, Any] = dict(draw(some_lengths))
    if draw(st.booleans()):
        keys = {"pattern": draw(patterns)}
    elif draw(st.booleans()):
        keys["strip"] = True
    if "pattern" not in keys and draw(st.booleans()):
        keys[draw(st.sampled_from(["lower", "upper"]))] = True
    return field("text", "string", **keys)


@st.composite
def numbers(draw: st.DrawFn) -> Field:
    kind = draw(st.sampled_from(["int", "decimal", "float"]))
    keys: dict[str, Any] = {}
    low = draw(st.integers(-500, 500))
    high = low + draw(st.integers(5, 1000))
    if draw(st.booleans()):
        keys[draw(st.sampled_from(["gt", "ge"]))] = low
    if draw(st.booleans()):
        keys[draw(st.sampled_from(["lt", "le"]))] = high
    if kind == "decimal":
        places = draw(st.none() | st.integers(0, 4))
        keys["decimal_places"] = places
        if places is not None and draw(st.booleans()):
            keys["round"] = draw(st.sampled_from(["half_even", "half_up", "down"]))
    if kind == "int" and draw(st.booleans()):
        keys["multiple_of"] = draw(st.integers(1, 5))
    return field("number", kind, **keys)


@st.composite
def containers(draw: st.DrawFn) -> Field:
    inner = draw(st.sampled_from(["string", "int", "date", "Inner", "uuid", "list[int]"]))
    kind = draw(st.sampled_from(["list", "map"]))
    keys: dict[str, Any] = {}
    if draw(st.booleans()):
        least = draw(st.integers(0, 3))
        keys = {"min_length": least, "max_length": least + draw(st.integers(1, 3))}
    if kind == "list" and inner != "Inner" and draw(st.booleans()):
        keys["unique"] = True
    return field("box", f"{kind}[{inner}]", **keys)


@st.composite
def moments(draw: st.DrawFn) -> Field:
    days = st.dates().map(str)
    low, high = sorted([draw(days), draw(days)])
    keys = {draw(st.sampled_from(["gt", "ge"])): low} if draw(st.booleans()) else {}
    if draw(st.booleans()) and high > low[:4] + "~":
        keys[draw(st.sampled_from(["lt", "le"]))] = high
    if draw(st.booleans()):
        keys = {key: f"{day}T10:20:30Z" for key, day in keys.items()}
        return field("moment", "datetime", **keys)
    return field("moment", "date", **keys)


@settings(
    max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(strings() | numbers() | containers() | moments(), min_size=30, max_size=50))
def test_every_case_of_any_field_is_what_it_claims(tmp_path: Path, fields: list[Field]) -> None:
    named = [replace(item, name=f"{item.name}_{index}") for index, item in enumerate(fields)]
    assert faults(named, tmp_path) == []


RULES = (
    ("amount <= 500 or currency == 'USD'", "Large payments are in USD only"),
    ("ends > starts", '{ends} "must" be after the start'),
    ("note == None or len(note) > 3", "Don't be short"),
    ("at > now() - '30d' or on", "Too old"),
    ("mode in ['a', 'b'] or count > 50", "Mode c is for many"),
    ("count * 2 <= 150", "Too many"),
    ("limit != None or amount > 5", "Small amounts need a limit"),
    ("amount <= limit", "Over the limit"),
    ("ratio < 0.9", "Too much"),
    ("'bad' not in tags", "No bad tags"),
    ("choice", "Choose"),
    ("wait <= '2h'", "Too long"),
)
RULED = Model(
    "Ruled",
    (
        field("amount", "decimal", gt=0, le=10000, decimal_places=2),
        field("currency", "string", pattern="^[A-Z]{3}$"),
        field("count", "int", ge=0, le=100),
        field("note", "string", required=False),
        field("starts", "date"),
        field("ends", "date", required=False),
        field("at", "datetime"),
        field("tags", "list[string]"),
        field("mode", "enum", values=("a", "b", "c")),
        field("ratio", "float"),
        field("on", "bool"),
        field("limit", "decimal", required=False),
        field("wait", "duration"),
        field("choice", "bool", required=False),
    ),
    rules=tuple(Rule(check, message) for check, message in RULES),
)


def test_each_rule_is_broken_alone_and_says_its_own_message(tmp_path: Path) -> None:
    spec = spec_of(RULED)
    broken = violations(RULED, spec)
    assert [rule.check for rule, _ in broken] == [check for check, _ in RULES]
    results = validate(spec, [("Ruled", payload) for _, payload in broken], tmp_path)
    for (rule, _), result in zip(broken, results, strict=True):
        errors = [(error["message"], error["code"], error["loc"]) for error in result["errors"]]
        assert errors == [(rule.message, "rule_violated", [])]


def test_samples_keep_the_rules(tmp_path: Path) -> None:
    spec = spec_of(RULED)
    payloads = [sample_model(RULED, spec), minimal_model(RULED, spec)]
    results = validate(spec, [("Ruled", payload) for payload in payloads], tmp_path)
    for payload, result in zip(payloads, results, strict=True):
        assert result["value"] == normalised_model(payload, RULED, spec)
    assert set(payloads[1]) < set(payloads[0])


def test_samples_differ_from_field_to_field_and_from_the_default() -> None:
    spec = spec_of()
    texts = {str(sample(field(name, "string"), spec)) for name in ("first", "second", "third")}
    assert len(texts) == 3
    assert sample(field("on", "bool", default=True), spec) is False
    assert sample(field("mode", "enum", values=("a", "b"), default="a"), spec) == "b"


def test_an_example_is_the_sample() -> None:
    spec = spec_of()
    assert sample(field("name", "string", example="Ann"), spec) == "Ann"
    model = Model("M", (field("a", "int"), field("b", "int")), example={"a": 5})
    assert sample_model(model, spec)["a"] == 5


@pytest.mark.parametrize(
    ("item", "value", "printed"),
    [
        (field("a", "decimal", decimal_places=2), "5", "5.00"),
        (field("a", "decimal", decimal_places=2, round="half_even"), "0.125", "0.12"),
        (field("a", "decimal", decimal_places=2, round="half_up"), "0.125", "0.13"),
        (field("a", "decimal", decimal_places=2, round="down"), "0.129", "0.12"),
        (field("a", "string", strip=True, lower=True), "  ABC ", "abc"),
        (field("a", "duration"), "PT90S", "PT1M30S"),
        (field("a", "datetime"), "2026-01-31t12:00:00.5z", "2026-01-31T12:00:00.500000Z"),
        (field("a", "email"), "A@EXAMPLE.com", "A@example.com"),
    ],
)
def test_a_value_is_normalised_as_the_service_prints_it(
    item: Field, value: Json, printed: Json
) -> None:
    assert normalised(item, value, spec_of()) == printed
