"""What a client may send without end: text, lists, numbers, free JSON."""

from __future__ import annotations

import math
import re
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from featuregen.questions.model import Choice, Gap
from featuregen.questions.rules.meaning import is_currency, is_money, is_status
from featuregen.questions.survey import words
from featuregen.spec.edit import Set, dotted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from featuregen.questions.survey import Place, Survey
    from featuregen.spec.model import Json

_PROSE = frozenset({
    "description", "note", "notes", "comment", "comments", "message", "text", "body", "content",
    "bio", "summary", "reason", "details",
})  # fmt: skip
_SHORT = {"name": 200, "title": 200, "subject": 200, "label": 100, "code": 50, "tag": 50}
_LENGTHS = (50, 100, 200, 255, 1000, 2000, 10_000, 100_000, 1_000_000)
_DEFAULT_LENGTH, _PROSE_LENGTH = 255, 2000
_COUNTS = (20, 100, 1000, 10_000, 100_000)
_DEFAULT_COUNT = 100
_RANGES: dict[str, tuple[int, int]] = {
    "limit": (1, 100), "size": (0, 1000), "page": (1, 10_000), "quantity": (1, 1000),
    "qty": (1, 1000), "age": (0, 150), "year": (1900, 2200), "month": (1, 12), "day": (1, 31),
    "hour": (0, 23), "minute": (0, 59), "percent": (0, 100), "percentage": (0, 100),
    "lat": (-90, 90), "latitude": (-90, 90), "lng": (-180, 180), "lon": (-180, 180),
    "longitude": (-180, 180), "rating": (1, 5), "port": (1, 65_535),
}  # fmt: skip
_DEFAULT_TOP = 1_000_000
_WIDE_TOP = 2_147_483_647


def text(survey: Survey) -> Iterator[Gap]:
    """A string of a request without a longest length."""
    for place in survey.sent():
        field = place.field
        if field.type.kind != "string" or field.max_length is not None or _is_finite(field.pattern):
            continue
        if _has_a_question_of_its_own(place, survey):
            continue
        least = max([field.min_length or 0, *(len(str(one)) for one in place.known_values())])
        usual = _usual_length(field.name)
        first = next((one for one in _LENGTHS if one >= max(usual, least)), least)
        second = next((one for one in _LENGTHS if one > first * 3), first * 10)
        yield Gap(
            place.path,
            f"How long may `{field.name}` be?",
            tuple(_max_length(place, one, "characters") for one in (first, second)),
        )


def _has_a_question_of_its_own(place: Place, survey: Survey) -> bool:
    """A status or a currency is asked for its values, which bound it too."""
    at = dotted(place.path)
    if is_status(place.field):
        return not survey.waived("FGQ016", at)
    return is_currency(place.field) and not survey.waived("FGQ017", at)


def _usual_length(name: str) -> int:
    last = words(name)[-1]
    return _PROSE_LENGTH if last in _PROSE else _SHORT.get(last, _DEFAULT_LENGTH)


def _is_finite(pattern: str | None) -> bool:
    """Whether a pattern bounds the length: anchored, and nothing in it repeats freely."""
    if pattern is None or not pattern.startswith("^") or not pattern.endswith("$"):
        return False
    bare = re.sub(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", "x", pattern)
    return re.search(r"[*+|]|\{[0-9]*,\}", bare) is None


def items(survey: Survey) -> Iterator[Gap]:
    """A list of a request without a largest number of items."""
    for place in survey.sent():
        field = place.field
        if field.type.kind != "list" or field.max_length is not None:
            continue
        known = [len(one) for one in place.known_values() if isinstance(one, list)]
        least = max([field.min_length or 0, *known])
        first = next((one for one in _COUNTS if one >= max(_DEFAULT_COUNT, least)), least)
        counts = (first, first // 5 if first // 5 >= least else first * 10)
        yield Gap(
            place.path,
            f"How many items may `{field.name}` hold?",
            tuple(_max_length(place, one, "items") for one in counts),
        )


def _max_length(place: Place, length: int, what: str) -> Choice:
    return Choice(f"at most {length:,} {what}", (Set(place.key("max_length"), length),))


def numbers(survey: Survey) -> Iterator[Gap]:
    """A number of a request with an open end."""
    for place in survey.sent():
        field = place.field
        if field.type.kind not in ("int", "float", "decimal"):
            continue
        needs_low = field.gt is None and field.ge is None
        needs_high = field.lt is None and field.le is None
        if needs_low or needs_high:
            yield _range(place, needs_low=needs_low, needs_high=needs_high)


def _range(place: Place, *, needs_low: bool, needs_high: bool) -> Gap:
    field = place.field
    low, high = _usual_range(place)
    above = "gt" if is_money(field.name) and low == 0 and 0 not in _known(place) else "ge"
    usual, wide = [], []
    if needs_low:
        usual.append((above, low))
        wide.append(("ge", -max(_WIDE_TOP, high)))
    if needs_high:
        usual.append(("le", high))
        wide.append(("le", max(_WIDE_TOP, high * 10)))
    missing = "range" if len(usual) == 2 else "least" if needs_low else "greatest value"  # noqa: PLR2004
    asked = {"range": "In which range is", "least": "What is the least value of"}
    text = f"{asked.get(missing, 'What is the greatest value of')} `{field.name}`?"
    return Gap(place.path, text, (_bounded(place, usual), _bounded(place, wide)))


def _bounded(place: Place, bounds: list[tuple[str, int]]) -> Choice:
    signs = {"gt": "over", "ge": "at least", "le": "at most"}
    label = ", ".join(f"{signs[key]} {bound:,}" for key, bound in bounds)
    return Choice(label, tuple(Set(place.key(key), bound) for key, bound in bounds))


def _usual_range(place: Place) -> tuple[int, int]:
    """Bounds that a field of this name has, widened by the values that it takes already."""
    last = words(place.field.name)[-1]
    low, high = _RANGES.get(last, (0, _DEFAULT_TOP))
    known = _known(place)
    low = min([low, *(math.floor(one) for one in known)])
    tops = [one for one in (place.field.lt, place.field.le) if one is not None]
    if any(Decimal(str(one)) <= low for one in tops):
        low = min(-_DEFAULT_TOP, low * 2)
    while high <= low or any(one >= high for one in known):
        high = high * 10 if high > 0 else -high + 1
    return low, high


def _known(place: Place) -> list[Decimal]:
    field = place.field
    given = [*place.known_values(), field.gt, field.ge, field.lt, field.le]
    found = []
    for value in given:
        if isinstance(value, int | float | str | Decimal) and not isinstance(value, bool):
            try:
                found.append(Decimal(str(value)))
            except InvalidOperation:
                continue
    return found


def free_json(survey: Survey) -> Iterator[Gap]:
    """A field of a request that may hold anything."""
    for place in survey.sent():
        if place.field.type.kind != "json":
            continue
        choices = [Choice("any JSON, as it is", because="the shape is the client's own")]
        if all(_is_text_map(one) for one in place.known_values()):
            to_map = (Set(place.key("type"), "map[string]"),)
            choices.append(Choice("names and texts only", to_map))
        yield Gap(place.path, f"What may `{place.field.name}` hold?", tuple(choices))


def _is_text_map(value: Json) -> bool:
    return isinstance(value, dict) and all(isinstance(one, str) for one in value.values())
