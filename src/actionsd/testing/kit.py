"""Run an action, or ask a definition something, against a recorded HTTP layer."""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, Literal

import msgspec

from actionsd.catalog import Catalog, load
from actionsd.delivery import ask
from actionsd.delivery.attempt import Item, attempt, attempt_batch
from actionsd.delivery.credentials import Credentials, auth_of
from actionsd.delivery.outcome import Outcome, classify
from actionsd.delivery.prepared import Prepared, check_settings, prepare
from actionsd.delivery.session import Around, Session
from actionsd.fql import FQLError, compile_trigger
from actionsd.mapping import MappingError
from actionsd.sdk import Auth, Definition, PayloadValidationError, Request
from actionsd.testing.stub import Respond, StubTransport

Kind = Literal["test_authentication", "on_delete", "refresh", "choices"]
"""What :func:`call` can ask a definition: ``kind: Kind = "refresh"``."""

_DEFAULT: Any = object()
_NO_MATCH = Outcome(kind="discarded", code="FILTERED_AT_MAPPING", message="the trigger does not match the event")


class Run(msgspec.Struct, frozen=True):
    """What happened: the requests in the order in which they were started, and an outcome for each event, in place.

    An outcome has ``kind`` (delivered, retry or discarded), ``status``, ``code``, ``message``, ``error`` (the class of
    the exception, "" for none), ``payload`` and ``data`` (what the action returned).

    Example:
        done = await testing.run(acme, "trackEvent", settings=settings, events=[testing.track()])
        assert [outcome.kind for outcome in done.outcomes] == ["delivered"]
    """

    requests: list[Request]
    outcomes: list[Outcome]


class Called(msgspec.Struct, frozen=True):
    """What a question led to: its requests, what the plugin returned, and how it ended (an exception is in there).

    Example:
        asked = await testing.call(acme, "choices", settings=settings, action="post", input={"field": "channel"})
        assert asked.result.choices[0].label == "#general"
    """

    requests: list[Request]
    result: Any
    outcome: Outcome


async def run(
    definition: str | Definition[Any], action: str, *, settings: Mapping[str, Any], events: Sequence[Mapping[str, Any]],
    mapping: Mapping[str, Any] = _DEFAULT, trigger: str | None = _DEFAULT, auth: Auth | Mapping[str, Any] | None = None,
    transaction: dict[str, Any] | None = None, respond: Respond = None, batch: bool = False,
    now: datetime | None = None, uuid: str | Callable[[], str] | None = None,
    random: float | Callable[[], float] | None = None,
) -> Run:  # fmt: skip
    """The real trigger, mapping, validation and ``perform`` on events; nothing leaves the process.

    Args:
        definition: a Definition, or the slug of an installed one.
        action: slug of the action.
        settings: of the destination; ``oauth`` in it becomes ``call.auth``.
        events: Segment-spec events, as a mapping sees them.
        mapping: fields; omitted: the action's defaults.
        trigger: FQL; omitted: the action's default; None: none is evaluated.
        auth: tokens, instead of those in ``settings``.
        transaction: what the calls share as ``call.transaction``.
        respond: the answers, see :data:`actionsd.testing.Respond`.
        batch: everything that matches goes through ``perform_batch`` in one call.
        now: aware; freezes ``call.now``.
        uuid: freezes ``call.uuid()``.
        random: freezes ``call.random()``.

    Raises:
        LookupError: no such definition is installed.
        ContractError: the definition has no such action.

    Example:
        done = await testing.run(acme, "trackEvent", settings={"api_key": "k"}, events=[testing.track("Signed Up")])
        assert done.outcomes[0].kind == "delivered" and done.requests[0].json["event"] == "Signed Up"
    """
    found = _definition(definition)
    chosen = found.actions.get(action)
    defaults = {} if chosen is None else chosen.default_mapping
    transport = StubTransport(respond)
    around = _around(transport, now, uuid, random, transaction)
    try:
        prepared = prepare(
            found, action, settings=settings, fields=defaults if mapping is _DEFAULT else mapping,
            credentials=_credentials(settings, auth),
        )  # fmt: skip
    except (PayloadValidationError, MappingError) as error:
        return Run([], [classify(error)] * len(events))
    if trigger is _DEFAULT:
        trigger = "" if chosen is None else chosen.trigger
    matches = _matcher(trigger)
    items = [
        Item(event=event, identify=f"test-{index}".__str__) if matches(event) else None
        for index, event in enumerate(events)
    ]
    outcomes = await _batch(prepared, items, around) if batch else await _singles(prepared, items, around)
    return Run(transport.requests, outcomes)


