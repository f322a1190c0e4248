"""Google Analytics 4: page views, purchases and other events."""

from typing import Any

from actionsd.sdk import Action, BaseCall, Definition, IntegrationError, hookimpl
from actionsd_google_analytics_4.checks import currency_of_value, known_currency, named_items, some_currency, some_items
from actionsd_google_analytics_4.events import Ga4Settings, send_custom_event, sender
from actionsd_google_analytics_4.fields import (
    AddPaymentInfo,
    BeginCheckout,
    CartSale,
    CustomEvent,
    GenerateLead,
    ItemSale,
    Login,
    PageView,
    Purchase,
    Refund,
    Search,
    SelectItem,
    SelectPromotion,
    SignUp,
    ViewItemList,
    ViewPromotion,
)

actionsd_contract = 1

_sale = (known_currency, named_items)
_sale_with_currency = (known_currency, currency_of_value, some_currency, named_items)


async def test_authentication(call: BaseCall[Ga4Settings]) -> None:
    """Google has nothing to ask; one of the streams must be named."""
    if not call.settings.firebaseAppId and not call.settings.measurementId:
        problem = "One of Firebase App ID (Mobile app Stream) or Measurement ID (Web Stream) is required"
        raise IntegrationError(problem, "Misconfigured field", 400)


def _on(event: str) -> str:
    return f'type = "track" and event = "{event}"'


google_analytics_4 = Definition(
    "google-analytics-4",
    id="60ad61f9ff47a16b8fb7b5d9",
    name="Google Analytics 4 Cloud",
    description="Page views, purchases and other events, through the Measurement Protocol.",
    settings=Ga4Settings,
    test_authentication=test_authentication,
    hosts=("www.google-analytics.com",),
    categories=("Analytics",),
    actions=[
        Action("purchase", title="Purchase", description="An order was completed.", payload=Purchase,
               trigger=_on("Order Completed"), perform=sender("purchase", *_sale)),
        Action("addToCart", title="Add to Cart", description="A product was put in the cart.", payload=ItemSale,
               trigger=_on("Product Added"), perform=sender("add_to_cart", *_sale)),
        Action("pageView", title="Page View", description="A page was viewed.", payload=PageView,
               trigger='type = "page"', perform=sender("page_view")),
        Action("customEvent", title="Custom Event", description="An event of your own.", payload=CustomEvent,
               trigger='type = "track"', perform=send_custom_event),
        Action("selectItem", title="Select Item", description="An item of a list was chosen.", payload=SelectItem,
               trigger=_on("Product Clicked"), perform=sender("select_item", named_items)),
        Action("beginCheckout", title="Begin Checkout", description="A checkout was started.", payload=BeginCheckout,
               trigger=_on("Checkout Started"), perform=sender("begin_checkout", *_sale)),
        Action("selectPromotion", title="Select Promotion", description="A promotion was chosen.",
               payload=SelectPromotion, trigger=_on("Promotion Clicked"),
               perform=sender("select_promotion", named_items)),
        Action("viewItem", title="View Item", description="A product was viewed.", payload=ItemSale,
               trigger='type = "track" and event =  "Product Viewed"', perform=sender("view_item", *_sale)),
        Action("removeFromCart", title="Remove from Cart", description="A product was taken out of the cart.",
               payload=ItemSale, trigger=_on("Product Removed"),
               perform=sender("remove_from_cart", *_sale_with_currency)),
        Action("viewCart", title="View Cart", description="The cart was viewed.", payload=CartSale,
               trigger=_on("Cart Viewed"), perform=sender("view_cart", *_sale_with_currency)),
        Action("search", title="Search", description="The user searched.", payload=Search,
               trigger=_on("Products Searched"), perform=sender("search")),
        Action("viewItemList", title="View Item List", description="A list of items was shown.", payload=ViewItemList,
               trigger=_on("Product List Viewed"), perform=sender("view_item_list", named_items)),
        Action("signUp", title="Sign Up", description="The user signed up.", payload=SignUp,
               trigger=_on("Signed Up"), perform=sender("sign_up")),
        Action("viewPromotion", title="View Promotion", description="A promotion was shown.", payload=ViewPromotion,
               trigger=_on("Promotion Viewed"), perform=sender("view_promotion", named_items)),
        Action("addPaymentInfo", title="Add Payment Info", description="Payment information was entered.",
               payload=AddPaymentInfo, trigger=_on("Payment Info Entered"),
               perform=sender("add_payment_info", some_items, *_sale_with_currency)),
        Action("refund", title="Refund", description="An order was refunded.", payload=Refund,
               trigger=_on("Order Refunded"), perform=sender("refund", *_sale_with_currency)),
        Action("login", title="Login", description="The user logged in.", payload=Login, trigger=_on("Signed In"),
               perform=sender("login")),
        Action("generateLead", title="Generate Lead", description="The user became a lead.", payload=GenerateLead,
               trigger='type = "track"', perform=sender("generate_lead", known_currency, currency_of_value)),
        Action("addToWishlist", title="Add to Wishlist", description="A product was put on a wish list.",
               payload=ItemSale, trigger=_on("Product Added to Wishlist"),
               perform=sender("add_to_wishlist", *_sale_with_currency)),
    ],
)  # fmt: skip


@hookimpl
def actionsd_definitions() -> list[Definition[Any]]:
    return [google_analytics_4]
