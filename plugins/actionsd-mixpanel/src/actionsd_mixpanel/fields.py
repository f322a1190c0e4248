"""The fields of Track Event and Track Purchase."""

from typing import Annotated

from actionsd.sdk import DateTime, Field, Json, Number, Payload, if_exists, path
from actionsd.sdk.helpers import UTM_NAMES


class UtmProperties(Payload):
    """The campaign that brought the user."""

    utm_source: Annotated[str | None, Field("UTM Source")] = None
    utm_medium: Annotated[str | None, Field("UTM Medium")] = None
    utm_campaign: Annotated[str | None, Field("UTM Campaign")] = None
    utm_term: Annotated[str | None, Field("UTM Term")] = None
    utm_content: Annotated[str | None, Field("UTM Content")] = None


class UserAgentData(Payload):
    """What a browser's client hints say."""

    mobile: Annotated[bool | None, Field("Mobile")] = None
    platform: Annotated[str | None, Field("Platform")] = None
    architecture: Annotated[str | None, Field("Architecture")] = None
    bitness: Annotated[str | None, Field("Bitness")] = None
    model: Annotated[str | None, Field("Model")] = None
    platformVersion: Annotated[str | None, Field("PlatformVersion")] = None
    uaFullVersion: Annotated[str | None, Field("UaFullVersion")] = None
    wow64: Annotated[bool | None, Field("wow64")] = None


_HINTS = ("mobile", "platform", "architecture", "bitness", "model", "platformVersion", "uaFullVersion", "wow64")


