"""I6: what a plugin logs through ``call.log`` says no secret, however it is logged."""

import logging

import pytest

from actionsd.delivery.quiet import QuietLog
from actionsd.delivery.redactor import Redactor


@pytest.fixture
def log() -> QuietLog:
    return QuietLog(lambda: Redactor(["s3cret"]))


def test_arguments_extras_and_exceptions_are_redacted(log: QuietLog, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "actionsd.plugin")
    log.info("key %s of %d", "s3cret", 5)
    log.warning("100 % of s3cret", extra={"key": "s3cret", "tries": 2})
    try:
        raise ValueError("s3cret is wrong")
    except ValueError as error:
        log.exception("it failed")
        log.error("it failed", exc_info=error)
        log.error("it failed", exc_info=(type(error), error, error.__traceback__))
    records = caplog.records
    assert [record.getMessage() for record in records[:2]] == ["key •••••• of 5", "100 % of ••••••"]
    assert (records[1].__dict__["key"], records[1].__dict__["tries"]) == ("••••••", "2")
    for record in records[2:]:
        assert record.exc_info is None
        assert record.getMessage().startswith("it failed\nTraceback")
        assert record.getMessage().endswith("ValueError: •••••• is wrong")
    assert "s3cret" not in caplog.text


def test_what_is_not_logged_costs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "actionsd.plugin")
    asked = []
    log = QuietLog(lambda: asked.append(1) or Redactor([]))  # type: ignore[func-returns-value]
    log.debug("nobody hears %s", "this")
    assert (asked, caplog.records) == ([], [])
    log.info("heard")
    assert (asked, len(caplog.records)) == ([1], 1)
