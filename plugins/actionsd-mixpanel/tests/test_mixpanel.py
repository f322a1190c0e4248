import asyncio
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import pytest
from actionsd_mixpanel import mixpanel
from actionsd_mixpanel.browser import browser_of

from actionsd import testing

SETTINGS = {"projectToken": "token-0123456789", "apiSecret": "secret-0123456789"}
NOW = datetime(2024, 5, 15, 12, 0, tzinfo=UTC)
TIME = 1715682030456
WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"


def run(
    action: str, events: list[dict[str, Any]], mapping: dict[str, Any] | None = None, **options: Any
) -> testing.Run:
    """Events through the default mapping, with some fields mapped otherwise."""
    fields = mixpanel.actions[action].default_mapping | (mapping or {})
    given = {"settings": SETTINGS, "mapping": fields, "trigger": None, "now": NOW} | options
    return asyncio.run(testing.run(mixpanel, action, events=events, **given))


def properties(event: dict[str, Any], mapping: dict[str, Any] | None = None, **options: Any) -> dict[str, Any]:
    """What an event is imported with."""
    found: dict[str, Any] = run("trackEvent", [event], mapping, **options).requests[0].json[0]["properties"]
    return found


def forms(done: testing.Run) -> list[tuple[str, Any]]:
    """The API and the data of each form sent."""
    return [
        (request.url.removeprefix("https://api.mixpanel.com/"), json.loads(parse_qs(request.text)["data"][0]))
        for request in done.requests
    ]


def test_the_contract_is_kept() -> None:
    testing.check_definition(mixpanel)


def test_an_event_is_imported_with_the_secret() -> None:
    (request,) = run("trackEvent", [testing.track("Signed Up", {"plan": "pro", "distinct_id": "no"})]).requests
    assert request.url == "https://api.mixpanel.com/import?strict=1"
    assert request.headers["authorization"] == "Basic c2VjcmV0LTAxMjM0NTY3ODk6"
    (event,) = request.json
    assert event["event"] == "Signed Up"
    sent = event["properties"]
    assert (sent["time"], sent["distinct_id"], sent["$insert_id"]) == (TIME, "user-1", "message-track-1")
    assert (sent["$browser"], sent["$browser_version"], sent["$source"]) == ("Chrome", "124.0.0.0", "segment")
    assert (sent["plan"], sent["mp_lib"]) == ("pro", "Segment Actions: actionsd.testing")


def test_an_event_without_time_id_and_user_gets_them() -> None:
    mapping = {"time": None, "insert_id": None, "distinct_id": None, "user_id": None}
    sent = properties(testing.track(), mapping, uuid="uuid-1")
    assert (sent["time"], sent["$insert_id"], sent["distinct_id"]) == (1715774400000, "uuid-1", "")
    assert not {"id", "$user_id", "segment_source_name"} & sent.keys()


def test_mapped_properties_win_but_not_over_reserved_ones() -> None:
    sent = properties(testing.track("E", {"$os": "BeOS", "time": 1, "$insert_id": "no", "nothing": None}))
    assert (sent["$os"], sent["time"], sent["$insert_id"]) == ("BeOS", TIME, "message-track-1")
    assert sent["nothing"] is None


def test_settings_choose_server_strictness_and_source_name() -> None:
    settings = SETTINGS | {"apiRegion": "IN 🇮🇳", "strictMode": "0", "sourceName": "shop"}
    (request,) = run("trackEvent", [testing.track()], settings=settings).requests
    assert request.url == "https://api-in.mixpanel.com/import?strict=0"
    assert request.json[0]["properties"]["segment_source_name"] == "shop"


def test_events_of_iterable_say_so() -> None:
    assert properties(testing.track(), {"context": {"integration": {"name": "Iterable"}}})["$source"] == "Iterable"
    assert properties(testing.track(), {"context": {"integration": "Iterable"}})["$source"] == "segment"


ORDER = {"total": 9, "currency": "EUR", "gift": True, "products": [{"sku": "a", "price": 4}, {"sku": "b", "time": 7}]}


