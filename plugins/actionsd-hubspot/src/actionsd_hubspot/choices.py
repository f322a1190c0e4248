"""Dynamic choices: what people can choose from in a mapping's form, as the HubSpot account has it."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from actionsd.sdk import Choice, Choices, ChoicesCall, HTTPError, Response
from actionsd_hubspot.api import API, EVENT_DEFINITIONS, SCHEMAS, HubSpotSettings, members, refusal, segment
from actionsd_hubspot.lists import LISTS, type_id_of
from actionsd_hubspot.values import internal_name

_Call = ChoicesCall[HubSpotSettings]
_Handler = Callable[[_Call], Awaitable[Choices]]
_Item = Mapping[str, Any]

_STANDARD = [Choice(name, name.capitalize()) for name in ("contact", "company", "deal", "ticket")]
_NO_TYPE = Choices(error=("Choose the object type first.", "400"))


async def event_choices(call: _Call) -> Choices:
    """Events that are defined, by fully qualified name."""
    return await _events(call, "fullyQualifiedName")


async def event_name_choices(call: _Call) -> Choices:
    """Events that are defined, by internal name."""
    return await _events(call, "name")


async def custom_object_choices(call: _Call) -> Choices:
    """The account's custom objects."""
    return await _listed(
        call.http.get(f"{SCHEMAS}?archived=false"), _member("fullyQualifiedName"), _singular, unknown="undefined"
    )


async def object_choices(call: _Call) -> Choices:
    """HubSpot's own object types, and the account's custom objects where it may have any."""
    custom = await custom_object_choices(call)
    return Choices([*_STANDARD, *custom.choices])


async def label_choices(call: _Call) -> Choices:
    """Labels of associations from records of ``objectType`` to records of ``toObjectType``."""
    return await _labels(call, call.payload.get("objectType"), call.payload.get("toObjectType"))


async def id_field_choices(call: _Call) -> Choices:
    """Properties of the record's type whose values are unique."""
    return await _unique(call, _object_type(call))


async def group_choices(call: _Call) -> Choices:
    """Property groups of the record's type."""
    return await _of_type(call, _object_type(call), "/groups")


async def property_choices(call: _Call) -> Choices:
    """Properties of the record's type."""
    return await _of_type(call, _object_type(call))


async def sensitive_choices(call: _Call) -> Choices:
    """Properties of the record's type that hold sensitive data."""
    return await _of_type(call, _object_type(call), "?dataSensitivity=sensitive")


async def list_choices(call: _Call) -> Choices:
    """Static lists of the record's type, by name."""
    object_type = _object_type(call)
    if not object_type:
        return _NO_TYPE
    body = {"processingTypes": ["MANUAL"], "objectTypeId": await type_id_of(call, object_type), "query": call.query}
    found = call.http.post(f"{LISTS}/search", json=body)
    return await _listed(found, _member("name"), _member("name"), member="lists")


async def event_property_choices(call: _Call) -> Choices:
    """Properties of the chosen event."""
    name = call.payload.get("event_name")
    if not isinstance(name, str):
        return Choices(error=("Choose the event first.", "400"))
    url = f"{EVENT_DEFINITIONS}/{segment(internal_name(name))}/?includeProperties=true"
    return await _listed(call.http.get(url), _member("name"), _member("label"), member="properties")


def association_choices(key: str) -> dict[str, _Handler]:
    """The handlers of an array field of associations."""

    def other(call: _Call) -> Any:
        items = call.payload.get(key) or []
        index = call.selected_index or 0
        return items[index].get("object_type") if index < len(items) else None

    async def labels(call: _Call) -> Choices:
        return await _labels(call, _object_type(call), other(call))

    async def id_fields(call: _Call) -> Choices:
        return await _unique(call, other(call))

    return {
        f"{key}.object_type": object_choices, f"{key}.association_label": labels, f"{key}.id_field_name": id_fields,
    }  # fmt: skip


def _object_type(call: _Call) -> str:
    return str((call.payload.get("object_details") or {}).get("object_type") or "")


async def _events(call: _Call, name: str) -> Choices:
    asked = call.http.get(EVENT_DEFINITIONS, params={"after": call.page} if call.page else None)
    return await _listed(asked, _member(name), _singular)


async def _labels(call: _Call, one: Any, other: Any) -> Choices:
    if not (one and other):
        return _NO_TYPE
    return await _listed(
        call.http.get(f"{API}/crm/v4/associations/{segment(str(one))}/{segment(str(other))}/labels"),
        lambda item: f"{item['category']}:{item['typeId']}", lambda item: str(item.get("label") or "Without a label"),
    )  # fmt: skip


async def _unique(call: _Call, object_type: Any) -> Choices:
    return await _of_type(call, object_type, only=lambda item: bool(item.get("hasUniqueValue")))


async def _of_type(
    call: _Call, object_type: Any, rest: str = "", only: Callable[[_Item], bool] = lambda item: True
) -> Choices:
    if not object_type:
        return _NO_TYPE
    url = f"{API}/crm/v3/properties/{segment(str(object_type))}{rest}"
    return await _listed(call.http.get(url), _member("name"), _member("label"), only=only)


async def _listed(
    asked: Awaitable[Response], value: Callable[[_Item], str], label: Callable[[_Item], str], *,
    only: Callable[[_Item], bool] = lambda item: True, member: str = "results", unknown: str = "500",
) -> Choices:  # fmt: skip
    """Choices of what HubSpot lists, or its refusal; an answer without a list has the code ``unknown``."""
    try:
        answer = members(await asked)
    except HTTPError as error:
        return Choices(error=(refusal(error), str(error.status)))
    items = answer.get(member)
    if not isinstance(items, list):
        return Choices(error=("Unknown error", unknown))
    after = ((answer.get("paging") or {}).get("next") or {}).get("after") or ""
    return Choices([Choice(value(item), label(item)) for item in items if only(item)], next_page=str(after))


def _member(name: str) -> Callable[[_Item], str]:
    return lambda item: str(item.get(name))


def _singular(item: _Item) -> str:
    """The name of an object type or event for people."""
    return str((item.get("labels") or {}).get("singular") or item.get("name"))
