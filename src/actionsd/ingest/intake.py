"""One call from bytes to the journal, the same for HTTP, the pixel and the stream.

A body is taken apart, its write key names the source, each event is checked and normalised; what comes of it is a
:class:`Taken`, which goes to the journal as a whole. An event that is refused is counted with its reason in the same
transaction as its neighbours; only a body that cannot be read, or an overload, is an error.
"""

import asyncio
import functools
import logging
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import msgspec

from actionsd.clock import Clock
from actionsd.event import Accepted, Facet, decode, parse
from actionsd.ingest import bearer, split, validate
from actionsd.ingest.bearer import Bearers
from actionsd.ingest.gate import Gates
from actionsd.ingest.keys import Keys
from actionsd.ingest.limits import RateLimit
from actionsd.ingest.normalise import Arrival, smallest_excess, without_excess
from actionsd.ingest.refusal import BadRequest, Refusal, TooMany
from actionsd.ingest.split import Envelope, Head
from actionsd.ingest.suppression import refuse_suppressed
from actionsd.ingest.taken import Taken
from actionsd.observe import Seen, Tap
from actionsd.sdk.scan import is_deeper
from actionsd.settings import Ingest as Options
from actionsd.store.records import Appended, Count, Workspace
from actionsd.store.suppressed import Suppressed

_log = logging.getLogger(__name__)
_largest_batch = 4 * 1024 * 1024  # bytes, with the batch's context in each event: half of a group (RULES R10)
_too_deep = f"an event is nested at most {split.max_depth} levels deep"


class Journal(Protocol):
    """What ingest needs of the store's journal."""

    def append(
        self,
        source: int,
        events: Sequence[Accepted],
        counts: Mapping[Count, int],
        details: Mapping[tuple[Count, Facet], int],
    ) -> "asyncio.Future[Appended]": ...


class Origin(NamedTuple):
    """Where a call comes from: the key of its Basic header, its address ("" when there is none to tell), whether the
    client says that it tries again, the channel that the endpoint implies, and its access token, "" without one."""

    key: str | None = None
    ip: Callable[[], str] = str
    retried: bool = False
    channel: str | None = None
    bearer: str = ""


