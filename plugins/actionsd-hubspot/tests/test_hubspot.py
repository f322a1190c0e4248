import asyncio
from typing import Any

import pytest
from actionsd_hubspot import hubspot

from actionsd import testing
from actionsd.sdk import Request, plain
from actionsd.sdk.js import parse

SETTINGS = {
    "portalId": "123",
    "oauth": {"access_token": "old-token", "refresh_token": "refresh-me", "client_id": "me", "client_secret": "shh"},
}
API = "https://api.hubapi.com/"
Answers = dict[str, Any]


def run(
    action: str, event: dict[str, Any], mapping: dict[str, Any] | None = None, answers: Answers | None = None,
    **options: Any,
) -> testing.Run:  # fmt: skip
    """Events through the default mapping, some fields mapped otherwise; ``answers`` are found by "METHOD path"."""
    fields = hubspot.actions[action].default_mapping | (mapping or {})
    given = {"settings": SETTINGS, "events": [event], "mapping": fields, "trigger": None} | options
    return asyncio.run(testing.run(hubspot, action, respond=responder(answers or {}), **given))


def responder(answers: Answers) -> Any:
    """A body stands for 200, a number for an empty answer with that status; a list is used up one by one."""

    def respond(request: Request) -> Any:
        answer = answers.get(f"{request.method} {request.url.removeprefix(API)}")
        if isinstance(answer, list):
            answer = answer.pop(0)
        return (answer, None, {}) if isinstance(answer, int) else answer and (200, None, answer)

    return respond


def sent(done: testing.Run | testing.Called) -> list[tuple[str, Any]]:
    """ "METHOD path" and the body of each request."""
    return [
        (f"{request.method} {request.url.removeprefix(API)}", parse(request.text) if request.body else None)
        for request in done.requests
    ]


def test_the_contract_is_kept() -> None:
    testing.check_definition(hubspot)


CONTACT = "PATCH crm/v3/objects/contacts/ada@example.com?idProperty=email"


def test_a_contact_is_updated_by_its_address() -> None:
    traits = {"email": "ada@example.com", "firstName": "Ada", "address": {"postal_code": "N1"}}
    facts: dict[str, Any] = {}
    mapping = {"properties": {"plan": {"name": "pro", "tags": ["a", 1, {"b": 2}]}, "vip": True}}
    done = run("upsertContact", testing.identify(traits), mapping, {CONTACT: {"id": "7"}}, transaction=facts)
    assert sent(done) == [(CONTACT, {"properties": {
        "email": "ada@example.com", "firstname": "Ada", "zip": "N1", "plan_name": "pro", "plan_tags": 'a;1;{"b":2}',
        "vip": True}})]  # fmt: skip
    assert facts == {"contact_id": "7"}


def test_a_contact_that_is_not_there_is_made() -> None:
    answers = {CONTACT: 404, "POST crm/v3/objects/contacts": {"id": "8"}}
    done = run("upsertContact", testing.identify(), answers=answers)
    assert [what for what, _ in sent(done)] == [CONTACT, "POST crm/v3/objects/contacts"]
    assert done.outcomes[0].kind == "delivered"


def test_a_contact_that_another_delivery_made_is_updated_the_next_time() -> None:
    done = run("upsertContact", testing.identify(), answers={CONTACT: 404, "POST crm/v3/objects/contacts": 409})
    assert (done.outcomes[0].kind, done.outcomes[0].status) == ("retry", 409)


def test_an_address_can_not_leave_its_place_in_the_url() -> None:
    [(what, _)] = sent(run("upsertContact", testing.identify({"email": "a/b?c#d@example.com"})))
    assert what == "PATCH crm/v3/objects/contacts/a%2Fb%3Fc%23d@example.com?idProperty=email"


@pytest.mark.parametrize(("kept", "stages"), [("lead", ["lead"]), ("customer", ["lead", "", "lead"])])
def test_a_lifecycle_stage_goes_back_after_it_is_cleared(kept: str, stages: list[str]) -> None:
    answer = {"id": "7", "properties": {"lifecyclestage": kept}}
    done = run("upsertContact", testing.identify(), {"lifecyclestage": "Lead"}, {CONTACT: answer})
    assert [body["properties"]["lifecyclestage"] for _, body in sent(done)] == stages


READ, CREATE, UPDATE = (f"POST crm/v3/objects/contacts/batch/{verb}" for verb in ("read", "create", "update"))


