"""Calls of the testers, the change preview and the source debugger.

Tests need the role write, also those that send nothing, as upstream's do (FEATURES F159): a caller makes up mappings
and events that plugins then run on. Samples only show what the journal has, which the role read may see.
"""

from aiohttp import web

from actionsd import wire
from actionsd.admin.access import caller_of
from actionsd.admin.answers import answer, query_number, read_body
from actionsd.admin.context import parts_key
from actionsd.operate import debugger, events, testing
from actionsd.operate import preview as previewing

_no_limit = 2**62


async def event(request: web.Request) -> web.Response:
    body = await read_body(request, wire.EventTest)
    return answer(await testing.event(request.app[parts_key], caller_of(request), body))


async def mapping(request: web.Request) -> web.Response:
    body = await read_body(request, wire.MappingTest)
    return answer(await testing.mapping(request.app[parts_key], caller_of(request), body))


async def samples(request: web.Request) -> web.Response:
    query = request.query
    recent = query_number(request, "recent", 10, most=100)
    found = await events.samples(request.app[parts_key], query.get("destination", ""), query.get("mapping", ""), recent)
    return answer(found)


async def preview(request: web.Request) -> web.Response:
    body = await read_body(request, wire.PreviewRequest)
    return answer(await previewing.preview(request.app[parts_key], caller_of(request), body))


async def source_events(request: web.Request) -> web.Response:
    query = request.query
    return answer(
        await debugger.listed(
            request.app[parts_key],
            request.match_info["slug"],
            search=query.get("search", ""),
            type=query.get("type", ""),
            name=query.get("name", ""),
            before=query_number(request, "before", 0, most=_no_limit),
            after=query_number(request, "after", 0, most=_no_limit),
            limit=query_number(request, "limit", 50, most=debugger.MOST),
        )
    )
