import asyncio
from typing import Any

import pytest
from actionsd_customerio import customerio

from actionsd import testing

URL = "https://track.customer.io"
SETTINGS = {"siteId": "site-0123456789", "apiKey": "key-0123456789"}
TIME = 1715682030
NOW = "2024-05-14T10:20:30.456Z"


def run(
    action: str, events: list[dict[str, Any]], mapping: dict[str, Any] | None = None, **options: Any
) -> testing.Run:
    """Events through the default mapping, with some fields mapped otherwise."""
    fields = customerio.actions[action].default_mapping | (mapping or {})
    given: dict[str, Any] = {"settings": SETTINGS, "mapping": fields, "trigger": None} | options
    return asyncio.run(testing.run(customerio, action, events=events, **given))


def sent(action: str, event: dict[str, Any], mapping: dict[str, Any] | None = None, **options: Any) -> dict[str, Any]:
    """The operation that is sent for an event."""
    (request,) = run(action, [event], mapping, **options).requests
    assert (request.method, request.url) == ("POST", f"{URL}/api/v2/entity")
    operation: dict[str, Any] = request.json
    return operation


def test_the_contract_is_kept() -> None:
    testing.check_definition(customerio)


@pytest.mark.parametrize(
    ("user_id", "expected"),
    [("u", {"id": "u"}), ("a@b.co", {"email": "a@b.co"}), ("cio_a3", {"cio_id": "a3"}),
     ("u@exämple.com", {"id": "u@exämple.com"}), (None, {"anonymous_id": "anonymous-1"})],
)  # fmt: skip
def test_the_shape_of_an_id_tells_its_kind(user_id: str | None, expected: dict[str, str]) -> None:
    operation = sent("trackEvent", testing.track(userId=user_id))
    assert operation["identifiers"] == expected
    assert ("anonymous_id" in operation["attributes"]) == (user_id is not None)


def test_an_event_of_a_person() -> None:
    assert sent("trackEvent", testing.track("Signed Up", {"plan": "pro", "seats": None})) == {
        "type": "person", "action": "event", "identifiers": {"id": "user-1"}, "name": "Signed Up",
        "id": "message-track-1", "timestamp": TIME,
        "attributes": {"plan": "pro", "seats": None, "anonymous_id": "anonymous-1"},
    }  # fmt: skip


def test_an_event_of_nobody_has_no_identifiers() -> None:
    operation = sent("trackEvent", testing.track(), {"id": None, "anonymous_id": None, "data": None})
    assert not {"identifiers", "attributes"} & operation.keys()


DATES = {
    "day": "1990-02-03", "time": NOW, "zone": "2024-02-03T04:05:06+05:30", "list": [{"at": "2024-01-01"}], "id": "p-1",
    "version": "3.4.5", "digits": "1715682030", "number": 7, "no_month": "2024-13-01",
}  # fmt: skip
SECONDS = DATES | {"day": 634003200, "time": TIME, "zone": 1706913306, "list": [{"at": 1704067200}]}


@pytest.mark.parametrize(("convert", "expected"), [(True, SECONDS), (None, SECONDS), (False, DATES)])
def test_dates_in_attributes_are_sent_as_unix_seconds(convert: bool | None, expected: dict[str, Any]) -> None:
    mapping = {"convert_timestamp": convert, "anonymous_id": None}
    operation = sent("trackEvent", testing.track("E", DATES), mapping)
    assert (operation["attributes"], operation["timestamp"]) == (expected, TIME)


@pytest.mark.parametrize(
    ("text", "convert", "expected"),
    [(NOW, True, TIME), (NOW, False, NOW), (1715682030, True, 1715682030), (1715682030, False, 1715682030),
     ("soon", True, "soon")],
)  # fmt: skip
def test_a_time_is_a_number_where_it_can_be(text: str | int, convert: bool, expected: str | int) -> None:
    mapping = {"created_at": text, "convert_timestamp": convert}
    assert sent("createUpdatePerson", testing.identify(), mapping)["attributes"]["created_at"] == expected
    assert sent("createUpdateObject", testing.group(), mapping)["created_at"] == expected
    device = sent("createUpdateDevice", testing.track(), {
        "device_id": "t", "platform": "ios", "last_used": text, "convert_timestamp": convert,
    })["device"]  # fmt: skip
    assert device["last_used"] == expected


