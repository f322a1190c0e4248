import asyncio
from typing import Any

import pytest
from actionsd_posthog import posthog

from actionsd import testing

SETTINGS = {"api_key": "key-0123456789", "project_id": "1", "endpoint": "https://eu.i.posthog.com"}


def run(events: list[dict[str, Any]], mapping: dict[str, Any], settings: dict[str, Any], batch: bool) -> testing.Run:
    fields = posthog.actions["event"].default_mapping | mapping
    return asyncio.run(
        testing.run(posthog, "event", settings=SETTINGS | settings, events=events, mapping=fields, trigger=None,
                    batch=batch)
    )  # fmt: skip


def sent(mapping: dict[str, Any], settings: dict[str, Any] | None = None) -> dict[str, Any]:
    event = testing.track("Signed Up", {"plan": "pro", "$ip": "dropped", "$current_url": "dropped"})
    (request,) = run([event], {"ip_address": None} | mapping, settings or {}, False).requests
    assert request.url == "https://eu.i.posthog.com/batch/"
    found: dict[str, Any] = request.json["batch"][0]
    return found


def test_the_contract_is_kept() -> None:
    testing.check_definition(posthog)


@pytest.mark.parametrize(
    ("mapping", "name", "viewed"),
    [({}, "Signed Up", {}),
     ({"event_type": "page", "current_url": "https://a.test"}, "$pageview", {"$current_url": "https://a.test"}),
     ({"event_type": "screen", "screen_name": "Cart"}, "$screen", {"$screen_name": "Cart"})],
)  # fmt: skip
def test_views_have_names_of_their_own(mapping: dict[str, Any], name: str, viewed: dict[str, Any]) -> None:
    event = sent(mapping)
    own = {"plan": "pro", "distinct_id": "user-1", "$process_person_profile": False}
    assert (event["event"], event["properties"]) == (name, own | viewed)


def test_a_page_view_needs_its_url() -> None:
    done = run([testing.track()], {"event_type": "page", "current_url": None}, {}, False)
    assert (done.requests, done.outcomes[0].kind) == ([], "discarded")


def test_the_place_is_told_or_forbidden() -> None:
    properties = sent({"ip_address": "203.0.113.7"}, {"geoip_disable": True})["properties"]
    assert (properties["$ip"], properties["$geoip_disable"]) == ("203.0.113.7", True)


def test_a_batch_is_one_request() -> None:
    done = run([testing.track("A"), testing.track("B")], {}, {"historical_migration": True}, True)
    (request,) = done.requests
    assert [event["event"] for event in request.json["batch"]] == ["A", "B"]
    assert request.json["historical_migration"] is True


def test_identify_sets_properties() -> None:
    events = [testing.identify({"plan": "pro"})]
    done = asyncio.run(testing.run(posthog, "identify", settings=SETTINGS, events=events, trigger=None))
    body = done.requests[0].json
    assert (done.requests[0].url, body["event"]) == ("https://eu.i.posthog.com/i/v0/e/", "$identify")
    assert (body["distinct_id"], body["properties"]["$set"]) == ("user-1", {"plan": "pro"})
