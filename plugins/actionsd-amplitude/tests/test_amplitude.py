import asyncio
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import pytest
from actionsd_amplitude import amplitude
from actionsd_amplitude.api import json_text
from actionsd_amplitude.fields import UserAgentData
from actionsd_amplitude.properties import merged
from actionsd_amplitude.user_agent import device_properties

from actionsd import testing
from actionsd.sdk import path

SETTINGS = {"apiKey": "key-0123456789", "secretKey": "secret-0123456789"}
NOW = datetime(2024, 5, 15, 12, 0, tzinfo=UTC)
CHROME_MAC = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 "
    "Safari/537.36"
)
SAFARI_IPAD = (
    "Mozilla/5.0 (iPad; CPU OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 "
    "Mobile/15E148 Safari/604.1"
)
GALAXY = (
    "Mozilla/5.0 (Linux; Android 14; SM-S911B) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.6367.82 Mobile "
    "Safari/537.36"
)
WEB_VIEW = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148"
)
GALAXY_TAB = GALAXY.replace("SM-S911B", "SM-X700").replace("Mobile ", "")


def run(action: str, event: dict[str, Any], mapping: dict[str, Any] | None = None, **options: Any) -> testing.Run:
    """One event through the default mapping, with some fields mapped otherwise."""
    fields = amplitude.actions[action].default_mapping | (mapping or {})
    settings = SETTINGS | options.pop("settings", {})
    given: dict[str, Any] = {"settings": settings, "mapping": fields, "trigger": None, "now": NOW}
    return asyncio.run(testing.run(amplitude, action, events=[event], **given, **options))


def sent(action: str, event: dict[str, Any], mapping: dict[str, Any] | None = None) -> dict[str, Any]:
    """The first event of the upload."""
    event_sent: dict[str, Any] = run(action, event, mapping).requests[0].json["events"][0]
    return event_sent


def form(text: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(text).items()}


def test_the_contract_is_kept() -> None:
    testing.check_definition(amplitude)


def test_an_event_carries_time_user_and_campaign() -> None:
    event = testing.track("Signed Up", {"plan": "pro"})
    event["context"] |= {"campaign": {"source": "mail"}, "page": {"referrer": "https://ref.test/"}}
    got = sent("logEventV2", event)
    assert got["event_type"] == "Signed Up"
    assert got["time"] == 1715682030456
    assert (got["user_id"], got["device_id"]) == ("user-1", "anonymous-1")
    assert got["user_properties"] == {
        "$setOnce": {"initial_referrer": "https://ref.test/", "initial_utm_source": "mail"},
        "$set": {"referrer": "https://ref.test/", "utm_source": "mail"},
    }
    assert not {"userAgent", "library2", "setOnce", "min_id_length", "utm_properties"} & got.keys()


def test_mapped_user_properties_win_over_the_campaign_in_events_and_lose_in_identify() -> None:
    mapping = {"user_properties": {"$set": {"utm_source": "mine"}, "plan": "pro", "referrer": "dropped"},
               "utm_properties": {"utm_source": "mail"}, "referrer": None}  # fmt: skip
    properties = sent("logEvent", testing.track(), mapping)["user_properties"]
    assert properties["$set"] == {"utm_source": "mine"}
    assert properties["$setOnce"] == {"initial_utm_source": "mail"}
    assert (properties["plan"], "referrer" in properties) == ("pro", False)
    request = run("identifyUser", testing.identify(), mapping).requests[0]
    assert json.loads(form(request.text)["identification"])["user_properties"]["$set"] == {"utm_source": "mail"}


def test_groups_of_user_properties_without_a_value_are_not_sent() -> None:
    mapping = {"setOnce": {"a": ""}, "setAlways": {"b": "", "c": 1}, "add": {"visits": 1}, "user_properties": {"d": 2}}
    properties = sent("logEventV2", testing.track(), mapping)["user_properties"]
    assert properties == {"d": 2, "$set": {"b": "", "c": 1}, "$add": {"visits": 1}}


