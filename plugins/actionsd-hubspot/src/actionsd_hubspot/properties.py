"""Definitions of properties: those that an object type lacks are made before its records have values for them."""

from collections.abc import Mapping
from typing import Any

from actionsd.sdk import BaseCall, IntegrationError
from actionsd_hubspot.api import API, HubSpotSettings, post_new, results, segment
from actionsd_hubspot.values import kind_of

_FIELD_TYPES = {"string": "text", "number": "number", "bool": "booleancheckbox", "date": "date", "datetime": "date"}
YES_NO = [{"label": label, "value": label, "displayOrder": order, "hidden": False}
          for order, label in enumerate(("true", "false"))]  # fmt: skip
"""The options that HubSpot asks for in a property that is true or false."""


async def make_missing(
    call: BaseCall[HubSpotSettings], object_type: str, group: str | None, given: Mapping[str, Any],
    sensitive: Mapping[str, Any],
) -> None:  # fmt: skip
    """Make the properties that these values need and the object type does not have.

    Args:
        call: to HubSpot.
        object_type: such as "contact".
        group: the property group that they are put into.
        given: values by internal name.
        sensitive: values that HubSpot shall keep as sensitive data.

    Raises:
        IntegrationError: properties are missing and no group is given.
    """
    url = f"{API}/crm/v3/properties/{segment(object_type)}"
    missing: list[dict[str, Any]] = []
    for values, query, more in ((given, "", {}), (sensitive, "?dataSensitivity=sensitive",
                                                  {"dataSensitivity": "sensitive"})):  # fmt: skip
        if values:
            known = {item.get("name") for item in results(await call.http.get(f"{url}{query}"))}
            missing += [_definition(name, value) | more for name, value in values.items() if name not in known]
    if not missing:
        return
    if not group:
        names = ", ".join(definition["name"] for definition in missing)
        raise IntegrationError(f"{object_type} has no property {names}; choose a property group to make it in.",
                               "PROPERTY_GROUP_MISSING", 400)  # fmt: skip
    inputs = [definition | {"groupName": group} for definition in missing]
    await post_new(call, f"{url}/batch/create", {"inputs": inputs})


def _definition(name: str, value: Any) -> dict[str, Any]:
    kind = kind_of(value)
    options = {"options": YES_NO} if kind == "bool" else {}
    return {"name": name, "label": name, "type": kind, "fieldType": _FIELD_TYPES[kind]} | options
