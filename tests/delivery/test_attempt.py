"""One attempt, alone and in a batch: order of steps, refresh, what the call knows, what is recorded."""

import asyncio
import gc
import json
from typing import Annotated, Any

import pytest

from actionsd.delivery.attempt import Item, attempt, attempt_batch
from actionsd.delivery.credentials import Credentials, auth_of
from actionsd.delivery.prepared import Prepared, prepare
from actionsd.delivery.session import Around
from actionsd.mapping import MappingError
from actionsd.sdk import (
    Action,
    Auth,
    BatchCall,
    Call,
    ContractError,
    Definition,
    Field,
    HTTPError,
    MultiStatus,
    NetworkError,
    NoSettings,
    Payload,
    PayloadValidationError,
    Response,
    Secret,
    Tokens,
)
from actionsd.testing import Respond, StubTransport, track
from support.acme import acme

FIELDS = acme.actions["trackEvent"].default_mapping
SETTINGS = {"api_key": "s3cret-key"}


class Ping(Payload):
    id: Annotated[str, Field("Id")]
    enable_batching: Annotated[bool | None, Field("Batch", default=True)] = None


def around(respond: Respond = None, **facts: Any) -> Around:
    return Around(transport=StubTransport(respond), at_ms=1_715_776_496_789, **facts)


def prepared(perform: Any, batch: Any = None, **options: Any) -> Prepared:
    action = Action("ping", title="Ping", payload=Ping, perform=perform, perform_batch=batch, sync_modes=["add"])
    definition = Definition("pinger", name="Pinger", settings=NoSettings, actions=[action], **options)
    return prepare(definition, "ping", settings={}, fields={"id": {"@path": "$.properties.id"}})


def item(id: Any, key: str = "d1") -> Item:
    return Item(event=track("E", {"id": id}), identify=lambda: key)


async def plain_ping(call: Call[NoSettings, Ping]) -> Response:
    return await call.http.post("https://h.test/", json=call.payload)


def test_a_delivery_goes_through_mapping_validation_and_perform() -> None:
    ready = prepare(acme, "trackEvent", settings=SETTINGS, fields=FIELDS)
    surroundings = around([(201, None, {"ok": True})])
    outcome = asyncio.run(attempt(ready, Item(event=track("Signed Up", {"a": 1})), surroundings))
    assert (outcome.kind, outcome.status, outcome.data) == ("delivered", 201, {"ok": True})
    assert outcome.payload["event"] == "Signed Up"
    assert json.loads(outcome.exchange)[0]["request"]["method"] == "POST"


@pytest.mark.parametrize("answer", [None, (500, None, "")])
def test_i4_an_attempt_leaves_no_circles(answer: Any) -> None:
    """What only the garbage collector finds stays for long: payloads, events and bodies are most of the memory."""
    ready = prepare(acme, "trackEvent", settings=SETTINGS, fields=FIELDS)
    items = [Item(event=track("E", {"a": 1}))]

    async def both() -> int:
        gc.collect()
        await attempt(ready, items[0], around(lambda request: answer))
        await attempt_batch(ready, items, around(lambda request: answer))
        return gc.collect()

    gc.disable()
    try:
        found = [asyncio.run(both()) for _ in range(2)]
    finally:
        gc.enable()
    assert found[-1] == 0


def test_i4_the_items_of_a_batch_have_one_record_of_what_was_sent() -> None:
    """A destination that is down has many of them fail at once, and a body may be long."""
    ready = prepare(acme, "trackEvent", settings=SETTINGS, fields=FIELDS)
    items = [Item(event=track("E", {"a": number})) for number in range(3)]
    outcomes = asyncio.run(attempt_batch(ready, items, around([(500, None, "")])))
    assert {outcome.kind for outcome in outcomes} == {"retry"}
    assert len({id(outcome.exchange) for outcome in outcomes}) == 1
    assert b'"status":500' in outcomes[0].exchange


