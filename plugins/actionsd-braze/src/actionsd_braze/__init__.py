"""Braze: events, purchases, profiles, aliases, messages, ecommerce events and catalogs."""

from typing import Any

from actionsd.sdk import Action, Definition, DeleteCall, Preset, Response, hookimpl, path
from actionsd_braze.aliases import (
    CreateAlias,
    IdentifyUser,
    IdentifyUser2,
    create_alias,
    create_alias_2,
    identify_user,
    identify_user_2,
)
from actionsd_braze.api import BrazeSettings, authorized
from actionsd_braze.catalogs import UpsertCatalogItem, item_choices, upsert_catalog_item, upsert_catalog_items
from actionsd_braze.ecommerce import EcommerceProduct, EcommerceProducts, ecommerce_event, ecommerce_events
from actionsd_braze.events import (
    TrackEvent,
    TrackEvent2,
    track_event,
    track_event_2,
    track_events,
    track_events_2,
)
from actionsd_braze.messages import (
    TriggerCampaign,
    TriggerCanvas,
    campaign_choices,
    canvas_choices,
    trigger_campaign,
    trigger_canvas,
)
from actionsd_braze.profiles import (
    UpdateUserProfile,
    UpdateUserProfile2,
    update_user_profile,
    update_user_profile_2,
    update_user_profiles,
    update_user_profiles_2,
)
from actionsd_braze.purchases import (
    TrackPurchase,
    TrackPurchase2,
    track_purchase,
    track_purchase_2,
    track_purchases,
    track_purchases_2,
)

actionsd_contract = 1

_TRACK = 'type = "track" and event != "Order Completed"'
_ORDER = 'event = "Order Completed"'
_ALIAS = 'event = "Create Alias"'
_WITH_OWN_EVENT = ("Order Completed", "Checkout Started", "Order Refunded", "Order Cancelled", "Product Viewed")
_TRACK_CALLS = " and ".join(['type = "track"', *(f'event != "{name}"' for name in _WITH_OWN_EVENT)])


async def on_delete(call: DeleteCall[BrazeSettings]) -> Response:
    """Delete a user's profile."""
    return await call.http.post(f"{call.settings.endpoint}/users/delete", json={"external_ids": [call.user_id]})


_ecommerce: Action[BrazeSettings, EcommerceProducts] = Action(
    "ecommerce", title="Ecommerce Event (multi product)", payload=EcommerceProducts, perform=ecommerce_event,
    perform_batch=ecommerce_events, sync_modes=["add", "update"],
    description="Send a recommended event about several products.",
)  # fmt: skip
_ecommerce_single: Action[BrazeSettings, EcommerceProduct] = Action(
    "ecommerceSingleProduct", title="Ecommerce Event (single product)", payload=EcommerceProduct,
    perform=ecommerce_event, perform_batch=ecommerce_events, sync_modes=["add", "update"],
    description="Send a recommended event about one product.",
)  # fmt: skip

