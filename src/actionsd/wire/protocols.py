"""Tracking plans, what sources let in, transformations. Rules, settings and edits are in the Public API's form."""

from datetime import datetime
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from actionsd.wire.base import Wire


class PlanStatus(Wire, frozen=True, kw_only=True):
    """A tracking plan, how many rules it has and the sources that follow it."""

    slug: str
    name: str
    type: str
    rules: int
    sources: list[str]
    updated_at: datetime


class PlanDetail(Wire, frozen=True, kw_only=True):
    """A tracking plan with its rules (``type``, ``key``, ``version``, ``jsonSchema``)."""

    slug: str
    name: str
    description: str
    type: str
    rules: list[dict[str, Any]]
    sources: list[str]


class PlanCreate(Wire, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A tracking plan that is wanted; without a slug it gets one from its name."""

    name: str
    slug: str = ""
    description: str = ""
    type: str = "LIVE"
    rules: list[dict[str, Any]] = []


class Follower(Wire, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The slug of a source that is to follow a plan, or no more."""

    source: str


class SourceSchema(Wire, frozen=True, kw_only=True):
    """What a source lets in: its tracking plan, the settings for it, and its schema filters; which sources get
    violations and blocked events, "" for none."""

    source: str
    plan: str
    violations_to: str
    blocked_to: str
    settings: dict[str, Any]
    filters: dict[str, Any]


class SchemaChange(Wire, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to change; what is left out stays, in the objects as well."""

    settings: dict[str, Any] | UnsetType = UNSET
    filters: dict[str, Any] | UnsetType = UNSET
    violations_to: str | UnsetType = UNSET
    blocked_to: str | UnsetType = UNSET


class TransformationDetail(Wire, frozen=True, kw_only=True):
    """A transformation; ``definition`` is "" where it acts on all events of its source. Secrets are masked."""

    id: int
    name: str
    source: str
    definition: str
    enabled: bool
    condition: str = msgspec.field(name="if")
    edits: dict[str, Any]


class TransformationCreate(Wire, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A transformation that is wanted; ``definition`` by slug, name or id of the catalogue."""

    name: str
    source: str
    condition: str = msgspec.field(name="if")
    edits: dict[str, Any]
    definition: str = ""
    enabled: bool = True
