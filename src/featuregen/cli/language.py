"""`featuregen schema` and `featuregen explain`: the spec language about itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from featuregen.cli.run import USAGE, Outcome, run
from featuregen.errors import FeaturegenError

if TYPE_CHECKING:
    from featuregen.documents import Document

_QUESTION = "FGQ"


def schema_command(*, json: bool) -> int:
    """The JSON Schema, bare: what an editor wants."""
    return run("schema", _schema, json=json)


def _schema() -> Outcome:
    from featuregen.spec.schema import json_schema

    schema = json_schema()

    def text() -> str:
        from json import dumps

        return dumps(schema, indent=2) + "\n"

    def document() -> Document:
        from featuregen.documents import schema_document

        return schema_document(schema)

    return Outcome(text=lambda _: text(), document=document)


def explain_command(code: str | None, *, json: bool) -> int:
    """What a diagnostic means; without a code, the list of all."""
    return run("explain", lambda: _explain(code), json=json)


def _explain(code: str | None) -> Outcome:
    from featuregen.diagnostics import explain
    from featuregen.spec.catalogue import CATALOGUE

    if code is not None and code.upper().startswith(_QUESTION):
        return _explain_question(code)

    entries = tuple(CATALOGUE.values())
    if code is None:
        text = "".join(f"{entry.code}  {entry.title}\n" for entry in entries)
    else:
        explained = explain(code)
        if explained is None:
            raise _unknown(code, tuple(CATALOGUE))
        text = explained
        entries = (CATALOGUE[code.upper()],)

    def document() -> Document:
        from featuregen.documents import explain_document

        return explain_document(entries)

    return Outcome(text=lambda _: text, document=document)


def _explain_question(code: str) -> Outcome:
    """A clarifying question has a reason; right and wrong are for its options to say."""
    from featuregen.questions import explain
    from featuregen.questions.catalog import RULES
    from featuregen.spec.catalogue import Entry

    rule = explain(code)
    if rule is None:
        raise _unknown(code, tuple(one.id for one in RULES))
    entry = Entry(rule.id, rule.title, rule.why, wrong="", right="")

    def document() -> Document:
        from featuregen.documents import explain_document

        return explain_document((entry,))

    text = (
        f"# {rule.id}: {rule.title}\n\n{rule.why}\n\n"
        f"A clarifying question of {rule.severity} severity. `featuregen questions SPEC` says\n"
        "where a spec leaves it open, and what each answer would change.\n"
    )
    return Outcome(text=lambda _: text, document=document)


def _unknown(code: str, known: tuple[str, ...]) -> FeaturegenError:
    from difflib import get_close_matches

    near = get_close_matches(code.upper(), known, 1)
    hint = f"did you mean '{near[0]}'? " if near else ""
    return FeaturegenError(
        f"unknown code '{code}'",
        hint=f"{hint}'featuregen explain' lists all codes",
        exit_code=USAGE,
    )
