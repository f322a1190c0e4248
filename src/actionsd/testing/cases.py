"""Stored cases: an event in, what is expected to come of it out, in files that lie beside the config in git.

    {"destination": "signups", "mapping": "Signed up",
     "event": {"type": "track", "event": "Signed Up", "userId": "u", "properties": {"plan": "pro"}},
     "expect": {"requests": [{"method": "POST", "url": "https://hooks.example.com/x", "json": {"plan": "pro"}}]}}

A case runs as a dry run: with the mapping's real trigger, fields, validation and action, and without any network. It is
for a mapping of a config file, for one with other values, or, with ``definition`` and ``action``, for one of its own.
"""

import tomllib
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from actionsd.catalog import Catalog
from actionsd.check import check_mapping
from actionsd.delivery import plan
from actionsd.delivery.credentials import Credentials
from actionsd.delivery.trial import Account, Trial, key_of
from actionsd.differences import ABSENT, differences
from actionsd.errors import ConfigError
from actionsd.event import parse
from actionsd.sdk import Payload
from actionsd.sdk import Settings as DefinitionSettings
from actionsd.sdk.payload import MASK, shape
from actionsd.settings import DestinationDecl, MappingDecl, Settings, did_you_mean
from actionsd.store.assemble import unstored
from actionsd.store.records import Destination
from actionsd.testing.conformance import placeholder
from actionsd.testing.stub import StubTransport

SUFFIXES = (".case.json", ".case.toml")
_timeout = 10.0  # seconds that a perform may take
_no_time = "2026-01-01T00:00:00Z"


