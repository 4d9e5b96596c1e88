"""Fields of the settings class: each case is a file before and after, and undone before again."""

from __future__ import annotations

from dataclasses import replace
from textwrap import dedent

import pytest
from wiring_samples import seconds, secret, setting

from featuregen.plan.contribution import SettingEntry
from featuregen.wiring.order import Order
from featuregen.wiring.outcome import AlreadyThere, CannotEdit, Edited, RemovedByUser, Request
from featuregen.wiring.settings import SettingsFile

URL = setting(
    "api_url", "HttpUrl = Field(examples=['x'])", ("pydantic", "HttpUrl"), ("pydantic", "Field")
)

CASES: dict[str, tuple[str, str]] = {
    "a class with fields and a function after it": (
        """
        from pydantic import Field
        from pydantic_settings import BaseSettings


        class Settings(BaseSettings):
            debug: bool = Field(default=False)


        def get_settings() -> Settings:
            return Settings()
        """,
        """
        from pydantic import Field, HttpUrl
        from pydantic_settings import BaseSettings


        class Settings(BaseSettings):
            debug: bool = Field(default=False)

            api_url: HttpUrl = Field(examples=['x'])


        def get_settings() -> Settings:
            return Settings()
        """,
    ),
    "a field with its description, then a method": (
        '''
        import pydantic_settings


        class Config(pydantic_settings.BaseSettings):
            debug: bool = False
            """Tells more."""

            def quiet(self) -> bool:
                return not self.debug
        ''',
        '''
        import pydantic_settings
        from pydantic import Field, HttpUrl


        class Config(pydantic_settings.BaseSettings):
            debug: bool = False
            """Tells more."""

            api_url: HttpUrl = Field(examples=['x'])

            def quiet(self) -> bool:
                return not self.debug
        ''',
    ),
    "nothing but a docstring": (
        '''
        """Settings."""
        from pydantic_settings import BaseSettings as Base
        class Settings(Base):
            """None yet."""
        ''',
        '''
        """Settings."""
        from pydantic import Field, HttpUrl
        from pydantic_settings import BaseSettings as Base
        class Settings(Base):
            """None yet."""

            api_url: HttpUrl = Field(examples=['x'])
        ''',
    ),
    "a class on one line": (
        """
        from pydantic_settings import BaseSettings
        class Settings(BaseSettings): pass
        """,
        """
        from pydantic import Field, HttpUrl
        from pydantic_settings import BaseSettings
        class Settings(BaseSettings): pass; api_url: HttpUrl = Field(examples=['x'])
        """,
    ),
    "several classes, one of which get_settings gives": (
        """
        from pydantic import Field, HttpUrl
        from pydantic_settings import BaseSettings


        class Core(BaseSettings):
            debug: bool = False


        class Full(Core):
            home: HttpUrl = Field()
            name: str


        def get_settings():
            return Full()
        """,
        """
        from pydantic import Field, HttpUrl
        from pydantic_settings import BaseSettings


        class Core(BaseSettings):
            debug: bool = False


        class Full(Core):
            home: HttpUrl = Field()
            name: str

            api_url: HttpUrl = Field(examples=['x'])


        def get_settings():
            return Full()
        """,
    ),
    "a base that is imported from elsewhere": (
        """
        from company import CompanySettings
        from pydantic.networks import HttpUrl
        from pydantic import Field

        class Settings(CompanySettings):
          debug: bool = False
          x: HttpUrl = Field()
          def f(self): ...
        """,
        """
        from company import CompanySettings
        from pydantic.networks import HttpUrl
        from pydantic import Field

        class Settings(CompanySettings):
          debug: bool = False
          x: HttpUrl = Field()
          api_url: HttpUrl = Field(examples=['x'])
          def f(self): ...
        """,
    ),
    "imports for type checkers do not count": (
        """
        from __future__ import annotations

        from typing import TYPE_CHECKING

        from pydantic_settings import BaseSettings

        if TYPE_CHECKING:
            from pydantic import Field, HttpUrl

        class Settings(BaseSettings):
            debug: "HttpUrl" = 1; other: "Field" = 2
        """,
        """
        from __future__ import annotations

        from typing import TYPE_CHECKING

        from pydantic import Field, HttpUrl
        from pydantic_settings import BaseSettings

        if TYPE_CHECKING:
            from pydantic import Field, HttpUrl

        class Settings(BaseSettings):
            debug: "HttpUrl" = 1; other: "Field" = 2

            api_url: HttpUrl = Field(examples=['x'])
        """,
    ),
}
REVERSIBLE = [name for name in CASES if name != "imports for type checkers do not count"]


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> tuple[str, str]:
    before, after = CASES[request.param]
    return dedent(before).lstrip(), dedent(after).lstrip()


