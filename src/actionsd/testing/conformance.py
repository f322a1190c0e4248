"""What every plugin must keep to, in one test: ``check_definition(acme)``."""

import asyncio
import json
import logging
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from actionsd.delivery.outcome import Outcome
from actionsd.fql import FQLError, check_trigger
from actionsd.mapping import MappingError, compile_mapping, split_reserved
from actionsd.samples.events import all_types
from actionsd.sdk import Action, Definition, NetworkError, Request, Response, json_schema
from actionsd.sdk.payload import FieldShape, shape
from actionsd.testing.kit import call, run
from actionsd.testing.stub import Answer

Problems = Iterator[str]
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_ACTION_SLUG = re.compile(r"[A-Za-z0-9_-]+")
_WAIT = 2.0  # seconds until a perform that was cancelled must have ended
_BY_FORMAT = {"email": "ada@example.com", "uri": "https://example.com/x", "date": "2024-05-14",
              "date-time": "2024-05-14T10:20:30Z", "ipv4": "203.0.113.7",
              "uuid": "3f2b5a9e-0c1d-4e6f-8a7b-1c2d3e4f5a6b"}  # fmt: skip
_BY_KIND: dict[str, Any] = {"integer": 1, "number": 1, "boolean": True, "datetime": "2024-05-14T10:20:30Z"}


class _Given(NamedTuple):
    """What the checks run with."""

    definition: Definition[Any]
    settings: Mapping[str, Any]
    events: list[dict[str, Any]]


def check_definition(
    definition: Definition[Any], *, settings: Mapping[str, Any] | None = None,
    events: list[dict[str, Any]] | None = None, except_for: Collection[str] = (),
) -> None:  # fmt: skip
    """Check a definition against the contract; call it in a test.

    ``slugs``: they fit into URLs and files. ``schemas``: settings and payloads render as JSON schema. ``mappings``:
    those of defaults and presets compile, know their fields and map events. ``triggers``: they parse. ``batches``: an
    event ends alike alone and in a batch. ``secrets``: what is recorded or logged shows none. ``errors``: 429, 500 and
    a lost connection are retried, 400 is not delivered. ``authentication``: refused credentials are noticed.
    ``cancellation``: a perform that waits for an answer ends when it is cancelled.

    Args:
        definition: what the plugin offers.
        settings: valid ones; made up from the types where omitted.
        events: to map; one of each type where omitted.
        except_for: names of checks to leave out, for a plugin that has a reason.

    Raises:
        AssertionError: with a line for every problem.

    Example:
        def test_acme_keeps_the_contract() -> None:
            check_definition(acme)
    """
    given = _Given(definition, settings or sample(shape(definition.settings)), events or all_types())
    problems = [
        f"{name}: {problem}" for name, check in _CHECKS.items() if name not in except_for for problem in check(given)
    ]
    assert not problems, f"{definition!r} breaks the contract\n" + "\n".join(problems)


def sample(fields: tuple[FieldShape, ...]) -> dict[str, Any]:
    """A value for every required field, and for every secret; what is optional is left out.

    Example:
        sample(shape(AcmeSettings))  # {"api_key": "sample-api_key-0123456789"}
    """
    return {item.key: placeholder(item) for item in fields if item.required or item.secret}


def placeholder(item: FieldShape) -> Any:
    """A value that would do for a field."""
    if item.choices:
        value = item.choices[0].value
    elif item.kind == "object":
        value = sample(shape(item.struct)) if item.struct is not None else {"key": "value"}
    else:
        value = _BY_FORMAT.get(item.meta.format or "", _BY_KIND.get(item.kind, f"sample-{item.key}-0123456789"))
    return [value] if item.multiple else value


def _slugs(given: _Given) -> Problems:
    definition = given.definition
    if not _SLUG.fullmatch(definition.slug):
        yield f"{definition.slug!r}: expected lower-case letters, digits and single hyphens"
    for slug in definition.actions:
        if not _ACTION_SLUG.fullmatch(slug):
            yield f"action {slug!r}: expected letters, digits, hyphens and underscores"


def _schemas(given: _Given) -> Problems:
    types = {"settings": given.definition.settings}
    types |= {slug: action.payload for slug, action in given.definition.actions.items()}
    for name, struct in types.items():
        try:
            json.dumps(json_schema(struct))
        except (TypeError, ValueError) as error:
            yield f"{name} does not render: {error}"


def _mappings(given: _Given) -> Problems:
    actions = given.definition.actions
    mappings = [(slug, slug, action.default_mapping) for slug, action in actions.items()]
    mappings += [(f"preset {preset.name!r}", preset.action, dict(preset.mapping)) for preset in given.definition.presets
                 if preset.mapping is not None]  # fmt: skip
    for name, slug, mapping in mappings:
        plain, _ = split_reserved(mapping)
        unknown = plain.keys() - {item.key for item in shape(actions[slug].payload)}
        if unknown:
            yield f"{name} maps fields that the action does not have: {', '.join(sorted(unknown))}"
        try:
            mapper = compile_mapping(plain)
            for event in given.events:
                mapper(event)
        except MappingError as error:
            yield f"{name}: {error}"