def test_i6_what_is_recorded_shows_no_secret() -> None:
    ready = prepare(acme, "trackEvent", settings=SETTINGS, fields=FIELDS)
    outcome = asyncio.run(attempt(ready, Item(event=track()), around([(200, None, {"echo": "s3cret-key"})])))
    assert b"s3cret-key" not in outcome.exchange
    assert "••••••".encode() in outcome.exchange


def test_i6_a_call_that_is_printed_shows_no_secret() -> None:
    async def perform(call: Call[Any, Ping]) -> str:
        await call.http.post("https://h.test/", json={}, headers={"x-key": "s3cret-key"})
        return repr(call)

    outcome = asyncio.run(attempt(prepared(perform), item("a"), around()))
    assert "Ping(id='a'" in outcome.data
    assert "s3cret-key" not in outcome.data


def test_i6_a_message_shows_no_secret_either() -> None:
    ready = prepare(acme, "trackEvent", settings=SETTINGS, fields=FIELDS)
    lost = NetworkError("getaddrinfo ENOTFOUND s3cret-key.h.test", "ENOTFOUND")
    outcome = asyncio.run(attempt(ready, Item(event=track()), around([lost])))
    assert outcome.message == "getaddrinfo ENOTFOUND ••••••.h.test"


def test_invalid_payloads_are_settled_without_a_request() -> None:
    surroundings = around()
    outcome = asyncio.run(attempt(prepared(plain_ping), item({}), surroundings))
    assert (outcome.kind, outcome.code, outcome.error) == (
        "discarded", "PAYLOAD_VALIDATION_FAILED", "PayloadValidationError",
    )  # fmt: skip
    assert outcome.exchange == b"[]"


def test_everything_wrong_before_an_attempt_is_found_when_it_is_prepared() -> None:
    with pytest.raises(ContractError, match="Acme has no action 'nope'; it has trackEvent"):
        prepare(acme, "nope", settings=SETTINGS, fields={})
    with pytest.raises(PayloadValidationError, match="missing the required field 'api_key'"):
        prepare(acme, "trackEvent", settings={}, fields={})
    with pytest.raises(MappingError, match="invalid directive"):
        prepare(acme, "trackEvent", settings=SETTINGS, fields={"event": {"@nope": 1}})


def test_a_call_knows_its_delivery() -> None:
    seen: list[Any] = []

    async def perform(call: Call[NoSettings, Ping]) -> None:
        seen.append(
            (call.idempotency_key, call.message_id, call.attempt, call.now.isoformat(), call.uuid(), call.random())
        )

    ready = prepared(perform)
    for _ in range(2):
        asyncio.run(attempt(ready, item("a", "delivery-7"), around(attempt=3)))
    assert seen[0] == seen[1]
    assert seen[0][:4] == ("delivery-7", "message-track-1", 3, "2024-05-15T12:34:56.789000+00:00")


def test_r22_uuids_of_a_delivery_differ_from_each_other_and_from_others() -> None:
    seen: list[str] = []

    async def perform(call: Call[NoSettings, Ping]) -> None:
        seen.extend((call.uuid(), call.uuid()))

    ready = prepared(perform)
    for key in ("d1", "d2"):
        asyncio.run(attempt(ready, item("a", key), around()))
    assert len(set(seen)) == 4


def test_c8_reserved_keys_appear_on_the_call_and_not_in_the_payload() -> None:
    async def perform(call: Call[NoSettings, Ping]) -> dict[str, Any]:
        return {"mode": call.sync_mode, "key": call.matching_key}

    fields = {"id": "a", "__segment_internal_sync_mode": "add", "__segment_internal_matching_key": "id"}
    ready = prepare(prepared(perform).definition, "ping", settings={}, fields=fields)
    outcome = asyncio.run(attempt(ready, item("a"), around()))
    assert (outcome.data, outcome.payload) == ({"mode": "add", "key": "id"}, {"id": "a"})


