"""A trial: one delivery made as a lane makes it, with a full account, and without a trace in the ledger.

preview   mapping and validation only
dry       the requests are built and shown; a transport that answers 200 takes them, so nothing leaves the process
send      for good, through the destination's own connections
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping
from typing import Any, Literal, TypeVar

import msgspec

from actionsd.delivery.attempt import Item, attempt, attempt_batch
from actionsd.delivery.credentials import secrets_of
from actionsd.delivery.dry import DryTransport
from actionsd.delivery.outcome import TIMED_OUT, Outcome, classify
from actionsd.delivery.prepared import Prepared
from actionsd.delivery.redactor import Redactor
from actionsd.delivery.running import abandon_after
from actionsd.delivery.session import Around
from actionsd.event import parse
from actionsd.mapping import MappingError
from actionsd.sdk import NetworkError, Payload, PayloadValidationError, Request, Response, Settings, Transport, plain
from actionsd.sdk.js import stringify_bytes
from actionsd.sdk.payload import secrets, shape

T = TypeVar("T")
Mode = Literal["preview", "dry", "send"]


def key_of(event: Mapping[str, Any]) -> str:
    """The delivery's id in trials that send nothing: the same whenever the event is tried again."""
    return f"trial-{event.get('messageId')}"


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """What a trial showed. ``payload`` is what the mapping made, secrets masked, also where it is not valid: then
    ``problems`` says why. ``outcome`` is None where nothing was attempted; ``exchange`` is JSON as of an
    :class:`Outcome`; ``seconds`` is how long it all took."""

    payload: Any = None
    problems: tuple[str, ...] = ()
    outcome: Outcome | None = None
    exchange: bytes = b"[]"
    seconds: float = 0.0


class Trial:
    """Makes trials in one mode.

    Args:
        timeout: seconds that a delivery may take.
        transport: what sends; without one everything is answered by :class:`DryTransport`.
        monotonic: measures, in seconds.
    """

    def __init__(
        self, mode: Mode, *, timeout: float, transport: Transport | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self.mode = mode
        self._transport = DryTransport() if transport is None else _Timed(transport, timeout)
        self._timeout = timeout
        self._monotonic = monotonic

    async def of(
        self, prepared: Prepared, event: Mapping[str, Any], *, key: str, at_ms: int,
        shared: dict[str, Any] | None = None,
    ) -> Account:  # fmt: skip
        """One event through one mapping, in a batch of one where the mapping is batched (RULES R24).

        Args:
            key: the delivery's id, see :class:`actionsd.delivery.attempt.Item`.
            at_ms: what actions read as ``call.now``, in milliseconds.
            shared: ``call.transaction``, one for all mappings that an event is tried with.
        """
        started = self._monotonic()
        item = Item(event=event, identify=lambda: key)
        try:
            item.payload = prepared.payload(event, batch=prepared.batches)
        except Exception as error:
            return _refused(prepared, event, error)
        redact = redactor(prepared, plain(item.payload))
        shown = redacted(plain(item.payload), redact)
        if self.mode == "preview" or (self.mode == "dry" and not prepared.definition.over_http):
            return Account(payload=shown, seconds=self._monotonic() - started)
        outcome = await self._attempted(prepared, item, at_ms, shared)
        return Account(payload=shown, outcome=outcome, exchange=outcome.exchange, seconds=self._monotonic() - started)

    async def _attempted(self, prepared: Prepared, item: Item, at_ms: int, shared: dict[str, Any] | None) -> Outcome:
        around = Around(
            transport=self._transport,
            at_ms=at_ms,
            deadline=asyncio.get_running_loop().time() + self._timeout,
            monotonic=self._monotonic,
            transaction=None if prepared.batches else shared,
        )
        limit = self._timeout + abandon_after  # requests end at the timeout, and then show in the account
        if prepared.batches:
            outcomes = await _within(attempt_batch(prepared, [item], around), limit)
            outcome = None if outcomes is None else outcomes[0]
        else:
            outcome = await _within(attempt(prepared, item, around), limit)
        return outcome or Outcome(kind="retry", code=TIMED_OUT, message="no end within the time limit")


class _Timed:
    """A transport whose requests end in time, so that the record of what was sent is not lost with the attempt."""

    def __init__(self, inner: Transport, seconds: float) -> None:
        self._inner = inner
        self._seconds = seconds

    async def send(self, request: Request) -> Response:
        """See :class:`actionsd.sdk.Transport`."""
        try:
            async with asyncio.timeout(self._seconds):
                return await self._inner.send(request)
        except TimeoutError as error:
            raise NetworkError(f"no answer within {self._seconds:g} s", TIMED_OUT) from error


async def _within(call: Coroutine[Any, Any, T], seconds: float) -> T | None:
    """The result, or None where it takes longer; what does not end when it is cancelled is left alone (RULES R27)."""
    task = asyncio.create_task(call)
    try:
        done, _ = await asyncio.wait({task}, timeout=seconds)
    finally:
        task.cancel()
    if done:
        return task.result()
    await asyncio.wait({task}, timeout=abandon_after)
    return None


def _refused(prepared: Prepared, event: Mapping[str, Any], error: Exception) -> Account:
    """An event that makes no valid payload: what it makes, and why that will not do."""
    if isinstance(error, PayloadValidationError):
        mapped = parse(stringify_bytes(prepared.mapped(event)))
        redact = redactor(prepared, mapped)
        problems = error.problems
    else:
        mapped, redact = None, redactor(prepared, None)
        problems = tuple(each.message for each in error.errors) if isinstance(error, MappingError) else (str(error),)
    outcome = classify(error)
    return Account(
        payload=redacted(mapped, redact),
        problems=tuple(map(redact, problems)),
        outcome=msgspec.structs.replace(outcome, message=redact(outcome.message)),
    )


def redactor(prepared: Prepared, mapped: Any) -> Redactor:
    """Takes out what must not be shown: secrets of the settings, tokens, and what the mapping puts into fields that
    are secret."""
    hidden = prepared.hidden | secrets(prepared.settings) | secrets_of(prepared.credentials.auth)
    return Redactor(hidden.union(_secret_texts(mapped, prepared.action.payload)))


def _secret_texts(value: Any, struct: type[Payload] | type[Settings]) -> Iterator[str]:
    if isinstance(value, list):
        for part in value:
            yield from _secret_texts(part, struct)
    elif isinstance(value, dict):
        for field in shape(struct):
            part = value.get(field.key)
            if field.secret:
                yield from (text for text in (part if isinstance(part, list) else [part]) if isinstance(text, str))
            elif field.struct is not None:
                yield from _secret_texts(part, field.struct)


def redacted(value: Any, redact: Redactor) -> Any:
    """A JSON value without secrets."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {redact(key): redacted(part, redact) for key, part in value.items()}
    return [redacted(part, redact) for part in value] if isinstance(value, list) else value
