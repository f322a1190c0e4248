"""Upsert Catalog Item: rows of a Braze catalog, one by one or up to 50 in a request."""

import re
from typing import Annotated, Any
from urllib.parse import quote

from actionsd.sdk import (
    BatchCall,
    Call,
    Choice,
    Choices,
    ChoicesCall,
    Field,
    HTTPError,
    IntegrationError,
    Json,
    MultiStatus,
    Number,
    Payload,
    PayloadValidationError,
    Response,
    Result,
    all_of,
    js,
    when,
)
from actionsd_braze.api import BrazeSettings, sync_mode

_UPSERTS = all_of(when("__segment_internal_sync_mode", is_="upsert"))


class UpsertCatalogItem(Payload):
    """One row. ``onMappingSave`` is no field of the form: Segment keeps the catalog's name there, in the mapping."""

    item: Annotated[
        Json | None,
        Field("Catalog item to upsert", "The row's fields, without its ID.", required=_UPSERTS, depends_on=_UPSERTS,
              dynamic=True, object_editor="keyvalue:only"),
    ] = None  # fmt: skip
    item_id: Annotated[
        str, Field("Item ID", "The row's ID: letters, digits, hyphens and underscores.", minimum=1, maximum=250)
    ]
    enable_batching: Annotated[bool | None, Field("Batch Data to Braze?", default=True)] = None
    batch_size: Annotated[
        Number | None,
        Field("Batch Size", "Most rows in a request.", minimum=1, maximum=50, default=50, hidden=True),
    ] = None
    onMappingSave: Annotated[
        Json | None, Field("Catalog", 'Names the catalog: {"outputs": {"catalog_name": "restaurants"}}.')
    ] = None


async def upsert_catalog_item(call: Call[BrazeSettings, UpsertCatalogItem]) -> Result:
    """Write or delete one row; deleting one that is not there succeeds."""
    upserts = sync_mode(call.sync_mode, "upsert", "delete") == "upsert"
    payload = call.payload
    _check(payload, upserts)
    url = f"{_items_url(call.settings, payload)}{payload.item_id}"
    try:
        return await call.http.request("PUT" if upserts else "DELETE", url, json={"items": [payload.item or {}]})
    except HTTPError as error:
        first = next(iter(_errors(error.response)), {})
        if not upserts and first.get("id") == "item-not-found":
            return {"message": "Could not find item"}
        message = str(first.get("message") or error.message)
        raise IntegrationError(message, f"Error {call.sync_mode}ing item", error.status) from error


async def upsert_catalog_items(call: BatchCall[BrazeSettings, UpsertCatalogItem]) -> MultiStatus:
    """Write or delete many rows of one catalog; a second one with the same ID is refused."""
    upserts = sync_mode(call.sync_mode, "upsert", "delete") == "upsert"
    results = MultiStatus()
    items: dict[str, Json] = {}
    places: dict[str, int] = {}
    for index, payload in enumerate(call.payloads):
        try:
            if payload.item_id in items:
                raise PayloadValidationError("Every item in the batch must have a unique item_id")
            _check(payload, upserts)
        except PayloadValidationError as error:
            results.failure(error.status, error.message, code=error.code, index=index)
            continue
        items[payload.item_id] = (payload.item or {} if upserts else {}) | {"id": payload.item_id}
        places[payload.item_id] = index
    if not items:
        return results
    url = _items_url(call.settings, call.payloads[0])
    try:
        response = await call.http.request("PUT" if upserts else "DELETE", url, json={"items": list(items.values())})
    except HTTPError as error:
        return _refused(results, items, places, _errors(error.response))
    for item_id, index in places.items():
        results.success(sent=items[item_id], body=response.data, index=index)
    return results


async def item_choices(call: ChoicesCall[BrazeSettings]) -> Choices:
    """The fields of the mapping's catalog."""
    name = _catalog_name(call.payload.get("onMappingSave")) or ""
    response = await call.http.get(f"{call.settings.endpoint}/catalogs")
    catalogs = response.data.get("catalogs") if isinstance(response.data, dict) else None
    if not catalogs:
        return Choices(error=("No catalogs found. Please create a catalog first.", "404"))
    fields = next((catalog.get("fields") for catalog in catalogs if catalog["name"] == name), None)
    if fields is None:
        return Choices(error=(f'Catalog "{name}" not found or has no fields.', "404"))
    return Choices([Choice(field["name"], field["name"]) for field in fields if field["name"] != "id"])


def _check(payload: UpsertCatalogItem, upserts: bool) -> None:
    if re.fullmatch("[a-zA-Z0-9_-]+", payload.item_id) is None:
        raise PayloadValidationError(f"Invalid ID Format: {payload.item_id!r}")
    if upserts and not payload.item:
        raise PayloadValidationError("Item is required")


def _items_url(settings: BrazeSettings, payload: UpsertCatalogItem) -> str:
    """Where the catalog's rows are; without a name Segment sends ``undefined``, which Braze answers with 404."""
    name = _catalog_name(payload.onMappingSave) or "undefined"
    return f"{settings.endpoint}/catalogs/{quote(name, safe='')}/items/"


def _catalog_name(hook: Any) -> str | None:
    outputs = hook.get("outputs") if isinstance(hook, dict) else None
    name = outputs.get("catalog_name") if isinstance(outputs, dict) else None
    return name if isinstance(name, str) else None


def _errors(response: Response) -> list[dict[str, Any]]:
    errors = response.data.get("errors") if isinstance(response.data, dict) else None
    return [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []


def _refused(
    results: MultiStatus, items: dict[str, Json], places: dict[str, int], errors: list[dict[str, Any]]
) -> MultiStatus:
    """Braze took no row: those that it names are wrong, the others may go another time without them."""
    left = dict(places)
    for error in errors:
        for value in error.get("parameter_values") or ():
            item_id = value.get("id") if isinstance(value, dict) else value
            if error.get("id") != "catalog-not-found" and item_id in left:
                message = str(error.get("message") or "Unknown error")
                results.failure(400, message, sent=items[item_id], body=error, index=left.pop(item_id))
    text = js.stringify_bytes(errors).decode()
    for item_id, index in left.items():
        if any(error.get("id") == "catalog-not-found" for error in errors):
            message = "Catalog not found. Please create a catalog first."
            results.failure(404, message, sent=items[item_id], body=text, index=index)
        else:
            message = f"Item {item_id} was not processed because of other items of the batch."
            results.failure(500, message, code="RETRYABLE_ERROR", sent=items[item_id], body=text, index=index)
    return results
