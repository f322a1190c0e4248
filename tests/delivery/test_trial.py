"""Trials: what each mode does and shows, that nothing outlives its time, and that no secret is shown."""

import asyncio
import json
from typing import Annotated, Any

import pytest

from actionsd.delivery import running, trial
from actionsd.delivery.credentials import Credentials
from actionsd.delivery.prepared import Prepared, prepare
from actionsd.delivery.trial import Account, Mode, Trial
from actionsd.sdk import Action, Auth, Call, Definition, Field, NoSettings, Payload, Response, Secret, Settings, Tokens
from actionsd.testing import Respond, StubTransport, track
from support.acme import acme

SECRET = "s3cret-key"
FIELDS = acme.actions["trackEvent"].default_mapping


class Inner(Payload):
    token: Annotated[Secret | None, Field("Token")] = None


class Keyed(Payload):
    id: Annotated[str, Field("Id")]
    url: Annotated[Secret | None, Field("URL")] = None
    inner: Annotated[Inner | None, Field("Inner")] = None


class KeyedSettings(Settings):
    key: Annotated[Secret | None, Field("Key")] = None


def keyed(perform: Any, fields: dict[str, Any], **options: Any) -> Prepared:
    action = Action("do", title="Do", payload=Keyed, perform=perform)
    definition = Definition("keyed", name="Keyed", settings=KeyedSettings, actions=[action], **options)
    return prepare(definition, "do", settings={"key": SECRET}, fields=fields)


async def post(call: Call[KeyedSettings, Keyed]) -> Response:
    return await call.http.post("https://h.test/?k=" + str(call.settings.key), json=call.payload)


def tried(
    mode: Mode, prepared: Prepared, event: dict[str, Any] | None = None, respond: Respond = None, timeout: float = 10.0
) -> tuple[Account, StubTransport]:
    transport = StubTransport(respond)
    one = Trial(mode, timeout=timeout, transport=transport if mode == "send" else None)
    account = asyncio.run(one.of(prepared, event or track("Signed Up", {"a": 1}), key="k", at_ms=0))
    return account, transport


def test_a_preview_maps_and_validates_and_performs_nothing() -> None:
    async def perform(call: Any) -> None:
        raise AssertionError("a preview performs nothing")

    account, transport = tried("preview", keyed(perform, {"id": {"@path": "$.event"}}))
    assert account.payload == {"id": "Signed Up"}
    assert (account.problems, account.outcome, account.exchange) == ((), None, b"[]")
    account, _ = tried("preview", keyed(perform, {"id": {"@path": "$.nothing"}, "url": "u-secret"}))
    assert account.payload == {"url": "••••••"}
    assert "Id" in account.problems[0] or "id" in account.problems[0]
    assert account.outcome is not None
    assert account.outcome.code == "PAYLOAD_VALIDATION_FAILED"
    assert transport.requests == []


def test_a_dry_run_shows_the_requests_and_sends_none() -> None:
    ready = prepare(acme, "trackEvent", settings={"api_key": SECRET}, fields=FIELDS)
    account, transport = tried("dry", ready)
    (exchange,) = json.loads(account.exchange)
    assert exchange["request"]["url"] == "https://api.acme.test/v1/track"
    assert json.loads(exchange["request"]["body"])["event"] == "Signed Up"
    assert exchange["response"]["status"] == 200
    assert SECRET not in account.exchange.decode()
    assert transport.requests == []


def test_r24_a_batched_mapping_goes_as_a_batch_of_one() -> None:
    ready = prepare(acme, "trackEvent", settings={"api_key": SECRET}, fields=FIELDS | {"batch_size": 10})
    account, transport = tried("send", ready)
    assert account.outcome is not None
    assert account.outcome.kind == "delivered"
    assert [request.url for request in transport.requests] == ["https://api.acme.test/v1/batch"]
    assert len(transport.requests[0].json["batch"]) == 1


def test_a_dry_run_does_not_perform_what_does_not_go_over_http() -> None:
    async def perform(call: Any) -> None:
        raise AssertionError("it would have written somewhere")

    account, _ = tried("dry", keyed(perform, {"id": "1"}, over_http=False))
    assert (account.payload, account.outcome) == ({"id": "1"}, None)


@pytest.mark.parametrize("mode", ["preview", "dry", "send"])
@pytest.mark.parametrize("id", [{"@path": "$.event"}, {"@path": "$.nothing"}])
def test_i6_no_secret_is_shown_wherever_the_mapping_puts_it(mode: Mode, id: Any) -> None:
    fields = {"id": id, "url": "https://u-secret", "inner": {"token": "t-secret"}}
    event = track(f"t-secret, {SECRET} and https://u-secret")
    account, _ = tried(mode, keyed(post, fields), event, [(500, None, f"no: t-secret {SECRET}")])
    shown = json.dumps([account.payload, account.problems, account.exchange.decode(), str(account.outcome)])
    assert "••••••" in json.loads(shown)[0]["url"]
    outcome = account.outcome.message if account.outcome else ""
    text = json.dumps([account.payload, account.problems, account.exchange.decode(), outcome])
    assert not [secret for secret in ("u-secret", "t-secret", SECRET) if secret in text]


def oauth(credentials: Credentials) -> Prepared:
    async def refresh(call: Any) -> Tokens:
        await call.http.post("https://h.test/token")
        return Tokens("new-token")

    async def perform(call: Any) -> Response:
        return await call.http.get("https://h.test/", headers={"authorization": f"Bearer {call.auth.access_token}"})

    action = Action("do", title="Do", payload=Keyed, perform=perform)
    definition: Definition[Any] = Definition(
        "oauth", name="OAuth", settings=NoSettings, actions=[action], scheme="oauth2", refresh=refresh
    )
    return prepare(definition, "do", settings={}, fields={"id": "1"}, credentials=credentials)


def test_a_refresh_in_a_test_that_sends_is_shared_with_the_deliveries() -> None:
    shared = Credentials(Auth(access_token="old-token", refresh_token="r-token"))
    account, transport = tried("send", oauth(shared), None, [(401, None, ""), None, None])
    assert account.outcome is not None
    assert account.outcome.kind == "delivered"
    assert shared.auth.access_token == "new-token"
    assert len(transport.requests) == 3
    assert not [token for token in ("old-token", "new-token") if token in account.exchange.decode()]


def test_a_request_without_an_answer_ends_in_time_and_is_shown() -> None:
    async def never(request: Any) -> None:
        await asyncio.Event().wait()

    account, _ = tried("send", keyed(post, {"id": "1"}), None, never, timeout=0.02)
    (exchange,) = json.loads(account.exchange)
    assert exchange["error"]["code"] == "ETIMEDOUT"
    assert account.outcome is not None
    assert account.outcome.kind == "retry"


def test_r27_a_perform_that_swallows_its_cancellation_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "abandon_after", 0.02)
    assert running.abandon_after == 1.0
    release = asyncio.Event()

    async def stubborn(call: Any) -> None:
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue

    async def main() -> Account:
        account = await Trial("dry", timeout=0.02).of(keyed(stubborn, {"id": "1"}), track(), key="k", at_ms=0)
        release.set()
        return account

    account = asyncio.run(main())
    assert account.outcome is not None
    assert (account.outcome.kind, account.outcome.code) == ("retry", "ETIMEDOUT")
