"""Events to test with: journalled, made up or pasted, each as a mapping would see it (FEATURES F161)."""

from collections.abc import Mapping as MappingOf
from typing import Any

import msgspec

from actionsd import wire
from actionsd.errors import ConfigError, NotFound
from actionsd.event import Entry, parse
from actionsd.ingest.intake import normalised
from actionsd.ingest.refusal import BadRequest, Refusal
from actionsd.ingest.validate import examine
from actionsd.operate.parts import Parts, find_destination, find_mapping
from actionsd.samples import Unsatisfied, all_types, fitting
from actionsd.store.records import Destination, Mapping

Given = tuple[dict[str, Any], MappingOf[str, Any]]
"""An event, and what its SDK says about it (``_metadata``)."""


async def samples(parts: Parts, destination: str, mapping: str, recent: int) -> wire.Samples:
    """``recent`` of the source's last events, those made up, and one that fits the trigger of the mapping, or else of
    the destination's first.

    Raises:
        NotFound: no such destination or mapping.
    """
    found = find_destination(parts.workspace, destination)
    mappings = (find_mapping(found, mapping),) if mapping else found.mappings
    made, unfit = None, ""
    try:
        made = _fitting(mappings)
    except Unsatisfied as error:
        unfit = str(error)
    entries = await parts.store.journal.newest(found.source, limit=recent)
    return wire.Samples(
        recent=[
            wire.Sample(
                message_id=entry.message_id, received_at=wire.moment(entry.received_at), event=journalled(entry)[0]
            )
            for entry in entries
        ],
        generated=all_types(),
        fitting=made,
        unfit=unfit,
    )


async def chosen(parts: Parts, destination: Destination, wanted: wire.EventTest) -> Given:
    """The event that a test asks for.

    Raises:
        NotFound: the journal does not have it.
        ConfigError: none or several are asked for, none can be made, or ingest would refuse the pasted one.
    """
    asked = [wanted.event is not None, bool(wanted.message_id), wanted.recent, wanted.sample is not None]
    if sum(asked) != 1:
        raise ConfigError("event: give exactly one of event, messageId, recent and sample")
    if wanted.event is not None:
        return pasted(wanted.event, parts.clock.now())
    if wanted.sample == "trigger":
        try:
            return _fitting(destination.mappings), {}
        except Unsatisfied as error:
            raise ConfigError(f"sample: {error}") from None
    if wanted.sample is not None:
        return next(made for made in all_types() if made["type"] == wanted.sample), {}
    journal = parts.store.journal
    if wanted.message_id:
        entries = await journal.find(wanted.message_id, destination.source)
    else:
        entries = await journal.newest(destination.source, limit=1)
    if not entries:
        raise NotFound(f"the journal has no event {wanted.message_id or 'of this source'}")
    return journalled(entries[-1])


def journalled(entry: Entry) -> Given:
    """The event of a journal row.

    Raises:
        ConfigError: it cannot be decoded (RULES R26).
    """
    try:
        return entry.event, entry.metadata
    except msgspec.DecodeError as error:
        raise ConfigError(f"the event at position {entry.position} cannot be decoded: {error}") from None


def pasted(event: dict[str, Any], now: int) -> Given:
    """An event that somebody wrote down, as the journal would have it at ``now`` (milliseconds). One with
    ``receivedAt`` has been through ingest and stays as it is.

    Raises:
        ConfigError: ingest would refuse it; the text says why.
    """
    body = msgspec.json.encode(event)
    try:
        if "receivedAt" in event:
            _refuse(examine(event, event.get("type")))
            whole = parse(body)
            metadata = whole.pop("_metadata", None)
            return whole, metadata if isinstance(metadata, dict) else {}
        taken = normalised(body, now)
    except BadRequest as error:
        raise ConfigError(f"event: {error}") from None
    if isinstance(taken, Refusal):
        raise _refused(taken)
    return journalled(Entry(0, 0, now, taken.message_id, taken.body, taken.added))


def _refuse(refusal: Refusal | None) -> None:
    if refusal is not None:
        raise _refused(refusal)


def _refused(refusal: Refusal) -> ConfigError:
    return ConfigError(f"event: {refusal.code}: {refusal.message}")


def _fitting(mappings: tuple[Mapping, ...]) -> dict[str, Any]:
    if not mappings:
        raise Unsatisfied("the destination has no mappings")
    first = next((each for each in mappings if each.enabled), mappings[0])
    return fitting(first.trigger)
