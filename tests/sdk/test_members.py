"""Members of payloads: what JSON has of their fields, whole, without some, and under other names."""

from contextlib import suppress
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionsd.sdk import (
    UNSET,
    ContractError,
    Field,
    Json,
    Payload,
    PayloadValidationError,
    UnsetType,
    field,
    members,
    payload_type,
    picker,
    plain,
    validate,
)

KEYS = ("a", "b", "from", "$d")


class Device(Payload):
    model: Annotated[str | None, Field("Model")] = None


class Event(Payload):
    name: Annotated[str, Field("Name")]
    user: Annotated[str | UnsetType | None, Field("User")] = UNSET
    city: Annotated[str | None, Field("City")] = None
    sent_from: Annotated[str | None, Field("From")] = field(name="from", default=None)
    properties: Annotated[Json | None, Field("Properties")] = None
    device: Annotated[Device | None, Field("Device")] = None


class Page(Event):
    url: Annotated[str | None, Field("URL")] = None


SPECS = st.fixed_dictionaries(
    {"type": st.sampled_from(["string", "integer", "object", "datetime"])},
    optional={"required": st.just(True), "allowNull": st.just(True), "multiple": st.just(True)},
)
VALUES = st.dictionaries(st.sampled_from(KEYS), st.one_of(st.none(), st.integers(), st.text(), st.just({"x": None})))


@given(
    fields=st.dictionaries(st.sampled_from(KEYS), SPECS, min_size=1),
    value=VALUES,
    without=st.frozensets(st.sampled_from(KEYS)),
)
def test_members_are_what_json_has_of_them(
    fields: dict[str, Any], value: dict[str, Any], without: frozenset[str]
) -> None:
    with suppress(PayloadValidationError):
        payload = validate(payload_type(fields), value)
        expected = [(key, item) for key, item in plain(payload).items() if key not in without]
        assert list(members(payload, without=without).items()) == expected


def test_values_are_the_payloads_own() -> None:
    payload = Event(name="Signed Up", properties={"plan": "pro"}, device=Device(model="x"))
    found = members(payload)
    assert found["properties"] is payload.properties
    assert found["device"] is payload.device
    assert members(payload) is not found


def test_picked_fields_have_the_names_asked_for() -> None:
    pick = picker(Event, {"event": "name", "$user": "user", "$city": "city", "sent": "sent_from"})
    assert pick(Event(name="Signed Up")) == {"event": "Signed Up"}
    assert pick(Event(name="Signed Up", user=None, city="", sent_from="app")) == {
        "event": "Signed Up", "$user": None, "$city": "", "sent": "app",
    }  # fmt: skip
    assert pick(Page(name="Home", url="/")) == {"event": "Home"}


def test_a_name_may_be_any_text() -> None:
    assert picker(Event, {"'\"\\\n": "name"})(Event(name="x")) == {"'\"\\\n": "x"}


def test_a_field_that_is_not_there_is_told_at_once() -> None:
    with pytest.raises(ContractError, match="Event has no field 'town'; it has name, user, city"):
        picker(Event, {"$city": "town"})
