"""A valid JSON value for each field: always the same, and different for each name.

Because the values differ from field to field, a test notices two that were swapped on the way.
"""

from __future__ import annotations

import base64
import zlib
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import TYPE_CHECKING

from featuregen.plan.python_values import duration_of, iso_duration, normalised_text
from featuregen.plan.regex_sample import matches, matching
from featuregen.spec.model import Field, Json

if TYPE_CHECKING:
    from collections.abc import Callable

    from featuregen.spec.model import FeatureSpec, Model, TypeRef

_DEEPEST = 4
_MOST_READABLE = 60


def sample(field: Field, spec: FeatureSpec, *, depth: int = 0) -> Json:
    """Return a valid JSON value: the field's `example`, or one made for its name."""
    if field.has_example and field.example is not None:
        return field.example
    return made(field, spec, depth=depth)


def made(field: Field, spec: FeatureSpec, *, depth: int = 0) -> Json:
    """Return a value made for the field's name and constraints, other than its default."""
    match field.type.kind:
        case "list":
            return _list(field, spec, depth)
        case "map":
            return _map(field, spec, depth)
        case "model":
            model = spec.models[field.type.model or ""]
            return plain_model(model, spec, depth=depth + 1)
        case "enum":
            others = [value for value in field.values if value != field.default] or list(
                field.values
            )
            return others[_seed(field.name) % len(others)]
        case "json":
            return {words(field.name): _seed(field.name) % 100}
        case kind:
            return _SCALARS[kind](field)


def plain_model(
    model: Model, spec: FeatureSpec, *, depth: int = 0, minimal: bool = False
) -> dict[str, Json]:
    """Return every field's sample by its name in JSON, the model's `example` first; rules aside."""
    values: dict[str, Json] = {}
    for field in model.fields:
        given, value = _in_example(field, model)
        if minimal and field.optional:
            continue
        if given:
            values[field.wire_name] = value
        elif depth < _DEEPEST or not field.optional:
            values[field.wire_name] = sample(field, spec, depth=depth)
    return values


def _in_example(field: Field, model: Model) -> tuple[bool, Json]:
    example = model.example or {}
    for name in (field.wire_name, field.name):
        if name in example:
            return True, example[name]
    return False, None


def words(name: str) -> str:
    """`payment_method_id` → `payment method id`."""
    return name.replace("_", " ").strip()


def _seed(name: str) -> int:
    return zlib.crc32(name.encode())


# --- text ----------------------------------------------------------------------------------------


