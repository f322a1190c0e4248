import asyncio
from typing import Any

import pytest
from actionsd_fullstory import fullstory
from actionsd_fullstory.names import camel_case, normalized

from actionsd import testing

SETTINGS = {"apiKey": "key-0123456789"}


def run(action: str, event: dict[str, Any], mapping: dict[str, Any]) -> testing.Run:
    fields = fullstory.actions[action].default_mapping | mapping
    return asyncio.run(testing.run(fullstory, action, settings=SETTINGS, events=[event], mapping=fields, trigger=None))


def test_the_contract_is_kept() -> None:
    testing.check_definition(fullstory)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("First name", "firstName"), ("userID2Name", "userId2Name"), ("__FOO_BAR__", "fooBar"), ("XMLHttp", "xmlHttp"),
     ("Größe ÉCOLE", "grosseEcole"), ("it's", "its"), ("2nd-try", "2ndTry"), ("", "")],
)  # fmt: skip
def test_the_words_of_a_name_become_one(text: str, expected: str) -> None:
    assert camel_case(text) == expected


@pytest.mark.parametrize(
    ("value", "name"),
    [("x", "a_str"), (True, "a_bool"), (1.5, "a_real"), (["x"], "a_strs"), ([True], "a_bools"), ([1, 2], "a_reals"),
     ([{}], "a_objs"), ({}, "a"), (None, "a"), ([], "a_strs")],
)  # fmt: skip
def test_a_name_tells_the_type(value: Any, name: str) -> None:
    assert normalized({"a": value}, typed=True) == {name: value}
    assert normalized({"a": value}) == {"a": value}
    assert normalized({"a_date": value}, typed=True) == {"a_date": value}


def test_names_are_cleaned_five_levels_deep() -> None:
    nested: dict[str, Any] = {"x-y": 1}
    for _ in range(5):
        nested = {"b.c": nested}
    assert normalized(nested) == {"bc": {"bc": {"bc": {"bc": {"bc": {"x-y": 1}}}}}}
    assert normalized({"first name_str": "x", "when at": [1, "a"]}, camel=True, typed=True) == {
        "firstName_str": "x", "whenAt": {"0_real": 1, "1_str": "a"},
    }  # fmt: skip


def test_an_event_goes_into_its_session() -> None:
    mapping = {"sessionUrl": "https://app.fullstory.com/ui/o/session/1%3A2", "useRecentSession": True}
    (request,) = run("trackEventV2", testing.track("Signed Up", {"plan": "pro"}), mapping).requests
    assert request.url == "https://api.fullstory.com/v2/events"
    assert request.json["session"] == {"id": "1:2", "use_most_recent": True}
    assert (request.json["name"], request.json["user"], request.json["properties"]) == (
        "Signed Up", {"uid": "user-1"}, {"plan": "pro"},
    )  # fmt: skip
    (plain,) = run("trackEventV2", testing.track(), {"useRecentSession": False, "userId": None}).requests
    assert not {"session", "user"} & plain.json.keys()


def test_the_v1_apis_have_the_user_in_the_url() -> None:
    (event,) = run("trackEvent", testing.track(userId="a/b c!"), {"useRecentSession": True}).requests
    assert event.url == "https://api.fullstory.com/users/v1/individual/a%2Fb%20c!/customevent?integration=segment"
    assert event.json["event"]["use_recent_session"] is True
    (user,) = run("identifyUser", testing.identify({"email": "a@b.test", "Plan name": "pro"}), {}).requests
    assert user.json == {
        "email": "a@b.test", "email_str": "a@b.test", "planName_str": "pro", "segmentAnonymousId_str": "anonymous-1",
    }  # fmt: skip


def test_a_user_has_properties() -> None:
    (request,) = run("identifyUserV2", testing.identify({"name": "Ada"}), {}).requests
    assert request.url == "https://api.fullstory.com/v2/users"
    assert request.json == {
        "uid": "user-1", "display_name": "Ada", "properties": {"name": "Ada", "segmentAnonymousId": "anonymous-1"},
    }  # fmt: skip


@pytest.mark.parametrize(("user", "urls"), [("a b", ["https://api.fullstory.com/v2/users?uid=a%20b"]), (None, [])])
def test_a_deletion_needs_a_user(user: str | None, urls: list[str]) -> None:
    deleted = asyncio.run(testing.call(fullstory, "on_delete", settings=SETTINGS, input={"userId": user}))
    assert [(request.method, request.url) for request in deleted.requests] == [("DELETE", url) for url in urls]
    assert deleted.outcome.kind == ("delivered" if urls else "discarded")
