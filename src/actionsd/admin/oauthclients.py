"""Calls about the clients that get access tokens for ingest (FEATURES F011)."""

from aiohttp import web

from actionsd import wire
from actionsd.admin.access import caller_of
from actionsd.admin.answers import answer, read_body
from actionsd.admin.context import parts_key
from actionsd.operate import oauthclients


async def listed(request: web.Request) -> web.Response:
    return answer(oauthclients.listed(request.app[parts_key]))


async def create(request: web.Request) -> web.Response:
    body = await read_body(request, wire.OAuthClientCreate)
    return answer(await oauthclients.create(request.app[parts_key], caller_of(request), body), status=201)


async def remove(request: web.Request) -> web.Response:
    name = request.match_info["client"]
    return answer(await oauthclients.remove(request.app[parts_key], caller_of(request), name))


async def add_key(request: web.Request) -> web.Response:
    name, body = request.match_info["client"], await read_body(request, wire.PublicKey)
    return answer(await oauthclients.add_key(request.app[parts_key], caller_of(request), name, body), status=201)


async def remove_key(request: web.Request) -> web.Response:
    name, kid = request.match_info["client"], request.match_info["kid"]
    return answer(await oauthclients.remove_key(request.app[parts_key], caller_of(request), name, kid))
