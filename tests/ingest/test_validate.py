import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionsd.event import types
from actionsd.ingest import split
from actionsd.ingest.validate import examine, plainly_good

GOOD: dict[str, dict[str, Any]] = {
    "track": {"userId": "u", "event": "E", "properties": {}},
    "identify": {"userId": "u", "traits": {}},
    "page": {"anonymousId": "a", "name": "Home", "category": "Docs", "properties": {}},
    "screen": {"userId": "u", "anonymousId": "a"},
    "group": {"userId": "u", "groupId": "g", "traits": {}},
    "alias": {"userId": "u", "previousId": "p"},
}


def reason(event: object, type: object) -> str:
    refusal = examine(event, type)
    return refusal.code if refusal else ""


@pytest.mark.parametrize("type", sorted(types))
def test_good_events_pass(type: str) -> None:
    assert reason(GOOD[type], type) == ""
    head = split.head(json.dumps(GOOD[type]).encode())
    assert head is not None
    assert plainly_good(head, type)


def test_the_types_of_the_specification_are_all_tested() -> None:
    assert GOOD.keys() == types


CONSENT = "consent_categorypreferences_"


@pytest.mark.parametrize(
    ("type", "change", "code"),
    [
        ("track", {"userId": None}, "no_user_anon_id"),
        ("track", {"userId": ""}, "id_not_string"),
        ("track", {"userId": 5}, "id_not_string"),
        ("track", {"anonymousId": 5}, "id_not_string"),
        ("track", {"userId": "", "anonymousId": "a"}, ""),
        ("track", {"userId": None, "anonymousId": "a"}, ""),
        ("track", {"event": None}, "event_not_defined"),
        ("track", {"event": ""}, "event_not_defined"),
        ("track", {"event": 5}, "event_not_string"),
        ("track", {"event": ["E"]}, "event_not_string"),
        ("track", {"properties": []}, "properties_not_object"),
        ("track", {"properties": "x"}, "properties_not_object"),
        ("track", {"properties": None}, ""),
        ("track", {"traits": "not looked at in a track call"}, ""),
        ("page", {"name": 5}, "name_not_string"),
        ("page", {"name": ""}, "name_not_string"),
        ("page", {"name": None, "category": None}, ""),
        ("screen", {"category": {}}, "category_not_string"),
        ("screen", {"category": ""}, "category_not_string"),
        ("screen", {"properties": 1}, "properties_not_object"),
        ("identify", {"traits": []}, "traits_not_object"),
        ("identify", {"traits": None}, ""),
        ("group", {"groupId": None}, "id_required"),
        ("group", {"groupId": ""}, "id_not_string"),
        ("group", {"groupId": 5}, "id_not_string"),
        ("group", {"traits": "x"}, "traits_not_object"),
        ("alias", {"previousId": None}, "id_required"),
        ("alias", {"previousId": 5}, "id_not_string"),
        ("alias", {"userId": None, "anonymousId": "a"}, "id_required"),
        ("track", {"messageId": "x" * 100}, ""),
        ("track", {"messageId": "x" * 101}, "bad_request"),
        ("track", {"messageId": 5}, "bad_request"),
        ("track", {"messageId": None}, ""),
        ("track", {"messageId": ""}, ""),
        ("track", {"context": "x"}, "bad_request"),
        ("track", {"context": None}, ""),
        ("track", {"integrations": []}, "bad_request"),
        ("track", {"context": {"device": {"advertisingId": 5}}}, "device_advertisingid_should_be_string"),
        ("track", {"context": {"device": {"advertisingId": "x"}}}, ""),
        ("track", {"context": {"device": "x"}}, ""),
        ("track", {"context": {"consent": {}}}, f"{CONSENT}should_exist"),
        ("track", {"context": {"consent": "x"}}, f"{CONSENT}should_exist"),
        ("track", {"context": {"consent": {"categoryPreferences": []}}}, f"{CONSENT}fields_should_be_object"),
        ("track", {"context": {"consent": {"categoryPreferences": {"a": 1}}}}, f"{CONSENT}fields_should_be_bool"),
        ("track", {"context": {"consent": {"categoryPreferences": {}}}}, ""),
        ("track", {"context": {"consent": {"categoryPreferences": {"a": True}, "version": 2}}}, ""),
        (
            "track",
            {"context": {"consent": {"categoryPreferences": {}, "version": "2"}}},
            "consent_version_should_be_number",
        ),
    ],
)
def test_f029_reasons(type: str, change: dict[str, Any], code: str) -> None:
    event = GOOD[type] | change
    assert reason(event, type) == code
    head = split.head(json.dumps(event).encode())
    assert not (code and head is not None and plainly_good(head, type))


@pytest.mark.parametrize("type", [None, "", "Track", "delete", "merge", 5, ["track"]])
def test_f034_an_unknown_type_is_refused(type: object) -> None:
    assert reason(GOOD["track"], type) == "bad_request"


@pytest.mark.parametrize("event", [None, 5, "track", [], [GOOD["track"]]])
def test_an_event_is_an_object(event: object) -> None:
    assert reason(event, "track") == "bad_request"


anything: st.SearchStrategy[Any] = st.sampled_from([None, "", "x", "y" * 101, 0, 1.5, True, [], {}, ["x"], {"a": {}}])
contexts = st.none() | st.fixed_dictionaries(
    {},
    optional={
        "consent": anything | st.fixed_dictionaries({"categoryPreferences": anything}, optional={"version": anything}),
        "device": anything | st.fixed_dictionaries({"advertisingId": anything}),
        "ip": anything,
        "library": anything,
    },
)
texts = ("messageId", "userId", "anonymousId", "groupId", "previousId", "event", "name", "category", "writeKey")
others = ("properties", "traits", "integrations", "timestamp")
events = st.fixed_dictionaries({}, optional={**dict.fromkeys(texts + others, anything), "context": contexts | anything})


@given(events, st.sampled_from([*sorted(types), "other"]))
def test_the_shortcut_never_takes_what_the_rules_refuse(event: dict[str, Any], type: str) -> None:
    head = split.head(json.dumps(event).encode())
    if head is not None and plainly_good(head, type):
        assert examine(event, type) is None


@given(events, st.sampled_from(sorted(types)))
def test_what_passes_has_a_head(event: dict[str, Any], type: str) -> None:
    if examine(event, type) is None:
        assert split.head_of(event).message_id == event.get("messageId")
