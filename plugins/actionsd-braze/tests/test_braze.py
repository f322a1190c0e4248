import asyncio
from typing import Any

import pytest
from actionsd_braze import braze

from actionsd import testing

URL = "https://rest.fra-01.braze.eu"
SETTINGS = {"api_key": "key-0123456789", "endpoint": URL}
CATALOG = {"outputs": {"catalog_name": "restaurants"}}
PRODUCT = {"product_id": "p1", "price": 5, "quantity": 2, "color": "red"}


def run(
    action: str, events: list[dict[str, Any]], mapping: dict[str, Any] | None = None, **options: Any
) -> testing.Run:
    """Events through the default mapping, with some fields mapped otherwise."""
    fields = braze.actions[action].default_mapping | {"time": "2024-05-14T10:20:30Z"} | (mapping or {})
    given: dict[str, Any] = {"settings": SETTINGS, "mapping": fields, "trigger": None} | options
    return asyncio.run(testing.run(braze, action, events=events, **given))


def objects(done: testing.Run, kind: str) -> list[dict[str, Any]]:
    (request,) = done.requests
    assert request.url == f"{URL}/users/track"
    found: list[dict[str, Any]] = request.json[kind]
    return found


def kinds(done: testing.Run) -> list[str]:
    return [outcome.kind for outcome in done.outcomes]


def synced(mode: str, **fields: Any) -> dict[str, Any]:
    return {"__segment_internal_sync_mode": mode, **fields}


def test_the_contract_is_kept() -> None:
    testing.check_definition(braze)


def test_an_event_names_its_user_and_keeps_a_null() -> None:
    signed_up = testing.track("Signed Up", {"plan": "pro", "braze_id": None, "email": "a@b.test"})
    (event,) = objects(run("trackEvent", [signed_up]), "events")
    assert event == {
        "external_id": "user-1", "braze_id": None, "email": "a@b.test", "name": "Signed Up",
        "time": "2024-05-14T10:20:30.000Z", "properties": {"plan": "pro", "braze_id": None, "email": "a@b.test"},
        "_update_existing_only": False,
    }  # fmt: skip


def test_an_alias_counts_only_when_it_is_whole() -> None:
    half = run("trackEvent", [testing.track()], {"external_id": None, "user_alias": {"alias_name": "a"}})
    assert (half.requests, kinds(half)) == ([], ["discarded"])
    whole = {"alias_name": "a", "alias_label": "b"}
    (event,) = objects(run("trackEvent", [testing.track()], {"user_alias": whole}), "events")
    assert event["user_alias"] == whole


@pytest.mark.parametrize(("mode", "expected"), [("add", False), ("update", True)])
def test_the_sync_mode_spares_unknown_users(mode: str, expected: bool) -> None:
    (event,) = objects(run("trackEvent2", [testing.track()], synced(mode)), "events")
    assert event["_update_existing_only"] is expected


@pytest.mark.parametrize("action", ["trackEvent2", "trackPurchase2", "updateUserProfile2"])
@pytest.mark.parametrize("batch", [False, True])
def test_a_sync_mode_is_needed(action: str, batch: bool) -> None:
    done = run(action, [testing.track(properties={"products": [PRODUCT]})], batch=batch)
    assert (done.requests, kinds(done)) == ([], ["discarded"])
    assert "The sync mode must be" in done.outcomes[0].message


def test_a_purchase_sends_an_object_for_each_product() -> None:
    event = testing.track("Order Completed", {"coupon": "c", "products": [PRODUCT, {"product_id": "p2", "price": 1}]})
    done = run("trackPurchase", [event])
    first, second = objects(done, "purchases")
    assert done.requests[0].headers["x-braze-batch"] == "true"
    assert (first["product_id"], first["currency"], first["price"], first["quantity"]) == ("p1", "USD", 5, 2)
    assert first["properties"] == {"color": "red", "coupon": "c"}
    assert second["properties"] == {"coupon": "c"}
    assert "quantity" not in second


def test_a_purchase_without_products_sends_nothing() -> None:
    done = run("trackPurchase", [testing.track("Order Completed", {"products": []})])
    assert (done.requests, kinds(done)) == ([], ["delivered"])


def test_a_batch_of_purchases_has_75_products() -> None:
    counts = (76, 70, 6, 5, 0)
    events = [testing.track("Order Completed", {"products": [PRODUCT] * count}) for count in counts]
    done = run("trackPurchase", events, batch=True)
    assert len(objects(done, "purchases")) == 70
    assert [outcome.status for outcome in done.outcomes] == [413, 200, 429, 429, 429]
    alone = run("trackPurchase", events[-1:], batch=True)
    assert (alone.requests, kinds(alone)) == ([], ["discarded"])


