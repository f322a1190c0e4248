"""F154, F155: how events are rewritten."""

import base64
import copy
import hashlib
import hmac
from typing import Any

import pytest

from actionsd.protocols import ProtocolsError, Rewritten, compile_transformations

EVENT: dict[str, Any] = {
    "type": "track",
    "event": "order_done",
    "userId": "u1",
    "properties": {"revenue": 0, "plan": "PRO", "order": {"id": "o1", "lines": [{"sku": 1}]}, "none": None},
    "context": {"ip": "1.2.3.4", "page": {"url": "u"}},
}


def made(event: dict[str, Any] = EVENT, condition: str = "all", **members: Any) -> Any:
    before = copy.deepcopy(event)
    result = compile_transformations([{"if": condition, **members}])(event)
    assert event == before
    return result


def properties(**members: Any) -> Any:
    return made(**members)["properties"]


def test_a_track_event_is_renamed_and_nothing_else() -> None:
    assert made(newEventName="Order Completed") == EVENT | {"event": "Order Completed"}
    page = {"type": "page", "name": "Home"}
    assert made(page, newEventName="X") == page


def test_an_event_for_which_no_condition_holds_is_let_through_as_it_is() -> None:
    assert made(condition="event = 'other'", newEventName="X") is EVENT
    assert compile_transformations([{"if": "all", "enabled": False, "drop": True}])(EVENT) is EVENT


def rename(*pairs: tuple[str, str]) -> list[dict[str, str]]:
    return [{"oldName": old, "newName": new} for old, new in pairs]


@pytest.mark.parametrize(
    ("pairs", "changed"),
    [
        ([("revenue", "total")], {"revenue": ..., "total": 0}),
        ([("properties.none", "nothing")], {"none": ..., "nothing": None}),
        ([("revenue", "plan"), ("plan", "revenue")], {"revenue": "PRO", "plan": 0}),
        ([("order.id", "order_id")], {"order": {"lines": [{"sku": 1}]}, "order_id": "o1"}),
        ([("revenue", "money.total")], {"revenue": ..., "money": {"total": 0}}),
        ([("missing", "x")], {}),
        ([("order.lines.0.sku", "sku")], {"order": {"id": "o1", "lines": [{}]}, "sku": 1}),
    ],
)
def test_properties_are_renamed_and_moved(pairs: list[tuple[str, str]], changed: dict[str, Any]) -> None:
    expected = {key: value for key, value in (EVENT["properties"] | changed).items() if value is not ...}
    assert properties(propertyRenames=rename(*pairs)) == expected


def test_a_name_alone_means_traits_where_an_event_has_traits() -> None:
    event = {"type": "identify", "traits": {"mail": "e"}, "context": {"mail": 1}}
    assert made(event, propertyRenames=rename(("mail", "email"))) == {**event, "traits": {"email": "e"}}
    assert made(event, propertyRenames=rename(("context.mail", "context.email")))["context"] == {"email": 1}


def test_values_are_set_where_there_is_room() -> None:
    paths = ["currency", "context.campaign.name", "properties.plan.deep", "none.deep"]
    result = made(propertyValueTransformations=[{"propertyPaths": paths, "propertyValue": "EUR"}])
    assert result["properties"] == EVENT["properties"] | {"currency": "EUR"}
    assert result["context"]["campaign"] == {"name": "EUR"}


def test_f154_casing_and_other_values_by_fql() -> None:
    def define(fql: str) -> Any:
        return properties(fqlDefinedProperties=[{"fql": fql, "propertyName": "plan"}])["plan"]

    assert define("lowercase(properties.plan)") == "pro"
    assert define("event = 'order_done'") is True
    assert define("length(properties.order.id)") == 2
    assert define("properties.missing") == "PRO"


def test_only_what_is_allowed_is_left() -> None:
    allowed = made(allowProperties=["plan", "order.id", "context.page"])
    assert allowed["properties"] == {"plan": "PRO", "order": {"id": "o1"}}
    assert allowed["context"] == {"page": {"url": "u"}}


