"""Custom Object V2."""

import asyncio
from typing import Any

import pytest
from actionsd_hubspot import hubspot

from actionsd import testing
from actionsd.sdk import Request
from actionsd.sdk.js import parse

SETTINGS = {"oauth": {"access_token": "test-token"}}
API = "https://api.hubapi.com/crm/"
READ, CREATE, UPDATE, UPSERT = (
    f"POST v3/objects/cars/batch/{verb}" for verb in ("read", "create", "update", "upsert")
)  # fmt: skip
KNOWN = {"results": [{"id": "1", "properties": {"plate": "a"}}]}
CONTACTS = {
    f"POST v3/objects/contact/batch/{verb}": {"results": [{"id": "7", "properties": {"email": "x@b.co"}}]}
    for verb in ("upsert", "read")
}


def run(
    *items: dict[str, Any], answers: dict[str, Any] | None = None, mode: str | None = None, one: bool = False,
    **mapping: Any,
) -> testing.Run:  # fmt: skip
    """One event with the properties of each item through a mapping of cars by their plate.

    ``answers`` are found by "METHOD path": a body, or a status for an empty one; cars are known by default.
    """
    known: dict[str, Any] = {READ: KNOWN} | (answers or {})

    def respond(request: Request) -> Any:
        answer = known.get(f"{request.method} {request.url.removeprefix(API)}")
        return (answer, None, {}) if isinstance(answer, int) else answer and (200, None, answer)

    details = {"object_type": "cars", "id_field_name": "plate", "id_field_value": {"@path": "$.properties.plate"},
               "property_group": "g"}  # fmt: skip
    fields = hubspot.actions["upsertObject"].default_mapping | {
        "object_details": details, "properties": {"@path": "$.properties.set"}, "__segment_internal_sync_mode": mode,
    }  # fmt: skip
    events = [testing.track("Driven", item, **item.pop("members", {})) for item in map(dict, items)]
    given = {"settings": SETTINGS, "mapping": fields | mapping, "trigger": None, "batch": not one}
    return asyncio.run(testing.run(hubspot, "upsertObject", events=events, respond=respond, **given))


def sent(done: testing.Run, *only: str) -> list[tuple[str, Any]]:
    """ "METHOD path" and body of the requests that are no look at properties, or of those asked for."""
    found = [(f"{request.method} {request.url.removeprefix(API)}", request) for request in done.requests]
    return [
        (what, parse(request.text) if request.body else None)
        for what, request in found
        if (what in only if only else "/properties/" not in what)
    ]


CAR_A = {"plate": "a", "set": {"Color": "red"}}
CAR_B = {"plate": "b", "set": {"Color": "blue"}}


@pytest.mark.parametrize("mode", ["update", None])
def test_update_writes_those_that_hubspot_has(mode: str | None) -> None:
    done = run(CAR_A, CAR_B, mode=mode)
    assert sent(done) == [
        (READ, {"properties": ["plate"], "idProperty": "plate", "inputs": [{"id": "a"}, {"id": "b"}]}),
        (UPDATE, {"inputs": [{"id": "1", "properties": {"color": "red"}}]}),
    ]
    assert [outcome.kind for outcome in done.outcomes] == ["delivered", "delivered"]


def test_add_writes_those_that_hubspot_has_not() -> None:
    assert sent(run(CAR_A, CAR_B, mode="add"))[1:] == [
        (CREATE, {"inputs": [{"properties": {"color": "blue", "plate": "b"}}]})
    ]


def test_upsert_writes_all() -> None:
    assert sent(run(CAR_A, CAR_B, mode="upsert")) == [
        (UPSERT, {"inputs": [
            {"idProperty": "plate", "id": "a", "properties": {"color": "red", "plate": "a"}},
            {"idProperty": "plate", "id": "b", "properties": {"color": "blue", "plate": "b"}},
        ]})
    ]  # fmt: skip


def test_one_event_is_written_as_a_batch_of_one() -> None:
    assert sent(run(CAR_A, one=True)) == sent(run(CAR_A))
    refused = run({"plate": "a", "set": {"1st": 1}}, one=True)
    assert (refused.requests, refused.outcomes[0].kind) == ([], "discarded")


def test_of_a_record_in_a_batch_later_values_win() -> None:
    first, last = {"timestamp": "2024-05-14T10:00:00Z"}, {"timestamp": "2024-05-14T11:00:00Z"}
    done = run({"plate": "A", "set": {"color": "red"}, "members": last},
               {"plate": "a", "set": {"color": "blue", "doors": 5}, "members": first}, mode="upsert")  # fmt: skip
    [(_, body)] = sent(done)
    assert [item["properties"]["color"] for item in body["inputs"]] == ["red"]
    assert body["inputs"][0]["properties"]["doors"] == 5


@pytest.mark.parametrize("wrong", [{"plate": " ", "set": {}}, {"plate": "c", "set": {"1st": 1}}])
def test_in_a_batch_only_the_items_that_hubspot_cannot_take_fail(wrong: dict[str, Any]) -> None:
    done = run(wrong, CAR_A)
    assert [outcome.kind for outcome in done.outcomes] == ["discarded", "delivered"]
    assert sent(done)[0][1]["inputs"] == [{"id": "a"}]


PROPERTIES = "GET v3/properties/cars"
SENSITIVE = "GET v3/properties/cars?dataSensitivity=sensitive"
MAKE = "POST v3/properties/cars/batch/create"


