"""Values that have a form: money, states, currencies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from featuregen.questions.model import Choice, Gap
from featuregen.questions.rules.meaning import is_currency, is_money, is_status
from featuregen.spec.edit import Delete, Set

if TYPE_CHECKING:
    from collections.abc import Iterator

    from featuregen.questions.survey import Place, Survey
    from featuregen.spec.edit import Edit

_CENTS = 2
_TEXT_ONLY = ("min_length", "max_length", "pattern", "strip", "lower", "upper")
_CODE_LENGTH = 3
_MOST_VALUES = 20


def float_money(survey: Survey) -> Iterator[Gap]:
    """Money as a float."""
    for place in survey.seen():
        if place.field.type.kind == "float" and is_money(place.field.name):
            to_decimal = Set(place.key("type"), "decimal")
            yield Gap(
                place.path,
                f"Is `{place.field.name}` money?",
                (
                    Choice(
                        "yes: an exact decimal",
                        (to_decimal, Set(place.key("decimal_places"), _places(place))),
                    ),
                    Choice("no, a measurement", because="it is a measurement, not money"),
                ),
            )


def decimal_places(survey: Survey) -> Iterator[Gap]:
    """Money that a client sends without a number of decimal places."""
    for place in survey.sent():
        field = place.field
        if field.type.kind != "decimal" or field.decimal_places is not None:
            continue
        if not is_money(field.name):
            continue
        key, places = place.key("decimal_places"), _places(place)
        exact = Choice(f"{places}: more are refused", (Set(key, places),))
        rounded = (Set(key, places), Set(place.key("round"), "half_even"))
        finer = Choice(f"{places + 2}: fractions of a cent", (Set(key, places + 2),))
        choices = (exact, Choice(f"{places}: more are rounded", rounded), finer)
        yield Gap(place.path, f"How many decimal places has `{field.name}`?", choices)


def _places(place: Place) -> int:
    written = [str(one).partition(".")[2] for one in place.known_values()]
    return max([_CENTS, *(len(one) for one in written)])


def free_status(survey: Survey) -> Iterator[Gap]:
    """A status that is any text."""
    for place in survey.seen():
        if not is_status(place.field):
            continue
        name = place.field.name
        kept = Choice("any text", because="its values are another system's and may grow")
        named = _named_values(place, survey)
        if not named:
            named = ["pending", "succeeded", "failed"]
        shown = Choice(f"one of {', '.join(named)}", _to_enum(place, named))
        comes_from_upstream = (
            bool(survey.calls) and place.model is not None and (place.model.name in survey.outputs)
        )
        choices = (kept, shown) if comes_from_upstream else (shown, kept)
        yield Gap(place.path, f"Which values has `{name}`?", choices)


def _named_values(place: Place, survey: Survey) -> list[str]:
    """Values that the spec mentions: in examples, in the table of a `map` pipe."""
    found = [one for one in place.known_values() if isinstance(one, str)]
    for operation, call in survey.calls:
        if place.model is None or operation.response.model != place.model.name:
            continue
        for mapping in call.receive:
            if mapping.target == (place.field.name,):
                tables = [pipe.table for pipe in mapping.source.pipes]
                found += [ours for table in tables for _, ours in table]
    return list(dict.fromkeys(found))[:_MOST_VALUES]


def _to_enum(place: Place, values: list[str]) -> tuple[Edit, ...]:
    outdated: list[Edit] = [Delete(place.key(name)) for name in _TEXT_ONLY]
    if place.field.sensitive == "last4":  # an enum's value shows whole, or not at all
        outdated.append(Set(place.key("sensitive"), value=True))
    return (*outdated, Set(place.key("type"), "enum"), Set(place.key("values"), [*values]))


def free_currency(survey: Survey) -> Iterator[Gap]:
    """A currency that is any text."""
    for place in survey.sent():
        if not is_currency(place.field):
            continue
        known = [one for one in place.known_values() if isinstance(one, str)]
        codes = list(dict.fromkeys([*known, "USD", "EUR"]))
        choices = [Choice(f"one of {', '.join(codes)}", _to_enum(place, codes))]
        if all(len(one) == _CODE_LENGTH and one.isalpha() and one.isascii() for one in known):
            case = "a-z" if known and all(one.islower() for one in known) else "A-Z"
            if all(one.islower() == (case == "a-z") for one in known):
                pattern = Set(place.key("pattern"), f"^[{case}]{{3}}$")
                choices.insert(0, Choice("any ISO 4217 code", (pattern,)))
        yield Gap(place.path, f"Which currencies may `{place.field.name}` name?", tuple(choices))