def batch(*traits: dict[str, Any], answers: Answers, **mapping: Any) -> testing.Run:
    events = [testing.identify(given) for given in traits]
    return run("upsertContact", events[0], mapping, answers, events=events, batch=True)


def test_of_a_batch_known_contacts_are_updated_and_unknown_ones_made() -> None:
    answers = {READ: {
        "results": [{"id": "1", "properties": {"email": "main@b.co", "hs_additional_emails": "old@b.co;older@b.co"}}],
        "errors": [{"category": "OBJECT_NOT_FOUND", "context": {"ids": ["new@b.co"]}}],
    }}  # fmt: skip
    done = batch({"email": "old@b.co", "city": "x", "address": {"city": "Rome"}}, {"email": "NEW@b.co"},
                 {"email": "Old@b.co", "phone": "1"}, answers=answers)  # fmt: skip
    assert sent(done) == [
        (READ, {"properties": ["email", "lifecyclestage", "hs_additional_emails"], "idProperty": "email",
                "inputs": [{"id": "Old@b.co"}, {"id": "NEW@b.co"}]}),
        (CREATE, {"inputs": [{"properties": {"email": "NEW@b.co"}}]}),
        (UPDATE, {"inputs": [{"id": "1", "properties": {"city": "Rome", "phone": "1"}}]}),
    ]  # fmt: skip
    assert [outcome.kind for outcome in done.outcomes] == ["delivered"] * 3


def test_in_a_batch_lifecycle_stages_go_back_too() -> None:
    read = {"results": [{"id": name, "properties": {"email": f"{name}@b.co"}} for name in "ab"]}
    updated = {"results": [{"id": "a", "properties": {"lifecyclestage": "customer"}},
                           {"id": "b", "properties": {"lifecyclestage": "lead"}}]}  # fmt: skip
    done = batch({"email": "a@b.co"}, {"email": "b@b.co"}, answers={READ: read, UPDATE: updated},
                 lifecyclestage="lead")  # fmt: skip
    assert [body["inputs"] for _, body in sent(done)][2:] == [
        [{"id": "a", "properties": {"lifecyclestage": stage}}] for stage in ("", "lead")
    ]


def test_a_batch_takes_as_many_requests_as_it_needs() -> None:
    done = batch(*({"email": f"{n}@b.co"} for n in range(250)), answers={})
    assert [len(body["inputs"]) for _, body in sent(done)] == [100, 100, 50]


def test_a_conflict_splits_a_batch_and_is_tried_again_by_one() -> None:
    lost = {"results": [], "errors": [{"category": "OBJECT_NOT_FOUND", "context": {"ids": ["a@b.co", "b@b.co"]}}]}
    many = batch({"email": "a@b.co"}, {"email": "b@b.co"}, answers={READ: lost, CREATE: 409})
    assert {(outcome.kind, outcome.status) for outcome in many.outcomes} == {("discarded", 400)}
    assert batch({"email": "a@b.co"}, answers={READ: lost, CREATE: 409}).outcomes[0].kind == "retry"


COMPANY = "PATCH crm/v3/objects/companies/acme?idProperty=segment_group_id"
SEARCH = "POST crm/v3/objects/companies/search"
MAKE = "POST crm/v3/objects/companies"
GROUP = testing.group("acme", {"name": "Acme", "employees": 5})
BODY = {"properties": {"name": "Acme", "numberofemployees": 5, "segment_group_id": "acme"}}


def company(answers: Answers, event: dict[str, Any] = GROUP, facts: Any = None, **mapping: Any) -> testing.Run:
    return run("upsertCompany", event, mapping, answers, transaction=facts)


def test_a_company_is_updated_and_associated_with_the_contact() -> None:
    done = company({COMPANY: {"id": "5"}}, facts={"contact_id": "7"})
    link = "PUT crm/v3/objects/companies/5/associations/contacts/7/company_to_contact"
    assert sent(done) == [(COMPANY, BODY), (link, None)]


def test_without_upsert_contact_the_address_of_the_event_finds_the_contact() -> None:
    event = GROUP | {"context": {"traits": {"email": "ada@example.com"}}}
    contact = "GET crm/v3/objects/contacts/ada@example.com?idProperty=email"
    found = company({COMPANY: {"id": "5"}, contact: {"id": "9"}}, event)
    assert sent(found)[-1][0] == "PUT crm/v3/objects/companies/5/associations/contacts/9/company_to_contact"
    early = company({COMPANY: {"id": "5"}, contact: 404}, event)
    assert (early.outcomes[0].kind, early.outcomes[0].status) == ("retry", 404)
    assert company({COMPANY: {"id": "5"}, contact: 403}, event).outcomes[0].kind == "discarded"


