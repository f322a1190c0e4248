"""Tracking plans, schema settings and transformations, as Segment's API changes them, and what events then meet."""

from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from actionsd.sdk.payload import MASK
from support.publicapi import PublicApi
from support.waiting import until

ORDER = {
    "type": "TRACK", "key": "Order", "version": 1,
    "jsonSchema": {"properties": {"properties": {"required": ["total"], "properties": {"total": {"type": "number"}}}}},
}  # fmt: skip
KEY = "k3y-of-the-hashes"


@pytest.fixture
def source(api: PublicApi) -> Any:
    return api.source(f"planned-{len(api('GET', '/sources').data['sources'])}")


@pytest.fixture
def plan(api: PublicApi) -> Any:
    return api("POST", "/tracking-plans", {"name": "Shop", "type": "LIVE"}).data["trackingPlan"]


def rules(api: PublicApi, plan: Any) -> list[tuple[str, str | None, int, Any]]:
    found = api("GET", f"/tracking-plans/{plan['id']}/rules").data["rules"]
    return [(each["type"], each.get("key"), each["version"], each["jsonSchema"]) for each in found]


def send(api: PublicApi, source: Any, message_id: str, **members: Any) -> None:
    body = {"userId": "u", "event": "Order", "messageId": message_id, **members}
    assert api.daemon.post("/v1/track", body, key=source["writeKeys"][0]) == 200


def explained(api: PublicApi, message_id: str, source: str) -> Any:
    return api("GET", f"/actionsd/explain?messageId={message_id}&source={source}").json


def test_a_tracking_plan_from_birth_to_death(api: PublicApi, plan: Any) -> None:
    path = f"/tracking-plans/{plan['id']}"
    assert plan["createdAt"] == plan["updatedAt"] > "2026"
    assert plan["slug"].startswith("shop")
    assert api("PATCH", path, {"description": "d"}).data == {"status": "SUCCESS"}
    changed = api("GET", path).data["trackingPlan"]
    assert changed == plan | {"description": "d", "updatedAt": changed["updatedAt"]}
    listed = api("GET", "/tracking-plans?type=LIVE").data["trackingPlans"]
    assert changed in listed
    assert api("GET", "/tracking-plans?type=TEMPLATE").data["trackingPlans"] == []
    assert api("PATCH", path, {"name": ""}).problem["field"] == "name"
    assert api("POST", "/tracking-plans", {"name": "x", "type": "DEAD"}).problem["field"] == "type"
    assert api("DELETE", path).data == {"status": "SUCCESS"}
    assert api("GET", path).problem["status"] == 404


def test_rules_are_replaced_added_and_removed(api: PublicApi, plan: Any) -> None:
    path = f"/tracking-plans/{plan['id']}/rules"
    common = {"type": "COMMON", "version": 1, "jsonSchema": {"required": ["userId"]}}
    assert api("PUT", path, {"rules": [ORDER, common]}).data == {"status": "SUCCESS"}
    assert rules(api, plan) == [
        ("TRACK", "Order", 1, ORDER["jsonSchema"]),
        ("COMMON", None, 1, {"required": ["userId"]}),
    ]
    assert api("PATCH", path, {"rules": [ORDER | {"newKey": "Ordered"}, ORDER | {"version": 2}]}).status == 200
    assert [each[:3] for each in rules(api, plan)] == [
        ("TRACK", "Ordered", 1), ("COMMON", None, 1), ("TRACK", "Order", 2),
    ]  # fmt: skip
    doomed = {"rules[0][type]": "TRACK", "rules[0][key]": "Order", "rules[0][version]": 2,
              "rules[1][type]": "COMMON", "rules[1][version]": 1}  # fmt: skip
    assert api("DELETE", f"{path}?{urlencode(doomed)}").data == {"status": "SUCCESS"}
    assert [each[:3] for each in rules(api, plan)] == [("TRACK", "Ordered", 1)]
    assert api("DELETE", f"{path}?{urlencode(doomed)}").problem["status"] == 404


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        ({"type": "EVENT"}, "rules[0].type"),
        ({"key": None}, "rules[0].key"),
        ({"version": -1}, "rules[0].version"),
        ({"jsonSchema": "x"}, "rules[0].jsonSchema"),
        ({"jsonSchema": {"type": "text"}}, "rules[0].jsonSchema"),
        ({"jsonSchema": {"$ref": "http://127.0.0.1/x"}}, "rules[0].jsonSchema"),
    ],
)
def test_a_wrong_rule_is_refused(api: PublicApi, plan: Any, rule: Any, field: str) -> None:
    problem = api("PUT", f"/tracking-plans/{plan['id']}/rules", {"rules": [ORDER | rule]}).problem
    assert (problem["status"], problem["field"]) == (422, field), problem