def _text(field: Field) -> Json:
    shortest, longest = field.min_length or 0, field.max_length
    if shortest > _MOST_READABLE and field.pattern is None:
        return ("A" if field.upper else "a") * shortest
    for candidate in _phrases(field):
        text = normalised_text(candidate, field)
        if len(text) < shortest:
            text = normalised_text(
                (text + "-" + "abcdefghij" * (shortest // 10 + 1))[:shortest], field
            )
        if longest is not None:
            text = text[:longest].strip() if field.strip else text[:longest]
        if len(text) >= shortest and (field.pattern is None or matches(text, field.pattern)):
            return text
    found = matching(
        field.pattern or "", index=_seed(field.name) % 5, shortest=shortest, longest=longest
    )
    return found if found is not None else words(field.name)


def _phrases(field: Field) -> tuple[str, ...]:
    name, number = field.name, _seed(field.name) % 90 + 10
    phrases = (
        f"Sample {words(name)}",
        f"{name}_{number}",
        f"{name}{number}",
        name.replace("_", "-"),
    )
    short = "".join(part[0] for part in name.split("_") if part)
    return (
        *phrases, *(phrase.upper() for phrase in phrases), *(phrase.lower() for phrase in phrases),
        f"{short}_{number}", short, str(number),
    )  # fmt: skip


def _id(field: Field) -> Json:
    if field.pattern is not None:  # of an entity: a prefix, and 32 digits
        prefix = field.pattern.removeprefix("^").partition("[")[0]
        return f"{prefix}{_seed(field.name) % 0xFFFF:032x}"
    return f"{field.name}_{_seed(field.name) % 90 + 10}"[:255]


def _email(field: Field) -> Json:
    local = field.name.strip("_")
    return _lengthened(f"{local}@example.com", f"{local}@example.com", field)


def _url(field: Field) -> Json:
    return _lengthened(
        f"https://example.com/{field.name.strip('_').replace('_', '-')}", "https://a.io", field
    )


def _lengthened(text: str, short: str, field: Field) -> str:
    """Fit an address into lengths: a short one, or one with more at its end or start."""
    if field.max_length is not None and len(text) > field.max_length:
        text = short if len(short) <= field.max_length else "a@b.co"[-field.max_length :]
    missing = (field.min_length or 0) - len(text)
    if missing <= 0:
        return normalised_text(text, field)
    return normalised_text("a" * missing + text if "@" in text else text + "a" * missing, field)


def _bytes(field: Field) -> Json:
    raw = field.name.encode()
    if field.max_length is not None:
        raw = raw[: field.max_length]
    return base64.b64encode(raw.ljust(field.min_length or 0, b".")).decode()


def _uuid(field: Field) -> Json:
    import hashlib

    digits = hashlib.sha256(field.name.encode()).hexdigest()
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-8{digits[17:20]}-{digits[20:32]}"


def _secret(field: Field) -> Json:
    return f"example-{field.name.replace('_', '-')}".ljust(field.min_length or 0, "0")


# --- numbers -------------------------------------------------------------------------------------


def _int(field: Field) -> Json:
    return int(number_near(field, Decimal(_seed(field.name) % 89 + 10), Decimal(1)))


def _float(field: Field) -> Json:
    value = number_near(
        field, Decimal(_seed(field.name) % 89 + 10) + Decimal("0.5"), Decimal("0.5")
    )
    return float(value)


def _decimal(field: Field) -> Json:
    places = 2 if field.decimal_places is None else field.decimal_places
    if field.max_digits is not None:
        places = min(places, field.max_digits)
    step = Decimal(1).scaleb(-places)
    cents = Decimal(_seed(field.name) % 89 + 10) / 100
    wished = (Decimal(_seed(field.name) % 83 + 12) + cents).quantize(step, ROUND_FLOOR)
    whole = field.max_digits - places if field.max_digits is not None else 9
    if wished >= Decimal(10) ** whole:
        wished = step * 7 if whole == 0 else Decimal(7).quantize(step)
    return f"{number_near(field, wished, step):.{places}f}"


def number_near(field: Field, wished: Decimal, step: Decimal) -> Decimal:
    """Return the wished number, or one within the bounds that differs by whole steps from them."""
    low, high = lowest(field, step), highest(field, step)
    if field.multiple_of is not None:
        step = Decimal(str(field.multiple_of))
        low = _ceiling(low, step) if low is not None else None
        high = _floor(high, step) if high is not None else None
        wished = _floor(wished, step) or step
    if low is not None and wished < low:
        room = (high - low) / step if high is not None else Decimal(100)
        offset = Decimal(_seed(field.name) % (min(int(room), 90) + 1))
        return low + offset * step
    if high is not None and wished > high:
        room = (high - low) / step if low is not None else Decimal(100)
        offset = Decimal(_seed(field.name) % (min(int(room), 90) + 1))
        return high - offset * step
    return wished


def lowest(field: Field, step: Decimal) -> Decimal | None:
    """Return the least number that keeps the lower bound, as a multiple of `step`."""
    if field.gt is not None:
        bound = Decimal(str(field.gt))
        least = _ceiling(bound, step)
        return least + step if least == bound else least
    return None if field.ge is None else _ceiling(Decimal(str(field.ge)), step)


def highest(field: Field, step: Decimal) -> Decimal | None:
    """Return the greatest number that keeps the upper bound."""
    if field.lt is not None:
        bound = Decimal(str(field.lt))
        most = _floor(bound, step)
        return most - step if most == bound else most
    return None if field.le is None else _floor(Decimal(str(field.le)), step)


def _ceiling(value: Decimal, step: Decimal) -> Decimal:
    return (value / step).to_integral_value(ROUND_CEILING) * step


def _floor(value: Decimal, step: Decimal) -> Decimal:
    return (value / step).to_integral_value(ROUND_FLOOR) * step


def _bool(field: Field) -> Json:
    return not field.default if field.has_default else True


# --- moments -------------------------------------------------------------------------------------


def _date(field: Field) -> Json:
    seed = _seed(field.name)
    wished = date(2026, 1 + seed % 12, 1 + seed % 28).toordinal()
    return date.fromordinal(bounded(field, wished, day_of)).isoformat()


def day_of(value: object) -> int:
    """Return the number of a date, given as text: 1 is the first day of the year 1."""
    return date.fromisoformat(str(value)).toordinal()


def _datetime(field: Field) -> Json:
    seed = _seed(field.name)
    start = datetime(
        2026, 1 + seed % 12, 1 + seed % 28, seed % 24, seed % 60, seed % 59, tzinfo=UTC
    )
    return moment_at(bounded(field, seconds_of(start), _moment_seconds))


def moment_at(seconds: int) -> str:
    """Return the datetime that many seconds after the year 1, in UTC."""
    moment = datetime(1, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    return moment.isoformat().replace("+00:00", "Z")


def seconds_of(moment: datetime) -> int:
    """Return the whole seconds since the year 1."""
    return (moment - datetime(1, 1, 1, tzinfo=UTC)) // timedelta(seconds=1)


def _moment_seconds(bound: object) -> int:
    return seconds_of(datetime.fromisoformat(str(bound)))


def _time(field: Field) -> Json:
    return clock_at(bounded(field, _seed(field.name) % 86_400, clock_seconds))


def clock_at(seconds: int) -> str:
    """Return the time of the day that many seconds after midnight."""
    return time(seconds // 3600, seconds // 60 % 60, seconds % 60).isoformat()


def clock_seconds(bound: object) -> int:
    """Return the seconds since midnight."""
    at = time.fromisoformat(str(bound))
    return at.hour * 3600 + at.minute * 60 + at.second


def _duration(field: Field) -> Json:
    return iso_duration(
        timedelta(seconds=bounded(field, _seed(field.name) % 50 + 5, duration_seconds))
    )


def duration_seconds(bound: object) -> int:
    """Return a duration's whole seconds."""
    text = bound if isinstance(bound, str) else float(str(bound))
    return duration_of(text) // timedelta(seconds=1)


def bounded(field: Field, wished: int, read: Callable[[object], int]) -> int:
    """Return `wished`, moved into the field's bounds, which `read` turns into whole numbers."""
    names = ("gt", "ge", "lt", "le")
    bounds = {name: read(bound) for name in names if (bound := getattr(field, name)) is not None}
    plain = Field(field.name, field.type, **bounds)  # type: ignore[arg-type]  # gt, ge, lt, le
    return int(number_near(plain, Decimal(wished), Decimal(1)))


# --- containers ----------------------------------------------------------------------------------


def item_field(field: Field, index: int = 0) -> Field:
    """Return the field that an item of a list or a value of a map is."""
    assert field.type.of is not None  # noqa: S101 - of a list or a map
    return Field(
        f"{field.name}_{index}" if index else field.name, field.type.of, values=field.values
    )


def _list(field: Field, spec: FeatureSpec, depth: int) -> Json:
    return list_of(field, spec, sized(field, 2 if depth < _DEEPEST else 0), depth)


def list_of(field: Field, spec: FeatureSpec, length: int, depth: int = 0) -> list[Json]:
    """Return a list of that many samples, which differ as far as their type lets them."""
    items = [sample(item_field(field, index), spec, depth=depth + 1) for index in range(length)]
    inner = item_field(field).type
    if inner.kind == "model" and field.unique:
        for index, item in enumerate(items):
            _make_different(item, index, spec.models[inner.model or ""])
    if inner.kind == "bool" and field.unique:
        return list[Json]([True, False])[:length]
    return _distinct(field, items, spec, depth) if field.unique else items


def _distinct(field: Field, items: list[Json], spec: FeatureSpec, depth: int) -> list[Json]:
    """Take another sample in place of one that is there already; its name decides what it is."""
    kept: list[Json] = []
    for index, item in enumerate(items):
        names = range(index, index + 50 * len(items), len(items))
        others = (sample(item_field(field, name), spec, depth=depth + 1) for name in names)
        kept.append(item if item not in kept else next((o for o in others if o not in kept), item))
    return kept


def _make_different(item: Json, index: int, model: Model) -> None:
    """Change the first text field without a pattern, so that equal samples are no repetition."""
    if not isinstance(item, dict) or index == 0:
        return
    for field in model.fields:
        value = item.get(field.wire_name)
        if field.type.kind == "string" and field.pattern is None and isinstance(value, str):
            item[field.wire_name] = value[: (field.max_length or len(value) + 1) - 1] + str(index)
            return
        if field.type.kind == "int" and isinstance(value, int) and field.multiple_of is None:
            item[field.wire_name] = int(number_near(field, Decimal(value + index), Decimal(1)))
            return


def sized(field: Field, wished: int) -> int:
    """Return a length as wished, or the nearest one that the field takes."""
    most = wished if field.max_length is None else min(wished, field.max_length)
    return max(most, field.min_length or 0)


def _map(field: Field, spec: FeatureSpec, depth: int) -> Json:
    return map_of(field, spec, sized(field, 1 if depth < _DEEPEST else 0), depth)


def map_of(field: Field, spec: FeatureSpec, length: int, depth: int = 0) -> dict[str, Json]:
    """Return a map of that many keys."""
    return {
        f"key_{index + 1}": sample(item_field(field, index), spec, depth=depth + 1)
        for index in range(length)
    }


_SCALARS: dict[str, Callable[[Field], Json]] = {
    "string": _text, "id": _id, "email": _email, "url": _url, "bytes": _bytes, "uuid": _uuid,
    "secret": _secret,
    "int": _int, "float": _float, "decimal": _decimal, "bool": _bool,
    "date": _date, "datetime": _datetime, "time": _time, "duration": _duration,
}  # fmt: skip


def setting_sample(field: Field) -> Json:
    """Return an example of a setting, as an environment holds it."""
    if field.has_example:
        return field.example
    if field.type.kind == "url":
        return f"https://{field.name.removesuffix('_url').replace('_', '-')}.example.com"
    if field.type.kind == "duration":
        return f"{duration_seconds(_duration(field))}s"
    if field.type.kind == "list":
        return [str(_SCALARS.get(item_field(field).type.kind, _text)(item_field(field)))]
    if field.type.kind == "enum":
        return field.values[0]
    return _SCALARS[field.type.kind](field)


def scalar(type_: TypeRef, name: str) -> Json:
    """Return a sample of a plain type, under that name."""
    return _SCALARS[type_.kind](Field(name, type_))
