"""The rows of generated tests: unlike in every key, in the state that is wanted, in order."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest

from featuregen.plan.python_values import python_object
from featuregen.plan.scene_makers import another_id, another_row, made_values, make, plan_rows
from featuregen.plan.scene_rows import (
    Row,
    are_few,
    asked_by,
    broken_by,
    kept_by,
    right_state,
    row_of,
    rows,
)
from featuregen.plan.scene_values import ascending, nth_other, others
from featuregen.spec.checks.values import fault_of
from featuregen.spec.load import parse_spec
from featuregen.spec.model import Field, Transition, TypeRef

CASES = Path(__file__).parent / "cases"
SPECS = sorted([*(CASES / "good").glob("*.yaml"), *(CASES / "ok").glob("*.yaml")])
SCHOOL = """\
featuregen: 1
feature: school
entities:
  Room:
    scope: public
    fields:
      code: {type: string, pattern: "^[A-Z]{2}$", max_length: 2}
      places: {type: int, ge: 1, le: 500}
      used: {type: int, generated: 0}
      opens_at: datetime
      state: {type: enum, values: [open, full, shut], generated: open}
    unique: [code]
  Seat:
    fields:
      room_id: {references: Room, on_delete: cascade}
      next_id: {references: Seat, required: false, on_delete: set_null}
    unique: [[owner_id, room_id]]
crud:
  - Room
  - {entity: Seat, only: [create, get, delete]}
operations:
  shut_room:
    method: POST
    path: "/{id}/shut"
    transition: {entity: Room, from: [full, open], to: shut}
  take_seat:
    method: POST
    path: "/{id}/seats"
    parent: Room
    create: Seat
    request: Taking
    reserve:
      {entity: Room, field: used, by: 1, up_to: places,
       when: "state == 'open' and opens_at > now() and places >= 20"}
models:
  Taking: {fields: {next_id: {type: id, required: false}}}
