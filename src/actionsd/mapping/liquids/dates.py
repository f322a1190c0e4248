"""Dates in filters: read as JavaScript reads them, written by the codes of strftime. The time zone is UTC."""

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from actionsd.mapping.liquids.failure import LiquidFailure
from actionsd.mapping.liquids.limits import Rendering
from actionsd.mapping.liquids.values import Word, plain, step, text
from actionsd.sdk import js
from actionsd.sdk.js import UNDEFINED

DEFAULT_FORMAT = "%A, %B %-e, %Y at %-l:%M %P %z"

_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
           "December")  # fmt: skip
_DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ISO = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9})\d*)?)?\s*(Z|[+-]\d\d:?\d\d)?)?"
)
_SLASHED = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_CLOCK = re.compile(r"(\d{1,2}):(\d\d)(?::(\d\d))?(?:\.\d+)?\s*([AaPp][Mm])?")
_ZONE = re.compile(r"(?:GMT|UTC|Z)?\s*([+-]\d\d:?\d\d)?(?:\s*\([^)]*\))?\Z")
_CODE = re.compile(r"%([-_0^#:]+)?(\d+)?([EO])?(.)")
_WIDTHS = {"C": 2, "d": 2, "e": 2, "H": 2, "I": 2, "j": 3, "k": 2, "l": 2, "L": 3, "m": 2, "M": 2, "S": 2, "U": 2,
           "W": 2, "y": 2, "Y": 4}  # fmt: skip
_BLANK_PADDED = "aAbBceklpP"


class Moment(NamedTuple):
    """A point in time as its wall clock shows it."""

    wall: datetime
    offset: int
    """Minutes west of UTC, as JavaScript counts them."""
    zone: str
    """The zone's name, empty if only its offset is known."""


def date(context: Rendering, value: Any, form: Any = UNDEFINED, zone: Any = UNDEFINED) -> Any:
    """The date in a format and a zone (a name, or minutes west); a value that is no date stays as it is."""
    moment = _moment(context, value, zone)
    if moment is None:
        return value
    given = plain(form)
    return _formatted(context, moment, DEFAULT_FORMAT if given is None or given is UNDEFINED else text(given))


def date_to_xmlschema(context: Rendering, value: Any) -> Any:
    return date(context, value, "%Y-%m-%dT%H:%M:%S%:z")


def date_to_rfc822(context: Rendering, value: Any) -> Any:
    return date(context, value, "%a, %d %b %Y %H:%M:%S %z")


def date_to_string(context: Rendering, value: Any, kind: Any = UNDEFINED, style: Any = UNDEFINED) -> Any:
    return _spelled(context, value, "%b", kind, style)


def date_to_long_string(context: Rendering, value: Any, kind: Any = UNDEFINED, style: Any = UNDEFINED) -> Any:
    return _spelled(context, value, "%B", kind, style)


def _spelled(context: Rendering, value: Any, month: str, kind: Any, style: Any) -> Any:
    if kind != "ordinal":
        return date(context, value, f"%d {month} %Y")
    return date(context, value, f"{month} %-d%q, %Y" if style == "US" else f"%-d%q {month} %Y")


