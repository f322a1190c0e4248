"""A plugin that handles its secrets as carelessly as the contract lets it: it sends them everywhere, and quotes them in
errors, codes and logs. ``mode``, which a mapping takes from the event's name, says what it does; see ``echo.py``."""

import os
from typing import Annotated, Any

from actionsd.sdk import (
    Action,
    BaseCall,
    BatchCall,
    Call,
    Definition,
    DeleteCall,
    Field,
    IntegrationError,
    MultiStatus,
    OAuth,
    Payload,
    RequestOptions,
    Response,
    Secret,
    Settings,
    Tokens,
    hookimpl,
    path,
)

actionsd_contract = 1


class LeakySettings(Settings):
    endpoint: Annotated[str, Field("Endpoint")]
    api_key: Annotated[Secret, Field("API key")]


class Inner(Payload):
    pin: Annotated[Secret | None, Field("PIN")] = None


class Message(Payload):
    mode: Annotated[str, Field("Mode", default=path("$.event"))]
    token: Annotated[Secret, Field("Token")]
    address: Annotated[Secret | None, Field("Address", format="uri")] = None
    inner: Annotated[Inner | None, Field("Inner")] = None
    enable_batching: Annotated[bool | None, Field("Batch")] = None
    batch_keys: Annotated[list[str] | None, Field("Batch keys")] = None


def shared(call: BaseCall[LeakySettings]) -> RequestOptions:
    bearer = call.auth.access_token or call.settings.api_key
    return {"headers": {"authorization": f"Bearer {bearer}"}, "params": {"key": call.settings.api_key}}


async def refresh(call: BaseCall[LeakySettings]) -> Tokens:
    form = {"refresh_token": call.auth.refresh_token, "client_secret": call.auth.client_secret}
    answer = await call.http.post(f"{call.settings.endpoint}/token", form=form)
    return Tokens(answer.data["access_token"], answer.data["refresh_token"])


async def send(call: Call[LeakySettings, Message]) -> Response:
    key, token = call.settings.api_key, call.payload.token
    match call.payload.mode:
        case "careless":
            raise IntegrationError(f"{key} is no good with {token!r} {call.payload}", f"BAD_{key}", 400)
        case "bug":
            raise ValueError(f"{key} {token!r} {call.auth.refresh_token} {call}")
        case "logging":
            call.log.warning("the key is %s", key, extra={"key": key})
            try:
                raise ValueError(token)
            except ValueError:
                call.log.exception("%r did not work", token)
    url = f"{call.settings.endpoint}/{call.payload.mode}"
    if call.payload.mode == "basic":
        return await call.http.post(url, json=call.payload, auth=(key, token))
    return await call.http.post(url, json=call.payload)


async def send_many(call: BatchCall[LeakySettings, Message]) -> MultiStatus:
    answer = await call.http.post(
        f"{call.settings.endpoint}/{call.payloads[0].mode}", json=call.payloads, raise_for_status=False
    )
    result = MultiStatus()
    for payload in call.payloads:
        if answer.status < 400:
            result.success(body=answer.data)
        else:
            result.failure(answer.status, f"{payload.token} {call.settings.api_key}", body=answer.data)
    return result


async def forget(call: DeleteCall[LeakySettings]) -> Response:
    key = call.settings.api_key
    if call.user_id == "careless":
        raise IntegrationError(f"{key} forgets nobody", f"BAD_{key}", 400)
    if call.user_id == "bug":
        raise ValueError(f"{key} {call.auth.refresh_token} {call}")
    call.log.error("%s forgets", key)
    return await call.http.post(f"{call.settings.endpoint}/refused", json={"key": key})


PROVIDER = os.environ.get("LEAKY_PROVIDER", "http://127.0.0.1:9")

leaky = Definition(
    "leaky",
    name="Leaky",
    settings=LeakySettings,
    scheme="oauth2",
    refresh=refresh,
    oauth=OAuth(f"{PROVIDER}/authorize", f"{PROVIDER}/token"),
    request=shared,
    on_delete=forget,
    actions=[Action("send", title="Send", payload=Message, perform=send, perform_batch=send_many)],
)


@hookimpl
def actionsd_definitions() -> list[Definition[Any]]:
    return [leaky]
