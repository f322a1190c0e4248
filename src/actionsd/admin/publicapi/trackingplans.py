"""Tracking plans, their rules, and the sources that follow them (FEATURES F149, F153, F231)."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from actionsd.admin.publicapi import ids, sources, times
from actionsd.admin.publicapi.operation import (
    Call,
    Nothing,
    Operation,
    Paged,
    PageRequest,
    Pagination,
    Row,
    Shape,
    Success,
)
from actionsd.admin.publicapi.paging import page
from actionsd.operate import trackingplans
from actionsd.store import configs, records

PlanType = Literal["ENGAGE", "LIVE", "PROPERTY_LIBRARY", "RULE_LIBRARY", "TEMPLATE"]
RuleType = Literal["COMMON", "GROUP", "IDENTIFY", "PAGE", "SCREEN", "TRACK"]


class TrackingPlan(Shape, frozen=True, kw_only=True):
    id: str
    name: str
    slug: str
    description: str | UnsetType = UNSET
    type: str
    updated_at: str
    created_at: str


class PlanQuery(Shape, frozen=True, kw_only=True):
    type: PlanType | UnsetType = UNSET
    pagination: PageRequest = PageRequest()


class TrackingPlans(Shape, frozen=True, kw_only=True):
    tracking_plans: list[TrackingPlan]
    pagination: Pagination


class OnePlan(Shape, frozen=True, kw_only=True):
    tracking_plan: TrackingPlan


class CreatePlan(Shape, frozen=True, kw_only=True):
    name: str
    description: str = ""
    type: PlanType


class UpdatePlan(Shape, frozen=True, kw_only=True):
    name: str | UnsetType = UNSET
    description: str | UnsetType | None = UNSET


class Rule(Shape, frozen=True, kw_only=True):
    """A rule as it is shown; ``version`` is the one that events pick."""

    type: RuleType
    key: str | UnsetType = UNSET
    json_schema: Any
    version: int
    created_at: str
    updated_at: str


class Rules(Shape, frozen=True, kw_only=True):
    rules: list[Rule]
    pagination: Pagination


class RuleInput(Shape, frozen=True, kw_only=True, omit_defaults=True):
    type: RuleType
    key: str | None = None
    json_schema: Any
    version: int


class UpsertedRule(RuleInput, frozen=True, kw_only=True, omit_defaults=True):
    new_key: str | None = None


class ReplaceRules(Shape, frozen=True, kw_only=True):
    rules: list[RuleInput]


class UpsertRules(Shape, frozen=True, kw_only=True):
    rules: list[UpsertedRule]


class RemovedRule(Shape, frozen=True, kw_only=True):
    type: RuleType
    key: str = ""
    version: int


class RemoveRules(Shape, frozen=True, kw_only=True):
    rules: list[RemovedRule]


class SourceRequest(Shape, frozen=True, kw_only=True):
    source_id: Annotated[str, msgspec.Meta(min_length=1)]


async def listed(call: Call[PlanQuery, Nothing]) -> TrackingPlans:
    plans = [each for each in call.parts.workspace.plans if call.query.type in (UNSET, each.config.type)]
    found, pagination = page(plans, lambda each: each.id, 0, call.query.pagination)
    return TrackingPlans(tracking_plans=[_shown(each) for each in found], pagination=pagination)


async def get(call: Call[Nothing, Nothing]) -> OnePlan:
    return OnePlan(tracking_plan=_shown(_plan(call)))


async def create(call: Call[Nothing, CreatePlan]) -> OnePlan:
    body = call.body
    config = configs.PlanConfig(slug="", name=body.name, description=body.description, type=body.type)
    return OnePlan(tracking_plan=_shown(await trackingplans.create(call.parts, call.who, config)))


async def update(call: Call[Nothing, UpdatePlan]) -> Success:
    """Members that are left out stay."""
    changes = {key: value or "" for key, value in msgspec.structs.asdict(call.body).items() if value is not UNSET}
    await trackingplans.change(call.parts, call.who, _plan(call), **changes)
    return Success()


async def delete(call: Call[Nothing, Nothing]) -> Success:
    await trackingplans.delete(call.parts, call.who, _plan(call))
    return Success()


async def rules(call: Call[Paged, Nothing]) -> Rules:
    found, pagination = page(_plan(call).rules, lambda each: each.id, 0, call.query.pagination)
    return Rules(rules=[_shown_rule(each) for each in found], pagination=pagination)


async def upsert_rules(call: Call[Nothing, UpsertRules]) -> Success:
    """Add rules, or change those of the same type, key and version."""
    await trackingplans.upsert_rules(call.parts, call.who, _plan(call), msgspec.to_builtins(call.body.rules))
    return Success()


async def replace_rules(call: Call[Nothing, ReplaceRules]) -> Success:
    """These are all the rules from now on."""
    await trackingplans.replace_rules(call.parts, call.who, _plan(call), msgspec.to_builtins(call.body.rules))
    return Success()


async def remove_rules(call: Call[RemoveRules, Nothing]) -> Success:
    keys = [(each.type, each.key, each.version) for each in call.query.rules]
    await trackingplans.remove_rules(call.parts, call.who, _plan(call), keys)
    return Success()


async def followers(call: Call[Paged, Nothing]) -> sources.Sources:
    own = trackingplans.followers(call.parts, _plan(call))
    found, pagination = page(own, lambda each: each.id, 0, call.query.pagination)
    return sources.Sources(sources=[sources.shown(each) for each in found], pagination=pagination)


async def connect(call: Call[Nothing, SourceRequest]) -> Success:
    source = ids.source(call.parts, call.body.source_id)
    await trackingplans.connect(call.parts, call.who, _plan(call), source)
    return Success()


async def disconnect(call: Call[SourceRequest, Nothing]) -> Success:
    source = ids.source(call.parts, call.query.source_id)
    await trackingplans.disconnect(call.parts, call.who, _plan(call), source)
    return Success()


def _plan(call: Call[Any, Any]) -> records.TrackingPlan:
    return trackingplans.by_id(call.parts, ids.number("tracking plan", call.path["trackingPlanId"]))


def _shown(plan: records.TrackingPlan) -> TrackingPlan:
    config = plan.config
    return TrackingPlan(
        id=str(plan.id), name=config.name, slug=config.slug, description=config.description or UNSET, type=config.type,
        updated_at=times.text(plan.updated_at), created_at=times.text(plan.created_at),
    )  # fmt: skip


def _shown_rule(rule: records.Rule) -> Rule:
    written = msgspec.convert(trackingplans.rule_json(rule), RuleInput)
    return Rule(
        type=written.type, key=written.key or UNSET, json_schema=written.json_schema, version=written.version,
        created_at=times.text(rule.created_at), updated_at=times.text(rule.updated_at),
    )  # fmt: skip


_one = "/tracking-plans/{trackingPlanId}"

OPERATIONS: tuple[Row, ...] = (
    Operation("listTrackingPlans", "GET", "/tracking-plans", "read", listed, TrackingPlans, PlanQuery),
    Operation("createTrackingPlan", "POST", "/tracking-plans", "write", create, OnePlan, body=CreatePlan),
    Operation("getTrackingPlan", "GET", _one, "read", get, OnePlan),
    Operation("updateTrackingPlan", "PATCH", _one, "write", update, Success, body=UpdatePlan),
    Operation("deleteTrackingPlan", "DELETE", _one, "write", delete, Success),
    Operation("listRulesFromTrackingPlan", "GET", _one + "/rules", "read", rules, Rules, Paged),
    Operation(
        "updateRulesInTrackingPlan", "PATCH", _one + "/rules", "write", upsert_rules, Success, body=UpsertRules
    ),
    Operation(
        "replaceRulesInTrackingPlan", "PUT", _one + "/rules", "write", replace_rules, Success, body=ReplaceRules
    ),
    Operation("removeRulesFromTrackingPlan", "DELETE", _one + "/rules", "write", remove_rules, Success, RemoveRules),
    Operation("listSourcesFromTrackingPlan", "GET", _one + "/sources", "read", followers, sources.Sources, Paged),
    Operation("addSourceToTrackingPlan", "POST", _one + "/sources", "write", connect, Success, body=SourceRequest),
    Operation(
        "removeSourceFromTrackingPlan", "DELETE", _one + "/sources", "write", disconnect, Success, SourceRequest
    ),
)  # fmt: skip