def edited(source: str) -> str:
    outcome = SettingsFile.edit(source, URL)
    assert isinstance(outcome, Edited), outcome
    return outcome.text


def undone(source: str) -> str:
    outcome = SettingsFile.undo(source, URL)
    assert isinstance(outcome, Edited), outcome
    return outcome.text


def test_a_field_joins_the_settings_class_with_its_imports(case: tuple[str, str]) -> None:
    assert edited(case[0]) == case[1]


def test_a_field_that_is_there_is_not_added_again(case: tuple[str, str]) -> None:
    assert SettingsFile.edit(case[1], URL) == AlreadyThere()


@pytest.mark.parametrize("name", REVERSIBLE)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("ending", ["\n", ""])
def test_undoing_gives_back_the_very_bytes(name: str, newline: str, ending: str) -> None:
    before = (dedent(CASES[name][0]).strip() + ending).replace("\n", newline)
    assert undone(edited(before)) == before


def test_formatting_makes_no_difference_to_what_is_there() -> None:
    source = edited(dedent(CASES["a class on one line"][0]).lstrip())
    changed = source.replace("['x']", '[\n    "x",\n]')
    assert SettingsFile.edit(changed, URL) == AlreadyThere()
    assert "api_url" not in undone(changed)


def test_an_import_that_something_else_uses_stays() -> None:
    source = (
        "from pydantic import Field, HttpUrl\nfrom pydantic_settings import BaseSettings\n"
        "class Settings(BaseSettings):\n    api_url: HttpUrl = Field(examples=['x'])\n"
        "def f(x: 'HttpUrl') -> None: ...\n"
    )
    after = undone(source)
    assert after.startswith("from pydantic import HttpUrl\n")
    assert "class Settings(BaseSettings):\n    pass\n" in after


