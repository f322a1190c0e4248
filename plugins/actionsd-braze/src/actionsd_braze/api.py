"""Braze's REST API: its settings, and POST /users/track, where events, purchases and profiles go."""

from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeVar

from actionsd.sdk import (
    BaseCall,
    BatchCall,
    Choice,
    DestinationError,
    Field,
    HTTPError,
    IntegrationError,
    MultiStatus,
    Payload,
    RequestOptions,
    Response,
    Secret,
    Settings,
)

P = TypeVar("P", bound=Payload)
Kind = Literal["events", "purchases", "attributes"]
Objects = list[dict[str, Any]]

TIMEOUT = 30.0  # seconds; Braze may take longer than the usual 10
_BATCH = {"X-Braze-Batch": "true"}
_CLUSTERS = {
    **{f"US-0{number}": f"https://rest.iad-0{number}.braze.com" for number in range(1, 9)},
    "US-09": "https://rest.us-09.braze.com",
    "US-10": "https://rest.us-10.braze.com",
    "EU-01": "https://rest.fra-01.braze.eu",
    "EU-02": "https://rest.fra-02.braze.eu",
    "AU-01": "https://rest.au-01.braze.com",
    "ID-01": "https://rest.id-01.braze.com",
    "JP-01": "https://rest.jp-01.braze.com",
}


class BrazeSettings(Settings):
    """The key of a Braze workspace, and the cluster that it lives on."""

    api_key: Annotated[Secret, Field("API Key", "A REST API key: Settings, API Keys.")]
    app_id: Annotated[str | None, Field("App ID", "The app that events belong to: Settings, App Settings.")] = None
    endpoint: Annotated[
        str,
        Field("REST Endpoint", "The cluster of the workspace; the dashboard's address names it.", format="uri",
              choices=[Choice(url, cluster) for cluster, url in _CLUSTERS.items()], default=_CLUSTERS["US-01"]),
    ]  # fmt: skip


def authorized(call: BaseCall[BrazeSettings]) -> RequestOptions:
    """What all requests share."""
    return {"headers": {"authorization": f"Bearer {call.settings.api_key}"}, "timeout": TIMEOUT}


def given(**members: Any) -> dict[str, Any]:
    """The members that have a value.

    >>> given(name="Signed Up", app_id=None)
    {'name': 'Signed Up'}
    """
    return {name: value for name, value in members.items() if value is not None}


def sync_mode(chosen: str | None, *allowed: str) -> str:
    """The sync mode that the mapping chose.

    Raises:
        IntegrationError: it chose none, or another than the allowed ones.
    """
    if chosen in allowed:
        return chosen
    expected = " or ".join(f'"{mode}"' for mode in allowed)
    raise IntegrationError(f"The sync mode must be {expected} but it was {chosen!r}.", "Invalid syncMode", 400)


def message_of(error: HTTPError) -> str:
    """What Braze says about a refusal; "" where it says nothing."""
    data = error.response.data
    return str(data.get("message") or "") if isinstance(data, dict) else ""


async def track_users(
    call: BaseCall[BrazeSettings], kind: Kind, objects: Objects, *, is_batch: bool = False
) -> Response:
    """Send objects of one kind; ``is_batch`` marks the request as a batch even if it has one only."""
    headers = _BATCH if is_batch or len(objects) > 1 else None
    return await call.http.post(f"{call.settings.endpoint}/users/track", headers=headers, json={kind: objects})


async def track_batch(
    call: BatchCall[BrazeSettings, P], kind: Kind, make: Callable[[P], Objects], *, is_batch: bool = False
) -> MultiStatus:
    """Send what ``make`` makes of the payloads in one request; those that it refuses are left out."""
    results = MultiStatus()
    objects: Objects = []
    owners: list[int] = []
    for index, payload in enumerate(call.payloads):
        try:
            made = make(payload)
        except DestinationError as error:
            results.failure(error.status, error.message, code=error.code, index=index)
        else:
            results.success(sent=made, body="success", index=index)
            objects += made
            owners += [index] * len(made)
    if not objects:
        return results
    try:
        answer = await track_users(call, kind, objects, is_batch=is_batch)
    except HTTPError as error:
        for index in set(owners):
            _fail(results, index, error.status, message_of(error) or error.message)
    else:
        for index, message in _refused(answer, owners):
            _fail(results, index, 400, message)
    return results


def _refused(answer: Response, owners: list[int]) -> list[tuple[int, str]]:
    """The payloads whose objects Braze left out of a request that it took, with what it says about them."""
    errors = answer.data.get("errors") if isinstance(answer.data, dict) else None
    found = [(error.get("index"), str(error.get("type"))) for error in errors or () if isinstance(error, dict)]
    return [(owners[index], text) for index, text in found if isinstance(index, int) and 0 <= index < len(owners)]


def _fail(results: MultiStatus, index: int, status: int, message: str) -> None:
    done = results.get(index)
    results.failure(status, message, sent=done.sent if done else None, body=message, index=index)
