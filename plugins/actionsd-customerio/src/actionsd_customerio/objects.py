"""Objects, such as companies: created or updated, deleted, and no longer related to a person."""

from typing import Annotated

from actionsd.sdk import Field, Json, if_exists, path
from actionsd_customerio.api import Operation
from actionsd_customerio.entities import (
    AnonymousId,
    Batched,
    OptionalPersonId,
    PersonId,
    Related,
    custom_object,
    object_type,
    operation,
    person,
    relationships,
    unix_time,
    with_unix_times,
)


class CreateUpdateObject(Related):
    """An object's attributes, and the person that is related to it."""

    id: Annotated[str, Field("Object ID", "Your ID of the object.", default=path("$.groupId"))]
    created_at: Annotated[
        str | None,
        Field("Created At", "When the object was created.",
              default=if_exists("$.traits.created_at", "$.traits.createdAt")),
    ] = None  # fmt: skip
    custom_attributes: Annotated[
        Json | None,
        Field("Object Attributes", "Other attributes of the object.", default=path("$.traits.objectAttributes")),
    ] = None
    user_id: OptionalPersonId = None
    anonymous_id: AnonymousId = None


class DeleteObject(Batched):
    """The object to delete."""

    object_id: Annotated[
        str | None, Field("Object ID", "Your ID of the object.", default=path("$.properties.objectId"))
    ] = None
    object_type_id: Annotated[str | None, object_type("$.properties")] = None


class DeleteRelationship(Batched):
    """The person and the object that are no longer related."""

    person_id: PersonId
    anonymous_id: AnonymousId = None
    object_id: Annotated[str, Field("Object ID", "Your ID of the object.", default=path("$.properties.objectId"))]
    object_type_id: Annotated[str | None, object_type("$.properties")] = None


def create_update_object(payload: CreateUpdateObject) -> Operation:
    """Set attributes of an object, which is created where there is none of this ID, and relate it to the person.

    A person known by an anonymous ID only asks for another action of the API.
    """
    related = person(payload.user_id, anonymous_id=payload.anonymous_id)
    return operation(
        "object", "identify_anonymous" if related and "anonymous_id" in related else "identify",
        custom_object(payload.id, payload.object_type_id),
        attributes=with_unix_times(payload.custom_attributes, payload.convert_timestamp),
        anonymous_id=payload.anonymous_id, created_at=unix_time(payload.created_at, payload.convert_timestamp),
        cio_relationships=relationships(related, payload),
    )  # fmt: skip


def delete_object(payload: DeleteObject) -> Operation:
    """Delete an object and its relationships."""
    return operation("object", "delete", custom_object(payload.object_id, payload.object_type_id))


def delete_relationship(payload: DeleteRelationship) -> Operation:
    """End the relationship of a person with an object."""
    return operation(
        "object", "delete_relationships", custom_object(payload.object_id, payload.object_type_id),
        anonymous_id=payload.anonymous_id, cio_relationships=[{"identifiers": person(payload.person_id)}],
    )  # fmt: skip
