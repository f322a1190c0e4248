"""Sources, destinations, subscriptions and filters, made and changed as Segment's API does it."""

from typing import Any

import pytest

from actionsd.sdk.payload import MASK
from support.publicapi import PublicApi

TRIGGER = 'type = "track"'
WRITE = {"data": {"@path": "$."}}


@pytest.fixture(scope="module")
def source(api: PublicApi) -> Any:
    return api.source("shop")


@pytest.fixture(scope="module")
def destination(api: PublicApi, source: Any) -> Any:
    return api.destination(
        source["id"], "file", {"path": str(api.daemon.home / "shop.ndjson")}, name="Archive of the shop"
    )


def test_a_source_from_birth_to_death(api: PublicApi) -> None:
    made = api.source("app", metadataId="python", settings={"region": "eu"}, name="The app")
    assert (made["name"], made["metadata"]["slug"], made["settings"]) == ("The app", "python", {"region": "eu"})
    path = f"/sources/{made['id']}"
    assert len(made["writeKeys"]) == 1
    assert api("GET", path).data == {"source": made, "trackingPlanId": None}
    changed = api("PATCH", path, {"name": "App", "enabled": False}).data["source"]
    assert changed == {**made, "name": "App", "enabled": False}
    assert changed in api("GET", "/sources").data["sources"]
    assert api("DELETE", path).data == {"status": "SUCCESS"}
    assert api("GET", path).problem["type"] == "not-found"


def test_write_keys_come_and_go(api: PublicApi, source: Any) -> None:
    path = f"/sources/{source['id']}/writekey"
    assert api("DELETE", f"{path}/{source['writeKeys'][0]}").problem["status"] == 422, "it is the last"
    more = api("POST", path).data["source"]["writeKeys"]
    assert len(more) == 2
    assert api("DELETE", f"{path}/{more[0]}").data == {"status": "SUCCESS"}
    assert api("DELETE", f"{path}/{more[0]}").problem["status"] == 404
    assert api("GET", f"/sources/{source['id']}").data["source"]["writeKeys"] == more[1:]


def test_labels(api: PublicApi, source: Any) -> None:
    path = f"/sources/{source['id']}/labels"
    team, env = {"key": "team", "value": "web"}, {"key": "env", "value": "prod"}
    assert api("POST", path, {"labels": [team]}).data["labels"] == [team]
    described = {**team, "description": "who owns it"}
    assert api("POST", path, {"labels": [env, described]}).data["labels"] == [described, env]
    assert api("PUT", path, {"labels": [env]}).data["labels"] == [env]
    assert api("GET", f"/sources/{source['id']}").data["source"]["labels"] == [env]
    assert api("POST", path, {"labels": [{"key": "", "value": "x"}]}).problem["field"] == "labels[0]"


def test_a_destination_from_birth_to_death(api: PublicApi, source: Any) -> None:
    made = api.destination(source["id"], "webhook", {"sharedSecret": "very s3cret"}, name="Hook", enabled=False)
    assert (made["name"], made["enabled"], made["settings"]) == ("Hook", False, {"sharedSecret": MASK})
    assert made["metadata"]["slug"] == "webhook"
    path = f"/destinations/{made['id']}"
    assert api("GET", f"{path}/subscriptions").data["subscriptions"] == [], "presets are the client's affair"
    assert api("GET", path).data["destination"] == made
    assert made in api("GET", "/destinations").data["destinations"]
    connected = api("GET", f"/sources/{source['id']}/connected-destinations").data["destinations"]
    assert made in connected
    assert {each["sourceId"] for each in connected} == {source["id"]}
    assert api("PATCH", path, {"enabled": True}).data["destination"] == {**made, "enabled": True}
    renamed = api("PATCH", path, {"name": None, "settings": {"sharedSecret": MASK}}).data["destination"]
    assert renamed["settings"] == {"sharedSecret": MASK}
    assert api("PATCH", path, {"settings": {}}).data["destination"]["settings"] == {}
    assert api("PATCH", path, {"settings": {"sharedSecret": MASK}}).problem["field"] == "sharedSecret"
    assert api("DELETE", path).data == {"status": "SUCCESS"}
    assert api("GET", path).problem["status"] == 404


