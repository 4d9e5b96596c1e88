"""`.env.example` and `README.md`."""

from __future__ import annotations

from dataclasses import replace

import pytest
from wiring_samples import INVOICE, ORDER, PAYMENT, setting

from featuregen.plan.contribution import Contribution, SettingEntry
from featuregen.wiring.env import EnvFile
from featuregen.wiring.order import Order
from featuregen.wiring.outcome import AlreadyThere, CannotEdit, Edited, Request
from featuregen.wiring.readme import ReadmeFile

KEY = setting("api_key", "str", comment=("The key.", "Ask for it."), env="sk_1")
TIME = setting("api_time", "int", env="30", active=False)
ENV_ORDER = Order(("env:API_KEY", "env:API_TIME", "env:ZONE"))

ENV_CASES: dict[str, tuple[str, str]] = {
    "at the end": (
        "# Copy me.\nENVIRONMENT=development\n",
        "# Copy me.\nENVIRONMENT=development\n# The key.\n# Ask for it.\nAPI_KEY=sk_1\n",
    ),
    "before its successor's comment": (
        "A=1\n# Seconds.\n# API_TIME=30\nB=2\n",
        "A=1\n# The key.\n# Ask for it.\nAPI_KEY=sk_1\n# Seconds.\n# API_TIME=30\nB=2\n",
    ),
    "an empty file": ("", "# The key.\n# Ask for it.\nAPI_KEY=sk_1\n"),
    "after a blank line": ("A=1\n\n", "A=1\n\n# The key.\n# Ask for it.\nAPI_KEY=sk_1\n"),
}


@pytest.mark.parametrize("name", ENV_CASES)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_setting_gets_its_lines_and_loses_them_again(name: str, newline: str) -> None:
    before, after = (text.replace("\n", newline) for text in ENV_CASES[name])
    if not before:
        after = after.replace("\r\n", "\n")  # a file without a line has no line ends to keep
    assert EnvFile.edit(before, KEY, ENV_ORDER) == Edited(after)
    assert EnvFile.edit(after, KEY, ENV_ORDER) == AlreadyThere()
    assert EnvFile.undo(after, KEY) == Edited(before)


def test_a_missing_final_newline_stays_missing() -> None:
    outcome = EnvFile.edit("A=1", TIME)
    assert outcome == Edited("A=1\n# API_TIME=30")
    assert EnvFile.undo("A=1\n# API_TIME=30", TIME) == Edited("A=1")


@pytest.mark.parametrize("line", ["API_KEY=mine", "#API_KEY = mine", "export API_KEY=mine"])
def test_a_value_of_the_users_is_left(line: str) -> None:
    assert EnvFile.edit(f"{line}\n", KEY) == AlreadyThere(by_user=True)
    assert isinstance(EnvFile.undo(f"{line}\n", KEY), CannotEdit)


def test_a_changed_comment_and_value_are_rewritten() -> None:
    source = "A=1\n# The key.\n# Ask for it.\nAPI_KEY=sk_1\nB=2\n"
    new = replace(KEY, env_comment=("Other.",), env_value="sk_2")
    request: Request[SettingEntry] = Request({"env:API_KEY": new}, previous={"env:API_KEY": KEY})
    assert EnvFile.edit_all(source, request).text == "A=1\n# Other.\nAPI_KEY=sk_2\nB=2\n"


README_ORDER = Order(("readme:invoice", "readme:order", "readme:payment"))


def section(feature: Contribution) -> str:
    name = feature.feature
    return f"<!-- featuregen:{name} -->\n{feature.readme}\n<!-- /featuregen:{name} -->\n"


README_CASES: dict[str, tuple[str, str]] = {
    "at the end": ("# Shop\n\nText.\n", f"# Shop\n\nText.\n\n{section(ORDER)}"),
    "after another feature's": (
        f"# Shop\n\n{section(INVOICE)}\n## Mine\n",
        f"# Shop\n\n{section(INVOICE)}\n{section(ORDER)}\n## Mine\n",
    ),
    "before another feature's": (
        f"# Shop\n{section(PAYMENT)}## Mine\n",
        f"# Shop\n{section(ORDER)}\n{section(PAYMENT)}## Mine\n",
    ),
    "an empty file": ("", section(ORDER)),
}


@pytest.mark.parametrize("name", README_CASES)
def test_a_feature_gets_its_section_and_loses_it_again(name: str) -> None:
    before, after = README_CASES[name]
    assert ReadmeFile.edit(before, ORDER, README_ORDER) == Edited(after)
    assert ReadmeFile.edit(after, ORDER, README_ORDER) == AlreadyThere()
    assert ReadmeFile.undo(after, ORDER) == Edited(before)


def test_an_older_section_is_replaced_where_it_stands() -> None:
    older = replace(ORDER, readme="Old.\n")
    text = f"# Shop\n\n{section(older)}\n## Mine\n"
    assert ReadmeFile.edit(text, ORDER) == Edited(f"# Shop\n\n{section(ORDER)}\n## Mine\n")


def test_a_section_that_the_user_has_written_in_stays_and_is_not_taken_out() -> None:
    text = section(ORDER).replace("What", "Precisely what")
    new = replace(ORDER, readme="New.\n")
    for wanted, outcome in ((ORDER, AlreadyThere), (new, CannotEdit)):
        request = Request({"readme:order": wanted}, previous={"readme:order": ORDER})
        edits = ReadmeFile.edit_all(text, request)
        assert isinstance(edits.outcomes["readme:order"], outcome)
        assert edits.text == text
    assert isinstance(ReadmeFile.undo(text, ORDER), CannotEdit)


def test_a_section_without_its_end_is_left_to_a_person() -> None:
    outcome = ReadmeFile.edit("<!-- featuregen:order -->\nText.\n", ORDER)
    assert isinstance(outcome, CannotEdit)
    assert "the section of line 1 has no <!-- /featuregen:order -->" in outcome.instructions
