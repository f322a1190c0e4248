"""Customer.io's Track API: its settings, and the two calls that take operations on people and objects."""

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from actionsd.sdk import (
    Action,
    BaseCall,
    BatchCall,
    Call,
    Field,
    MultiStatus,
    Payload,
    RequestOptions,
    Response,
    Secret,
    Settings,
)

P = TypeVar("P", bound=Payload)
Operation = dict[str, Any]
"""What is to be done with one person or object, as the API takes it."""

_REGIONS = {"US 🇺🇸": "https://track.customer.io", "EU 🇪🇺": "https://track-eu.customer.io"}


class CustomerioSettings(Settings):
    """The credentials of a workspace, and where Customer.io keeps its data."""

    siteId: Annotated[Secret, Field("Site ID", "Of the workspace: Settings, API Credentials.")]
    apiKey: Annotated[Secret, Field("API Key", "A Track API key of the workspace: Settings, API Credentials.")]
    accountRegion: Annotated[
        str,
        Field("Account Region", "Where the account is kept: Settings, Privacy.", default="US 🇺🇸", choices=[*_REGIONS]),
    ] = "US 🇺🇸"


def authorized(call: BaseCall[CustomerioSettings]) -> RequestOptions:
    """What all requests share."""
    return {"auth": (call.settings.siteId, call.settings.apiKey)}


def url_of(path: str, settings: CustomerioSettings) -> str:
    """The URL of a call on the server of the account's region."""
    return f"{_REGIONS[settings.accountRegion]}/{path}"


def action_of(
    slug: str, payload: type[P], make: Callable[[P], Operation], *, title: str, description: str, trigger: str
) -> Action[CustomerioSettings, P]:
    """An action that sends the operation which ``make`` makes of a payload, one alone or many in one request."""

    async def perform(call: Call[CustomerioSettings, P]) -> Response:
        return await call.http.post(url_of("api/v2/entity", call.settings), json=make(call.payload))

    async def perform_batch(call: BatchCall[CustomerioSettings, P]) -> Response | MultiStatus:
        operations = [make(payload) for payload in call.payloads]
        answer = await call.http.post(url_of("api/v2/batch", call.settings), json={"batch": operations})
        return _results(operations, answer)

    return Action(slug, title=title, description=description, payload=payload, trigger=trigger, perform=perform,
                  perform_batch=perform_batch)  # fmt: skip


def _results(operations: list[Operation], answer: Response) -> Response | MultiStatus:
    """The answer, or where it lists operations that were refused (status 207), a result for each."""
    refused = _refused(answer)
    if not refused:
        return answer
    results = MultiStatus()
    for index, operation in enumerate(operations):
        if index in refused:
            results.failure(400, "; ".join(refused[index]), sent=operation, body=refused[index])
        else:
            results.success(sent=operation)
    return results


def _refused(answer: Response) -> dict[Any, list[str]]:
    """What is wrong with which operation of a batch, by index."""
    errors = answer.data.get("errors") if isinstance(answer.data, dict) else None
    refused: dict[Any, list[str]] = {}
    for error in errors if isinstance(errors, list) else ():
        if isinstance(error, dict):
            reason = f"{error.get('field', 'operation')}: {error.get('message') or error.get('reason')}"
            refused.setdefault(error.get("batch_index"), []).append(reason)
    return refused
