import asyncio
from typing import Any

import pytest
from actionsd_google_analytics_4 import google_analytics_4

from actionsd import testing

SETTINGS = {"measurementId": "G-0123456789", "apiSecret": "secret-0123456789"}
APP = {"firebaseAppId": "1:123:ios:abc", "apiSecret": "a&b"}
SHOE = {"item_id": "p1", "price": 5}


def run(action: str, mapping: dict[str, Any], settings: dict[str, str] = SETTINGS) -> testing.Run:
    given = {"client_id": "c", "clientId": "c"} | mapping
    events = [testing.track()]
    return asyncio.run(
        testing.run(google_analytics_4, action, settings=settings, events=events, mapping=given, trigger=None)
    )


def body(action: str, mapping: dict[str, Any]) -> dict[str, Any]:
    (request,) = run(action, mapping).requests
    sent: dict[str, Any] = request.json
    return sent


def problem(action: str, mapping: dict[str, Any], settings: dict[str, str] = SETTINGS) -> str:
    """Why the event was not sent."""
    done = run(action, mapping, settings)
    assert done.requests == []
    assert done.outcomes[0].kind == "discarded"
    return done.outcomes[0].message


def test_the_contract_is_kept() -> None:
    testing.check_definition(google_analytics_4, settings=SETTINGS)


def test_a_web_stream_has_clients_and_an_app_stream_instances() -> None:
    (web,) = run("login", {}).requests
    assert (
        web.url
        == "https://www.google-analytics.com/mp/collect?api_secret=secret-0123456789&measurement_id=G-0123456789"
    )
    assert web.json["client_id"] == "c"
    (app,) = run("login", {"data_stream_type": "Mobile App", "app_instance_id": "i"}, APP).requests
    assert app.url == "https://www.google-analytics.com/mp/collect?api_secret=a%26b&firebase_app_id=1:123:ios:abc"
    assert (app.json["app_instance_id"], "client_id" in app.json) == ("i", False)


@pytest.mark.parametrize(
    ("mapping", "settings", "expected"),
    [
        ({"client_id": None}, SETTINGS, "Client ID is required for web streams"),
        ({}, APP, "Measurement ID is required for web streams"),
        ({"data_stream_type": "Mobile App"}, SETTINGS, "Firebase App ID is required for mobile app streams"),
        ({"data_stream_type": "Mobile App"}, APP, "Firebase App Instance ID is required for mobile app streams"),
    ],
)
def test_a_stream_without_its_ids_is_refused(mapping: dict[str, Any], settings: dict[str, str], expected: str) -> None:
    assert problem("login", mapping, settings) == expected


def test_mapped_parameters_win_and_user_properties_are_wrapped() -> None:
    mapping = {"method": "mail", "engagement_time_msec": 1, "params": {"method": "mine", "items": [1]},
               "user_properties": {"plan": "pro", "gone": None}, "user_id": "u",
               "ad_user_data_consent": "GRANTED"}  # fmt: skip
    assert body("login", mapping) == {
        "client_id": "c", "user_id": "u", "consent": {"ad_user_data": "GRANTED"},
        "user_properties": {"plan": {"value": "pro"}, "gone": {"value": None}},
        "events": [{"name": "login", "params": {"method": "mine", "engagement_time_msec": 1, "items": [1]}}],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("timestamp", "expected"),
    [("2024-05-14T10:20:30.456Z", 1715682030456000), ("1715682030456000", 1715682030456000), ("soon", None)],
)
def test_a_timestamp_is_microseconds(timestamp: str, expected: int | None) -> None:
    assert body("login", {"timestamp_micros": timestamp}).get("timestamp_micros") == expected


@pytest.mark.parametrize(
    ("lowercase", "expected"), [(None, "Signed_Up_now"), (True, "signed_up_now"), (False, "Signed_Up_now")]
)
def test_the_name_of_a_custom_event_has_no_blanks(lowercase: bool | None, expected: str) -> None:
    (event,) = body("customEvent", {"name": " Signed Up\tnow ", "lowercase": lowercase})["events"]
    assert event == {"name": expected, "params": {}}


def test_undeclared_members_of_items_are_sent() -> None:
    mapping = {"items": [SHOE | {"colour": "red"}], "currency": "eur", "value": 5}
    (event,) = body("viewCart", mapping)["events"]
    assert event == {
        "name": "view_cart", "params": {"currency": "eur", "value": 5, "items": [SHOE | {"colour": "red"}]}
    }  # fmt: skip


def test_a_promotion_without_items_has_an_empty_list() -> None:
    (event,) = body("selectPromotion", {"promotion_id": "p"})["events"]
    assert event["params"] == {"promotion_id": "p", "items": []}


@pytest.mark.parametrize(
    ("action", "mapping", "expected"),
    [
        ("purchase", {"currency": "EURO", "transaction_id": "t", "items": [SHOE]},
         "EURO is not a valid currency code."),
        ("viewItem", {"items": [SHOE | {"currency": "XYZ"}]}, "XYZ is not a valid currency code."),
        ("generateLead", {"value": 5}, "Currency is required if value is set."),
        ("viewCart", {"items": [SHOE]}, "One of item-level currency or top-level currency is required."),
        ("addPaymentInfo", {"items": [], "currency": "USD"},
         "Google requires one or more products in add_payment_info events."),
        ("selectItem", {"items": [{"price": 5}]}, "One of product name or product id is required for each product."),
        ("login", {"params": {"a": None}}, "Param [a] has unsupported value of type [NULL]."),
        ("login", {"params": {"a": [1]}}, "Param [a] has unsupported value of type [Array]."),
        ("login", {"params": {"items": {"a": 1}}}, "Param [items] has unsupported value of type [object]."),
        ("login", {"user_properties": {"a": {"b": 1}}}, "Param [a] has unsupported value of type [object]."),
    ],
)  # fmt: skip
def test_what_google_would_drop_is_refused(action: str, mapping: dict[str, Any], expected: str) -> None:
    assert problem(action, mapping).startswith(expected)


@pytest.mark.parametrize("currency", ["SLE", "XXX"])
def test_the_currency_of_the_first_item_is_enough(currency: str) -> None:
    (event,) = body("viewCart", {"items": [SHOE | {"currency": currency}]})["events"]
    assert event["params"]["items"][0]["currency"] == currency


@pytest.mark.parametrize(
    ("settings", "kind"), [(SETTINGS, "delivered"), (APP, "delivered"), ({"apiSecret": "s"}, "discarded")]
)
def test_the_credentials_name_a_stream(settings: dict[str, str], kind: str) -> None:
    done = asyncio.run(testing.call(google_analytics_4, "test_authentication", settings=settings))
    assert (done.outcome.kind, done.requests) == (kind, [])
