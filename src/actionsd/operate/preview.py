"""Change preview: what old and new version of a destination make of events that have been (moonshot M1).

Nothing is sent and nothing is stored. Events are read in pages, and other work of the daemon gets its turn every few
milliseconds. ``call.now`` is the time at which an event was received, so that the same events give the same report.
"""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import msgspec

from actionsd import wire
from actionsd.delivery import plan
from actionsd.delivery.credentials import Credentials
from actionsd.delivery.outcome import INTERNAL
from actionsd.delivery.plan import MappingPlan
from actionsd.delivery.prepared import Prepared
from actionsd.delivery.trial import Trial, key_of, redacted, redactor
from actionsd.differences import ABSENT, Difference, differences
from actionsd.event import Entry
from actionsd.mapping import MappingError
from actionsd.operate.callers import Caller
from actionsd.operate.changes import Pair, past, proposed
from actionsd.operate.drafts import known_definition
from actionsd.operate.parts import Parts
from actionsd.routing import route as routing
from actionsd.sdk import PayloadValidationError, plain
from actionsd.store.records import Destination

_usual = 1000  # events
_page = 200  # entries read at once
_turn = 0.002  # seconds of work between two turns of others

_index = re.compile(r"\[\d+\]")


async def preview(parts: Parts, who: Caller, wanted: wire.PreviewRequest) -> wire.ChangePreview:
    """What the change would mean.

    Raises:
        NotFound: no such destination, mapping, filter or change.
        Conflict: the destination cannot work.
        Forbidden: the edit has a reference that this caller may not write.
        ConfigError: what is wrong with the edit.
    """
    pair = await past(parts, wanted.change) if wanted.change else proposed(parts, who, wanted)
    comparison = _Comparison(parts, pair, wanted)
    complete, worked_since = True, parts.clock.monotonic()
    async for entry in _entries(parts, pair.after.source, wanted.up_to or parts.store.journal.head):
        if comparison.is_enough(entry):
            complete = comparison.is_complete(entry)
            break
        await comparison.take(entry)
        if parts.clock.monotonic() - worked_since > _turn:
            await asyncio.sleep(0)
            worked_since = parts.clock.monotonic()
    return comparison.report(complete)


async def _entries(parts: Parts, source: int, up_to: int) -> AsyncIterator[Entry]:
    """Events of a source, the newest first."""
    while page := await parts.store.journal.newest(source, before=up_to + 1, limit=_page):
        for entry in page:
            yield entry
        up_to = page[-1].position - 1


class _Made(NamedTuple):
    """What one version makes of an event through a mapping: a value to compare, or why there is none. ``problems``: the
    mapping takes the event, but not validly. ``prepared`` and ``payload``, where there is a value, tell what is secret
    in it."""

    value: Any = None
    why: str = ""
    problems: bool = False
    prepared: Prepared | None = None
    payload: Any = None

    @property
    def is_valid(self) -> bool:
        return self.prepared is not None


class _Side:
    """One version of the destination."""

    def __init__(self, parts: Parts, destination: Destination, *, requests: bool) -> None:
        definition = known_definition(parts, destination)
        credentials = Credentials(plan.configured_auth(destination))
        self.plans = plan.compiled(destination, definition, credentials)
        self.names = {each.id: each.name for each in destination.mappings}
        self._route = plan.route(destination, definition)
        timeout = destination.timeout or parts.settings.delivery.request_timeout
        self._trial = Trial("dry", timeout=timeout) if requests and definition.over_http else None

    async def make(self, entry: Entry) -> tuple[dict[int, _Made], str]:
        """By mapping what becomes of an event, and why the others make nothing."""
        admitted, reason = self._route.admit(entry.event, entry.metadata)
        if admitted is None:
            return {}, reason
        matched = self._route.matches(admitted)
        return {id: await self._through(self.plans[id], admitted, entry) for id in matched}, routing.no_match

    async def _through(self, mapping: MappingPlan, event: dict[str, Any], entry: Entry) -> _Made:
        prepared = mapping.prepared
        try:
            payload = plain(prepared.payload(event, batch=prepared.batches))
        except (MappingError, PayloadValidationError) as error:
            return _Made(why=redactor(prepared, _mapped(prepared, event))(str(error)), problems=True)
        except Exception as error:
            return _Made(why=f"{INTERNAL}: {type(error).__name__}", problems=True)
        if self._trial is None:
            return _Made(payload, prepared=prepared, payload=payload)
        account = await self._trial.of(prepared, event, key=key_of(event), at_ms=entry.received_at)
        requests = [_request(each["request"]) for each in msgspec.json.decode(account.exchange)]
        return _Made(requests, prepared=prepared, payload=payload)