class Intake:
    """Takes calls apart under the present workspace and hands them to the journal."""

    def __init__(
        self, options: Options, journal: Journal, clock: Clock, tap: Tap, suppressed: Suppressed | None = None,
        bearers: Bearers | None = None,
    ) -> None:  # fmt: skip
        self.keys = Keys()
        self._suppressed = Suppressed() if suppressed is None else suppressed
        self._bearers = bearers
        self._gates = Gates()
        self._options = options
        self._journal = journal
        self._clock = clock
        self._tap = tap
        self._rate = RateLimit(options.rate_limit, clock)
        self._limited: Counter[Count] = Counter()

    def apply(self, workspace: Workspace) -> None:
        """Use the sources of this workspace from the next call on."""
        self.keys = Keys(workspace.sources)
        self._gates.apply(workspace)

    @property
    def troubles(self) -> dict[int, str]:
        """What of a source's plan, filters or transformations does not act, by source."""
        return self._gates.troubles

    def take_event(self, body: bytes, type: str | None, origin: Origin) -> Taken:
        """One event. ``type`` is what the path says and wins over the body (F001); None asks the body.

        Raises:
            BadRequest: no JSON, too large or nested too deeply.
            TooMany: above the rate limit.
        """
        body = split.clean(body)
        _check_size(body, self._options.max_event)
        if is_deeper(body, split.max_depth):
            raise BadRequest(_too_deep)
        head = split.head(body)
        taken = self._begin(origin, _own_key(body, head), 1)
        if taken.refusal is None:
            arrival = Arrival(self._clock.now(), origin.ip, channel=origin.channel)
            outcome = _event(body, head, type, arrival)
            if isinstance(outcome, Accepted):
                taken.accepted.append(outcome)
            else:
                taken.refuse(outcome, facet=_facet(_parsed(body), type))
        return taken

    def take_line(self, line: bytes, origin: Origin) -> Taken:
        """A line of a stream: a batch when it has a list ``batch``, else one event.

        Raises:
            BadRequest: no JSON, too large or nested too deeply.
            TooMany: above the rate limit.
        """
        if b'"batch"' in line:
            body = split.clean(line)
            envelope = split.envelope(body)
            if envelope.batch is not None:
                return self._batch(body, envelope, origin)
        return self.take_event(line, None, origin)

    def take_batch(self, body: bytes, origin: Origin) -> Taken:
        """A batch. Items that are no events are refused one by one (F030), too many refuse the whole (F006).

        Raises:
            BadRequest: no JSON, or too large.
            TooMany: above the rate limit.
        """
        body = split.clean(body)
        return self._batch(body, split.envelope(body), origin)

    def _batch(self, body: bytes, envelope: Envelope, origin: Origin) -> Taken:
        _check_size(body, self._options.max_batch)
        batch, most = envelope.batch or [], self._options.max_items
        items = [bytes(item) for item in batch[:most]]
        heads = split.heads(body, items)
        key = envelope.write_key if isinstance(envelope.write_key, str) else None
        if origin.key is None and key is None:
            key = _key_of(zip(items, heads, strict=True))
        taken = self._begin(origin, key, len(batch), batch=True)
        if taken.refusal is not None:
            return taken
        if not batch:
            return taken.refuse(Refusal("empty_batch", "the body has no list named batch with events in it"))
        if len(batch) > most:
            return taken.refuse(Refusal("bad_request", f"a batch has at most {most} events"), len(batch))
        arrival = self._arrival(envelope, len(items), origin)
        largest = self._options.max_event - arrival.shared_bytes
        for index, (item, head) in enumerate(zip(items, heads, strict=True)):
            outcome = _item(item, head, largest, origin.key or key, arrival)
            if isinstance(outcome, Accepted):
                taken.accepted.append(outcome)
            else:
                event = _parsed(item)
                message_id = _text_member(event, "messageId") or ""
                message_id = _printable(message_id[: split.max_message_id])
                taken.refuse_item(index, message_id, outcome, _facet(event, None))
        if taken.refused:
            taken.count("batch", "multi_user_error" if taken.accepted else "empty_batch_result")
        return taken

    def submit(self, taken: Taken) -> "asyncio.Future[Appended]":
        """Hand over to the journal; the future resolves when all of it is committed.

        Raises:
            Unavailable: not now (full queue, full disk).
        """
        if self._suppressed:
            refuse_suppressed(taken, self._suppressed)
        gate = self._gates.of(taken.source)
        if gate is not None:
            gate.sift(taken)
        if self._limited:
            taken.counts = dict(self._limited + Counter(taken.counts))
        if taken.forwarded:
            appended = self._append(taken)
        else:
            appended = self._journal.append(taken.source, taken.accepted, taken.counts, taken.details)
        self._limited.clear()
        if taken.refusal is not None:
            _log.debug("refused a call of source %d: %s: %s", taken.source, *taken.refusal)
        if self._tap.listening:
            appended.add_done_callback(functools.partial(self._publish, taken))
        return appended

    def _append(self, taken: Taken) -> "asyncio.Future[Appended]":
        """A call that has events for other sources. These go first: they have ids of their own, so that nothing is
        doubled when the client has to send the call again because the rest cannot be stored."""
        others = [self._journal.append(source, events, {}, {}) for source, events in taken.forwarded.items()]
        own = self._journal.append(taken.source, taken.accepted, taken.counts, taken.details)
        return asyncio.ensure_future(_all(own, others))

    def unreadable(self, origin: Origin) -> Taken:
        """A call whose body cannot be read, to be counted."""
        source = self.keys.source(origin.key)
        taken = Taken(source.id if source else 0)
        return taken.refuse(Refusal("bad_request", "the body cannot be read"))

    def _begin(self, origin: Origin, key: str | None, events: int, *, batch: bool = False) -> Taken:
        """Rate and write key, which concern the call as a whole."""
        try:
            self._rate.take(events)
        except TooMany as error:
            # Not worth a commit of its own, which would cost as much as taking the events; it rides with the next one.
            self._limited[Count("refused", error.reason)] += events
            raise
        source, refusal = self.keys.settle(origin.key, key)
        if refusal is not None and refusal.code == bearer.REQUIRED and origin.bearer and self._bearers and source:
            refusal = self._bearers.refusal(origin.bearer, source)
        taken = Taken(source.id if source else 0, batch=batch)
        if origin.retried:
            taken.count("client_retry")
        return taken if refusal is None else taken.refuse(refusal, max(events, 1))

    def _arrival(self, envelope: Envelope, items: int, origin: Origin) -> Arrival:
        """What so many items of a batch have in common.

        Raises:
            BadRequest: it is nested too deeply, or too large for so many.
        """
        if any(is_deeper(bytes(part), split.max_depth) for part in (envelope.context, envelope.integrations)):
            raise BadRequest(_too_deep)
        arrival = Arrival(self._clock.now(), origin.ip, envelope=envelope, channel=origin.channel)
        if items * arrival.shared_bytes > _largest_batch:
            raise BadRequest("context and integrations of the batch are too large for so many events")
        return arrival

    def _publish(self, taken: Taken, appended: "asyncio.Future[Appended]") -> None:
        if appended.cancelled() or appended.exception() is not None:
            return
        at, source = self._clock.now(), taken.source
        for accepted, position in zip(taken.accepted, appended.result().positions, strict=True):
            event, step = decode(accepted.body, accepted.added), "accepted" if position else "duplicate"
            name = _printable(str(event.get("event") or event.get("name") or ""))
            self._tap.publish(Seen(at, step, source, accepted.message_id, position, event["type"], name))
        for message_id, reason in taken.filtered:
            self._tap.publish(Seen(at, "filtered", source, message_id, reason=reason))
        for refused in taken.refused:
            self._tap.publish(Seen(at, "refused", source, refused.message_id, reason=refused.refusal.code))
        if taken.refusal is not None:
            self._tap.publish(Seen(at, "refused", source, "", reason=taken.refusal.code))