@pytest.mark.parametrize(
    ("session", "expected"),
    [("1714521600000", 1714521600000), ("2024-05-01T00:00:00Z", 1714521600000), (1714521600000, 1714521600000)],
)
def test_a_session_id_is_milliseconds(session: str | int, expected: int) -> None:
    assert sent("logEvent", testing.track(), {"session_id": session})["session_id"] == expected


@pytest.mark.parametrize(
    ("platform", "library", "expected"),
    [("ios", "analytics.js", "iOS"), ("my ANDROID", None, "my Android"), (None, "analytics.js", "Web"),
     (None, "analytics-go", None)],
)  # fmt: skip
def test_the_platform_is_spelt_as_amplitude_does(platform: str | None, library: str | None, expected: str) -> None:
    event = sent("logEvent", testing.track(), {"platform": platform, "library": library})
    assert event.get("platform") == expected


@pytest.mark.parametrize(
    ("library", "expected"),
    [({"behavior": "use_mapping", "mapping": "mine"}, "mine"), ({"behavior": "auto", "mapping": "mine"}, "segment"),
     ({"behavior": "use_mapping"}, None), (None, "segment")],
)  # fmt: skip
def test_the_library_is_the_mapped_one_or_segment(library: dict[str, str] | None, expected: str | None) -> None:
    assert sent("logEvent", testing.track(), {"library2": library}).get("library") == expected


PRODUCTS = [{"productId": "p1", "price": 5, "quantity": 2}, {"productId": "p2", "revenue": 7, "revenueType": "Gift"}]


def test_a_purchase_counts_revenue_once() -> None:
    event = testing.track("Order Completed", {"price": 0.5, "quantity": 3, "revenue": 99, "products": PRODUCTS})
    first, *products = run("logPurchase", event, {"insert_id": "i"}).requests[0].json["events"]
    assert (first["revenue"], first["quantity"], first["price"], first["revenueType"]) == (1.5, 3, 0.5, "Purchase")
    assert [product["event_type"] for product in products] == ["Product Purchased"] * 2
    assert [product["insert_id"] for product in products] == ["i-2", "i-3"]
    assert [product["event_properties"]["productId"] for product in products] == ["p1", "p2"]
    assert not any("revenue" in product or "os_name" in product for product in products)


def test_a_purchase_counts_revenue_per_product() -> None:
    event = testing.track("Order Completed", {"revenue": 99, "products": PRODUCTS})
    first, *products = run("logPurchase", event, {"trackRevenuePerProduct": True}).requests[0].json["events"]
    assert "revenue" not in first
    assert [(product["revenue"], product["revenueType"]) for product in products] == [(10, "Purchase"), (7, "Gift")]
    assert "insert_id" not in products[0]


def test_without_products_revenue_stays_with_the_event() -> None:
    done = run("logPurchase", testing.track("Paid", {"revenue": 5}), {"trackRevenuePerProduct": True})
    assert [event["revenue"] for event in done.requests[0].json["events"]] == [5]


@pytest.mark.parametrize(
    ("mapping", "url"),
    [({}, "https://api.eu.amplitude.com/2/httpapi"),
     ({"use_batch_endpoint": True}, "https://api.eu.amplitude.com/batch")],
)  # fmt: skip
def test_the_region_and_the_batch_endpoint_choose_the_url(mapping: dict[str, Any], url: str) -> None:
    done = run("logEvent", testing.track(), mapping, settings={"endpoint": "europe"})
    assert done.requests[0].url == url


def test_shorter_ids_are_asked_for() -> None:
    done = run("logEvent", testing.track(), {"min_id_length": 3})
    assert done.requests[0].json["options"] == {"min_id_length": 3}
    assert "options" not in run("logEvent", testing.track(), {"min_id_length": 0}).requests[0].json
    aliased = run("mapUser", testing.alias("old"), {"min_id_length": 3}).requests[0]
    assert form(aliased.text)["options"] == '{"min_id_length":3}'
    assert "options" not in form(run("mapUser", testing.alias("old")).requests[0].text)


