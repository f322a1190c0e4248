"""Tables that fit, and numbers that read well."""

from datetime import UTC, datetime, timedelta

import pytest

from actionsd.cli import output
from actionsd.cli.output import Column, fit

NAME, STATE = Column("name", flexible=True), Column("state")
RATE = Column("rate", right=True, optional=True)


@pytest.mark.parametrize(
    ("terminal", "fitted"),
    [
        (100, {NAME: 40, STATE: 8, RATE: 7}),
        (59, {NAME: 40, STATE: 8, RATE: 7}),
        (50, {NAME: 31, STATE: 8, RATE: 7}),
        (39, {NAME: 20, STATE: 8, RATE: 7}),
        (38, {NAME: 28, STATE: 8}),  # rather without the optional column than a name of 19
        (10, {NAME: 8, STATE: 8}),  # as narrow as it gets
    ],
)
def test_a_table_fits_its_terminal(terminal: int, fitted: dict[Column, int]) -> None:
    assert fit({NAME: 40, STATE: 8, RATE: 7}, terminal) == fitted


def test_a_column_that_may_be_cut_and_left_out_is_left_out() -> None:
    note = Column("note", flexible=True, optional=True)
    assert fit({NAME: 40, STATE: 8, note: 30}, 100) == {NAME: 40, STATE: 8, note: 30}
    assert fit({NAME: 40, STATE: 8, note: 30}, 60) == {NAME: 24, STATE: 8, note: 24}
    assert fit({NAME: 40, STATE: 8, note: 30}, 40) == {NAME: 30, STATE: 8}


def test_a_table_of_fixed_columns_stays(capsys: pytest.CaptureFixture[str]) -> None:
    assert fit({STATE: 8}, 5) == {STATE: 8}
    output.print_table([STATE], [], empty="nothing")
    assert capsys.readouterr().out == "nothing\n"


def test_cells_stand_under_their_titles(capsys: pytest.CaptureFixture[str]) -> None:
    output.print_table([NAME, RATE], [("a\nb", "1"), ("long name", "22")], empty="")
    assert capsys.readouterr().out == "NAME       RATE\na b           1\nlong name    22\n"


def test_a_title_of_two_lines_ends_where_the_others_do(capsys: pytest.CaptureFixture[str]) -> None:
    output.print_table([NAME, Column("failed\non ingest", right=True)], [("a", "1")], empty="")
    assert capsys.readouterr().out == "         FAILED\nNAME  ON INGEST\na             1\n"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KB"), (10 * 1024, "10 KB"), (5 << 20, "5.0 MB"), (3 << 40, "3072 GB")],
)
def test_sizes_read_well(value: int, text: str) -> None:
    assert output.size(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0s"), (59.9, "59s"), (60, "1m"), (3725, "1h 2m"), (90000, "1d 1h"), (86400 * 3, "3d")]
)
def test_spans_have_their_two_largest_units(seconds: float, text: str) -> None:
    assert output.span(seconds) == text


@pytest.mark.parametrize(("value", "text"), [(0, "-"), (0.25, "0.2/s"), (99.94, "99.9/s"), (1234.5, "1,234/s")])
def test_rates_read_well(value: float, text: str) -> None:
    assert output.rate(value) == text


def test_moments_are_seen_from_now() -> None:
    now = datetime.now(UTC)
    assert output.ago(None) == "-"
    assert output.ago(now - timedelta(hours=2, minutes=1)) == "2h 1m ago"
    assert output.ago(now + timedelta(minutes=5, seconds=1)).startswith("in 5m")