def test_properties_that_are_missing_are_made() -> None:
    car = {"plate": "a", "set": {"color": "red", "doors": 5, "sold": True, "since": "2024-05-14",
                                 "seen": "2024-05-14T10:20:30Z", "known": 1, "none": None}}  # fmt: skip
    done = run(car, sensitive_properties={"owner": "Ada"}, answers={PROPERTIES: {"results": [{"name": "known"}]}})
    [_, _, (_, body)] = sent(done, PROPERTIES, SENSITIVE, MAKE)
    assert [(item["name"], item["type"], item["fieldType"]) for item in body["inputs"]] == [
        ("color", "string", "text"), ("doors", "number", "number"), ("sold", "bool", "booleancheckbox"),
        ("since", "date", "date"), ("seen", "datetime", "date"), ("owner", "string", "text"),
    ]  # fmt: skip
    assert {item["groupName"] for item in body["inputs"]} == {"g"}
    assert [item.get("dataSensitivity") for item in body["inputs"]] == [None] * 5 + ["sensitive"]
    assert [option["value"] for option in body["inputs"][2]["options"]] == ["true", "false"]


def test_properties_can_not_be_made_without_a_group() -> None:
    details = {"object_type": "cars", "id_field_name": "plate", "id_field_value": "a"}
    done = run(CAR_A, object_details=details)
    assert sent(done, MAKE, READ) == []
    assert "color; choose a property group" in done.outcomes[0].message


def link(label: str = "USER_DEFINED:3", value: str = "x@b.co") -> dict[str, Any]:
    return {"object_type": "contact", "association_label": label, "id_field_name": "email", "id_field_value": value}


TYPE = {"associationCategory": "USER_DEFINED", "associationTypeId": 3}
LINKS = "POST v4/associations/cars/contact/batch/create"


@pytest.mark.parametrize("mode", ["upsert", "read"])
def test_records_that_exist_are_associated(mode: str) -> None:
    done = run(CAR_A, CAR_B, answers=CONTACTS, association_sync_mode=mode,
               associations=[link(value="X@b.co"), link(value="x@b.co"), link(value="")])  # fmt: skip
    (what, body), linked = sent(done)[2:]
    assert (what, [item["id"] for item in body["inputs"]]) == (f"POST v3/objects/contact/batch/{mode}", ["x@b.co"])
    assert linked == (LINKS, {"inputs": [{"from": {"id": "1"}, "to": {"id": "7"}, "types": [TYPE]}]})


def test_labels_are_taken_off_associations_with_records_that_exist() -> None:
    done = run(CAR_A, answers=CONTACTS, dissociations=[link(), link(value="unknown@b.co")])
    assert sent(done)[2:] == [
        ("POST v3/objects/contact/batch/read",
         {"properties": ["email"], "idProperty": "email", "inputs": [{"id": "x@b.co"}, {"id": "unknown@b.co"}]}),
        ("POST v4/associations/cars/contact/batch/labels/archive",
         {"inputs": [{"from": {"id": "1"}, "to": {"id": "7"}, "types": [TYPE]}]}),
    ]  # fmt: skip


SCHEMA = "GET v3/schemas/cars"
LIST = "GET v3/lists/object-type-id/2-9/name/VIP%20%2F%201"
MEMBERS = "PUT v3/lists/4/memberships/add-and-remove"
IN_LIST = {SCHEMA: {"objectTypeId": "2-9"}, LIST: {"list": {"listId": "4"}}}


@pytest.mark.parametrize("member", [True, False])
def test_records_are_put_into_a_list_or_taken_out(member: bool) -> None:
    done = run(CAR_A, CAR_B, answers=IN_LIST, list_details={"list_name": "VIP / 1", "list_action": member})
    added, removed = (["1"], []) if member else ([], ["1"])
    assert sent(done, MEMBERS) == [(MEMBERS, {"recordIdsToAdd": added, "recordIdsToRemove": removed})]


@pytest.mark.parametrize("made", [True, False])
def test_a_list_is_made_if_the_mapping_says_so(made: bool) -> None:
    answers = IN_LIST | {LIST: 404, "POST v3/lists": {"list": {"listId": "4"}}}
    details = {"list_name": "VIP / 1", "list_action": True, "should_create_list": made}
    done = run(CAR_A, answers=answers, list_details=details)
    body = {"name": "VIP / 1", "objectTypeId": "2-9", "processingType": "MANUAL"}
    assert sent(done, "POST v3/lists") == ([("POST v3/lists", body)] if made else [])
    assert len(sent(done, MEMBERS)) == made
    assert done.outcomes[0].kind == ("delivered" if made else "discarded")


def test_a_list_without_a_name_or_an_action_is_none() -> None:
    for details in ({"list_name": "VIP / 1"}, {"list_action": True}):
        assert sent(run(CAR_A, list_details=details), SCHEMA, LIST) == []


@pytest.mark.parametrize("member", [True, False, "perhaps"])
def test_an_audience_tells_whether_a_record_is_in_its_list(member: bool | str) -> None:
    personas = {"computation_key": "VIP / 1", "computation_class": "audience"}
    car = CAR_A | {"VIP / 1": member, "members": {"context": {"personas": personas}}}
    done = run(car, answers=IN_LIST, list_details={"connected_to_engage_audience": True})
    memberships = [body for _, body in sent(done, MEMBERS)]
    if member == "perhaps":
        assert (done.requests, done.outcomes[0].code) == ([], "INVALID_AUDIENCE_MEMBERSHIP")
    else:
        assert [body["recordIdsToAdd"] for body in memberships] == [["1"] if member else []]
