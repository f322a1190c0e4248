"""Log Event, Log Event V2 and Log Purchase: events for Amplitude's HTTP API V2, or its batch endpoint."""

import re
from collections.abc import Mapping
from typing import Annotated, Any

from actionsd.sdk import (
    BaseCall,
    Call,
    Field,
    Json,
    Number,
    Payload,
    Response,
    any_of,
    each,
    js,
    members,
    path,
    picker,
    when,
)
from actionsd.sdk.helpers import UTM_NAMES, to_ms
from actionsd_amplitude.api import AmplitudeSettings, id_options, url_of
from actionsd_amplitude.fields import Event, Referrer, Revenue, Utm
from actionsd_amplitude.properties import campaign_properties, merged, name_platform, own_properties, with_agent

_NOT_SENT = frozenset({
    "time", "session_id", "userAgent", "userAgentParsing", "includeRawUserAgent", "userAgentData", "min_id_length",
    "library", "library2", "utm_properties", "referrer", "setOnce", "setAlways", "add", "trackRevenuePerProduct",
    "revenue", "price", "productId", "quantity", "revenueType",
})  # fmt: skip
"""Fields that choose or make up what is sent, and are not sent as they are."""

_EACH_PRODUCT = each(
    "$.properties.products", {key: path(key) for key in ("price", "revenue", "quantity", "productId", "revenueType")}
)
Products = Annotated[
    list[Json] | None, Field("Products", "The products bought.", properties=Revenue, default=_EACH_PRODUCT)
]


class LogEvent(Event):
    """An event; campaign and referrer become user properties."""

    products: Products = None
    utm_properties: Utm = None
    referrer: Referrer = None


class Initial(Payload):
    """First touch."""

    initial_referrer: Annotated[str | None, Field("Initial Referrer")] = None
    initial_utm_source: Annotated[str | None, Field("Initial UTM Source")] = None
    initial_utm_medium: Annotated[str | None, Field("Initial UTM Medium")] = None
    initial_utm_campaign: Annotated[str | None, Field("Initial UTM Campaign")] = None
    initial_utm_term: Annotated[str | None, Field("Initial UTM Term")] = None
    initial_utm_content: Annotated[str | None, Field("Initial UTM Content")] = None


class Latest(Payload):
    """Last touch."""

    referrer: Annotated[str | None, Field("Referrer")] = None
    utm_source: Annotated[str | None, Field("UTM Source")] = None
    utm_medium: Annotated[str | None, Field("UTM Medium")] = None
    utm_campaign: Annotated[str | None, Field("UTM Campaign")] = None
    utm_term: Annotated[str | None, Field("UTM Term")] = None
    utm_content: Annotated[str | None, Field("UTM Content")] = None


def _touch(prefix: str) -> dict[str, Any]:
    """The default mapping of a touch."""
    campaign = {f"{prefix}{utm}": path(f"$.context.campaign.{name}") for name, utm in UTM_NAMES.items()}
    return {f"{prefix}referrer": path("$.context.page.referrer")} | campaign


class LogEventV2(Event):
    """An event, with user properties to set once, to set always, and to add to."""

    products: Products = None
    setOnce: Annotated[
        Json | None,
        Field("Set Once", "User properties to set where they have no value yet.", properties=Initial,
              default=_touch("initial_")),
    ] = None  # fmt: skip
    setAlways: Annotated[
        Json | None, Field("Set Always", "User properties to set.", properties=Latest, default=_touch(""))
    ] = None
    add: Annotated[Json | None, Field("Add", "Numbers to add to user properties.", object_editor="keyvalue")] = None


class Product(Revenue):
    """One of the products of a purchase; its revenue is asked for only where price or quantity is missing."""

    revenue: Annotated[
        Number | None,
        Field("Revenue", "Price × quantity, which wins where both are sent.",
              depends_on=any_of(when("price", is_=""), when("quantity", is_=""))),
    ] = None  # fmt: skip


class LogPurchase(LogEvent):
    """An event with revenue, and one more for each product."""

    products: Annotated[
        list[Json] | None, Field("Products", "Each makes an event.", properties=Product, default=_EACH_PRODUCT)
    ] = None
    trackRevenuePerProduct: Annotated[
        bool | None,
        Field("Track Revenue Per Product", "Count revenue with each product instead of once.", default=False),
    ] = None


