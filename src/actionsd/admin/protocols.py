"""Handlers of tracking plans, what sources let in, and transformations."""

from aiohttp import web
from msgspec import UNSET

from actionsd import wire
from actionsd.admin.access import caller_of
from actionsd.admin.answers import answer, read_body
from actionsd.admin.context import parts_key
from actionsd.operate import schemas, shown, trackingplans, transformations
from actionsd.operate.parts import Parts, find_source
from actionsd.store.configs import PlanConfig, TransformationConfig
from actionsd.store.records import Source, TrackingPlan

_done = wire.Done(changed=1)


async def plans(request: web.Request) -> web.Response:
    parts = request.app[parts_key]
    return answer([shown.plan_status(parts, plan) for plan in parts.workspace.plans])


async def plan(request: web.Request) -> web.Response:
    parts = request.app[parts_key]
    return answer(shown.plan(parts, _plan(request)))


async def create_plan(request: web.Request) -> web.Response:
    parts, body = request.app[parts_key], await read_body(request, wire.PlanCreate)
    config = PlanConfig(slug=body.slug, name=body.name, description=body.description, type=body.type)
    made = await trackingplans.create(parts, caller_of(request), config, body.rules)
    return answer(shown.plan(parts, made), status=201)


async def delete_plan(request: web.Request) -> web.Response:
    await trackingplans.delete(request.app[parts_key], caller_of(request), _plan(request))
    return answer(_done)


async def follow_plan(request: web.Request) -> web.Response:
    """Connect or disconnect a source."""
    parts, body = request.app[parts_key], await read_body(request, wire.Follower)
    do = trackingplans.connect if request.match_info["verb"] == "connect" else trackingplans.disconnect
    await do(parts, caller_of(request), _plan(request), find_source(parts.workspace, body.source))
    return answer(_done)


async def schema(request: web.Request) -> web.Response:
    parts = request.app[parts_key]
    return answer(shown.schema(parts, _source(request)))


async def change_schema(request: web.Request) -> web.Response:
    parts, body, source = request.app[parts_key], await read_body(request, wire.SchemaChange), _source(request)
    settings = {} if body.settings is UNSET else dict(body.settings)
    for key, slug in (("forwardingViolationsTo", body.violations_to), ("forwardingBlockedEventsTo", body.blocked_to)):
        if slug is not UNSET:
            settings[key] = str(find_source(parts.workspace, slug).id) if slug else ""
    if settings:
        source = await schemas.change_settings(parts, caller_of(request), source, settings)
    if body.filters is not UNSET:
        source = await schemas.change_filters(parts, caller_of(request), source, body.filters)
    return answer(shown.schema(parts, source))


async def list_transformations(request: web.Request) -> web.Response:
    parts = request.app[parts_key]
    return answer([shown.transformation(parts, each) for each in parts.workspace.transformations])


async def create_transformation(request: web.Request) -> web.Response:
    parts, body = request.app[parts_key], await read_body(request, wire.TransformationCreate)
    config = TransformationConfig(
        name=body.name, condition=body.condition, edits=body.edits, definition=body.definition, enabled=body.enabled
    )
    source = find_source(parts.workspace, body.source)
    made = await transformations.create(parts, caller_of(request), source, config)
    return answer(shown.transformation(parts, made), status=201)


async def delete_transformation(request: web.Request) -> web.Response:
    parts = request.app[parts_key]
    found = transformations.by_id(parts, int(request.match_info["id"]))
    await transformations.delete(parts, caller_of(request), found)
    return answer(_done)


def _plan(request: web.Request) -> TrackingPlan:
    parts: Parts = request.app[parts_key]
    return trackingplans.by_slug(parts, request.match_info["slug"])


def _source(request: web.Request) -> Source:
    parts: Parts = request.app[parts_key]
    return find_source(parts.workspace, request.match_info["slug"])
