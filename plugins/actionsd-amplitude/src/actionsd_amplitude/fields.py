"""The fields that several actions share, from the common ones down to those of events.

Sender         who: user and device ID
└── Profile    + properties of the user, the app, the device and the user agent
    └── Event  + what happened, when, where, and the revenue
"""

from typing import Annotated

from actionsd.sdk import (
    UNSET,
    Choice,
    DateTime,
    Field,
    Json,
    Number,
    Payload,
    UnsetType,
    if_exists,
    path,
)
from actionsd.sdk.helpers import UTM_NAMES


class UtmProperties(Payload):
    """The campaign that brought the user."""

    utm_source: Annotated[str | None, Field("UTM Source")] = None
    utm_medium: Annotated[str | None, Field("UTM Medium")] = None
    utm_campaign: Annotated[str | None, Field("UTM Campaign")] = None
    utm_term: Annotated[str | None, Field("UTM Term")] = None
    utm_content: Annotated[str | None, Field("UTM Content")] = None


class UserAgentData(Payload):
    """What a browser's client hints say; it wins over the user agent."""

    model: Annotated[str | None, Field("Model")] = None
    platformVersion: Annotated[str | None, Field("PlatformVersion")] = None


class Library(Payload):
    """Which name an event carries as its library."""

    behavior: Annotated[
        str | None,
        Field("Behavior", "Auto sends “segment”.",
              choices=[Choice("auto", "Auto"), Choice("use_mapping", "Use Mapping")]),
    ] = None  # fmt: skip
    mapping: Annotated[str | None, Field("Library Mapping", "The name, where the behavior is Use Mapping.")] = None


Utm = Annotated[
    UtmProperties | None,
    Field("UTM Properties", "Set as user properties, and once more as initial ones.",
          default={utm: path(f"$.context.campaign.{name}") for name, utm in UTM_NAMES.items()}),
]  # fmt: skip
Referrer = Annotated[
    str | None,
    Field("Referrer", "Set as “referrer”, and once as “initial_referrer”.", default=path("$.context.page.referrer")),
]
InsertId = Annotated[str | None, Field("Insert ID", "Amplitude drops a second event with the same ID for 7 days.")]
MinIdLength = Annotated[
    int | UnsetType | None,
    Field("Minimum ID Length", "Amplitude refuses user and device IDs of less than 5 characters; this allows shorter."),
]
_ADVERTISING_ID = if_exists("$.context.device.advertisingId", "$.context.device.idfa")


class Sender(Payload):
    """Who: Amplitude needs a user ID or a device ID."""

    user_id: Annotated[
        str | UnsetType | None,
        Field("User ID", "Your ID of the user; required unless a device ID is sent.", default=path("$.userId")),
    ] = UNSET
    device_id: Annotated[
        str | None,
        Field("Device ID", "ID of the device; required unless a user ID is sent.",
              default=if_exists("$.context.device.id", "$.anonymousId")),
    ] = None  # fmt: skip


class Profile(Sender):
    """What is known of the user, the app and the device; what a new mapping fills comes first."""

    user_properties: Annotated[
        Json | None, Field("User Properties", "Properties to set on the user.", default=path("$.traits"))
    ] = None
    app_version: Annotated[
        str | None, Field("App Version", "Version of your app.", default=path("$.context.app.version"))
    ] = None
    platform: Annotated[
        str | None,
        Field("Platform", "“Web” where it is empty and analytics.js made the event.",
              default=path("$.context.device.type")),
    ] = None  # fmt: skip
    os_name: Annotated[
        str | None, Field("OS Name", "Operating system or browser.", default=path("$.context.os.name"))
    ] = None
    os_version: Annotated[
        str | None, Field("OS Version", "Version of the system or browser.", default=path("$.context.os.version"))
    ] = None
    device_brand: Annotated[str | None, Field("Device Brand", default=path("$.context.device.brand"))] = None
    device_manufacturer: Annotated[
        str | None, Field("Device Manufacturer", default=path("$.context.device.manufacturer"))
    ] = None
    device_model: Annotated[str | None, Field("Device Model", default=path("$.context.device.model"))] = None
    carrier: Annotated[str | None, Field("Carrier", default=path("$.context.network.carrier"))] = None
    country: Annotated[str | None, Field("Country", default=path("$.context.location.country"))] = None
    region: Annotated[str | None, Field("Region", default=path("$.context.location.region"))] = None
    city: Annotated[str | None, Field("City", default=path("$.context.location.city"))] = None
    language: Annotated[str | None, Field("Language", default=path("$.context.locale"))] = None
    userAgent: Annotated[
        str | None, Field("User Agent", "User agent of the device.", default=path("$.context.userAgent"))
    ] = None
    userAgentParsing: Annotated[
        bool | None,
        Field("User Agent Parsing", "Take system and device from the user agent where no field has them.",
              default=True),
    ] = None  # fmt: skip
    includeRawUserAgent: Annotated[
        bool | None, Field("Include Raw User Agent", "Send the user agent itself as user_agent.", default=False)
    ] = None
    userAgentData: Annotated[
        UserAgentData | None,
        Field("User Agent Data", "Client hints of the browser.",
              default={key: path(f"$.context.userAgentData.{key}") for key in ("model", "platformVersion")}),
    ] = None  # fmt: skip
    groups: Annotated[Json | None, Field("Groups", "Up to 5 groups of the user; needs the Accounts add-on.")] = None
    dma: Annotated[str | None, Field("Designated Market Area")] = None
    min_id_length: MinIdLength = UNSET


