"""Who an object of /users/track is about: the fields that its actions share, and what is sent of them."""

from typing import Annotated, Any

from actionsd.sdk import UNSET, Field, Number, Payload, PayloadValidationError, UnsetType, field, members, path, plain


class PartialAlias(Payload):
    """A user alias; it counts only where both members have a value."""

    alias_name: Annotated[str | None, Field("Alias Name")] = None
    alias_label: Annotated[str | None, Field("Alias Label")] = None


class Alias(Payload):
    """A user alias."""

    alias_name: Annotated[str, Field("Alias Name")]
    alias_label: Annotated[str, Field("Alias Label")]


class User(Payload):
    """The user; an action adds the e-mail address. One of the four is needed."""

    external_id: Annotated[str | None, Field("External User ID", "Your ID of the user.", default=path("$.userId"))] = (
        None
    )
    user_alias: Annotated[PartialAlias | None, Field("User Alias Object", "Another name of the user.")] = None
    braze_id: Annotated[
        str | UnsetType | None,
        Field("Braze User Identifier", "Braze's ID of the user.", default=path("$.properties.braze_id")),
    ] = UNSET
    enable_batching: Annotated[
        bool | None, Field("Batch Data to Braze", "Send up to 75 in one request.", default=True)
    ] = None
    batch_size: Annotated[Number | None, Field("Batch Size", "Most events in a request.", default=75, hidden=True)] = (
        None
    )


OnlyExisting = Annotated[
    bool | None,
    Field("Update Existing Only", "Never make new profiles; Braze never does for an alias.", default=False),
]


def only_existing() -> Any:
    """The field that says so in actions without sync modes."""
    return field(name="_update_existing_only", default=None)


def identified(payload: User) -> dict[str, Any]:
    """The members that name the user.

    Raises:
        PayloadValidationError: there are none.
    """
    fields = members(payload)
    user: dict[str, Any] = {key: fields[key] for key in ("braze_id", "external_id", "email") if key in fields}
    alias = payload.user_alias
    if alias is not None and alias.alias_name and alias.alias_label:
        user["user_alias"] = plain(alias)
    if not any(user.values()):
        raise PayloadValidationError('One of "external_id" or "user_alias" or "braze_id" or "email" is required.')
    return user
