"""F155, F156: transformations for a destination come after its filters and before its triggers."""

from typing import Any

import msgspec
import pytest

from actionsd.protocols import ProtocolsError
from actionsd.routing.route import Route
from actionsd.store.configs import TransformationConfig
from actionsd.store.records import Destination, Mapping, Transformation

SENT = Mapping(
    id=5, name="m", action="send", trigger='event = "B"', fields={}, enabled=True, start=0, version=1
)  # fmt: skip
TRACK = {"type": "track", "event": "A", "properties": {"x": 1}}


def transformation(id: int, condition: str, **edits: Any) -> Transformation:
    config = TransformationConfig(name=f"t{id}", condition=condition, edits=edits, definition="webhook")
    return Transformation(id, 1, 1, config, 0, 0)


def route(*transformations: Transformation, filters: tuple[dict[str, object], ...] = ()) -> Route:
    destination = Destination(
        id=1, slug="d", name="d", source=1, definition="webhook", settings={}, mappings=(SENT,), filters=filters,
        state="enabled", start=0, version=1, transformations=transformations,
    )  # fmt: skip
    return Route(destination, "Webhook")


def test_triggers_see_the_event_as_it_is_rewritten() -> None:
    made = route(transformation(1, "event = 'A'", newEventName="B"))
    admitted, reason = made.admit(TRACK, {})
    assert (admitted, reason) == (TRACK | {"event": "B"}, "")
    assert admitted is not None
    assert (made.matches(admitted), made.matches(TRACK)) == ((5,), ())


def test_filters_see_the_event_as_it_was_and_transformations_what_filters_left() -> None:
    drop: dict[str, object] = {"if": "event = 'B'", "actions": [{"type": "DROP"}]}
    trim: dict[str, object] = {"if": "all", "actions": [{"type": "DROP_PROPERTIES", "fields": {"properties": ["x"]}}]}
    rename = transformation(1, "event = 'A'", newEventName="B")
    move = transformation(2, "properties.x = 1", propertyRenames=[{"oldName": "x", "newName": "y"}])
    made = route(rename, move, filters=(drop, trim))
    assert made.admit(TRACK, {}) == ({"type": "track", "event": "B", "properties": {}}, "")
    assert made.rewritten_by(TRACK) == (0,)
    assert made.rewritten_by(TRACK | {"event": "B"}) == ()


@pytest.mark.parametrize(
    ("transformation", "reason"),
    [
        (transformation(1, "event = 'A'", drop=True), "FILTERED_BY_TRANSFORMATION"),
        (transformation(1, "'x' in properties.x", newEventName="B"), "FILTERED_UNDECIDABLE"),
    ],
)
def test_what_is_dropped_says_why(transformation: Transformation, reason: str) -> None:
    assert route(transformation).admit(TRACK, {}) == (None, reason)


def test_a_disabled_transformation_does_nothing_and_a_malformed_one_is_told() -> None:
    off = transformation(1, "all", drop=True)
    off = msgspec.structs.replace(off, config=msgspec.structs.replace(off.config, enabled=False))
    assert route(off).admit(TRACK, {}) == (TRACK, "")
    with pytest.raises(ProtocolsError, match="expected FQL"):
        route(transformation(1, "event ="))