def test_a_bug_of_a_plugin_is_tried_again_and_an_odd_result_is_not() -> None:
    async def buggy(call: Call[NoSettings, Ping]) -> None:
        raise KeyError("missing")

    async def odd(call: Call[NoSettings, Ping]) -> Any:
        return object()

    outcomes = [asyncio.run(attempt(prepared(perform), item("a"), around())) for perform in (buggy, odd)]
    assert [(outcome.kind, outcome.code) for outcome in outcomes] == [("retry", "INTERNAL"), ("discarded", "CONTRACT")]


def test_cancellation_passes_through() -> None:
    async def main() -> None:
        sending = asyncio.Event()

        async def hang(request: Any) -> Response:
            sending.set()
            await asyncio.Event().wait()
            raise AssertionError("never")

        task = asyncio.create_task(attempt(prepared(plain_ping), item("a"), around(hang)))
        await sending.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())


# OAuth


def oauth(refresh: Any, **options: Any) -> Prepared:
    def extend(call: Any) -> Any:
        return {"headers": {"authorization": f"Bearer {call.auth.access_token}"}}

    ready = prepared(plain_ping, scheme="oauth2", refresh=refresh, request=extend, **options)
    ready.credentials = Credentials(Auth(access_token="old-token", refresh_token="r"))
    return ready


async def new_tokens(call: Any) -> Tokens:
    return Tokens("new-token")


def test_a_401_is_refreshed_once_and_run_again() -> None:
    saved: list[Auth] = []

    async def save(auth: Auth) -> None:
        saved.append(auth)

    ready = oauth(new_tokens)
    ready.credentials = Credentials(Auth(access_token="old-token", refresh_token="r"), save)
    surroundings = around([(401, None, ""), None])
    outcome = asyncio.run(attempt(ready, item("a"), surroundings))
    assert outcome.kind == "delivered"
    sent = surroundings.transport.requests  # type: ignore[attr-defined]
    assert [request.headers["authorization"] for request in sent] == ["Bearer old-token", "Bearer new-token"]
    assert saved == [Auth(access_token="new-token", refresh_token="r")]
    assert b"old-token" not in outcome.exchange
    assert b"new-token" not in outcome.exchange


def test_a_second_401_is_final() -> None:
    outcome = asyncio.run(attempt(oauth(new_tokens), item("a"), around([(401, None, ""), (401, None, "")])))
    assert (outcome.kind, outcome.status, outcome.error) == ("discarded", 401, "HTTPError")


@pytest.mark.parametrize(
    ("error", "kind", "code"),
    [(None, "discarded", "OAUTH_REFRESH_FAILED"), (NetworkError("lost", "ECONNRESET"), "retry", "RETRYABLE_ERROR")],
)
def test_a_refresh_that_fails(error: Exception | None, kind: str, code: str) -> None:
    async def refresh(call: Any) -> Tokens | None:
        if error is not None:
            raise error
        return None

    outcome = asyncio.run(attempt(oauth(refresh), item("a"), around([(401, None, "")])))
    assert (outcome.kind, outcome.code) == (kind, code)


def test_one_refresh_serves_all_that_wait_for_it() -> None:
    refreshes: list[int] = []

    async def main() -> list[str]:
        together = asyncio.Barrier(5)

        async def refresh(call: Any) -> Tokens:
            refreshes.append(1)
            return Tokens(f"new-{len(refreshes)}")

        async def answer(request: Any) -> Any:
            if request.headers["authorization"] == "Bearer old-token":
                await together.wait()
                return 401, None, ""
            return None

        ready, surroundings = oauth(refresh), around(answer)
        outcomes = await asyncio.gather(*(attempt(ready, item("a"), surroundings) for _ in range(5)))
        return [outcome.kind for outcome in outcomes]

    assert asyncio.run(main()) == ["delivered"] * 5
    assert len(refreshes) == 1


