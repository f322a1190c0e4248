"""Testers: one event through the mappings of a destination, with the code of its lanes (FEATURES F157-F162).

Nothing is counted and nothing is kept. A ``send`` is one attempt with the destination's own connections and tokens: it
takes no slot and heeds no breaker, for a person waits for it.
"""

import asyncio
import logging
import uuid
from typing import Any, NamedTuple

import msgspec

from actionsd import wire
from actionsd.delivery import plan
from actionsd.delivery.credentials import Credentials
from actionsd.delivery.plan import MappingPlan
from actionsd.delivery.prepared import Prepared
from actionsd.delivery.trial import Account, Trial, key_of, redacted, redactor
from actionsd.operate import events, shown
from actionsd.operate.callers import Caller
from actionsd.operate.drafts import draft, known_definition
from actionsd.operate.explain import reasons
from actionsd.operate.parts import Parts, find_destination
from actionsd.store.records import Destination, Mapping

log = logging.getLogger(__name__)

no_match = "You may not have any subscriptions that match this event"  # FEATURES F158
made_up_answers = " (in a dry run each request is answered by 200 and {}, which a plugin may not understand)"
not_over_http = "a dry run does not call this destination, for it does not work over HTTP"


async def event(parts: Parts, who: Caller, request: wire.EventTest) -> wire.TestedEvent:
    """One event through all enabled mappings.

    Raises:
        NotFound: no such destination or event.
        Conflict: the destination is no longer declared, or its plugin is not installed.
        ConfigError: the event is none, or the destination cannot work.
    """
    destination = find_destination(parts.workspace, request.destination)
    return await _tested(parts, who, destination, request)


async def mapping(parts: Parts, who: Caller, request: wire.MappingTest) -> wire.TestedEvent:
    """One event through one mapping, saved or not, enabled or not, with edited values.

    Raises:
        NotFound: no such destination, mapping or event.
        Conflict: the destination is no longer declared, or its plugin is not installed.
        Forbidden: the edit has a reference that this caller may not write.
        ConfigError: the event is none, the edit is wrong, or the destination cannot work.
    """
    destination = find_destination(parts.workspace, request.destination)
    one = draft(
        parts, who, destination, mapping=request.mapping, action=request.action, trigger=request.trigger,
        fields=request.fields,
    )  # fmt: skip
    return await _tested(parts, who, msgspec.structs.replace(destination, mappings=(one,)), request, one)


async def _tested(
    parts: Parts, who: Caller, destination: Destination, request: wire.EventTest, draft: Mapping | None = None
) -> wire.TestedEvent:
    started = parts.clock.monotonic()
    definition = known_definition(parts, destination)
    transport, credentials = parts.lanes.link(destination.id)
    is_sent = request.mode == "send"
    plans = plan.compiled(destination, definition, credentials if is_sent else Credentials(credentials.auth))
    route = plan.route(destination, definition, parts.lanes.knows)
    event, metadata = await events.chosen(parts, destination, request)
    admitted, reason = route.admit(event, metadata) if request.with_filters else (event, "")
    matched = () if admitted is None else route.matches(admitted)
    if is_sent:
        log.info("a test sends", extra={"who": who.name, "destination": destination.slug, "mappings": len(matched)})
    trial = Trial(
        request.mode,
        timeout=destination.timeout or parts.settings.delivery.request_timeout,
        transport=transport if is_sent else None,
        monotonic=parts.clock.monotonic,
    )
    seen = event if admitted is None else admitted
    now, names = parts.clock.now(), {each.id: each for each in destination.mappings}
    shared: dict[str, Any] = {}
    tested = [_tested_by(trial, names[id], plans[id], seen, now, shared) for id in matched]
    return wire.TestedEvent(
        destination=destination.slug,
        mode=request.mode,
        event=seen,
        now=wire.moment(now),
        message=f"{reason}: {reasons.get(reason, 'not admitted')}" if reason else "" if matched else no_match,
        mappings=list(await asyncio.gather(*tested)),
        seconds=round(parts.clock.monotonic() - started, 6),
        draft=None if draft is None else _shown(parts, destination, draft, plans[draft.id].prepared),
    )


def _shown(parts: Parts, destination: Destination, draft: Mapping, prepared: Prepared) -> wire.MappingDetail:
    """The mapping as it was tested; what is secret in the settings is not shown in its fields either."""
    detail = shown.mapping(parts, destination, draft)
    return msgspec.structs.replace(detail, fields=redacted(detail.fields, redactor(prepared, None)))


async def _tested_by(
    trial: Trial, mapping: Mapping, plan: MappingPlan, event: dict[str, Any], now: int, shared: dict[str, Any]
) -> wire.TestedMapping:
    prepared = plan.prepared
    key = uuid.uuid4().hex if trial.mode == "send" else key_of(event)
    account = await trial.of(prepared, event, key=key, at_ms=now, shared=shared)
    ended = _ended(trial, account, over_http=prepared.definition.over_http)
    return wire.TestedMapping(
        mapping=mapping.name,
        action=mapping.action,
        batched=prepared.batches,
        payload=account.payload,
        problems=list(account.problems),
        outcome=ended.kind,
        status=ended.status,
        code=ended.code,
        message=ended.message,
        exchanges=_exchanges(trial, account),
        seconds=round(account.seconds, 6),
    )


def _exchanges(trial: Trial, account: Account) -> list[wire.Exchange]:
    """What was sent and answered; in a dry run nobody has answered."""
    exchanges = msgspec.json.decode(account.exchange, type=list[wire.Exchange])
    if trial.mode == "send":
        return exchanges
    return [msgspec.structs.replace(each, response=None, seconds=0.0) for each in exchanges]


class _Ended(NamedTuple):
    """How a trial ended, in the words of :class:`wire.TestedMapping`."""

    kind: str
    status: int = 0
    code: str = ""
    message: str = ""


def _ended(trial: Trial, account: Account, *, over_http: bool) -> _Ended:
    outcome = account.outcome
    if outcome is None:
        return _Ended("valid", message="" if over_http or trial.mode != "dry" else not_over_http)
    if trial.mode == "dry" and outcome.kind == "delivered":
        return _Ended("valid")
    made_up = made_up_answers if trial.mode == "dry" and not account.problems else ""
    return _Ended(outcome.kind, outcome.status, outcome.code, f"{outcome.message}{made_up}")
