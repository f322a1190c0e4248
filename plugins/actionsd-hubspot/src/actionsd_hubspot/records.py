"""Reading and writing records of any object type, many in a request, by a property whose values are unique."""

from collections.abc import Iterable, Mapping
from typing import Any

from actionsd.sdk import BaseCall, Response
from actionsd_hubspot.api import OBJECTS, HubSpotSettings, id_of, portions, post_new, results, segment

Ids = dict[str, str]
"""HubSpot's ID of a record by :func:`key_of` of the value that identifies it."""


def key_of(value: str) -> str:
    """What tells records apart: HubSpot does not distinguish the case of unique values, and returns e-mail addresses in
    lower case."""
    return value.strip().lower()


async def read(call: BaseCall[HubSpotSettings], object_type: str, id_field: str, values: Iterable[str]) -> Ids:
    """The IDs of those of the records that exist."""
    ids: Ids = {}
    for portion in portions(list(values)):
        answer = await call.http.post(
            f"{OBJECTS}/{segment(object_type)}/batch/read",
            json={"properties": [id_field], "idProperty": id_field, "inputs": [{"id": value} for value in portion]},
        )
        ids |= _ids(answer, id_field)
    return ids


async def upsert(
    call: BaseCall[HubSpotSettings], object_type: str, id_field: str, records: Mapping[str, Mapping[str, Any]]
) -> Ids:
    """Write records, by their identifying value; those that do not exist are made."""
    inputs = [
        {"idProperty": id_field, "id": value, "properties": {**properties, id_field: value}}
        for value, properties in records.items()
    ]
    return await _write(call, object_type, "upsert", id_field, inputs)


async def create(
    call: BaseCall[HubSpotSettings], object_type: str, id_field: str, records: Mapping[str, Mapping[str, Any]]
) -> Ids:
    """Make records that do not exist, by their identifying value."""
    inputs = [{"properties": {**properties, id_field: value}} for value, properties in records.items()]
    return await _write(call, object_type, "create", id_field, inputs)


async def update(
    call: BaseCall[HubSpotSettings], object_type: str, records: Mapping[str, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Write records that exist, by HubSpot's ID; what they are then."""
    written: list[dict[str, Any]] = []
    for portion in portions([{"id": record, "properties": properties} for record, properties in records.items()]):
        url = f"{OBJECTS}/{segment(object_type)}/batch/update"
        written += results(await call.http.post(url, json={"inputs": portion}))
    return written


async def _write(
    call: BaseCall[HubSpotSettings], object_type: str, verb: str, id_field: str, inputs: list[dict[str, Any]]
) -> Ids:
    ids: Ids = {}
    for portion in portions(inputs):
        url = f"{OBJECTS}/{segment(object_type)}/batch/{verb}"
        ids |= _ids(await post_new(call, url, {"inputs": portion}), id_field)
    return ids


def _ids(answer: Response, id_field: str) -> Ids:
    found = ((record, (record.get("properties") or {}).get(id_field)) for record in results(answer))
    return {key_of(str(value)): id_of(record) for record, value in found if value}
