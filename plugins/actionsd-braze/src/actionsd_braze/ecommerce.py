"""Braze's recommended ecommerce events: a product viewed, a checkout, an order and what became of it."""

from typing import Annotated, Any

from actionsd.sdk import (
    UNSET,
    BatchCall,
    Call,
    Choice,
    Field,
    Json,
    MultiStatus,
    Number,
    Payload,
    PayloadValidationError,
    Response,
    UnsetType,
    any_of,
    each,
    if_exists,
    path,
    plain,
    when,
)
from actionsd.sdk.helpers import to_iso
from actionsd_braze.api import BrazeSettings, track_batch, track_users
from actionsd_braze.currencies import CURRENCIES
from actionsd_braze.users import Alias

_VIEWED, _CHECKOUT, _PLACED, _CANCELLED, _REFUNDED = (
    f"ecommerce.{name}"
    for name in ("product_viewed", "checkout_started", "order_placed", "order_cancelled", "order_refunded")
)
_ORDERS = (_PLACED, _CANCELLED, _REFUNDED)
_MEMBERS: dict[str, tuple[str, ...]] = {
    _CHECKOUT: ("total_value", "checkout_id", "cart_id"),
    _PLACED: ("total_value", "order_id", "cart_id", "total_discounts", "discounts"),
    _REFUNDED: ("total_value", "order_id", "total_discounts", "discounts"),
    _CANCELLED: ("total_value", "order_id", "cancel_reason", "total_discounts", "discounts"),
}
"""The properties of each event with several products."""

_IF_CHECKOUT = any_of(when("name", is_=_CHECKOUT))
_IF_CART = any_of(*(when("name", is_=name) for name in (_CHECKOUT, _PLACED)))
_IF_ORDER = any_of(*(when("name", is_=name) for name in _ORDERS))
_IF_TOTAL = any_of(*(when("name", is_=name) for name in (_CHECKOUT, *_ORDERS)))
_IF_CANCELLED = any_of(when("name", is_=_CANCELLED))


def _user_path(name: str) -> dict[str, Any]:
    return if_exists(f"$.context.traits.{name}", f"$.properties.{name}")


class Discount(Payload):
    """A discount on the order."""

    code: Annotated[str, Field("Discount Code")]
    amount: Annotated[Number, Field("Discount Amount")]


class Product(Payload):
    """A product."""

    product_id: Annotated[str, Field("Product ID", "ID or SKU.")]
    product_name: Annotated[str, Field("Product Name")]
    variant_id: Annotated[str, Field("Variant ID", "Such as shirt_medium_blue.")]
    image_url: Annotated[str | None, Field("Image URL", format="uri")] = None
    product_url: Annotated[str | None, Field("Product URL", format="uri")] = None
    price: Annotated[Number, Field("Price", "Price of one.")]


class Line(Product):
    """A product of an order; its other members become metadata."""

    quantity: Annotated[Number, Field("Quantity")]


_LINE_MEMBERS = ("quantity", "product_id", "product_name", "variant_id", "price", "image_url", "product_url")
_PRODUCT_PATHS = {
    "product_id": "product_id", "product_name": "name", "variant_id": "variant", "image_url": "image_url",
    "product_url": "url", "quantity": "quantity", "price": "price",
}  # fmt: skip
"""Segment's member for each of Braze's."""