async def _all(own: "asyncio.Future[Appended]", others: "list[asyncio.Future[Appended]]") -> Appended:
    """The fate of a call, once all that it had for other sources is stored, too."""
    await asyncio.gather(*others, own)
    return own.result()


def normalised(body: bytes, now: int) -> Accepted | Refusal:
    """What a call with this event alone becomes at a moment (milliseconds), whoever sends it.

    Raises:
        BadRequest: no JSON, or nested too deeply.
    """
    body = split.clean(body)
    if is_deeper(body, split.max_depth):
        raise BadRequest(_too_deep)
    return _event(body, split.head(body), None, Arrival(now, str))


def _item(item: bytes, head: Head | None, largest: int, key: str | None, arrival: Arrival) -> Accepted | Refusal:
    """One event of a batch, which may bring its own write key as long as it is the batch's."""
    if len(item) > largest:
        return Refusal("bad_request", f"an event has at most {largest} bytes here, this one has {len(item)}")
    if is_deeper(item, split.max_depth):
        return Refusal("bad_request", _too_deep)
    try:
        own_key = head.write_key if head is not None else _text_member(split.members(item), "writeKey")
        if own_key and own_key != key:
            return Refusal("unknown_source", "the write keys of the event and of its batch differ")
        return _event(item, head, None, arrival)
    except BadRequest as error:
        return Refusal(error.code, str(error))


def _event(body: bytes, head: Head | None, type: str | None, arrival: Arrival) -> Accepted | Refusal:
    """An event ready for the journal, or why it is none.

    Raises:
        BadRequest: it is no JSON.
    """
    type = type or (head.type if head is not None else None)
    if head is None or type is None or not validate.plainly_good(head, type):
        event = split.members(body)
        type = type or _text_member(event, "type")
        refusal = validate.examine(event, type)
        if refusal is not None:
            return refusal
        head = split.head_of(event)
    if len(body) > smallest_excess:
        body = without_excess(body)
    message_id = _printable(head.message_id) if head.message_id else str(uuid.uuid4())
    type = str(type)
    return Accepted(message_id, body, arrival.added(head, type, message_id), arrival.facet(head, type))


def _printable(text: str) -> str:
    """Ids and names are printed and sent on everywhere: what UTF-8 cannot hold becomes U+FFFD, as in browsers."""
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _check_size(body: bytes, largest: int) -> None:
    if len(body) > largest:
        raise BadRequest(f"the body may have {largest} bytes, it has {len(body)}")


def _own_key(event: bytes, head: Head | None) -> str | None:
    return head.write_key if head is not None else _text_member(split.members(event), "writeKey")


def _key_of(items: Iterable[tuple[bytes, Head | None]]) -> str | None:
    """The first write key that an item brings."""
    return next((key for item, head in items if (key := _own_key(item, head))), None)


def _parsed(item: bytes) -> Any:
    """The value of an item, for what is only to be shown; None when it cannot be read."""
    try:
        return parse(item)
    except msgspec.DecodeError:
        return None


def _facet(event: Any, type: str | None) -> Facet:
    """What a refused event is counted by, as far as it says."""
    type = type or _text_member(event, "type") or ""
    context = event.get("context") if isinstance(event, dict) else None
    app = split.app_of(context.get("app") if isinstance(context, dict) else None)
    return type, _text_member(event, "event" if type == "track" else "name") or "", app.version_text


def _text_member(value: Any, name: str) -> str | None:
    member = value.get(name) if isinstance(value, dict) else None
    return member if isinstance(member, str) else None