def test_a_destination_by_its_id_in_the_catalogue_slug_or_name(api: PublicApi, source: Any) -> None:
    described = api("GET", "/catalog/destinations/webhook").data["destinationMetadata"]
    for key in (described["id"], "actions-webhook", described["name"]):
        made = api.destination(source["id"], key, name=f"by {key}")
        assert made["metadata"]["id"] == described["id"]
        api("DELETE", f"/destinations/{made['id']}")


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"metadataId": "file", "settings": {}}, 422, "sourceId"),
        ({"sourceId": "1", "metadataId": "file", "settings": []}, 422, "settings"),
        ({"sourceId": "1", "metadataId": "file", "settings": {"nowhere": 1}}, 422, "settings"),
        ({"sourceId": "1", "metadataId": "nothing", "settings": {}}, 404, None),
        ({"sourceId": "99", "metadataId": "file", "settings": {}}, 404, None),
        ({"sourceId": "x", "metadataId": "file", "settings": {}}, 404, None),
    ],
)
def test_a_wrong_destination_is_refused(api: PublicApi, body: dict[str, Any], status: int, field: str | None) -> None:
    problem = api("POST", "/destinations", body).problem
    assert (problem["status"], problem.get("field")) == (status, field)


def test_a_subscription_from_birth_to_death(api: PublicApi, destination: Any) -> None:
    path = f"/destinations/{destination['id']}/subscriptions"
    body = {"name": "Orders", "actionId": "write", "trigger": TRIGGER, "enabled": True, "settings": WRITE}
    made = api("POST", path, body).data["destinationSubscription"]
    assert made == {
        "id": made["id"], "destinationId": destination["id"], "name": "Orders", "actionId": "write",
        "actionSlug": "write", "trigger": TRIGGER, "enabled": True, "settings": WRITE,
    }  # fmt: skip
    assert api("GET", f"{path}/{made['id']}").data["subscription"] == made
    assert api("GET", path).data["subscriptions"] == [made]
    again = api("POST", path, body).problem
    assert (again["status"], "'Orders'" in again["message"]) == (422, True)
    change = {"input": {"name": "All orders", "enabled": False, "trigger": 'event = "Order"'}}
    changed = api("PATCH", f"{path}/{made['id']}", change).data["subscription"]
    assert changed == {**made, **change["input"]}
    assert api("DELETE", f"{path}/{made['id']}").data == {"status": "SUCCESS"}
    assert api("GET", f"{path}/{made['id']}").problem["status"] == 404


def test_secret_fields_are_masked_and_stay_when_they_come_back(api: PublicApi, source: Any) -> None:
    slack = api.destination(source["id"], "slack")
    path = f"/destinations/{slack['id']}/subscriptions"
    settings = {"url": "https://hooks.slack.com/services/T/B/s3cret", "text": "x"}
    body = {"name": "Tell", "actionId": "postToChannel", "trigger": TRIGGER, "enabled": False, "settings": settings}
    answer = api("POST", path, body)
    made = answer.data["destinationSubscription"]
    assert made["settings"] == {"url": MASK, "text": "x"}
    changed = api("PATCH", f"{path}/{made['id']}", {"input": {"settings": {"url": MASK, "text": "y"}}})
    assert changed.data["subscription"]["settings"] == {"url": MASK, "text": "y"}
    assert "s3cret" not in answer.text + changed.text + api("GET", path).text
    api("PATCH", f"{path}/{made['id']}", {"input": {"enabled": True}}).data  # noqa: B018  # complete: the url is there


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"trigger": "type ="}, "trigger"),
        ({"actionId": "fly"}, "actionId"),
        ({"name": " "}, "name"),
        ({"settings": {}}, "settings"),
        ({"settings": {"data": {"@path": 5}}}, "settings"),
        ({"modelId": "m1"}, "modelId"),
        ({"enabled": "yes"}, "enabled"),
    ],
)
def test_a_wrong_subscription_is_refused(api: PublicApi, destination: Any, change: Any, field: str) -> None:
    body = {"name": "Wrong", "actionId": "write", "trigger": TRIGGER, "enabled": True, "settings": WRITE}
    problem = api("POST", f"/destinations/{destination['id']}/subscriptions", {**body, **change}).problem
    assert (problem["status"], problem["field"]) == (422, field), problem


