"""F148-F153, F171: what a source lets in."""

import copy
from typing import Any

import pytest

from actionsd.protocols import (
    Enforcement,
    ProtocolsError,
    SchemaFilters,
    SchemaSettings,
    Verdict,
    compile_plan,
    read_settings,
)

ORDER = {
    "type": "track",
    "event": "Order Completed",
    "userId": "u1",
    "properties": {"total": 9.5, "currency": "EUR", "items": [{"sku": "a", "secret": 1}, {"sku": 5}], "extra": True},
}
SCHEMA = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "type": "object",
    "properties": {
        "properties": {
            "type": "object",
            "properties": {
                "total": {"type": "number"},
                "currency": {"type": ["string", "null"], "pattern": "^[A-Z]{3}$"},
                "items": {"type": "array", "items": {"properties": {"sku": {"type": "string"}}}},
            },
            "required": ["total"],
        }
    },
}
RULES = [
    {"type": "TRACK", "key": "Order Completed", "version": 1, "jsonSchema": SCHEMA},
    {"type": "IDENTIFY", "version": 1, "jsonSchema": {"properties": {"traits": {"properties": {"email": {}}}}}},
]
COMMON = {"type": "COMMON", "version": 1, "jsonSchema": {"required": ["anonymousId"]}}


def judged(event: dict[str, Any], rules: list[dict[str, Any]] = RULES, **settings: Any) -> Verdict:
    before = copy.deepcopy(event)
    verdict = Enforcement(read_settings(settings), SchemaFilters(), compile_plan(rules), source="src")(event)
    assert event == before
    return verdict


def order(**properties: Any) -> dict[str, Any]:
    return {**ORDER, "properties": {"total": 1, **properties}}


def test_f148_schema_filters_block_events_by_name_and_omit_traits() -> None:
    filters = SchemaFilters(
        track=frozenset({"Debug"}), page=frozenset({"Home"}), identify_traits=frozenset({"ssn", "nope"})
    )
    enforce = Enforcement(SchemaSettings(), filters, source="src")
    assert enforce({"type": "track", "event": "Debug"}) == Verdict(None, "event_setting")
    assert enforce({"type": "page", "name": "Home"}).reason == "event_setting"
    assert enforce({"type": "screen", "name": "Home"}).event == {"type": "screen", "name": "Home"}
    assert enforce({"type": "track", "event": "Home"}).event is not None
    assert enforce({"type": "identify", "traits": {"ssn": 1, "plan": "x"}}).event == {
        "type": "identify",
        "traits": {"plan": "x"},
        "context": {"protocols": {"sourceId": "src", "omitted": ["traits.ssn"]}},
    }
    assert enforce({"type": "group", "traits": {"ssn": 1}}).event == {"type": "group", "traits": {"ssn": 1}}


def test_an_event_that_is_in_order_is_let_through_as_it_is() -> None:
    event = order(currency=None)
    assert judged(event).event is event


def test_f151_violations_are_told_and_let_through_unless_the_settings_say_otherwise() -> None:
    verdict = judged(ORDER)
    assert [(each.type, each.field) for each in verdict.violations] == [("Invalid Type", "properties.items.1.sku")]
    assert verdict.event is not None
    assert verdict.event["properties"] == ORDER["properties"]
    assert verdict.event["context"]["protocols"] == {
        "sourceId": "src",
        "violations": [
            {
                "type": "Invalid Type",
                "field": "properties.items.1.sku",
                "description": "properties.items.1.sku must be of type string",
            }
        ],
    }


@pytest.mark.parametrize(
    ("settings", "event", "reason"),
    [
        ({"allowUnplannedEvents": False}, {"type": "track", "event": "order completed"}, "unplanned"),
        ({"allowUnplannedEvents": False}, {"type": "page", "name": "order completed"}, ""),
        ({"allowEventOnViolations": False}, ORDER, "schema_violation"),
        ({"allowEventOnViolations": False}, {"type": "track", "event": "Unknown"}, ""),
    ],
)
def test_f150_track_events_are_blocked(settings: dict[str, Any], event: dict[str, Any], reason: str) -> None:
    verdict = judged(event, track=settings)
    assert verdict.reason == reason
    assert (verdict.event is None) == bool(reason)


def test_f150_unplanned_properties_are_omitted_and_noted() -> None:
    verdict = judged(ORDER, track={"allowUnplannedEventProperties": False})
    assert verdict.event is not None
    assert verdict.event["properties"] == {
        "total": 9.5,
        "currency": "EUR",
        "items": [{"sku": "a"}, {"sku": 5}],
    }
    assert verdict.event["context"]["protocols"]["omitted"] == ["properties.items.0.secret", "properties.extra"]


def test_f150_properties_at_fault_are_omitted_and_noted() -> None:
    verdict = judged(ORDER, track={"allowPropertiesOnViolations": False})
    assert verdict.event is not None
    assert verdict.event["properties"]["items"] == [{"sku": "a", "secret": 1}, {}]
    assert verdict.event["context"]["protocols"]["omitted_on_violation"] == ["properties.items.1.sku"]