def test_a_source_follows_a_plan(api: PublicApi, plan: Any, source: Any) -> None:
    path, body = f"/tracking-plans/{plan['id']}/sources", {"sourceId": source["id"]}
    assert api("POST", path, body).data == {"status": "SUCCESS"}
    assert api("GET", path).data["sources"] == [source]
    assert api("GET", f"/sources/{source['id']}").data["trackingPlanId"] == plan["id"]
    other = api("POST", "/tracking-plans", {"name": "Other", "type": "LIVE"}).data["trackingPlan"]
    assert "disconnect it first" in api("POST", f"/tracking-plans/{other['id']}/sources", body).problem["message"]
    assert api("DELETE", f"{path}?sourceId={source['id']}").data == {"status": "SUCCESS"}
    assert api("DELETE", f"{path}?sourceId={source['id']}").problem["status"] == 404
    assert api("GET", f"/sources/{source['id']}").data["trackingPlanId"] is None


def test_schema_settings_are_patched(api: PublicApi, source: Any) -> None:
    path = f"/sources/{source['id']}/settings"
    fresh = api("GET", path).data
    assert (fresh["sourceId"], fresh["settings"]["track"]["allowUnplannedEvents"]) == (source["id"], True)
    assert "forwardingViolationsTo" not in fresh["settings"]
    inbox = api.source(f"{source['slug']}-inbox")["id"]
    change = {"track": {"commonEventOnViolations": "BLOCK"}, "forwardingViolationsTo": inbox}
    settings = api("PATCH", path, change).data["settings"]
    assert settings["track"] == fresh["settings"]["track"] | change["track"]  # type: ignore[operator]
    assert settings["forwardingViolationsTo"] == inbox
    for wrong, field in (
        ({"group": {"commonEventOnViolations": "OMIT_PROPERTIES"}}, "group.commonEventOnViolations"),
        ({"forwardingBlockedEventsTo": source["id"]}, "forwardingBlockedEventsTo"),
    ):
        problem = api("PATCH", path, wrong).problem
        assert (problem["status"], problem["field"]) == (422, field)
    assert api("PATCH", path, {"forwardingBlockedEventsTo": "99999"}).problem["status"] == 404
    assert api("GET", path).data["settings"] == settings


def test_a_transformation_from_birth_to_death(api: PublicApi, source: Any) -> None:
    body = {
        "name": "Totals", "sourceId": source["id"], "destinationMetadataId": "webhook", "enabled": True,
        "if": "event = 'Order'", "propertyRenames": [{"oldName": "revenue", "newName": "total"}],
        "hashPropertiesConfiguration": {"algorithm": "SHA256", "key": KEY, "paths": ["email"]},
    }  # fmt: skip
    answer = api("POST", "/transformations", body)
    made = answer.data["transformation"]
    hashed = {"algorithm": "SHA256", "key": MASK, "paths": ["email"]}
    webhook = api("GET", "/catalog/destinations/webhook").data["destinationMetadata"]["id"]
    assert made == body | {
        "id": made["id"], "hashPropertiesConfiguration": hashed, "destinationMetadataId": webhook,
    }  # fmt: skip
    path = f"/transformations/{made['id']}"
    assert api("GET", path).data["transformation"] == made
    assert made in api("GET", "/transformations").data["transformations"]
    change = {"enabled": False, "propertyRenames": [], "newEventName": "X", "hashPropertiesConfiguration": hashed}
    changed = api("PATCH", path, change).data["transformation"]
    gone = {key: value for key, value in made.items() if key != "propertyRenames"}
    assert changed == gone | {"enabled": False, "newEventName": "X"}
    assert KEY not in answer.text + api("GET", "/transformations").text + api("GET", "/actionsd/history").text
    assert api("DELETE", path).data == {"status": "SUCCESS"}
    assert api("GET", path).problem["status"] == 404


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"if": "event ="}, "if"),
        ({"propertyRenames": [{"oldName": "a.b.c.d.e", "newName": "x"}]}, "propertyRenames.oldName"),
        ({"newEventName": None}, None),
        ({"hashPropertiesConfiguration": {"algorithm": "MD5", "key": MASK, "paths": []}}, "key"),
        ({"sourceId": 5}, "sourceId"),
    ],
)
def test_a_wrong_transformation_is_refused(api: PublicApi, source: Any, change: Any, field: str | None) -> None:
    body = {"name": "T", "sourceId": source["id"], "enabled": True, "if": "all", "newEventName": "X"}
    problem = api("POST", "/transformations", body | change).problem
    assert (problem["status"], problem.get("field")) == (422, field), problem


