"""Update User Profile: Braze's own attributes, custom ones, push tokens and subscription groups."""

from typing import Annotated, Any, Literal

from actionsd.sdk import (
    UNSET,
    BatchCall,
    Call,
    DateTime,
    Field,
    Json,
    MultiStatus,
    Number,
    Payload,
    Response,
    UnsetType,
    json_schema,
    path,
    plain,
)
from actionsd.sdk.helpers import to_iso
from actionsd_braze.api import BrazeSettings, given, sync_mode, track_batch, track_users
from actionsd_braze.users import OnlyExisting, User, identified, only_existing


class Location(Payload):
    """Where the user is."""

    latitude: Annotated[Number | None, Field("Latitude")] = None
    longitude: Annotated[Number | None, Field("Longitude")] = None


class Facebook(Payload):
    """What Facebook knows of the user."""

    id: Annotated[str | None, Field("Facebook ID")] = None
    likes: Annotated[list[str] | None, Field("Facebook Likes")] = None
    num_friends: Annotated[int | None, Field("Facebook Number of Friends")] = None


class Twitter(Payload):
    """What Twitter knows of the user."""

    id: Annotated[str | None, Field("Twitter ID")] = None
    screen_name: Annotated[str | None, Field("Twitter Handle")] = None
    followers_count: Annotated[int | None, Field("Number of Followers")] = None
    friends_count: Annotated[int | None, Field("Number of Friends")] = None
    statuses_count: Annotated[int | None, Field("Number of Statuses")] = None


class PushToken(Payload):
    """A device that push messages go to."""

    app_id: Annotated[str, Field("App ID", "The app of the token.")]
    token: Annotated[str, Field("Token", "The push token.")]
    device_id: Annotated[str | None, Field("Device ID", "Braze makes one up where it is empty.")] = None


class SubscriptionGroup(Payload):
    """Whether the user is in a subscription group."""

    subscription_group_id: Annotated[str, Field("Subscription Group ID")]
    subscription_state: Annotated[Literal["subscribed", "unsubscribed"], Field("Subscription State")]


Nullable = str | UnsetType | None
NullableDate = DateTime | UnsetType | None


class UpdateUserProfile2(User):
    """The user's attributes; null clears one."""

    country: Annotated[
        Nullable, Field("Country", "The user's country code.", default=path("$.context.location.country"))
    ] = UNSET
    current_location: Annotated[
        Location | UnsetType | None,
        Field("Current Location",
              default={name: path(f"$.context.location.{name}") for name in ("latitude", "longitude")}),
    ] = UNSET  # fmt: skip
    date_of_first_session: Annotated[NullableDate, Field("Date of First Session", "First use of the app.")] = UNSET
    date_of_last_session: Annotated[NullableDate, Field("Date of Last Session", "Last use of the app.")] = UNSET
    dob: Annotated[NullableDate, Field("Date of Birth")] = UNSET
    email: Annotated[Nullable, Field("Email", "E-mail address.", default=path("$.traits.email"))] = UNSET
    email_subscribe: Annotated[
        str | None, Field("Email Subscribe", "opted_in, subscribed (neither in nor out) or unsubscribed.")
    ] = None
    email_open_tracking_disabled: Annotated[
        bool | None, Field("Email Open Tracking Disabled", "Leave the tracking pixel out of e-mails.")
    ] = None
    email_click_tracking_disabled: Annotated[
        bool | None, Field("Email Click Tracking Disabled", "Leave links in e-mails as they are.")
    ] = None
    facebook: Annotated[Facebook | None, Field("Facebook Attribution Data")] = None
    first_name: Annotated[Nullable, Field("First Name", default=path("$.traits.firstName"))] = UNSET
    gender: Annotated[
        Nullable,
        Field("Gender", "M, F, O (other), N (not applicable), P (prefer not to say), or the word for one.",
              default=path("$.traits.gender")),
    ] = UNSET  # fmt: skip
    home_city: Annotated[Nullable, Field("Home City", default=path("$.traits.address.city"))] = UNSET
    image_url: Annotated[
        Nullable, Field("Image URL", "The user's picture.", format="uri", default=path("$.traits.avatar"))
    ] = UNSET
    language: Annotated[Nullable, Field("Language", "Code of the preferred language.")] = UNSET
    last_name: Annotated[str | None, Field("Last Name", default=path("$.traits.lastName"))] = None
    marked_email_as_spam_at: Annotated[
        NullableDate, Field("Marked Email as Spam At", "When the user called an e-mail spam.")
    ] = UNSET
    phone: Annotated[Nullable, Field("Phone Number", default=path("$.traits.phone"))] = UNSET
    push_subscribe: Annotated[
        str | None, Field("Push Subscribe", "opted_in, subscribed (neither in nor out) or unsubscribed.")
    ] = None
    push_tokens: Annotated[list[PushToken] | None, Field("Push Tokens", "Devices for push messages.")] = None
    time_zone: Annotated[str | None, Field("Time zone", "Name in the IANA database, such as Europe/Paris.")] = None
    twitter: Annotated[Twitter | None, Field("Twitter Attribution Data")] = None
    subscription_groups: Annotated[
        list[SubscriptionGroup] | None,
        Field("Subscription Groups", "Groups to join or leave.", object_editor="keyvalue"),
    ] = None
    custom_attributes: Annotated[
        Json | None, Field("Custom Attributes", "Any other attributes.", default=path("$.traits"))
    ] = None