@pytest.mark.parametrize("associate", [True, False])
def test_a_company_without_a_known_contact_is_not_associated(associate: bool) -> None:
    done = company({COMPANY: {"id": "5"}}, associateContact=associate)
    assert ([what for what, _ in sent(done)], done.outcomes[0].kind) == ([COMPANY], "delivered")


def test_a_company_is_searched_before_it_is_made() -> None:
    fields = {"domain": "acme.com", "n": 1}
    found = company({COMPANY: 404, SEARCH: {"total": 1, "results": [{"id": "5"}]}}, companysearchfields=fields)
    filters = [{"filters": [{"propertyName": name, "operator": "EQ", "value": fields[name]}]} for name in fields]
    assert sent(found)[1:] == [
        (SEARCH, {"filterGroups": filters, "properties": [], "sorts": []}),
        ("PATCH crm/v3/objects/companies/5", BODY),
    ]
    unknown = company({COMPANY: 404, SEARCH: {"total": 0, "results": []}}, companysearchfields=fields)
    assert sent(unknown)[2:] == [(MAKE, BODY | {"associations": []})]


def test_several_companies_found_are_none() -> None:
    done = company({COMPANY: 404, SEARCH: {"total": 2, "results": [{}, {}]}}, companysearchfields={"domain": "a.com"})
    assert (len(done.requests), done.outcomes[0].kind) == (2, "discarded")
    assert done.outcomes[0].message == "2 records of companies have the searched values; expected one at most."


def test_a_company_is_made_only_if_the_mapping_says_so() -> None:
    done = company({COMPANY: 404}, createNewCompany=False)
    assert ([what for what, _ in sent(done)], done.outcomes[0].kind) == ([COMPANY], "delivered")


def test_another_refusal_of_a_company_stands() -> None:
    done = company({COMPANY: 400})
    assert ([what for what, _ in sent(done)], done.outcomes[0].kind) == ([COMPANY], "discarded")


@pytest.mark.parametrize("answer", [{"name": "segment_group_id"}, 409])
def test_the_property_for_the_groups_id_is_made_once(answer: Any) -> None:
    prop = "POST crm/v3/properties/companies"

    def respond(request: Request) -> Any:
        if request.method == "PATCH":
            return 400, None, {"message": 'Property "segment_group_id" does not exist'}
        return responder({prop: answer, MAKE: {"id": "5"}})(request)

    fields = hubspot.actions["upsertCompany"].default_mapping
    done = asyncio.run(testing.run(hubspot, "upsertCompany", settings=SETTINGS, events=[GROUP], mapping=fields,
                                   respond=respond))  # fmt: skip
    assert [what for what, _ in sent(done)] == [COMPANY, prop, MAKE]
    made = sent(done)[1][1]
    assert (made["name"], made["hasUniqueValue"], made["fieldType"]) == ("segment_group_id", True, "text")


RECORD = {"objectType": "cars", "properties": {"color": "red"}, "createNewCustomRecord": True}
ASSOCIATED = {"searchFieldsToAssociateCustomObjects": {"email": "a@b.co"}, "toObjectType": "contact",
              "associationLabel": "USER_DEFINED:42"}  # fmt: skip
TYPE = {"associationCategory": "USER_DEFINED", "associationTypeId": 42}
FOUND = {"POST crm/v3/objects/cars/search": {"results": [{"id": "5"}]},
         "POST crm/v3/objects/contact/search": {"results": [{"id": "6"}]}}  # fmt: skip


def test_a_custom_record_is_found_updated_and_associated() -> None:
    mapping = RECORD | ASSOCIATED | {"customObjectSearchFields": {"plate": "AB"}}
    assert sent(run("upsertCustomObjectRecord", testing.track(), mapping, FOUND))[2:] == [
        ("PATCH crm/v3/objects/cars/5", {"properties": {"color": "red"}}),
        ("PUT crm/v4/objects/cars/5/associations/contact/6", [TYPE]),
    ]


@pytest.mark.parametrize("missing", ["toObjectType", "associationLabel", "searchFieldsToAssociateCustomObjects"])
def test_a_custom_record_is_made_with_its_association(missing: str) -> None:
    made = sent(run("upsertCustomObjectRecord", testing.track(), RECORD | ASSOCIATED, FOUND))[-1]
    links = [{"to": {"id": "6"}, "types": [TYPE]}]
    assert made == ("POST crm/v3/objects/cars", {"properties": {"color": "red"}, "associations": links})
    alone = run("upsertCustomObjectRecord", testing.track(), RECORD | ASSOCIATED | {missing: None}, FOUND)
    assert [body["associations"] for _, body in sent(alone)] == [[]]