def test_an_order_is_followed_by_its_products() -> None:
    mapping = {"products": {"@path": "$.properties.products"}}
    order, *products = run("trackPurchase", [testing.track("Order Completed", ORDER)], mapping).requests[0].json
    assert (order["event"], order["properties"]["total"]) == ("Order Completed", 9)
    assert [product["event"] for product in products] == ["Product Purchased"] * 2
    first, second = (product["properties"] for product in products)
    assert (first["$insert_id"], first["time"]) == ("0message-track-1", TIME - 1)
    assert (first["sku"], first["gift"]) == ("a", True)
    assert (second["$insert_id"], second["time"]) == ("1message-track-1", 7)
    assert not {"total", "currency", "products"} & first.keys()


def test_products_are_left_out_where_they_are_not_asked_for() -> None:
    done = run("trackPurchase", [testing.track("Order Completed", ORDER)], {"generatePurchaseEventPerProduct": False})
    assert [event["event"] for event in done.requests[0].json] == ["Order Completed"]


def test_a_batch_is_one_request() -> None:
    done = run("trackEvent", [testing.track(name) for name in "abc"], batch=True)
    assert [[event["event"] for event in request.json] for request in done.requests] == [["a", "b", "c"]]
    assert [outcome.kind for outcome in done.outcomes] == ["delivered"] * 3


def test_in_a_batch_only_the_records_that_were_refused_fail() -> None:
    answer = {"code": 400, "failed_records": [{"index": 2, "field": "properties.time", "message": "too old"}]}
    events = [testing.track("Order Completed", ORDER), testing.track("Order Completed")]
    purchases = run("trackPurchase", events, batch=True, respond=[(400, None, answer)])
    assert [(outcome.kind, outcome.message) for outcome in purchases.outcomes] == [
        ("discarded", "too old"), ("delivered", ""),
    ]  # fmt: skip
    tracked = run("trackEvent", [testing.track(name) for name in "abc"], batch=True, respond=[(400, None, answer)])
    assert [outcome.kind for outcome in tracked.outcomes] == ["delivered", "delivered", "discarded"]


@pytest.mark.parametrize(("status", "kind"), [(400, "discarded"), (413, "discarded"), (429, "retry"), (500, "retry")])
def test_another_refusal_is_of_the_whole_batch(status: int, kind: str) -> None:
    done = run("trackEvent", [testing.track(), testing.track()], batch=True, respond=[(status, None, {"error": "no"})])
    assert [outcome.kind for outcome in done.outcomes] == [kind, kind]


def test_identify_joins_the_ids_and_then_sets_the_profile() -> None:
    traits = {"email": "a@b.co", "firstName": "Ada", "lastName": "King", "created_at": "2024", "plan": None}
    done = run("identifyUser", [testing.identify(traits)], settings=SETTINGS | {"sourceName": "shop"})
    assert forms(done) == [
        ("track", {"event": "$identify", "properties": {
            "$identified_id": "user-1", "$anon_id": "anonymous-1", "token": "token-0123456789",
            "segment_source_name": "shop"}}),
        ("engage", {"$token": "token-0123456789", "$distinct_id": "user-1", "$ip": "203.0.113.7", "$set": {
            "plan": None, "$created": "2024", "$email": "a@b.co", "$first_name": "Ada", "$last_name": "King",
            "$name": "Ada King"}}),
    ]  # fmt: skip


def test_identify_without_device_and_traits_sends_nothing() -> None:
    done = run("identifyUser", [testing.identify()], {"anonymous_id": None, "traits": {}})
    assert (done.requests, done.outcomes[0].kind) == ([], "delivered")


@pytest.mark.parametrize(
    ("traits", "name"), [({"name": "A", "firstName": "B", "lastName": "C"}, "A"), ({"firstName": "B"}, None)]
)
def test_a_full_name_wins_over_its_parts(traits: dict[str, str], name: str | None) -> None:
    assert forms(run("identifyUser", [testing.identify(traits)]))[1][1]["$set"].get("$name") == name


@pytest.mark.parametrize(
    ("mapping", "key", "identity"),
    [({}, "$group_id", "group-1"), ({"group_key": "company"}, "company", "acme"),
     ({"group_key": "team"}, "team", "group-1")],
)  # fmt: skip
def test_a_trait_named_as_the_group_key_is_the_groups_id(mapping: dict[str, str], key: str, identity: str) -> None:
    event = testing.group("group-1", {"company": "acme", "name": "Acme", "createdAt": 5})
    [(api, data)] = forms(run("groupIdentifyUser", [event], mapping))
    assert (api, data["$group_key"], data["$group_id"]) == ("groups", key, identity)
    assert data["$set"] == {"company": "acme", "$name": "Acme", "$created": 5}


