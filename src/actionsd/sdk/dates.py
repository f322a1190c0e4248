"""Dates as JavaScript and day.js 1.10 read them: the `datetime` fields accept exactly these, destinations convert them.

Times are milliseconds since the epoch, UTC; a text without a zone is taken as UTC (upstream runs with TZ=UTC).

    >>> to_ms("2024-05-14"), to_ms("May 14, 2024 10:20 PST"), to_ms(1715682030123), to_ms("tomorrow")
    (1715644800000, 1715710800000, 1715682030123, None)
"""

import math
import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_MAX_MS = 8_640_000_000_000_000  # ECMA-262, "time values"
_DAYS = 86_400_000

_PARTS = re.compile(  # day.js: what it splits itself, without a Z at the end; overflowing parts carry over
    r"(\d{4})[-/]?(\d{1,2})?[-/]?(\d{0,2})[^0-9]*(\d{1,2})?:?(\d{1,2})?:?(\d{1,2})?[.:]?(\d+)?", re.ASCII
)
_ISO = re.compile(
    r"([+-]\d{6}|\d{4})(?:-(\d\d)(?:-(\d\d))?)?"
    r"(?:T(\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?(Z|[+-]\d\d:?\d\d)?)?",
    re.ASCII | re.IGNORECASE,
)
_is_usual = re.compile(  # a subset that needs no arithmetic to be known as a date: most values of most events
    r"[12]\d{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)",
    re.ASCII,
).fullmatch
_TOKEN = re.compile(r"(?P<number>[0-9]+)|(?P<word>[^\x00-\x40]+)|(?P<space>\s+)|(?P<symbol>.)", re.DOTALL)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ZONES = {
    "z": 0, "ut": 0, "utc": 0, "gmt": 0, "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6,
    "pst": -8, "pdt": -7,
}  # fmt: skip


def is_date(text: str) -> bool:
    """Whether day.js takes the text for a date; any text of this sort is a `datetime` (framework.jsonl).

    >>> is_date("2024-05-14"), is_date("soon")
    (True, False)
    """
    return _is_usual(text) is not None or to_ms(text) is not None


def to_ms(value: str | int | float) -> int | None:
    """`dayjs(value).valueOf()`: a number counts as milliseconds; None where it is no date.

    >>> to_ms("2024-05-14T10:20:30Z"), to_ms("soon")
    (1715682030000, None)
    """
    if isinstance(value, str):
        if (ms := _canonical(value)) is not None:
            return ms
        match = None if value[-1:] in ("Z", "z") else _PARTS.fullmatch(value)
        return _from_parts(match) if match else date_parse(value)
    return _clip(value)


def _canonical(text: str) -> int | None:
    return canonical_ms(text) if len(text) == 24 else None


@lru_cache(maxsize=1024)  # validation asks for the time of an event, then the action, and each of its destinations so
def canonical_ms(text: str) -> int | None:
    """The time value of `2024-05-14T10:20:30.456Z`, as SDKs and this daemon write it; None for all other texts of 24
    characters, and where the month has not so many days: JavaScript lets them overflow. It is kept, so do not ask it
    for longer texts."""
    if not (text[23] == "Z" and _is_usual(text)):
        return None
    try:
        return (datetime.fromisoformat(text) - _EPOCH) // _MILLISECOND
    except ValueError:
        return None


def to_iso(value: str | int | float) -> str | None:
    """`dayjs(value).toISOString()`, such as "2024-05-14T10:20:30.456Z"; None where it is no date.

    >>> to_iso("2024-05-14 10:20")
    '2024-05-14T10:20:00.000Z'
    """
    if isinstance(value, str) and _canonical(value) is not None:
        return value
    ms = to_ms(value)
    return None if ms is None else iso(ms)


def to_seconds(value: str | int | float) -> int | None:
    """`dayjs(value).unix()`: whole seconds since the epoch; None where it is no date.

    >>> to_seconds("2024-05-14T10:20:30Z")
    1715682030
    """
    ms = to_ms(value)
    return None if ms is None else ms // 1000


def iso(ms: int) -> str:
    """A time value as `Date.prototype.toISOString` writes it.

    >>> iso(0), iso(-62198755200000)
    ('1970-01-01T00:00:00.000Z', '-000001-01-01T00:00:00.000Z')
    """
    days, rest = divmod(ms, _DAYS)
    year, month, day = _civil(days)
    seconds, milli = divmod(rest, 1000)
    name = f"{year:04d}" if 0 <= year <= 9999 else f"{'-' if year < 0 else '+'}{abs(year):06d}"
    clock = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return f"{name}-{month:02d}-{day:02d}T{clock}.{milli:03d}Z"


