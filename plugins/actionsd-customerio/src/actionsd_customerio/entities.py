"""What operations have in common: how people and objects are named, attributes, and times in Unix seconds."""

import re
from typing import Annotated, Any

from actionsd.sdk import Field, Json, Number, Payload, if_exists, path
from actionsd.sdk.helpers import is_email, to_seconds
from actionsd_customerio.api import Operation

_ISO_8601 = re.compile(
    r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
    r"(?:T(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d+)?)?(?:Z|[+-](?:[01]\d|2[0-3]):?[0-5]\d)?)?",
    re.ASCII,
)
_NUMBER = re.compile(r"\d{1,15}", re.ASCII)
_CIO_ID = "cio_"


def person_id(default: Json) -> Field:
    """The field for the ID of a person."""
    return Field("Person ID", "Your ID, an e-mail address, or cio_ followed by Customer.io's ID.", default=default)


PersonId = Annotated[str, person_id(path("$.userId"))]
OptionalPersonId = Annotated[str | None, person_id(path("$.userId"))]
AnonymousId = Annotated[
    str | None,
    Field("Anonymous ID", "Joins what was done before the person was known.", default=path("$.anonymousId")),
]
Timestamp = Annotated[str | None, Field("Timestamp", "When it happened.", default=path("$.timestamp"))]
ConvertTimestamp = Annotated[
    bool | None,
    Field("Convert Timestamps", "Send dates in ISO 8601 as Unix seconds, which segments ask for.", default=True),
]


def object_type(container: str) -> Field:
    """The field for the type of an object; ``container`` is the part of the event that has it."""
    default = if_exists(f"{container}.object_type_id", f"{container}.objectTypeId")
    return Field("Object Type ID", "Number of the object's type; 1 where there is none.", default=default)


class Batched(Payload):
    """Whether events share requests."""

    enable_batching: Annotated[
        bool | None, Field("Enable Batching", "Send many events in one request.", default=True)
    ] = None
    batch_size: Annotated[
        Number | None, Field("Batch Size", "Most events in a request.", default=50, minimum=2, maximum=100)
    ] = None


class Related(Batched):
    """The relationship that a person or an object is created with."""

    relationship_attributes: Annotated[
        Json | None,
        Field("Relationship Attributes", "Attributes of the relationship of person and object.",
              default=path("$.traits.relationshipAttributes")),
    ] = None  # fmt: skip
    object_type_id: Annotated[str | None, object_type("$.traits")] = None
    convert_timestamp: ConvertTimestamp = None


def person(id: str | None, *, email: str | None = None, anonymous_id: str | None = None) -> Json | None:
    """What names a person: the ID, else the e-mail address, else the anonymous ID; None where there is none.

    The shape of an ID tells its kind, as in the paths of the Track API's version 1.

    >>> person("ada@example.com"), person("cio_a3000001"), person("", anonymous_id="a1")
    ({'email': 'ada@example.com'}, {'cio_id': 'a3000001'}, {'anonymous_id': 'a1'})
    """
    if not id:
        return {"email": email} if email else {"anonymous_id": anonymous_id} if anonymous_id else None
    if id.startswith(_CIO_ID):
        return {"cio_id": id.removeprefix(_CIO_ID)}
    return {"email" if is_email(id) else "id": id}


def custom_object(object_id: str | None, type_id: str | None) -> Json | None:
    """What names an object; None where it has no ID.

    >>> custom_object("acme", None)
    {'object_id': 'acme', 'object_type_id': '1'}
    """
    return {"object_id": object_id, "object_type_id": type_id or "1"} if object_id else None


def relationships(related: Json | None, payload: Related) -> list[Json] | None:
    """The relationship with what ``related`` names, if there is such."""
    if related is None:
        return None
    attributes = with_unix_times(payload.relationship_attributes, payload.convert_timestamp)
    return [present(identifiers=related, relationship_attributes=attributes)]


def operation(
    type: str, action: str, identifiers: Json | None = None, *, attributes: Json | None = None,
    anonymous_id: str | None = None, **members: Any,
) -> Operation:  # fmt: skip
    """An operation without what has no value; an anonymous ID becomes an attribute unless it is the identifier."""
    if anonymous_id and "anonymous_id" not in (identifiers or {}):
        attributes = (attributes or {}) | {"anonymous_id": anonymous_id}
    made = {"type": type, "action": action, "identifiers": identifiers, "attributes": attributes, **members}
    return {name: value for name, value in made.items() if value is not None and value != ""}


def present(**members: Any) -> Json:
    """The members that have a value; an empty object is one.

    >>> present(name="Cart", id="", attributes={}, timestamp=None)
    {'name': 'Cart', 'attributes': {}}
    """
    return {name: value for name, value in members.items() if value is not None and value != ""}


def unix_time(text: str | None, convert: bool | None = True) -> str | int | None:
    """A field that is a time, in seconds since the epoch: from a date in ISO 8601, or a number that came as text.

    >>> unix_time("2024-05-14T10:20:30.456Z"), unix_time("1715682030"), unix_time("soon")
    (1715682030, 1715682030, 'soon')
    """
    if text and text[4:5] != "-" and _NUMBER.fullmatch(text):
        return int(text)
    time: str | int | None = with_unix_times(text, convert)
    return time


def with_unix_times(value: Any, convert: bool | None = True) -> Any:
    """Attributes with every date in ISO 8601 as seconds since the epoch; unchanged where ``convert`` is False.

    >>> with_unix_times({"since": "2024-05-14", "ids": ["ord-1001"]})
    {'since': 1715644800, 'ids': ['ord-1001']}
    """
    if convert is False:
        return value
    kind = type(value)
    if kind is dict:
        converted = value.copy()
        for name, member in value.items():
            kind = type(member)
            if (kind is str and len(member) > 9 and member[4] == "-") or kind is dict or kind is list:
                converted[name] = with_unix_times(member)
        return converted
    if kind is list:
        return [with_unix_times(item) for item in value]
    return to_seconds(value) if kind is str and _ISO_8601.fullmatch(value) else value
