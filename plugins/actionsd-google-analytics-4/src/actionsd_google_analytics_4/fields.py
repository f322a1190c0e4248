"""The fields of the 19 actions.

Event       who, when, on which data stream; parameters, user properties, consent
└── Listed  + items
    └── Sale    + currency and value
"""

from typing import Annotated, Any, Literal

from actionsd.sdk import Choice, Field, Json, Number, Payload, each, field, if_exists, path

_CONSENTS = [Choice("GRANTED", "Granted"), Choice("DENIED", "Denied")]

ClientId = Annotated[
    str | None,
    Field("Client ID", "ID of the browser; required for web streams.",
          default=if_exists("$.userId", "$.anonymousId")),
]  # fmt: skip
Currency = Annotated[
    str | None, Field("Currency", "ISO 4217 code, such as USD.", default=path("$.properties.currency"))
]
Value = Annotated[Number | None, Field("Value", "Value of the event.", default=path("$.properties.value"))]
Total = Annotated[Number | None, Field("Value", "Value of the order.", default=path("$.properties.total"))]
TransactionId = Annotated[str, Field("Order Id", "ID of the order.", default=path("$.properties.order_id"))]
Affiliation = Annotated[
    str | None, Field("Affiliation", "Store or affiliate.", default=path("$.properties.affiliation"))
]
Coupon = Annotated[str | None, Field("Coupon", "Coupon code of the order.")]
OrderCoupon = Annotated[str | None, Field("Coupon", "Coupon code of the order.", default=path("$.properties.coupon"))]
Shipping = Annotated[Number | None, Field("Shipping", "Cost of shipping.", default=path("$.properties.shipping"))]


class Event(Payload):
    """What all events carry."""

    data_stream_type: Annotated[
        Literal["Web", "Mobile App"] | None,
        Field("Data Stream Type", "A web stream needs a client ID, a mobile app stream an app instance ID.",
              default="Web"),
    ] = None  # fmt: skip
    app_instance_id: Annotated[
        str | None, Field("Firebase App Instance ID", "ID of the installed app; required for mobile app streams.")
    ] = None
    client_id: ClientId = None
    user_id: Annotated[str | None, Field("User ID", "Your ID of the user; see Google's User-ID policy.")] = None
    timestamp_micros: Annotated[
        str | None,
        Field("Event Timestamp", "A date, or a Unix time in microseconds; at most 3 days ago.",
              default=path("$.timestamp")),
    ] = None  # fmt: skip
    user_properties: Annotated[
        Json | None, Field("User Properties", "Properties to set on the user.", object_editor="keyvalue")
    ] = None
    engagement_time_msec: Annotated[
        Number | None,
        Field("Engagement Time in Milliseconds", "Google counts users only where it is above 0.", default=1),
    ] = None
    params: Annotated[
        Json | None, Field("Event Parameters", "Further parameters; they win.", object_editor="keyvalue")
    ] = None
    ad_user_data_consent: Annotated[
        str | None, Field("Ad User Data Consent State", "For user data in ads.", choices=_CONSENTS)
    ] = None
    ad_personalization_consent: Annotated[
        str | None, Field("Ad Personalization Consent State", "For personalised ads.", choices=_CONSENTS)
    ] = None


class Item(Payload):
    """A product; other keys are sent too."""

    item_id: Annotated[str | None, Field("Product ID", "Required unless a name is sent.")] = None
    item_name: Annotated[str | None, Field("Name", "Required unless an ID is sent.")] = None
    affiliation: Annotated[str | None, Field("Affiliation")] = None
    coupon: Annotated[str | None, Field("Coupon")] = None
    currency: Annotated[str | None, Field("Currency")] = None
    discount: Annotated[Number | None, Field("Discount")] = None
    index: Annotated[Number | None, Field("Index")] = None
    item_brand: Annotated[str | None, Field("Brand")] = None
    item_category: Annotated[str | None, Field("Category")] = None
    item_category2: Annotated[str | None, Field("Category 2")] = None
    item_category3: Annotated[str | None, Field("Category 3")] = None
    item_category4: Annotated[str | None, Field("Category 4")] = None
    item_category5: Annotated[str | None, Field("Category 5")] = None
    item_list_id: Annotated[str | None, Field("Item List ID")] = None
    item_list_name: Annotated[str | None, Field("Item List Name")] = None
    item_variant: Annotated[str | None, Field("Variant")] = None
    location_id: Annotated[str | None, Field("Location ID")] = None
    price: Annotated[Number | None, Field("Price")] = None
    quantity: Annotated[int | None, Field("Quantity")] = None


class PromotionItem(Item):
    """A product in a promotion."""

    creative_name: Annotated[str | None, Field("Creative Name")] = None
    creative_slot: Annotated[str | None, Field("Creative Slot")] = None
    promotion_name: Annotated[str | None, Field("Promotion Name")] = None
    promotion_id: Annotated[str | None, Field("Promotion ID")] = None