def test_a_list_with_a_wrong_item_goes_as_a_whole() -> None:
    schema = {"properties": {"properties": {"properties": {"tags": {"items": {"type": "string"}}}}}}
    rules = [{"type": "TRACK", "key": "E", "version": 1, "jsonSchema": schema}]
    event = {"type": "track", "event": "E", "properties": {"tags": ["a", 1, 2]}}
    verdict = judged(event, rules, track={"allowPropertiesOnViolations": False})
    assert verdict.event is not None
    assert verdict.event["properties"] == {}
    assert verdict.omitted_on_violation == (("properties", "tags"),)


def test_what_is_missing_can_not_be_omitted() -> None:
    verdict = judged({**ORDER, "properties": {}}, track={"allowPropertiesOnViolations": False})
    assert [each.as_json() for each in verdict.violations] == [
        {"type": "Required", "field": "properties.total", "description": "properties.total is required"}
    ]
    assert verdict.event is not None
    assert verdict.omitted_on_violation == ()


def test_f150_unplanned_traits_are_omitted_with_and_without_a_rule() -> None:
    settings = {"allowUnplannedTraits": False}
    verdict = judged({"type": "identify", "traits": {"email": "e", "ssn": 1}}, identify=settings, group=settings)
    assert verdict.event is not None
    assert verdict.event["traits"] == {"email": "e"}
    verdict = judged({"type": "group", "traits": {"email": "e"}}, identify=settings, group=settings)
    assert verdict.event is not None
    assert verdict.event["traits"] == {}
    assert verdict.omitted == (("traits", "email"),)


@pytest.mark.parametrize(
    ("track", "event", "reason"),
    [
        ({"commonEventOnViolations": "BLOCK"}, order(), "common_schema_violation"),
        ({"commonEventOnViolations": "BLOCK"}, {"type": "track", "event": "Unknown"}, "common_schema_violation"),
        (
            {"commonEventOnViolations": "BLOCK", "allowUnplannedEvents": False},
            {"type": "track", "event": "Unknown"},
            "unplanned_and_schema_violation",
        ),
        ({"allowUnplannedEvents": False}, {"type": "track", "event": "Unknown"}, "unplanned"),
        ({"commonEventOnViolations": "BLOCK", "allowEventOnViolations": False}, ORDER, "schema_violation"),
        ({"commonEventOnViolations": "BLOCK"}, {**order(), "anonymousId": "a"}, ""),
        ({"commonEventOnViolations": "OMIT_PROPERTIES"}, order(), ""),
    ],
)
def test_f150_the_common_schema_comes_second(track: dict[str, Any], event: dict[str, Any], reason: str) -> None:
    assert judged(event, [*RULES, COMMON], track=track).reason == reason


def test_the_common_schema_sees_what_the_standard_settings_left() -> None:
    common = {"type": "COMMON", "version": 1, "jsonSchema": {"properties": {"properties": {"maxProperties": 1}}}}
    event = order(extra=1)
    track = {"commonEventOnViolations": "BLOCK"}
    assert judged(event, [*RULES, common], track=track).event is None
    assert judged(event, [*RULES, common], track={**track, "allowUnplannedEventProperties": False}).event is not None


@pytest.mark.parametrize(("version", "is_in_order"), [(1, False), (2, True), (3, False), (3.2, False), ("2", False)])
def test_f153_events_pick_the_version_of_their_rule(version: Any, is_in_order: bool) -> None:
    rules = [
        {"type": "TRACK", "key": "E", "version": 2, "jsonSchema": {}},
        {"type": "TRACK", "key": "E", "version": 1, "jsonSchema": {"required": ["groupId"]}},
    ]
    event = {"type": "track", "event": "E", "context": {"protocols": {"event_version": version, "own": 1}}}
    verdict = judged(event, rules)
    assert (verdict.violations == ()) == is_in_order
    if not is_in_order:
        assert verdict.event is not None
        assert verdict.event["context"]["protocols"]["event_version"] == version
        assert "own" not in verdict.event["context"]["protocols"]


def test_pages_and_screens_follow_their_name_then_their_type_then_a_track_rule() -> None:
    def rule(kind: str, key: str | None, needs: str) -> dict[str, Any]:
        return {"type": kind, "key": key, "version": 1, "jsonSchema": {"required": [needs]}}

    rules = [rule("TRACK", "Page Viewed", "a"), rule("TRACK", "Screen Viewed", "b"), rule("PAGE", "Home", "c")]
    page, home = {"type": "page", "name": "X"}, {"type": "page", "name": "Home"}
    assert [each.field for each in judged(page, rules).violations] == ["a"]
    assert [each.field for each in judged({"type": "screen"}, rules).violations] == ["b"]
    assert [each.field for each in judged(home, rules).violations] == ["c"]
    assert [each.field for each in judged(page, [*rules, rule("PAGE", None, "d")]).violations] == ["d"]


def test_settings_name_what_was_expected() -> None:
    with pytest.raises(ProtocolsError, match=r"Invalid enum value 'NEVER' - at `\$.track.commonEventOnViolations`"):
        read_settings({"track": {"commonEventOnViolations": "NEVER"}})
    with pytest.raises(ProtocolsError, match="unknown field `allowAll`"):
        read_settings({"group": {"allowAll": True}})
