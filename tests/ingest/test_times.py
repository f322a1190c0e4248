from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionsd.ingest.times import corrected, from_client, to_text

RECEIVED = 1_715_776_496_789  # 2024-05-15T12:34:56.789Z
HOUR = 3_600_000


@pytest.mark.parametrize(
    ("sent", "seen"),
    [
        ("2024-01-02T03:04:05.678Z", "2024-01-02T03:04:05.678Z"),
        ("2024-01-02T03:04:05Z", "2024-01-02T03:04:05.000Z"),
        ("2024-01-02T03:04:05.678901+00:00", "2024-01-02T03:04:05.678Z"),
        ("2024-01-02T03:04:05.123456789Z", "2024-01-02T03:04:05.123Z"),
        ("2024-01-02T03:04:05.678-08:00", "2024-01-02T11:04:05.678Z"),
        ("2024-01-02T03:04:05+0530", "2024-01-01T21:34:05.000Z"),
        ("2024-01-02t03:04:05z", "2024-01-02T03:04:05.000Z"),
        ("2024-01-02 03:04:05Z", "2024-01-02T03:04:05.000Z"),
        ("2024-01-02T03:04:05", "2024-01-02T03:04:05.000Z"),
        ("2024-01-02", "2024-01-02T00:00:00.000Z"),
        ("1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z"),
        (1704164645678, "2024-01-02T03:04:05.678Z"),
        (1704164645, "2024-01-02T03:04:05.000Z"),
        (1704164645.678, "2024-01-02T03:04:05.678Z"),
        (0, "1970-01-01T00:00:00.000Z"),
    ],
)
def test_f042_clients_write_times_in_many_ways(sent: object, seen: str) -> None:
    milliseconds = from_client(sent)
    assert milliseconds is not None
    assert to_text(milliseconds) == seen


no_text_times = ["", "z", "yesterday", "2024-13-01", "2024-01-02T25:00:00Z", "Tue, 02 Jan 2024 03:04:05 GMT", "\ud800"]
no_text_times += ["2016-12-31T23:59:60Z", "0000-01-01T00:00:00Z"]


@pytest.mark.parametrize("sent", [*no_text_times, None, True, -1, 1e300, float("inf"), float("nan"), 10**30, [], {}])
def test_what_is_no_time_is_none(sent: object) -> None:
    assert from_client(sent) is None


@given(st.datetimes(min_value=datetime(1, 1, 1), max_value=datetime(9999, 12, 31)))
def test_times_survive_the_way_to_text_and_back(moment: datetime) -> None:
    text = moment.replace(tzinfo=UTC).isoformat(timespec="milliseconds")
    milliseconds = from_client(text)
    assert milliseconds is not None
    assert to_text(milliseconds) == text.replace("+00:00", "Z")


@pytest.mark.parametrize(
    ("case", "original", "sent_at", "seen"),
    [
        ("client 1 h fast, sent at once", RECEIVED + HOUR, RECEIVED + HOUR, RECEIVED),
        ("10 min offline, right clock", RECEIVED - 600_000, RECEIVED, RECEIVED - 600_000),
        ("10 min offline, 1 h slow", RECEIVED - HOUR - 600_000, RECEIVED - HOUR, RECEIVED - 600_000),
        ("import of a 2020 date, sent now", 1_577_836_800_000, RECEIVED, 1_577_836_800_000),
        ("sentAt stamped at the first try, 1 h ago", RECEIVED - HOUR, RECEIVED - HOUR, RECEIVED),
        ("the client lies into the future", RECEIVED + HOUR, RECEIVED, RECEIVED + HOUR),
    ],
)
def test_f019_the_clock_of_the_client_is_corrected(case: str, original: int, sent_at: int, seen: int) -> None:
    assert corrected(to_text(original), sent_at, RECEIVED) == to_text(seen), case


def test_f019_without_sent_at_the_clients_own_time_stands() -> None:
    assert corrected("2020-01-01T00:00:00Z", None, RECEIVED) is None
    assert corrected(1_577_836_800, None, RECEIVED) == "2020-01-01T00:00:00.000Z"


@pytest.mark.parametrize("original", [None, "", "yesterday", {}, "\ud800"])
@pytest.mark.parametrize("sent_at", [None, RECEIVED - HOUR])
def test_f019_without_a_time_the_event_happened_when_it_arrived(original: object, sent_at: int | None) -> None:
    assert corrected(original, sent_at, RECEIVED) == to_text(RECEIVED)


def test_a_result_beyond_the_calendar_is_the_time_of_arrival() -> None:
    last = from_client("9999-12-31T23:59:59Z")
    assert corrected("9999-12-31T23:59:59Z", 0, RECEIVED) == to_text(RECEIVED)
    assert corrected("0001-01-01T00:00:00Z", last, RECEIVED) == to_text(RECEIVED)
