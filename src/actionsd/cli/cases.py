"""``actionsctl test cases``: run stored cases without a daemon, and store one from what a test showed."""

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click
import msgspec
from msgspec import UNSET

from actionsd import wire
from actionsd.cli.client import Client, Usage, segment
from actionsd.cli.noun import NewFile, write_file
from actionsd.cli.output import json_option, print_json
from actionsd.errors import ConfigError

if TYPE_CHECKING:
    from actionsd.catalog import Catalog
    from actionsd.settings import DestinationDecl, Settings

_kept_headers = ("content-type",)  # others may depend on secrets, as signatures do


class Verdict(NamedTuple):
    """How a case ended. ``problems`` are what is not as expected; ``error`` is why it could not be run, or ""."""

    name: str
    file: str
    seconds: float
    problems: list[str]
    error: str = ""


class _Dummies(Mapping[str, str]):
    """An environment in which every variable is set, so that a config can be read where its secrets are not."""

    def __getitem__(self, name: str) -> str:
        return f"dummy-{name}"

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def __contains__(self, name: object) -> bool:
        return True


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--junit", type=NewFile(), metavar="FILE", help="Write JUnit XML too.")
@json_option
@click.pass_obj
def cases(client: Client, paths: tuple[Path, ...], junit: Path | None, as_json: bool) -> None:
    """Run the cases in PATHS: files *.case.json and *.case.toml, or folders with any below.

    They run here, with --config where they name its destinations; no daemon and no network is needed, and variables
    that the config refers to need not be set. Exit codes: 0 all pass, 1 some do not, 2 one cannot be run.
    """
    from actionsd import catalog  # only this command needs the engines
    from actionsd.testing import cases as kit

    try:
        files = kit.find(list(paths))
        config, written = _config(client.config) if client.config.exists() else (None, {})
    except (kit.CaseError, ConfigError) as error:
        raise Usage(str(error)) from None
    installed = catalog.load()
    verdicts = [_verdict(file, installed, config, written) for file in files]
    if junit is not None:
        write_file(junit, _junit(verdicts))
    print_json(list(map(_as_json, verdicts))) if as_json else _print(verdicts)
    if any(verdict.error for verdict in verdicts):
        raise click.exceptions.Exit(2)
    if any(verdict.problems for verdict in verdicts):
        raise click.exceptions.Exit(1)


def _config(path: Path) -> "tuple[Settings, dict[str, DestinationDecl]]":
    """The config, and its destinations as they are written."""
    from actionsd import catalog, settings
    from actionsd.check import prepare

    return prepare(settings.load(path, _Dummies()), catalog.load(), path), settings.written(path)


def _verdict(
    file: Path, installed: "Catalog", config: "Settings | None", written: "Mapping[str, DestinationDecl]"
) -> Verdict:
    from actionsd.testing import cases as kit

    started, name = time.monotonic(), file.name.rpartition(".case.")[0]
    try:
        case = kit.read(file)
        name = case.name or name
        problems, error = asyncio.run(kit.run(case, installed, config, written)), ""
    except kit.CaseError as failure:
        problems, error = [], str(failure)
    return Verdict(name, str(file), time.monotonic() - started, problems, error)


def _as_json(verdict: Verdict) -> dict[str, Any]:
    return {**verdict._asdict(), "passed": not (verdict.problems or verdict.error)}


def _print(verdicts: Sequence[Verdict]) -> None:
    for verdict in verdicts:
        if verdict.error:
            click.echo(f"{click.style('error', fg='red')}  {verdict.name}  ({verdict.file})")
            click.echo(f"       {verdict.error}")
        elif verdict.problems:
            click.echo(f"{click.style('fail', fg='red')}   {verdict.name}  ({verdict.file})")
            for problem in verdict.problems:
                click.echo(f"       {problem}")
        else:
            click.echo(f"{click.style('ok', fg='green')}     {verdict.name}")
    failed = sum(bool(verdict.problems or verdict.error) for verdict in verdicts)
    click.echo(f"{len(verdicts) - failed} of {len(verdicts)} passed")


