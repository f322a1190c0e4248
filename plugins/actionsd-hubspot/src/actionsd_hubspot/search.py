"""Finding a record by the values of its properties."""

from collections.abc import Mapping
from typing import Any

from actionsd.sdk import BaseCall, IntegrationError
from actionsd_hubspot.api import OBJECTS, HubSpotSettings, id_of, members, results, segment


async def find_record(call: BaseCall[HubSpotSettings], object_type: str, given: Mapping[str, Any]) -> str | None:
    """The ID of the record in which at least one property has the given value; None where there is none.

    Raises:
        IntegrationError: there are several.
    """
    groups = [{"filters": [{"propertyName": name, "operator": "EQ", "value": value}]} for name, value in given.items()]
    answer = await call.http.post(
        f"{OBJECTS}/{segment(object_type)}/search", json={"filterGroups": groups, "properties": [], "sorts": []}
    )
    found = results(answer)
    count = max(len(found), int(members(answer).get("total") or 0))
    if count > 1:
        what = f"{count} records of {object_type} have the searched values; expected one at most."
        raise IntegrationError(what, "MULTIPLE_RECORDS_FOUND", 400)
    return id_of(found[0]) if found else None
