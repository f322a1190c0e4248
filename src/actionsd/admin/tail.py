"""``/actionsd/tail``: what happens, as server-sent events, until the viewer goes or the daemon stops."""

import asyncio
from collections.abc import Callable

import msgspec
from aiohttp import web

from actionsd import wire
from actionsd.admin.answers import query_number
from actionsd.admin.context import parts_key
from actionsd.observe import Listener, Seen
from actionsd.operate.parts import Names, Parts, find_destination, find_source

_most_exchanges = 100  # records with bodies that wait for a viewer
_quiet = 15.0  # seconds without an event after which a comment keeps proxies from closing the stream


async def follow(request: web.Request) -> web.StreamResponse:
    """Stream records that match the query's ``step`` (repeatable), ``source``, ``destination`` and ``event``; with
    ``exchanges=1`` what each attempt sent and got is in them, secrets redacted."""
    parts = request.app[parts_key]
    wanted = _filter(parts, request)
    exchanges = query_number(request, "exchanges", 0, most=1) == 1
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
    listener = parts.tap.listen(_most_exchanges, exchanges=True) if exchanges else parts.tap.listen()
    try:
        await response.prepare(request)
        await _stream(parts, listener, wanted, response)
    except ConnectionResetError:
        pass  # the viewer went
    finally:
        parts.tap.leave(listener)
    return response


def _filter(parts: Parts, request: web.Request) -> Callable[[Seen], bool]:
    query = request.query
    steps = set(query.getall("step", ()))
    source = find_source(parts.workspace, query["source"]).id if "source" in query else 0
    destination = find_destination(parts.workspace, query["destination"]).id if "destination" in query else 0
    event = query.get("event", "")

    def wanted(seen: Seen) -> bool:
        return (
            (not steps or seen.step in steps)
            and source in (0, seen.source)
            and destination in (0, seen.destination)
            and event in ("", seen.event)
        )

    return wanted


async def _stream(
    parts: Parts, listener: Listener, wanted: Callable[[Seen], bool], response: web.StreamResponse
) -> None:
    told_lost = 0
    while True:
        try:
            seen = await asyncio.wait_for(listener.next(), _quiet)
        except TimeoutError:
            await response.write(b": quiet\n\n")
            continue
        if seen is None:
            return
        if listener.lost > told_lost:
            lost = wire.Seen(at=wire.moment(seen.at), step="lost", reason=f"{listener.lost - told_lost} lines")
            told_lost = listener.lost
            await _write(response, lost)
        if wanted(seen):
            await _write(response, _shown(Names(parts.workspace), seen, exchanges=listener.exchanges))


def _shown(names: Names, seen: Seen, *, exchanges: bool) -> wire.Seen:
    return wire.Seen(
        at=wire.moment(seen.at),
        step=seen.step,
        source=names.source(seen.source),
        message_id=seen.message_id,
        type=seen.type,
        event=seen.event,
        destination=names.destination(seen.destination),
        mapping=names.mapping(seen.mapping),
        reason=seen.reason,
        status=seen.status,
        took_ms=round(seen.took_ms, 1),
        message=seen.message if exchanges else "",
        exchanges=msgspec.json.decode(seen.exchange or b"[]", type=list[wire.Exchange]) if exchanges else [],
    )


async def _write(response: web.StreamResponse, seen: wire.Seen) -> None:
    await response.write(b"data: " + msgspec.json.encode(seen) + b"\n\n")
