"""The wizard asks, and what it writes passes `check`."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from featuregen.errors import FeaturegenError
from featuregen.questions import open_questions
from featuregen.spec.load import parse_spec
from featuregen.wizard import Refused, Wizard, start
from featuregen.wizard_fields import FieldsError, read_fields


def run(**answers: str) -> Wizard:
    """A wizard with these answers, and defaults for the rest."""
    given = {
        "feature": "payment",
        "fields": "amount decimal >0 <=10000 .2, note string? 500",
    } | answers
    wizard = start()
    while (prompt := wizard.prompt()) is not None:
        replied = wizard.reply(given.pop(prompt.key, ""))
        assert isinstance(replied, Wizard), replied
        wizard = replied
    assert given == {}, "an answer to what was not asked"
    return wizard


def refused(wizard: Wizard, answer: str) -> Refused:
    replied = wizard.reply(answer)
    assert isinstance(replied, Refused)
    return replied


def at(key: str, **answers: str) -> Wizard:
    """A wizard that asks for `key` now."""
    wizard = run(**answers)
    while (prompt := wizard.prompt()) is None or prompt.key != key:
        wizard = wizard.back()
    return wizard


def test_the_defaults_make_a_spec_of_hooks() -> None:
    spec = parse_spec(run().spec(), "payment.yaml")
    assert {name: one.hook for name, one in spec.operations.items()} == {
        "create_payment": "create_payment",
        "get_payment": "get_payment",
    }
    assert spec.operations["create_payment"].permission == "payments.create"
    assert spec.requirements.users == ("signed-in users",)
    amount, note = spec.models["PaymentInput"].fields
    assert (amount.gt, amount.le, amount.decimal_places) == (0, 10000, 2)
    assert (note.required, note.max_length) == (False, 500)
    assert spec.warnings == ()


def test_an_upstream_is_called_with_every_field() -> None:
    wizard = run(work="2", upstream="bank", credentials="header", operations="1,2,3,4,5")
    spec = parse_spec(wizard.spec(), "payment.yaml")
    assert spec.upstreams["bank"].auth.kind == "header"
    assert spec.settings["bank_api_key"].type.kind == "secret"
    create = spec.operations["create_payment"].call
    assert create is not None
    assert [one.target for one in create.send] == [("amount",), ("note",)]
    assert [one.target for one in create.receive] == [("id",), ("amount",), ("note",)]
    assert spec.upstreams["bank"].errors[404].error == "PaymentNotFoundError"
    assert len(spec.operations) == 5
    assert spec.warnings == ()


def test_what_is_stored_becomes_an_entity_and_its_operations() -> None:
    text = run(work="stored", operations="create,get,list", access="signed_in").spec()
    spec = parse_spec(text, "payment.yaml")
    assert list(spec.operations) == ["create_payment", "get_payment", "list_payments"]
    assert "crud: {entity: Payment, only: [create, get, list]}\n" in text
    payment = spec.entities["Payment"]
    amount = payment.field("amount")
    assert (amount.gt, amount.le, amount.decimal_places) == (0, 10000, 2)
    assert payment.owner is not None
    assert [one.listing.sort for one in spec.operations.values() if one.listing] == [
        ("-created_at",)
    ]
    assert spec.warnings == ()


def test_all_five_operations_on_rows_are_said_by_one_word() -> None:
    every = run(work="stored", operations="1,2,3,4,5", access="signed_in").spec()
    assert every.endswith("crud: Payment\n")
    guarded = run(work="stored", operations="1,2,3,4,5", access="permission").spec()
    assert guarded.endswith("crud: {entity: Payment, permission: true}\n")


def test_rows_that_anyone_reads_are_written_with_a_permission() -> None:
    text = run(work="stored", operations="1,2,3,5", access="public").spec()
    spec = parse_spec(text, "payment.yaml")
    access = {name: (one.auth, one.permission) for name, one in spec.operations.items()}
    assert access == {
        "get_payment": ("none", None),
        "list_payments": ("none", None),
        "create_payment": ("required", "payments.create"),
        "delete_payment": ("required", "payments.delete"),
    }
    assert spec.entities["Payment"].scope == "public"


def test_a_stored_decimal_has_decimal_places_even_if_nobody_says_so() -> None:
    text = run(work="stored", fields="price decimal >0, size int", operations="1").spec()
    price = parse_spec(text, "payment.yaml").entities["Payment"].field("price")
    assert price.decimal_places == 2


def test_nobody_is_asked_for_a_rate_that_no_row_operation_has() -> None:
    assert "rate" not in dict(run(work="stored").answers)


@pytest.mark.parametrize("access", ["permission", "signed_in", "public"])
@pytest.mark.parametrize("operations", ["create", "get", "list", "update", "delete", "1,2,3,4,5"])
def test_a_stored_spec_leaves_no_question_of_high_severity(access: str, operations: str) -> None:
    spec = parse_spec(run(work="stored", access=access, operations=operations).spec(), "p.yaml")
    high = [one.id for one in open_questions(spec) if one.severity == "high"]
    deletes_money = ["FGQ085"] if "5" in operations or operations == "delete" else []
    assert high == deletes_money


def test_every_section_says_what_it_is_for() -> None:
    text = run(work="upstream").spec()
    sections = [line for line in text.splitlines() if line.endswith(":") and line[0] != " "]
    lines = text.splitlines()
    assert sections
    assert all(lines[lines.index(one) - 1].startswith("# ") for one in sections)


def test_what_the_wizard_writes_leaves_no_question_of_high_severity() -> None:
    for answers in (
        {},
        {"work": "upstream", "operations": "create,list,delete"},
        {"access": "public"},
    ):
        spec = parse_spec(run(**answers).spec(), "payment.yaml")
        left = {(one.id, one.severity) for one in open_questions(spec)}
        assert {one for one in left if one[1] == "high"} <= {("FGQ032", "high")}


def test_what_an_upstream_needs_is_asked_only_where_there_is_one() -> None:
    asked = []
    wizard = start("payment")
    while (prompt := wizard.prompt()) is not None:
        asked.append(prompt.key)
        replied = wizard.reply("name string" if prompt.key == "fields" else "")
        assert isinstance(replied, Wizard)
        wizard = replied
    assert asked == ["summary", "users", "work", "fields", "operations", "access", "rate"]


def test_an_answer_can_be_taken_back() -> None:
    wizard = start("payment")
    again = wizard.back()
    prompt = again.prompt()
    assert prompt is not None
    assert prompt.key == "feature"
    assert again == start()


@pytest.mark.parametrize(
    ("key", "answer", "said"),
    [
        ("feature", "", "no default"),
        ("feature", "Payment!", "snake_case"),
        ("feature", "class", "keyword"),
        ("feature", "health", "module of every project"),
        ("work", "nobody", "not one of the choices"),
        ("work", "4", "not one of the choices"),
        ("operations", "create,fly", "'fly' is not one"),
        ("rate", "often", "a rate such as"),
        ("fields", "amount money", "'money' of 'amount' is no type"),
        ("fields", "amount int ~5", "'~5' of 'amount' is not understood"),
        ("fields", "a int, a int", "named twice"),
        ("fields", ",", "no field"),
        ("fields", "amount int >5 <3", "no value keeps both"),
        ("fields", "Amount int", "snake_case"),
        ("fields", "note string .2", "does not apply"),
        ("fields", "schema string", "belongs to pydantic"),
        ("fields", "amount int =x", "not a value of the field"),
    ],
)
def test_an_answer_that_would_not_pass_check_is_refused_at_once(
    key: str, answer: str, said: str
) -> None:
    assert said in refused(at(key), answer).message


def test_an_upstream_of_a_taken_name_is_refused() -> None:
    wizard = at("upstream", work="upstream")
    assert refused(wizard, "Bank!").message


def test_a_name_that_does_not_do_is_refused_from_the_start() -> None:
    with pytest.raises(FeaturegenError) as error:
        start("No Good")
    assert error.value.exit_code == 2


def test_there_is_no_spec_before_the_end() -> None:
    with pytest.raises(FeaturegenError, match="'summary' is not answered yet"):
        start("payment").spec()
    assert refused(run(), "more").message == "everything is answered"


def test_fields_are_typed_in_a_line() -> None:
    line = (
        "a, b? int 1..5, c x|y =x, d string? 3 sensitive, e: decimal .2 >=0 <9.5, f list[string] 4"
    )
    assert read_fields(line) == {
        "a": {"type": "string"},
        "b": {"type": "int", "ge": 1, "le": 5, "required": False},
        "c": {"type": "enum", "values": ["x", "y"], "default": "x"},
        "d": {"type": "string", "max_length": 3, "sensitive": True, "required": False},
        "e": {"type": "decimal", "decimal_places": 2, "ge": 0, "lt": 9.5},
        "f": {"type": "list[string]", "max_length": 4},
    }
    with pytest.raises(FieldsError) as error:
        read_fields("a strin")
    assert error.value.hint == "did you mean 'string'?"


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_whatever_is_answered_the_spec_passes_check(data: st.DataObject) -> None:
    wizard = start()
    texts = st.text(max_size=30) | st.sampled_from(["payment", "a: b", "- x", "#", "no", "1", "'"])
    lines = st.sampled_from(["name string 1..9", "a int >0, b date?", "id string, x bool =true"])
    while (prompt := wizard.prompt()) is not None:
        values = [value for value, _ in prompt.choices]
        if prompt.choices:
            answer = data.draw(st.lists(st.sampled_from(values), min_size=1).map(",".join)
                               if prompt.many else st.sampled_from(values))  # fmt: skip
        else:
            answer = data.draw(lines if prompt.key == "fields" else texts)
        replied = wizard.reply(answer)
        if isinstance(replied, Refused):
            good = {"feature": "payment", "fields": "a int"}.get(prompt.key, "")
            replied = wizard.reply(good)
        assert isinstance(replied, Wizard)
        wizard = replied
    spec = parse_spec(wizard.spec(), "spec.yaml")
    assert spec.warnings == ()
