"""The fault points themselves: off in production, exact when armed."""

import sqlite3
from collections.abc import Iterator

import pytest

from actionsd.store import faults


@pytest.fixture(autouse=True)
def _disarmed() -> Iterator[None]:
    yield
    faults.disarm()


def test_only_the_nth_pass_of_an_armed_point_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACTIONSD_FAULTS", "before_commit=full@2,after_commit=io")
    faults.arm_from_environment()
    faults.point("before_commit")
    with pytest.raises(sqlite3.OperationalError) as full:
        faults.point("before_commit")
    faults.point("before_commit")
    assert full.value.sqlite_errorcode == sqlite3.SQLITE_FULL
    with pytest.raises(sqlite3.OperationalError, match="io"):
        faults.point("after_commit")
    faults.point("before_write")


def test_an_unknown_point_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"'elsewhere'.*before_commit"):
        faults.arm("elsewhere", lambda: None)
