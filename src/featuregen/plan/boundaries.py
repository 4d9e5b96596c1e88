"""Values just inside and just outside each constraint of a field."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import TYPE_CHECKING

from featuregen.plan.python_values import iso_duration
from featuregen.plan.regex_sample import matches, matching, near_misses
from featuregen.plan.sample_values import (
    bounded,
    clock_at,
    clock_seconds,
    duration_seconds,
    highest,
    item_field,
    list_of,
    lowest,
    made,
    map_of,
    moment_at,
    plain_model,
    sample,
    seconds_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from featuregen.spec.model import FeatureSpec, Field, Json

_LONGEST = 2_000  # a longer text or list says no more, and tests have to be read
_DEEPEST = 3
_ADDRESSES = frozenset({"email", "url"})


@dataclass(frozen=True, slots=True)
class Case:
    """A value, and where below the field the error stands and what its code is, if one is due."""

    label: str
    value: Json
    pointer: tuple[str, ...] = ()
    code: str | None = None


def inside(field: Field, spec: FeatureSpec, *, depth: int = 0) -> tuple[Case, ...]:
    """Return values that the field takes, each at the edge of a constraint."""
    cases = list(_INSIDE.get(field.type.kind, _no_cases)(field, spec, depth))
    if field.nullable:
        cases.append(Case("null", None))
    return _distinct(cases)


def outside(field: Field, spec: FeatureSpec, *, depth: int = 0) -> tuple[Case, ...]:
    """Return values that the field refuses, each for one reason only."""
    cases = list(_OUTSIDE.get(field.type.kind, _no_cases)(field, spec, depth))
    if not field.nullable and field.type.kind != "json":
        cases.append(Case("null", None))
    return _distinct(cases)


def _distinct(cases: list[Case]) -> tuple[Case, ...]:
    seen: dict[str, Case] = {}
    for case in cases:
        seen.setdefault(json.dumps(case.value), case)
    return tuple(seen.values())


def _no_cases(field: Field, spec: FeatureSpec, depth: int) -> Iterator[Case]:  # noqa: ARG001
    yield from ()


# --- text ----------------------------------------------------------------------------------------


def _text_inside(field: Field, spec: FeatureSpec, depth: int) -> Iterator[Case]:  # noqa: ARG001
    for label, length in (("shortest", field.min_length), ("longest", field.max_length)):
        if length is not None and length <= _LONGEST:
            text = _of_length(field, length)
            if text is not None:
                yield Case(label, text)
    text = str(sample(field, spec))
    if field.strip and not field.pattern:
        yield Case("blanks around", f"  {text}\t")
    if field.lower or field.upper:
        yield Case("other case", text.swapcase() if text.swapcase().swapcase() == text else text)
    if field.pattern is None and (field.max_length is None or field.max_length >= 8):  # noqa: PLR2004
        shortest = max(field.min_length or 0, 8)
        if shortest <= _LONGEST:
            yield Case("any script", "Äpfel 漢字".ljust(shortest, "é"))


def _of_length(field: Field, length: int) -> str | None:
    if field.pattern is not None:
        return matching(field.pattern, shortest=length, longest=length)
    return ("A" if field.upper else "a") * length


def _text_outside(field: Field, spec: FeatureSpec, depth: int) -> Iterator[Case]:  # noqa: ARG001
    if field.min_length:
        yield from _too_short(field, field.min_length)
    if field.max_length is not None and field.max_length < _LONGEST:
        text = _of_length(field, field.max_length + 1)
        if text is not None:
            yield Case("one too long", text, code="string_too_long")
    if field.pattern is not None and not (field.strip or field.lower or field.upper):
        for text in near_misses(field.pattern):
            if _length_fits(field, text) and not _has_control(text):
                label = "trailing newline" if text.endswith("\n") else f"not the pattern, {text!a}"
                yield Case(label, text, code="string_pattern_mismatch")
    if field.pattern is None:
        yield Case("NUL", _with_nul(field), code="control_character")
    yield Case("a number", 5, code="string_type")
    yield Case("a list", ["a"], code="string_type")


def _too_short(field: Field, shortest: int) -> Iterator[Case]:
    text = _of_length(field, shortest - 1)
    if text is None and shortest == 1:
        text = ""
    if text is not None:
        misses = field.pattern is not None and not matches(text, field.pattern)
        code = "string_pattern_mismatch" if misses else "string_too_short"
        yield Case("empty" if not text else "one too short", text, code=code)
    if field.strip and field.pattern is None:
        yield Case("blanks only", " " * shortest, code="string_too_short")


def _length_fits(field: Field, text: str) -> bool:
    longest = field.max_length
    return len(text) >= (field.min_length or 0) and (longest is None or len(text) <= longest)


def _has_control(text: str) -> bool:
    return any(ord(char) < 0x20 and char not in "\t\n\r" for char in text)  # noqa: PLR2004


def _with_nul(field: Field) -> str:
    length = max(field.min_length or 0, 2)
    if field.max_length is not None:
        length = min(length, field.max_length)
    return "\0".rjust(min(max(length, 1), _LONGEST), "a")


def _address_inside(field: Field, spec: FeatureSpec, depth: int) -> Iterator[Case]:  # noqa: ARG001
    if field.type.kind == "url":
        yield (
            Case("with a query", "https://example.com/a?b=c")
            if _length_fits(field, "https://example.com/a?b=c")
            else Case("sample", sample(field, spec))
        )
    for label, length in (("shortest", field.min_length), ("longest", field.max_length)):
        if length is not None and 20 <= length <= 60:  # noqa: PLR2004 - room for an address
            yield Case(label, sample(replace(field, has_example=False, min_length=length), spec))


def _address_outside(field: Field, spec: FeatureSpec, depth: int) -> Iterator[Case]:  # noqa: ARG001
    wrong = {
        "email": ("not-an-email", "@example.com", "a b@example.com"),
        "url": ("not a url", "ftp://example.com/file", "javascript:alert(1)"),
    }[field.type.kind]
    for text in wrong:
        yield Case(f"no {field.type.kind}, {text!a}", text)
    yield Case("a number", 5, code="string_type")
    if field.max_length is not None and 20 <= field.max_length < 60:  # noqa: PLR2004
        length = field.max_length + 1
        longer = replace(field, has_example=False, min_length=length, max_length=None)
        yield Case("one too long", sample(longer, spec))


def _id_inside(field: Field, spec: FeatureSpec, depth: int) -> Iterator[Case]:  # noqa: ARG001
    if field.pattern is None:  # else it is an entity's, and each is as long as the other
        yield Case("longest", "a" * 255)
        yield Case("shortest", "-")


def _id_outside(field: Field, spec: FeatureSpec, depth: int) -> Iterator[Case]:  # noqa: ARG001
    yield Case("one too long", "a" * 256, code="string_pattern_mismatch")
    yield Case("a blank", "a b", code="string_pattern_mismatch")
    yield Case("a number", 5, code="string_type")


def _bytes_inside(field: Field, spec: FeatureSpec, depth: int) -> Iterator[Case]:  # noqa: ARG001
    for label, length in (("shortest", field.min_length), ("longest", field.max_length)):
        if length is not None and length <= _LONGEST:
            yield Case(label, base64.b64encode(b"\xff" * length).decode())


def _bytes_outside(field: Field, spec: FeatureSpec, depth: int) -> Iterator[Case]:  # noqa: ARG001
    if field.min_length:
        short = base64.b64encode(b"\xff" * (field.min_length - 1)).decode()
        yield Case("one too short", short, code="too_short")
    if field.max_length is not None and field.max_length < _LONGEST:
        long = base64.b64encode(b"\xff" * (field.max_length + 1)).decode()
        yield Case("one too long", long, code="too_long")
    yield Case("no base64", "#?!", code="base64_decode")
    yield Case("a number", 5, code="base64_decode")


# --- numbers -------------------------------------------------------------------------------------


def _number_step(field: Field) -> Decimal:
    match field.type.kind:
        case "int":
            return Decimal(1)
        case "decimal":
            places = 2 if field.decimal_places is None else field.decimal_places
            return Decimal(1).scaleb(-places)
        case _:
            return Decimal("0.5")


def _written(field: Field, number: Decimal) -> Json:
    match field.type.kind:
        case "int":
            return int(number)
        case "decimal":
            return f"{number:f}"
        case _:
            return int(number) if number == number.to_integral_value() else float(number)


def _number_inside(field: Field, spec: FeatureSpec, depth: int) -> Iterator[Case]:  # noqa: ARG001
    step = Decimal(str(field.multiple_of)) if field.multiple_of is not None else _number_step(field)
    aligned = replace(field, multiple_of=None)
    low, high = lowest(aligned, step), highest(aligned, step)
    if low is not None and _digits_fit(field, low):
        yield Case("least", _written(field, low))
    if high is not None and _digits_fit(field, high):
        yield Case("greatest", _written(field, high))
    if field.type.kind == "decimal":
        yield from _decimal_inside(field, spec)


def _digits_fit(field: Field, number: Decimal) -> bool:
    if field.max_digits is None:
        return number.adjusted() < 20  # noqa: PLR2004 - what is certain to be taken
    return number.adjusted() + 1 + (field.decimal_places or 0) <= field.max_digits


def _decimal_inside(field: Field, spec: FeatureSpec) -> Iterator[Case]:
    number = Decimal(str(made(field, spec)))
    if number == number.to_integral_value() or field.decimal_places:
        yield Case("a JSON number", float(number))
    if field.max_digits is not None and field.decimal_places is not None:
        most = Decimal(10) ** (field.max_digits - field.decimal_places) - _number_step(field)
        if _bounds_hold(field, most) and _is_multiple(field, most):
            yield Case("most digits", f"{most:f}")
    if field.round is not None and field.decimal_places is not None and field.multiple_of is None:
        longer = number + _number_step(field) / 4
        if _bounds_hold(field, longer):
            yield Case("rounded", f"{longer:f}")


def _is_multiple(field: Field, number: Decimal) -> bool:
    return field.multiple_of is None or number % Decimal(str(field.multiple_of)) == 0


def _bounds_hold(field: Field, number: Decimal) -> bool:
    tests = (
        (field.gt, number.__gt__), (field.ge, number.__ge__),
        (field.lt, number.__lt__), (field.le, number.__le__),
    )  # fmt: skip
    return all(test(Decimal(str(bound))) for bound, test in tests if bound is not None)


def _number_outside(field: Field, spec: FeatureSpec, depth: int) -> Iterator[Case]:  # noqa: ARG001
    yield from _beyond_bounds(field)
    if field.multiple_of is not None:
        yield from _no_multiple(field, spec)
    if field.type.kind == "decimal":
        yield from _decimal_outside(field, spec)
    elif field.type.kind == "int":
        yield Case("a fraction", 10.5)
    yield Case("true", value=True)
    yield Case("text", "abc")
    yield Case("a list", [1])


def _beyond_bounds(field: Field) -> Iterator[Case]:
    step = _number_step(field)
    codes = {
        "gt": "greater_than",
        "ge": "greater_than_equal",
        "lt": "less_than",
        "le": "less_than_equal",
    }
    for name, label, distance in (
        ("gt", "at the lower bound", Decimal(0)), ("ge", "below the least", -step),
        ("lt", "at the upper bound", Decimal(0)), ("le", "above the greatest", step),
    ):  # fmt: skip
        bound = getattr(field, name)
        if bound is not None:
            number = _multiple_beyond(
                field, Decimal(str(bound)) + distance, up=name in {"lt", "le"}
            )
            yield Case(label, _written(field, number), code=codes[name])


def _multiple_beyond(field: Field, number: Decimal, *, up: bool) -> Decimal:
    """Return the number, or the next multiple further out: it is to break one constraint only."""
    if field.multiple_of is None:
        return number
    step = Decimal(str(field.multiple_of))
    return (number / step).to_integral_value(ROUND_CEILING if up else ROUND_FLOOR) * step


def _no_multiple(field: Field, spec: FeatureSpec) -> Iterator[Case]:
    step = _number_step(field)
    number = Decimal(str(made(field, spec)))
    for candidate in (number + step, number - step):
        if _bounds_hold(field, candidate) and not _is_multiple(field, candidate):
            yield Case("no multiple", _written(field, candidate), code="multiple_of")
            return


def _decimal_outside(field: Field, spec: FeatureSpec) -> Iterator[Case]:
    text = str(made(field, spec))
    if field.decimal_places is not None and field.round is None:
        more = f"{text}1" if "." in text else f"{text}.1"
        if _bounds_hold(field, Decimal(more)):
            yield Case("one place too many", more, code="decimal_max_places")
    if field.round == "half_even" and field.gt is not None and field.decimal_places is not None:
        bound = Decimal(str(field.gt))
        if bound == bound.quantize(_number_step(field)):
            rounds_to_it = bound + _number_step(field) / 10
            yield Case("rounded onto the lower bound", f"{rounds_to_it:f}", code="greater_than")
    if field.max_digits is not None and field.le is None and field.lt is None:
        most = Decimal(10) ** (field.max_digits - (field.decimal_places or 0))
        if _is_multiple(field, most):
            yield Case("one digit too many", f"{most:f}", code="decimal_max_digits")
    yield Case("an exponent", "1e1", code="decimal_parsing")
    yield Case("NaN", "NaN", code="decimal_parsing")
    yield Case("infinity", "Infinity", code="decimal_parsing")
    yield Case("trailing newline", f"{text}\n", code="decimal_parsing")


def _bool_inside(field: Field, spec: FeatureSpec, depth: int) -> Iterator[Case]:  # noqa: ARG001
    yield Case("true", value=True)
    yield Case("false", value=False)


def _bool_outside(field: Field, spec: FeatureSpec, depth: int) -> Iterator[Case]:  # noqa: ARG001
    yield Case("text", "maybe")
    yield Case("a number", 2)


def _enum_inside(field: Field, spec: FeatureSpec, depth: int) -> Iterator[Case]:  # noqa: ARG001
    for value in field.values:
        yield Case(str(value), value)


def _enum_outside(field: Field, spec: FeatureSpec, depth: int) -> Iterator[Case]:  # noqa: ARG001
    if all(isinstance(value, int) for value in field.values):
        yield Case(
            "another number", max(int(value) for value in field.values) + 1, code="literal_error"
        )
        yield Case("true", value=True, code="int_type")
        yield Case("text", "abc", code="literal_error")
        return
    yield Case("another value", "".join(map(str, field.values[:2])) + "x", code="literal_error")
    first = str(field.values[0])
    if first.swapcase() not in field.values:
        yield Case("other case", first.swapcase(), code="literal_error")
    yield Case("a number", 5, code="literal_error")


# --- moments -------------------------------------------------------------------------------------


def _moment_cases(field: Field, *, outer: bool) -> Iterator[Case]:
    read, write = _CLOCKS[field.type.kind]
    for name, label, inward in (
        ("gt", "lower", 1),
        ("ge", "lower", 0),
        ("lt", "upper", -1),
        ("le", "upper", 0),
    ):
        bound = getattr(field, name)
        if bound is None:
            continue
        beyond = {"gt": 0, "ge": -1, "lt": 0, "le": 1}[name]
        value = write(read(bound) + (beyond if outer else inward))
        if value is not None:
            where = "beyond" if outer else "at"
            yield Case(
                f"{where} the {label} bound", value, code=_BOUND_CODES[name] if outer else None
            )


_BOUND_CODES = {
    "gt": "greater_than", "ge": "greater_than_equal", "lt": "less_than", "le": "less_than_equal",
}  # fmt: skip


def _date_of(days: int) -> str | None:
    last = (date(9999, 12, 31) - date(1, 1, 1)).days
    return (date(1, 1, 1) + timedelta(days=days)).isoformat() if 0 <= days <= last else None


def _days_of(bound: object) -> int:
    return (date.fromisoformat(str(bound)) - date(1, 1, 1)).days


def _moment_of(seconds: int) -> str | None:
    last = seconds_of(datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC))
    return moment_at(seconds) if 0 <= seconds <= last else None


def _clock_of(seconds: int) -> str | None:
    return clock_at(seconds) if 0 <= seconds < 86_400 else None  # noqa: PLR2004 - a day


def _duration_text(seconds: int) -> str | None:
    return iso_duration(timedelta(seconds=seconds)) if seconds >= 0 else None


_CLOCKS: dict[str, tuple[Callable[[object], int], Callable[[int], str | None]]] = {
    "date": (_days_of, _date_of),
    "datetime": (lambda bound: seconds_of(datetime.fromisoformat(str(bound))), _moment_of),
    "time": (clock_seconds, _clock_of),
    "duration": (duration_seconds, _duration_text),
}
_NO_MOMENT = {
    "date": ("2026-13-01", "2026-02-30", "2026-1-1", "20260101", "0", "2026-01-31T00:00:00"),
    "datetime": ("2026-01-31T12:00:00", "2026-01-31", "2026-01-31T25:00:00Z", "0", "now"),
    "time": ("25:00:00", "12:00:00Z", "12", "noon"),
    "duration": ("30s", "-PT1S", "PT", "30", "P1M"),
}


def _moment_inside(field: Field, spec: FeatureSpec, depth: int) -> Iterator[Case]:  # noqa: ARG001
    yield from _moment_cases(field, outer=False)
    if field.type.kind == "datetime":
        seconds = bounded(field, 63_900_000_000, _CLOCKS["datetime"][0])
        moment = datetime(1, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
        yield Case("another offset", f"{(moment + timedelta(hours=2)).isoformat()[:19]}+02:00")


def _moment_outside(field: Field, spec: FeatureSpec, depth: int) -> Iterator[Case]:  # noqa: ARG001
    yield from _moment_cases(field, outer=True)
    for text in _NO_MOMENT[field.type.kind]:
        label = "no offset" if text == "2026-01-31T12:00:00" else f"no {field.type.kind}, {text!a}"
        yield Case(label, text)
    yield Case("a number", 0)


def _uuid_outside(field: Field, spec: FeatureSpec, depth: int) -> Iterator[Case]:
    yield Case("no uuid", "not-a-uuid")
    yield Case("one digit short", str(sample(field, spec, depth=depth))[:-1])
    yield Case("a number", 5)


# --- containers ----------------------------------------------------------------------------------


def _list_inside(field: Field, spec: FeatureSpec, depth: int) -> Iterator[Case]:
    yield from _sizes(field, spec, depth, outer=False)
    if depth < _DEEPEST and (field.max_length is None or field.max_length >= 1):
        for case in inside(item_field(field), spec, depth=depth + 1):
            value = _list_with(field, case.value, spec, depth)
            if value is not None:
                yield Case(f"an item: {case.label}", value)


def _list_with(field: Field, item: Json, spec: FeatureSpec, depth: int) -> list[Json] | None:
    """Return a list that begins with `item`, and is otherwise valid."""
    value = [item, *list_of(field, spec, max(field.min_length or 0, 1), depth)[1:]]
    repeated = field.unique and any(value.count(one) > 1 for one in value)
    return None if repeated else value


def _sizes(field: Field, spec: FeatureSpec, depth: int, *, outer: bool) -> Iterator[Case]:
    build = list_of if field.type.kind == "list" else map_of
    for name, label, beyond in (("min_length", "fewest", -1), ("max_length", "most", 1)):
        size = getattr(field, name)
        if size is None or (outer and size == 0 and beyond < 0) or size > 100:  # noqa: PLR2004
            continue
        value = build(field, spec, size + (beyond if outer else 0), depth)
        if len(value) != size + (beyond if outer else 0):
            continue  # there are not so many different items
        code = ("too_short" if beyond < 0 else "too_long") if outer else None
        what = "items" if field.type.kind == "list" else "keys"
        shown = (
            f"one {'too few' if beyond < 0 else 'too many'} {what}" if outer else f"{label} {what}"
        )
        yield Case(shown, value, code=code)
    if not outer and field.min_length is None and field.max_length != 0:
        yield Case("empty", [] if field.type.kind == "list" else {})


def _list_outside(field: Field, spec: FeatureSpec, depth: int) -> Iterator[Case]:
    yield from _sizes(field, spec, depth, outer=True)
    yield Case("no list", {"a": 1}, code="list_type")
    if field.max_length == 0:
        return
    if field.unique and (field.max_length is None or field.max_length >= 2):  # noqa: PLR2004
        first = sample(item_field(field), spec, depth=depth + 1)
        value = [first, first, *list_of(field, spec, field.min_length or 0, depth)[2:]]
        yield Case("an item twice", value, code="unique_items")
    if depth < _DEEPEST:
        for case in outside(item_field(field), spec, depth=depth + 1):
            if not isinstance(case.value, bool):  # equal to 1 and 0: no list of its own
                value = [
                    case.value,
                    *list_of(field, spec, max(field.min_length or 0, 1), depth)[1:],
                ]
                yield Case(f"an item: {case.label}", value, ("0", *case.pointer), case.code)


def _map_inside(field: Field, spec: FeatureSpec, depth: int) -> Iterator[Case]:
    yield from _sizes(field, spec, depth, outer=False)


def _map_outside(field: Field, spec: FeatureSpec, depth: int) -> Iterator[Case]:
    yield from _sizes(field, spec, depth, outer=True)
    yield Case("no object", ["a"], code="dict_type")
    if depth < _DEEPEST and field.max_length != 0:
        size = max(field.min_length or 0, 1)
        for case in outside(item_field(field), spec, depth=depth + 1):
            value = {**map_of(field, spec, size, depth), "key_1": case.value}
            yield Case(f"a value: {case.label}", value, ("key_1", *case.pointer), case.code)


def _model_inside(field: Field, spec: FeatureSpec, depth: int) -> Iterator[Case]:
    model = spec.models[field.type.model or ""]
    if model.rules or depth >= _DEEPEST:
        return
    whole = plain_model(model, spec, depth=depth)
    yield Case("required only", plain_model(model, spec, depth=depth, minimal=True))
    for part in model.fields:
        for case in inside(part, spec, depth=depth + 1):
            yield Case(f"{part.name}: {case.label}", {**whole, part.wire_name: case.value})


def _model_outside(field: Field, spec: FeatureSpec, depth: int) -> Iterator[Case]:
    model = spec.models[field.type.model or ""]
    yield Case("no object", "abc")
    if depth >= _DEEPEST:
        return
    whole = plain_model(model, spec, depth=depth)
    if not model.ignore_extra:
        yield Case(
            "an unknown field", {**whole, "no_such_field": 1}, ("no_such_field",), "extra_forbidden"
        )
    for part in model.fields:
        if not part.optional:
            rest = {name: value for name, value in whole.items() if name != part.wire_name}
            yield Case(f"{part.name} missing", rest, (part.wire_name,), "missing")
        for case in outside(part, spec, depth=depth + 1):
            value = {**whole, part.wire_name: case.value}
            yield Case(
                f"{part.name}: {case.label}", value, (part.wire_name, *case.pointer), case.code
            )


def _json_outside(field: Field, spec: FeatureSpec, depth: int) -> Iterator[Case]:  # noqa: ARG001
    yield Case("NUL", {"text": "a\0"}, code="control_character")


_INSIDE: dict[str, Callable[[Field, FeatureSpec, int], Iterator[Case]]] = {
    "string": _text_inside,
    "email": _address_inside,
    "url": _address_inside,
    "id": _id_inside,
    "bytes": _bytes_inside,
    "bool": _bool_inside,
    "enum": _enum_inside,
    "list": _list_inside,
    "map": _map_inside,
    "model": _model_inside,
    **dict.fromkeys(("int", "float", "decimal"), _number_inside),
    **dict.fromkeys(_CLOCKS, _moment_inside),
}
_OUTSIDE: dict[str, Callable[[Field, FeatureSpec, int], Iterator[Case]]] = {
    "string": _text_outside,
    "email": _address_outside,
    "url": _address_outside,
    "id": _id_outside,
    "bytes": _bytes_outside,
    "bool": _bool_outside,
    "enum": _enum_outside,
    "uuid": _uuid_outside,
    "json": _json_outside,
    "list": _list_outside,
    "map": _map_outside,
    "model": _model_outside,
    **dict.fromkeys(("int", "float", "decimal"), _number_outside),
    **dict.fromkeys(_CLOCKS, _moment_outside),
}