def to_datetime(ms: int) -> datetime:
    """A time value as an aware datetime in UTC. Raises ``OverflowError`` outside the years 1 to 9999.

    >>> to_datetime(1715682030000).isoformat()
    '2024-05-14T10:20:30+00:00'
    """
    return _EPOCH + timedelta(milliseconds=ms)


def date_parse(text: str) -> int | None:
    """`Date.parse(text)` as V8 does it: ISO 8601, else its lenient parser; None for NaN.

    >>> date_parse("Tue, 14 May 2024 10:20:30 GMT"), date_parse("14/05/2024")
    (1715682030000, None)
    """
    if (ms := _canonical(text)) is not None:
        return ms
    match = _ISO.fullmatch(text)
    if match is not None:
        exact = _from_iso(match)
        if exact is not None:
            return exact
    return _Lenient().parse(text)


def _clip(ms: float) -> int | None:
    return int(ms) if math.isfinite(ms) and abs(ms) <= _MAX_MS else None


def _time_value(year: int, month: int, day: int, hour: int, minute: int, second: int, milli: int) -> int | None:
    """`Date.UTC` with a month from 1: parts beyond their range carry over."""
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    seconds = hour * 3600 + minute * 60 + second
    return _clip((_days(year, month) + day - 1) * _DAYS + seconds * 1000 + milli)


def _days(year: int, month: int) -> int:
    """Days from the epoch to the first of a month, in the proleptic Gregorian calendar (any year)."""
    year -= month <= 2
    era, of_era = divmod(year, 400)
    of_year = (153 * ((month + 9) % 12) + 2) // 5
    return era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719_468


def _civil(days: int) -> tuple[int, int, int]:
    era, of_era = divmod(days + 719_468, 146_097)
    year = (of_era - of_era // 1460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    shifted = (5 * of_year + 2) // 153
    month = shifted + 3 if shifted < 10 else shifted - 9
    return year + era * 400 + (month <= 2), month, of_year - (153 * shifted + 2) // 5 + 1


def _from_parts(match: re.Match[str]) -> int | None:
    year, month, day, hour, minute, second, milli = match.groups()
    return _time_value(
        int(year), int(month) if month else 1, int(day or 1) or 1, int(hour or 0), int(minute or 0), int(second or 0),
        int((milli or "0")[:3]),
    )  # fmt: skip


def _from_iso(match: re.Match[str]) -> int | None:
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    numbers = [int(part) if part else missing for part, missing in
               ((month, 1), (day, 1), (hour, 0), (minute, 0), (second, 0))]  # fmt: skip
    milli = int((fraction or "0")[:3].ljust(3, "0"))
    if year == "-000000" or not _in_range(numbers, milli):
        return None
    ms = _time_value(int(year), numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], milli)
    return None if ms is None else _clip(ms - _zone_ms(zone))


def _in_range(numbers: list[int], milli: int) -> bool:
    month, day, hour, minute, second = numbers
    if not (1 <= month <= 12 and 1 <= day <= 31 and minute <= 59 and second <= 59):
        return False
    return hour <= 23 or (hour == 24 and not minute and not second and not milli)


def _zone_ms(zone: str | None) -> int:
    if zone is None or zone in ("Z", "z"):
        return 0
    minutes = int(zone[1:3]) * 60 + int(zone[-2:])
    return (-minutes if zone[0] == "-" else minutes) * 60_000


