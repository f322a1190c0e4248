"""Sources with their write keys, labels and connected destinations (FEATURES F227)."""

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from actionsd.admin.publicapi import ids, kinds, metadata
from actionsd.admin.publicapi.catalog import WarehouseMetadata
from actionsd.admin.publicapi.destinations import Destination
from actionsd.admin.publicapi.destinations import shown as shown_destination
from actionsd.admin.publicapi.errors import Refused
from actionsd.admin.publicapi.metadata import SourceMetadata
from actionsd.admin.publicapi.operation import (
    ALPHA,
    Call,
    Nothing,
    Operation,
    Paged,
    Pagination,
    Row,
    Shape,
    Success,
)
from actionsd.admin.publicapi.paging import page
from actionsd.operate import sources
from actionsd.store import configs, records

WORKSPACE = "actionsd"  # the id of the one workspace of a daemon


class Label(Shape, frozen=True, kw_only=True):
    """A pair that people sort sources by."""

    key: str
    value: str
    description: str | UnsetType = UNSET


class Source(Shape, frozen=True, kw_only=True):
    """A source as it is shown; write keys are no secrets, browsers carry them."""

    id: str
    slug: str
    name: str
    metadata: SourceMetadata
    workspace_id: str
    enabled: bool
    write_keys: list[str]
    settings: dict[str, Any]
    labels: list[Label]


class Sources(Shape, frozen=True, kw_only=True):
    """A page of sources."""

    sources: list[Source]
    pagination: Pagination


class OneSource(Shape, frozen=True, kw_only=True):
    """One source."""

    source: Source


class SourceWithPlan(Shape, frozen=True, kw_only=True):
    """One source, and the tracking plan that it follows."""

    source: Source
    tracking_plan_id: str | None


class CreateSource(Shape, frozen=True, kw_only=True):
    """``name`` is only in the alpha shape upstream, and taken in all here."""

    slug: str
    enabled: bool
    metadata_id: str
    name: str = ""
    settings: dict[str, Any] = {}


class UpdateSource(Shape, frozen=True, kw_only=True):
    """What to change of a source."""

    name: str | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET
    slug: str | UnsetType = UNSET
    settings: dict[str, Any] | UnsetType = UNSET


class Labels(Shape, frozen=True, kw_only=True):
    """Labels of a source."""

    labels: list[Label]


class ConnectedDestinations(Shape, frozen=True, kw_only=True):
    """A page of a source's destinations."""

    destinations: list[Destination]
    pagination: Pagination


class Warehouse(Shape, frozen=True, kw_only=True):
    """A warehouse; there are none."""

    id: str
    metadata: WarehouseMetadata
    workspace_id: str
    enabled: bool
    settings: dict[str, Any]


class ConnectedWarehouses(Shape, frozen=True, kw_only=True):
    """A page of a source's warehouses."""

    warehouses: list[Warehouse]
    pagination: Pagination


def shown(source: records.Source) -> Source:
    """A source as answers have it; one that the file declares has no kind and counts as plain HTTP."""
    config = source.config or configs.SourceConfig(slug=source.slug)
    return Source(
        id=str(source.id),
        slug=source.slug,
        name=source.name,
        metadata=metadata.of_kind(kinds.of(config.definition)),
        workspace_id=WORKSPACE,
        enabled=source.enabled,
        write_keys=list(source.write_keys),
        settings=config.settings,
        labels=_shown_labels(config.labels),
    )


async def listed(call: Call[Paged, Nothing]) -> Sources:
    """Sources, the oldest first."""
    found, pagination = page(call.parts.workspace.sources, lambda each: each.id, 0, call.query.pagination)
    return Sources(sources=[shown(each) for each in found], pagination=pagination)


async def get(call: Call[Nothing, Nothing]) -> SourceWithPlan:
    """One source."""
    source = _source(call)
    plan = source.schema.config.plan
    return SourceWithPlan(source=shown(source), tracking_plan_id=str(plan) if plan else None)


async def create(call: Call[Nothing, CreateSource]) -> OneSource:
    """A new source with one new write key."""
    body = call.body
    config = configs.SourceConfig(
        slug=body.slug,
        name=body.name,
        enabled=body.enabled,
        definition=kinds.find(body.metadata_id).slug,
        settings=body.settings,
    )
    return OneSource(source=shown(await sources.create(call.parts, call.who, config)))


async def update(call: Call[Nothing, UpdateSource]) -> OneSource:
    """Members that are left out stay; ``settings`` are replaced whole."""
    changes = {key: value for key, value in msgspec.structs.asdict(call.body).items() if value is not UNSET}
    return OneSource(source=shown(await sources.change(call.parts, call.who, _source(call), **changes)))