def test_a_profile_is_spelt_as_braze_does() -> None:
    traits = {"firstName": "Ada", "gender": "Female", "plan": "pro", "time": "dropped", "phone": None}
    mapping = {"dob": "1990-05-14T10:00:00Z", "date_of_last_session": None, "current_location": {}, "push_tokens": []}
    (user,) = objects(run("updateUserProfile", [testing.identify(traits)], mapping), "attributes")
    assert user == {
        "external_id": "user-1", "first_name": "Ada", "gender": "F", "plan": "pro", "dob": "1990-05-14", "phone": None,
        "date_of_last_session": None, "push_tokens": [], "_update_existing_only": False,
    }  # fmt: skip


def test_braze_can_refuse_objects_of_a_request_that_it_takes() -> None:
    events = [testing.track(userId=user) for user in ("a", None, "b")]
    answer = {"message": "success", "errors": [{"type": "bad time", "input_array": "events", "index": 1}]}
    done = run("trackEvent", events, {"email": None}, batch=True, respond=[(201, None, answer)])
    assert kinds(done) == ["delivered", "discarded", "discarded"]
    assert done.outcomes[2].message == "bad time"


def test_a_refused_batch_tells_brazes_words() -> None:
    done = run("trackEvent", [testing.track(), testing.track()], batch=True, respond=[(429, None, {"message": "slow"})])
    assert kinds(done) == ["retry", "retry"]
    assert done.outcomes[0].message == "slow"


def test_identify_takes_an_email_with_priorities() -> None:
    priorities = {"first_priority": "unidentified", "second_priority": "most_recently_updated"}
    mapping = synced("add", external_id="u", email_to_identify="a@b.test", prioritization=priorities)
    done = run("identifyUser2", [testing.identify()], mapping)
    expected = {"external_id": "u", "email": "a@b.test", "prioritization": ["unidentified", "most_recently_updated"]}
    assert done.requests[0].json == {"emails_to_identify": [expected]}
    refused = run("identifyUser2", [testing.identify()], mapping, respond=[(201, None, {"errors": [{"type": "no"}]})])
    assert (kinds(refused), refused.outcomes[0].message) == (["discarded"], "no")


def test_an_alias_of_nobody_has_no_id() -> None:
    mapping = {"external_id": None, "alias_name": "a", "alias_label": "b"}
    done = run("createAlias", [testing.track("Create Alias")], mapping)
    assert done.requests[0].json == {"user_aliases": [{"alias_name": "a", "alias_label": "b"}]}


@pytest.mark.parametrize(
    ("action", "key", "path"),
    [("triggerCampaign", "campaign_id", "campaigns"), ("triggerCanvas", "canvas_id", "canvas")],
)
def test_a_message_goes_to_recipients_or_to_all(action: str, key: str, path: str) -> None:
    to_one = {key: "c1", "recipients": [{"external_user_id": "u"}], "prioritization": {"first_priority": "identified"}}
    done = run(action, [testing.track(properties={})], to_one)
    assert done.requests[0].url == f"{URL}/{path}/trigger/send"
    assert done.requests[0].json["recipients"] == [{"external_user_id": "u", "prioritization": ["identified"]}]
    assert "prioritization" not in done.requests[0].json
    for wrong in ({"broadcast": True}, {"recipients": []}):
        refused = run(action, [testing.track()], to_one | wrong)
        assert (refused.requests, kinds(refused)) == ([], ["discarded"])


def test_choices_are_read_page_by_page() -> None:
    pages = [{"canvases": [{"id": "2", "name": "b"}]}, {"canvases": [{"id": "1", "name": "A"}]}, {"canvases": []}]
    asked = asyncio.run(
        testing.call(braze, "choices", action="triggerCanvas", settings=SETTINGS, input={"field": "canvas_id"},
                     respond=[(200, None, page) for page in pages])
    )  # fmt: skip
    assert [choice.label for choice in asked.result.choices] == ["A", "b"]
    assert [request.url.partition("?")[2] for request in asked.requests] == ["page=0", "page=1", "page=2"]


ORDER = {"order_id": "o", "total": 12, "currency": "EUR", "source": "web", "discount": 2, "cart_id": "c"}
LINE = {"product_id": "p", "name": "Hat", "variant": "v", "price": 6, "quantity": 2}