_ITEM = {
    "item_id": path("$.product_id"), "item_name": path("$.name"), "affiliation": path("$.affiliation"),
    "coupon": path("$.coupon"), "item_brand": path("$.brand"), "item_category": path("$.category"),
    "item_variant": path("$.variant"), "price": path("$.price"), "quantity": path("$.quantity"),
}  # fmt: skip


def _items(default: dict[str, Any], item: type[Item] = Item) -> Field:
    return Field("Products", "The products; each needs an ID or a name.", properties=item, default=default)


_FROM_EVENT = each("$.properties", _ITEM)
_FROM_PRODUCTS = each("$.properties.products", _ITEM | {"index": path("$.position")})

OneItem = Annotated[list[Json], _items(_FROM_EVENT)]
ManyItems = Annotated[list[Json], _items(_FROM_PRODUCTS)]


class Listed(Event):
    """An event about items."""

    items: Annotated[list[Json] | None, _items(_FROM_PRODUCTS)] = None


class Sale(Listed):
    """An event about the value of items."""

    currency: Currency = None
    value: Value = None


class ItemSale(Sale):
    """Of one item, which the event's own properties describe: Add to Cart, View Item and others."""

    items: OneItem


class CartSale(Sale):
    """Of many items: View Cart."""

    items: ManyItems


class BeginCheckout(CartSale):
    """A checkout was started."""

    coupon: OrderCoupon = None


class AddPaymentInfo(CartSale):
    """Payment information was entered."""

    coupon: Coupon = None
    payment_type: Annotated[
        str | None, Field("Payment Type", "Method of payment.", default=path("$.properties.payment_method"))
    ] = None


class Purchase(CartSale):
    """An order was completed."""

    affiliation: Affiliation = None
    coupon: OrderCoupon = None
    currency: Annotated[str, Field("Currency", "ISO 4217 code, such as USD.", default=path("$.properties.currency"))]
    transaction_id: TransactionId
    shipping: Shipping = None
    tax: Annotated[Number | None, Field("Tax", default=path("$.properties.tax"))] = None
    value: Total = None


class Refund(Sale):
    """An order was refunded, whole where it has no items."""

    transaction_id: TransactionId
    value: Total = None
    affiliation: Affiliation = None
    coupon: Coupon = None
    shipping: Shipping = None
    tax: Annotated[Number | None, Field("Tax")] = None


class SelectItem(Listed):
    """An item of a list was chosen."""

    item_list_name: Annotated[str | None, Field("Item List Name", "Name of the list.")] = None
    item_list_id: Annotated[str | None, Field("Item List Id", "ID of the list.")] = None
    items: OneItem


class ViewItemList(Listed):
    """A list of items was shown."""

    item_list_id: Annotated[str | None, Field("Item List ID", default=path("$.properties.list_id"))] = None
    item_list_name: Annotated[str | None, Field("Item List Name", default=path("$.properties.category"))] = None
    items: ManyItems


class SelectPromotion(Listed):
    """A promotion was chosen."""

    creative_name: Annotated[str | None, Field("Creative Name")] = None
    creative_slot: Annotated[str | None, Field("Creative Slot", default=path("$.properties.creative"))] = None
    location_id: Annotated[str | None, Field("Location ID")] = None
    promotion_id: Annotated[str | None, Field("Promotion ID", default=path("$.properties.promotion_id"))] = None
    promotion_name: Annotated[str | None, Field("Promotion Name", default=path("$.properties.name"))] = None
    items: Annotated[list[Json] | None, _items(_FROM_EVENT, PromotionItem)] = None


class ViewPromotion(SelectPromotion):
    """A promotion was shown."""

    location_id: Annotated[str | None, Field("Location ID", default=path("$.properties.position"))] = None
    items: Annotated[list[Json], _items(_FROM_EVENT, PromotionItem)]


class PageView(Event):
    """A page was viewed."""

    client_id: ClientId = field(name="clientId", default=None)
    page_location: Annotated[str | None, Field("Page Location", "URL.", default=path("$.context.page.url"))] = None
    page_referrer: Annotated[
        str | None, Field("Page Referrer", "URL of the page before.", default=path("$.context.page.referrer"))
    ] = None
    page_title: Annotated[str | None, Field("Page Title", default=path("$.context.page.title"))] = None


class CustomEvent(Event):
    """An event of your own."""

    client_id: ClientId = field(name="clientId", default=None)
    name: Annotated[str, Field("Event Name", "Blanks become underscores.", default=path("$.event"))]
    lowercase: Annotated[bool | None, Field("Lowercase Event Name", default=False)] = None


class Search(Event):
    """The user searched."""

    search_term: Annotated[str, Field("Search Term", "What was searched for.", default=path("$.properties.query"))]


class SignUp(Event):
    """The user signed up."""

    method: Annotated[str | None, Field("Method", "How.", default=path("$.properties.type"))] = None


class Login(Event):
    """The user logged in."""

    method: Annotated[str | None, Field("Method", "How.")] = None


class GenerateLead(Event):
    """The user became a lead."""

    currency: Currency = None
    value: Value = None
