"""The receiver: its settings, credentials, and the tracking API's batch call."""

from collections.abc import Mapping
from typing import Annotated, Any

from actionsd.sdk import BaseCall, Field, RequestOptions, Response, Secret, Settings

SEGMENT = "https://api.segment.io"
_SEGMENTS = (SEGMENT, "https://events.eu1.segmentapis.com")
_SEGMENTS_SETTINGS = "https://cdn.segment.com"
"""Segment answers for the settings of its sources at another host than for their events, in all regions."""


class SegmentSettings(Settings):
    """The source that receives the events."""

    source_write_key: Annotated[Secret, Field("Source Write Key", "Write key of the source that receives the events.")]
    endpoint: Annotated[
        str,
        Field(
            "Endpoint",
            "Segment (https://events.eu1.segmentapis.com in Europe), or the URL of another actionsd.",
            default=SEGMENT,
            format="uri",
        ),
    ] = SEGMENT


def with_write_key(call: BaseCall[SegmentSettings]) -> RequestOptions:
    """The write key, as user name without a password."""
    return {"auth": (call.settings.source_write_key, "")}


async def test_authentication(call: BaseCall[SegmentSettings]) -> Response:
    """Ask for the settings of the source."""
    base = _base(call.settings)
    host = _SEGMENTS_SETTINGS if base in _SEGMENTS else base
    return await call.http.get(f"{host}/v1/projects/{call.settings.source_write_key}/settings")


async def send(call: BaseCall[SegmentSettings], message: Mapping[str, Any]) -> Response:
    """Post one message, as a batch of one."""
    return await call.http.post(f"{_base(call.settings)}/v1/batch", json={"batch": [message]})


def _base(settings: SegmentSettings) -> str:
    return settings.endpoint.rstrip("/")