class _Comparison:
    """Both versions, and what was found so far."""

    def __init__(self, parts: Parts, pair: Pair, wanted: wire.PreviewRequest) -> None:
        self._sides = [_Side(parts, each, requests=wanted.requests) for each in pair]
        self._names = self._sides[0].names | self._sides[1].names
        self._destination = pair.after.slug
        self._wanted = wanted
        self._most = wanted.last or (wire.MOST_PREVIEWED if wanted.since else _usual)
        self._since = 0 if wanted.since is None else int(wanted.since.timestamp() * 1000)
        self._positions: list[int] = []
        self._verdicts: Counter[str] = Counter()
        self._fields: dict[str, Counter[str]] = {}
        self._examples: list[wire.PreviewedDelivery] = []

    def is_enough(self, entry: Entry) -> bool:
        return len(self._positions) >= self._most or entry.received_at < self._since

    def is_complete(self, entry: Entry) -> bool:
        """Whether all was seen that was asked for, where ``entry`` is the first that was not looked at."""
        return self._wanted.last is not None or entry.received_at < self._since

    async def take(self, entry: Entry) -> None:
        """Compare what both make of an event."""
        self._positions.append(entry.position)
        try:
            (before, why_before), (after, why_after) = [await side.make(entry) for side in self._sides]
        except msgspec.DecodeError:
            self._verdicts["undecodable"] += 1
            return
        for id in sorted(before.keys() | after.keys()):
            old, new = before.get(id, _Made(why=why_before)), after.get(id, _Made(why=why_after))
            self._compare(entry, self._names[id], old, new)

    def _compare(self, entry: Entry, mapping: str, old: _Made, new: _Made) -> None:
        if new.problems and not old.problems:
            self._verdicts["invalid"] += 1
        if not (old.is_valid or new.is_valid):
            return
        found: list[Difference] = []
        if old.is_valid and new.is_valid:
            found = [*differences(old.value, new.value)]
            verdict = "changed" if found else "unchanged"
        else:
            verdict = "removed" if old.is_valid else "added"
        self._verdicts[verdict] += 1
        for field, effect in {(_index.sub("[]", each.path), _effect(each)) for each in found}:
            self._fields.setdefault(field, Counter())[effect] += 1
        if verdict != "unchanged" and len(self._examples) < self._wanted.examples:
            self._examples.append(_example(entry, mapping, verdict, old, new, found))

    def report(self, complete: bool) -> wire.ChangePreview:
        """What was found."""
        return wire.ChangePreview(
            destination=self._destination,
            events=len(self._positions),
            first=self._positions[-1] if self._positions else 0,
            last=self._positions[0] if self._positions else 0,
            complete=complete,
            added=self._verdicts["added"],
            removed=self._verdicts["removed"],
            changed=self._verdicts["changed"],
            unchanged=self._verdicts["unchanged"],
            invalid=self._verdicts["invalid"],
            fields=[
                wire.FieldCount(field=field, lost=each["lost"], gained=each["gained"], changed=each["changed"])
                for field, each in sorted(self._fields.items(), key=lambda pair: (-pair[1].total(), pair[0]))
            ],
            examples=self._examples,
        )


def _effect(found: Difference) -> str:
    return "lost" if found.after is ABSENT else "gained" if found.before is ABSENT else "changed"


def _example(
    entry: Entry, mapping: str, verdict: str, old: _Made, new: _Made, found: list[Difference]
) -> wire.PreviewedDelivery:
    event = entry.event
    one = old if verdict == "removed" else new
    return wire.PreviewedDelivery(
        position=entry.position,
        message_id=entry.message_id,
        type=str(event.get("type", "")),
        event=str(event.get("event") or event.get("name") or ""),
        mapping=mapping,
        verdict=verdict,
        fields=[
            wire.FieldChange(field=each.path, before=_shown(each.before, old), after=_shown(each.after, new))
            for each in found
        ],
        payload=None if verdict == "changed" else _shown(one.value, one),
        why="" if verdict == "changed" else (old if verdict == "added" else new).why,
    )


def _shown(value: Any, made: _Made) -> Any:
    if value is ABSENT or made.prepared is None:
        return None
    return redacted(value, redactor(made.prepared, made.payload))


def _mapped(prepared: Prepared, event: dict[str, Any]) -> Any:
    """What an event is mapped to, for finding the secrets in it; None where that fails, too."""
    try:
        return prepared.mapped(event)
    except MappingError:
        return None


def _request(sent: dict[str, Any]) -> dict[str, Any]:
    """A request as it is compared: a JSON body as its value."""
    body = sent["body"]
    try:
        body = msgspec.json.decode(body) if body else None
    except msgspec.DecodeError:
        pass
    return {"method": sent["method"], "url": sent["url"], "headers": sent["headers"], "body": body}
