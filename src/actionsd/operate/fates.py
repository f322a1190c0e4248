"""What became of an event at a destination, as far as the store still knows it (RULES R3, R11, R18, R19).

A retry, a dead letter and a sample are certain. Else it follows from where the lane stands, for a destination and a
mapping that were enabled all the time: of what was delivered before they were last enabled, nothing else is kept.
"""

from typing import NamedTuple

from actionsd import wire
from actionsd.delivery.window import Window
from actionsd.event import Entry
from actionsd.operate.parts import Parts
from actionsd.routing.route import at_mapping
from actionsd.store.records import Dead, Destination, LaneState, Mapping, Retry

_limit = 1000  # rows looked at per destination
_settled = "settled by the destination's lane, and no dead letter is kept of it"
_again = "a replay would send it"
_lost = f"no retry and no dead letter is kept of it, so it was delivered if it was taken then; {_again} again"


class Fate(NamedTuple):
    """``outcome`` and ``why`` of a step."""

    outcome: str
    why: str


async def kept(parts: Parts, destination: Destination, lane: LaneState | None, entry: Entry) -> dict[int, Fate]:
    """What is certain of the event's deliveries, by mapping (0: of the event before any mapping got to see it): what
    waits, else what died, else what is known to be settled."""
    ledger, position = parts.store.ledger, entry.position
    samples = await parts.store.samples.list(destination.id, step="delivered")
    letters = await ledger.dead(destination=destination.id, position=position, replay=0, limit=_limit)
    waiting = await ledger.retries(destination=destination.id, position=position, replay=0, limit=_limit)
    fates = {each.mapping: Fate("delivered", _settled) for _, each in samples if each.position == position}
    if lane is not None and position > lane.cursor:
        fates |= dict.fromkeys(_window(lane).settled_mappings(position) or (), Fate("delivered", _settled))
    fates |= {letter.dead.mapping: _died(letter.dead) for letter in letters}
    return fates | {retry.mapping: _waits(retry) for _, retry in waiting}


async def passed_over(parts: Parts, destination: Destination, position: int) -> str:
    """Why the lane has left the event out, with all around it (RULES R11, R18); "" when it has not."""
    ranges = await parts.store.ledger.dead_ranges(destination=destination.id, limit=_limit)
    return next((each.reason for _, each in ranges if each.first <= position <= each.last), "")


def before_start(destination: Destination, lane: LaneState, entry: Entry) -> Fate:
    """Of an event at or before the start of the destination's lane of which nothing is kept."""
    if not _is_settled(lane, entry.position):
        return Fate("discarded", f"the destination was disabled before its lane got to it; {_again}")
    if entry.received_at < destination.created_at:
        return Fate("discarded", f"it came before the destination was made; {_again}")
    return Fate("unknown", f"it came before the destination was last enabled: {_lost}")


def of_matched(destination: Destination, lane: LaneState, position: int) -> Fate:
    """Of a delivery of which nothing is kept, to a mapping that matches."""
    if _is_settled(lane, position):
        return Fate("delivered", _settled)
    if destination.state == "disabled":
        return Fate("discarded", f"the destination is disabled, so that nothing waits for it; {_again}")
    enabled = destination.state == "enabled"
    return Fate("pending", "its lane has not settled it" if enabled else f"the destination is {destination.state}")


def of_unmatched(mapping: Mapping, lane: LaneState, entry: Entry, *, triggered: bool) -> Fate:
    """Of an event of which nothing is kept, and a mapping that does not match it; ``triggered`` tells whether it would
    but for its start."""
    if entry.received_at < mapping.created_at:
        return Fate("discarded", f"it came before the mapping was made; {_again}")
    is_open = not _is_settled(lane, entry.position)
    if not mapping.enabled:
        if is_open or 0 < mapping.updated_at < entry.received_at:
            return Fate("discarded", "the mapping is disabled")
        return Fate("unknown", f"the mapping is disabled now: {_lost}")
    if not triggered:
        return Fate("discarded", f"{at_mapping}: the trigger does not hold: {mapping.trigger}")
    if is_open:
        return Fate("discarded", f"it came before the mapping was last enabled; {_again}")
    return Fate("unknown", f"it came before the mapping was last enabled: {_lost}")


def _waits(retry: Retry) -> Fate:
    due = wire.moment(retry.due_at).astimezone().strftime("%H:%M:%S")
    return Fate("retry", f"{_attempts(retry)}, the last: {retry.code} {retry.message}; the next at {due}")


def _died(dead: Dead) -> Fate:
    return Fate("dead", f"{dead.reason} after {_attempts(dead)}: {dead.code} {dead.message}")


def _attempts(of: Retry | Dead) -> str:
    return "1 attempt" if of.attempts == 1 else f"{of.attempts} attempts"


def _is_settled(lane: LaneState, position: int) -> bool:
    """Whether the lane is through with all of an event."""
    return position <= lane.cursor or _window(lane).settled_mappings(position) is None


def _window(lane: LaneState) -> Window:
    return Window(lane.cursor, lane.completed)
