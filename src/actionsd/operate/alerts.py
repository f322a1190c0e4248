"""Alerts: rules on source volume and delivery rate, looked at each minute, told as events (FEATURES F178).

When a rule begins to hold the track event "Alert Raised" is appended to the journal of the source that the rule names,
and "Alert Resolved" when it ends, so that mappings take them wherever somebody wants to know.
"""

import logging
from typing import Any

import msgspec

from actionsd import wire
from actionsd.errors import ActionsdError, ConfigError
from actionsd.event import Accepted
from actionsd.ingest import split
from actionsd.ingest.normalise import Arrival
from actionsd.observe import Seen
from actionsd.operate.measuring import hours, measured, told
from actionsd.operate.parts import Names, Parts, find_destination, find_mapping, find_source
from actionsd.store.alerts import Alert
from actionsd.store.records import Count

log = logging.getLogger(__name__)

_interval = 60.0  # seconds between looks
raised, resolved = "Alert Raised", "Alert Resolved"


async def listed(parts: Parts) -> list[wire.AlertRow]:
    """All rules with what was measured last."""
    names = Names(parts.workspace)
    return [_row(alert, names, _missing(parts, alert)) for alert in await parts.store.alerts.list()]


async def add(parts: Parts, request: wire.AlertRequest) -> wire.Done:
    """Make a rule. A rule on a source is about the change of its volume in percent, up or down, over 24 hours against
    the 24 hours before; one on a destination, or on one mapping of it, about the share of deliveries that succeed, of
    those that ended in 24 hours or wait because they failed.

    Raises:
        NotFound: there is no such source, destination or mapping.
        ConfigError: it is about none or both, or the percentage makes no sense.
        Conflict: there is one of this name, or there are too many.
    """
    await parts.store.alerts.add(_asked(parts, request))
    return wire.Done(changed=1)


async def remove(parts: Parts, name: str) -> wire.Done:
    """Forget a rule; nobody is told.

    Raises:
        NotFound: there is none of this name.
    """
    await parts.store.alerts.remove(name)
    return wire.Done(changed=1)


def _asked(parts: Parts, request: wire.AlertRequest) -> Alert:
    workspace, name = parts.workspace, request.name.strip()
    problems = [] if 0 < len(name) <= 100 else ["name: a text of at most 100 characters"]
    if bool(request.source) == bool(request.destination):
        problems.append("name either a source or a destination")
    if request.mapping and not request.destination:
        problems.append("mapping: needs the destination that it belongs to")
    if request.destination and not 0 < request.percent <= 100:
        problems.append(f"percent: a share of deliveries above 0 and up to 100, got {request.percent:g}")
    if request.source and not 0 < request.percent <= 10_000:
        problems.append(f"percent: a change of volume above 0 and up to 10000, got {request.percent:g}")
    if problems:
        raise ConfigError(*problems)
    destination = find_destination(workspace, request.destination) if request.destination else None
    source = destination.source if destination else find_source(workspace, request.source).id
    return Alert(
        id=0,
        name=name,
        kind="delivery" if destination else "volume",
        source=source,
        destination=destination.id if destination else 0,
        mapping=find_mapping(destination, request.mapping).id if destination and request.mapping else 0,
        threshold=request.percent,
        report_to=find_source(workspace, request.report_to).id if request.report_to else source,
        created_at=0,
    )


async def watch(parts: Parts) -> None:
    """Look at all rules each minute, until cancelled."""
    while True:
        await parts.clock.sleep(_interval)
        try:
            await evaluate(parts)
        except ActionsdError as error:
            log.warning("the alerts could not be looked at: %s", error)
        except Exception:
            log.exception("looking at the alerts failed; it is tried again in a minute")


async def evaluate(parts: Parts) -> None:
    """Look at all rules now, raise and resolve what has changed. A rule that names what is not there (any more) rests.

    Raises:
        Unavailable: the store cannot take an event now; the next look tells it.
    """
    for alert in await parts.store.alerts.list():
        value = None if _missing(parts, alert) else await measured(parts, alert)
        if value is None:
            continue
        holds = abs(value) >= alert.threshold if alert.kind == "volume" else value < alert.threshold
        if holds != alert.raised:
            await _tell(parts, alert, value)
            await parts.store.alerts.change(alert, value)
        elif alert.value is None or abs(alert.value - value) >= 0.1:
            await parts.store.alerts.note(alert, value)


def _missing(parts: Parts, alert: Alert) -> str:
    """What a rule names and is deleted or no longer declared, or ""."""
    workspace = parts.workspace
    sources = {source.id for source in workspace.sources}
    mappings = {destination.id: {each.id for each in destination.mappings} for destination in workspace.destinations}
    if alert.destination and alert.destination not in mappings:
        return "its destination"
    if alert.mapping and alert.mapping not in mappings[alert.destination]:
        return "its mapping"
    if alert.source not in sources:
        return "its source"
    return "" if alert.report_to in sources else "the source that it is told in"


async def _tell(parts: Parts, alert: Alert, value: float) -> None:
    """Append the event. Its id follows from the rule and the number of its changes: told again after a crash, it is a
    duplicate (RULES R9)."""
    names, now = Names(parts.workspace), parts.clock.now()
    name = resolved if alert.raised else raised
    message_id = f"alert-{parts.store.epoch}-{alert.id}-{alert.changes + 1}"
    event = {
        "type": "track",
        "event": name,
        "messageId": message_id,
        "anonymousId": "actionsd",
        "properties": _properties(alert, value, names),
    }
    body = msgspec.json.encode(event)
    head = split.head(body)
    assert head is not None, "an event of our own"
    arrival = Arrival(now, str)
    accepted = Accepted(message_id, body, arrival.added(head, "track", message_id), arrival.facet(head, "track"))
    counts = {Count(told, source=alert.report_to): 1}
    appended = await parts.store.journal.append(alert.report_to, [accepted], counts)
    if parts.tap.listening and (position := appended.positions[0]):
        parts.tap.publish(Seen(now, "accepted", alert.report_to, message_id, position, "track", name))
    level = logging.INFO if alert.raised else logging.WARNING
    log.log(level, name, extra={"alert": alert.name, "percent": round(value, 1)})


def _properties(alert: Alert, value: float, names: Names) -> dict[str, Any]:
    about = {
        "source": names.source(alert.source),
        "destination": names.destination(alert.destination),
        "mapping": names.mapping(alert.mapping),
    }
    what = "volume of" if alert.kind == "volume" else "deliveries of"
    of = " / ".join(filter(None, (about["destination"] or about["source"], about["mapping"])))
    measured = f"{value:+.1f} %" if alert.kind == "volume" else f"{value:.1f} % delivered"
    return {
        "alert": alert.name,
        "kind": alert.kind,
        **{key: name for key, name in about.items() if name},
        "percent": round(value, 1),
        "threshold": alert.threshold,
        "hours": hours,
        "message": f"{what} {of} over 24 hours: {measured} (threshold {alert.threshold:g} %)",
    }


def _row(alert: Alert, names: Names, missing: str) -> wire.AlertRow:
    return wire.AlertRow(
        name=alert.name,
        kind=alert.kind,
        source=names.source(alert.source),
        destination=names.destination(alert.destination),
        mapping=names.mapping(alert.mapping),
        percent=alert.threshold,
        report_to=names.source(alert.report_to),
        raised=alert.raised,
        changed_at=wire.moment(alert.changed_at) if alert.changes else None,
        value=alert.value,
        trouble=f"it rests: {missing} is deleted or no longer declared" if missing else "",
    )