class Expected(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a case expects; what is left out is not looked at. ``match``: whether the trigger holds (and, with
    ``filters``, they let the event pass). ``requests``: all of them, in order."""

    match: bool = True
    payload: dict[str, Any] | UnsetType = UNSET
    problems: list[str] | UnsetType = UNSET
    outcome: str | UnsetType = UNSET
    requests: "list[ExpectedRequest] | UnsetType" = UNSET


class ExpectedRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A request. Of the headers only those given are compared; a body is given as ``json`` or as text."""

    method: str
    url: str
    headers: dict[str, str] = {}
    json: Any = UNSET
    body: str | UnsetType = UNSET


class Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the destination answers to a request; ``body`` is text or JSON."""

    status: int = 200
    headers: dict[str, str] = {}
    body: Any = {}


class Case(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One case. ``destination`` is one of the config's and ``mapping`` one of its (all enabled ones where it is left
    out); ``trigger`` and ``fields`` replace what stands there. ``action`` makes a mapping of its own, of ``definition``
    and with ``settings`` where there is no ``destination``. A secret may stand masked, or as a reference: something
    takes its place.

    ``event`` is as the journal would have it. ``filters``: consent, integrations, filters and transformations apply.
    ``now`` is the time that actions read, by default the event's. ``answers`` are given in order, then 200 with {}.
    """

    name: str = ""
    destination: str = ""
    mapping: str = ""
    definition: str = ""
    settings: dict[str, Any] = {}
    action: str = ""
    trigger: str | UnsetType = UNSET
    fields: dict[str, Any] | UnsetType = UNSET
    event: dict[str, Any]
    filters: bool = False
    now: str = ""
    answers: list[Answer] = []
    expect: Expected


class CaseError(Exception):
    """A case that cannot be run; the text says what is wrong with it."""


def find(paths: list[Path]) -> list[Path]:
    """The case files among ``paths`` and below those that are folders, in order of their names.

    Raises:
        CaseError: a path is no case file and no folder that has any.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = [each for each in path.rglob("*.case.*") if each.name.endswith(SUFFIXES)]
            if not inside:
                raise CaseError(f"{path}: there are no *.case.json and no *.case.toml in it")
            found += sorted(inside)
        elif path.name.endswith(SUFFIXES):
            found.append(path)
        else:
            raise CaseError(f"{path}: expected a folder, *.case.json or *.case.toml")
    return found


def read(path: Path) -> Case:
    """The case in a file.

    Raises:
        CaseError: it cannot be read, or is none; the text names file and key.
    """
    try:
        text = path.read_bytes()
        raw = tomllib.loads(text.decode()) if path.suffix == ".toml" else msgspec.json.decode(text)
        return msgspec.convert(raw, Case)
    except OSError as error:
        raise CaseError(f"{path}: {error.strerror}") from None
    except (ValueError, msgspec.MsgspecError) as error:
        raise CaseError(f"{path}: {error}") from None


async def run(
    case: Case, catalog: Catalog, config: Settings | None, written: Mapping[str, DestinationDecl] | None = None
) -> list[str]:
    """Run a case; returns a line for each thing that is not as expected. What references of the config stand for is
    masked, as the daemon masks it: ``written`` has the config's destinations by slug with their references unresolved.

    Raises:
        CaseError: it cannot be run with this config.
    """
    destination = _destination(case, catalog, config, written or {})
    definition = catalog.find(destination.definition)
    try:
        plans = plan.compiled(destination, definition, Credentials(plan.configured_auth(destination)))
        route = plan.route(destination, definition)
    except ConfigError as error:
        raise CaseError(str(error)) from None
    event: dict[str, Any] = parse(msgspec.json.encode(case.event))
    metadata = event.pop("_metadata", None)
    admitted, reason = route.admit(event, metadata or {}) if case.filters else (event, "")
    matched = () if admitted is None else route.matches(admitted)
    if case.expect.match != bool(matched):
        return [reason or f"the trigger does {'not ' if case.expect.match else ''}hold"]
    transport = StubTransport([(answer.status, answer.headers, answer.body) for answer in case.answers])
    trial = Trial("dry", timeout=_timeout, transport=transport)
    at_ms = _milliseconds(case)
    if admitted is None or not matched:
        return []
    accounts = [await trial.of(plans[id].prepared, admitted, key=key_of(event), at_ms=at_ms) for id in matched]
    problems = [*_compared(case.expect, accounts)]
    failed = [each.outcome for each in accounts if each.outcome and each.outcome.kind != "delivered"]
    if problems and not any(each.problems for each in accounts):
        problems += [f"the action ended as {each.kind}: {each.message}" for each in failed]
    return problems


def _compared(expected: Expected, accounts: list[Account]) -> Iterator[str]:
    account = accounts[0]
    if expected.problems is UNSET and expected.outcome is UNSET:
        yield from (f"not valid: {problem}" for each in accounts for problem in each.problems)
    elif expected.problems is not UNSET:
        yield from _lines("problems", expected.problems, list(account.problems))
    if expected.outcome is not UNSET:
        yield from _lines("outcome", expected.outcome, account.outcome.kind if account.outcome else "valid")
    if expected.payload is not UNSET:
        yield from _lines("payload", expected.payload, account.payload)
    if expected.requests is not UNSET:
        yield from _compared_requests(expected.requests, accounts)


def _compared_requests(expected: list[ExpectedRequest], accounts: list[Account]) -> Iterator[str]:
    sent = [exchange["request"] for account in accounts for exchange in msgspec.json.decode(account.exchange)]
    if len(sent) != len(expected):
        yield f"requests: expected {len(expected)}, got {len(sent)}"
    for index, (wanted, request) in enumerate(zip(expected, sent, strict=False)):
        place = f"requests[{index}]"
        yield from _lines(f"{place}.method", wanted.method, request["method"])
        yield from _lines(f"{place}.url", wanted.url, request["url"])
        for name, value in wanted.headers.items():
            yield from _lines(f"{place}.headers.{name}", value, request["headers"].get(name.lower(), ABSENT))
        if wanted.json is not UNSET:
            yield from _lines(f"{place}.json", wanted.json, _json(request["body"]))
        if wanted.body is not UNSET:
            yield from _lines(f"{place}.body", wanted.body, request["body"])
    for index, wanted in enumerate(expected[len(sent) :], len(sent)):
        yield f"requests[{index}]: missing: {wanted.method} {wanted.url}"
    for index, request in enumerate(sent[len(expected) :], len(expected)):
        yield f"requests[{index}]: not expected: {request['method']} {request['url']}"


def _lines(place: str, expected: Any, found: Any) -> Iterator[str]:
    for path, before, after in differences(expected, found, place):
        yield f"{path}: expected {_shown(before)}, got {_shown(after)}"


def _shown(value: Any) -> str:
    return repr(value) if value is ABSENT else msgspec.json.encode(value).decode()


def _json(body: str) -> Any:
    try:
        return msgspec.json.decode(body)
    except msgspec.DecodeError:
        return body


def _milliseconds(case: Case) -> int:
    text = case.now or case.event.get("receivedAt") or case.event.get("timestamp") or _no_time
    try:
        return round(datetime.fromisoformat(str(text)).timestamp() * 1000)
    except ValueError:
        raise CaseError(f"now: expected a time such as {_no_time}, got {text!r}") from None


def _destination(
    case: Case, catalog: Catalog, config: Settings | None, written: Mapping[str, DestinationDecl]
) -> Destination:
    """The destination with what the case has in place of its mappings."""
    declared = _declared(case, catalog, config)
    definition = catalog.find(declared.definition)
    if not case.mapping and not case.action:
        if case.trigger is not UNSET or case.fields is not UNSET:
            raise CaseError("trigger and fields: say of which mapping, or the action of one of its own")
        return unstored(declared, written.get(declared.slug))
    saved = next((each for each in declared.mappings if each.name == case.mapping), None)
    if case.mapping and saved is None:
        names = [each.name for each in declared.mappings]
        raise CaseError(f'{declared.slug} has no mapping "{case.mapping}"{did_you_mean(case.mapping, names)}')
    base = saved or MappingDecl(name=case.name or "case", action=case.action)
    action = definition.actions.get(base.action)
    fields = base.fields
    if case.fields is not UNSET:
        fields = case.fields if action is None else _unmasked(case.fields, action.payload, base.fields or {})
    trigger = base.trigger if case.trigger is UNSET else case.trigger
    wanted = msgspec.structs.replace(base, trigger=trigger, fields=fields, enabled=True)
    made, problems = check_mapping(definition, wanted, complete=False)
    if problems:
        raise CaseError("\n".join(f"{key}: {text}" for key, text in problems))
    return unstored(
        msgspec.structs.replace(declared, mappings=(made,)), _with_fields(written.get(declared.slug), case, made)
    )


def _with_fields(written: DestinationDecl | None, case: Case, made: MappingDecl) -> DestinationDecl | None:
    """The destination as it is written, where a case has fields of its own with these."""
    if written is None or case.fields is UNSET:
        return written
    return msgspec.structs.replace(written, mappings=(msgspec.structs.replace(made, fields=case.fields),))


def _declared(case: Case, catalog: Catalog, config: Settings | None) -> DestinationDecl:
    if bool(case.destination) == bool(case.definition) or (case.mapping and case.definition):
        raise CaseError("give the destination of a config (and its mapping), or definition, action and settings")
    if case.definition:
        try:
            definition = catalog.find(case.definition)
        except LookupError as error:
            raise CaseError(f"definition: {error}") from None
        return DestinationDecl(
            slug="case",
            source="case",
            definition=case.definition,
            settings=_unmasked(case.settings, definition.settings, {}),
        )
    if config is None:
        raise CaseError(f"the case is of the destination {case.destination}: name the config with --config")
    found = next((each for each in config.destinations if each.slug == case.destination), None)
    if found is None:
        slugs = [each.slug for each in config.destinations]
        raise CaseError(f'the config has no destination "{case.destination}"{did_you_mean(case.destination, slugs)}')
    return found


def _unmasked(
    value: Mapping[str, Any], struct: type[Payload] | type[DefinitionSettings], saved: Mapping[str, Any]
) -> dict[str, Any]:
    """With something in the place of what is masked or a reference: what is saved, else a text that would do."""
    fields = {field.key: field for field in shape(struct)}
    return {
        key: saved.get(key, placeholder(fields[key]) if key in fields else part)
        if part == MASK or (isinstance(part, str) and part.startswith(("env:", "file:")))
        else part
        for key, part in value.items()
    }
