"""Error classes in `app/core/errors.py`."""

from __future__ import annotations

from dataclasses import replace
from textwrap import dedent

import pytest
from wiring_samples import error

from featuregen.wiring.errors import ErrorsFile
from featuregen.wiring.order import Order
from featuregen.wiring.outcome import AlreadyThere, CannotEdit, Edited, Request

ERROR = error("PaymentError", 402, 30)
WRITTEN = '''
class PaymentError(AppError):
    """PaymentError, as a client sees it."""

    status, code, title = 402, "paymenterror", "PaymentError happened"
    retry_after = 30
'''

CASES: dict[str, tuple[str, str]] = {
    "after the last error, before the functions": (
        '''
        class AppError(Exception):
            status = 500


        class NotFoundError(AppError):
            status = 404
            # more to come


        def problems() -> None:
            """Something else."""
        ''',
        '''
        class AppError(Exception):
            status = 500


        class NotFoundError(AppError):
            status = 404
            # more to come


        class PaymentError(AppError):
            """PaymentError, as a client sees it."""

            status, code, title = 402, "paymenterror", "PaymentError happened"
            retry_after = 30


        def problems() -> None:
            """Something else."""
        ''',
    ),
    "a base that is imported": (
        """
        from company import AppError
        X = 1
        """,
        '''
        from company import AppError
        X = 1


        class PaymentError(AppError):
            """PaymentError, as a client sees it."""

            status, code, title = 402, "paymenterror", "PaymentError happened"
            retry_after = 30
        ''',
    ),
}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> tuple[str, str]:
    before, after = CASES[request.param]
    return dedent(before).lstrip(), dedent(after).lstrip()


def edited(source: str) -> str:
    outcome = ErrorsFile.edit(source, ERROR)
    assert isinstance(outcome, Edited), outcome
    return outcome.text


def undone(source: str) -> str:
    outcome = ErrorsFile.undo(source, ERROR)
    assert isinstance(outcome, Edited), outcome
    return outcome.text


def test_a_class_follows_the_last_error(case: tuple[str, str]) -> None:
    assert edited(case[0]) == case[1]


def test_a_class_that_is_there_is_not_added_again(case: tuple[str, str]) -> None:
    assert ErrorsFile.edit(case[1], ERROR) == AlreadyThere()


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("ending", ["\n", "", "\n\n", "\n# end\n"])
def test_undoing_gives_back_the_very_bytes(
    case: tuple[str, str], newline: str, ending: str
) -> None:
    before = (case[0].rstrip() + ending).replace("\n", newline)
    assert undone(edited(before)) == before


REWRITTEN = '''
class AppError(Exception): ...
class PaymentError(AppError):
    """
    PaymentError, as a client sees it.
    """
    retry_after: int = 30
    status: int = 402
    title = 'PaymentError happened'
    code = 'paymenterror'
'''


def test_another_way_of_writing_the_same_class_is_the_same() -> None:
    assert ErrorsFile.edit(REWRITTEN, ERROR) == AlreadyThere()
    assert "PaymentError" not in undone(REWRITTEN)


REFUSED = {
    "another class": (
        "class AppError(Exception): ...\nclass PaymentError(AppError): ...\n",
        "line 2 defines",
    ),
    "not a class": ("class AppError(Exception): ...\nPaymentError = None\n", "line 2 defines"),
    "no base": ("X = 1\n", "there is no AppError to derive errors from"),
    "not Python": ("class (", "the file is not valid Python"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_edited_comes_with_the_class_to_paste(name: str) -> None:
    source, reason = REFUSED[name]
    outcome = ErrorsFile.edit(source, ERROR)
    assert isinstance(outcome, CannotEdit)
    assert outcome.instructions.startswith(f"app/core/errors.py: {reason}")
    assert WRITTEN in outcome.instructions


def test_a_class_that_the_user_has_extended_is_not_taken_out() -> None:
    source = edited("class AppError(Exception): ...\n") + "\n    def __str__(self): return ''\n"
    outcome = ErrorsFile.undo(source, ERROR)
    assert isinstance(outcome, CannotEdit)


def test_a_changed_class_is_rewritten_where_the_user_has_not_touched_it() -> None:
    source = edited(dedent(CASES["a base that is imported"][0]))
    new = replace(ERROR, status=409, retry_after=None)
    key = ErrorsFile.id(ERROR)
    edits = ErrorsFile.edit_all(source, Request({key: new}, previous={key: ERROR}))
    assert "409" in edits.text
    assert "retry_after" not in edits.text


@pytest.mark.parametrize("names", [("A", "B", "C"), ("C", "B", "A"), ("B", "C", "A")])
def test_the_order_of_adding_does_not_matter(names: tuple[str, ...]) -> None:
    order = Order(("error:A", "error:B", "error:C"))
    bare = "class AppError(Exception): ...\n\n\ndef after() -> None: ...\n"
    text = bare
    for name in names:
        outcome = ErrorsFile.edit(text, error(name, 400), order)
        assert isinstance(outcome, Edited)
        text = outcome.text
    assert text.index("class A(") < text.index("class B(") < text.index("class C(")
    assert "\n\n\n\n" not in text
    entries = {f"error:{name}": error(name, 400) for name in names}
    assert ErrorsFile.undo_all(text, entries).text == bare