_ACTIONS: list[Action[BrazeSettings, Any]] = [
    Action("updateUserProfile", title="Update User Profile", description="Set a user's attributes.",
           payload=UpdateUserProfile, trigger='type = "identify"', perform=update_user_profile,
           perform_batch=update_user_profiles),
    Action("trackEvent", title="Track Event", description="Send a custom event.", payload=TrackEvent,
           trigger=_TRACK, perform=track_event, perform_batch=track_events),
    Action("trackPurchase", title="Track Purchase", description="Send a purchase.", payload=TrackPurchase,
           trigger=_ORDER, perform=track_purchase, perform_batch=track_purchases),
    Action("createAlias", title="Create Alias", description="Give a user another name.", payload=CreateAlias,
           trigger=_ALIAS, perform=create_alias),
    Action("identifyUser", title="Identify User", description="Give the user of an alias an ID.",
           payload=IdentifyUser, perform=identify_user),
    Action("identifyUser2", title="Identify User V2", description="Give the user of an alias or address an ID.",
           payload=IdentifyUser2, perform=identify_user_2, sync_modes=["add", "upsert"]),
    Action("trackEvent2", title="Track Event V2", description="Send a custom event.", payload=TrackEvent2,
           trigger=_TRACK, perform=track_event_2, perform_batch=track_events_2, sync_modes=["add", "update"]),
    Action("trackPurchase2", title="Track Purchase V2", description="Send a purchase.", payload=TrackPurchase2,
           trigger=_ORDER, perform=track_purchase_2, perform_batch=track_purchases_2,
           sync_modes=["add", "update"]),
    Action("updateUserProfile2", title="Update User Profile V2", description="Set a known user's attributes.",
           payload=UpdateUserProfile2, trigger='type = "identify"', perform=update_user_profile_2,
           perform_batch=update_user_profiles_2, sync_modes=["update"]),
    Action("createAlias2", title="Create Alias V2", description="Give a user another name.", payload=CreateAlias,
           trigger=_ALIAS, perform=create_alias_2, sync_modes=["add"]),
    Action("upsertCatalogItem", title="Upsert Catalog Item", description="Write or delete rows of a catalog.",
           payload=UpsertCatalogItem, perform=upsert_catalog_item, perform_batch=upsert_catalog_items,
           sync_modes=["upsert", "delete"], choices={"item.__keys__": item_choices}),
    Action("triggerCampaign", title="Trigger Campaign", description="Send an API-triggered campaign.",
           payload=TriggerCampaign, trigger='type = "track"', perform=trigger_campaign,
           choices={"campaign_id": campaign_choices}),
    Action("triggerCanvas", title="Trigger Canvas", description="Send an API-triggered canvas.",
           payload=TriggerCanvas, trigger='type = "track"', perform=trigger_canvas,
           choices={"canvas_id": canvas_choices}),
    _ecommerce,
    _ecommerce_single,
]  # fmt: skip


def _commerce_preset(title: str, event: str, name: str, link: str) -> Preset:
    """The preset of an event with several products; ``link`` is the property that becomes metadata."""
    more = {"name": f"ecommerce.{name}", "metadata": {link: path(f"$.properties.{link}")}}
    return Preset(f"{title} (beta)", "ecommerce", f'event = "{event}"', _ecommerce.default_mapping | more)


def _specific_preset(name: str, action: str, slug: str) -> Preset:
    return Preset(name, action, type="specificEvent", event_slug=slug)


_PRESETS = [
    Preset("Track Calls", "trackEvent", _TRACK_CALLS),
    _commerce_preset("Order Placed", "Order Completed", "order_placed", "order_status_url"),
    _commerce_preset("Checkout Started", "Checkout Started", "checkout_started", "checkout_url"),
    _commerce_preset("Order Refunded", "Order Refunded", "order_refunded", "order_status_url"),
    _commerce_preset("Order Cancelled", "Order Cancelled", "order_cancelled", "order_status_url"),
    Preset("Product Viewed (beta)", "ecommerceSingleProduct", 'event = "Product Viewed"',
           _ecommerce_single.default_mapping | {"name": "ecommerce.product_viewed"}),
    Preset("Identify Calls", "updateUserProfile", 'type = "identify"'),
    _specific_preset("Associated Entity Added", "trackEvent", "warehouse_entity_added_track"),
    _specific_preset("Associated Entity Removed", "trackEvent", "warehouse_entity_removed_track"),
    _specific_preset("Entities Audience Entered", "trackEvent", "warehouse_audience_entered_track"),
    _specific_preset("Entities Exited", "trackEvent", "warehouse_audience_exited_track"),
    _specific_preset("Entities Audience Membership Changed", "updateUserProfile",
                     "warehouse_audience_membership_changed_identify"),
    _specific_preset("Journeys Step Transition Track", "trackEvent", "journeys_step_entered_track"),
]  # fmt: skip

braze = Definition(
    "braze",
    id="60f9d0d048950c356be2e4da",
    name="Braze Cloud Mode (Actions)",
    description="Customer engagement: events, profiles and messages.",
    settings=BrazeSettings,
    request=authorized,
    on_delete=on_delete,
    hosts=("*.braze.com", "*.braze.eu"),
    categories=("Email Marketing", "Push Notifications"),
    actions=_ACTIONS,
    presets=_PRESETS,
)


@hookimpl
def actionsd_definitions() -> list[Definition[Any]]:
    return [braze]
