"""Sends an event to the Measurement Protocol: https://developers.google.com/analytics/devguides/collection/protocol/ga4."""

import math
import re
from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import Annotated, Any, TypeVar
from urllib.parse import quote

from actionsd.sdk import Call, Field, PayloadValidationError, Response, Secret, Settings, members
from actionsd.sdk.helpers import date_parse
from actionsd.sdk.js import to_number
from actionsd_google_analytics_4.checks import check_params, check_user_properties
from actionsd_google_analytics_4.fields import CustomEvent, Event, Listed

P = TypeVar("P", bound=Event)

_quoted = lru_cache(maxsize=256)(quote)  # settings, always the same ones

_NOT_PARAMS = frozenset({
    "data_stream_type", "app_instance_id", "client_id", "clientId", "user_id", "timestamp_micros", "user_properties",
    "params", "ad_user_data_consent", "ad_personalization_consent", "name", "lowercase",
})  # fmt: skip
"""Fields that stand beside the event's parameters or choose among them."""


class Ga4Settings(Settings):
    """A data stream of a property, and the secret to send to it."""

    measurementId: Annotated[str | None, Field("Measurement ID", "Admin, Data Streams; required for web streams.")] = (
        None
    )
    firebaseAppId: Annotated[
        str | None, Field("Firebase App ID", "Firebase console, Your apps; required for mobile app streams.")
    ] = None
    apiSecret: Annotated[Secret, Field("API Secret", "Admin, Data Streams, Measurement Protocol API secrets.")]


def sender(name: str, *checks: Callable[[P], None]) -> Callable[[Call[Ga4Settings, P]], Awaitable[Response]]:
    """The ``perform`` of an action: an event of this name, once the checks have passed.

    Example:
        Action("viewCart", ..., perform=sender("view_cart", known_currency, named_items))
    """

    async def perform(call: Call[Ga4Settings, P]) -> Response:
        return await _collect(call, name, checks)

    return perform


async def send_custom_event(call: Call[Ga4Settings, CustomEvent]) -> Response:
    """An event whose name is mapped; GA4 takes no blanks in names."""
    name = re.sub(r"\s", "_", call.payload.name.strip())
    return await _collect(call, name.lower() if call.payload.lowercase else name)


async def _collect(call: Call[Ga4Settings, P], name: str, checks: tuple[Callable[[P], None], ...] = ()) -> Response:
    payload = call.payload
    stream, sent_by = _stream(call.settings, payload)
    for check in checks:
        check(payload)
    check_params(payload.params or {})
    check_user_properties(payload.user_properties or {})
    body = {
        **sent_by,
        "user_id": payload.user_id,
        "events": [{"name": name, "params": _params(payload)}],
        "user_properties": _user_properties(payload),
        "timestamp_micros": _microseconds(payload.timestamp_micros),
        "consent": _consent(payload),
    }
    url = f"https://www.google-analytics.com/mp/collect?api_secret={_quoted(call.settings.apiSecret)}&{stream}"
    return await call.http.post(url, json={key: value for key, value in body.items() if value is not None})


def _stream(settings: Ga4Settings, payload: Event) -> tuple[str, dict[str, str]]:
    """The data stream as a parameter of the URL (Google wants its colons as they are), and who sends to it."""
    if payload.data_stream_type == "Mobile App":
        app = _required(settings.firebaseAppId, "Firebase App ID is required for mobile app streams")
        instance = _required(payload.app_instance_id, "Firebase App Instance ID is required for mobile app streams")
        return f"firebase_app_id={_quoted(app, safe=':')}", {"app_instance_id": instance}
    measurement = _required(settings.measurementId, "Measurement ID is required for web streams")
    client = _required(payload.client_id, "Client ID is required for web streams")
    return f"measurement_id={_quoted(measurement)}", {"client_id": client}


def _required(value: str | None, problem: str) -> str:
    if not value:
        raise PayloadValidationError(problem)
    return value


def _params(payload: Event) -> dict[str, Any]:
    """The parameters of the event; those mapped as ``params`` win."""
    params = members(payload, without=_NOT_PARAMS)
    if isinstance(payload, Listed):
        params.setdefault("items", [])
    return params | payload.params if payload.params else params


def _user_properties(payload: Event) -> dict[str, Any] | None:
    if payload.user_properties is None:
        return None
    return {key: {"value": value} for key, value in payload.user_properties.items()}


def _microseconds(timestamp: str | None) -> int | float | None:
    """Unix time in microseconds; a number is one already. None, Google's now, where it is no date."""
    if not timestamp:
        return None
    number = math.nan if timestamp[-1] == "Z" else to_number(timestamp)
    if not math.isnan(number):
        return number
    milliseconds = date_parse(timestamp)
    return None if milliseconds is None else milliseconds * 1000


def _consent(payload: Event) -> dict[str, str] | None:
    states = {"ad_user_data": payload.ad_user_data_consent, "ad_personalization": payload.ad_personalization_consent}
    return {name: state for name, state in states.items() if state} or None
