"""Dates as JavaScript reads them; the expected values are V8's and day.js 1.10's."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionsd.sdk.dates import date_parse, is_date, iso, to_datetime, to_iso, to_ms, to_seconds


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-05-14", "2024-05-14T00:00:00.000Z"),
        ("2024-05-14T10:20:30.456Z", "2024-05-14T10:20:30.456Z"),
        ("2024-05-14T10:20:30.456+02:00", "2024-05-14T08:20:30.456Z"),
        ("2024-05-14T10:20:30+0200", "2024-05-14T08:20:30.000Z"),
        ("2024-05-14 10:20", "2024-05-14T10:20:00.000Z"),
        ("2024-05-14T24:00:00Z", "2024-05-15T00:00:00.000Z"),
        ("2024-13-45", "2025-02-14T00:00:00.000Z"),
        ("2024-02-30", "2024-03-01T00:00:00.000Z"),
        ("2024", "2024-01-01T00:00:00.000Z"),
        (" 2024-05-14 ", "2024-05-14T00:00:00.000Z"),
        (" 5 ", "2001-05-01T00:00:00.000Z"),
        ("171568203", "1720-08-20T03:00:00.000Z"),
        ("May 14, 2024", "2024-05-14T00:00:00.000Z"),
        ("14 May 2024 10:20 pm", "2024-05-14T22:20:00.000Z"),
        ("12:05 AM May 14 2024", "2024-05-14T00:05:00.000Z"),
        ("Tue, 14 May 2024 10:20:30 GMT", "2024-05-14T10:20:30.000Z"),
        ("Tue May 14 2024 10:20:30 GMT+0200 (Central European Summer Time)", "2024-05-14T08:20:30.000Z"),
        ("Tue May 14 2024 10:20:30 GMT-8", "2024-05-14T18:20:30.000Z"),
        ("May 14, 2024 10:20 PST", "2024-05-14T18:20:00.000Z"),
        ("12/25/95", "1995-12-25T00:00:00.000Z"),
        ("12/25/2049 10:20:30.5", "2049-12-25T10:20:30.500Z"),
        ("+012024-05-14T00:00:00Z", "+012024-05-14T00:00:00.000Z"),
    ],
)
def test_texts_that_are_dates(text: str, expected: str) -> None:
    assert to_iso(text) == expected
    assert is_date(text)


@pytest.mark.parametrize(
    "text",
    ["", "   ", "now", "false", "14/05/2024", "10:20", "T10:20", "0x10", "1e3", "1e9", "2024-05-14T25:00:00Z",
     "2024-05-14T10:20:30 garbage", "13:00 PM May 1 2024", "May 2024 10:61", "1 2 3 4", "-000000-01-01T00:00:00Z"],
)  # fmt: skip
def test_texts_that_are_none(text: str) -> None:
    assert to_ms(text) is None
    assert not is_date(text)


@given(st.datetimes(datetime(1000, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC)))
def test_iso_round_trips(moment: datetime) -> None:
    ms = round(moment.timestamp() * 1000)
    assert date_parse(iso(ms)) == ms == to_ms(iso(ms))
    assert iso(ms) == to_datetime(ms).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def test_numbers_count_as_milliseconds() -> None:
    assert to_ms(1715682030123.9) == 1715682030123
    assert to_seconds("2024-05-14T10:20:30.999Z") == 1715682030
    assert to_ms(float("inf")) is None
    assert to_ms(9e15) is None
    assert to_iso("nonsense") is None
    assert to_seconds("nonsense") is None


@given(st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59)), st.integers(29, 31))
def test_the_usual_form_is_read_as_any_other(moment: datetime, day: int) -> None:
    text = moment.isoformat(timespec="milliseconds").rjust(23, "0") + "Z"
    for each in (text, f"{text[:8]}{day}{text[10:]}"):
        assert to_ms(each) == date_parse(each)