def test_a_group_needs_traits() -> None:
    done = run("groupIdentifyUser", [testing.group()], {"traits": None})
    assert (done.requests, done.outcomes[0].message) == ([], '"traits" is a required field')


def test_an_alias_joins_two_ids() -> None:
    [(api, data)] = forms(run("alias", [testing.alias("old")]))
    assert (api, data["event"]) == ("track", "$create_alias")
    assert data["properties"] == {"distinct_id": "old", "alias": "user-1", "token": "token-0123456789"}


def test_increments_are_numbers() -> None:
    mapping = {"increment": {"a": "2", "b": 1.5, "c": True, "d": {}}, "user_id": None}
    [(api, data)] = forms(run("incrementProperties", [testing.track()], mapping))
    assert (api, data["$distinct_id"], data["$add"]) == ("engage", "anonymous-1", {"a": 2, "b": 1.5})


@pytest.mark.parametrize(
    ("increment", "message"),
    [({"a": "many"}, 'The key "a" was not numeric'),
     ({f"p{n}": n for n in range(21)}, "Exceeded maximum of 20 properties for increment call")],
)  # fmt: skip
def test_other_increments_are_refused(increment: dict[str, Any], message: str) -> None:
    done = run("incrementProperties", [testing.track()], {"increment": increment})
    assert (done.requests, done.outcomes[0].kind, done.outcomes[0].message) == ([], "discarded", message)


def test_profiles_need_the_project_token() -> None:
    settings = SETTINGS | {"projectToken": ""}
    outcomes = [
        run(action, [testing.track()], {"increment": {"a": 1}} if action == "incrementProperties" else None,
            settings=settings).outcomes[0].message
        for action in ("identifyUser", "incrementProperties")
    ]  # fmt: skip
    assert outcomes == ["Missing project token"] * 2


@pytest.mark.parametrize(
    ("user_agent", "expected"),
    [
        (f"Mozilla/5.0 (Windows NT 10.0) {WEBKIT} Chrome/124.0.0.0 Safari/537.36", ("Chrome", "124.0.0.0")),
        (f"Mozilla/5.0 (X11) {WEBKIT} Chrome/124.0.0.0 Safari/537.36 Edg/124.1", ("Microsoft Edge", "124.1")),
        (f"Mozilla/5.0 (X11) {WEBKIT} Chrome/124.0.0.0 Safari/537.36 OPR/109.0", ("Opera", "109.0")),
        (f"Mozilla/5.0 (Linux; Opera Mini) {WEBKIT} OPR/80.0", ("Opera Mini", None)),
        (f"Mozilla/5.0 (iPhone) {WEBKIT} Version/17.4 Mobile/15E148 Safari/604.1", ("Mobile Safari", "17.4")),
        (f"Mozilla/5.0 (Macintosh) {WEBKIT} Version/17.4 Safari/604.1", ("Safari", "17.4")),
        (f"Mozilla/5.0 (iPhone) {WEBKIT} CriOS/124.0.1 Mobile/15E148 Safari/604.1", ("Chrome iOS", "124.0.1")),
        (f"Mozilla/5.0 (Linux) {WEBKIT} SamsungBrowser/24.0 Chrome/117.0.0.0", ("Samsung Internet", "24.0")),
        ("Mozilla/5.0 (Windows NT 6.1; Trident/7.0; rv:11.0) like Gecko", ("Internet Explorer", "11.0")),
        ("Mozilla/5.0 (X11; rv:125.0) Gecko/20100101 Firefox/125.0", ("Firefox", "125.0")),
        ("Mozilla/5.0 (iPhone) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148", ("Mozilla", None)),
        ("curl/8.4.0", ("", None)),
    ],
)
def test_a_user_agent_tells_the_browser(user_agent: str, expected: tuple[str, str | None]) -> None:
    assert browser_of(user_agent) == expected


def test_credentials_are_tested_with_both_keys() -> None:
    asked = asyncio.run(testing.call(mixpanel, "test_authentication", settings=SETTINGS, respond=[(401, None, "")]))
    assert asked.outcome.kind == "discarded"
    assert asked.requests[0].json == {"api_secret": "secret-0123456789", "project_token": "token-0123456789"}
