"""The conformance suite finds each fault it is there for."""

import asyncio
import logging
from typing import Annotated, Any

import pytest

from actionsd.sdk import (
    Action,
    BaseCall,
    Call,
    Definition,
    Field,
    Payload,
    Preset,
    Response,
    Secret,
    Settings,
    path,
)
from actionsd.testing import check_definition
from support.acme import acme


class Keys(Settings):
    key: Annotated[Secret, Field("Key")]


class Ping(Payload):
    id: Annotated[str, Field("Id", default=path("$.userId"))]


async def post(call: BaseCall[Keys]) -> Response:
    return await call.http.post("https://h.test/", json={"key": call.settings.key})


async def forgiving(call: BaseCall[Keys]) -> Response:
    return await call.http.post("https://h.test/", json={}, raise_for_status=False)


async def refusing(call: BaseCall[Keys]) -> Response:
    raise ValueError("not in batches")


async def telling(call: Call[Keys, Ping]) -> Response:
    logging.getLogger("partner").debug("calling with %s", call.settings.key)
    return await post(call)


async def stubborn(call: BaseCall[Keys]) -> Any:
    try:
        return await post(call)
    except asyncio.CancelledError:
        return await asyncio.Event().wait()  # goes on, until it is cancelled once more


def definition(
    perform: Any = post, batch: Any = None, trigger: str = "", slug: str = "pinger", action: str = "ping",
    **options: Any,
) -> Definition[Keys]:  # fmt: skip
    made = Action(action, title="Ping", payload=Ping, perform=perform, perform_batch=batch, trigger=trigger)
    return Definition(slug, name="Pinger", settings=Keys, actions=[made], **options)


def test_good_definitions_pass() -> None:
    check_definition(acme)
    check_definition(definition(batch=post))


@pytest.mark.parametrize(
    ("broken", "problem"),
    [
        (definition(forgiving), "errors: ping: an answer 500 ends as delivered, expected retry"),
        (definition(slug="Pinger"), "slugs: 'Pinger': expected lower-case letters, digits and single hyphens"),
        (definition(action="ping it"), "slugs: action 'ping it': expected letters, digits, hyphens and underscores"),
        (definition(test_authentication=forgiving), "authentication: test_authentication does not notice an answer"),
        (definition(telling), "secrets: ping shows a secret setting"),
        (definition(batch=refusing), "batches: ping: delivered alone, retry in a batch"),
        (definition(trigger="type = "), "triggers: ping: "),
        (definition(presets=[Preset("P", "ping", "nope(", {})]), "triggers: preset 'P': "),
        (definition(presets=[Preset("P", "ping", "", {"x": 1})]),
         "mappings: preset 'P' maps fields that the action does not have: x"),
        (definition(presets=[Preset("P", "ping", "", {"id": {"@nope": 1}})]), "mappings: preset 'P': "),
    ],
)  # fmt: skip
def test_faults_are_found(broken: Definition[Keys], problem: str) -> None:
    with pytest.raises(AssertionError) as caught:
        check_definition(broken)
    assert problem in str(caught.value)


def test_r27_a_perform_that_swallows_its_cancellation_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("actionsd.testing.conformance._WAIT", 0.01)
    with pytest.raises(AssertionError, match=r"cancellation: ping goes on for more than 0.01 s"):
        check_definition(definition(stubborn), except_for=("errors",))


def test_a_check_can_be_left_out() -> None:
    check_definition(definition(forgiving), except_for=("errors",))