class Ecommerce(Payload):
    """What all ecommerce events have; one of the five user identifiers is needed."""

    name: Annotated[
        str,
        Field("Ecommerce Event Name", "Name of the recommended event.",
              choices=[Choice(_VIEWED, "Product Viewed"), Choice(_CHECKOUT, "Checkout Started"),
                       Choice(_PLACED, "Order Placed"), Choice(_CANCELLED, "Order Cancelled"),
                       Choice(_REFUNDED, "Order Refunded")]),
    ]  # fmt: skip
    external_id: Annotated[str | None, Field("External User ID", "Your ID of the user.", default=path("$.userId"))] = (
        None
    )
    user_alias: Annotated[
        Alias | None, Field("User Alias Object", "Another name of the user.", object_editor="keyvalue")
    ] = None
    email: Annotated[
        str | None, Field("Email", "The user's e-mail address.", format="email", default=_user_path("email"))
    ] = None
    phone: Annotated[
        str | UnsetType | None, Field("Phone Number", "The user's phone number.", default=_user_path("phone"))
    ] = UNSET
    braze_id: Annotated[
        str | UnsetType | None,
        Field("Braze User Identifier", "Braze's ID of the user.", default=_user_path("braze_id")),
    ] = UNSET
    cancel_reason: Annotated[
        str | None,
        Field("Cancel Reason", required=_IF_CANCELLED, depends_on=_IF_CANCELLED,
              default=path("$.properties.reason")),
    ] = None  # fmt: skip
    time: Annotated[str, Field("Time", "When it happened.", format="date-time", default=path("$.timestamp"))]
    checkout_id: Annotated[
        str | None,
        Field("Checkout ID", required=_IF_CHECKOUT, depends_on=_IF_CHECKOUT,
              default=path("$.properties.checkout_id")),
    ] = None  # fmt: skip
    order_id: Annotated[
        str | None,
        Field("Order ID", required=_IF_ORDER, depends_on=_IF_ORDER,
              default=path("$.properties.order_id")),
    ] = None  # fmt: skip
    cart_id: Annotated[
        str | None,
        Field("Cart ID", "Braze finds the cart itself where it is empty.", depends_on=_IF_CART,
              default=path("$.properties.cart_id")),
    ] = None  # fmt: skip
    total_value: Annotated[
        Number | None,
        Field("Total Value", required=_IF_TOTAL, depends_on=_IF_TOTAL,
              default=path("$.properties.total")),
    ] = None  # fmt: skip
    total_discounts: Annotated[
        Number | None,
        Field("Total Discounts", depends_on=_IF_ORDER, default=path("$.properties.discount")),
    ] = None
    discounts: Annotated[
        list[Discount] | None,
        Field("Discounts", depends_on=_IF_ORDER, object_editor="keyvalue",
              default=each("$.properties.discount_items", {"code": path("$.code"), "amount": path("$.amount")})),
    ] = None  # fmt: skip
    currency: Annotated[
        str, Field("Currency", "ISO 4217 code.", choices=CURRENCIES, default=path("$.properties.currency"))
    ]
    source: Annotated[str, Field("Source", "Where the event comes from.", default=path("$.properties.source"))]
    metadata: Annotated[Json | None, Field("Metadata", "Anything else.", object_editor="keyvalue")] = None
    enable_batching: Annotated[bool, Field("Batch Data to Braze", "Send many in one request.", default=True)]
    batch_size: Annotated[Number, Field("Batch Size", "Most events in a request.", minimum=2, maximum=75, default=75)]


class EcommerceProducts(Ecommerce):
    """An event with several products."""

    products: Annotated[
        list[Json],
        Field("Products", "What is in the checkout or order.", properties=Line, object_editor="keyvalue",
              default=each("$.properties.products",
                           {ours: path(f"$.{theirs}") for ours, theirs in _PRODUCT_PATHS.items()})),
    ]  # fmt: skip


class EcommerceProduct(Ecommerce):
    """An event with one product."""

    product: Annotated[
        Product,
        Field("Product", "The product viewed.", object_editor="keyvalue",
              default={ours: path(f"$.properties.{theirs}") for ours, theirs in _PRODUCT_PATHS.items()
                       if ours != "quantity"}),
    ]  # fmt: skip


async def ecommerce_event(call: Call[BrazeSettings, Any]) -> Response:
    """Send one event."""
    only_update = call.sync_mode == "update"
    return await track_users(call, "events", [_event(call.settings, call.payload, only_update)])


async def ecommerce_events(call: BatchCall[BrazeSettings, Any]) -> MultiStatus:
    """Send many events."""
    only_update = call.sync_mode == "update"
    return await track_batch(
        call, "events", lambda payload: [_event(call.settings, payload, only_update)], is_batch=True
    )


def _event(settings: BrazeSettings, payload: Ecommerce, only_update: bool) -> dict[str, Any]:
    time = to_iso(payload.time)
    if time is None:
        raise PayloadValidationError(f"Time must be a date but it was {payload.time!r}.")
    fields = plain(payload)
    user = {key: fields[key] for key in ("external_id", "braze_id", "email", "phone", "user_alias") if fields.get(key)}
    if not user:
        raise PayloadValidationError(
            'One of "external_id" or "user_alias" or "braze_id" or "email" or "phone" is required.'
        )
    event = {"name": payload.name, "time": time, "properties": _properties(payload, fields)}
    app = {"app_id": settings.app_id} if settings.app_id else {}
    return user | app | event | ({"_update_existing_only": True} if only_update or payload.user_alias else {})


def _properties(payload: Ecommerce, fields: dict[str, Any]) -> dict[str, Any]:
    common = {key: fields[key] for key in ("currency", "source", "metadata") if key in fields}
    if payload.name == _VIEWED:
        product: dict[str, Any] = fields.get("product", {})
        return common | product
    if not isinstance(payload, EcommerceProducts):
        raise PayloadValidationError(f"{payload.name} has several products: use Ecommerce Event (multi product).")
    members = {key: fields[key] for key in _MEMBERS[payload.name] if key in fields}
    return common | {"products": [_line(product) for product in payload.products]} | members


def _line(product: Json) -> dict[str, Any]:
    line = {name: product[name] for name in _LINE_MEMBERS if name in product}
    metadata = {name: value for name, value in product.items() if name not in _LINE_MEMBERS}
    return line | ({"metadata": metadata} if metadata else {})
