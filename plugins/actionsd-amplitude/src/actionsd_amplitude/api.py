"""Amplitude's endpoints, and the settings that choose among them."""

from typing import Annotated, Any

from actionsd.sdk import BaseCall, Choice, Field, Response, Secret, Settings
from actionsd.sdk.js import stringify_bytes


class AmplitudeSettings(Settings):
    """The keys of an Amplitude project, and the region that keeps its data."""

    apiKey: Annotated[Secret, Field("API Key", "API key of the project: project settings, General.")]
    secretKey: Annotated[Secret, Field("Secret Key", "Secret key of the project: project settings, General.")]
    endpoint: Annotated[
        str,
        Field(
            "Endpoint Region",
            "The region that keeps the project's data.",
            default="north_america",
            format="text",
            choices=[Choice("north_america", "North America"), Choice("europe", "Europe")],
        ),
    ] = "north_america"


_URLS = {
    "batch": ("https://api2.amplitude.com/batch", "https://api.eu.amplitude.com/batch"),
    "httpapi": ("https://api2.amplitude.com/2/httpapi", "https://api.eu.amplitude.com/2/httpapi"),
    "identify": ("https://api2.amplitude.com/identify", "https://api.eu.amplitude.com/identify"),
    "groupidentify": ("https://api2.amplitude.com/groupidentify", "https://api.eu.amplitude.com/groupidentify"),
    "usermap": ("https://api.amplitude.com/usermap", "https://api.eu.amplitude.com/usermap"),
    "usersearch": ("https://amplitude.com/api/2/usersearch", "https://analytics.eu.amplitude.com/api/2/usersearch"),
    "deletions": (
        "https://amplitude.com/api/2/deletions/users",
        "https://analytics.eu.amplitude.com/api/2/deletions/users",
    ),
}


def url_of(api: str, settings: AmplitudeSettings) -> str:
    """The URL of one of Amplitude's APIs in the project's region."""
    return _URLS[api][settings.endpoint == "europe"]


def credentials(settings: AmplitudeSettings) -> tuple[str, str]:
    """User name and password of the dashboard APIs (user search, deletions)."""
    return settings.apiKey, settings.secretKey


def id_options(min_id_length: object) -> dict[str, Any] | None:
    """The request option that allows shorter IDs; None where the mapping asks for nothing."""
    if isinstance(min_id_length, int | float) and min_id_length > 0:
        return {"min_id_length": min_id_length}
    return None


def json_text(value: Any) -> str:
    """JSON for a field of a form; None is written ``undefined``, see the README's Differences."""
    return "undefined" if value is None else stringify_bytes(value).decode()


async def post_form(call: BaseCall[AmplitudeSettings], api: str, fields: dict[str, str]) -> Response:
    """Post a form with the API key to one of the older APIs."""
    return await call.http.post(url_of(api, call.settings), form={"api_key": call.settings.apiKey} | fields)
