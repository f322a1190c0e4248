"""Every step that one event took, found again from the journal, the ledger and the present configuration.

The happy path leaves no row per delivery (DESIGN.md, "How an event flows"): what routing matches, what lies before the
lane's cursor and neither waits for a retry nor died nor was passed over, was delivered. ``fates`` says so, and where
nobody can know any more.
"""

from typing import Any

import msgspec

from actionsd import wire
from actionsd.errors import NotFound
from actionsd.event import Entry, parse
from actionsd.filters.edit import look_up
from actionsd.ingest.gate import transformed
from actionsd.operate import fates
from actionsd.operate.fates import Fate
from actionsd.operate.parts import Names, Parts, definition_of, find_source
from actionsd.routing.route import Route, no_match
from actionsd.store.records import Destination, LaneKey, LaneState

reasons = {
    "FILTERED_BY_END_USER_CONSENT": "the user did not consent to all of the destination's categories",
    "FILTERED_BY_INTEGRATIONS_OBJECT": "the event's integrations object switches it off",
    "UNKNOWN_INTEGRATION": "the event's integrations object switches all off and names one that nobody knows",
    "MESSAGE_SENT_CLIENT_SIDE": "the browser sent it itself",
    "UNSUPPORTED_EVENT_TYPE": "the event's type is none that Segment knows",
    "FILTERED_BY_RULES": "a destination filter dropped it",
    "FILTERED_UNDECIDABLE": "a destination filter or transformation cannot be decided for it, so it is not sent",
    "FILTERED_BY_TRANSFORMATION": "a transformation for the destination dropped it",
}


async def explain(parts: Parts, message_id: str, source: str) -> wire.Explanations:
    """The way of every journalled event with this message id, in one source or in all.

    Raises:
        NotFound: there is no such source, or no such event (any more).
    """
    sources = [find_source(parts.workspace, source)] if source else parts.workspace.sources
    entries = [entry for each in sources for entry in await parts.store.journal.find(message_id, each.id)]
    if not entries:
        raise NotFound(
            f'no event "{message_id}" in the journal: it was never accepted, was blocked at its source'
            " (see `actionsctl tail`), or is expired"
        )
    return wire.Explanations(items=[await _explain(parts, entry) for entry in entries])


async def _explain(parts: Parts, entry: Entry) -> wire.Explanation:
    event = _decoded(entry)
    steps = [*_at_source(entry, event), _accepted(entry, event)]
    for destination in parts.workspace.destinations:
        if destination.source == entry.source:
            steps += await _at_destination(parts, destination, entry, event)
    return wire.Explanation(
        message_id=entry.message_id,
        source=Names(parts.workspace).source(entry.source),
        position=entry.position,
        received_at=wire.moment(entry.received_at),
        type=str(event.get("type", "")) if event else "",
        event=str(event.get("event") or event.get("name") or "") if event else "",
        steps=steps,
    )


def _decoded(entry: Entry) -> dict[str, Any] | None:
    try:
        return entry.event
    except msgspec.DecodeError:
        return None


def _at_source(entry: Entry, event: dict[str, Any] | None) -> list[wire.Step]:
    """What the source did to the event before it was journalled (FEATURES F151, F152, F154)."""
    note = look_up(event, ("context", "protocols"))
    told = []
    for member, text in _notes.items():
        found = look_up(note, (member,))
        told += [f"{text} {_noted(each)}" for each in found] if isinstance(found, list) else []
    names = look_up(parse(entry.added), (transformed,)) if event is not None else None
    told += [f"rewritten by the transformation {name}" for name in names] if isinstance(names, list) else []
    at = wire.moment(entry.received_at)
    return [wire.Step(step="source", outcome="ok", why="; ".join(told), at=at)] if told else []


def _noted(each: Any) -> str:
    return str(each.get("description")) if isinstance(each, dict) else str(each)


_notes = {
    "violations": "violates its tracking plan:",
    "omitted": "unplanned or unwanted, so omitted:",
    "omitted_on_violation": "in violation, so omitted:",
}


def _accepted(entry: Entry, event: dict[str, Any] | None) -> wire.Step:
    why = "committed to the journal" if event is not None else "committed to the journal, but cannot be decoded"
    return wire.Step(step="accepted", outcome="ok", why=why, at=wire.moment(entry.received_at))


async def _at_destination(
    parts: Parts, destination: Destination, entry: Entry, event: dict[str, Any] | None
) -> list[wire.Step]:
    definition = definition_of(parts, destination)
    lane = await parts.store.ledger.lane(LaneKey(destination.id))
    kept = await fates.kept(parts, destination, lane, entry)
    told = _told(destination, kept)
    rest: Fate | None
    if definition is None or lane is None or event is None:
        why = f"the destination is {destination.state}" if event else "the event cannot be decoded"
        rest = None if told else Fate("unknown", why)
    elif reason := await fates.passed_over(parts, destination, entry.position):
        rest = Fate("dead", f"{reason}: the lane was told to pass it over")
    elif entry.position <= lane.start:
        rest = fates.before_start(destination, lane, entry)
    else:
        return _routed(Route(destination, definition.name, parts.lanes.knows), destination, lane, entry, event, kept)
    is_all_told = told and all(mapping.id in kept for mapping in destination.mappings)
    return told if rest is None or is_all_told else [*told, _step(destination, rest)]


def _routed(
    route: Route, destination: Destination, lane: LaneState, entry: Entry, event: dict[str, Any], kept: dict[int, Fate]
) -> list[wire.Step]:
    """What is kept of an event's deliveries, and what the present configuration makes of the rest."""
    admitted, reason = route.admit(event, entry.metadata)
    if admitted is None:
        left_out = Fate("discarded", f"{reason}: {reasons.get(reason, 'not admitted')}")
        return _told(destination, kept) or [_step(destination, left_out)]
    rewritten = [destination.transformations[index].config.name for index in route.rewritten_by(event)]
    mappings = {mapping.id for mapping in destination.mappings}
    steps = _told(destination, {id: fate for id, fate in kept.items() if id not in mappings})
    steps += [_step(destination, Fate("rewritten", f"by the transformation {name}")) for name in rewritten]
    matched, triggered = route.matches(admitted, entry.position), route.matches(admitted)
    for mapping in destination.mappings:
        if mapping.id in kept:
            fate = kept[mapping.id]
        elif mapping.id in matched:
            fate = fates.of_matched(destination, lane, entry.position)
        else:
            fate = fates.of_unmatched(mapping, lane, entry, triggered=mapping.id in triggered)
        steps.append(_step(destination, fate, mapping.name))
    none = Fate("discarded", f"{no_match}: the destination has no mappings")
    return steps if mappings else [*steps, _step(destination, none)]


def _told(destination: Destination, kept: dict[int, Fate]) -> list[wire.Step]:
    names = {mapping.id: mapping.name for mapping in destination.mappings}
    return [_step(destination, fate, names.get(id, "")) for id, fate in kept.items()]


def _step(destination: Destination, fate: Fate, mapping: str = "") -> wire.Step:
    kind = "delivery" if mapping else "routing"
    return wire.Step(step=kind, outcome=fate.outcome, why=fate.why, destination=destination.slug, mapping=mapping)
