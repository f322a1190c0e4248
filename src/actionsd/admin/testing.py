"""Calls of the testers and of the change preview.

Tests need the role write, also those that send nothing, as upstream's do (FEATURES F159): a caller makes up mappings
and events that plugins then run on. Samples only show what the journal has, which the role read may see.
"""

from aiohttp import web

from actionsd import wire
from actionsd.admin.access import caller_of
from actionsd.admin.answers import answer, query_number, read_body
from actionsd.admin.context import parts_key
from actionsd.operate import events, testing
from actionsd.operate import preview as previewing


async def event(request: web.Request) -> web.Response:
    body = await read_body(request, wire.EventTest)
    return answer(await testing.event(request.app[parts_key], caller_of(request), body))


async def mapping(request: web.Request) -> web.Response:
    body = await read_body(request, wire.MappingTest)
    return answer(await testing.mapping(request.app[parts_key], caller_of(request), body))


async def samples(request: web.Request) -> web.Response:
    query = request.query
    recent = query_number(request, "recent", 10, most=100)
    found = await events.samples(
        request.app[parts_key], query.get("destination", ""), query.get("mapping", ""), recent
    )
    return answer(found)


async def preview(request: web.Request) -> web.Response:
    body = await read_body(request, wire.PreviewRequest)
    return answer(await previewing.preview(request.app[parts_key], caller_of(request), body))