class UpdateUserProfile(UpdateUserProfile2):
    """The user's attributes; null clears one."""

    update_existing_only: OnlyExisting = only_existing()


_NOT_ATTRIBUTES = {"user_alias", "custom_attributes", "_update_existing_only", "enable_batching", "batch_size"}
_DATES = ("date_of_first_session", "date_of_last_session", "marked_email_as_spam_at")
_NOT_CUSTOM = json_schema(UpdateUserProfile)["properties"].keys() - {"custom_attributes", "subscription_groups"} | {
    "time", "products", "properties", "firstName", "lastName", "avatar"
}  # fmt: skip
"""Traits that are no custom attributes: those with a field of their own, and what other actions send."""

_GENDERS = {
    "man": "M", "male": "M", "m": "M", "woman": "F", "female": "F", "w": "F", "f": "F", "other": "O", "o": "O",
    "not applicable": "N", "n": "N", "prefer not to say": "P", "p": "P",
}  # fmt: skip


async def update_user_profile(call: Call[BrazeSettings, UpdateUserProfile]) -> Response:
    """Send one user's attributes."""
    return await track_users(call, "attributes", [_attributes(call.payload, call.payload.update_existing_only)])


async def update_user_profiles(call: BatchCall[BrazeSettings, UpdateUserProfile]) -> MultiStatus:
    """Send many users' attributes."""
    return await track_batch(call, "attributes", lambda payload: [_attributes(payload, payload.update_existing_only)])


async def update_user_profile_2(call: Call[BrazeSettings, UpdateUserProfile2]) -> Response:
    """Send the attributes of one user whom Braze knows."""
    sync_mode(call.sync_mode, "update")
    return await track_users(call, "attributes", [_attributes(call.payload, True)])


async def update_user_profiles_2(call: BatchCall[BrazeSettings, UpdateUserProfile2]) -> MultiStatus:
    """Send the attributes of many users whom Braze knows."""
    sync_mode(call.sync_mode, "update")
    return await track_batch(call, "attributes", lambda payload: [_attributes(payload, True)])


def _attributes(payload: UpdateUserProfile2, only_update: bool | None) -> dict[str, Any]:
    user = identified(payload)
    own = {name: value for name, value in plain(payload).items() if name not in _NOT_ATTRIBUTES}
    custom = {name: value for name, value in (payload.custom_attributes or {}).items() if name not in _NOT_CUSTOM}
    for name in ("current_location", "subscription_groups"):
        if not own.get(name, True):
            del own[name]
    for name in (*_DATES, "dob"):
        if own.get(name) is not None:
            own |= given(**{name: _date(own.pop(name), with_time=name != "dob")})
    if isinstance(payload.gender, str):
        own["gender"] = _GENDERS.get(payload.gender.lower(), payload.gender)
    return custom | own | user | given(_update_existing_only=only_update)


def _date(value: str | int | float, *, with_time: bool) -> str | None:
    text = to_iso(value)
    return text if text is None or with_time else text.partition("T")[0]
