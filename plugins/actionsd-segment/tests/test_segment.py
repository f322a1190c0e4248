import asyncio
from typing import Any

import pytest
from actionsd_segment import segment

from actionsd import testing

SETTINGS = {"source_write_key": "write-key-0123456789"}
WHO = {"user_id": "u", "message_id": "m"}


def run(action: str, mapping: dict[str, Any], **settings: str) -> testing.Run:
    given: dict[str, Any] = {"settings": SETTINGS | settings, "mapping": mapping, "trigger": None}
    return asyncio.run(testing.run(segment, action, events=[testing.track()], **given))


def message(action: str, mapping: dict[str, Any]) -> dict[str, Any]:
    """The one message of the batch."""
    (request,) = run(action, WHO | mapping).requests
    (sent,) = request.json["batch"]
    assert isinstance(sent, dict)
    return sent


def test_the_contract_is_kept() -> None:
    testing.check_definition(segment)


@pytest.mark.parametrize(
    ("endpoint", "batch", "settings"),
    [
        (None, "https://api.segment.io/v1/batch", "https://cdn.segment.com/v1"),
        ("https://events.eu1.segmentapis.com", "https://events.eu1.segmentapis.com/v1/batch",
         "https://cdn.segment.com/v1"),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080/v1/batch", "http://127.0.0.1:8080/v1"),
    ],
)  # fmt: skip
def test_c11_events_are_posted_to_the_endpoint(endpoint: str | None, batch: str, settings: str) -> None:
    chosen = {} if endpoint is None else {"endpoint": endpoint}
    (request,) = run("sendTrack", WHO | {"event_name": "E"}, **chosen).requests
    assert (request.method, request.url) == ("POST", batch)
    assert request.headers["authorization"] == "Basic d3JpdGUta2V5LTAxMjM0NTY3ODk6"
    tested = asyncio.run(testing.call(segment, "test_authentication", settings=SETTINGS | chosen))
    assert tested.requests[0].url == f"{settings}/projects/{SETTINGS['source_write_key']}/settings"


def test_nobodys_event_is_not_sent() -> None:
    done = run("sendTrack", {"event_name": "E"})
    assert done.requests == []
    assert done.outcomes[0].code == "PAYLOAD_VALIDATION_FAILED"


def test_a_track_call_has_traits_in_its_context() -> None:
    mapping = {"event_name": "E", "properties": {"a": None}, "traits": {"b": 1}, "group_id": "g"}
    assert message("sendTrack", mapping) == {
        "userId": "u", "messageId": "m", "type": "track", "event": "E", "properties": {"a": None},
        "context": {"traits": {"b": 1}, "consent": {}, "groupId": "g"},
    }  # fmt: skip


def test_mapped_properties_of_a_page_win() -> None:
    mapping = {"page_name": "P", "page_category": "C", "page": {"url": "https://a.test", "title": "T"},
               "properties": {"title": "mine"}}  # fmt: skip
    sent = message("sendPage", mapping)
    assert sent["properties"] == {"name": "P", "category": "C", "url": "https://a.test", "title": "mine"}
    assert (sent["name"], sent["context"]["page"]) == ("P", mapping["page"])


def test_a_screen_call_has_no_time_zone() -> None:
    sent = message("sendScreen", {"screen_name": "S", "timezone": "UTC", "screen": {"width": 7}})
    assert sent["context"] == {"consent": {}, "screen": {"width": 7}}
    assert (sent["name"], sent["properties"]) == ("S", {"name": "S"})


def test_a_group_stands_beside_the_context_and_an_address_is_a_trait() -> None:
    group = message("sendGroup", {"group_id": "g", "traits": {"plan": "pro"}})
    assert (group["groupId"], group["context"], group["traits"]) == ("g", {"consent": {}}, {"plan": "pro"})
    user = message("sendIdentify", {"group_id": "g", "traits": {"a": 1}, "address": {"city": "Vienna"}})
    assert user["context"]["groupId"] == "g"
    assert user["traits"] == {"a": 1, "address": {"city": "Vienna"}}


@pytest.mark.parametrize(
    ("consent", "kept"),
    [({"categoryPreferences": {"ads": False}}, True), ({"categoryPreferences": {"ads": "no"}}, False),
     ({"other": 1}, False)],
)  # fmt: skip
def test_consent_is_passed_on_where_it_says_yes_or_no(consent: dict[str, Any], kept: bool) -> None:
    assert message("sendIdentify", {"consent": consent})["context"]["consent"] == (consent if kept else {})
