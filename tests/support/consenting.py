"""A plugin whose destinations are connected in a browser, to the provider of ``provider.py``."""

import os
from typing import Annotated, Any

from actionsd.sdk import (
    Action,
    BaseCall,
    Call,
    Definition,
    Field,
    OAuth,
    Payload,
    RequestOptions,
    Response,
    Settings,
    Tokens,
    hookimpl,
    path,
)

actionsd_contract = 1

PROVIDER = os.environ["PROVIDER"]


class Nothing(Settings):
    """All that is needed comes from ``oauth``."""


class Note(Payload):
    id: Annotated[str, Field("Id", default=path("$.messageId"))]


def shared(call: BaseCall[Nothing]) -> RequestOptions:
    return {"headers": {"authorization": f"Bearer {call.auth.access_token}"}}


async def refresh(call: BaseCall[Nothing]) -> Tokens:
    auth = call.auth
    form = {"grant_type": "refresh_token", "refresh_token": auth.refresh_token, "client_id": auth.client_id,
            "client_secret": auth.client_secret}  # fmt: skip
    answer = await call.http.post(f"{PROVIDER}/token", form=form)
    return Tokens(answer.data["access_token"], answer.data["refresh_token"])


async def send(call: Call[Nothing, Note]) -> Response:
    return await call.http.post(f"{PROVIDER}/api", json=call.payload)


consenting = Definition(
    "consenting",
    name="Consenting",
    settings=Nothing,
    scheme="oauth2",
    request=shared,
    refresh=refresh,
    oauth=OAuth(f"{PROVIDER}/authorize?access_type=offline", f"{PROVIDER}/token", ["notes.read", "notes.write"]),
    actions=[Action("send", title="Send", payload=Note, trigger='type = "track"', perform=send)],
)


@hookimpl
def actionsd_definitions() -> list[Definition[Any]]:
    return [consenting]
