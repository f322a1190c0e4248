"""Webhook: sends JSON to any HTTP endpoint (FEATURES F197).

With a shared secret each request carries ``X-Signature``, the hex HMAC-SHA1 of the JSON of the event's data; in a batch
that of the first event alone.
"""

import hmac
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from actionsd.sdk import (
    Action,
    BaseCall,
    BatchCall,
    Call,
    Definition,
    Field,
    Json,
    Number,
    Payload,
    Response,
    Secret,
    Settings,
    hookimpl,
    path,
)
from actionsd.sdk.js import stringify_bytes

actionsd_contract = 1


class WebhookSettings(Settings):
    """How receivers can tell who sent a request."""

    sharedSecret: Annotated[
        Secret | None, Field("Shared Secret", "Signs the requests: X-Signature is a hex HMAC-SHA1 of the data.")
    ] = None


class Send(Payload):
    """One request, or one element of a batch's array."""

    url: Annotated[str, Field("URL", "URL to deliver data to.", format="uri")]
    method: Annotated[Literal["POST", "PUT", "PATCH"], Field("Method", "HTTP method to use.", default="POST")]
    batch_size: Annotated[
        Number | None, Field("Batch Size", "Most events in a request (to 4000); 0 sends them one by one.", default=0)
    ] = None
    headers: Annotated[Json | None, Field("Headers", "HTTP headers to send.", object_editor="keyvalue:only")] = None
    data: Annotated[Json | None, Field("Data", "Payload to deliver to the URL, as JSON.", default=path("$."))] = None
    batch_keys: Annotated[
        list[str] | None,
        Field("Batch Keys", "Fields that a batch shares.", default=["url", "method", "headers"], hidden=True),
    ] = None


async def send(call: Call[WebhookSettings, Send]) -> Response:
    """One event in one request."""
    return await _deliver(call, call.payload, call.payload.data, call.payload.data)


async def send_batch(call: BatchCall[WebhookSettings, Send]) -> Response:
    """Many events in one request, as an array. URL, method and headers are the same for all, see ``batch_keys``."""
    first = call.payloads[0]
    return await _deliver(call, first, [payload.data for payload in call.payloads], first.data)


async def _deliver(call: BaseCall[WebhookSettings], target: Send, body: Any, signed: Any) -> Response:
    headers: dict[str, Any] = dict(target.headers or {})
    if call.settings.sharedSecret and signed:
        headers |= signature(call.settings.sharedSecret, signed)
    return await call.http.request(target.method, target.url, headers=headers, json=body)


def signature(secret: str, data: Mapping[str, Any]) -> dict[str, str]:
    """The header that proves who sent ``data``.

    >>> signature("secret", {"a": 1})
    {'X-Signature': 'f8446672f033e4b2beafc5ca3a71eafcd2cafb6e'}
    """
    return {"X-Signature": hmac.new(secret.encode(), stringify_bytes(data), "sha1").hexdigest()}


_every_type = " or ".join(f'type = "{type}"' for type in ("track", "identify", "page", "screen", "group", "alias"))

webhook = Definition(
    "webhook",
    id="614a3c7d791c91c41bae7599",
    name="Webhook",
    description="Send events to an HTTP endpoint of your own.",
    settings=WebhookSettings,
    actions=[
        Action("send", title="Send", payload=Send, trigger=_every_type, perform=send, perform_batch=send_batch),
    ],
)


@hookimpl
def actionsd_definitions() -> list[Definition[Any]]:
    return [webhook]