async def delete(call: Call[Nothing, Nothing]) -> Success:
    """Delete a source that has no destinations any more."""
    await sources.delete(call.parts, call.who, _source(call))
    return Success()


async def connected(call: Call[Paged, Nothing]) -> ConnectedDestinations:
    """The destinations of a source, the oldest first."""
    source = _source(call)
    own = [each for each in call.parts.workspace.destinations if each.source == source.id]
    found, pagination = page(own, lambda each: each.id, 0, call.query.pagination)
    return ConnectedDestinations(
        destinations=[shown_destination(call.parts, each) for each in found], pagination=pagination
    )


async def connected_warehouses(call: Call[Paged, Nothing]) -> ConnectedWarehouses:
    """There are no warehouses here."""
    _source(call)
    none: list[Warehouse] = []
    return ConnectedWarehouses(
        warehouses=none, pagination=page(none, lambda each: each.id, "", call.query.pagination)[1]
    )


async def add_labels(call: Call[Nothing, Labels]) -> Labels:
    """Add labels; one with the same key and value is replaced."""
    source = _source(call)
    kept = {(label.key, label.value): label for label in source.config.labels} if source.config else {}
    added = {(label.key, label.value): label for label in _labels(call.body)}
    return await _set_labels(call, source, tuple((kept | added).values()))


async def replace_labels(call: Call[Nothing, Labels]) -> Labels:
    """Give a source these labels and no others."""
    return await _set_labels(call, _source(call), tuple(_labels(call.body)))


async def add_key(call: Call[Nothing, Nothing]) -> OneSource:
    """One more write key; all of a source's are valid at once."""
    return OneSource(source=shown(await sources.add_key(call.parts, call.who, _source(call))))


async def remove_key(call: Call[Nothing, Nothing]) -> Success:
    """Take a write key away; the last one stays."""
    await sources.remove_key(call.parts, call.who, _source(call), call.path["writeKey"])
    return Success()


async def _set_labels(call: Call[Nothing, Labels], source: records.Source, labels: tuple[configs.Label, ...]) -> Labels:
    changed = await sources.change(call.parts, call.who, source, labels=labels)
    return Labels(labels=_shown_labels(changed.config.labels if changed.config else ()))


def _source(call: Call[Any, Any]) -> records.Source:
    return ids.source(call.parts, call.path["sourceId"])


def _labels(body: Labels) -> list[configs.Label]:
    for index, label in enumerate(body.labels):
        if not label.key or not label.value:
            raise Refused(422, "a label has a key and a value", field=f"labels[{index}]")
    return [
        configs.Label(key=label.key, value=label.value, description=label.description or "") for label in body.labels
    ]


def _shown_labels(labels: tuple[configs.Label, ...]) -> list[Label]:
    return [Label(key=each.key, value=each.value, description=each.description or UNSET) for each in labels]


OPERATIONS: tuple[Row, ...] = (
    Operation("listSources", "GET", "/sources", "read", listed, Sources, Paged),
    Operation("createSource", "POST", "/sources", "write", create, OneSource, body=CreateSource, status=201),
    Operation("getSource", "GET", "/sources/{sourceId}", "read", get, SourceWithPlan),
    Operation("updateSource", "PATCH", "/sources/{sourceId}", "write", update, OneSource, body=UpdateSource),
    Operation("deleteSource", "DELETE", "/sources/{sourceId}", "write", delete, Success),
    Operation(
        "listConnectedDestinationsFromSource", "GET", "/sources/{sourceId}/connected-destinations", "read", connected,
        ConnectedDestinations, Paged,
    ),
    Operation(
        "listConnectedWarehousesFromSource", "GET", "/sources/{sourceId}/connected-warehouses", "read",
        connected_warehouses, ConnectedWarehouses, Paged,
    ),
    Operation("addLabelsToSource", "POST", "/sources/{sourceId}/labels", "write", add_labels, Labels, body=Labels),
    Operation(
        "replaceLabelsInSource", "PUT", "/sources/{sourceId}/labels", "write", replace_labels, Labels, body=Labels
    ),
    Operation(
        "createWriteKeyForSource", "POST", "/sources/{sourceId}/writekey", "write", add_key, OneSource, versions=ALPHA
    ),
    Operation(
        "removeWriteKeyFromSource", "DELETE", "/sources/{sourceId}/writekey/{writeKey}", "write", remove_key, Success,
        versions=ALPHA,
    ),
)  # fmt: skip
