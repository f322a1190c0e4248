"""Mappings, which Segment's API calls subscriptions (FEATURES F229, F232, C41).

Their fields are called ``settings``. The caller says whether one starts enabled (C40). There is no reverse ETL here, so
a model is refused.
"""

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from actionsd.admin.publicapi import ids
from actionsd.admin.publicapi.errors import Refused
from actionsd.admin.publicapi.operation import (
    ALPHA,
    Call,
    Nothing,
    Operation,
    Paged,
    Pagination,
    Row,
    Shape,
    Success,
)
from actionsd.admin.publicapi.paging import page
from actionsd.operate import mappings
from actionsd.operate import shown as fit_to_show
from actionsd.store import records


class Subscription(Shape, frozen=True, kw_only=True):
    """A mapping as it is shown, secrets of its fields masked."""

    id: str
    name: str
    action_id: str
    action_slug: str
    destination_id: str
    enabled: bool
    settings: dict[str, Any]
    trigger: str


class Subscriptions(Shape, frozen=True, kw_only=True):
    """A page of mappings."""

    subscriptions: list[Subscription]
    pagination: Pagination


class CreatedSubscription(Shape, frozen=True, kw_only=True):
    """A new mapping."""

    destination_subscription: Subscription


class OneSubscription(Shape, frozen=True, kw_only=True):
    """One mapping."""

    subscription: Subscription


class CreateSubscription(Shape, frozen=True, kw_only=True):
    """Without ``settings`` it has the default fields of its action."""

    name: str
    action_id: str
    trigger: str
    enabled: bool
    settings: dict[str, Any] | UnsetType = UNSET
    model_id: str | UnsetType = UNSET


class SubscriptionChange(Shape, frozen=True, kw_only=True):
    """What to change of a mapping."""

    name: str | UnsetType = UNSET
    trigger: str | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET
    settings: dict[str, Any] | UnsetType = UNSET
    reverse_etl_model_id: str | UnsetType = msgspec.field(name="reverseETLModelId", default=UNSET)
    reverse_etl_schedule: Any = msgspec.field(name="reverseETLSchedule", default=UNSET)


class UpdateSubscription(Shape, frozen=True, kw_only=True):
    """The change, in the wrapper that upstream has."""

    input: SubscriptionChange


async def listed(call: Call[Paged, Nothing]) -> Subscriptions:
    """Mappings in their order."""
    destination = _destination(call)
    places = {mapping.id: place for place, mapping in enumerate(destination.mappings)}
    found, pagination = page(destination.mappings, lambda each: places[each.id], 0, call.query.pagination)
    return Subscriptions(subscriptions=[_shown(call, destination, each) for each in found], pagination=pagination)


async def get(call: Call[Nothing, Nothing]) -> OneSubscription:
    """One mapping."""
    destination = _destination(call)
    return OneSubscription(subscription=_shown(call, destination, ids.mapping(destination, call.path["id"])))


async def create(call: Call[Nothing, CreateSubscription]) -> CreatedSubscription:
    """A new mapping, the last in the order; a destination has at most 50, and their names differ."""
    destination, body = _destination(call), call.body
    if body.model_id is not UNSET:
        raise Refused(422, "actionsd has no reverse ETL models", field="modelId")
    made = await mappings.create(
        call.parts,
        call.who,
        destination,
        name=body.name,
        action=body.action_id,
        trigger=body.trigger,
        fields=None if body.settings is UNSET else body.settings,
        enabled=body.enabled,
    )
    return CreatedSubscription(destination_subscription=_shown(call, destination, made))


async def update(call: Call[Nothing, UpdateSubscription]) -> OneSubscription:
    """Members that are left out stay. ``settings`` are replaced whole, but those that come back masked stay."""
    changes = {key: value for key, value in msgspec.structs.asdict(call.body.input).items() if value is not UNSET}
    if changes.keys() & {"reverse_etl_model_id", "reverse_etl_schedule"}:
        raise Refused(422, "actionsd has no reverse ETL models", field="input.reverseETLModelId")
    if "settings" in changes:
        changes["fields"] = changes.pop("settings")
    destination = _destination(call)
    mapping = ids.mapping(destination, call.path["id"])
    changed = await mappings.change(call.parts, call.who, destination, mapping, **changes)
    return OneSubscription(subscription=_shown(call, destination, changed))


async def remove(call: Call[Nothing, Nothing]) -> Success:
    """Delete a mapping; what of it waits for a retry is discarded."""
    destination = _destination(call)
    await mappings.delete(call.parts, call.who, destination, ids.mapping(destination, call.path["id"]))
    return Success()


def _destination(call: Call[Any, Any]) -> records.Destination:
    return ids.destination(call.parts, call.path["destinationId"])


def _shown(call: Call[Any, Any], destination: records.Destination, mapping: records.Mapping) -> Subscription:
    written = mapping.config.fields if mapping.config else mapping.fields
    return Subscription(
        id=str(mapping.id),
        name=mapping.name,
        action_id=mapping.action,
        action_slug=mapping.action,
        destination_id=str(destination.id),
        enabled=mapping.enabled,
        settings=fit_to_show.fields(
            call.parts.catalog, ids.definition_slug(call.parts, destination), mapping.action, written
        ),
        trigger=mapping.trigger,
    )


_all = "/destinations/{destinationId}/subscriptions"

OPERATIONS: tuple[Row, ...] = (
    Operation("listSubscriptionsFromDestination", "GET", _all, "read", listed, Subscriptions, Paged, versions=ALPHA),
    Operation(
        "createDestinationSubscription", "POST", _all, "write", create, CreatedSubscription, body=CreateSubscription,
        versions=ALPHA,
    ),
    Operation(
        "getSubscriptionFromDestination", "GET", _all + "/{id}", "read", get, OneSubscription, versions=ALPHA
    ),
    Operation(
        "updateSubscriptionForDestination", "PATCH", _all + "/{id}", "write", update, OneSubscription,
        body=UpdateSubscription, versions=ALPHA,
    ),
    Operation(
        "removeSubscriptionFromDestination", "DELETE", _all + "/{id}", "write", remove, Success, versions=ALPHA
    ),
)  # fmt: skip