def test_an_event_needs_someone_it_is_about() -> None:
    refused = run("sendCustomBehavioralEvent", testing.track(), {"eventName": "pe1_x"})
    assert (refused.requests, refused.outcomes[0].status) == ([], 400)
    event = {"eventName": "pe1_x", "utk": "cookie", "properties": {"a": {"b": [1, 2]}}}
    [(_, body)] = sent(run("sendCustomBehavioralEvent", testing.track(), event))
    assert body == {"eventName": "pe1_x", "utk": "cookie", "occurredAt": "2024-05-14T10:20:30.456Z",
                    "properties": {"a_b": "1;2"}}  # fmt: skip


EVENT = {"event_name": "Signed Up!", "record_details": {"object_type": "contact", "email": "a@b.co"}}
DEFINITION = "GET events/v3/event-definitions/signed_up_/?includeProperties=true"
DEFINED = {"name": "signed_up_", "fullyQualifiedName": "pe1_signed_up_", "properties": [{"name": "plan"}]}


@pytest.mark.parametrize(
    ("mode", "delivered"), [(None, False), ("update", False), ("add", True), ("upsert", True)]
)  # fmt: skip
def test_an_event_is_defined_if_the_sync_mode_allows_it(mode: str | None, delivered: bool) -> None:
    mapping = EVENT | {"properties": {"Plan": "pro", "vip": True}, "__segment_internal_sync_mode": mode}
    answers = {DEFINITION: 404, "POST events/v3/event-definitions": {"fullyQualifiedName": "pe1_new"}}
    done = run("customEvent", testing.track(), mapping, answers)
    assert done.outcomes[0].kind == ("delivered" if delivered else "discarded")
    if delivered:
        (_, made), (_, event) = sent(done)[1:]
        assert (made["name"], made["label"], made["primaryObject"]) == ("signed_up_", "Signed Up!", "CONTACT")
        assert [(item["name"], item["type"]) for item in made["propertyDefinitions"]] == [
            ("plan", "string"), ("vip", "enumeration"),
        ]  # fmt: skip
        assert event["eventName"] == "pe1_new"
        assert event["properties"] == {"plan": "pro", "vip": True}


@pytest.mark.parametrize(("mode", "delivered"), [("update", True), ("upsert", True), ("add", False)])
def test_a_property_of_an_event_is_made_if_the_sync_mode_allows_it(mode: str, delivered: bool) -> None:
    mapping = EVENT | {"properties": {"plan": "pro", "at": "2024-05-14"}, "__segment_internal_sync_mode": mode}
    done = run("customEvent", testing.track(), mapping, {DEFINITION: DEFINED})
    assert done.outcomes[0].kind == ("delivered" if delivered else "discarded")
    made = [body for what, body in sent(done) if what.endswith("pe1_signed_up_/property")]
    assert [(item["name"], item["type"]) for item in made] == ([("at", "datetime")] if delivered else [])


@pytest.mark.parametrize("name", ["1st", "✓", ""])
def test_an_event_name_starts_with_a_letter(name: str) -> None:
    done = run("customEvent", testing.track(), EVENT | {"event_name": name})
    assert (done.requests, done.outcomes[0].kind) == ([], "discarded")


def ask(kind: testing.Kind, answers: Answers | None = None, **options: Any) -> testing.Called:
    return asyncio.run(testing.call(hubspot, kind, settings=SETTINGS, respond=responder(answers or {}), **options))


def test_credentials_are_tested_with_a_contact() -> None:
    asked = ask("test_authentication", {"GET crm/v3/objects/contacts?limit=1": 403})
    assert asked.outcome.error == "InvalidAuthenticationError"
    assert asked.requests[0].headers["authorization"] == "Bearer old-token"


def test_a_refresh_says_no_token_and_keeps_the_new_ones() -> None:
    tokens = {"access_token": "new", "refresh_token": "newer"}
    asked = ask("refresh", {"POST oauth/v1/token": tokens})
    assert plain(asked.result) == tokens
    assert "authorization" not in asked.requests[0].headers
    assert asked.requests[0].text == "refresh_token=refresh-me&client_id=me&client_secret=shh&grant_type=refresh_token"


