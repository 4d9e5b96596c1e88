"""Other values of a field than its sample, and in which order every database has them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import islice, product
from typing import TYPE_CHECKING, Any

from featuregen.plan.python_values import normalised_text, python_object
from featuregen.plan.regex_sample import matches, matching
from featuregen.plan.sample_values import bounded, day_of, highest, lowest
from featuregen.plan.samples import sample

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from featuregen.spec.model import FeatureSpec, Field, Json

_TRIES = 4_000


def others(field: Field, spec: FeatureSpec, besides: Json) -> Iterator[Json]:
    """Valid values of the field, each other than those before it and than `besides`."""
    seen = {_identity(besides, field)}
    for value in islice(_candidates(field, spec, besides), _TRIES):
        identity = _identity(value, field)
        if identity not in seen:
            seen.add(identity)
            yield value


def nth_other(field: Field, spec: FeatureSpec, besides: Json, number: int) -> Json:
    """The value of that number (from 1) in `others`; None where there are not so many."""
    return next(islice(others(field, spec, besides), number - 1, None), None)


def varies(field: Field) -> bool:
    """Whether the field has a value of its own for each of many rows."""
    few = field.type.kind in {"bool", "enum"}
    return field.generated is None and field.references is None and not few


def ascending(values: Iterable[Json], field: Field) -> tuple[Json, ...]:
    """Those of the values whose order is the same everywhere, whatever is made of `_` and case."""
    found = list(values)
    if not all(isinstance(_python(value, field), str) for value in found):
        return tuple(sorted(found, key=lambda value: _python(value, field)))
    kept: list[str] = []
    for text in sorted(map(str, found), key=_plain):
        if not kept or (text > kept[-1] and _plain(text) > _plain(kept[-1])):
            kept.append(text)
    return tuple(kept)


def _plain(text: str) -> str:
    """What collations look at first."""
    return "".join(char for char in text.lower() if char.isascii() and char.isalnum())


def _python(value: Json, field: Field) -> Any:  # noqa: ANN401 - comparable with its like
    return python_object(value, field.type, field)


def _identity(value: Json, field: Field) -> object:
    if field.type.kind == "id":  # text, as it is
        return value
    found = _python(value, field)
    return json.dumps(value, sort_keys=True) if isinstance(found, list | dict) else found


def _candidates(field: Field, spec: FeatureSpec, besides: Json) -> Iterator[Json]:
    match field.type.kind:
        case "bool":
            yield from (False, True)
        case "enum":
            yield from field.values
        case "int" | "float" | "decimal":
            yield from _numbers(field, Decimal(str(besides if besides is not None else 0)))
        case "string" if field.pattern is not None:
            yield from _patterned(field, field.pattern)
        case "string":
            yield from _texts(field, str(sample(field, spec)))
        case "id" if field.pattern is not None:
            prefix = field.pattern.removeprefix("^").partition("[")[0]
            yield from (f"{prefix}{number:032x}" for number in range(1, _TRIES))
        case "date":
            yield from _dates(field, day_of(besides or sample(field, spec)))
        case _:
            for number in range(1, _TRIES):
                name = f"{field.name}_{number}"
                yield sample(replace(field, name=name, has_example=False, example=None), spec)


def _numbers(field: Field, near: Decimal) -> Iterator[Json]:
    """Whole steps up from a number, then down, as far as the bounds go."""
    step = Decimal(1)
    if field.type.kind == "decimal":
        step = Decimal(1).scaleb(-(2 if field.decimal_places is None else field.decimal_places))
    low, high = lowest(field, step), highest(field, step)
    if field.max_digits is not None:
        most = Decimal(10) ** (field.max_digits - (field.decimal_places or 0)) - step
        high = most if high is None else min(high, most)
    step = Decimal(str(field.multiple_of)) if field.multiple_of is not None else step
    for number in range(1, _TRIES):
        for value in (near + number * step, near - number * step):
            if (low is None or value >= low) and (high is None or value <= high):
                yield _written(value, field)


def _dates(field: Field, near: int) -> Iterator[Json]:
    """Days after a day, and before it, as far as the bounds go."""
    for number in range(1, _TRIES):
        for day in (near + number, near - number):
            if 1 <= day <= date.max.toordinal() and bounded(field, day, day_of) == day:
                yield date.fromordinal(day).isoformat()


def _written(value: Decimal, field: Field) -> Json:
    match field.type.kind:
        case "int":
            return int(value)
        case "float":
            return float(value)
        case _:
            return f"{value:f}"


def _patterned(field: Field, pattern: str) -> Iterator[Json]:
    """What the pattern's own samples make with other ends."""
    shortest, longest = field.min_length or 0, field.max_length
    samples = (
        matching(pattern, index=index, shortest=shortest, longest=longest) for index in range(30)
    )
    texts = list(dict.fromkeys(text for text in samples if text))
    yield from (text for text in texts if normalised_text(text, field) == text)
    for number, text in product(range(1, _TRIES), texts[:2]):
        whole = (f"{number:03}", _letters(number), _letters(number).upper())
        for end in (end[-size:] for size in (3, 2) for end in whole):
            for found in (text + end, text[: -len(end)] + end):
                fits = shortest <= len(found) <= (longest or len(found))
                if fits and matches(found, pattern) and normalised_text(found, field) == found:
                    yield found


def _letters(number: int) -> str:
    return "".join(chr(ord("a") + number // 26**place % 26) for place in (2, 1, 0))


def _texts(field: Field, text: str) -> Iterator[Json]:
    """The sample with a number at its end, which is equally long each time."""
    for number in range(1, _TRIES):
        end = f"{number:03}"[-(field.max_length or 3) :]
        longest = field.max_length or len(text) + len(end)
        found = normalised_text(f"{text[: longest - len(end)]}{end}", field)
        if len(found) <= longest and (field.pattern is None or matches(found, field.pattern)):
            yield found
