"""Track Purchase: an object for each product; events share requests of at most 75 objects."""

from collections.abc import Callable
from typing import Annotated, Any

from actionsd.sdk import (
    BatchCall,
    Call,
    DateTime,
    Field,
    IntegrationError,
    Json,
    MultiStatus,
    Number,
    Payload,
    PayloadValidationError,
    Response,
    RetryableError,
    path,
)
from actionsd.sdk.helpers import to_iso
from actionsd_braze.api import BrazeSettings, Objects, given, sync_mode, track_batch, track_users
from actionsd_braze.users import OnlyExisting, User, identified, only_existing

MOST_OBJECTS = 75
"""What Braze takes in one request of /users/track."""


class Product(Payload):
    """A product of the purchase; its other members become properties."""

    product_id: Annotated[str, Field("Product ID")]
    currency: Annotated[str | None, Field("Currency", "USD where there is none.")] = None
    price: Annotated[Number, Field("Price")]
    quantity: Annotated[int | None, Field("Quantity")] = None


_OWN_MEMBERS = ("product_id", "currency", "price", "quantity")


class TrackPurchase2(User):
    """A purchase of one or more products."""

    email: Annotated[str | None, Field("Email", "The user's e-mail address.", default=path("$.traits.email"))] = None
    time: Annotated[DateTime, Field("Time", "When it happened.", default=path("$.receivedAt"))]
    products: Annotated[
        list[Json],
        Field("Products", "Products bought.", properties=Product, default=path("$.properties.products")),
    ]
    properties: Annotated[
        Json | None, Field("Event Properties", "Properties of the event.", default=path("$.properties"))
    ] = None


class TrackPurchase(TrackPurchase2):
    """A purchase of one or more products."""

    update_existing_only: OnlyExisting = only_existing()


async def track_purchase(call: Call[BrazeSettings, TrackPurchase]) -> Response | None:
    """Send one purchase."""
    return await _send(call, call.payload, call.payload.update_existing_only)


async def track_purchases(call: BatchCall[BrazeSettings, TrackPurchase]) -> MultiStatus:
    """Send many purchases."""
    make = _fitting(lambda payload: _purchases(call.settings, payload, payload.update_existing_only))
    return await track_batch(call, "purchases", make)


async def track_purchase_2(call: Call[BrazeSettings, TrackPurchase2]) -> Response | None:
    """Send one purchase; sync mode "update" spares unknown users."""
    return await _send(call, call.payload, sync_mode(call.sync_mode, "add", "update") == "update")


async def track_purchases_2(call: BatchCall[BrazeSettings, TrackPurchase2]) -> MultiStatus:
    """Send many purchases; sync mode "update" spares unknown users."""
    only_update = sync_mode(call.sync_mode, "add", "update") == "update"
    make = _fitting(lambda payload: _purchases(call.settings, payload, only_update))
    return await track_batch(call, "purchases", make)


async def _send(call: Call[BrazeSettings, Any], payload: TrackPurchase2, only_update: bool | None) -> Response | None:
    """Send what was bought; nothing where no product was."""
    objects = _purchases(call.settings, payload, only_update)
    return await track_users(call, "purchases", objects) if objects else None


def _purchases(settings: BrazeSettings, payload: TrackPurchase2, only_update: bool | None) -> Objects:
    base = identified(payload) | given(
        app_id=settings.app_id, time=to_iso(payload.time), _update_existing_only=only_update
    )
    shared = {name: value for name, value in (payload.properties or {}).items() if name != "products"}
    return [base | _product(product) | {"properties": _others(product) | shared} for product in payload.products]


def _product(product: Json) -> dict[str, Any]:
    own = given(**{name: product.get(name) for name in _OWN_MEMBERS})
    return {"currency": "USD"} | own


def _others(product: Json) -> dict[str, Any]:
    return {name: value for name, value in product.items() if name not in _OWN_MEMBERS}


def _fitting(make: Callable[[Any], Objects]) -> Callable[[TrackPurchase2], Objects]:
    """``make`` for the payloads of one batch: it refuses those whose products are none, or too many."""
    taken = 0

    def make_fitting(payload: TrackPurchase2) -> Objects:
        nonlocal taken
        count = len(payload.products)
        if count > MOST_OBJECTS:
            text = f"The payload has {count} products, and Braze takes at most {MOST_OBJECTS} in a request."
            raise IntegrationError(text, "PAYLOAD_TOO_LARGE", 413)
        taken += count
        if taken > MOST_OBJECTS:
            text = f"The batch has more than the {MOST_OBJECTS} products that Braze takes; another one will have these."
            raise RetryableError(text, 429)
        made = make(payload)
        if not made:
            raise PayloadValidationError("The event has no products.")
        return made

    return make_fitting
