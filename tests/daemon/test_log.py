"""Log lines for people and for machines."""

import io
import json
import logging
import sys

import pytest

from actionsd.daemon.log import JsonFormatter, TextFormatter, set_up


def record(**extra: object) -> logging.LogRecord:
    made = logging.makeLogRecord(
        {"name": "actionsd.delivery", "levelname": "WARNING", "msg": "opened after %d", "args": (3,), "created": 1.5}
    )
    vars(made).update(extra)
    return made


def test_a_line_for_people_names_part_and_facts() -> None:
    line = TextFormatter().format(record(destination="hook"))
    assert line.endswith(" warning delivery: opened after 3 destination=hook")


def test_a_line_for_machines_is_one_json_object() -> None:
    assert json.loads(JsonFormatter().format(record(destination="hook", seconds=1.5))) == {
        "at": "1970-01-01T00:00:01.500Z",
        "level": "warning",
        "part": "delivery",
        "message": "opened after 3",
        "destination": "hook",
        "seconds": 1.5,
    }


def test_an_exception_stays_in_its_record() -> None:
    try:
        raise ValueError("broken")
    except ValueError:
        failed = record(exc_info=sys.exc_info())
    assert json.loads(JsonFormatter().format(failed))["exception"].endswith("ValueError: broken")
    assert TextFormatter().format(failed).splitlines()[-1] == "ValueError: broken"


def test_what_is_no_json_value_is_shown_as_text() -> None:
    assert json.loads(JsonFormatter().format(record(error=ValueError("x"))))["error"] == "x"


@pytest.mark.parametrize(("terminal", "start"), [(True, ""), (False, "{")])
def test_the_format_follows_the_stream(terminal: bool, start: str) -> None:
    class Stream(io.StringIO):
        def isatty(self) -> bool:
            return terminal

    root, own = logging.getLogger(), logging.getLogger("actionsd")
    before = root.handlers[:], root.level, own.level
    stream = Stream()
    try:
        set_up("info", stream)
        logging.getLogger("actionsd.x").info("heard")
        logging.getLogger("actionsd.x").debug("not heard")
        logging.getLogger("other").info("not heard")
    finally:
        root.handlers[:], root.level, own.level = before
        logging.captureWarnings(False)
    (line,) = stream.getvalue().splitlines()
    assert "heard" in line
    assert line.startswith("{") is (start == "{")
