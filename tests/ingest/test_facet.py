"""What an event is counted by: type, name and app version, the same whether it is accepted or refused (F169)."""

import json
from typing import Any

import pytest

from actionsd.event import Facet
from actionsd.ingest.intake import Intake, Origin
from actionsd.observe import Tap
from actionsd.settings import Ingest
from support.clock import FakeClock
from support.ingest import KEY, WORKSPACE, MemoryJournal

USER = {"userId": "u"}
VERSION = {"context": {"app": {"name": "Shop", "version": "2.1"}}}


def _taken(event: dict[str, Any], batch: dict[str, Any] | None) -> Any:
    intake = Intake(Ingest(), MemoryJournal(), FakeClock(), Tap())
    intake.apply(WORKSPACE)
    if batch is None:
        return intake.take_event(json.dumps(event).encode(), None, Origin(key=KEY))
    return intake.take_batch(json.dumps({"batch": [event], **batch}).encode(), Origin(key=KEY))


@pytest.mark.parametrize(
    ("event", "batch", "facet"),
    [
        ({"type": "track", "event": "E", "name": "no"}, None, ("track", "E", "")),
        ({"type": "page", "name": "Home", "event": "no"}, None, ("page", "Home", "")),
        ({"type": "screen"}, None, ("screen", "", "")),
        ({"type": "identify", "name": "Ann"}, None, ("identify", "", "")),
        ({"type": "track", "event": "E", **VERSION}, None, ("track", "E", "2.1")),
        ({"type": "track", "event": "E", "context": {"app": {"version": 3}}}, None, ("track", "E", "3")),
        ({"type": "track", "event": "E", "context": {"app": "Shop"}}, None, ("track", "E", "")),
        ({"type": "track", "event": "E"}, VERSION, ("track", "E", "2.1")),
        ({"type": "track", "event": "E", "context": {"os": {}}}, VERSION, ("track", "E", "2.1")),
        ({"type": "track", "event": "E", "context": {"app": {}}}, VERSION, ("track", "E", "")),
        ({"type": "track", "event": "E\ud800", "messageId": 5}, None, None),
        ({"type": "page", "name": "N", "properties": "slow", **VERSION}, None, None),
    ],
)
def test_f169_an_accepted_event_has_the_facet_of_what_lanes_will_see(
    event: dict[str, Any], batch: dict[str, Any] | None, facet: Facet | None
) -> None:
    taken = _taken(event | USER, batch)
    assert [accepted.facet for accepted in taken.accepted] == ([] if facet is None else [facet])


@pytest.mark.parametrize("batch", [None, {}])
def test_f169_a_refused_event_is_counted_by_what_it_says(batch: dict[str, Any] | None) -> None:
    taken = _taken({"type": "track", "event": "E", "properties": 5, **VERSION, **USER}, batch)
    ((what, facet),) = taken.details
    assert (what.step, what.reason, what.source) == ("refused", "properties_not_object", 1)
    assert (facet, taken.details[what, facet]) == (("track", "E", "2.1"), 1)


def test_a_stranger_does_not_fill_the_facets() -> None:
    intake = Intake(Ingest(), MemoryJournal(), FakeClock(), Tap())
    taken = intake.take_event(json.dumps({"type": "track", "event": 5}).encode(), None, Origin(key="unknown"))
    assert taken.counts
    assert not taken.details