OBJECT = {"object_details": {"object_type": "deal"}, "associations": [{}, {"object_type": "contact"}]}
NAMED = {"results": [{"name": "a", "label": "A", "hasUniqueValue": True}, {"name": "b", "label": "B"}]}
LABELS = {"results": [{"category": "HUBSPOT_DEFINED", "typeId": 4, "label": None}]}
SCHEMAS = {"results": [{"fullyQualifiedName": "p1_cars", "labels": {"singular": "Car"}}]}


@pytest.mark.parametrize(
    ("action", "field", "payload", "path", "answer", "values"),
    [
        ("sendCustomBehavioralEvent", "eventName", {}, "events/v3/event-definitions", {"results": [DEFINED]},
         ["pe1_signed_up_"]),
        ("customEvent", "event_name", {}, "events/v3/event-definitions", {"results": [DEFINED]}, ["signed_up_"]),
        ("customEvent", "properties.__keys__", {"event_name": "Signed Up!"}, DEFINITION[4:], DEFINED, ["plan"]),
        ("upsertCustomObjectRecord", "objectType", {}, "crm/v3/schemas?archived=false", SCHEMAS, ["p1_cars"]),
        ("upsertCustomObjectRecord", "associationLabel", {"objectType": "a", "toObjectType": "b"},
         "crm/v4/associations/a/b/labels", LABELS, ["HUBSPOT_DEFINED:4"]),
        ("upsertObject", "object_details.object_type", {}, "crm/v3/schemas?archived=false", SCHEMAS,
         ["contact", "company", "deal", "ticket", "p1_cars"]),
        ("upsertObject", "object_details.id_field_name", OBJECT, "crm/v3/properties/deal", NAMED, ["a"]),
        ("upsertObject", "object_details.property_group", OBJECT, "crm/v3/properties/deal/groups", NAMED, ["a", "b"]),
        ("upsertObject", "properties.__keys__", OBJECT, "crm/v3/properties/deal", NAMED, ["a", "b"]),
        ("upsertObject", "sensitive_properties.__keys__", OBJECT,
         "crm/v3/properties/deal?dataSensitivity=sensitive", NAMED, ["a", "b"]),
        ("upsertObject", "associations.[1].association_label", OBJECT, "crm/v4/associations/deal/contact/labels",
         LABELS, ["HUBSPOT_DEFINED:4"]),
        ("upsertObject", "associations.[1].id_field_name", OBJECT, "crm/v3/properties/contact", NAMED, ["a"]),
    ],
)  # fmt: skip
def test_choices_are_what_the_account_has(
    action: str, field: str, payload: dict[str, Any], path: str, answer: dict[str, Any], values: list[str]
) -> None:
    asked = ask("choices", {f"GET {path}": answer}, action=action, input={"field": field, "payload": payload})
    assert [choice.value for choice in asked.result.choices] == values


def test_choices_of_lists_are_searched() -> None:
    answer = {"POST crm/v3/lists/search": {"lists": [{"name": "VIP", "listId": "4"}]}}
    wanted = {"field": "list_details.list_name", "payload": OBJECT, "query": "V"}
    asked = ask("choices", answer, action="upsertObject", input=wanted)
    assert [choice.value for choice in asked.result.choices] == ["VIP"]
    assert asked.requests[0].json == {"processingTypes": ["MANUAL"], "objectTypeId": "0-3", "query": "V"}


def test_choices_go_on_to_the_next_page() -> None:
    first = {"results": [], "paging": {"next": {"after": "20"}}}
    wanted = {"field": "eventName"}
    asked = ask("choices", {"GET events/v3/event-definitions": first}, action="sendCustomBehavioralEvent", input=wanted)
    assert asked.result.next_page == "20"
    more = ask("choices", action="sendCustomBehavioralEvent", input=wanted | {"page": "20"})
    assert more.requests[0].url == f"{API}events/v3/event-definitions?after=20"


@pytest.mark.parametrize(
    ("action", "field", "code"),
    [("upsertCustomObjectRecord", "objectType", "403"), ("upsertCustomObjectRecord", "associationLabel", "400"),
     ("upsertObject", "properties.__keys__", "400"), ("upsertObject", "associations.[7].id_field_name", "400"),
     ("upsertObject", "list_details.list_name", "400"), ("customEvent", "properties.__keys__", "400")],
)  # fmt: skip
def test_people_are_told_why_there_are_no_choices(action: str, field: str, code: str) -> None:
    asked = ask("choices", {"GET crm/v3/schemas?archived=false": 403}, action=action, input={"field": field})
    assert (asked.result.choices, asked.result.error[1]) == ((), code)