_bought = picker(LogPurchase, {name: name for name in ("price", "quantity", "revenue", "productId", "revenueType")})


async def log_event(call: Call[AmplitudeSettings, LogEvent]) -> Response:
    """Send one event."""
    return await _upload(call, call.payload, [with_agent(call.payload, _touched(call.payload))])


async def log_event_v2(call: Call[AmplitudeSettings, LogEventV2]) -> Response:
    """Send one event; the three groups of user properties are sent under Amplitude's operators."""
    payload = call.payload
    event = _event(payload)
    groups = (("$setOnce", payload.setOnce), ("$set", payload.setAlways), ("$add", payload.add))
    chosen = {operator: group for operator, group in groups if group and _has_value(group)}
    if chosen:
        event["user_properties"] = event.get("user_properties", {}) | chosen
    return await _upload(call, payload, [with_agent(payload, event)])


async def log_purchase(call: Call[AmplitudeSettings, LogPurchase]) -> Response:
    """Send the event and, after it, a "Product Purchased" for each product; revenue is counted in one place."""
    payload = call.payload
    event = _touched(payload)
    products = event.pop("products", [])
    per_product = bool(products and payload.trackRevenuePerProduct)
    events = [with_agent(payload, event) | ({} if per_product else _revenue(_bought(payload)))]
    for product in products:
        more: dict[str, Any] = {"event_properties": product, "event_type": "Product Purchased"}
        if payload.insert_id:
            more["insert_id"] = f"{payload.insert_id}-{len(events) + 1}"
        events.append(event | (_revenue(product) if per_product else {}) | more)
    return await _upload(call, payload, events)


async def _upload(call: BaseCall[AmplitudeSettings], payload: Event, events: list[dict[str, Any]]) -> Response:
    body: dict[str, Any] = {"api_key": call.settings.apiKey, "events": events}
    options = id_options(payload.min_id_length)
    if options is not None:
        body["options"] = options
    api = "batch" if payload.use_batch_endpoint else "httpapi"
    return await call.http.post(url_of(api, call.settings), json=body)


def _event(payload: Event) -> dict[str, Any]:
    """The event as Amplitude takes it: times in milliseconds, platform and library by name."""
    event = members(payload, without=_NOT_SENT)
    name_platform(event, payload.library)
    time = to_ms(payload.time) if payload.time else None
    if time is not None:
        event["time"] = time
    session = _session_id(payload.session_id) if payload.session_id else None
    if session is not None:
        event["session_id"] = session
    library = payload.library2
    name = library.mapping if library is not None and library.behavior == "use_mapping" else "segment"
    if name is not None:
        event["library"] = name
    return event


def _touched(payload: LogEvent) -> dict[str, Any]:
    """The event with campaign and referrer among its user properties; mapped ones win."""
    event = _event(payload)
    campaign = campaign_properties(payload.utm_properties, payload.referrer)
    if campaign:
        event["user_properties"] = merged(campaign, own_properties(payload.user_properties))
    return event


def _session_id(value: str | int | float) -> int | float | None:
    """Milliseconds: digits are taken as such, everything else as a date."""
    if to_ms(value) is None:
        return None
    return js.to_number(value) if isinstance(value, str) and re.fullmatch("[0-9]+", value) else to_ms(value)


def _has_value(group: Mapping[str, Any]) -> bool:
    return any(value != "" for value in group.values())


def _revenue(bought: Mapping[str, Any]) -> dict[str, Any]:
    """Amplitude's revenue fields; {} without revenue. Price × quantity wins over a given one."""
    price, quantity, revenue = (bought.get(name) for name in ("price", "quantity", "revenue"))
    if isinstance(price, int | float) and isinstance(quantity, int | float):
        revenue = quantity * price
    if not revenue:
        return {}
    given = {"quantity": quantity, "price": price, "productId": bought.get("productId")}
    kind = bought.get("revenueType")
    return {"revenue": revenue, "revenueType": "Purchase" if kind is None else kind} | {
        name: value for name, value in given.items() if value is not None
    }
