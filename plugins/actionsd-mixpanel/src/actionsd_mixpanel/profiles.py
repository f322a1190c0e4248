"""Identify User, Group Identify User, Alias and Increment Properties: the APIs that take forms."""

import math
from collections.abc import Mapping
from typing import Annotated, Any

from actionsd.sdk import (
    UNSET,
    Call,
    Field,
    IntegrationError,
    Json,
    Payload,
    PayloadValidationError,
    Response,
    UnsetType,
    if_exists,
    js,
    path,
)
from actionsd_mixpanel.api import MixpanelSettings, or_unset, post_form, present

_MOST_INCREMENTS = 20
_CREATED = ("created", "createdAt", "created_at")
_USER_TRAITS = {
    "email": "$email", "firstName": "$first_name", "lastName": "$last_name", "name": "$name", "username": "$username",
    "phone": "$phone",
}  # fmt: skip
"""Trait and the reserved property that it is sent as."""

_NOT_SENT_AS_THEY_ARE = frozenset({*_USER_TRAITS, *_CREATED})


class Person(Payload):
    """Whose profile."""

    ip: Annotated[str | None, Field("IP Address", "Only to find the location by.", default=path("$.context.ip"))] = None
    user_id: Annotated[str | UnsetType | None, Field("User ID", "Your ID of the user.", default=path("$.userId"))] = (
        UNSET
    )
    anonymous_id: Annotated[
        str | UnsetType | None, Field("Anonymous ID", "ID of the device.", default=path("$.anonymousId"))
    ] = UNSET


class IdentifyUser(Person):
    """A user's two IDs and properties."""

    traits: Annotated[
        Json | None, Field("User Properties", "Properties to set on the profile.", default=path("$.traits"))
    ] = None


class IncrementProperties(Person):
    """Numbers to add to a user's properties."""

    increment: Annotated[
        Json,
        Field("Increment Numerical Properties", "Property to number; at most 20.", object_editor="keyvalue",
              default=path("$.properties.increment")),
    ]  # fmt: skip


class GroupIdentifyUser(Payload):
    """A group's properties."""

    group_key: Annotated[str | None, Field("Group Key", "The project's group key; $group_id where empty.")] = None
    group_id: Annotated[
        str, Field("Group ID", "ID of the group, unless a trait named as the group key has it.",
                   default=path("$.groupId"))
    ]  # fmt: skip
    traits: Annotated[
        Json | None, Field("Group Properties", "Properties to set on the group.", default=path("$.traits"))
    ] = None


class Alias(Payload):
    """Two IDs of one user, for projects with Mixpanel's legacy identity management."""

    alias: Annotated[
        str | UnsetType | None,
        Field("Alias", "The new ID.", default=if_exists("$.userId", "$.anonymousId")),
    ] = UNSET
    distinct_id: Annotated[str | None, Field("Distinct ID", "The ID that it joins.", default=path("$.previousId"))] = (
        None
    )


async def identify_user(call: Call[MixpanelSettings, IdentifyUser]) -> Response | None:
    """Join the device with the user, then set the user's properties."""
    _check_token(call.settings)
    payload, response = call.payload, None
    if payload.anonymous_id:
        properties = present({
            "$identified_id": payload.user_id, "$anon_id": payload.anonymous_id, "token": call.settings.projectToken,
            "segment_source_name": or_unset(call.settings.sourceName),
        })  # fmt: skip
        response = await post_form(call, "track", {"event": "$identify", "properties": properties})
    if payload.traits:
        data = _profile(call.settings, payload) | {"$set": _user_properties(payload.traits)}
        response = await post_form(call, "engage", data)
    return response


async def increment_properties(call: Call[MixpanelSettings, IncrementProperties]) -> Response | None:
    """Add to numbers of the user's profile; members that are neither numbers nor texts are left out."""
    _check_token(call.settings)
    increment = call.payload.increment
    if len(increment) > _MOST_INCREMENTS:
        raise PayloadValidationError(f"Exceeded maximum of {_MOST_INCREMENTS} properties for increment call")
    if not increment:
        return None
    numbers = {name: _number(name, value) for name, value in increment.items() if _countable(value)}
    return await post_form(call, "engage", _profile(call.settings, call.payload) | {"$add": numbers})


async def group_identify_user(call: Call[MixpanelSettings, GroupIdentifyUser]) -> Response:
    """Set the group's properties."""
    payload, traits = call.payload, call.payload.traits
    if traits is None:
        raise IntegrationError('"traits" is a required field', "Missing required fields", 400)
    key = payload.group_key or "$group_id"
    named = traits.get(key)
    kept = {name: value for name, value in traits.items() if name != "name" and name not in _CREATED}
    reserved = present({"$name": traits.get("name", UNSET), "$created": _created(traits)})
    return await post_form(call, "groups", {
        "$token": call.settings.projectToken, "$group_key": key,
        "$group_id": named if js.truthy(named) else payload.group_id, "$set": kept | reserved,
    })  # fmt: skip


async def create_alias(call: Call[MixpanelSettings, Alias]) -> Response:
    """Join two IDs."""
    payload, settings = call.payload, call.settings
    properties = present({
        "distinct_id": or_unset(payload.distinct_id), "alias": payload.alias, "token": settings.projectToken,
        "segment_source_name": or_unset(settings.sourceName),
    })  # fmt: skip
    return await post_form(call, "track", {"event": "$create_alias", "properties": properties})


def _check_token(settings: MixpanelSettings) -> None:
    if not settings.projectToken:
        raise IntegrationError("Missing project token", "Missing required field", 400)


def _profile(settings: MixpanelSettings, person: Person) -> dict[str, Any]:
    """Whose profile an update is for."""
    identity = person.anonymous_id if person.user_id in (None, UNSET) else person.user_id
    return present({"$token": settings.projectToken, "$distinct_id": identity, "$ip": or_unset(person.ip)})


def _user_properties(traits: Mapping[str, Any]) -> dict[str, Any]:
    """The traits, those that Mixpanel reserves a property for under its name."""
    properties = {name: value for name, value in traits.items() if name not in _NOT_SENT_AS_THEY_ARE}
    created = _created(traits)
    if created is not UNSET:
        properties["$created"] = created
    for name, ours in _USER_TRAITS.items():
        value = _full_name(traits) if name == "name" else traits.get(name, UNSET)
        if value is not UNSET:
            properties[ours] = value
    return properties


def _created(traits: Mapping[str, Any]) -> Any:
    """The first of the three that has a value; the last as it is."""
    for name in _CREATED:
        if (created := traits.get(name)) is not None:
            return created
    return traits.get(_CREATED[-1], UNSET)


def _full_name(traits: Mapping[str, Any]) -> Any:
    if traits.get("name") is not None:
        return traits["name"]
    first, last = traits.get("firstName"), traits.get("lastName")
    return f"{js.string(first)} {js.string(last)}" if js.truthy(first) and js.truthy(last) else UNSET


def _countable(value: Any) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def _number(name: str, value: str | int | float) -> int | float:
    number = js.to_number(value)
    if math.isnan(number):
        raise IntegrationError(f'The key "{name}" was not numeric', "Non numeric increment value", 400)
    return number