HEAD = "from pydantic_settings import BaseSettings\n"
REFUSED = {
    "another declaration": (
        HEAD + "class Settings(BaseSettings):\n    api_url: str\n",
        "line 3 declares api_url in another way (api_url: str)",
    ),
    "another declaration in a base class": (
        HEAD + "class A(BaseSettings):\n    api_url: str\nclass B(A): ...\n"
        "def get_settings() -> B: ...\n",
        "line 3 declares api_url in another way (api_url: str)",
    ),
    "a name that is not a field": (
        HEAD + "class Settings(BaseSettings):\n    api_url = 1\n",
        "line 3 declares api_url in another way (api_url = 1)",
    ),
    "an import that means something else": (
        "from company import HttpUrl\n" + HEAD + "class Settings(BaseSettings): ...\n",
        "HttpUrl, bound on line 1, is not the one of pydantic",
    ),
    "no settings class": ("class Config:\n    x: int\n", "no class derives from"),
    "two settings classes": (
        HEAD + "class A(BaseSettings): ...\nclass B(BaseSettings): ...\n",
        "several classes hold settings (A, B)",
    ),
    "not Python": ("class Settings(\n", "the file is not valid Python"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_edited_comes_with_the_lines_to_paste(name: str) -> None:
    source, reason = REFUSED[name]
    outcome = SettingsFile.edit(source, URL)
    assert isinstance(outcome, CannotEdit)
    assert outcome.instructions.startswith(f"app/core/config.py: {reason}")
    assert "from pydantic import HttpUrl\n" in outcome.instructions
    assert f"    api_url: {URL.declaration}\n" in outcome.instructions


def test_a_field_in_the_users_own_words_is_not_taken_out() -> None:
    source = HEAD + "class Settings(BaseSettings):\n    api_url: str\n"
    outcome = SettingsFile.undo(source, URL)
    assert isinstance(outcome, CannotEdit)
    assert "setting:api_url is no longer as it was written" in outcome.instructions


def test_a_field_that_is_not_there_needs_no_undoing() -> None:
    assert SettingsFile.undo(HEAD + "class Settings(BaseSettings): ...\n", URL) == AlreadyThere()


GROUPS = Order(
    ("setting:a_key", "setting:a_time", "setting:b_key"),
    {"setting:a_key": "a", "setting:a_time": "a", "setting:b_key": "b"},
)
SOURCE = HEAD + "\n\nclass Settings(BaseSettings):\n    debug: bool = False\n"


def added(source: str, *names: str) -> str:
    entries = [seconds(name) if name.endswith("time") else secret(name) for name in names]
    request = Request({SettingsFile.id(each): each for each in entries}, GROUPS)
    return SettingsFile.edit_all(source, request).text


def test_fields_of_a_feature_stand_together_and_apart_from_the_next_features() -> None:
    names = [
        line.partition(":")[0].strip()
        for line in added(SOURCE, "b_key", "a_time", "a_key").split("\n")
    ]
    assert names[names.index("debug") :] == ["debug", "", "a_key", "a_time", "", "b_key", ""]


@pytest.mark.parametrize(
    "names",
    [("a_key", "a_time", "b_key"), ("b_key", "a_time", "a_key"), ("a_time", "b_key", "a_key")],
)
def test_the_order_of_adding_does_not_matter(names: tuple[str, ...]) -> None:
    text = SOURCE
    for name in names:
        text = added(text, name)
    assert text == added(SOURCE, *names)


def test_many_features_are_wired_in_one_reading_within_a_second_of_cpu() -> None:
    from time import process_time

    entries = {f"setting:s{n:03}": secret(f"s{n:03}") for n in range(500)}
    order = Order(entries, {key: key[-3:-1] for key in entries})
    start = process_time()
    text = SettingsFile.edit_all(SOURCE, Request(entries, order)).text
    again = SettingsFile.edit_all(text, Request(entries, order))
    assert process_time() - start < 1
    assert text.count("SecretStr = ") == 500
    assert set(again.outcomes.values()) == {AlreadyThere()}


CHANGED = replace(URL, declaration="str = 'x'", imports=())


def request_for(entry: SettingEntry, ledger: tuple[str, ...] = ()) -> Request[SettingEntry]:
    return Request({"setting:api_url": entry}, previous={"setting:api_url": URL}, ledger=ledger)


def test_a_changed_declaration_is_rewritten_where_the_user_has_not_touched_it() -> None:
    before, after = (dedent(text).lstrip() for text in CASES["nothing but a docstring"])
    edits = SettingsFile.edit_all(after, request_for(CHANGED))
    assert "    api_url: str = 'x'\n" in edits.text
    assert "HttpUrl" not in edits.text
    assert before.splitlines()[:2] == edits.text.splitlines()[:2]


def test_the_users_declaration_stays_where_the_spec_has_not_changed() -> None:
    source = HEAD + "class Settings(BaseSettings):\n    api_url: str\n"
    edits = SettingsFile.edit_all(source, request_for(URL))
    assert edits.outcomes["setting:api_url"] == AlreadyThere(by_user=True)
    assert edits.text == source


def test_a_declaration_that_both_have_changed_is_left_to_a_person() -> None:
    source = HEAD + "class Settings(BaseSettings):\n    api_url: bytes\n"
    edits = SettingsFile.edit_all(source, request_for(CHANGED))
    assert isinstance(edits.outcomes["setting:api_url"], CannotEdit)
    assert edits.text == source


def test_a_field_that_the_user_took_out_stays_out() -> None:
    edits = SettingsFile.edit_all(SOURCE, request_for(CHANGED, ledger=("setting:api_url",)))
    assert edits.outcomes["setting:api_url"] == RemovedByUser()
    assert edits.text == SOURCE