@pytest.mark.parametrize("base", ["/destination", "/destinations"])
def test_a_filter_from_birth_to_death(api: PublicApi, destination: Any, base: str) -> None:
    path = f"{base}/{destination['id']}/filters"
    body = {
        "sourceId": destination["sourceId"], "if": "type = 'track'", "title": "No tracks", "enabled": True,
        "actions": [{"type": "SAMPLE", "percent": 0.5, "path": "userId"}, {"type": "DROP"}],
    }  # fmt: skip
    made = api("POST", path, body).data["filter"]
    assert made == made | body
    assert made["createdAt"] == made["updatedAt"] > "2026"
    one = f"{path}/{made['id']}"
    assert api("GET", one).data["filter"] == made
    assert api("GET", path).data["filters"] == [made]
    changed = api("PATCH", one, {"title": "Nothing", "description": "why", "enabled": False}).data["filter"]
    assert (changed["title"], changed["description"], changed["enabled"]) == ("Nothing", "why", False)
    assert "description" not in api("PATCH", one, {"description": None}).data["filter"]
    assert api("DELETE", one).data == {"status": "SUCCESS"}
    assert api("DELETE", one).problem["status"] == 404


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"if": "type ="}, "if"),
        ({"actions": [{"type": "SAMPLE", "percent": 5}]}, "actions"),
        ({"title": "x" * 65}, "title"),
        ({"actions": []}, "actions"),
        ({"actions": [{"type": "EXPLODE"}]}, "actions[0].type"),
        ({"sourceId": "1"}, "sourceId"),
        ({"destinationId": "1"}, "destinationId"),
    ],
)
def test_a_wrong_filter_is_refused(api: PublicApi, destination: Any, change: Any, field: str | None) -> None:
    body = {
        "sourceId": destination["sourceId"], "if": "all", "title": "T", "enabled": True, "actions": [{"type": "DROP"}]
    }  # fmt: skip
    problem = api("POST", f"/destination/{destination['id']}/filters", {**body, **change}).problem
    assert (problem["status"], problem.get("field")) == (422, field), problem


def test_a_filter_is_previewed_in_either_case(api: PublicApi) -> None:
    event = {"type": "track", "properties": {"plan": "pro", "email": "a@b"}}
    for type in ("DROP_PROPERTIES", "drop_properties"):
        filter = {"if": "type = 'track'", "actions": [{"type": type, "fields": {"properties": ["email"]}}]}
        shown = api("POST", "/destination/filters/preview", {"filter": filter, "payload": event}).data
        assert shown == {"inputPayload": event, "result": {"type": "track", "properties": {"plan": "pro"}}}
    dropping = {"filter": {"if": "all", "actions": [{"type": "drop"}]}, "payload": event}
    assert api("POST", "/destination/filters/preview", dropping).data["result"] is None


def test_what_the_file_declares_is_shown_and_not_changed(api: PublicApi) -> None:
    declared = next(each for each in api("GET", "/destinations").data["destinations"] if each["name"] == "declared")
    path = f"/destinations/{declared['id']}"
    (subscription,) = api("GET", f"{path}/subscriptions").data["subscriptions"]
    calls: list[tuple[str, str, object]] = [
        ("PATCH", path, {"name": "x"}),
        ("DELETE", path, None),
        ("DELETE", f"{path}/subscriptions/{subscription['id']}", None),
        ("PATCH", f"/sources/{declared['sourceId']}", {"name": "x"}),
        ("POST", f"/sources/{declared['sourceId']}/writekey", None),
    ]
    for method, where, body in calls:
        problem = api(method, where, body).problem
        assert problem["status"] == 422
        assert "is declared in" in problem["message"]


def test_only_an_admin_writes_references(api: PublicApi, source: Any) -> None:
    writer = api.token("writer", "write")
    path = api.daemon.home / "key"
    path.write_text("from the file")
    body = {"sourceId": source["id"], "metadataId": "webhook", "settings": {"sharedSecret": f"file:{path}"}}
    for secret in (f"file:{path}", "file:/nowhere", "env:NOWHERE"):
        refused = api("POST", "/destinations", {**body, "settings": {"sharedSecret": secret}}, token=writer).problem
        assert (refused["status"], refused["type"]) == (403, "forbidden")
        assert "settings.sharedSecret: only the role admin" in refused["message"]
    made = api("POST", "/destinations", {**body, "name": "Refers"}).data["destination"]
    assert made["settings"] == {"sharedSecret": f"file:{path}"}
    one = f"/destinations/{made['id']}"
    kept = api("PATCH", one, {"name": "Still", "settings": made["settings"]}, token=writer).data["destination"]
    assert kept["settings"] == made["settings"]
    other = {"settings": {"sharedSecret": "file:/etc/passwd"}}
    assert api("PATCH", one, other, token=writer).problem["status"] == 403


def test_an_event_follows_what_was_made(api: PublicApi, source: Any) -> None:
    """Sources and mappings made here take events at once."""
    from support.waiting import until

    path = api.daemon.home / "follow.ndjson"
    made = api.destination(source["id"], "file", {"path": str(path)}, name="Follow")
    body = {"name": "All", "actionId": "write", "trigger": TRIGGER, "enabled": True, "settings": WRITE}
    api("POST", f"/destinations/{made['id']}/subscriptions", body).data  # noqa: B018
    key = api("GET", f"/sources/{source['id']}").data["source"]["writeKeys"][0]
    assert api.daemon.post("/v1/track", {"userId": "u", "event": "Made", "messageId": "m-follow"}, key=key) == 200
    until(lambda: path.exists() and "m-follow" in path.read_text(), what="the event in the file")