def _junit(verdicts: Sequence[Verdict]) -> bytes:
    from xml.etree import ElementTree as xml

    suite = xml.Element(
        "testsuite",
        name="actionsctl test",
        tests=str(len(verdicts)),
        failures=str(sum(bool(each.problems) for each in verdicts)),
        errors=str(sum(bool(each.error) for each in verdicts)),
        time=f"{sum(each.seconds for each in verdicts):.3f}",
    )
    for each in verdicts:
        case = xml.SubElement(suite, "testcase", name=each.name, classname=each.file, time=f"{each.seconds:.3f}")
        if each.problems or each.error:
            kind, told = ("error", each.error) if each.error else ("failure", "\n".join(each.problems))
            xml.SubElement(case, kind, message=told.partition("\n")[0]).text = told
    written: bytes = xml.tostring(suite, encoding="utf-8", xml_declaration=True)
    return written


def save(client: Client, path: Path, tested: wire.TestedEvent, asked: wire.EventTest) -> None:
    """Write a case from what a test showed. Where the daemon's file declares the destination the case refers to it,
    else it has all in itself. Secrets are masked in it; a plugin that looks into one needs a made-up one there.

    Raises:
        Usage: the file cannot be written, or a case cannot say it.
    """
    found = client.get(f"/actionsd/destinations/{segment(asked.destination)}/config", wire.DestinationDetail)
    case = _subject(found, tested, asked) | {"event": tested.event}
    if asked.with_filters:
        case["filters"] = True
    case["now"] = tested.now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if tested.mode == "send":
        answered = [exchange.response for each in tested.mappings for exchange in each.exchanges]
        case["answers"] = [
            {"status": each.status, "headers": _kept(each.headers), "body": each.body} for each in answered if each
        ]
    case["expect"] = _expected(tested)
    write_file(path, msgspec.json.format(msgspec.json.encode(case), indent=2) + b"\n")


def _subject(found: wire.DestinationDetail, tested: wire.TestedEvent, asked: wire.EventTest) -> dict[str, Any]:
    """What a case is of."""
    one, draft = (asked if isinstance(asked, wire.MappingTest) else None), tested.draft
    if one is None or draft is None:
        if found.declared:
            return {"destination": found.slug}
        if len(tested.mappings) != 1:
            raise Usage("--save-case: store a case of one mapping with `test mapping`")
        draft = next(each for each in found.mappings if each.name == tested.mappings[0].mapping)
    values = {"trigger": draft.trigger, "fields": draft.fields}
    if not found.declared:
        return {"definition": found.definition, "settings": found.settings, "action": draft.action, **values}
    assert one is not None
    subject = {"mapping": one.mapping} if one.mapping else {"action": one.action}
    given = {key for key in values if getattr(one, key) is not UNSET}
    return {"destination": found.slug, **subject, **{key: values[key] for key in values if key in given}}


def _expected(tested: wire.TestedEvent) -> dict[str, Any]:
    if not tested.mappings:
        return {"match": False}
    first = tested.mappings[0]
    expected: dict[str, Any] = {} if len(tested.mappings) > 1 else {"payload": first.payload}
    if len(tested.mappings) == 1 and first.problems:
        expected["problems"] = first.problems
    if tested.mode != "preview":
        expected["requests"] = [
            {"method": each.request.method, "url": each.request.url, "headers": _kept(each.request.headers)}
            | _body(each.request.body)
            for mapping in tested.mappings
            for each in mapping.exchanges
        ]
    return expected


def _kept(headers: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name in _kept_headers}


def _body(body: str) -> dict[str, Any]:
    try:
        return {"json": msgspec.json.decode(body)} if body else {}
    except msgspec.DecodeError:
        return {"body": body}
