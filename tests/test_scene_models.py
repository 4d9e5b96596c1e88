"""What mutants ask for: models at their edges, rows beside, full pages, two first attempts."""

from __future__ import annotations

from conftest import REPOSITORY

from featuregen.plan.scene_listed import plan_list_tests
from featuregen.plan.scene_models import ModelTest, plan_model_tests
from featuregen.plan.scene_others import others_scene
from featuregen.plan.scene_taken import taken_scene
from featuregen.spec.load import parse_spec

CARDS = """
featuregen: 1
feature: card
models:
  CardRequest:
    fields:
      number: {type: string, min_length: 8, max_length: 12, sensitive: last4}
      pin: {type: string, max_length: 4, sensitive: last4}
      code: {type: string, pattern: "^[A-Z]{8,}$", sensitive: last4}
entities:
  Card:
    fields:
      label: {type: string, max_length: 20, wire: cardLabel}
      limit: {type: decimal, max_digits: 5, decimal_places: 2}
      used: {type: decimal, max_digits: 5, decimal_places: 2, generated: "0.00"}
      state: {type: enum, values: [open, shut], generated: open}
crud: Card
operations:
  check_card: {method: POST, path: /check, request: CardRequest, response: none, hook: check}
  charge_card:
    method: POST
    path: /{id}/charge
    reserve: {entity: Card, field: used, by: 1, up_to: limit, when: "state == 'open'"}
"""
EXAMPLES = REPOSITORY / "examples"
SPEC = parse_spec(CARDS, "card.yaml")


def model_called(name: str) -> ModelTest:
    plan = plan_model_tests(SPEC)
    assert plan is not None
    return next(model for model in plan.models if model.name == name)


def test_a_row_is_read_at_the_edge_of_its_columns_and_not_beyond() -> None:
    card = model_called("CardRead")
    assert {edge.change for edge in card.takes} >= {'{"cardLabel": "aaaaaaaaaaaaaaaaaaaa"}'}
    assert '"limit: one digit too many"' in {edge.label for edge in card.refuses}
    assert '"cardLabel"' in {edge.name for edge in card.refuses}


def test_a_text_is_masked_where_four_characters_of_it_may_be_shown() -> None:
    request = model_called("CardRequest")
    assert request.takes == request.refuses == ()  # requests test them
    assert [masked.field for masked in request.masked] == ["number", "code"]
    assert request.masked[0].shown == "\"number='****9012'\""


def test_models_of_requests_alone_have_no_tests_of_their_own() -> None:
    spec = parse_spec(
        "featuregen: 1\nfeature: note\nmodels: {Note: {fields: {text: string}}}\n"
        "operations: {add_note: {method: POST, path: /, request: Note, hook: add}}\n",
        "note.yaml",
    )
    assert plan_model_tests(spec) is None


def test_beside_a_row_that_is_reserved_on_stand_one_with_room_and_one_without() -> None:
    others = others_scene(SPEC.operations["charge_card"], SPEC)
    assert others is not None
    assert (others.own, others.tables) == ("CHARGE_CARD_ID", ("Card",))
    room, full = others.rows
    assert 'limit=Decimal("999.99")' in room
    assert 'limit=Decimal("1.00"), used=Decimal("1.00")' in full


def test_what_only_reads_or_adds_changes_no_row_that_was_there() -> None:
    for name in ("get_card", "list_cards", "create_card", "check_card"):
        assert others_scene(SPEC.operations[name], SPEC) is None


def test_a_page_is_full_where_only_the_id_tells_rows_apart() -> None:
    plan = plan_list_tests(SPEC)
    assert plan is not None
    [cards] = plan.operations
    assert cards.crowd is not None
    assert (cards.crowd.row, cards.crowd.limit) == ('make_card(id=f"card_{number:032x}")', 20)


def test_rows_that_a_key_tells_apart_fill_no_page() -> None:
    keyed = CARDS.replace(
        "      state: {type: enum, values: [open, shut], generated: open}\n",
        "      state: {type: enum, values: [open, shut], generated: open}\n    unique: [[label]]\n",
    )
    plan = plan_list_tests(parse_spec(keyed, "card.yaml"))
    assert plan is not None
    assert plan.operations[0].crowd is None


def test_only_an_attempt_that_calls_may_find_its_row_made() -> None:
    spec = parse_spec((EXAMPLES / "payment" / "payment.yaml").read_text("utf-8"), "payment.yaml")
    taken = {name: taken_scene(each, spec) for name, each in spec.operations.items()}
    assert {name for name, scene in taken.items() if scene} == {"create_payment", "create_refund"}
    scene = taken["create_refund"]
    assert scene is not None
    assert (scene.table, scene.error) == ("Refund", "ConflictError")
    assert scene.attempt.removeprefix('Attempt(operation_id="').removesuffix('")') in scene.rows[-1]