class Event(Payload):
    """What happened, to whom, on which device."""

    event: Annotated[str, Field("Event Name", "Name of the event.", default=path("$.event"))]
    distinct_id: Annotated[
        str | None,
        Field("Distinct ID", "Whom the event counts for; nobody where it is empty.",
              default=if_exists("$.userId", "$.anonymousId")),
    ] = None  # fmt: skip
    anonymous_id: Annotated[str | None, Field("Anonymous ID", "ID of the device.", default=path("$.anonymousId"))] = (
        None
    )
    user_id: Annotated[str | None, Field("User ID", "Your ID of the user.", default=path("$.userId"))] = None
    group_id: Annotated[str | None, Field("Group ID", default=path("$.context.groupId"))] = None
    insert_id: Annotated[
        str | None, Field("Insert ID", "Mixpanel keeps one event of each ID.", default=path("$.messageId"))
    ] = None
    time: Annotated[DateTime | None, Field("Timestamp", "When it happened.", default=path("$.timestamp"))] = None
    app_name: Annotated[str | None, Field("App Name", default=path("$.context.app.name"))] = None
    app_namespace: Annotated[str | None, Field("App Namespace", default=path("$.context.app.namespace"))] = None
    app_build: Annotated[str | None, Field("App Build", default=path("$.context.app.build"))] = None
    app_version: Annotated[str | None, Field("App Version", default=path("$.context.app.version"))] = None
    os_name: Annotated[str | None, Field("OS Name", default=path("$.context.os.name"))] = None
    os_version: Annotated[str | None, Field("OS Version", default=path("$.context.os.version"))] = None
    device_id: Annotated[
        str | None, Field("Device ID", "Not sent: the anonymous ID is.", default=path("$.context.device.id"))
    ] = None
    device_type: Annotated[str | None, Field("Device Type", default=path("$.context.device.type"))] = None
    device_name: Annotated[str | None, Field("Device Name", default=path("$.context.device.name"))] = None
    device_manufacturer: Annotated[
        str | None, Field("Device Manufacturer", default=path("$.context.device.manufacturer"))
    ] = None
    device_model: Annotated[str | None, Field("Device Model", default=path("$.context.device.model"))] = None
    bluetooth: Annotated[bool | None, Field("Bluetooth Enabled", default=path("$.context.network.bluetooth"))] = None
    carrier: Annotated[str | None, Field("Carrier", default=path("$.context.network.carrier"))] = None
    cellular: Annotated[bool | None, Field("Cellular Enabled", default=path("$.context.network.cellular"))] = None
    wifi: Annotated[bool | None, Field("Wifi", default=path("$.context.network.wifi"))] = None
    country: Annotated[str | None, Field("Country", default=path("$.context.location.country"))] = None
    region: Annotated[
        str | None, Field("Region", "Not sent: Mixpanel finds it by IP.", default=path("$.context.location.region"))
    ] = None
    language: Annotated[str | None, Field("Language", default=path("$.context.locale"))] = None
    library_name: Annotated[str | None, Field("Library Name", default=path("$.context.library.name"))] = None
    library_version: Annotated[str | None, Field("Library Version", default=path("$.context.library.version"))] = None
    ip: Annotated[str | None, Field("IP Address", "Only to find the location by.", default=path("$.context.ip"))] = None
    idfa: Annotated[
        str | None,
        Field("Identifier For Advertiser (IDFA)", "iOS.",
              default=if_exists("$.context.device.advertisingId", "$.context.device.idfa")),
    ] = None  # fmt: skip
    url: Annotated[str | None, Field("URL", "URL of the page.", default=path("$.context.page.url"))] = None
    screen_width: Annotated[Number | None, Field("Screen width", default=path("$.context.screen.width"))] = None
    screen_height: Annotated[Number | None, Field("Screen height", default=path("$.context.screen.height"))] = None
    screen_density: Annotated[Number | None, Field("Screen density", default=path("$.context.screen.density"))] = None
    referrer: Annotated[str | None, Field("Referrer", default=path("$.context.page.referrer"))] = None
    userAgent: Annotated[
        str | None, Field("User Agent", "Tells browser and version.", default=path("$.context.userAgent"))
    ] = None
    advertising_id: Annotated[str | None, Field("Advertising ID", default=path("$.context.device.advertisingId"))] = (
        None
    )
    ad_tracking_enabled: Annotated[
        str | None, Field("Ad Tracking Enabled", default=path("$.context.device.adTrackingEnabled"))
    ] = None
    timezone: Annotated[str | None, Field("Timezone", default=path("$.context.timezone"))] = None
    app_platform: Annotated[str | None, Field("App Platform", default=path("$.context.app.platform"))] = None
    name: Annotated[
        str | None,
        Field("Event Original Name", "Name of the event before mapping.", default=if_exists("$.event", "$.name")),
    ] = None
    event_properties: Annotated[
        Json | None, Field("Event Properties", "Properties of the event.", default=path("$.properties"))
    ] = None
    context: Annotated[
        Json | None, Field("Event context", "Tells events of Iterable.", hidden=True, default=path("$.context"))
    ] = None
    utm_properties: Annotated[
        UtmProperties | None,
        Field("UTM Properties", "Campaign of the event.",
              default={utm: path(f"$.context.campaign.{name}") for name, utm in UTM_NAMES.items()}),
    ] = None  # fmt: skip
    enable_batching: Annotated[
        bool | None, Field("Batch Data to Mixpanel", "Send many events in one request.", default=True)
    ] = None
    batch_size: Annotated[
        Number | None, Field("Batch Size", "Most events in a request.", default=1000, minimum=1, maximum=2000)
    ] = None
    userAgentData: Annotated[
        UserAgentData | None,
        Field("User Agent Data", "Client hints of the browser.",
              default={key: path(f"$.context.userAgentData.{key}") for key in _HINTS}),
    ] = None  # fmt: skip


class Product(Payload):
    """One of the products of an order."""

    product_id: Annotated[str | None, Field("Product Id")] = None
    sku: Annotated[str | None, Field("SKU")] = None
    category: Annotated[str | None, Field("Category")] = None
    name: Annotated[str | None, Field("Name")] = None
    brand: Annotated[str | None, Field("Brand")] = None
    variant: Annotated[str | None, Field("Variant")] = None
    price: Annotated[Number | None, Field("Price")] = None
    quantity: Annotated[int | None, Field("Quantity")] = None
    coupon: Annotated[str | None, Field("Coupon")] = None
    position: Annotated[Number | None, Field("position")] = None
    url: Annotated[str | None, Field("url")] = None
    image_url: Annotated[str | None, Field("Image url")] = None
