"""Every step that one event took, found again from the journal, the ledger and the present configuration.

The happy path leaves no row per delivery (DESIGN.md, "How an event flows"): what routing matches, what lies before the
lane's cursor and neither waits for a retry nor died nor was passed over, was delivered.
"""

from typing import Any

import msgspec

from actionsd import wire
from actionsd.delivery.window import Window
from actionsd.errors import NotFound
from actionsd.event import Entry, parse
from actionsd.filters.edit import look_up
from actionsd.ingest.gate import transformed
from actionsd.operate.parts import Names, Parts, definition_of, find_source
from actionsd.routing.route import Route, at_mapping, no_match
from actionsd.store.records import Dead, Destination, LaneKey, LaneState, Mapping, Retry

_limit = 1000  # retries and dead letters looked at per destination

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
    def step(outcome: str, why: str, mapping: str = "") -> wire.Step:
        kind = "delivery" if mapping else "routing"
        return wire.Step(step=kind, outcome=outcome, why=why, destination=destination.slug, mapping=mapping)

    definition = definition_of(parts, destination)
    lane = await parts.store.ledger.lane(LaneKey(destination.id))
    if definition is None or lane is None or event is None:
        return [step("unknown", f"the destination is {destination.state}" if event else "the event cannot be decoded")]
    fates = await _fates(parts, destination, entry.position)
    if not fates and (reason := await _passed_over(parts, destination, entry.position)):
        return [step("dead", f"{reason}: the lane was told to pass it over")]
    if entry.position <= lane.start:
        return [step("discarded", "it came before the destination was last enabled; a replay would send it")]
    route = Route(destination, definition.name, parts.lanes.knows)
    admitted, reason = route.admit(event, entry.metadata)
    if admitted is None:
        return [step("discarded", f"{reason}: {reasons.get(reason, 'not admitted')}")]
    matched = set(route.matches(admitted, entry.position))
    rewritten = [
        step("rewritten", f"by the transformation {destination.transformations[index].config.name}")
        for index in route.rewritten_by(event)
    ]
    steps = []
    for mapping in destination.mappings:
        if mapping.id in matched or mapping.id in fates:
            steps.append(
                step(*_fate(fates.get(mapping.id), lane, entry.position, mapping.id, destination.state), mapping.name)
            )
        else:
            steps.append(step("discarded", _unmatched(mapping, entry.position), mapping.name))
    none = [step("discarded", f"{no_match}: the destination has no mappings")]
    return [*rewritten, *(steps or none)]


async def _fates(parts: Parts, destination: Destination, position: int) -> dict[int, Retry | Dead]:
    """What the ledger keeps of an event's deliveries, by mapping: what waits or died; a retry is the later word."""
    ledger = parts.store.ledger
    letters = await ledger.dead(destination=destination.id, position=position, replay=0, limit=_limit)
    waiting = await ledger.retries(destination=destination.id, position=position, replay=0, limit=_limit)
    fates: dict[int, Retry | Dead] = {letter.dead.mapping: letter.dead for letter in letters}
    return fates | {retry.mapping: retry for _, retry in waiting}


async def _passed_over(parts: Parts, destination: Destination, position: int) -> str:
    """Why the lane has left the event out, with all around it (RULES R11, R18); "" when it has not."""
    ranges = await parts.store.ledger.dead_ranges(destination=destination.id, limit=_limit)
    return next((each.reason for _, each in ranges if each.first <= position <= each.last), "")


def _fate(fate: Retry | Dead | None, lane: LaneState, position: int, mapping: int, state: str) -> tuple[str, str]:
    """Outcome and why of one matched delivery."""
    if isinstance(fate, Retry):
        due = wire.moment(fate.due_at).astimezone().strftime("%H:%M:%S")
        return "retry", f"{_attempts(fate)}, the last: {fate.code} {fate.message}; the next at {due}"
    if isinstance(fate, Dead):
        return "dead", f"{fate.reason} after {_attempts(fate)}: {fate.code} {fate.message}"
    settled = Window(lane.cursor, lane.completed).settled_mappings(position)
    if position <= lane.cursor or settled is None or mapping in settled:
        return "delivered", "settled by the destination's lane, and no dead letter is kept of it"
    if state == "disabled":
        return "discarded", "the destination is disabled, so that nothing waits for it; a replay would send it"
    return "pending", "its lane has not settled it" if state == "enabled" else f"the destination is {state}"


def _attempts(fate: Retry | Dead) -> str:
    return "1 attempt" if fate.attempts == 1 else f"{fate.attempts} attempts"


def _unmatched(mapping: Mapping, position: int) -> str:
    if not mapping.enabled:
        return "the mapping is disabled"
    if position <= mapping.start:
        return "it came before the mapping was last enabled; a replay would send it"
    return f"{at_mapping}: the trigger does not hold: {mapping.trigger}"