def test_an_order_has_its_own_properties() -> None:
    preset = next(preset for preset in braze.presets if preset.name == "Order Placed (beta)")
    event = testing.track("Order Completed", {**ORDER, "products": [LINE], "order_status_url": "https://s.test"})
    assert preset.mapping is not None
    (sent,) = objects(run("ecommerce", [event], {**preset.mapping}), "events")
    assert sent["properties"] == {
        "currency": "EUR", "source": "web", "metadata": {"order_status_url": "https://s.test"}, "total_value": 12,
        "order_id": "o", "cart_id": "c", "total_discounts": 2,
        "products": [{"product_id": "p", "product_name": "Hat", "variant_id": "v", "price": 6, "quantity": 2}],
    }  # fmt: skip
    assert "_update_existing_only" not in sent


def test_one_product_makes_no_order() -> None:
    event = testing.track("Order Completed", {**ORDER, **LINE})
    done = run("ecommerceSingleProduct", [event], {"name": "ecommerce.order_placed"})
    assert (done.requests, kinds(done)) == ([], ["discarded"])
    assert "multi product" in done.outcomes[0].message


@pytest.mark.parametrize(("mode", "method"), [("upsert", "PUT"), ("delete", "DELETE")])
def test_a_catalog_item_is_written_or_deleted(mode: str, method: str) -> None:
    mapping = synced(mode, item_id="i-1", item={"City": "Rome"}, onMappingSave=CATALOG)
    (request,) = run("upsertCatalogItem", [testing.track()], mapping).requests
    assert (request.method, request.url) == (method, f"{URL}/catalogs/restaurants/items/i-1")
    missing = (404, None, {"errors": [{"id": "item-not-found", "message": "gone"}]})
    done = run("upsertCatalogItem", [testing.track()], mapping, respond=[missing])
    assert kinds(done) == ["delivered" if mode == "delete" else "discarded"]


@pytest.mark.parametrize("wrong", [{"item_id": "a/b"}, {"item": {}}, {"__segment_internal_sync_mode": "mirror"}])
def test_a_wrong_catalog_item_is_not_sent(wrong: dict[str, Any]) -> None:
    mapping = synced("upsert", item_id="i", item={"City": "Rome"}, onMappingSave=CATALOG) | wrong
    done = run("upsertCatalogItem", [testing.track()], mapping)
    assert (done.requests, kinds(done)) == ([], ["discarded"])


def test_catalog_items_of_a_refused_batch_are_told_apart() -> None:
    mapping = synced("upsert", item_id={"@path": "$.properties.id"}, item={"City": "Rome"}, onMappingSave=CATALOG)
    events = [testing.track(properties={"id": name}) for name in ("a", "b", "a")]
    done = run("upsertCatalogItem", events, mapping, batch=True)
    assert [item["id"] for item in done.requests[0].json["items"]] == ["a", "b"]
    assert kinds(done) == ["delivered", "delivered", "discarded"]
    errors = [{"id": "invalid-fields", "message": "bad", "parameters": ["id"], "parameter_values": ["b"]}]
    refused = run("upsertCatalogItem", events, mapping, batch=True, respond=[(400, None, {"errors": errors})])
    assert kinds(refused) == ["retry", "discarded", "discarded"]
    unknown = [{"id": "catalog-not-found", "message": "no catalog", "parameter_values": ["restaurants"]}]
    lost = run("upsertCatalogItem", events, mapping, batch=True, respond=[(404, None, {"errors": unknown})])
    assert [outcome.status for outcome in lost.outcomes] == [404, 404, 400]


def test_the_fields_of_a_catalog_are_choices() -> None:
    catalogs = {"catalogs": [{"name": "restaurants", "fields": [{"name": "id"}, {"name": "City"}]}]}
    for hook, expected in ((CATALOG, ["City"]), ({}, [])):
        asked = asyncio.run(
            testing.call(
                braze, "choices", action="upsertCatalogItem", settings=SETTINGS, respond=[(200, None, catalogs)],
                input={"field": "item.__keys__", "payload": {"onMappingSave": hook}},
            )
        )  # fmt: skip
        assert [choice.value for choice in asked.result.choices] == expected


def test_a_deleted_user_is_forgotten() -> None:
    deleted = asyncio.run(testing.call(braze, "on_delete", settings=SETTINGS, input={"userId": "u"}))
    assert deleted.requests[0].json == {"external_ids": ["u"]}
    assert deleted.requests[0].headers["authorization"] == "Bearer key-0123456789"
