"""One handler a call: read the request, let ``operate`` do it, answer."""

from aiohttp import web

from actionsd import wire
from actionsd.admin.access import caller_of
from actionsd.admin.answers import answer, query_number, read_body, refuse
from actionsd.admin.context import parts_key
from actionsd.operate import control
from actionsd.operate import dead as given_up
from actionsd.operate import explain as explaining
from actionsd.operate import replays as replaying
from actionsd.operate import status as state
from actionsd.operate import tokens as keys

_no_limit = 2**63 - 1


async def healthz(request: web.Request) -> web.Response:
    """Alive: the loop runs."""
    return web.json_response({"status": "ok"})


async def readyz(request: web.Request) -> web.Response:
    """Accepting events, or why not."""
    store = request.app[parts_key].store
    return web.json_response({"status": "ok"}) if store.ready else refuse(503, "not-ready", store.trouble)


async def status(request: web.Request) -> web.Response:
    return answer(await state.status(request.app[parts_key]))


async def sources(request: web.Request) -> web.Response:
    return answer(state.sources(request.app[parts_key]))


async def destinations(request: web.Request) -> web.Response:
    return answer(await state.destinations(request.app[parts_key]))


async def destination(request: web.Request) -> web.Response:
    return answer(await state.destination(request.app[parts_key], request.match_info["slug"]))


async def pause(request: web.Request) -> web.Response:
    return answer(await control.pause(request.app[parts_key], request.match_info["slug"]))


async def resume(request: web.Request) -> web.Response:
    return answer(await control.resume(request.app[parts_key], request.match_info["slug"]))


async def forget(request: web.Request) -> web.Response:
    return answer(await control.forget(request.app[parts_key], request.match_info["slug"]))


async def release(request: web.Request) -> web.Response:
    return answer(await control.release(request.app[parts_key]))


async def explain(request: web.Request) -> web.Response:
    query = request.query
    return answer(await explaining.explain(request.app[parts_key], query.get("messageId", ""), query.get("source", "")))


async def retries(request: web.Request) -> web.Response:
    return answer(
        await given_up.retries(
            request.app[parts_key],
            destination=request.query.get("destination", ""),
            after=query_number(request, "after", 0, most=_no_limit),
            limit=query_number(request, "limit", 100, most=1000),
        )
    )


async def dead(request: web.Request) -> web.Response:
    query = request.query
    choice = wire.Choice(
        destination=query.get("destination", ""), mapping=query.get("mapping", ""), reason=query.get("reason", "")
    )
    after = query_number(request, "after", 0, most=_no_limit)
    limit = query_number(request, "limit", 100, most=1000)
    return answer(await given_up.dead(request.app[parts_key], choice, after=after, limit=limit))


async def dead_letter(request: web.Request) -> web.Response:
    return answer(await given_up.letter(request.app[parts_key], int(request.match_info["id"])))


async def requeue(request: web.Request) -> web.Response:
    return answer(await given_up.requeue(request.app[parts_key], await read_body(request, wire.Choice)))


async def drop(request: web.Request) -> web.Response:
    return answer(await given_up.drop(request.app[parts_key], await read_body(request, wire.Choice)))


async def replays(request: web.Request) -> web.Response:
    return answer(await replaying.listed(request.app[parts_key]))


async def replay(request: web.Request) -> web.Response:
    return answer(await replaying.one(request.app[parts_key], int(request.match_info["id"])))


async def create_replay(request: web.Request) -> web.Response:
    body = await read_body(request, wire.ReplayRequest)
    return answer(await replaying.create(request.app[parts_key], body), status=201)


async def plan_replay(request: web.Request) -> web.Response:
    return answer(await replaying.plan(request.app[parts_key], await read_body(request, wire.ReplayRequest)))


async def change_replay(request: web.Request) -> web.Response:
    id, verb = int(request.match_info["id"]), request.match_info["verb"]
    return answer(await replaying.change(request.app[parts_key], id, verb))


async def backup(request: web.Request) -> web.Response:
    return answer(await control.backup(request.app[parts_key], await read_body(request, wire.BackupRequest)))


async def plugins(request: web.Request) -> web.Response:
    return answer(control.plugins(request.app[parts_key]))


async def check(request: web.Request) -> web.Response:
    return answer(control.check(request.app[parts_key]))


async def tokens(request: web.Request) -> web.Response:
    after = query_number(request, "after", 0, most=_no_limit)
    limit = query_number(request, "limit", 100, most=1000)
    return answer(await keys.listed(request.app[parts_key], after=after, limit=limit))


async def create_token(request: web.Request) -> web.Response:
    body, who = await read_body(request, wire.TokenRequest), caller_of(request).name
    created = answer(await keys.create(request.app[parts_key], body, who), status=201)
    created.headers["Cache-Control"] = "no-store"
    return created


async def revoke_token(request: web.Request) -> web.Response:
    name, who = request.match_info["name"], caller_of(request).name
    return answer(await keys.revoke(request.app[parts_key], name, who))
