"""HubSpot's API: settings and tokens, and what all requests share. Public apps only: OAuth with refresh."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, TypeVar
from urllib.parse import quote

from actionsd.sdk import (
    BaseCall,
    BatchCall,
    Field,
    HTTPError,
    IntegrationError,
    OAuth,
    RequestOptions,
    Response,
    RetryableError,
    Settings,
    Tokens,
)
from actionsd.sdk.fields import InputMethod

T = TypeVar("T")

API = "https://api.hubapi.com"
OBJECTS = f"{API}/crm/v3/objects"
SCHEMAS = f"{API}/crm/v3/schemas"
EVENT_DEFINITIONS = f"{API}/events/v3/event-definitions"
EVENTS = f"{API}/events/v3/send"
CREATED = "created by Segment"  # in the descriptions of what is made at HubSpot, so that people see where it is from
ONLY_CHOICES: tuple[InputMethod, ...] = ("literal", "variable", "function", "freeform", "enrichment")
"""Disabled input methods of a field whose value people can only choose."""

_NEEDED = ("oauth", "crm.objects.contacts.read", "crm.objects.contacts.write", "crm.objects.companies.read",
           "crm.objects.companies.write", "crm.schemas.contacts.read", "crm.schemas.companies.read")  # fmt: skip
_WHERE_THERE = (  # an account whose plan lacks one of these is connected without it
    "analytics.behavioral_events.send", "behavioral_events.event_definitions.read_write", "crm.lists.read",
    "crm.lists.write", "crm.objects.custom.read", "crm.objects.custom.write", "crm.objects.deals.read",
    "crm.objects.deals.write", "crm.schemas.contacts.write", "crm.schemas.companies.write", "crm.schemas.custom.read",
    "crm.schemas.deals.read", "tickets",
)  # fmt: skip
OAUTH = OAuth(
    authorize_url=f"https://app.hubspot.com/oauth/authorize?optional_scope={quote(' '.join(_WHERE_THERE))}",
    token_url=f"{API}/oauth/v1/token",
    scopes=_NEEDED,
)
_MOST_INPUTS = 100  # HubSpot: "batch operations are limited to 100 records at a time"


class HubSpotSettings(Settings):
    """The account; its tokens come from ``oauth``."""

    portalId: Annotated[str | None, Field("Hub ID", "ID of the HubSpot account; for people only.")] = None


def authorized(call: BaseCall[HubSpotSettings]) -> RequestOptions:
    """What all requests share; a refresh has no access token."""
    token = call.auth.access_token
    return {"headers": {"authorization": f"Bearer {token}"}} if token else {}


async def test_authentication(call: BaseCall[HubSpotSettings]) -> Response:
    """HubSpot lists a contact when the token is good."""
    return await call.http.get(f"{OBJECTS}/contacts?limit=1")


async def refresh(call: BaseCall[HubSpotSettings]) -> Tokens | None:
    """A new access token, which is good for 30 minutes; None where HubSpot names none."""
    auth = call.auth
    form = {"refresh_token": auth.refresh_token, "client_id": auth.client_id, "client_secret": auth.client_secret,
            "grant_type": "refresh_token"}  # fmt: skip
    data = members(await call.http.post(f"{API}/oauth/v1/token", form=form))
    return Tokens(data["access_token"], data.get("refresh_token")) if data.get("access_token") else None


def members(response: Response) -> dict[str, Any]:
    """The object that HubSpot answered; empty where it is none."""
    return response.data if isinstance(response.data, dict) else {}


def results(response: Response) -> list[dict[str, Any]]:
    """The ``results`` of a list or a batch."""
    found = members(response).get("results")
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def id_of(record: Mapping[str, Any]) -> str:
    """A record's ID. HubSpot always gives one; "undefined" stands for none, and HubSpot refuses a request with it."""
    return str(record.get("id", "undefined"))


def segment(text: str) -> str:
    """A text as one segment of a URL's path."""
    return quote(text, safe="@+:!$&'()*,;=")


def association_type(label: str) -> dict[str, Any]:
    """The type that an association label stands for; HubSpot refuses one without a number.

    >>> association_type("HUBSPOT_DEFINED:279")
    {'associationCategory': 'HUBSPOT_DEFINED', 'associationTypeId': 279}
    """
    category, _, number = label.partition(":")
    return {"associationCategory": category, "associationTypeId": int(number) if number.isdecimal() else None}


def portions(inputs: Sequence[T]) -> Iterator[Sequence[T]]:
    """The inputs of each of the batch requests that they need."""
    return (inputs[start : start + _MOST_INPUTS] for start in range(0, len(inputs), _MOST_INPUTS))


async def post_new(call: BaseCall[HubSpotSettings], url: str, body: Any) -> Response:
    """Make something that was not there when it was looked for.

    Raises:
        RetryableError: it is there (409): another delivery made it in between, so it is found the next time.
        IntegrationError: the same in a batch, with status 400: its halves are tried on their own (RULES R25).
        HTTPError: any other refusal.
    """
    try:
        return await call.http.post(url, json=body)
    except HTTPError as error:
        if error.status != 409:
            raise
        if isinstance(call, BatchCall) and len(call.payloads) > 1:
            raise IntegrationError(refusal(error), "CONFLICT", 400) from error
        raise RetryableError(refusal(error), 409) from error


def refusal(error: HTTPError) -> str:
    """What HubSpot says about a refusal; the status' name where it says nothing."""
    return str(members(error.response).get("message") or error.message)
