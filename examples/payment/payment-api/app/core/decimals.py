"""Decimals at the edge: exact, plainly written, bounded before and after rounding."""

import re
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_HALF_EVEN, Context, Decimal
from typing import Any, Final

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticKnownError, core_schema

from app.core.digit_patterns import Limit, decimal_pattern

MAX_DIGITS: Final = 28  # what Decimal's arithmetic keeps exact
_PLAIN: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
_LONGEST: Final = 100
_FLOAT_EXACT: Final = 2**53
_EXACT: Final = Context(prec=500)


@dataclass(frozen=True)
class DecimalRule:
    """Annotates a `Decimal`: `Annotated[Decimal, DecimalRule(gt=Decimal(0), places=2)]`.

    Takes a JSON number, or a string without an exponent; more places than `places` are refused
    unless `rounding` says how to drop them. Travels as a string with exactly `places` decimals.
    """

    gt: Decimal | None = None
    ge: Decimal | None = None
    lt: Decimal | None = None
    le: Decimal | None = None
    multiple_of: Decimal | None = None
    places: int | None = None
    max_digits: int = MAX_DIGITS
    rounding: str | None = None

    def parse(self, value: object) -> Decimal:
        """Return the number that `value` is, in its bounds and with its places."""
        number = _number(value)
        if isinstance(value, str) and len(value) > self._longest:
            raise PydanticKnownError("decimal_max_digits", {"max_digits": self.max_digits})
        self._check_bounds(number)
        if self.places is not None:
            number = self._with_places(number, value, self.places)
            self._check_bounds(number)
        if self.multiple_of is not None and _EXACT.remainder(number, self.multiple_of):
            raise PydanticKnownError("multiple_of", {"multiple_of": f"{self.multiple_of:f}"})
        return number

    def _check_bounds(self, number: Decimal) -> None:
        if self.gt is not None and not number > self.gt:
            raise PydanticKnownError("greater_than", {"gt": f"{self.gt:f}"})
        if self.ge is not None and not number >= self.ge:
            raise PydanticKnownError("greater_than_equal", {"ge": f"{self.ge:f}"})
        if self.lt is not None and not number < self.lt:
            raise PydanticKnownError("less_than", {"lt": f"{self.lt:f}"})
        if self.le is not None and not number <= self.le:
            raise PydanticKnownError("less_than_equal", {"le": f"{self.le:f}"})
        if abs(number) >= self._beyond:
            raise PydanticKnownError("decimal_max_digits", {"max_digits": self.max_digits})

    def _with_places(self, number: Decimal, value: object, places: int) -> Decimal:
        step = Decimal(1).scaleb(-places)
        rounded = number.quantize(step, self.rounding or ROUND_HALF_EVEN, _EXACT)
        written = _written_places(number) if isinstance(value, str) else 0
        if self.rounding is None and (rounded != number or written > places):
            raise PydanticKnownError("decimal_max_places", {"decimal_places": places})
        return rounded

    def serialise(self, value: Decimal) -> str:
        """Return the plain text, with all of its places."""
        return f"{value:f}" if self.places is None else f"{value:.{self.places}f}"

    def __get_pydantic_core_schema__(
        self, source: type[Any], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Leave nothing to pydantic's own decimal, which takes `1e2` and looks at bounds once."""
        return core_schema.no_info_plain_validator_function(
            self.parse,
            serialization=core_schema.plain_serializer_function_ser_schema(
                self.serialise, return_schema=core_schema.str_schema(), when_used="json"
            ),
        )

    def __get_pydantic_json_schema__(
        self,
        schema: CoreSchema,
        handler: GetJsonSchemaHandler,
    ) -> JsonSchemaValue:
        """Say as exactly as JSON Schema can what `parse` takes."""
        if handler.mode == "serialization":
            fraction = r"(?:\.[0-9]+)?" if self.places is None else _exactly(self.places)
            return {"type": "string", "pattern": rf"^-?[0-9]+{fraction}$"}
        low, high = self._lowest(), self._highest()
        places = None if self.rounding else self.places
        number: dict[str, Any] = {
            "type": "number",
            "minimum" if low.inclusive else "exclusiveMinimum": _json_number(low.value),
            "maximum" if high.inclusive else "exclusiveMaximum": _json_number(high.value),
        }
        step = self.multiple_of or (None if places is None else Decimal(1).scaleb(-places))
        if step is not None:
            number["multipleOf"] = _json_number(step)
        pattern = decimal_pattern(low, high, places)
        text = {"type": "string", "pattern": pattern, "maxLength": self._longest}
        return {"anyOf": [number, text]}

    @property
    def _longest(self) -> int:
        """Return how long a text may be: all digits and a point, and more only to be rounded."""
        return _LONGEST if self.places is not None else self.max_digits + 1

    def _lowest(self) -> Limit:
        """Return the least value whose digits, bounds and rounded value all hold."""
        limits = [self._after_rounding(Limit(-self._beyond, inclusive=False))]
        for bound, inclusive in ((self.gt, False), (self.ge, True)):
            if bound is not None:
                limit = Limit(bound, inclusive)
                limits += [limit, self._after_rounding(limit)]
        return max(limits, key=lambda limit: (limit.value, not limit.inclusive))

    def _highest(self) -> Limit:
        mirrored = DecimalRule(
            gt=None if self.lt is None else -self.lt,
            ge=None if self.le is None else -self.le,
            places=self.places,
            max_digits=self.max_digits,
            rounding=self.rounding,
        )
        return mirrored._lowest().negated()

    @property
    def _beyond(self) -> Decimal:
        return Decimal(1).scaleb(self.max_digits - (self.places or 0))

    def _after_rounding(self, limit: Limit) -> Limit:
        """Return where the values start that are rounded to one within `limit`."""
        if self.rounding is None or self.places is None:
            return limit
        step = Decimal(1).scaleb(-self.places)
        first = limit.value.quantize(step, ROUND_CEILING, _EXACT)
        if first == limit.value and not limit.inclusive:
            first += step
        if self.rounding == ROUND_DOWN:
            return (
                Limit(first, inclusive=True) if first > 0 else Limit(first - step, inclusive=False)
            )
        start = first - step / 2
        return Limit(start, inclusive=start.quantize(step, self.rounding, _EXACT) == first)


def _number(value: object) -> Decimal:
    match value:
        case bool():
            raise PydanticKnownError("decimal_type")
        case Decimal():
            number = value
        case int():
            number = Decimal(value)
        case float():
            number = Decimal(repr(value))
        case str():
            if not _PLAIN.fullmatch(value):
                raise PydanticKnownError("decimal_parsing")
            number = Decimal(value)
            if not number and value.startswith("-"):
                raise PydanticKnownError("decimal_parsing")
        case _:
            raise PydanticKnownError("decimal_type")
    if not number.is_finite():
        raise PydanticKnownError("finite_number")
    return number or abs(number)


def _written_places(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    return max(-exponent, 0) if isinstance(exponent, int) else 0


def _exactly(places: int) -> str:
    return r"\.[0-9]{" + str(places) + "}" if places else ""


def _json_number(value: Decimal) -> int | float:
    whole = value == value.to_integral_value() and abs(value) < _FLOAT_EXACT
    return int(value) if whole else float(value)
