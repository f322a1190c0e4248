"""All authoritative rows of the trigger and condition vectors (../shared/vectors/NOTES.md)."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from actionsd import fql
from actionsd.fql import FQLError
from actionsd.sdk.js import UNDEFINED
from support.conformance import differences, rows

EXPECTED = differences(Path(__file__).with_name("expected_differences.json"))
FAILED = "an error"

Row = dict[str, Any]


def authoritative(*names: str) -> list[Row]:
    """Rows without quirks (upstream misreads its documentation) and without tags (tsub differs from it)."""
    return [row for row in rows(*names) if "quirks" not in row and "tags" not in row]


def attempt(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except FQLError:
        return FAILED


def differing(checked: list[Row], outcome: Callable[[Row], Any], expected: Callable[[Row], Any]) -> list[str]:
    """The rows whose outcome is another than expected, type included, less the differences that are meant."""
    assert checked
    found = {row["id"]: (attempt(lambda row=row: outcome(row)), expected(row)) for row in checked}
    return [
        f"{id}: {is_!r}, not {wanted!r}"
        for id, (is_, wanted) in found.items()
        if id not in EXPECTED and (is_ != wanted or isinstance(is_, bool) is not isinstance(wanted, bool))
    ]


def error_or(key: str) -> Callable[[Row], Any]:
    """What a row expects: an error, in whichever way it says so, or the value of `key`."""

    def expected(row: Row) -> Any:
        fails = "error" in row or row.get("parse_error") or row.get("outcome") == "invalid"
        return FAILED if fails else row[key]

    return expected


def fires(trigger: Any, row: Row) -> bool:
    return fql.compile_trigger(trigger)(row.get("event", UNDEFINED))


def test_trigger_text_to_structured_form() -> None:
    checked = authoritative("trigger_parse", "trigger_parse.upstream")
    assert differing(checked, lambda row: fql.to_ast(fql.parse(row["fql"])), error_or("ast")) == []


def test_structured_form_to_trigger_text() -> None:
    checked = authoritative("trigger_generate", "trigger_generate.upstream")
    assert differing(checked, lambda row: fql.to_text(fql.from_ast(row["ast"])), error_or("fql")) == []


def test_structured_form_round_trips() -> None:
    checked = [row for row in authoritative("trigger_generate") if row.get("round_trips")]
    assert differing(checked, lambda row: fql.to_ast(fql.parse(row["fql"])), lambda row: row["ast"]) == []


def test_triggers_fire() -> None:
    checked = [row for row in authoritative("trigger_validate", "trigger_validate.upstream") if "fql" in row]
    assert differing(checked, lambda row: fires(row["fql"], row), error_or("result")) == []


def test_structured_triggers_fire() -> None:
    checked = [row for row in authoritative("trigger_validate.upstream") if "ast" in row]
    assert differing(checked, lambda row: fires(fql.from_ast(row["ast"]), row), lambda row: row["result"]) == []


def test_documented_triggers_fire() -> None:
    def outcome(row: Row) -> bool:
        fired = attempt(lambda: fires(row["fql"], row))
        return False if fired is FAILED else fired  # RULES C12

    assert differing(authoritative("trigger_documented"), outcome, lambda row: row["result"]) == []


def test_merged_triggers_equal_single_ones() -> None:
    checked = rows("trigger_validate", "trigger_documented")
    texts = [row["fql"] for row in checked[::7] if attempt(lambda row=row: fql.compile_trigger(row["fql"])) != FAILED]
    single = [fql.compile_trigger(text) for text in texts]
    merged = fql.compile_triggers(enumerate(texts))
    for row in checked[::50]:
        event = row.get("event", UNDEFINED)
        assert merged(event) == tuple(index for index, fires_ in enumerate(single) if fires_(event)), row["id"]


def test_conditions_of_the_reference() -> None:
    def outcome(row: Row) -> Any:
        compile_text = fql.compile_expression if row.get("returns") == "value" else fql.compile_condition
        return compile_text(row["fql"])(row["event"])

    assert differing(authoritative("fql_reference"), outcome, error_or("result")) == []


def test_conditions() -> None:
    checked = [row for row in authoritative("fql_full") if "fql" in row]
    assert differing(checked, lambda row: fql.compile_condition(row["fql"])(row["event"]), error_or("result")) == []


def test_intermediate_representation() -> None:
    def outcome(row: Row) -> bool:
        return fql.compile_ir(row["matcher"] if "matcher" in row else row["ir"])(row["event"])

    assert differing(authoritative("fql_full", "fql_full.upstream"), outcome, error_or("result")) == []


def test_differences_are_few_and_real() -> None:
    known = {row["id"] for row in rows("trigger_generate", "trigger_documented", "fql_full.upstream")}
    assert len(EXPECTED) <= 4
    assert EXPECTED.keys() <= known
