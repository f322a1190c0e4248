"""Definitions are checked when they are made; what is wrong is named."""

import re
from typing import Annotated, Any

import pytest

from actionsd.sdk import (
    Action,
    Choices,
    ContractError,
    Definition,
    Field,
    Json,
    MultiStatus,
    OAuth,
    Payload,
    Preset,
    Secret,
    all_of,
    any_of,
    each,
    if_exists,
    path,
    template,
    when,
)
from actionsd.sdk.fields import UNSET
from actionsd.sdk.payload import masked, secrets, shape
from support.acme import AcmeSettings, TrackEvent, acme, track_event

ACTION = acme.actions["trackEvent"]


class Unknown(Payload):
    """A field of a type that the contract does not have."""

    raw: Annotated[bytes, Field("Raw")]


async def no_choices(call: Any) -> Choices:
    return Choices()


def test_a_definition_needs_actions() -> None:
    with pytest.raises(ContractError, match="'empty' has no actions"):
        Definition("empty", name="Empty", actions=[])


def test_two_actions_may_not_share_a_slug() -> None:
    with pytest.raises(ContractError, match="two actions with one slug"):
        Definition("twice", name="Twice", settings=AcmeSettings, actions=[ACTION, ACTION])


def test_a_preset_is_of_an_action_that_exists() -> None:
    with pytest.raises(ContractError, match="preset 'Pages' is of no action here: 'nope'"):
        Definition("p", name="P", settings=AcmeSettings, actions=[ACTION], presets=[Preset("Pages", "nope")])


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"authorize_url": "http://acme.test/a"}, "authorize_url: expected an https URL, got 'http://acme.test/a'"),
        ({"token_url": "acme.test/token"}, "token_url: expected an https URL"),
        ({"scopes": ["read write"]}, "scopes: expected one scope for each item, got 'read write'"),
    ],
)
def test_c10_how_to_connect_is_checked(given: dict[str, Any], problem: str) -> None:
    good = {"authorize_url": "http://127.0.0.1:1/a?access_type=offline", "token_url": "https://acme.test/token"}
    oauth = OAuth(**good)
    assert acme.oauth is None
    with pytest.raises(ContractError, match="oauth is for the scheme 'oauth2', not 'custom'"):
        Definition("acme", name="Acme", settings=AcmeSettings, actions=[ACTION], oauth=oauth)
    with pytest.raises(ContractError, match=re.escape(problem)):
        OAuth(**good | given)


def test_choices_are_of_a_field_that_exists() -> None:
    with pytest.raises(ContractError, match="choices for 'nope', which is no field of TrackEvent"):
        Action("a", title="A", payload=TrackEvent, perform=track_event, choices={"nope": no_choices})


def test_an_unknown_type_is_named() -> None:
    with pytest.raises(ContractError, match=r"Unknown\.raw: <class 'bytes'> is no type of the contract"):
        shape(Unknown)


def test_conditions_need_exactly_one_operator() -> None:
    with pytest.raises(TypeError, match="exactly one of is_ and is_not"):
        when("a")
    assert when("a", is_not=UNSET).operator == "is_not"
    assert (all_of(when("a", is_=1)).match, any_of(when("a", is_=1)).match) == ("all", "any")


def test_directives() -> None:
    assert template("{{a}}") == {"@template": "{{a}}"}
    assert if_exists("$.a", "$.b")["@if"]["then"] == {"@path": "$.a"}
    assert each("$.products", {"sku": path("$.sku")}) == {"@arrayPath": ["$.products", {"sku": {"@path": "$.sku"}}]}


def test_secrets_are_found_and_masked() -> None:
    settings = AcmeSettings(api_key="s3cret")
    assert secrets(settings) == {"s3cret"}
    assert masked({"api_key": "s3cret", "region": "us"}, AcmeSettings) == {"api_key": "••••••", "region": "us"}


class Door(Payload):
    pin: Annotated[Secret | None, Field("PIN")] = None
    colour: Annotated[str | None, Field("Colour")] = None


class House(Payload):
    doors: Annotated[list[Door] | None, Field("Doors")] = None
    garden: Annotated[Json | None, Field("Garden", properties=Door)] = None


@pytest.mark.parametrize("key", ["doors", "garden"])
@pytest.mark.parametrize(
    "value",
    [
        [{"colour": "red"}, {"pin": "1234"}],
        {"pin": {"@template": "12{{userId}}"}},
        {"@arrayPath": ["$.doors", {"pin": "1234", "colour": {"@path": "$.c"}}]},
        {"@if": {"exists": {"@path": "$.a"}, "then": {"pin": "1234"}, "else": None}},
    ],
)
def test_a_field_with_a_secret_inside_is_masked_whole(key: str, value: Any) -> None:
    assert masked({key: value}, House) == {key: "••••••"}


@pytest.mark.parametrize("value", [[{"colour": "red", "pin": None}], {"pin": "env:PIN"}, {"@path": "$.d"}, "x", None])
def test_a_field_without_one_is_shown(value: Any) -> None:
    assert masked({"doors": value, "other": {"pin": 1}}, House) == {"doors": value, "other": {"pin": 1}}


def test_multi_status_lines_up_and_shows_holes() -> None:
    results = MultiStatus()
    results.success(index=2)
    results.failure(400, "local", index=0)
    results.failure(404, "gone", body={})
    found = list(results)
    assert [item and (item.status, item.code, item.reporter) for item in found] == [
        (400, "PAYLOAD_VALIDATION_FAILED", "INTEGRATIONS"), None, (200, "", "INTEGRATIONS"),
        (404, "NOT_FOUND", "DESTINATION"),
    ]  # fmt: skip
