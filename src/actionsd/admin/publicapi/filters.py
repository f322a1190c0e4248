"""Destination filters (FEATURES F230, F234). Upstream's path is ``/destination/``, singular; the plural works as well.

A filter that the file declares has no id of its own: here it is known by its place, ``file-1``, and read-only.
"""

from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from actionsd.admin.publicapi import ids, times
from actionsd.admin.publicapi.errors import Refused
from actionsd.admin.publicapi.operation import Call, Nothing, Operation, Paged, Pagination, Row, Shape, Success
from actionsd.admin.publicapi.paging import page
from actionsd.errors import NotFound
from actionsd.operate import filters
from actionsd.operate.configuring import refuse_declared
from actionsd.store import configs, records


class Action(Shape, frozen=True, kw_only=True):
    """What a filter does with events. Previews upstream write the type in lower case, so that is taken too."""

    type: Literal[
        "ALLOW_PROPERTIES", "DROP", "DROP_PROPERTIES", "SAMPLE", "allow_properties", "drop", "drop_properties", "sample"
    ]
    fields: dict[str, Any] | UnsetType = UNSET
    percent: float | UnsetType = UNSET
    path: str | UnsetType = UNSET


class Filter(Shape, frozen=True, kw_only=True):
    """A filter as it is shown."""

    id: str
    source_id: str
    destination_id: str
    condition: str = msgspec.field(name="if")
    actions: list[Action]
    title: str
    description: str | UnsetType = UNSET
    enabled: bool
    created_at: str
    updated_at: str


class Filters(Shape, frozen=True, kw_only=True):
    """A page of filters."""

    filters: list[Filter]
    pagination: Pagination


class OneFilter(Shape, frozen=True, kw_only=True):
    """One filter."""

    filter: Filter


class CreateFilter(Shape, frozen=True, kw_only=True):
    """``destinationId`` is not in the API's shape, but Segment's migration guide sends it."""

    source_id: str
    condition: str = msgspec.field(name="if")
    actions: list[Action]
    title: str
    description: str = ""
    enabled: bool
    destination_id: str | UnsetType = UNSET


class UpdateFilter(Shape, frozen=True, kw_only=True):
    """What to change of a filter."""

    condition: str | UnsetType = msgspec.field(name="if", default=UNSET)
    actions: list[Action] | UnsetType = UNSET
    title: str | UnsetType = UNSET
    description: str | UnsetType | None = UNSET
    enabled: bool | UnsetType = UNSET


class PreviewedFilter(Shape, frozen=True, kw_only=True):
    """A filter to be tried."""

    condition: str = msgspec.field(name="if")
    actions: list[Action]


class PreviewFilter(Shape, frozen=True, kw_only=True):
    """A filter and an event to try it on."""

    filter: PreviewedFilter
    payload: dict[str, Any]


class Preview(Shape, frozen=True, kw_only=True):
    """What a filter makes of an event; null where it drops it."""

    input_payload: dict[str, Any]
    result: dict[str, Any] | None


async def listed(call: Call[Paged, Nothing]) -> Filters:
    """Filters in the order they were made in."""
    destination = _destination(call)
    rows = list(enumerate(_with_ids(destination)))
    found, pagination = page(rows, lambda row: row[0], 0, call.query.pagination)
    return Filters(filters=[_shown(destination, *row) for _, row in found], pagination=pagination)


async def get(call: Call[Nothing, Nothing]) -> OneFilter:
    """One filter."""
    destination = _destination(call)
    return OneFilter(filter=_shown(destination, *_find(destination, call.path["filterId"])))


async def create(call: Call[Nothing, CreateFilter]) -> OneFilter:
    """A new filter; a destination has at most 10."""
    destination, body = _destination(call), call.body
    if body.source_id != str(destination.source):
        raise Refused(422, f"the source of destination {destination.id} is {destination.source}", field="sourceId")
    if body.destination_id not in (UNSET, str(destination.id)):
        raise Refused(422, f"the path says destination {destination.id}", field="destinationId")
    config = configs.FilterConfig(
        title=body.title,
        condition=body.condition,
        actions=_actions(body.actions),
        enabled=body.enabled,
        description=body.description,
    )
    made = await filters.create(call.parts, call.who, destination, config)
    return OneFilter(filter=_shown(destination, str(made["id"]), made))


