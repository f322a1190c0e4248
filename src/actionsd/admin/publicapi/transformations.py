"""Transformations (FEATURES F154, F155, F231). ``drop`` is of a later version of the API than the SDK's, and shown only
where it is true."""

from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from actionsd.admin.publicapi import ids
from actionsd.admin.publicapi.operation import Call, Nothing, Operation, Paged, Pagination, Row, Shape, Success
from actionsd.admin.publicapi.paging import page
from actionsd.operate import shown, transformations
from actionsd.store import configs, records


class Rename(Shape, frozen=True, kw_only=True):
    old_name: str
    new_name: str


class Value(Shape, frozen=True, kw_only=True):
    property_paths: list[str]
    property_value: str


class Defined(Shape, frozen=True, kw_only=True):
    fql: str
    property_name: str


class Hash(Shape, frozen=True, kw_only=True):
    """``key`` is secret: answers have it masked, and a masked one that comes back stays what it was."""

    algorithm: str
    key: str | UnsetType = UNSET
    encoding: Literal["BASE16", "BASE64", "BASE64URL", "HEX"] | UnsetType = UNSET
    paths: list[str]


class Edits(Shape, frozen=True, kw_only=True):
    """What a transformation does."""

    new_event_name: str | UnsetType | None = UNSET
    property_renames: list[Rename] | UnsetType = UNSET
    property_value_transformations: list[Value] | UnsetType = UNSET
    fql_defined_properties: list[Defined] | UnsetType = msgspec.field(name="fqlDefinedProperties", default=UNSET)
    allow_properties: list[str] | UnsetType = UNSET
    hash_properties_configuration: Hash | UnsetType | None = UNSET
    drop: bool | UnsetType = UNSET


class Transformation(Edits, frozen=True, kw_only=True):
    id: str
    name: str
    source_id: str
    destination_metadata_id: str | UnsetType = UNSET
    enabled: bool
    condition: str = msgspec.field(name="if")


class Transformations(Shape, frozen=True, kw_only=True):
    transformations: list[Transformation]
    pagination: Pagination


class OneTransformation(Shape, frozen=True, kw_only=True):
    transformation: Transformation


class CreateTransformation(Edits, frozen=True, kw_only=True):
    name: str
    source_id: str
    destination_metadata_id: str | UnsetType | None = UNSET
    enabled: bool
    condition: str = msgspec.field(name="if")


class UpdateTransformation(Edits, frozen=True, kw_only=True):
    name: str | UnsetType = UNSET
    source_id: str | UnsetType = UNSET
    destination_metadata_id: str | UnsetType | None = UNSET
    enabled: bool | UnsetType = UNSET
    condition: str | UnsetType = msgspec.field(name="if", default=UNSET)


async def listed(call: Call[Paged, Nothing]) -> Transformations:
    found, pagination = page(call.parts.workspace.transformations, lambda each: each.id, 0, call.query.pagination)
    return Transformations(transformations=[_shown(call, each) for each in found], pagination=pagination)


async def get(call: Call[Nothing, Nothing]) -> OneTransformation:
    return OneTransformation(transformation=_shown(call, _transformation(call)))


async def create(call: Call[Nothing, CreateTransformation]) -> OneTransformation:
    """A new transformation; with ``destinationMetadataId`` for the destinations of that definition only."""
    body = call.body
    config = configs.TransformationConfig(
        name=body.name, condition=body.condition, enabled=body.enabled, edits=_edits(body, {}),
        definition=body.destination_metadata_id or "",
    )  # fmt: skip
    source = ids.source(call.parts, body.source_id)
    return OneTransformation(
        transformation=_shown(call, await transformations.create(call.parts, call.who, source, config))
    )


async def update(call: Call[Nothing, UpdateTransformation]) -> OneTransformation:
    """Members that are left out stay; null and empty lists end what they did."""
    body, old = call.body, _transformation(call)
    given = {"name": body.name, "condition": body.condition, "enabled": body.enabled}
    changes: dict[str, Any] = {key: value for key, value in given.items() if value is not UNSET}
    if body.destination_metadata_id is not UNSET:
        changes["definition"] = body.destination_metadata_id or ""
    edits = _edits(body, old.config.edits)
    source = 0 if body.source_id is UNSET else ids.source(call.parts, body.source_id).id
    changed = await transformations.change(call.parts, call.who, old, source=source, edits=edits, **changes)
    return OneTransformation(transformation=_shown(call, changed))


async def delete(call: Call[Nothing, Nothing]) -> Success:
    await transformations.delete(call.parts, call.who, _transformation(call))
    return Success()


def _transformation(call: Call[Any, Any]) -> records.Transformation:
    return transformations.by_id(call.parts, ids.number("transformation", call.path["transformationId"]))


def _edits(body: Edits, before: dict[str, Any]) -> dict[str, Any]:
    given = {key: value for key, value in msgspec.to_builtins(body).items() if key in transformations.EDITS}
    return {key: value for key, value in (before | given).items() if value}


def _shown(call: Call[Any, Any], made: records.Transformation) -> Transformation:
    config = made.config
    members = {
        "id": str(made.id), "name": config.name, "sourceId": str(made.source), "enabled": config.enabled,
        "if": config.condition,
    }  # fmt: skip
    if config.definition:
        found = call.parts.catalog.definitions.get(config.definition)
        members["destinationMetadataId"] = found.id if found else config.definition
    return msgspec.convert(members | shown.edits(config.edits), Transformation)


_one = "/transformations/{transformationId}"

OPERATIONS: tuple[Row, ...] = (
    Operation("listTransformations", "GET", "/transformations", "read", listed, Transformations, Paged),
    Operation(
        "createTransformation", "POST", "/transformations", "write", create, OneTransformation,
        body=CreateTransformation,
    ),
    Operation("getTransformation", "GET", _one, "read", get, OneTransformation),
    Operation("updateTransformation", "PATCH", _one, "write", update, OneTransformation, body=UpdateTransformation),
    Operation("deleteTransformation", "DELETE", _one, "write", delete, Success),
)  # fmt: skip
