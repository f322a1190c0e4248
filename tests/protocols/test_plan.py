"""Rules and schemas: what is one, what it says, and what it may never do."""

import subprocess
import sys
import time
from typing import Any

import pytest

from actionsd.protocols import ProtocolsError, compile_plan
from actionsd.protocols.plan import MAX_RULES
from actionsd.protocols.schemas import MAX_VIOLATIONS, compile_schema
from actionsd.protocols.shapes import declared, without_unplanned


def rule(**members: Any) -> dict[str, Any]:
    return {"type": "TRACK", "key": "E", "version": 1, "jsonSchema": {}} | members


@pytest.mark.parametrize(
    ("rules", "problem"),
    [
        ("x", "rules: expected a list, found str"),
        ([1], r"rules\[0\]: expected an object, found int"),
        ([rule(), rule(type="EVENT")], r"rules\[1\].type: expected one of COMMON, .*, found 'EVENT'"),
        ([rule(key=None)], r"rules\[0\].key: expected a text, found None"),
        ([rule(version=True)], r"rules\[0\].version: expected a whole number, found True"),
        ([rule(version="1")], r"rules\[0\].version: expected a whole number, found '1'"),
        ([rule(jsonSchema=[])], r"rules\[0\].jsonSchema: expected an object, found list"),
        ([rule(jsonSchema={"type": "text"})], r"rules\[0\].jsonSchema: .*draft-07; type: \"text\" is not valid"),
        ([rule(), rule()], r"rules\[1\]: there are two of type TRACK, key 'E', 1"),
        ([rule(version=index) for index in range(MAX_RULES + 1)], "rules: expected at most 2000, found 2001"),
    ],
)
def test_malformed_rules_are_refused(rules: Any, problem: str) -> None:
    with pytest.raises(ProtocolsError, match=problem):
        compile_plan(rules)


@pytest.mark.parametrize("reference", ["http://127.0.0.1:1/x.json", "file:///etc/passwd", "#/definitions/nope"])
def test_a_reference_leads_nowhere_outside(reference: str) -> None:
    with pytest.raises(ProtocolsError, match="expected a JSON schema of draft-07"):
        compile_schema({"properties": {"a": {"$ref": reference}}})


def test_f149_look_ahead_is_refused_and_no_pattern_hangs() -> None:
    with pytest.raises(ProtocolsError, match=r"properties\.a\.pattern"):
        compile_schema({"properties": {"a": {"pattern": "^(?!b)"}}})
    judge = compile_schema({"properties": {"a": {"pattern": "^(a+)+$"}}})
    started = time.process_time()
    assert len(judge({"a": "a" * 5000 + "b"})) == 1
    assert time.process_time() - started < 1, "seconds of this process, however busy the machine is"


@pytest.mark.parametrize(
    ("schema", "value", "told"),
    [
        ({"type": ["string", "null"]}, 1, ("Invalid Type", "a must be of type null or string")),
        ({"enum": ["x", 2]}, 1, ("Enum", 'a must be one of ["x",2]')),
        ({"const": {"x": 1}}, 1, ("Const", 'a must be {"x":1}')),
        ({"minimum": 2.5}, 1, ("Minimum", "a must be at least 2.5")),
        ({"maxLength": 1}, "secret", ("Max Length", "a must have at most 1 characters")),
        ({"pattern": "^b$"}, "secret", ("Pattern", "a must match ^b$")),
        ({"format": "date-time"}, "secret", ("Format", "a must be in the format date-time")),
        ({"not": {"type": "string"}}, "secret", ("Not", "a matches the schema under not")),
        ({"anyOf": [{"type": "null"}]}, "secret", ("Any Of", "a matches none of the schemas under anyOf")),
        ({"uniqueItems": True}, [1, 1], ("Unique Items", "a must not hold the same item twice")),
        (False, "secret", ("False Schema", "a is not allowed")),
    ],
)
def test_violations_in_words_without_the_value(schema: Any, value: Any, told: tuple[str, str]) -> None:
    (violation,) = compile_schema({"properties": {"a": schema}})({"a": value})
    assert (violation.type, violation.description) == told


def test_a_member_too_many_is_its_own_violation() -> None:
    found = compile_schema({"properties": {"a": {"additionalProperties": False}}})({"a": {"x": 1, "y": 2}})
    assert [(each.type, each.field) for each in found] == [
        ("Additional Properties", "a.x"),
        ("Additional Properties", "a.y"),
    ]


def test_a_member_that_is_required_and_not_allowed_is_not_missing_where_it_is() -> None:
    judge = compile_schema({"properties": {}, "required": ["b"], "additionalProperties": False})
    assert [each.keyword for each in judge({"b": 1})] == ["additionalProperties"]
    assert [each.keyword for each in judge({})] == ["required"]


def test_violations_of_one_event_are_bounded() -> None:
    judge = compile_schema({"items": {"type": "string"}})
    assert len(judge([1] * 10_000)) == MAX_VIOLATIONS


def test_odd_values_are_judged() -> None:
    judge = compile_schema({"properties": {"a": {"type": "string", "maxLength": 2}, "n": {"type": "integer"}}})
    assert judge({"a": "\ud83d", "n": 10**300}) == ()
    assert [each.field for each in judge({"a": "\ud83d!!", "n": 0.5})] == ["a", "n"]


def test_schemas_may_refer_to_themselves_in_every_way() -> None:
    """Ten schemas that each refer to all ten: following every way would take for ever."""
    everyone = {name: {"$ref": f"#/definitions/{name}"} for name in "abcdefghij"}
    definition = {"allOf": list(everyone.values()), "properties": everyone}
    schema = {
        "definitions": dict.fromkeys(everyone, definition),
        "properties": {"properties": {"properties": everyone}},
    }
    shape = declared(schema, "properties")
    value = {"a": {"b": {"c": {"no": 1, "d": {}}}}, "no": 1}
    kept, removed = without_unplanned(value, shape, ())
    assert kept == {"a": {"b": {"c": {"d": {}}}}}
    assert set(removed) == {("no",), ("a", "b", "c", "no")}


@pytest.mark.parametrize(
    ("properties", "kept"),
    [
        ({}, {}),
        ({"additionalProperties": True}, {"a": {"x": 1}, "b": 2}),
        ({"patternProperties": {"^a": {}}}, {"a": {"x": 1}}),
        ({"properties": {"a": {}}}, {"a": {"x": 1}}),
        ({"properties": {"a": {"properties": {"y": {}}}}}, {"a": {}}),
        ({"properties": {"a": {"properties": {"y": {}}, "additionalProperties": {}}}}, {"a": {"x": 1}}),
        ({"anyOf": [{"properties": {"a": {}}}, {"properties": {"b": {}}}]}, {"a": {"x": 1}, "b": 2}),
        ({"if": {}, "then": {"properties": {"a": {}}}, "else": {"properties": {"b": {}}}}, {"a": {"x": 1}, "b": 2}),
    ],
)
def test_what_counts_as_planned(properties: dict[str, Any], kept: dict[str, Any]) -> None:
    shape = declared({"properties": {"properties": properties}}, "properties")
    assert without_unplanned({"a": {"x": 1}, "b": 2}, shape, ())[0] == kept


def test_the_validator_is_loaded_with_the_first_plan() -> None:
    code = "import sys, actionsd.protocols as p; print('jsonschema_rs' in sys.modules); p.compile_plan([])"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert loaded == "False\n"