async def update(call: Call[Nothing, UpdateFilter]) -> OneFilter:
    """Members that are left out stay."""
    destination = _destination(call)
    refuse_declared(call.parts, destination)
    _, filter = _find(destination, call.path["filterId"])
    changes = {key: value for key, value in msgspec.structs.asdict(call.body).items() if value is not UNSET}
    if "actions" in changes:
        changes["actions"] = _actions(changes["actions"])
    if "description" in changes:
        changes["description"] = changes["description"] or ""
    changed = await filters.change(call.parts, call.who, destination, filter, **changes)
    return OneFilter(filter=_shown(destination, str(changed["id"]), changed))


async def remove(call: Call[Nothing, Nothing]) -> Success:
    """Delete a filter; it applies to no event any more."""
    destination = _destination(call)
    refuse_declared(call.parts, destination)
    _, filter = _find(destination, call.path["filterId"])
    await filters.delete(call.parts, call.who, destination, filter)
    return Success()


async def preview(call: Call[Nothing, PreviewFilter]) -> Preview:
    """What a filter would make of an event; nothing is kept (F142)."""
    wanted, payload = call.body.filter, call.body.payload
    filter = {"if": wanted.condition, "actions": list(_actions(wanted.actions))}
    return Preview(input_payload=payload, result=filters.preview(filter, payload))


def _destination(call: Call[Any, Any]) -> records.Destination:
    return ids.destination(call.parts, call.path["destinationId"])


def _with_ids(destination: records.Destination) -> list[tuple[str, filters.Filter]]:
    return [
        (str(each.get("id") or f"file-{place}"), each) for place, each in enumerate(destination.filters, start=1)
    ]  # fmt: skip


def _find(destination: records.Destination, id: str) -> tuple[str, filters.Filter]:
    for row in _with_ids(destination):
        if row[0] == id:
            return row
    raise NotFound(f"destination {destination.slug} has no filter {id}")


def _actions(actions: list[Action]) -> tuple[dict[str, Any], ...]:
    return tuple(
        {**msgspec.to_builtins(action), "type": action.type.upper()} for action in actions
    )  # fmt: skip


def _shown(destination: records.Destination, id: str, filter: filters.Filter) -> Filter:
    return Filter(
        id=id,
        source_id=str(destination.source),
        destination_id=str(destination.id),
        condition=filter.get("if", ""),
        actions=[
            msgspec.convert({**action, "type": action["type"].upper()}, Action) for action in filter.get("actions", ())
        ],
        title=filter.get("title", ""),
        description=filter.get("description") or UNSET,
        enabled=filter.get("enabled", True),
        created_at=times.text(filter.get("createdAt", 0)),
        updated_at=times.text(filter.get("updatedAt", 0)),
    )


def _at(base: str, suffix: str) -> tuple[Row, ...]:
    """The operations under one spelling of the path; ``suffix`` keeps the ids of operations apart."""
    one = base + "/{destinationId}/filters/{filterId}"
    all = base + "/{destinationId}/filters"
    return (
        Operation(f"listFiltersFromDestination{suffix}", "GET", all, "read", listed, Filters, Paged),
        Operation(f"createFilterForDestination{suffix}", "POST", all, "write", create, OneFilter, body=CreateFilter),
        Operation(f"getFilterInDestination{suffix}", "GET", one, "read", get, OneFilter),
        Operation(f"updateFilterForDestination{suffix}", "PATCH", one, "write", update, OneFilter, body=UpdateFilter),
        Operation(f"removeFilterFromDestination{suffix}", "DELETE", one, "write", remove, Success),
        Operation(
            f"previewDestinationFilter{suffix}", "POST", f"{base}/filters/preview", "read", preview, Preview,
            body=PreviewFilter,
        ),
    )  # fmt: skip


OPERATIONS: tuple[Row, ...] = (*_at("/destination", ""), *_at("/destinations", "Plural"))
