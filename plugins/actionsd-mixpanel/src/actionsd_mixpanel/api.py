"""Mixpanel's APIs: the settings that choose among its servers, and the forms that its older APIs take."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from actionsd.sdk import UNSET, BaseCall, Field, Response, Secret, Settings
from actionsd.sdk.js import stringify_bytes


class MixpanelSettings(Settings):
    """The keys of a Mixpanel project, and where it keeps its data."""

    projectToken: Annotated[str, Field("Project Token", "Token of the project.")]
    apiSecret: Annotated[Secret, Field("Secret Key", "Secret of the project, for the Import API.")]
    apiRegion: Annotated[
        str,
        Field("Data Residency", "Where the project keeps its data.", default="US 🇺🇸",
              choices=["US 🇺🇸", "EU 🇪🇺", "IN 🇮🇳"]),
    ] = "US 🇺🇸"  # fmt: skip
    sourceName: Annotated[
        str | None, Field("Source Name", "Sent as segment_source_name with every event, where it is given.")
    ] = None
    strictMode: Annotated[
        str,
        Field("Strict Mode", "1: Mixpanel checks every event and says which ones it refused.", default="1",
              choices=["1", "0"]),
    ] = "1"  # fmt: skip


_SERVERS = {"EU 🇪🇺": "https://api-eu.mixpanel.com", "IN 🇮🇳": "https://api-in.mixpanel.com"}

FormApi = Literal["track", "engage", "groups"]


def url_of(api: str, settings: MixpanelSettings) -> str:
    """The URL of an API on the server of the project's region."""
    return f"{_SERVERS.get(settings.apiRegion, 'https://api.mixpanel.com')}/{api}"


async def post_form(call: BaseCall[MixpanelSettings], api: FormApi, data: Mapping[str, Any]) -> Response:
    """Post JSON as the form field ``data``."""
    return await call.http.post(url_of(api, call.settings), form={"data": stringify_bytes(data).decode()})


def present(members: Mapping[str, Any]) -> dict[str, Any]:
    """The members that are there; ``UNSET`` stands for one that is not, None is a null that is sent.

    >>> present({"a": 1, "b": None, "c": UNSET})
    {'a': 1, 'b': None}
    """
    return {name: value for name, value in members.items() if value is not UNSET}


def or_unset(value: Any) -> Any:
    """``UNSET`` for None: an optional field without a value is left out."""
    return UNSET if value is None else value