def test_a_refresh_goes_on_when_its_attempt_is_cancelled() -> None:
    saved: list[Auth] = []

    async def save(auth: Auth) -> None:
        saved.append(auth)

    async def main() -> Auth:
        asked, answered = asyncio.Event(), asyncio.Event()

        async def refresh(call: Any) -> Tokens:
            asked.set()
            await answered.wait()
            return Tokens("new-token", "rotated")

        ready = oauth(refresh)
        ready.credentials = Credentials(Auth(access_token="old-token", refresh_token="r"), save)
        first = asyncio.create_task(attempt(ready, item("a"), around([(401, None, "")])))
        await asked.wait()
        first.cancel()
        await asyncio.wait([first])
        second = asyncio.create_task(attempt(ready, item("b"), around([(401, None, ""), None])))
        answered.set()
        assert (await second).kind == "delivered"
        return ready.credentials.auth

    assert asyncio.run(main()) == Auth(access_token="new-token", refresh_token="rotated")
    assert saved == [Auth(access_token="new-token", refresh_token="rotated")]


def test_a_refresh_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refresh(call: Any) -> Tokens:
        await asyncio.get_running_loop().create_future()
        raise AssertionError("unreachable")

    monkeypatch.setattr("actionsd.delivery.credentials._limit", 0.01)
    outcome = asyncio.run(attempt(oauth(refresh), item("a"), around([(401, None, "")])))
    assert (outcome.kind, outcome.code) == ("retry", "RETRYABLE_ERROR")
    assert outcome.message.endswith(" within 0.01 s")


def test_both_spellings_of_oauth_settings_are_read() -> None:
    assert auth_of({"clientId": "c", "accessToken": "a", "refresh_token_url": "u"}) == Auth(
        access_token="a", client_id="c", refresh_url="u"
    )
    assert "hush" not in repr(auth_of({"client_secret": "hush"}))


# Batches


def batch(perform_batch: Any, ids: list[Any], respond: Respond = None, **options: Any) -> list[Any]:
    ready = prepared(plain_ping, perform_batch, **options)
    return asyncio.run(attempt_batch(ready, [item(id, f"d{index}") for index, id in enumerate(ids)], around(respond)))


async def post_all(call: BatchCall[NoSettings, Ping]) -> Response:
    return await call.http.post("https://h.test/", json=call.payloads)


async def leave(call: Any) -> Any:
    raise SystemExit(3)


def test_i3_a_plugin_that_wants_to_end_the_process_fails_alone() -> None:
    assert asyncio.run(attempt(prepared(leave), item("a"), around())).message == "SystemExit: 3"
    assert [outcome.kind for outcome in batch(leave, ["a", "b"])] == ["retry", "retry"]
    refused = asyncio.run(attempt(oauth(leave), item("a"), around([(401, None, "")])))
    assert (refused.kind, refused.code) == ("retry", "RETRYABLE_ERROR")


def test_r24_invalid_items_settle_before_sending_and_the_rest_goes_once() -> None:
    outcomes = batch(post_all, ["a", {}, "b"], [(207, None, {"x": 1})])
    assert [(one.kind, one.status, one.code) for one in outcomes] == [
        ("delivered", 207, ""), ("discarded", 400, "PAYLOAD_VALIDATION_FAILED"), ("delivered", 207, ""),
    ]  # fmt: skip
    assert json.loads(json.loads(outcomes[0].exchange)[0]["request"]["body"]) == [{"id": "a"}, {"id": "b"}]


class Keyed(Payload):
    key: Annotated[Secret, Field("Key")]


async def post_each(call: Call[NoSettings, Keyed]) -> Response:
    return await call.http.post("https://h.test/", json=call.payload)


async def post_keys(call: BatchCall[NoSettings, Keyed]) -> Response:
    return await call.http.post("https://h.test/", json=call.payloads)


