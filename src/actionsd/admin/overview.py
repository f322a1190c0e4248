"""Calls of the delivery overview, samples and alerts."""

from typing import get_args

from aiohttp import web

from actionsd import wire
from actionsd.admin.answers import BadInput, answer, query_choice, query_number, query_time, read_body
from actionsd.admin.context import parts_key
from actionsd.operate import alerts as watching
from actionsd.operate import overview as looking
from actionsd.operate.overview import Wanted
from actionsd.operate.pipeline import Granularity

_day = 24 * 3_600_000  # milliseconds
_no_limit = 2**63 - 1


async def overview(request: web.Request) -> web.Response:
    parts, query = request.app[parts_key], request.query
    until = query_time(request, "until", parts.clock.now())
    wanted = Wanted(
        of=query.get("of", ""),
        mapping=query.get("mapping", ""),
        since=query_time(request, "since", until - _day),
        until=until,
        granularity=query_choice(request, "granularity", get_args(Granularity)),
        by=query_choice(request, "by", get_args(wire.By)),
    )
    return answer(await looking.overview(parts, wanted))


async def samples(request: web.Request) -> web.Response:
    query = request.query
    if not query.get("destination"):
        raise BadInput("destination is the slug of a destination")
    found = await looking.samples(
        request.app[parts_key],
        query["destination"],
        step=query.get("step", ""),
        reason=query.get("reason", ""),
        mapping=query.get("mapping", ""),
        before=query_number(request, "before", 0, most=_no_limit),
        limit=query_number(request, "limit", 20, most=100),
    )
    return answer(found)


async def alerts(request: web.Request) -> web.Response:
    return answer(await watching.listed(request.app[parts_key]))


async def add_alert(request: web.Request) -> web.Response:
    return answer(await watching.add(request.app[parts_key], await read_body(request, wire.AlertRequest)), status=201)


async def remove_alert(request: web.Request) -> web.Response:
    return answer(await watching.remove(request.app[parts_key], request.match_info["name"]))
