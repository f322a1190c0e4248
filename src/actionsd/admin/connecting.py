"""Calls that connect a destination in a browser (RULES C10)."""

from aiohttp import web

from actionsd import wire
from actionsd.admin.access import caller_of
from actionsd.admin.answers import answer, read_body
from actionsd.admin.context import parts_key
from actionsd.operate import connecting


async def begin(request: web.Request) -> web.Response:
    body = await read_body(request, wire.ConnectRequest)
    return answer(connecting.begin(request.app[parts_key], request.match_info["slug"], body))


async def finish(request: web.Request) -> web.Response:
    body = await read_body(request, wire.ConnectAnswer)
    slug = request.match_info["slug"]
    return answer(await connecting.finish(request.app[parts_key], caller_of(request), slug, body))
