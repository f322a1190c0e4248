"""The catalogue: kinds of sources, definitions that are installed. There are no warehouses here."""

from actionsd.admin.publicapi import kinds, metadata
from actionsd.admin.publicapi.errors import Refused
from actionsd.admin.publicapi.metadata import DestinationMetadata, Logos, Option, SourceMetadata
from actionsd.admin.publicapi.operation import Call, Nothing, Operation, Paged, Pagination, Row, Shape
from actionsd.admin.publicapi.paging import page
from actionsd.errors import NotFound


class DestinationsCatalog(Shape, frozen=True, kw_only=True):
    """A page of definitions."""

    destinations_catalog: list[DestinationMetadata]
    pagination: Pagination


class OneDestinationMetadata(Shape, frozen=True, kw_only=True):
    """One definition."""

    destination_metadata: DestinationMetadata


class SourcesCatalog(Shape, frozen=True, kw_only=True):
    """A page of kinds of sources."""

    sources_catalog: list[SourceMetadata]
    pagination: Pagination


class OneSourceMetadata(Shape, frozen=True, kw_only=True):
    """One kind of source."""

    source_metadata: SourceMetadata


class WarehouseMetadata(Shape, frozen=True, kw_only=True):
    """A kind of warehouse; there are none."""

    id: str
    name: str
    slug: str
    description: str
    logos: Logos
    options: list[Option]


class WarehousesCatalog(Shape, frozen=True, kw_only=True):
    """A page of kinds of warehouses."""

    warehouses_catalog: list[WarehouseMetadata]
    pagination: Pagination


class OneWarehouseMetadata(Shape, frozen=True, kw_only=True):
    """One kind of warehouse."""

    warehouse_metadata: WarehouseMetadata


async def destinations(call: Call[Paged, Nothing]) -> DestinationsCatalog:
    """Definitions in the order of their slugs."""
    definitions = call.parts.catalog.definitions.values()
    found, pagination = page(definitions, lambda each: each.slug, "", call.query.pagination)
    return DestinationsCatalog(
        destinations_catalog=[metadata.of_definition(call.parts, each) for each in found], pagination=pagination
    )


async def destination(call: Call[Nothing, Nothing]) -> OneDestinationMetadata:
    """One definition, by its id, slug or name (RULES C9)."""
    try:
        definition = call.parts.catalog.find(call.path["destinationMetadataId"])
    except LookupError as error:
        raise NotFound(str(error)) from None
    return OneDestinationMetadata(destination_metadata=metadata.of_definition(call.parts, definition))


async def sources(call: Call[Paged, Nothing]) -> SourcesCatalog:
    """Kinds of sources in the order of their slugs."""
    found, pagination = page(kinds.KINDS, lambda kind: kind.slug, "", call.query.pagination)
    return SourcesCatalog(sources_catalog=[metadata.of_kind(kind) for kind in found], pagination=pagination)


async def source(call: Call[Nothing, Nothing]) -> OneSourceMetadata:
    """One kind of source, by its id or slug."""
    return OneSourceMetadata(source_metadata=metadata.of_kind(kinds.find(call.path["sourceMetadataId"])))


async def warehouses(call: Call[Paged, Nothing]) -> WarehousesCatalog:
    """No warehouses."""
    none: list[WarehouseMetadata] = []
    _, pagination = page(none, lambda each: each.slug, "", call.query.pagination)
    return WarehousesCatalog(warehouses_catalog=none, pagination=pagination)


async def warehouse(call: Call[Nothing, Nothing]) -> OneWarehouseMetadata:
    """There is no warehouse."""
    raise Refused(404, "actionsd has no warehouses")


OPERATIONS: tuple[Row, ...] = (
    Operation(
        "getDestinationsCatalog", "GET", "/catalog/destinations", "read", destinations, DestinationsCatalog, Paged
    ),
    Operation(
        "getDestinationMetadata", "GET", "/catalog/destinations/{destinationMetadataId}", "read", destination,
        OneDestinationMetadata,
    ),
    Operation("getSourcesCatalog", "GET", "/catalog/sources", "read", sources, SourcesCatalog, Paged),
    Operation("getSourceMetadata", "GET", "/catalog/sources/{sourceMetadataId}", "read", source, OneSourceMetadata),
    Operation("getWarehousesCatalog", "GET", "/catalog/warehouses", "read", warehouses, WarehousesCatalog, Paged),
    Operation(
        "getWarehouseMetadata", "GET", "/catalog/warehouses/{warehouseMetadataId}", "read", warehouse,
        OneWarehouseMetadata,
    ),
)  # fmt: skip
