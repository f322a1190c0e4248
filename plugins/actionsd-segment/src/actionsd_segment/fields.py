"""The fields of the five actions: who and where are the same in all, what happened differs."""

from typing import Annotated

from actionsd.sdk import Field, Json, Number, Payload, path


class Application(Payload):
    """The app that the event comes from."""

    name: Annotated[str | None, Field("Name")] = None
    version: Annotated[str | None, Field("Version")] = None
    build: Annotated[str | None, Field("Build")] = None
    namespace: Annotated[str | None, Field("Namespace")] = None


class Campaign(Payload):
    """The campaign that brought the user."""

    name: Annotated[str | None, Field("Name")] = None
    source: Annotated[str | None, Field("Source")] = None
    medium: Annotated[str | None, Field("Medium")] = None
    term: Annotated[str | None, Field("Term")] = None
    content: Annotated[str | None, Field("Content")] = None


class Device(Payload):
    """The device that the event comes from."""

    id: Annotated[str | None, Field("ID")] = None
    advertising_id: Annotated[str | None, Field("Advertising ID")] = None
    adTracking_Enabled: Annotated[bool | None, Field("Ad Tracking Enabled")] = None
    manufacturer: Annotated[str | None, Field("Manufacturer")] = None
    model: Annotated[str | None, Field("Model")] = None
    name: Annotated[str | None, Field("Name")] = None
    type: Annotated[str | None, Field("Type")] = None
    token: Annotated[str | None, Field("Token")] = None


class Location(Payload):
    """Where the user is."""

    city: Annotated[str | None, Field("City")] = None
    country: Annotated[str | None, Field("Country")] = None
    latitude: Annotated[Number | None, Field("Latitude")] = None
    longitude: Annotated[Number | None, Field("Longitude")] = None
    speed: Annotated[Number | None, Field("Speed")] = None


class Network(Payload):
    """How the device is connected."""

    bluetooth: Annotated[bool | None, Field("Bluetooth")] = None
    carrier: Annotated[str | None, Field("Carrier")] = None
    cellular: Annotated[bool | None, Field("Cellular")] = None
    wifi: Annotated[bool | None, Field("WiFi")] = None


class OperatingSystem(Payload):
    """The system of the device."""

    name: Annotated[str | None, Field("Name")] = None
    version: Annotated[str | None, Field("Version")] = None


class WebPage(Payload):
    """The page that the event comes from."""

    path: Annotated[str | None, Field("Path")] = None
    referrer: Annotated[str | None, Field("Referrer")] = None
    search: Annotated[str | None, Field("Search")] = None
    title: Annotated[str | None, Field("Title")] = None
    url: Annotated[str | None, Field("URL")] = None


class Display(Payload):
    """The screen of the device."""

    density: Annotated[Number | None, Field("Density")] = None
    height: Annotated[Number | None, Field("Height")] = None
    width: Annotated[Number | None, Field("Width")] = None


class Address(Payload):
    """Where the user lives."""

    street: Annotated[str | None, Field("Street")] = None
    city: Annotated[str | None, Field("City")] = None
    state: Annotated[str | None, Field("State")] = None
    country: Annotated[str | None, Field("Country")] = None
    postalCode: Annotated[str | None, Field("Postal Code")] = None


class Message(Payload):
    """What all calls carry: who, when, and the context."""

    user_id: Annotated[
        str | None, Field("User ID", "Your ID of the user; required unless an anonymous ID is sent.")
    ] = None
    anonymous_id: Annotated[
        str | None, Field("Anonymous ID", "ID of a user who isn't known; required unless a user ID is sent.")
    ] = None
    timestamp: Annotated[
        str | None, Field("Timestamp", "When it happened, in ISO 8601; without it, the time of the forwarding.")
    ] = None
    application: Annotated[Application | None, Field("Application", object_editor="keyvalue")] = None
    campaign_parameters: Annotated[Campaign | None, Field("Campaign Parameters", object_editor="keyvalue")] = None
    device: Annotated[Device | None, Field("Device", object_editor="keyvalue")] = None
    ip_address: Annotated[str | None, Field("IP Address", "IP address of the user.")] = None
    locale: Annotated[str | None, Field("Locale", "Such as “en-US”.")] = None
    location: Annotated[Location | None, Field("Location", object_editor="keyvalue")] = None
    network: Annotated[Network | None, Field("Network", object_editor="keyvalue")] = None
    operating_system: Annotated[OperatingSystem | None, Field("Operating System", object_editor="keyvalue")] = None
    page: Annotated[WebPage | None, Field("Page", object_editor="keyvalue")] = None
    screen: Annotated[Display | None, Field("Screen", object_editor="keyvalue")] = None
    user_agent: Annotated[str | None, Field("User Agent", "User agent of the device.")] = None
    timezone: Annotated[str | None, Field("Timezone", "Such as “Europe/Vienna”.")] = None
    group_id: Annotated[str | None, Field("Group ID", "ID of the user's group or account.")] = None
    message_id: Annotated[
        str | None,
        Field("MessageId", "The receiver keeps one event of each ID.", hidden=True, default=path("$.messageId")),
    ] = None
    consent: Annotated[
        Json | None, Field("Consent", "The user's consent by category.", hidden=True, default=path("$.context.consent"))
    ] = None


Properties = Annotated[Json | None, Field("Properties", "Properties of the event.", object_editor="keyvalue")]
Traits = Annotated[Json | None, Field("Traits", "Traits of the user or the group.", object_editor="keyvalue")]


class Identify(Message):
    """Who the user is."""

    traits: Traits = None
    address: Annotated[Address | None, Field("Address", "Sent as a trait.", object_editor="keyvalue")] = None


class Group(Message):
    """Which group the user is in."""

    group_id: Annotated[str, Field("Group ID", "ID of the group or account.")]
    traits: Traits = None


class Screen(Message):
    """Which screen of an app was viewed."""

    screen_name: Annotated[str | None, Field("Screen Name", "Name of the screen.")] = None
    properties: Properties = None


class Page(Message):
    """Which page of a site was viewed."""

    page_name: Annotated[str | None, Field("Page Name", "Name of the page.")] = None
    page_category: Annotated[str | None, Field("Page Category", "Category of the page.")] = None
    properties: Properties = None


class Track(Message):
    """What the user did."""

    event_name: Annotated[str, Field("Event Name", "Name of what the user did.")]
    properties: Properties = None
    traits: Traits = None
