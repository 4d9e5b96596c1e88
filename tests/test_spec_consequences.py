"""One slip gives one message; faults that do not follow from each other are all told."""

from __future__ import annotations

from pathlib import Path

import pytest

from featuregen.errors import Diagnostic, SpecError
from featuregen.spec.load import parse_spec

TEXT = (Path(__file__).resolve().parents[1] / "examples/payment/payment.yaml").read_text()


def found(*changes: tuple[str, str]) -> list[Diagnostic]:
    text = TEXT
    for old, new in changes:
        assert text.count(old) == 1, f"{old!r} is there {text.count(old)} times"
        text = text.replace(old, new)
    with pytest.raises(SpecError) as raised:
        parse_spec(text, "payment.yaml")
    return list(raised.value.diagnostics)


def line(text: str) -> int:
    return TEXT[: TEXT.index(text)].count("\n") + 1


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("\nsettings:", "\nsetings:", "FG101"),
        ("\nentities:", "\nentites:", "FG101"),
        ("\noperations:", "\noperatons:", "FG101"),
        ("\nmodels:", "\nmodel:", "FG101"),
        ("\nupstreams:", "\nupstream:", "FG101"),
        ("    request: RefundRequest", "    request: RefundReqest", "FG201"),
        ("    request: RefundRequest", "    request: Zzqx", "FG201"),
        ("    request: PaymentRequest", "    request: PaymentReqest", "FG201"),
        ("    parent: Payment", "    parent: Paiment", "FG212"),
        ("    parent: Payment", "    parent: Zzqx", "FG212"),
        ("    create: Refund", "    create: Refnd", "FG212"),
        ("    create: Refund", "    creat: Refund", "FG101"),
        ("references: Payment", "references: Paymet", "FG212"),
        ("references: Payment", "referenses: Payment", "FG101"),
        ("402: {raise: PaymentError", "402: {raise: PaymentEror", "FG202"),
        ("bearer: payment_api_key", "bearer: payment_api_kye", "FG203"),
        ("{type: decimal, gt: 0, le: 10000, decimal_places: 2}", "{type: deciml, gt: 0}", "FG103"),
        ("values: [pending, succeeded, failed, refunded]",
         "vales: [pending, succeeded, failed, refunded]", "FG101"),
        ("max_length: 255, required: false, internal: true}\n      owner",
         "max_length: 255, required: fasle, internal: true}\n      owner", "FG102"),
        ("example: {amount:", "example: {amonut:", "FG304"),
        ("\nmodels:", "\nmodels:\nmodels:", "FG106"),
    ],
)  # fmt: skip
def test_one_slip_is_one_message(old: str, new: str, code: str) -> None:
    [told] = found((old, new))
    assert told.code == code
    assert told.position.line - (code == "FG106") == line(old) + old[
        : len(old) - len(old.lstrip("\n"))
    ].count("\n")


def test_an_operation_without_its_method_is_told_once() -> None:
    [told] = found(("    method: POST\n    path: /\n", "    path: /\n"))
    assert (told.code, told.path) == ("FG105", "operations.create_payment")


def test_faults_that_do_not_follow_from_each_other_are_all_told() -> None:
    told = found(
        ("\nsettings:", "\nsetings:"),
        ("    request: RefundRequest", "    request: RefundReqest"),
        ("402: {raise: PaymentError", "402: {raise: PaymentEror"),
        ("when: \"status == 'pending'\"", "when: \"status == 'pendign'\""),
        ("status: 402, title", "status: 999, title"),
    )
    assert [one.code for one in told] == ["FG101", "FG104", "FG202", "FG601", "FG201"]


def test_a_fault_behind_a_slip_keeps_its_place() -> None:
    told = found(
        ("currency: {type: string, max_length: 3}", "currency: {type: string, max_len: 3, gt: 1}")
    )
    assert [(one.code, one.position.column) for one in told] == [("FG101", 32), ("FG301", 44)]


def test_every_place_that_names_what_is_called_otherwise_is_told() -> None:
    told = found(("  Refund:\n    fields:\n      id:", "  Refnd:\n    fields:\n      id:"))
    assert [one.message for one in told] == ["unknown entity 'Refund'"]
    told = found(("  create_payment:\n", "  create_paiment:\n"))
    assert {one.message for one in told} == {"unknown operation 'create_payment'"}
    assert len(told) == 5