async def call(
    definition: str | Definition[Any], kind: Kind, *, settings: Mapping[str, Any], action: str | None = None,
    input: Mapping[str, Any] | None = None, auth: Auth | Mapping[str, Any] | None = None, respond: Respond = None,
    now: datetime | None = None, uuid: str | Callable[[], str] | None = None,
) -> Called:  # fmt: skip
    """Ask a definition something apart from deliveries; exceptions of the plugin end in ``.outcome``.

    Args:
        kind: ``test_authentication``, ``refresh``, ``on_delete`` or ``choices``.
        action: slug of the action, for ``choices``.
        input: for ``on_delete``: ``userId`` and ``anonymousId``; for ``choices``: ``field``, ``payload``, ``page``,
            ``query``.
        definition, settings, auth, respond, now, uuid: as for :func:`run`.

    Raises:
        LookupError: no such definition is installed.
        ValueError: there is no such kind.

    Example:
        asked = await testing.call(acme, "test_authentication", settings={"api_key": "k"}, respond=[(401, None, "")])
        assert asked.outcome.error == "InvalidAuthenticationError"
    """
    found = _definition(definition)
    transport = StubTransport(respond)
    around = _around(transport, now, uuid, None, None)
    try:
        typed = check_settings(found, settings)
        session = Session(found, typed, _credentials(settings, auth), around)
        result = await _ask(session, kind, action, dict(input or {}))
    except Exception as error:
        return Called(transport.requests, None, classify(error, around.at_ms))
    return Called(transport.requests, result, Outcome(kind="delivered", status=200))


async def _ask(session: Session, kind: Kind, action: str | None, given: dict[str, Any]) -> Any:
    if kind == "test_authentication":
        return await ask.test_authentication(session)
    if kind == "refresh":
        return await ask.refresh(session)
    if kind == "on_delete":
        return await ask.on_delete(session, given.get("userId"), given.get("anonymousId"))
    if kind == "choices":
        known = ("field", "payload", "page", "query")
        return await ask.choices(session, str(action), {name: given[name] for name in known if name in given})
    raise ValueError(f"kind: expected test_authentication, refresh, on_delete or choices, got {kind!r}")


async def _singles(prepared: Prepared, items: Sequence[Item | None], around: Around) -> list[Outcome]:
    return [_NO_MATCH if item is None else await attempt(prepared, item, around) for item in items]


async def _batch(prepared: Prepared, items: Sequence[Item | None], around: Around) -> list[Outcome]:
    settled = iter(await attempt_batch(prepared, [item for item in items if item is not None], around))
    return [_NO_MATCH if item is None else next(settled) for item in items]


def _definition(definition: str | Definition[Any]) -> Definition[Any]:
    return _installed().find(definition) if isinstance(definition, str) else definition


@cache
def _installed() -> Catalog:
    return load()


def _matcher(trigger: str | None) -> Callable[[Mapping[str, Any]], bool]:
    """A trigger that is empty or cannot be read never matches (RULES C12)."""
    if trigger is None:
        return lambda event: True
    try:
        matches: Callable[[Any], bool] = compile_trigger(trigger)
    except FQLError:
        return lambda event: False
    return matches


def _credentials(settings: Mapping[str, Any], auth: Auth | Mapping[str, Any] | None) -> Credentials:
    if isinstance(auth, Auth):
        return Credentials(auth)
    return Credentials(auth_of(settings.get("oauth") or {} if auth is None else auth))


def _around(
    transport: StubTransport, now: datetime | None, uuid: str | Callable[[], str] | None,
    random: float | Callable[[], float] | None, transaction: dict[str, Any] | None,
) -> Around:  # fmt: skip
    at_ms = time.time_ns() // 1_000_000 if now is None else round(now.timestamp() * 1000)
    return Around(
        transport=transport, at_ms=at_ms, transaction=transaction,
        uuid=(lambda: uuid) if isinstance(uuid, str) else uuid,
        random=(lambda: float(random)) if isinstance(random, int | float) else random,
    )  # fmt: skip
