"""Create Alias and Identify User: other names of users, and who bears them."""

from typing import Annotated, Any, Literal

from actionsd.sdk import (
    UNSET,
    APIError,
    Call,
    Choice,
    Field,
    HTTPError,
    Payload,
    Response,
    UnsetType,
    plain,
    when,
)
from actionsd_braze.api import BrazeSettings, given, message_of, sync_mode
from actionsd_braze.users import Alias

MergeBehavior = Annotated[
    Literal["none", "merge"] | None,
    Field("Merge Behavior", "Whether the anonymous user's fields go over to the identified one.",
          choices=[Choice("none", "None"), Choice("merge", "Merge")]),
]  # fmt: skip
RECENCY = [
    Choice("most_recently_updated", "Most Recently Updated"),
    Choice("least_recently_updated", "Least Recently Updated"),
]
_PRIORITIES = [Choice("unidentified", "Unidentified"), *RECENCY]


class CreateAlias(Payload):
    """A new alias, of a known user or of a new one without an ID."""

    external_id: Annotated[str | UnsetType | None, Field("External ID", "Your ID of the user; may be empty.")] = UNSET
    alias_name: Annotated[str, Field("Alias Name", "The alias.")]
    alias_label: Annotated[str, Field("Alias Label", "What kind of alias it is.")]


class IdentifyUser(Payload):
    """Gives the user of an alias an ID."""

    external_id: Annotated[str, Field("External ID", "Your ID of the user.")]
    user_alias: Annotated[Alias, Field("User Alias Object", "The user's alias.")]
    merge_behavior: MergeBehavior = None


class Prioritization(Payload):
    """Which user is meant if several have the e-mail address."""

    first_priority: Annotated[str | None, Field("First Priority", choices=_PRIORITIES)] = None
    second_priority: Annotated[str | None, Field("Second Priority", choices=_PRIORITIES)] = None


class IdentifyUser2(Payload):
    """Gives the user of an alias, or of an e-mail address, an ID."""

    external_id: Annotated[str, Field("External ID", "Your ID of the user.")]
    user_alias: Annotated[
        Alias | None,
        Field("User Alias Object", "The user's alias.", required=when("email_to_identify", is_=UNSET)),
    ] = None
    email_to_identify: Annotated[
        str | None,
        Field("Email to Identify", "The user's e-mail address.", required=when("user_alias", is_=UNSET)),
    ] = None
    prioritization: Annotated[
        Prioritization | None,
        Field("Prioritization", "Who is meant if several users have the address.",
              required=when("email_to_identify", is_not=UNSET), depends_on=when("email_to_identify", is_not=UNSET)),
    ] = None  # fmt: skip
    merge_behavior: MergeBehavior = None


async def create_alias(call: Call[BrazeSettings, CreateAlias]) -> Response:
    """Make an alias."""
    alias = {name: value for name, value in plain(call.payload).items() if value is not None}
    return await call.http.post(f"{call.settings.endpoint}/users/alias/new", json={"user_aliases": [alias]})


async def create_alias_2(call: Call[BrazeSettings, CreateAlias]) -> Response:
    """Make an alias."""
    sync_mode(call.sync_mode, "add")
    return await create_alias(call)


async def identify_user(call: Call[BrazeSettings, IdentifyUser]) -> Response:
    """Give the user of an alias an ID."""
    payload = call.payload
    aliases = [{"external_id": payload.external_id, "user_alias": payload.user_alias}]
    body = {"aliases_to_identify": aliases} | given(merge_behavior=payload.merge_behavior)
    return await call.http.post(f"{call.settings.endpoint}/users/identify", json=body)


async def identify_user_2(call: Call[BrazeSettings, IdentifyUser2]) -> Response:
    """Give a user an ID; what Braze could not do raises, although it answers 201 then."""
    sync_mode(call.sync_mode, "add", "upsert")
    try:
        response = await call.http.post(f"{call.settings.endpoint}/users/identify", json=_identity(call.payload))
    except HTTPError as error:
        message = message_of(error)
        if not message:
            raise
        raise APIError(message, error.status) from error
    errors = response.data.get("errors") if isinstance(response.data, dict) else None
    if isinstance(errors, list) and errors:
        raise APIError(str(errors[0]["type"]), 400)
    return response


def _identity(payload: IdentifyUser2) -> dict[str, Any]:
    body: dict[str, Any] = given(merge_behavior=payload.merge_behavior)
    if payload.user_alias is not None:
        body["aliases_to_identify"] = [{"external_id": payload.external_id, "user_alias": payload.user_alias}]
    if payload.email_to_identify and payload.prioritization is not None:
        first, second = payload.prioritization.first_priority, payload.prioritization.second_priority
        email = {
            "external_id": payload.external_id,
            "email": payload.email_to_identify,
            "prioritization": [first, second] if second else [first],
        }
        body["emails_to_identify"] = [email]
    return body
