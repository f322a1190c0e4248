"""The test kit: ``run`` and ``call`` as DESIGN.md describes them."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Annotated, Any

import pytest

from actionsd import testing
from actionsd.sdk import (
    Action,
    BaseCall,
    Call,
    Choice,
    Choices,
    ChoicesCall,
    Definition,
    DeleteCall,
    Field,
    Json,
    NetworkError,
    Payload,
    Response,
    Secret,
    Settings,
    Tokens,
)
from support.acme import acme

SETTINGS = {"api_key": "s3cret-key"}


class Place(Payload):
    channel: Annotated[str | None, Field("Channel", dynamic=True)] = None
    extra: Annotated[Json | None, Field("Extra")] = None


class Keys(Settings):
    key: Annotated[Secret, Field("Key")]


async def place(call: Call[Keys, Place]) -> dict[str, Any]:
    return {"now": call.now.isoformat(), "uuid": call.uuid(), "random": call.random(), "token": call.auth.access_token,
            "shared": call.transaction}  # fmt: skip


async def check(call: BaseCall[Keys]) -> Response:
    return await call.http.get("https://h.test/me", headers={"k": call.settings.key})


async def refresh(call: BaseCall[Keys]) -> Tokens:
    response = await call.http.post("https://h.test/token", form={"r": call.auth.refresh_token})
    return Tokens(response.data["access_token"])


async def forget(call: DeleteCall[Keys]) -> Response:
    return await call.http.delete(f"https://h.test/users/{call.user_id}")


async def channels(call: ChoicesCall[Keys]) -> Choices:
    return Choices([Choice(f"{call.field}/{call.selected_key}", "General")], next_page=call.page)


full = Definition(
    "full", name="Full", settings=Keys, scheme="oauth2", refresh=refresh, test_authentication=check, on_delete=forget,
    actions=[Action("place", title="Place", payload=Place, perform=place,
                    choices={"channel": channels, "extra.__values__": channels})],
)  # fmt: skip


def run(*arguments: Any, **options: Any) -> testing.Run:
    return asyncio.run(testing.run(*arguments, **options))


def call(*arguments: Any, **options: Any) -> testing.Called:
    return asyncio.run(testing.call(*arguments, **options))


def test_defaults_of_the_action_are_used_where_nothing_is_given() -> None:
    done = run(acme, "trackEvent", settings=SETTINGS, events=[testing.track("Signed Up"), testing.identify()])
    assert [outcome.kind for outcome in done.outcomes] == ["delivered", "discarded"]
    assert done.outcomes[1].code == "FILTERED_AT_MAPPING"
    [request] = done.requests
    assert (request.method, request.url) == ("POST", "https://api.acme.test/v1/track")
    assert request.headers["authorization"] == "Bearer s3cret-key"
    assert request.json["event"] == "Signed Up"


def test_mapping_and_trigger_replace_the_defaults() -> None:
    done = run(acme, "trackEvent", settings=SETTINGS, events=[testing.identify()], mapping={"event": "X"}, trigger=None)
    assert done.requests[0].body == b'{"event":"X"}'


@pytest.mark.parametrize("trigger", ["", "type = ", 'type = "page"'])
def test_c12_a_trigger_that_is_empty_or_broken_never_matches(trigger: str) -> None:
    done = run(acme, "trackEvent", settings=SETTINGS, events=[testing.track()], trigger=trigger)
    assert (done.requests, done.outcomes[0].code) == ([], "FILTERED_AT_MAPPING")


def test_answers_are_used_in_order_and_the_default_after_them() -> None:
    script = [(500, None, ""), NetworkError("lost", "ECONNRESET"), Response(404, {}), None]
    done = run(acme, "trackEvent", settings=SETTINGS, events=[testing.track()] * 5, respond=script)
    assert [(one.kind, one.status) for one in done.outcomes] == [
        ("retry", 500), ("retry", 0), ("discarded", 404), ("delivered", 200), ("delivered", 200),
    ]  # fmt: skip
    assert len(done.requests) == 5


def test_answers_may_come_from_a_function_of_the_request() -> None:
    done = run(acme, "trackEvent", settings=SETTINGS, events=[testing.track("A")],
               respond=lambda request: (201, {"content-type": "text/plain"}, request.json["event"]))  # fmt: skip
    assert (done.outcomes[0].status, done.outcomes[0].data) == (201, "A")


def test_a_batch_goes_out_in_one_call_and_outcomes_stay_in_place() -> None:
    events = [testing.track("A"), testing.page(), testing.track("B", event=None), testing.track("C")]
    done = run(acme, "trackEvent", settings=SETTINGS, events=events, batch=True)
    assert [one.code for one in done.outcomes] == ["", "FILTERED_AT_MAPPING", "PAYLOAD_VALIDATION_FAILED", ""]
    assert [payload["event"] for payload in done.requests[0].json["batch"]] == ["A", "C"]


def test_what_actions_read_can_be_frozen() -> None:
    now = datetime(2024, 5, 15, 12, 34, 56, 789000, tzinfo=UTC)
    done = run(full, "place", settings={"key": "k", "oauth": {"access_token": "t"}}, events=[testing.track()],
               trigger=None, now=now, uuid="u-1", random=0.5, transaction={"id": 1})  # fmt: skip
    assert done.outcomes[0].data == {
        "now": now.isoformat(), "uuid": "u-1", "random": 0.5, "token": "t", "shared": {"id": 1},
    }  # fmt: skip
    again = run(full, "place", settings={"key": "k"}, events=[testing.track()], trigger=None, auth={"accessToken": "b"},
                uuid=iter(["u-2"]).__next__, random=lambda: 0.25)  # fmt: skip
    assert (again.outcomes[0].data["token"], again.outcomes[0].data["uuid"]) == ("b", "u-2")


def test_wrong_settings_and_mappings_end_every_event() -> None:
    done = run(acme, "trackEvent", settings={}, events=[testing.track()] * 2)
    assert [one.code for one in done.outcomes] == ["PAYLOAD_VALIDATION_FAILED"] * 2
    done = run(acme, "trackEvent", settings=SETTINGS, events=[testing.track()], mapping={"event": {"@nope": 1}})
    assert (done.outcomes[0].error, done.requests) == ("MappingError", [])


def test_the_credentials_are_tested() -> None:
    good = call(full, "test_authentication", settings={"key": "k"})
    assert (good.outcome.kind, good.requests[0].headers["k"]) == ("delivered", "k")
    bad = call(full, "test_authentication", settings={"key": "k"}, respond=[(401, None, "")])
    assert bad.outcome.message == "Credentials are invalid: 401 Unauthorized"
    assert call(acme, "test_authentication", settings=SETTINGS).outcome.kind == "delivered"
    assert call(full, "test_authentication", settings={}).outcome.code == "PAYLOAD_VALIDATION_FAILED"


def test_tokens_are_refreshed_and_users_forgotten() -> None:
    tokens = call(full, "refresh", settings={"key": "k", "oauth": {"refresh_token": "r"}},
                  respond=[(200, None, {"access_token": "n"})])  # fmt: skip
    assert (tokens.result, tokens.requests[0].body) == (Tokens("n"), b"r=r")
    gone = call(full, "on_delete", settings={"key": "k"}, input={"userId": "u 1"})
    assert (gone.requests[0].method, gone.requests[0].url) == ("DELETE", "https://h.test/users/u%201")
    assert call(acme, "on_delete", settings=SETTINGS).outcome.message == "no onDelete defined"


def test_a_deletion_is_tried_again_after_a_401() -> None:
    answers = [(401, None, ""), (200, None, {"access_token": "n"}), None]
    done = call(
        full, "on_delete", settings={"key": "k"}, input={"userId": "u"}, auth={"access_token": "o"}, respond=answers
    )
    assert [request.method for request in done.requests] == ["DELETE", "POST", "DELETE"]
    assert done.outcome.kind == "delivered"
    denied = call(full, "on_delete", settings={"key": "k"}, input={"userId": "u"}, respond=[(403, None, "")])
    assert (denied.outcome.kind, denied.outcome.status) == ("discarded", 403)


def test_dynamic_choices_are_asked_of_their_handler() -> None:
    asked = call(full, "choices", action="place", settings={"key": "k"}, input={"field": "channel", "page": "2"})
    assert asked.result == Choices([Choice("channel/None", "General")], next_page="2")
    by_key = call(full, "choices", action="place", settings={"key": "k"}, input={"field": "extra.plan"})
    assert by_key.result.choices[0].value == "extra.plan/plan"
    unknown = call(full, "choices", action="place", settings={"key": "k"}, input={"field": "nope"})
    assert unknown.result.error == ("No dynamic field named nope found.", "404")


def test_a_definition_may_be_named_by_its_slug() -> None:
    with pytest.raises(LookupError, match="no definition 'not-installed' is installed"):
        run("not-installed", "a", settings={}, events=[])


def test_a_recorded_delivery_can_be_answered_again() -> None:
    first = run(acme, "trackEvent", settings=SETTINGS, events=[testing.track()], respond=[(422, {"x": "1"}, '{"e":1}')])
    script = testing.recorded(first.outcomes[0].exchange)
    again = run(acme, "trackEvent", settings=SETTINGS, events=[testing.track()], respond=script)
    assert (again.outcomes[0].status, again.outcomes[0].code) == (422, "UNPROCESSABLE_ENTITY")


def test_a_recorded_lost_connection_is_lost_again() -> None:
    lost = NetworkError("read ECONNRESET", "ECONNRESET")
    first = run(acme, "trackEvent", settings=SETTINGS, events=[testing.track()], respond=[lost])
    script = testing.recorded(json.loads(first.outcomes[0].exchange))
    (again,) = run(acme, "trackEvent", settings=SETTINGS, events=[testing.track()], respond=script).outcomes
    assert (again.kind, again.code, again.message) == ("retry", "ECONNRESET", "read ECONNRESET")


def test_events_of_all_types_are_complete() -> None:
    events = testing.all_types()
    assert [event["type"] for event in events] == ["track", "identify", "page", "screen", "group", "alias"]
    assert all({"messageId", "timestamp", "context", "userId"} <= event.keys() for event in events)
    assert testing.group("g", {"a": 1}, userId="u")["traits"] == {"a": 1}
