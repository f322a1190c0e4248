"""People: created or updated, deleted, merged, suppressed and unsuppressed."""

from typing import Annotated

from actionsd.sdk import Field, Json, if_exists, path, template
from actionsd_customerio.api import Operation
from actionsd_customerio.entities import (
    AnonymousId,
    Batched,
    PersonId,
    Related,
    Timestamp,
    custom_object,
    operation,
    person,
    person_id,
    present,
    relationships,
    unix_time,
    with_unix_times,
)

_TRAITS_OF_FIELDS = {"created_at", "createdAt", "object_type_id", "objectTypeId", "relationshipAttributes"}
"""Traits that are no attributes: fields are mapped from them."""


class CreateUpdatePerson(Related):
    """A person's attributes, and the object that the person is related to."""

    id: Annotated[str | None, person_id(if_exists("$.userId", "$.traits.email"))] = None
    anonymous_id: AnonymousId = None
    email: Annotated[
        str | None, Field("Email", "Names the person where there is no ID.", default=template("{{traits.email}}"))
    ] = None
    created_at: Annotated[
        str | None,
        Field("Created At", "When the person was created.",
              default=if_exists("$.traits.created_at", "$.traits.createdAt")),
    ] = None  # fmt: skip
    group_id: Annotated[
        str | None, Field("Object ID", "The object to relate the person to.", default=path("$.traits.objectId"))
    ] = None
    custom_attributes: Annotated[
        Json | None, Field("Person Attributes", "Other attributes of the person.", default=path("$.traits"))
    ] = None
    timestamp: Timestamp = None


class ThePerson(Batched):
    """The person that something is done with."""

    person_id: PersonId


class MergePeople(Batched):
    """Two people that are one."""

    primary: Annotated[str, Field("Primary User", "Who stays: an ID or e-mail address.", default=path("$.userId"))]
    secondary: Annotated[
        str, Field("Secondary User", "Who is merged and deleted: an ID or e-mail address.",
                   default=path("$.previousId"))
    ]  # fmt: skip


def create_update_person(payload: CreateUpdatePerson) -> Operation:
    """Set attributes of a person, who is created where there is none of this ID."""
    custom = {name: value for name, value in (payload.custom_attributes or {}).items() if name not in _TRAITS_OF_FIELDS}
    created_at = unix_time(payload.created_at, payload.convert_timestamp)
    return operation(
        "person", "identify",
        person(payload.id, email=payload.email, anonymous_id=payload.anonymous_id),
        attributes=with_unix_times(custom, payload.convert_timestamp)
        | present(created_at=created_at, email=payload.email),
        anonymous_id=payload.anonymous_id, timestamp=unix_time(payload.timestamp),
        cio_relationships=relationships(custom_object(payload.group_id, payload.object_type_id), payload),
    )  # fmt: skip


def delete_person(payload: ThePerson) -> Operation:
    """Delete a person."""
    return operation("person", "delete", person(payload.person_id))


def suppress_person(payload: ThePerson) -> Operation:
    """Delete a person, and accept none of this ID from now on."""
    return operation("person", "suppress", person(payload.person_id))


def unsuppress_person(payload: ThePerson) -> Operation:
    """Accept a person of this ID again."""
    return operation("person", "unsuppress", person(payload.person_id))


def merge_people(payload: MergePeople) -> Operation:
    """Merge the secondary person into the primary one."""
    return operation("person", "merge", primary=person(payload.primary), secondary=person(payload.secondary))