def _moment(context: Rendering, value: Any, zone: Any) -> Moment | None:
    instant = _instant(context, plain(value))
    if instant is None:
        return None
    try:
        if isinstance(zone, str):
            wall = instant.astimezone(ZoneInfo(zone))
            return Moment(wall, -int((wall.utcoffset() or timedelta()).total_seconds() // 60), zone)
        if zone is UNDEFINED or zone is None:
            return Moment(instant, 0, "UTC")
        minutes = 0 if isinstance(zone, Word) else js.to_number(zone)
        return Moment(instant - timedelta(minutes=minutes), int(minutes), "") if math.isfinite(minutes) else None
    except OverflowError:
        return None
    except (ZoneInfoNotFoundError, ValueError):
        raise LiquidFailure(f"Invalid time zone specified: {text(zone)}") from None


def _instant(context: Rendering, value: Any) -> datetime | None:
    """The point in time that a value means, or None. `now` is the event's time, so that a replay gives the same."""
    if value in ("now", "today"):
        value = step(context.payload, "timestamp")
    if isinstance(value, list):
        value = js.string(value)
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = js.to_number(value)
    if isinstance(value, bool):
        return _EPOCH + timedelta(milliseconds=value)
    try:
        if isinstance(value, int | float):
            return _EPOCH + timedelta(milliseconds=int(js.to_double(value) * 1000))
        return _parsed(value) if isinstance(value, str) else None
    except (ValueError, OverflowError):
        return None


def _parsed(value: str) -> datetime | None:
    if iso := _ISO.fullmatch(value.strip()):
        year, month, day, hour, minute, second = (
            int(part or default) for part, default in zip(iso.groups(), "011000", strict=False)
        )
        micros = int((iso[7] or "0").ljust(6, "0")[:3]) * 1000
        return datetime(year, month, day, hour, minute, second, micros, UTC) - _zone_offset(iso[8])
    return _parsed_words(value)


def _parsed_words(value: str) -> datetime | None:
    """Forms like `Thu, 04 Mar 2021 05:06:07 GMT`, `March 4, 2021 5:06 am` and `3/4/2021`."""
    clock = _CLOCK.search(value)
    day_part, zone = (value[: clock.start()], value[clock.end() :]) if clock else (value, "")
    offset = _ZONE.match(zone.strip())
    if offset is None:
        return None
    if slashed := _SLASHED.fullmatch(day_part.strip()):
        month, day, year = map(int, slashed.groups())
    else:
        names = [name.lower()[:3] for name in re.findall("[A-Za-z]+", day_part)]
        found = [index for index, month_name in enumerate(_MONTHS, 1) if month_name[:3].lower() in names]
        numbers = re.findall(r"\d+", day_part)
        if len(found) != 1 or len(numbers) != 2:
            return None
        month, (day, year) = found[0], sorted(map(int, numbers))
    hour, minute, second = (int(clock[index] or 0) for index in (1, 2, 3)) if clock else (0, 0, 0)
    if clock and clock[4]:
        hour = hour % 12 + (12 if clock[4].lower() == "pm" else 0)
    return datetime(year, month, day, hour, minute, second, tzinfo=UTC) - _zone_offset(offset[1])


def _zone_offset(zone: str | None) -> timedelta:
    if not zone or zone == "Z":
        return timedelta()
    minutes = int(zone[1:3]) * 60 + int(zone[-2:])
    return timedelta(minutes=-minutes if zone[0] == "-" else minutes)


def _formatted(context: Rendering, moment: Moment, form: str) -> str:
    def written(code: re.Match[str]) -> str:
        flags, width, _, conversion = code.groups(default="")
        convert = _CONVERSIONS.get(conversion)
        if convert is None:
            return code[0]
        context.charge(int(width or 0))
        result = convert(moment, flags, int(width or 0))
        if "^" in flags:
            result = js.upper(result)
        elif "#" in flags:
            result = js.upper(result) if any("a" <= letter <= "z" for letter in result) else js.lower(result)
        padding = " " if "_" in flags or (conversion in _BLANK_PADDED and "0" not in flags) else "0"
        return result.rjust(0 if "-" in flags else int(width or _WIDTHS.get(conversion, 0)), padding)

    return _CODE.sub(written, form)


def _fraction(moment: Moment, flags: str, width: int) -> str:
    digits = width or 9
    return f"{moment.wall.microsecond // 1000:03}"[:digits].ljust(digits, "0")


def _offset(moment: Moment, flags: str, width: int) -> str:
    hours, minutes = divmod(abs(moment.offset), 60)
    return f"{'-' if moment.offset > 0 else '+'}{hours:02}{':' if ':' in flags else ''}{minutes:02}"


def _week(moment: Moment, first_day: int) -> str:
    """The week of the year; days before the first such day belong to week 0."""
    since_first = (moment.wall.isoweekday() - first_day) % 7
    return str((moment.wall.timetuple().tm_yday - 1 - since_first + 7) // 7)


def _ordinal(day: int) -> str:
    return "th" if day in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")


def _us_date(wall: datetime) -> str:
    return f"{wall.month}/{wall.day}/{wall.year}"


def _us_time(wall: datetime) -> str:
    return f"{wall.hour % 12 or 12}:{wall.minute:02}:{wall.second:02} {'AM' if wall.hour < 12 else 'PM'}"


def _from_wall(convert: Callable[[datetime], Any]) -> Callable[[Moment, str, int], str]:
    return lambda moment, flags, width: str(convert(moment.wall))


_CONVERSIONS: dict[str, Callable[[Moment, str, int], str]] = {
    "a": _from_wall(lambda wall: _DAYS[wall.isoweekday() % 7][:3]),
    "A": _from_wall(lambda wall: _DAYS[wall.isoweekday() % 7]),
    "b": _from_wall(lambda wall: _MONTHS[wall.month - 1][:3]),
    "B": _from_wall(lambda wall: _MONTHS[wall.month - 1]),
    "h": _from_wall(lambda wall: _MONTHS[wall.month - 1][:3]),
    "c": _from_wall(lambda wall: f"{_us_date(wall)}, {_us_time(wall)}"),
    "C": _from_wall(lambda wall: wall.year // 100),
    "d": _from_wall(lambda wall: wall.day),
    "e": _from_wall(lambda wall: wall.day),
    "H": _from_wall(lambda wall: wall.hour),
    "I": _from_wall(lambda wall: wall.hour % 12 or 12),
    "j": _from_wall(lambda wall: wall.timetuple().tm_yday),
    "k": _from_wall(lambda wall: wall.hour),
    "l": _from_wall(lambda wall: wall.hour % 12 or 12),
    "L": _from_wall(lambda wall: wall.microsecond // 1000),
    "m": _from_wall(lambda wall: wall.month),
    "M": _from_wall(lambda wall: wall.minute),
    "N": _fraction,
    "p": _from_wall(lambda wall: "AM" if wall.hour < 12 else "PM"),
    "P": _from_wall(lambda wall: "am" if wall.hour < 12 else "pm"),
    "q": _from_wall(lambda wall: _ordinal(wall.day)),
    "s": lambda moment, flags, width: str(
        (moment.wall.replace(tzinfo=UTC) - _EPOCH) // timedelta(seconds=1) + moment.offset * 60
    ),
    "S": _from_wall(lambda wall: wall.second),
    "u": _from_wall(lambda wall: wall.isoweekday()),
    "U": lambda moment, flags, width: _week(moment, 0),
    "w": _from_wall(lambda wall: wall.isoweekday() % 7),
    "W": lambda moment, flags, width: _week(moment, 1),
    "x": _from_wall(_us_date),
    "X": _from_wall(_us_time),
    "y": _from_wall(lambda wall: wall.year % 100),
    "Y": _from_wall(lambda wall: wall.year),
    "z": _offset,
    "Z": lambda moment, flags, width: moment.zone or _offset(moment, flags, width),
    "t": lambda moment, flags, width: "\t",
    "n": lambda moment, flags, width: "\n",
    "%": lambda moment, flags, width: "%",
}

FILTERS: dict[str, Callable[..., Any]] = {
    "date": date,
    "date_to_long_string": date_to_long_string,
    "date_to_rfc822": date_to_rfc822,
    "date_to_string": date_to_string,
    "date_to_xmlschema": date_to_xmlschema,
}
