"""Timestamps: what clients write read to milliseconds, and the correction of their clocks (FEATURES F019, F042)."""

import functools
from datetime import UTC, datetime, timedelta

_epoch = datetime(1970, 1, 1)
_aware_epoch = datetime(1970, 1, 1, tzinfo=UTC)
_first_in_milliseconds = 1e11  # numbers from here are milliseconds (1973), below it seconds (to the year 5138)


def to_text(milliseconds: int) -> str:
    """Milliseconds since the epoch as RFC 3339 in UTC.

    Raises:
        OverflowError: outside of the years 1 to 9999.

    >>> to_text(1704164645678)
    '2024-01-02T03:04:05.678Z'
    """
    seconds, rest = divmod(milliseconds, 1000)
    return f"{_second(seconds)}.{rest:03d}Z"


@functools.lru_cache(1024)
def _second(seconds: int) -> str:
    """Live events fall into few different seconds, and formatting one is most of the work."""
    return (_epoch + timedelta(seconds=seconds)).isoformat()


def from_client(value: object) -> int | None:
    """What a client sent as a time in milliseconds since the epoch; None when it is no time.

    RFC 3339 with ``Z`` or an offset and any fraction, UTC when without; numbers are seconds or milliseconds.

    >>> from_client("2024-01-02T03:04:05.678901+01:00"), from_client(1704164645), from_client("yesterday")
    (1704161045678, 1704164645000, None)
    """
    if isinstance(value, str):
        moment = _moment(value)
        return None if moment is None else _milliseconds(moment)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e14:
        return None
    return int(value if value >= _first_in_milliseconds else value * 1000)


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return _moment(text[:-1].upper() + "Z") if text.endswith("z") else None


def _milliseconds(moment: datetime) -> int:
    since = moment - (_aware_epoch if moment.tzinfo else _epoch)
    return (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000


def corrected(original: object, sent_at: int | None, received_at: int) -> str | None:
    """The event's ``timestamp``, or None when the client's own text stands as it is.

    ``receivedAt - (sentAt - originalTimestamp)`` (FEATURES part 2.6). Without ``sentAt`` the client's time stands;
    without a time that can be read, or where the result is beyond the calendar, the event happened when it arrived.

    >>> corrected("2024-01-02T04:00:00Z", from_client("2024-01-02T04:10:00Z"), from_client("2024-01-02T03:10:01Z"))
    '2024-01-02T03:00:01.000Z'
    """
    if sent_at is None and isinstance(original, str) and _moment(original):
        return None
    happened = from_client(original)
    if happened is None:
        return to_text(received_at)
    if sent_at is None:
        return to_text(happened)
    try:
        return to_text(received_at - sent_at + happened)
    except OverflowError:
        return to_text(received_at)