class _Lenient:
    """V8's parser for everything that is not ISO 8601: numbers, month names, zones and times in any order."""

    def __init__(self) -> None:
        self.day: list[int] = []
        self.month: int | None = None
        self.time: list[int] = []
        self.closed = False
        self.noon: int | None = None
        self.sign: int | None = None
        self.zone_hour: int | None = None
        self.zone_minute: int | None = None
        self.read_number = False

    def parse(self, text: str) -> int | None:
        text = re.sub(r"^(\d{4}-\d\d-\d\d)[Tt](?=\d)", r"\1 ", _without_parentheses(text))
        self.tokens = [(str(m.lastgroup), m[0]) for m in _TOKEN.finditer(text)]
        self.at = 0
        while self.at < len(self.tokens):
            kind, word = self.tokens[self.at]
            self.at += 1
            if not self._take(kind, word):
                return None
        return self._result()

    def _peek(self) -> tuple[str, str]:
        return self.tokens[self.at] if self.at < len(self.tokens) else ("end", "")

    def _skip(self, symbol: str) -> bool:
        if self._peek() == ("symbol", symbol):
            self.at += 1
            return True
        return False

    def _take(self, kind: str, word: str) -> bool:
        if kind == "number":
            self.read_number = True
            return self._number(int(word[:12]))
        if kind == "word":
            return self._word(word.lower())
        if word in ("+", "-") and (self.zone_hour == 0 == self.zone_minute or self.time):
            return self._offset(-1 if word == "-" else 1)
        return not (word in ("+", "-", ")") and self.read_number)

    def _number(self, n: int) -> bool:
        if self._skip(":"):
            if self._skip(":"):
                self.time += [n, 0]
                return len(self.time) == 2
            self.time.append(n)
            self._skip(".")
            return len(self.time) < 4
        if self._peek() == ("symbol", ".") and self._expects(n):
            return self._fraction(n)
        if self.zone_hour is not None and self.zone_minute is None and n < 60:
            self.zone_minute = n
            return True
        if self._expects(n):
            self._close(n)
            following, word = self._peek()
            return following in ("end", "space") or word in ("Z", "z", "+", "-")
        self.day.append(n)
        self._skip("-")
        return len(self.day) <= 3

    def _expects(self, n: int) -> bool:
        return not self.closed and len(self.time) in (1, 2) and n < 60

    def _close(self, n: int) -> None:
        self.time.append(n)
        self.closed = True

    def _fraction(self, n: int) -> bool:
        self.at += 1
        kind, digits = self._peek()
        if kind != "number":
            return False
        self.at += 1
        self.time += [n] + [0] * (2 - len(self.time))
        self._close(int(digits[:3].ljust(3, "0")))
        return True

    def _word(self, word: str) -> bool:
        if word in ("am", "pm") and self.time:
            self.noon = 12 if word == "pm" else 0
        elif word[:3] in _MONTHS:
            self.month = _MONTHS.index(word[:3]) + 1
            self._skip("-")
        elif word in _ZONES and self.read_number:
            self.sign, self.zone_hour, self.zone_minute = (-1 if _ZONES[word] < 0 else 1), abs(_ZONES[word]), 0
        else:
            return not self.read_number and self._peek()[0] != "number"
        return True

    def _offset(self, sign: int) -> bool:
        self.sign, self.read_number = sign, True
        kind, digits = self._peek()
        if kind == "number":
            self.at += 1
        else:
            digits = ""
        number = int(digits or 0)
        if self._peek() == ("symbol", ":"):
            self.at += 1
            self.zone_hour, self.zone_minute = number, None
        elif len(digits) in (1, 2):
            self.zone_hour, self.zone_minute = number, 0
        elif len(digits) in (3, 4):
            self.zone_hour, self.zone_minute = divmod(number, 100)
        else:
            return False
        return True

    def _result(self) -> int | None:
        date = self._date()
        clock = [*self.time, 0, 0, 0, 0][:4]
        if self.noon is not None:
            if not 0 <= clock[0] <= 12:
                return None
            clock[0] = clock[0] % 12 + self.noon
        if date is None or not _in_range([1, 1, *clock[:3]], clock[3]):
            return None
        ms = _time_value(*date, *clock)
        zone = (self.sign or 0) * ((self.zone_hour or 0) * 60 + (self.zone_minute or 0)) * 60_000
        return None if ms is None else _clip(ms - zone)

    def _date(self) -> tuple[int, int, int] | None:
        if not self.day:
            return None
        first, second, third = [*self.day, 1, 1][:3]
        is_day = 1 <= first <= 31
        if self.month is not None:
            year, month, day = _named(self.day, self.month)
        elif is_day:
            year, month, day = third, first, second
        else:
            year, month, day = first, second, third
        if 0 <= year <= 99:
            year += 2000 if year <= 49 else 1900
        return (year, month, day) if 1 <= month <= 12 and 1 <= day <= 31 else None


def _named(numbers: list[int], month: int) -> tuple[int, int, int]:
    first, second = [*numbers, 1][:2]
    return (second, month, first) if 1 <= first <= 31 else (first, month, second)


def _without_parentheses(text: str) -> str:
    depth, kept = 0, []
    for char in text:
        depth += char == "("
        if not depth:
            kept.append(char)
        if char == ")" and depth:
            depth -= 1
    return "".join(kept)
