"""Entries of `FAKES` in `tests/fakes/__init__.py`."""

from __future__ import annotations

from textwrap import dedent

import pytest

from featuregen.plan.contribution import FakeEntry
from featuregen.wiring.fakes import FakesFile
from featuregen.wiring.order import Order
from featuregen.wiring.outcome import AlreadyThere, CannotEdit, Edited, Request

FAKE = FakeEntry("provider", "FakeProvider")

CASES: dict[str, tuple[str, str]] = {
    "an empty dict": (
        '''
        """The fakes."""

        from tests.fakes.upstream import FakeUpstream

        FAKES: dict[str, type[FakeUpstream]] = {}
        ''',
        '''
        """The fakes."""

        from tests.fakes.provider import FakeProvider
        from tests.fakes.upstream import FakeUpstream

        FAKES: dict[str, type[FakeUpstream]] = {
            "provider": FakeProvider,
        }
        ''',
    ),
    "one entry on each line, with comments": (
        """
        from tests.fakes.ledger import FakeLedger

        FAKES = {
            # money
            "ledger": FakeLedger,  # slow
        }
        """,
        """
        from tests.fakes.ledger import FakeLedger
        from tests.fakes.provider import FakeProvider

        FAKES = {
            # money
            "ledger": FakeLedger,  # slow
            "provider": FakeProvider,
        }
        """,
    ),
    "all on one line": (
        """
        from tests.fakes.ledger import FakeLedger
        FAKES = {**MORE, 'ledger': (FakeLedger)}
        """,
        """
        from tests.fakes.ledger import FakeLedger
        from tests.fakes.provider import FakeProvider
        FAKES = {**MORE, 'ledger': (FakeLedger), "provider": FakeProvider}
        """,
    ),
    "no trailing comma": (
        """
        from .ledger import FakeLedger

        FAKES = {
            "ledger": FakeLedger
        }
        """,
        """
        from tests.fakes.provider import FakeProvider

        from .ledger import FakeLedger

        FAKES = {
            "ledger": FakeLedger,
            "provider": FakeProvider
        }
        """,
    ),
    "nothing imported yet": (
        """
        FAKES = {}
        """,
        """
        from tests.fakes.provider import FakeProvider

        FAKES = {
            "provider": FakeProvider,
        }
        """,
    ),
}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> tuple[str, str]:
    before, after = CASES[request.param]
    return dedent(before).lstrip(), dedent(after).lstrip()


def edited(source: str) -> str:
    outcome = FakesFile.edit(source, FAKE)
    assert isinstance(outcome, Edited), outcome
    return outcome.text


def undone(source: str) -> str:
    outcome = FakesFile.undo(source, FAKE)
    assert isinstance(outcome, Edited), outcome
    return outcome.text


def test_a_fake_is_imported_and_listed(case: tuple[str, str]) -> None:
    assert edited(case[0]) == case[1]


def test_a_fake_that_is_there_is_not_added_again(case: tuple[str, str]) -> None:
    assert FakesFile.edit(case[1], FAKE) == AlreadyThere()


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("ending", ["\n", ""])
def test_undoing_gives_back_the_very_bytes(
    case: tuple[str, str], newline: str, ending: str
) -> None:
    before = (case[0].rstrip() + ending).replace("\n", newline)
    assert undone(edited(before)) == before


REFUSED = {
    "another class under the name": (
        'from tests.fakes.mine import Mine\nFAKES = {"provider": Mine}\n',
        'FAKES["provider"] is tests.fakes.mine.Mine',
    ),
    "the class's name means something else": (
        "class FakeProvider: ...\nFAKES = {}\n",
        "FakeProvider, bound on line 1, is not the one of tests.fakes.provider",
    ),
    "no dict": ("FAKES = load()\n", "there is no FAKES = {…} at the top level"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_edited_comes_with_the_lines_to_paste(name: str) -> None:
    source, reason = REFUSED[name]
    outcome = FakesFile.edit(source, FAKE)
    assert isinstance(outcome, CannotEdit)
    assert outcome.instructions.startswith(f"tests/fakes/__init__.py: {reason}")
    assert '    "provider": FakeProvider,\n' in outcome.instructions


def test_a_fake_whose_class_is_renamed_is_listed_under_the_new_name() -> None:
    source = dedent(CASES["an empty dict"][1]).lstrip()
    new = FakeEntry("provider", "ProviderDouble")
    edits = FakesFile.edit_all(
        source, Request({"fake:provider": new}, previous={"fake:provider": FAKE})
    )
    assert '    "provider": ProviderDouble,\n' in edits.text
    assert "FakeProvider" not in edits.text


@pytest.mark.parametrize("names", [("a", "b", "c"), ("c", "b", "a"), ("b", "c", "a")])
@pytest.mark.parametrize("bare", ["FAKES = {}\n", 'FAKES = {"z": Z}\n'])
def test_the_order_of_adding_does_not_matter(names: tuple[str, ...], bare: str) -> None:
    order = Order(("fake:a", "fake:b", "fake:c"))
    text = bare
    for name in names:
        outcome = FakesFile.edit(text, FakeEntry(name, f"Fake{name.upper()}"), order)
        assert isinstance(outcome, Edited)
        text = outcome.text
    assert text.index('"a"') < text.index('"b"') < text.index('"c"')
    for name in names:
        outcome = FakesFile.undo(text, FakeEntry(name, f"Fake{name.upper()}"))
        assert isinstance(outcome, Edited)
        text = outcome.text
    assert text == bare
