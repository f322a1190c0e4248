"""Track Event and Track Purchase: events for Mixpanel's Import API, one by one or many at once."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from actionsd.sdk import (
    BaseCall,
    BatchCall,
    Call,
    Field,
    HTTPError,
    Json,
    MultiStatus,
    Response,
    each,
    path,
    picker,
)
from actionsd.sdk.helpers import UTM_NAMES, to_ms
from actionsd_mixpanel.api import MixpanelSettings, url_of
from actionsd_mixpanel.browser import browser_of
from actionsd_mixpanel.fields import Event, Product, UserAgentData, UtmProperties

TrackEvent = Event

_sent_as = picker(Event, {
    "ip": "ip", "id": "distinct_id", "$anon_id": "anonymous_id", "$app_build_number": "app_build",
    "$app_version_string": "app_version", "$app_namespace": "app_namespace", "$app_name": "app_name",
    "$bluetooth_enabled": "bluetooth", "$cellular_enabled": "cellular", "$carrier": "carrier", "$current_url": "url",
    "$device": "device_name", "$device_id": "anonymous_id", "$device_type": "device_type",
    "$device_name": "device_name", "$group_id": "group_id", "$identified_id": "user_id", "$ios_ifa": "idfa",
    "$lib_version": "library_version", "$locale": "language", "$manufacturer": "device_manufacturer",
    "$model": "device_model", "$os": "os_name", "$os_version": "os_version", "$referrer": "referrer",
    "$screen_height": "screen_height", "$screen_width": "screen_width", "$screen_density": "screen_density",
    "$user_id": "user_id", "$wifi_enabled": "wifi", "mp_country_code": "country", "advertising_id": "advertising_id",
    "ad_tracking_enabled": "ad_tracking_enabled", "timezone": "timezone", "app_platform": "app_platform",
    "event_original_name": "name",
})  # fmt: skip
"""Mixpanel's property and the field that it is sent from."""

_campaign = picker(UtmProperties, {utm: utm for utm in UTM_NAMES.values()})
_HINTS = ("mobile", "platform", "bitness", "platformVersion", "uaFullVersion", "wow64")
_hints = picker(UserAgentData, {f"${name}": name for name in _HINTS})
_RESERVED = frozenset({"time", "id", "$anon_id", "distinct_id", "$group_id", "$insert_id", "$user_id"})
"""Properties that fields alone set."""

_OF_THE_ORDER = {
    "affiliation", "subtotal", "total", "revenue", "shipping", "tax", "discount", "coupon", "currency", "order_number",
    "products",
}  # fmt: skip
"""Properties of an order that its products do not repeat."""


class TrackPurchase(Event):
    """An order and its products."""

    generatePurchaseEventPerProduct: Annotated[
        bool | None,
        Field("Generate Purchase Event Per Product", "Also send a “Product Purchased” for each product.", default=True),
    ] = None
    products: Annotated[
        list[Json] | None,
        Field("Products", "The products bought.", properties=Product,
              default=each("$.properties.products", {key: path(key) for key in Product.__struct_fields__})),
    ] = None  # fmt: skip


async def track_event(call: Call[MixpanelSettings, TrackEvent]) -> Response:
    """Import one event."""
    return await _import(call, [_event(call, call.payload)])


async def track_events(call: BatchCall[MixpanelSettings, TrackEvent]) -> Response | MultiStatus:
    """Import many events."""
    return await _import_many(call, [[_event(call, payload)] for payload in call.payloads])


async def track_purchase(call: Call[MixpanelSettings, TrackPurchase]) -> Response:
    """Import an order and its products."""
    return await _import(call, _purchase(call, call.payload))


async def track_purchases(call: BatchCall[MixpanelSettings, TrackPurchase]) -> Response | MultiStatus:
    """Import many orders."""
    return await _import_many(call, [_purchase(call, payload) for payload in call.payloads])


async def _import(call: BaseCall[MixpanelSettings], events: Sequence[Mapping[str, Any]]) -> Response:
    settings = call.settings
    url = f"{url_of('import', settings)}?strict={settings.strictMode}"
    return await call.http.post(url, json=events, auth=(settings.apiSecret, ""))


async def _import_many(
    call: BaseCall[MixpanelSettings], groups: Sequence[Sequence[Mapping[str, Any]]]
) -> Response | MultiStatus:
    """Import the events of each payload. In strict mode a 400 that lists refused records has imported the others."""
    try:
        return await _import(call, [event for group in groups for event in group])
    except HTTPError as error:
        refused = error.response.data.get("failed_records") if isinstance(error.response.data, dict) else None
        if error.status != 400 or not refused:
            raise
    owners = [index for index, group in enumerate(groups) for _ in group]
    reasons = {owners[record["index"]]: record for record in refused}
    results = MultiStatus()
    for index, group in enumerate(groups):
        if index in reasons:
            results.failure(400, str(reasons[index].get("message", "")), sent=group, body=reasons[index])
        else:
            results.success(sent=group)
    return results


def _event(call: BaseCall[MixpanelSettings], payload: Event) -> dict[str, Any]:
    """The event as the Import API takes it; mapped properties win over those of fields that are not reserved."""
    mapped = payload.event_properties or {}
    if not _RESERVED.isdisjoint(mapped):
        mapped = {name: value for name, value in mapped.items() if name not in _RESERVED}
    properties = _properties(call, payload)
    properties |= mapped
    return {"event": payload.event, "properties": properties}


def _properties(call: BaseCall[MixpanelSettings], payload: Event) -> dict[str, Any]:
    time = to_ms(payload.time) if payload.time else None
    integration = (payload.context or {}).get("integration")
    library = payload.library_name
    properties: dict[str, Any] = {
        "time": call.at_ms if time is None else time,
        "distinct_id": payload.distinct_id or "",
        "$insert_id": call.uuid() if payload.insert_id is None else payload.insert_id,
        "$source": "Iterable" if isinstance(integration, dict) and integration.get("name") == "Iterable" else "segment",
    }
    if call.settings.sourceName is not None:
        properties["segment_source_name"] = call.settings.sourceName
    if library is not None:
        properties["mp_lib"] = f"Segment Actions: {library}" if library else library
    properties |= _sent_as(payload)
    if payload.utm_properties is not None:
        properties |= _campaign(payload.utm_properties)
    if payload.userAgentData is not None:
        properties |= _hints(payload.userAgentData)
    if payload.userAgent:
        properties["$browser"], version = browser_of(payload.userAgent)
        if version is not None:
            properties["$browser_version"] = version
    return properties


def _purchase(call: BaseCall[MixpanelSettings], payload: TrackPurchase) -> list[dict[str, Any]]:
    """The order, and its products as events a millisecond apart before it, so that both keep their order."""
    order = _event(call, payload)
    if not payload.products or not payload.generatePurchaseEventPerProduct:
        return [order]
    common = {name: value for name, value in order["properties"].items() if name not in _OF_THE_ORDER}
    products = [
        {**common, "$insert_id": f"{count}{common['$insert_id']}", "time": common["time"] - count - 1, **product}
        for count, product in enumerate(payload.products)
    ]
    return [order, *({"event": "Product Purchased", "properties": properties} for properties in products)]