def test_traits_with_fields_of_their_own_are_no_attributes() -> None:
    traits = {
        "email": "a@b.co", "createdAt": "2024-05-01", "created_at": NOW, "objectId": "acme", "objectTypeId": "2",
        "relationshipAttributes": {"role": "admin", "since": "2024-01-01"}, "plan": "pro",
    }  # fmt: skip
    operation = sent("createUpdatePerson", testing.identify(traits))
    assert operation["identifiers"] == {"id": "user-1"}
    assert operation["attributes"] == {
        "email": "a@b.co", "objectId": "acme", "plan": "pro", "created_at": TIME, "anonymous_id": "anonymous-1",
    }  # fmt: skip
    assert operation["cio_relationships"] == [{
        "identifiers": {"object_id": "acme", "object_type_id": "2"},
        "relationship_attributes": {"role": "admin", "since": 1704067200},
    }]  # fmt: skip


def test_a_person_without_an_id_is_named_by_the_email_field() -> None:
    operation = sent("createUpdatePerson", testing.identify({"plan": "pro"}, userId=None), {"email": "a@b.co"})
    assert operation["identifiers"] == {"email": "a@b.co"}
    assert operation["attributes"] == {"plan": "pro", "email": "a@b.co", "anonymous_id": "anonymous-1"}


@pytest.mark.parametrize(
    ("user_id", "action", "identifiers"),
    [("u", "identify", {"id": "u"}), (None, "identify_anonymous", {"anonymous_id": "anonymous-1"})],
)
def test_an_object_is_related_to_its_person(user_id: str | None, action: str, identifiers: dict[str, str]) -> None:
    traits = {"objectAttributes": {"seats": 5}, "relationshipAttributes": {"role": "admin"}}
    assert sent("createUpdateObject", testing.group("acme", traits, userId=user_id)) == {
        "type": "object", "action": action, "identifiers": {"object_id": "acme", "object_type_id": "1"},
        "attributes": {"seats": 5, "anonymous_id": "anonymous-1"},
        "cio_relationships": [{"identifiers": identifiers, "relationship_attributes": {"role": "admin"}}],
    }  # fmt: skip


def test_an_object_of_nobody_has_no_relationships() -> None:
    operation = sent("createUpdateObject", testing.group(), {"user_id": None, "anonymous_id": None})
    assert (operation["action"], "cio_relationships" in operation) == ("identify", False)


def test_a_relationship_ends() -> None:
    event = testing.track("Relationship Deleted", {"objectId": "acme", "object_type_id": 3})
    operation = sent("deleteRelationship", event, {"anonymous_id": None})
    assert operation == {
        "type": "object", "action": "delete_relationships", "cio_relationships": [{"identifiers": {"id": "user-1"}}],
        "identifiers": {"object_id": "acme", "object_type_id": "3"},
    }  # fmt: skip


@pytest.mark.parametrize("action", ["delete", "suppress", "unsuppress"])
def test_what_is_done_with_people(action: str) -> None:
    operation = sent(f"{action}Person", testing.track())
    assert operation == {"type": "person", "action": action, "identifiers": {"id": "user-1"}}


def test_people_are_merged() -> None:
    operation = sent("mergePeople", testing.alias("old@b.co"))
    assert operation == {
        "type": "person", "action": "merge", "primary": {"id": "user-1"}, "secondary": {"email": "old@b.co"},
    }  # fmt: skip


def test_a_device_has_the_version_of_the_app() -> None:
    context = {"device": {"token": "t", "type": "android"}, "app": {"version": "2.1"}}
    event = testing.track("Application Opened", {"push_enabled": "true"}, context=context)
    assert sent("createUpdateDevice", event)["device"] == {
        "token": "t", "platform": "android", "last_used": TIME,
        "attributes": {"push_enabled": "true", "app_version": "2.1"},
    }  # fmt: skip
    assert sent("deleteDevice", event) == {
        "type": "person", "action": "delete_device", "identifiers": {"id": "user-1"}, "device": {"token": "t"},
    }  # fmt: skip