def test_f156_events_meet_the_plan_then_the_transformations(api: PublicApi, plan: Any, source: Any) -> None:
    """All changes hold from the next event on, in the order of FEATURES part 7."""
    inbox = api.source(f"{source['slug']}-inbox")
    api("PUT", f"/tracking-plans/{plan['id']}/rules", {"rules": [ORDER]}).data  # noqa: B018
    api("POST", f"/tracking-plans/{plan['id']}/sources", {"sourceId": source["id"]}).data  # noqa: B018
    settings = {
        "track": {"allowUnplannedEvents": False, "allowPropertiesOnViolations": False},
        "forwardingViolationsTo": inbox["id"],
        "forwardingBlockedEventsTo": inbox["id"],
    }
    api("PATCH", f"/sources/{source['id']}/settings", settings).data  # noqa: B018
    rename = {"name": "Name", "sourceId": source["id"], "enabled": True, "if": "event = 'Order'", "newEventName": "O"}
    api("POST", "/transformations", rename).data  # noqa: B018

    send(api, source, "m1", properties={"total": "9"})
    (told,) = explained(api, "m1", source["slug"])["items"]
    assert told["event"] == "O"
    assert told["steps"][0]["why"] == (
        "violates its tracking plan: properties.total must be of type number; "
        "in violation, so omitted: properties.total; rewritten by the transformation Name"
    )
    send(api, source, "m2", event="Unplanned")
    assert "was blocked at its source" in explained(api, "m2", source["slug"])["errors"][0]["message"]
    (blocked,) = explained(api, "m2", inbox["slug"])["items"]
    assert blocked["event"] == "Unplanned"
    status = {each["slug"]: each for each in api("GET", "/actionsd/status").json["sources"]}
    assert (status[source["slug"]]["received"], status[source["slug"]]["filtered"]) == (1, 1)
    assert status[inbox["slug"]]["received"] == 2, "a violation and a blocked event"


def test_destination_scope_is_told_and_does_not_touch_the_journal(api: PublicApi, source: Any, tmp_path: Path) -> None:
    made = api.destination(source["id"], "file", {"path": str(tmp_path / "events.ndjson")}, name="Archive")
    mapping = {"name": "All", "actionId": "write", "trigger": 'event = "O"', "enabled": True}
    mapping["settings"] = {"data": {"@path": "$."}}
    api("POST", f"/destinations/{made['id']}/subscriptions", mapping).data  # noqa: B018
    body = {
        "name": "Short", "sourceId": source["id"], "destinationMetadataId": "file", "enabled": True,
        "if": "event = 'Order'", "newEventName": "O",
    }  # fmt: skip
    api("POST", "/transformations", body).data  # noqa: B018
    send(api, source, "m3")
    until(lambda: delivered(api, source), what="the event at its destination")
    (told,) = explained(api, "m3", source["slug"])["items"]
    assert told["event"] == "Order"
    assert [(each["step"], each["outcome"]) for each in told["steps"]] == [
        ("accepted", "ok"), ("routing", "rewritten"), ("delivery", "delivered"),
    ]  # fmt: skip
    assert told["steps"][1]["why"] == "by the transformation Short"


def delivered(api: PublicApi, source: Any) -> bool:
    (found,) = [each for each in api("GET", "/actionsd/destinations").json if each["source"] == source["slug"]]
    return bool(found["delivered"])
