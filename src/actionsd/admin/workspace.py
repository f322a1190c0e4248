"""Calls that change what is configured, by slugs and names; ``operate`` checks and does it."""

from typing import Any

import msgspec
from aiohttp import web

from actionsd import wire
from actionsd.admin.access import caller_of
from actionsd.admin.answers import BadInput, answer, query_number, read_body
from actionsd.admin.context import parts_key
from actionsd.operate import destinations, export, filters, history, mappings, plan, shown, sources
from actionsd.operate.parts import Parts, find_destination, find_mapping, find_source
from actionsd.store.configs import KINDS, DestinationConfig, FilterConfig, SourceConfig
from actionsd.store.records import Destination, Mapping, Source

_no_limit = 2**63 - 1


async def source(request: web.Request) -> web.Response:
    return answer(shown.source(_source(request)))


async def create_source(request: web.Request) -> web.Response:
    body = await read_body(request, wire.SourceCreate)
    made = await sources.create(_parts(request), caller_of(request), SourceConfig(**msgspec.structs.asdict(body)))
    return answer(shown.source(made), status=201)


async def change_source(request: web.Request) -> web.Response:
    body = await read_body(request, wire.SourceChange)
    changed = await sources.change(_parts(request), caller_of(request), _source(request), **_given(body))
    return answer(shown.source(changed))


async def delete_source(request: web.Request) -> web.Response:
    await sources.delete(_parts(request), caller_of(request), _source(request))
    return answer(wire.Done(changed=1))


async def add_key(request: web.Request) -> web.Response:
    body = await read_body(request, wire.KeyRequest)
    return answer(
        shown.source(await sources.add_key(_parts(request), caller_of(request), _source(request), body.key)), status=201
    )


async def remove_key(request: web.Request) -> web.Response:
    key = request.match_info["key"]
    return answer(shown.source(await sources.remove_key(_parts(request), caller_of(request), _source(request), key)))


async def destination(request: web.Request) -> web.Response:
    return answer(shown.destination(_parts(request), _destination(request)))


async def create_destination(request: web.Request) -> web.Response:
    parts, body = _parts(request), await read_body(request, wire.DestinationCreate)
    source = find_source(parts.workspace, body.source)
    fields = {key: value for key, value in msgspec.structs.asdict(body).items() if key not in ("source", "presets")}
    made = await destinations.create(
        parts, caller_of(request), source, DestinationConfig(**fields), with_presets=body.presets
    )
    return answer(shown.destination(parts, made), status=201)


async def change_destination(request: web.Request) -> web.Response:
    parts, body = _parts(request), await read_body(request, wire.DestinationChange)
    changed = await destinations.change(parts, caller_of(request), _destination(request), **_given(body))
    return answer(shown.destination(parts, changed))


async def delete_destination(request: web.Request) -> web.Response:
    await destinations.delete(_parts(request), caller_of(request), _destination(request))
    return answer(wire.Done(changed=1))


async def mapping(request: web.Request) -> web.Response:
    destination, mapping = _mapping(request)
    return answer(shown.mapping(_parts(request), destination, mapping))


async def create_mapping(request: web.Request) -> web.Response:
    parts, body = _parts(request), await read_body(request, wire.MappingCreate)
    destination = _destination(request)
    made = await mappings.create(parts, caller_of(request), destination, **msgspec.structs.asdict(body))
    return answer(shown.mapping(parts, destination, made), status=201)


async def change_mapping(request: web.Request) -> web.Response:
    parts, body = _parts(request), await read_body(request, wire.MappingChange)
    destination, mapping = _mapping(request)
    changed = await mappings.change(parts, caller_of(request), destination, mapping, **_given(body))
    return answer(shown.mapping(parts, destination, changed))


async def delete_mapping(request: web.Request) -> web.Response:
    destination, mapping = _mapping(request)
    await mappings.delete(_parts(request), caller_of(request), destination, mapping)
    return answer(wire.Done(changed=1))


async def duplicate_mapping(request: web.Request) -> web.Response:
    parts = _parts(request)
    destination, mapping = _mapping(request)
    made = await mappings.duplicate(parts, caller_of(request), destination, mapping)
    return answer(shown.mapping(parts, destination, made), status=201)


async def move_mapping(request: web.Request) -> web.Response:
    parts, body = _parts(request), await read_body(request, wire.Place)
    destination, mapping = _mapping(request)
    order = await mappings.move(parts, caller_of(request), destination, mapping, body.place)
    return answer([shown.mapping(parts, destination, each) for each in order])


async def create_filter(request: web.Request) -> web.Response:
    body = await read_body(request, wire.FilterCreate)
    config = FilterConfig(**msgspec.structs.asdict(body))
    made = await filters.create(_parts(request), caller_of(request), _destination(request), config)
    return answer(shown.filter(made), status=201)


async def change_filter(request: web.Request) -> web.Response:
    body = await read_body(request, wire.FilterChange)
    destination, filter = _filter(request)
    return answer(
        shown.filter(await filters.change(_parts(request), caller_of(request), destination, filter, **_given(body)))
    )


async def delete_filter(request: web.Request) -> web.Response:
    destination, filter = _filter(request)
    await filters.delete(_parts(request), caller_of(request), destination, filter)
    return answer(wire.Done(changed=1))


async def plan_config(request: web.Request) -> web.Response:
    body = await read_body(request, wire.ConfigFiles)
    return answer(await plan.plan(_parts(request), caller_of(request), body))


async def apply_config(request: web.Request) -> web.Response:
    body = await read_body(request, wire.ConfigFiles)
    return answer(await plan.apply(_parts(request), caller_of(request), body))


async def export_config(request: web.Request) -> web.Response:
    return answer(export.export(_parts(request), together="together" in request.query))


async def changes(request: web.Request) -> web.Response:
    asked = request.query.get("kind", "")
    kind = next((each for each in KINDS.values() if each == asked), None)
    if asked and kind is None:
        raise BadInput(f"kind is one of {', '.join(KINDS.values())}; got {asked!r}")
    before = query_number(request, "before", 0, most=_no_limit)
    id = query_number(request, "object", 0, most=_no_limit)
    limit = query_number(request, "limit", 50, most=200)
    return answer(await history.listed(_parts(request), kind=kind, id=id, before=before, limit=limit))


async def restore(request: web.Request) -> web.Response:
    return answer(await history.restore(_parts(request), caller_of(request), int(request.match_info["id"])))


async def rotate_key(request: web.Request) -> web.Response:
    return answer(wire.Done(changed=await _parts(request).store.workspace.rotate_key()))


def _parts(request: web.Request) -> Parts:
    return request.app[parts_key]


def _given(body: msgspec.Struct) -> dict[str, Any]:
    """The fields that the caller gave."""
    return {key: value for key, value in msgspec.structs.asdict(body).items() if value is not msgspec.UNSET}


def _source(request: web.Request) -> Source:
    return find_source(_parts(request).workspace, request.match_info["slug"])


def _destination(request: web.Request) -> Destination:
    return find_destination(_parts(request).workspace, request.match_info["slug"])


def _mapping(request: web.Request) -> tuple[Destination, Mapping]:
    destination = _destination(request)
    return destination, find_mapping(destination, request.match_info["name"])


def _filter(request: web.Request) -> tuple[Destination, filters.Filter]:
    """A filter of the destination that the path names."""
    destination = _destination(request)
    return destination, filters.of(destination, int(request.match_info["id"]))
