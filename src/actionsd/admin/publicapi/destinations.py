"""Destinations (FEATURES F228). A destination made here gets no mappings: presets become mappings only where a person
adds it, in the console or with actionsctl; a client of this API says itself which it wants."""

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from actionsd.admin.publicapi import ids, metadata
from actionsd.admin.publicapi.metadata import DestinationMetadata
from actionsd.admin.publicapi.operation import Call, Nothing, Operation, Paged, Pagination, Row, Shape, Success
from actionsd.admin.publicapi.paging import page
from actionsd.operate import destinations
from actionsd.operate import shown as fit_to_show
from actionsd.operate.parts import Parts
from actionsd.store import configs, records


class Destination(Shape, frozen=True, kw_only=True):
    """A destination as it is shown, secrets masked. ``enabled`` is that of the configuration; one that is paused is."""

    id: str
    name: str
    enabled: bool
    metadata: DestinationMetadata
    source_id: str
    settings: dict[str, Any]


class Destinations(Shape, frozen=True, kw_only=True):
    """A page of destinations."""

    destinations: list[Destination]
    pagination: Pagination


class OneDestination(Shape, frozen=True, kw_only=True):
    """One destination."""

    destination: Destination


class CreateDestination(Shape, frozen=True, kw_only=True):
    """A destination that is wanted, enabled unless said otherwise; ``metadataId``: id, slug or name of a definition."""

    source_id: str
    metadata_id: str
    settings: dict[str, Any]
    enabled: bool = True
    name: str = ""


class UpdateDestination(Shape, frozen=True, kw_only=True):
    """What to change of a destination."""

    name: str | UnsetType | None = UNSET
    enabled: bool | UnsetType = UNSET
    settings: dict[str, Any] | UnsetType = UNSET


def shown(parts: Parts, destination: records.Destination) -> Destination:
    """A destination as answers have it."""
    written = destination.config.settings if destination.config else destination.settings
    described = metadata.of_slug(parts, destination.definition)
    return Destination(
        id=str(destination.id),
        name=destination.name,
        enabled=destination.state in ("enabled", "paused"),
        metadata=described,
        source_id=str(destination.source),
        settings=fit_to_show.settings(parts.catalog, described.slug, written),
    )


async def listed(call: Call[Paged, Nothing]) -> Destinations:
    """Destinations of all sources, the oldest first."""
    found, pagination = page(call.parts.workspace.destinations, lambda each: each.id, 0, call.query.pagination)
    return Destinations(destinations=[shown(call.parts, each) for each in found], pagination=pagination)


async def get(call: Call[Nothing, Nothing]) -> OneDestination:
    """One destination."""
    return _one(call, _destination(call))


async def create(call: Call[Nothing, CreateDestination]) -> OneDestination:
    """A new destination of a source, without mappings."""
    body = call.body
    config = configs.DestinationConfig(
        slug="", definition=body.metadata_id, name=body.name, enabled=body.enabled, settings=body.settings
    )
    source = ids.source(call.parts, body.source_id)
    return _one(call, await destinations.create(call.parts, call.who, source, config))


async def update(call: Call[Nothing, UpdateDestination]) -> OneDestination:
    """Members that are left out stay. ``settings`` are replaced whole, but those that come back masked stay."""
    changes = {key: value for key, value in msgspec.structs.asdict(call.body).items() if value is not UNSET}
    if "name" in changes:
        changes["name"] = changes["name"] or ""
    return _one(call, await destinations.change(call.parts, call.who, _destination(call), **changes))


async def delete(call: Call[Nothing, Nothing]) -> Success:
    """Delete it with its mappings and filters."""
    await destinations.delete(call.parts, call.who, _destination(call))
    return Success()


def _destination(call: Call[Any, Any]) -> records.Destination:
    return ids.destination(call.parts, call.path["destinationId"])


def _one(call: Call[Any, Any], destination: records.Destination) -> OneDestination:
    return OneDestination(destination=shown(call.parts, destination))


OPERATIONS: tuple[Row, ...] = (
    Operation("listDestinations", "GET", "/destinations", "read", listed, Destinations, Paged),
    Operation("createDestination", "POST", "/destinations", "write", create, OneDestination, body=CreateDestination),
    Operation("getDestination", "GET", "/destinations/{destinationId}", "read", get, OneDestination),
    Operation(
        "updateDestination", "PATCH", "/destinations/{destinationId}", "write", update, OneDestination,
        body=UpdateDestination,
    ),
    Operation("deleteDestination", "DELETE", "/destinations/{destinationId}", "write", delete, Success),
)  # fmt: skip