"""


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_no_two_rows_of_a_case_share_a_key_a_name_or_an_id(path: Path) -> None:
    spec = parse_spec(path.read_text("utf-8"), path.name)
    found = rows(spec)
    assert len({row.constant for row in found}) == len(found)
    assert len({row.id for row in found}) == len(found)
    for entity in spec.entities.values():
        own = [row for row in found if row.entity == entity]
        is_few = are_few(entity)
        for name in spec.operations if is_few else ("any",):
            there = [row for row in own if not is_few or name in asked_by(row, spec)]
            assert all(is_alone(row, there) for row in there), name


def is_alone(row: Row, others: list[Row]) -> bool:
    """Whether no other row has one of its keys."""
    for key in row.entity.unique:
        held = [row.values.get(name) for name in key]
        same = [one for one in others if [one.values.get(name) for name in key] == held]
        if None not in held and same != [row]:
            return False
    return True


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_every_row_of_a_case_comes_behind_those_that_it_refers_to(path: Path) -> None:
    spec = parse_spec(path.read_text("utf-8"), path.name)
    plan = plan_rows(spec)
    assert (plan is None) == (not spec.entities and not spec.webhooks)
    if plan is None:
        return
    place = {row.constant: index for index, row in enumerate(rows(spec))}
    assert len(plan.seeds) == len(place)
    order = [
        next(c for c in place if f"={c}," in f"{seed},".replace(")", ",")) for seed in plan.seeds
    ]
    ids = {row.id: row.constant for row in rows(spec)}
    for row in rows(spec):
        for field in row.entity.fields:
            if field.references not in (None, row.entity.name) and row.values.get(field.name):
                referred = ids[str(row.values[field.name])]
                assert order.index(referred) < order.index(row.constant)


def test_the_row_of_an_operation_is_in_the_state_that_its_condition_asks_for() -> None:
    spec = parse_spec(SCHOOL, "school.yaml")
    row = row_of(spec.operations["take_seat"], spec)
    assert row is not None
    assert row.values["state"] == "open"
    assert str(row.values["opens_at"]) > "2900"
    assert row.values["used"] == 0
    assert int(str(row.values["places"])) >= 20


def test_a_transition_begins_in_the_first_of_its_states() -> None:
    spec = parse_spec(SCHOOL, "school.yaml")
    row = row_of(spec.operations["shut_room"], spec)
    assert row is not None
    assert row.values["state"] == "full"


def test_a_transition_from_any_state_begins_in_another_than_it_leads_to() -> None:
    room = parse_spec(SCHOOL, "school.yaml").entities["Room"]
    assert right_state(Transition("Room", "state", (), "open"), room) == "full"


@pytest.mark.parametrize(
    "condition", ["state == 'shut'", "places > 400 or used == 3", "not (opens_at < now())"]
)
def test_a_condition_is_made_true_and_false(condition: str) -> None:
    spec = parse_spec(SCHOOL, "school.yaml")
    room = spec.entities["Room"]
    values = made_values(room, spec) | {"state": "open", "places": 9, "used": 0}
    yes = values | kept_by(condition, room, values, spec)
    assert kept_by(condition, room, yes, spec) == {}
    no = broken_by(condition, room, yes, spec)
    assert no is not None
    assert kept_by(condition, room, yes | no, spec) != {}


def test_a_condition_that_nothing_breaks_has_no_false_row() -> None:
    spec = parse_spec(SCHOOL, "school.yaml")
    room = spec.entities["Room"]
    assert broken_by("places >= 1", room, made_values(room, spec), spec) is None


def test_a_call_says_only_what_is_other_than_in_any_row() -> None:
    spec = parse_spec(SCHOOL, "school.yaml")
    room = spec.entities["Room"]
    assert make(room, spec) == "make_room()"
    assert make(room, spec, {"used": 0, "state": "full"}) == 'make_room(state="full")'


def test_another_row_brings_what_it_refers_to_along() -> None:
    spec = parse_spec(SCHOOL, "school.yaml")
    seat = spec.entities["Seat"]
    *needed, row = another_row(seat, spec, 1, {"owner_id": "user_2"})
    assert len(needed) == 1
    assert needed[0].startswith("make_room(id=")
    assert another_id(seat, spec, 1) in row
    assert 'owner_id="user_2"' in row
    there = needed[0].partition('id="')[2].partition('"')[0]
    assert f'room_id="{there}"' in row
    assert "next_id" not in row


def test_other_rows_are_unlike_in_their_keys() -> None:
    spec = parse_spec(SCHOOL, "school.yaml")
    room = spec.entities["Room"]
    seeded = {str(row.values["code"]) for row in rows(spec) if row.entity == room}
    codes = [
        another_row(room, spec, number, {})[0].partition('code="')[2][:2] for number in range(9)
    ]
    assert len(set(codes)) == 9
    assert not seeded & set(codes)


FIELDS = (
    Field("plain", TypeRef("string")),
    Field("short", TypeRef("string"), max_length=2),
    Field("coded", TypeRef("string"), pattern="^[a-z]{2}-[0-9]{3}$"),
    Field("loud", TypeRef("string"), upper=True, min_length=4, max_length=9),
    Field("count", TypeRef("int"), ge=3, le=9),
    Field("even", TypeRef("int"), multiple_of=2),
    Field("price", TypeRef("decimal"), gt=0, decimal_places=2, max_digits=3),
    Field("ratio", TypeRef("float")),
    Field("flag", TypeRef("bool")),
    Field("state", TypeRef("enum"), values=("b_b", "a", "ba")),
    Field("level", TypeRef("enum"), values=(30, 4)),
    Field("day", TypeRef("date")),
    Field("at", TypeRef("datetime")),
    Field("hour", TypeRef("time")),
    Field("lasts", TypeRef("duration")),
    Field("key", TypeRef("uuid")),
    Field("mail", TypeRef("email")),
    Field("page", TypeRef("url")),
)


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_other_values_are_valid_and_differ(field: Field) -> None:
    spec = parse_spec(SCHOOL, "school.yaml")
    held = nth_other(field, spec, None, 1)
    found = list(islice(others(field, spec, held), 5))
    assert found
    assert [fault_of(value, field, {}) for value in found] == [None] * len(found)
    assert len({str(value) for value in [held, *found]}) == len(found) + 1


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_values_ascend_as_every_database_has_them(field: Field) -> None:
    spec = parse_spec(SCHOOL, "school.yaml")
    found = ascending(islice(others(field, spec, None), 6), field)
    objects = [python_object(value, field.type, field) for value in found]
    assert objects == sorted(objects)  # type: ignore[type-var]
    assert len(found) > 1


def test_texts_whose_order_depends_on_the_database_are_left_out() -> None:
    field = Field("state", TypeRef("string"))
    assert ascending(["in_b", "ina", "Z", "b"], field) == ("b", "ina")