def test_a_group_call_also_puts_the_user_in_the_group() -> None:
    mapping = {"group_type": "company", "group_value": "acme", "time": None}
    member, group = run("groupIdentifyUser", testing.group(), mapping).requests
    assert member.url.endswith("/identify")
    assert json.loads(form(member.text)["identification"]) == [
        {"device_id": "anonymous-1", "groups": {"company": "acme"}, "library": "segment", "time": 1715774400000,
         "user_id": "user-1", "user_properties": {"company": "acme"}}
    ]  # fmt: skip
    assert group.url.endswith("/groupidentify")
    assert json.loads(form(group.text)["identification"]) == [
        {"group_properties": {"name": "Example Inc"}, "group_value": "acme", "group_type": "company",
         "library": "segment"}
    ]  # fmt: skip


def test_a_group_call_without_a_user_only_describes_the_group() -> None:
    mapping = {"group_type": "company", "group_value": "acme", "user_id": None, "device_id": None}
    done = run("groupIdentifyUser", testing.group(), mapping)
    assert [request.url for request in done.requests] == ["https://api2.amplitude.com/groupidentify"]


@pytest.mark.parametrize(
    ("user_agent", "expected"),
    [
        (CHROME_MAC, ("Mac OS", "124", None, "Mac OS", None)),
        (SAFARI_IPAD, ("iOS", "17", "Apple", "iPad", "tablet")),
        (GALAXY, ("Android", "124", "Samsung", "SM-S911B", "mobile")),
        (GALAXY_TAB, ("Android", "124", "Samsung", "SM-X700", "tablet")),
        (GALAXY.replace("SM-S911B", "K"), ("Android", "124", None, "K", "mobile")),
        (GALAXY.replace("SM-S911B", "Redmi Note 11"), ("Android", "124", "Xiaomi", "Redmi Note 11", "mobile")),
        (WEB_VIEW, ("iOS", "605", "Apple", "iPhone", "mobile")),
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", (None,) * 5),
        ("curl/8.4.0", (None,) * 5),
        ("unheard of", (None,) * 5),
    ],
)
def test_a_user_agent_tells_system_and_device(user_agent: str, expected: tuple[str | None, ...]) -> None:
    assert tuple(device_properties(user_agent, None).values()) == expected


def test_client_hints_win_over_the_user_agent() -> None:
    found = device_properties(GALAXY, UserAgentData(model="Galaxy S23", platformVersion="14.0.0"))
    assert (found["device_model"], found["os_version"]) == ("Galaxy S23", "14.0.0")
    assert device_properties("", UserAgentData(model="Galaxy S23")) == {}


def test_mapped_fields_win_over_the_user_agent() -> None:
    got = sent("logEvent", testing.track(), {"userAgent": GALAXY, "os_name": "GrapheneOS"})
    assert (got["os_name"], got["device_manufacturer"], "user_agent" in got) == ("GrapheneOS", "Samsung", False)
    mapping = {"userAgent": GALAXY, "userAgentParsing": False, "includeRawUserAgent": True}
    raw = sent("logEvent", testing.track(), mapping)
    assert (raw["user_agent"], "os_name" in raw) == (GALAXY, False)


def test_a_user_id_of_null_is_sent_as_null() -> None:
    assert sent("logEvent", testing.track(userId=None), {"user_id": path("$.userId")})["user_id"] is None


def test_credentials_are_tested_and_deletion_asked_for_with_both_keys() -> None:
    asked = asyncio.run(testing.call(amplitude, "test_authentication", settings=SETTINGS, respond=[(401, None, "")]))
    assert asked.outcome.kind == "discarded"
    deleted = asyncio.run(testing.call(amplitude, "on_delete", settings=SETTINGS, input={"userId": "u"}))
    (request,) = deleted.requests
    assert request.json == {"user_ids": ["u"], "requester": "segment"}
    assert request.headers["authorization"].startswith("Basic ")


def test_merging_keeps_both_sides_members() -> None:
    assert merged({"$set": {"a": 1}}, {"$set": {"a": 2, "b": 3}}) == {"$set": {"a": 2, "b": 3}}
    assert json_text({"a": 1.0}) == '{"a":1}'
