"""What the rule of an alert is about, in percent, from what was counted and what waits (FEATURES F178)."""

from collections.abc import Callable

from actionsd.operate.parts import Parts
from actionsd.store.alerts import Alert
from actionsd.store.records import Count, LaneKey

hours = 24  # that a rule looks at
told = "told"  # what an event of an alert is counted as, beside received
_hour = 60
_minutes = hours * _hour


async def measured(parts: Parts, alert: Alert) -> float | None:
    """In percent: the change of a source's volume, the share of deliveries that succeeded. None where there is nothing
    to compare or nothing was to be delivered, which changes no alert."""
    now = parts.clock.now() // 60_000 + 1
    if alert.kind == "volume":
        before = await _volume(parts, alert.source, now - 2 * _minutes, now - _minutes)
        return 100 * (await _volume(parts, alert.source, now - _minutes, now) / before - 1) if before else None

    def is_wanted(what: Count) -> bool:
        is_outcome = what.step in ("delivered", "dead") and not what.replay
        return is_outcome and what.destination == alert.destination and alert.mapping in (0, what.mapping)

    counts = await _counted(parts, now - _minutes, now, is_wanted)
    delivered, failed = counts.get("delivered", 0), counts.get("dead", 0) + await _held_up(parts, alert)
    return 100 * delivered / (delivered + failed) if delivered + failed else None


async def _volume(parts: Parts, source: int, since: int, until: int) -> int:
    """Events that a source received between two minutes, without those that tell of alerts."""
    volume = (Count("received", source=source), Count(told, source=source))
    counts = await _counted(parts, since, until, volume.__contains__)
    return counts.get("received", 0) - counts.get(told, 0)


async def _held_up(parts: Parts, alert: Alert) -> int:
    """Deliveries that failed and wait, and all events behind them while their destination takes none: without these an
    outage would show only when the first of them are given up."""
    key, ledger, head = LaneKey(alert.destination), parts.store.ledger, parts.store.journal.head
    waiting = await ledger.pending(alert.destination, 0, head)
    retries = sum(alert.mapping in (0, mapping) for mapping, _ in waiting)
    lanes = [lane for lane in parts.lanes.status() if (lane.destination, lane.replay) == key]
    is_held = any(lane.breaker != "closed" or lane.trouble for lane in lanes)
    return retries + (await ledger.lag(key, head) if is_held else 0)


async def _counted(parts: Parts, since: int, until: int, wanted: Callable[[Count], bool]) -> dict[str, int]:
    """Events by step between two minutes, read as hours where they are whole."""
    first, last = -(-since // _hour) * _hour, until // _hour * _hour
    history, found = parts.store.history, dict[str, int]()
    for rows in (
        await history.counts(1, since, first, wanted),
        await history.counts(60, first, last, wanted),
        await history.counts(1, last, until, wanted),
    ):
        for _, what, events in rows:
            found[what.step] = found.get(what.step, 0) + events
    return found