def test_the_kind_of_a_content_event_is_no_attribute() -> None:
    event = testing.track("Report Content Event", {"actionType": "clicked_content", "content": "c"})
    operation = sent("reportContentEvent", event)
    assert (operation["action"], operation["name"]) == ("clicked_content", "clicked_content")
    assert operation["identifiers"] == {"anonymous_id": "anonymous-1"}
    assert operation["attributes"] == {"content": "c"}


def test_a_metric_is_reported_with_what_is_known() -> None:
    event = testing.track(properties={"deliveryId": "d", "metric": "clicked", "actionName": "buy"})
    (request,) = run("reportDeliveryEvent", [event]).requests
    assert request.url == f"{URL}/api/v1/metrics"
    expected = {"delivery_id": "d", "metric": "clicked", "timestamp": TIME, "metadata": {"action_name": "buy"}}
    assert request.json == expected
    (request,) = run("reportDeliveryEvent", [event], {"timestamp": None, "action_name": None}).requests
    assert request.json == {"delivery_id": "d", "metric": "clicked"}


def test_europe_has_its_own_server() -> None:
    (request,) = run("deletePerson", [testing.track()], settings=SETTINGS | {"accountRegion": "EU 🇪🇺"}).requests
    assert request.url == "https://track-eu.customer.io/api/v2/entity"
    assert request.headers["authorization"] == "Basic c2l0ZS0wMTIzNDU2Nzg5OmtleS0wMTIzNDU2Nzg5"


EVENTS = [testing.track(name) for name in "abc"]


def test_a_batch_is_one_request() -> None:
    done = run("trackEvent", EVENTS, batch=True)
    (request,) = done.requests
    assert request.url == f"{URL}/api/v2/batch"
    assert [operation["name"] for operation in request.json["batch"]] == ["a", "b", "c"]
    assert [outcome.kind for outcome in done.outcomes] == ["delivered"] * 3


def test_in_a_batch_only_the_operations_that_were_refused_fail() -> None:
    errors = [
        {"batch_index": 1, "reason": "invalid", "field": "name", "message": "too long"},
        {"batch_index": 1, "reason": "required", "field": "identifiers"},
    ]
    done = run("trackEvent", EVENTS, batch=True, respond=[(207, None, {"errors": errors})])
    assert [outcome.kind for outcome in done.outcomes] == ["delivered", "discarded", "delivered"]
    assert done.outcomes[1].message == "name: too long; identifiers: required"


@pytest.mark.parametrize("body", [{"errors": []}, {"errors": None}, {"errors": "none"}, "", []])
def test_an_answer_without_errors_is_for_the_whole_batch(body: Any) -> None:
    done = run("trackEvent", EVENTS, batch=True, respond=[(200, None, body)])
    assert [outcome.kind for outcome in done.outcomes] == ["delivered"] * 3


def test_a_deleted_user_is_forgotten() -> None:
    deleted = asyncio.run(testing.call(customerio, "on_delete", settings=SETTINGS, input={"userId": "a/b@c.co"}))
    (request,) = deleted.requests
    assert (request.method, request.url) == ("DELETE", f"{URL}/api/v1/customers/a%2Fb%40c.co")


def test_a_user_without_an_id_is_not_deleted() -> None:
    asked = asyncio.run(testing.call(customerio, "on_delete", settings=SETTINGS, input={"anonymousId": "a"}))
    assert (asked.requests, asked.outcome.kind) == ([], "discarded")


def test_credentials_are_tested() -> None:
    asked = asyncio.run(testing.call(customerio, "test_authentication", settings=SETTINGS, respond=[(401, None, "")]))
    assert (asked.requests[0].url, asked.outcome.kind) == (f"{URL}/auth", "discarded")
