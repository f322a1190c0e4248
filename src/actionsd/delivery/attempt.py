"""One attempt: mapping → payload → validation → perform → outcome. Nothing here raises but cancellation.

attempt         one event
attempt_batch   many events of one mapping, in one call of ``perform_batch``
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import msgspec

from actionsd.delivery.http import Client
from actionsd.delivery.outcome import Outcome, classify, delivered, of_item
from actionsd.delivery.prepared import Prepared
from actionsd.delivery.session import Around, Session, Tools
from actionsd.sdk import Auth, BatchCall, Call, HTTPError, IntegrationError, MultiStatus, Payload, Response


class Item(msgspec.Struct, kw_only=True):
    """One delivery to attempt.

    ``identify`` gives the delivery's id, the same at every attempt (RULES R7): ``call.idempotency_key``, and the seed
    of ``call.uuid()``. ``payload`` spares the mapping where the lane has done it already.
    """

    event: Mapping[str, Any]
    identify: Callable[[], str] = str
    payload: Payload | None = None


async def attempt(prepared: Prepared, item: Item, around: Around) -> Outcome:
    """One try at one delivery.

    Returns:
        Its outcome; every exception but cancellation is in it, see :func:`actionsd.delivery.outcome.classify`.
    """
    try:
        payload = prepared.payload(item.event) if item.payload is None else item.payload
    except Exception as error:
        return classify(error, around.at_ms)
    session, used = _session(prepared, around, (payload,)), prepared.credentials.auth
    try:
        call = _call(prepared, item, payload, session, used)
        outcome = delivered(await prepared.action.perform(call), payload, session)
    except (Exception, SystemExit) as error:  # which would end the event loop
        outcome = classify(error, around.at_ms)
    if outcome.status == 401 and prepared.definition.refreshes:
        outcome = await _attempt_again(prepared, item, payload, session, used)
    return outcome if outcome.kind == "delivered" else _completed(outcome, payload, session)


async def _attempt_again(prepared: Prepared, item: Item, payload: Payload, session: Session, used: Auth) -> Outcome:
    """With new tokens."""
    try:
        call = _call(prepared, item, payload, session, await session.refresh(used))
        return delivered(await prepared.action.perform(call), payload, session)
    except (Exception, SystemExit) as error:
        return classify(error, session.around.at_ms)


def _call(prepared: Prepared, item: Item, payload: Payload, session: Session, auth: Auth) -> Call[Any, Any]:
    """What ``session.call`` gives, written out: passing on what it is given would take three times as long."""
    around, definition = session.around, prepared.definition
    client = Client(around.transport, session.exchanges, around.monotonic, definition.hosts)
    call: Call[Any, Any] = Call(
        settings=prepared.settings, auth=auth, http=client, at_ms=around.at_ms, tools=Tools(session, (item.identify,)),
        attempt=around.attempt, deadline=around.deadline, sync_mode=prepared.sync_mode,
        matching_key=prepared.matching_key, transaction={} if around.transaction is None else around.transaction,
        payload=payload, event=item.event,
    )  # fmt: skip
    session.used.append(auth)
    if definition.request is not None:
        client.extend = partial(definition.request, call)
    return call


async def attempt_batch(prepared: Prepared, items: Sequence[Item], around: Around) -> list[Outcome]:
    """One try at many deliveries, an outcome for each, in their order.

    Items that are not valid settle before anything is sent; the rest goes to ``perform_batch`` once (RULES R24, R25).
    """
    outcomes: list[Outcome | None] = []
    valid: list[tuple[Item, Payload]] = []
    for item in items:
        try:
            payload = prepared.payload(item.event, batch=True) if item.payload is None else item.payload
        except Exception as error:
            outcomes.append(classify(error, around.at_ms))
        else:
            outcomes.append(None)
            valid.append((item, payload))
    settled = iter(await _attempt_valid(prepared, valid, around) if valid else ())
    return [next(settled) if outcome is None else outcome for outcome in outcomes]


async def _attempt_valid(prepared: Prepared, valid: list[tuple[Item, Payload]], around: Around) -> list[Outcome]:
    items, payloads = [item for item, _ in valid], [payload for _, payload in valid]
    session = _session(prepared, around, payloads)

    used = prepared.credentials.auth
    result = await _perform_batch(prepared, items, payloads, session, used)
    if prepared.definition.refreshes and _has_unauthorized(result):
        try:
            result = await _perform_batch(prepared, items, payloads, session, await session.refresh(used))
        except Exception as error:
            result = classify(error, around.at_ms)
    if isinstance(result, MultiStatus):
        return [_completed(of_item(result.get(index)), payload, session) for index, payload in enumerate(payloads)]
    whole = _completed(result, None, session)
    return [msgspec.structs.replace(whole, sent=payload) for payload in payloads]


async def _perform_batch(
    prepared: Prepared, items: list[Item], payloads: list[Payload], session: Session, auth: Auth
) -> MultiStatus | Outcome:
    try:
        if prepared.action.perform_batch is None:
            raise IntegrationError("This action does not support batched requests.", "NotImplemented", 501)
        call = session.call(
            BatchCall,
            auth,
            [item.identify for item in items],
            payloads=list(payloads),
            events=[item.event for item in items],
            attempt=session.around.attempt,
            deadline=session.around.deadline,
            sync_mode=prepared.sync_mode,
            matching_key=prepared.matching_key,
        )
        result = await prepared.action.perform_batch(call)
        return result if isinstance(result, MultiStatus) else _whole(result, session.around.at_ms)
    except (Exception, SystemExit) as error:  # the latter would end the event loop
        return classify(error, session.around.at_ms)


def _whole(result: Any, at_ms: int) -> Outcome:
    """A result for the whole batch (FEATURES F194): an answer's status and body, a caught HTTPError's, else 200 {}."""
    if isinstance(result, HTTPError):
        return classify(result, at_ms)
    outcome = delivered(result)
    return outcome if isinstance(result, Response) else msgspec.structs.replace(outcome, result={})


def _has_unauthorized(result: MultiStatus | Outcome) -> bool:
    if isinstance(result, MultiStatus):
        return any(item is not None and item.status == 401 for item in result)
    return result.status == 401


def _session(prepared: Prepared, around: Around, payloads: Sequence[Payload]) -> Session:
    return Session(prepared.definition, prepared.settings, prepared.credentials, around, payloads, prepared.hidden)


def _completed(outcome: Outcome, payload: Payload | None, session: Session) -> Outcome:
    """With what was sent; message and code may quote an address or what the plugin had, so secrets are taken out."""
    message, code = outcome.message, outcome.code
    if message or code:
        message, code = session.redact(message), session.redact(code)
    return msgspec.structs.replace(outcome, message=message, code=code, sent=payload, session=session)