class Revenue(Payload):
    """What was bought: of an event, or of one of its products."""

    price: Annotated[Number | None, Field("Price", "Price of one item; negative for a refund.")] = None
    quantity: Annotated[int | None, Field("Quantity", "Number of items.")] = None
    revenue: Annotated[Number | None, Field("Revenue", "Price × quantity, which wins where both are sent.")] = None
    productId: Annotated[str | None, Field("Product ID")] = None
    revenueType: Annotated[str | None, Field("Revenue Type")] = None


class Event(Profile):
    """The fields of all events (Amplitude's HTTP API V2)."""

    event_type: Annotated[str, Field("Event Type", "Name of the event.", default=path("$.event"))]
    session_id: Annotated[
        DateTime | None,
        Field("Session ID", "Start of the session, in ms.",
              default=path("$.integrations.Actions Amplitude.session_id")),
    ] = None  # fmt: skip
    time: Annotated[DateTime | None, Field("Timestamp", "When it happened.", default=path("$.timestamp"))] = None
    event_properties: Annotated[
        Json | None, Field("Event Properties", "Properties of the event.", default=path("$.properties"))
    ] = None
    price: Annotated[
        Number | None, Field("Price", "Price of the item; negative for a refund.", default=path("$.properties.price"))
    ] = None
    quantity: Annotated[
        int | None, Field("Quantity", "Number of items bought.", default=path("$.properties.quantity"))
    ] = None
    revenue: Annotated[
        Number | None,
        Field("Revenue", "Price × quantity, which wins where both are sent.", default=path("$.properties.revenue")),
    ] = None
    productId: Annotated[
        str | None, Field("Product ID", "Needs price and quantity, or revenue.", default=path("$.properties.productId"))
    ] = None
    revenueType: Annotated[
        str | None, Field("Revenue Type", "Needs price and quantity, or revenue.",
                          default=path("$.properties.revenueType"))
    ] = None  # fmt: skip
    location_lat: Annotated[Number | None, Field("Latitude", default=path("$.context.location.latitude"))] = None
    location_lng: Annotated[Number | None, Field("Longtitude", default=path("$.context.location.longitude"))] = None
    ip: Annotated[
        str | None, Field("IP Address", "Amplitude finds the location by it.", default=path("$.context.ip"))
    ] = None
    idfa: Annotated[str | None, Field("Identifier For Advertiser (IDFA)", "iOS.", default=_ADVERTISING_ID)] = None
    idfv: Annotated[str | None, Field("Identifier For Vendor (IDFV)", "iOS.", default=path("$.context.device.id"))] = (
        None
    )
    adid: Annotated[str | None, Field("Google Play Services Advertising ID", "Android.", default=_ADVERTISING_ID)] = (
        None
    )
    insert_id: InsertId = None
    android_id: Annotated[str | None, Field("Android ID", "Not the advertising ID.")] = None
    event_id: Annotated[int | None, Field("Event ID", "A counter that tells simultaneous events apart.")] = None
    library: Annotated[
        str | None, Field("Library", "Only tells events of analytics.js.", hidden=True,
                          default=path("$.context.library.name"))
    ] = None  # fmt: skip
    library2: Annotated[
        Library | None,
        Field("Library Settings", "The library that Amplitude shows.", object_editor="keyvalue",
              default={"behavior": "use_mapping", "mapping": path("$.context.library.name")}),
    ] = None  # fmt: skip
    use_batch_endpoint: Annotated[
        bool | None,
        Field("Use Batch Endpoint", "Send to the batch endpoint, which throttles less.", default=False),
    ] = None