def test_i6_a_record_of_a_batch_shows_no_secret_of_any_of_its_payloads() -> None:
    action = Action("keyed", title="Keyed", payload=Keyed, perform=post_each, perform_batch=post_keys)
    definition = Definition("keys", name="Keys", actions=[action])
    ready = prepare(definition, "keyed", settings={}, fields={"key": {"@path": "$.properties.key"}})
    items = [Item(event=track("E", {"key": f"s3cret-{name}"})) for name in ("ada", "bob")]
    for outcome in asyncio.run(attempt_batch(ready, items, around([(400, None, "no s3cret-ada, no s3cret-bob")]))):
        assert b"s3cret" not in outcome.exchange
        assert json.loads(outcome.exchange)[0]["response"]["body"] == "no ••••••, no ••••••"


def test_a_batch_of_invalid_items_is_not_sent() -> None:
    assert [one.kind for one in batch(post_all, [{}, {}])] == ["discarded", "discarded"]
    assert batch(post_all, []) == []


def test_f194_without_results_of_their_own_all_items_share_the_status() -> None:
    async def caught(call: BatchCall[NoSettings, Ping]) -> Any:
        try:
            return await post_all(call)
        except HTTPError as error:
            return error

    for perform_batch in (post_all, caught):
        outcomes = batch(perform_batch, ["a", "b"], [(429, {"retry-after": "7"}, "")])
        assert [(one.kind, one.retry_after) for one in outcomes] == [("retry", 7.0)] * 2


def test_r25_holes_are_bad_batch_results() -> None:
    async def only_second(call: BatchCall[NoSettings, Ping]) -> MultiStatus:
        results = MultiStatus()
        results.success(index=1)
        return results

    assert [one.code for one in batch(only_second, ["a", {}, "b"])] == [
        "bad_batch_result", "PAYLOAD_VALIDATION_FAILED", "",
    ]  # fmt: skip


def test_keys_and_events_line_up_with_payloads() -> None:
    seen: list[Any] = []

    async def look(call: BatchCall[NoSettings, Ping]) -> None:
        seen.extend(zip(call.idempotency_keys, call.events, call.payloads, strict=True))

    batch(look, ["a", {}, "b"])
    assert [(key, event["properties"]["id"], payload.id) for key, event, payload in seen] == [
        ("d0", "a", "a"), ("d2", "b", "b"),
    ]  # fmt: skip


def test_a_401_of_one_item_refreshes_and_runs_the_batch_again() -> None:
    async def perform_batch(call: BatchCall[NoSettings, Ping]) -> MultiStatus:
        results = MultiStatus()
        for _ in call.payloads:
            if call.auth.access_token == "new-token":
                results.success()
            else:
                results.failure(401, "expired", body={})
        return results

    outcomes = batch(perform_batch, ["a", "b"], scheme="oauth2", refresh=new_tokens)
    assert [one.kind for one in outcomes] == ["delivered", "delivered"]


def test_an_action_without_batches_says_so() -> None:
    assert [(one.kind, one.status) for one in batch(None, ["a"])] == [("discarded", 501)]


@pytest.mark.parametrize(
    ("fields", "batches", "size"),
    [({}, False, 1000), ({"enable_batching": True}, True, 1000),
     ({"enable_batching": "true", "batch_size": 5}, True, 5),
     ({"enable_batching": False, "batch_size": 5}, False, 5), ({"enable_batching": {"@path": "$.x"}}, False, 1000)],
)  # fmt: skip
def test_r24_which_mappings_are_batched(fields: dict[str, Any], batches: bool, size: int) -> None:
    definition = prepared(plain_ping, post_all).definition
    ready = prepare(definition, "ping", settings={}, fields={"id": "a"} | fields)
    assert (ready.batches, ready.batch_size) == (batches, size)


def test_r24_without_the_field_the_size_decides() -> None:
    ready = prepare(acme, "trackEvent", settings=SETTINGS, fields=FIELDS | {"batch_size": 50})
    assert (ready.batches, ready.batch_size) == (True, 50)
    assert not prepare(acme, "trackEvent", settings=SETTINGS, fields=FIELDS).batches
