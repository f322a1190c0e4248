"""Filters on numbers. Anything else counts as the number that its text spells, or as 0 (NOTES trap 29)."""

import math
from collections.abc import Callable
from typing import Any

from actionsd.mapping.liquids.values import plain
from actionsd.sdk import js
from actionsd.sdk.js import UNDEFINED

_MAX_SAFE = 2**53 - 1


def number(value: Any) -> float:
    """The value as a number, 0 where it is none."""
    converted = js.to_double(js.to_number(plain(value)))
    return 0.0 if math.isnan(converted) else converted


def _first(arguments: tuple[Any, ...]) -> float:
    """The argument, of which a missing one makes the result NaN."""
    return number(arguments[0]) if arguments else math.nan


def plus(value: Any, *others: Any) -> float:
    return number(value) + _first(others)


def minus(value: Any, *others: Any) -> float:
    return number(value) - _first(others)


def times(value: Any, *others: Any) -> float:
    return number(value) * _first(others)


def divided_by(value: Any, *arguments: Any) -> float:
    """Not rounded, unless a second argument holds; division by 0 gives an infinity or NaN."""
    quotient = _divide(number(value), _first(arguments))
    return _floor(quotient) if number(arguments[1] if len(arguments) > 1 else 0) else quotient


def modulo(value: Any, *arguments: Any) -> float:
    """The remainder, with the sign of the divisor."""
    divisor = _first(arguments)
    return _remainder(_remainder(number(value), divisor) + divisor, divisor)


def absolute(value: Any) -> float:
    return abs(number(value))


def ceil(value: Any) -> float:
    return -_floor(-number(value))


def floor(value: Any) -> float:
    return _floor(number(value))


def at_least(value: Any, *others: Any) -> float:
    return _extreme(max, value, others)


def at_most(value: Any, *others: Any) -> float:
    return _extreme(min, value, others)


def round_to(value: Any, digits: Any = 0) -> float:
    """Rounded half away from zero to so many decimals; shifted as text, so that 1.005 is one half."""
    exact, places = number(value), number(digits)
    scaled = _shifted(abs(exact), places)
    if not scaled <= _MAX_SAFE:
        return exact
    return math.copysign(_shifted(math.floor(scaled + 0.5), -places), exact)


def to_integer(value: Any = UNDEFINED) -> float:
    """The number that the text spells; despite its name not rounded, and NaN where it spells none."""
    return js.to_double(js.to_number(plain(value)))


def _divide(dividend: float, divisor: float) -> float:
    if divisor:
        return dividend / divisor
    sign = math.copysign(1, dividend) * math.copysign(1, divisor)
    return math.nan if not dividend or math.isnan(dividend) else math.inf * sign


def _remainder(dividend: float, divisor: float) -> float:
    return math.nan if not divisor or math.isinf(dividend) else math.fmod(dividend, divisor)


def _floor(value: float) -> float:
    return float(math.floor(value)) if math.isfinite(value) else value


def _extreme(choose: Callable[[list[float]], float], value: Any, others: tuple[Any, ...]) -> float:
    candidates = [number(value), *map(number, others)]
    return choose(candidates)


def _shifted(value: float, places: float) -> float:
    mantissa, _, power = js.number_text(value).partition("e")
    return js.to_double(js.to_number(f"{mantissa}e{js.number_text(float(power or 0) + places)}"))


FILTERS: dict[str, Callable[..., Any]] = {
    "abs": absolute,
    "at_least": at_least,
    "at_most": at_most,
    "ceil": ceil,
    "divided_by": divided_by,
    "floor": floor,
    "minus": minus,
    "modulo": modulo,
    "plus": plus,
    "round": round_to,
    "times": times,
    "to_integer": to_integer,
}