def _triggers(given: _Given) -> Problems:
    triggers = {slug: action.trigger for slug, action in given.definition.actions.items()}
    triggers |= {f"preset {preset.name!r}": preset.trigger for preset in given.definition.presets}
    for name, trigger in triggers.items():
        try:
            if trigger:
                check_trigger(trigger)
        except FQLError as error:
            yield f"{name}: {error}"


def _batches(given: _Given) -> Problems:
    for action in given.definition.actions.values():
        if action.perform_batch is not None:
            single, batched = _outcomes(given, action), _outcomes(given, action, batch=True)
            if single[0].kind != batched[0].kind:
                yield f"{action.slug}: {single[0].kind} alone, {batched[0].kind} in a batch: {batched[0].message}"


def _secrets(given: _Given) -> Problems:
    secrets = [str(given.settings[item.key]) for item in shape(given.definition.settings)
               if item.secret and given.settings.get(item.key)]  # fmt: skip
    for action in given.definition.actions.values():
        with _logged() as lines:
            outcomes = _outcomes(given, action)
        shown = "".join([*lines, *(outcome.exchange.decode() + outcome.message for outcome in outcomes)])
        yield from (f"{action.slug} shows a secret setting" for secret in secrets if secret in shown)


@contextmanager
def _logged() -> Iterator[list[str]]:
    """What is logged meanwhile; ``call.log`` takes secrets out, a plugin's own loggers do not."""
    lines: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(handler.format(record))  # type: ignore[method-assign]
    logger = logging.getLogger()
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    try:
        yield lines
    finally:
        logger.setLevel(level)
        logger.removeHandler(handler)


def _errors(given: _Given) -> Problems:
    answers: dict[str, tuple[Answer, str]] = {
        "an answer 500": ((500, None, ""), "retry"),
        "an answer 429": ((429, None, ""), "retry"),
        "a lost connection": (NetworkError("read ECONNRESET", "ECONNRESET"), "retry"),
        "an answer 400": ((400, None, ""), "discarded"),
    }
    for action in given.definition.actions.values():
        for name, (answer, kind) in answers.items():
            [outcome] = _outcomes(given, action, respond=lambda request, answer=answer: answer)
            sent = outcome.session is not None and outcome.session.exchanges
            if sent and outcome.kind != kind:
                yield f"{action.slug}: {name} ends as {outcome.kind}, expected {kind}"


def _authentication(given: _Given) -> Problems:
    if given.definition.test_authentication is None:
        return
    asked = asyncio.run(
        call(given.definition, "test_authentication", settings=given.settings, respond=lambda request: (401, None, ""))
    )
    if asked.requests and not asked.outcome.error:
        yield "test_authentication does not notice an answer 401"


def _cancellation(given: _Given) -> Problems:
    for action in given.definition.actions.values():
        if not asyncio.run(_ends_when_cancelled(given, action)):
            yield f"{action.slug} goes on for more than {_WAIT} s after it was cancelled"


async def _ends_when_cancelled(given: _Given, action: Action[Any, Any]) -> bool:
    waiting = asyncio.Event()

    async def hang(request: Request) -> Response:
        waiting.set()
        await asyncio.Event().wait()
        raise AssertionError("nobody sets this event")

    task = asyncio.create_task(_run(given, action, respond=hang))
    started = asyncio.create_task(waiting.wait())
    await asyncio.wait({task, started}, return_when=asyncio.FIRST_COMPLETED)
    task.cancel()
    started.cancel()
    done, _ = await asyncio.wait({task}, timeout=_WAIT)
    return bool(done)


def _outcomes(given: _Given, action: Action[Any, Any], **options: Any) -> list[Outcome]:
    return asyncio.run(_run(given, action, **options))


async def _run(given: _Given, action: Action[Any, Any], **options: Any) -> list[Outcome]:
    """One event through the action: the first that its defaults make valid, else with samples for what is required."""
    required = sample(shape(action.payload))
    tries = [(event, action.default_mapping) for event in given.events]
    tries.append((given.events[0], action.default_mapping | required))
    for event, mapping in tries[:-1]:
        outcomes = await _once(given, action, event, mapping, {})
        if outcomes[0].sent is not None:
            return await _once(given, action, event, mapping, options)
    return await _once(given, action, *tries[-1], options)


async def _once(
    given: _Given, action: Action[Any, Any], event: dict[str, Any], mapping: dict[str, Any], options: dict[str, Any]
) -> list[Outcome]:
    done = await run(
        given.definition, action.slug, settings=given.settings, events=[event], mapping=mapping, trigger=None, **options
    )
    return done.outcomes


_CHECKS: dict[str, Callable[[_Given], Problems]] = {
    "slugs": _slugs, "schemas": _schemas, "mappings": _mappings, "triggers": _triggers, "batches": _batches,
    "secrets": _secrets, "errors": _errors, "authentication": _authentication, "cancellation": _cancellation,
}  # fmt: skip