@pytest.mark.parametrize(
    "configuration",
    [
        {"algorithm": "SHA256"},
        {"algorithm": "sha-1", "encoding": "BASE64"},
        {"algorithm": "MD5", "encoding": "BASE16", "key": "k"},
    ],
)
def test_properties_are_hashed(configuration: dict[str, Any]) -> None:
    name = configuration["algorithm"].lower().replace("-", "")
    digest = hmac.digest(b"k", b"PRO", name) if "key" in configuration else hashlib.new(name, b"PRO").digest()
    expected = {
        None: digest.hex(),
        "BASE64": base64.b64encode(digest).decode(),
        "BASE16": digest.hex().upper(),
    }[configuration.get("encoding")]
    result = properties(hashPropertiesConfiguration=configuration | {"paths": ["plan", "missing", "none"]})
    assert result == EVENT["properties"] | {"plan": expected}


def test_dropping_wins_and_what_cannot_be_decided_drops() -> None:
    rename, drop = {"if": "all", "newEventName": "X"}, {"if": "type = 'track'", "drop": True}
    assert compile_transformations([rename, drop]).rewrite(EVENT) == Rewritten(None, "dropped", (0, 1))
    undecidable = {"if": "'x' in properties.plan", "newEventName": "X"}
    assert compile_transformations([undecidable]).rewrite(EVENT) == Rewritten(None, "undecidable")


def test_conditions_look_at_the_event_as_it_came() -> None:
    circle = [
        {"if": "event = 'order_done'", "newEventName": "a"},
        {"if": "event = 'a'", "newEventName": "order_done"},
        {"if": "event = 'order_done'", "propertyRenames": rename(("revenue", "total"))},
    ]
    rewritten = compile_transformations(circle).rewrite(EVENT)
    assert rewritten.by == (0, 2)
    assert rewritten.event is not None
    assert rewritten.event["event"] == "a"
    assert "total" in rewritten.event["properties"]


def values(*paths: str) -> dict[str, Any]:
    return {"propertyValueTransformations": [{"propertyPaths": list(paths), "propertyValue": "x"}]}


@pytest.mark.parametrize(
    ("members", "problem"),
    [
        ({"if": "event ="}, r"transformations\[0\]: if: expected FQL: "),
        ({"if": "x" * 6000}, "expected FQL of at most 5120 bytes"),
        ({"if": 5}, r"Expected `str`, got `int` - at `\$.if`"),
        (
            {"propertyRenames": rename(("a.b.c.d.e", "x"))},
            "oldName: expected a path of 1 to 4 names, found 'a.b.c.d.e'",
        ),
        ({"propertyRenames": rename(("a", "b..c"))}, "newName: expected a path of 1 to 4 names"),
        ({"propertyRenames": rename(("a", "b"), ("a", "c"))}, "oldName: a is named twice"),
        (values("a", "a"), "propertyPaths: a is named twice"),
        (values(*map(str, range(11))), "propertyPaths: expected at most 10, found 11"),
        (values("a") | {"propertyRenames": rename(("a", "b"))}, "is renamed by the same transformation"),
        ({"fqlDefinedProperties": [{"fql": "1", "propertyName": "a"}] * 2}, "expected at most 1, found 2"),
        ({"fqlDefinedProperties": [{"fql": "nope(", "propertyName": "a"}]}, "expected FQL: "),
        ({"hashPropertiesConfiguration": {"algorithm": "crc", "paths": []}}, "algorithm: expected one of MD5, "),
        (
            {"hashPropertiesConfiguration": {"algorithm": "MD5", "paths": [], "encoding": "X"}},
            "encoding: expected one of HEX, ",
        ),
    ],
)
def test_malformed_transformations_are_refused(members: dict[str, Any], problem: str) -> None:
    with pytest.raises(ProtocolsError, match=problem):
        compile_transformations([{"if": "all"} | members])
