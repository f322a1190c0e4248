"""What is configured through the API, the console or actionsctl: one frozen struct for each kind of object.

References (``env:NAME``, ``file:PATH``) stay as written; they are resolved when the workspace is put together.
A struct says nothing of its parent: that a mapping belongs to a destination stands in the tables, so slugs may change.
"""

from collections.abc import Mapping as MappingOf
from typing import Any, Literal

import msgspec

Kind = Literal["source", "destination", "mapping", "filter", "schema", "tracking_plan", "rule", "transformation"]
OAuthRule = Literal["optional", "required"]
"""Whether the write key alone opens a source, or only together with an access token (FEATURES F011)."""

Verb = Literal["created", "changed", "deleted", "restored"]


class Label(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A pair that people sort sources and destinations by (Public API, ``LabelV1``)."""

    key: str
    value: str
    description: str = ""


class SourceConfig(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A source. ``definition`` is its kind in Segment's catalogue of sources, ``settings`` what that kind has."""

    slug: str
    name: str = ""
    write_keys: tuple[str, ...] = ()
    enabled: bool = True
    definition: str = "http-api"
    settings: dict[str, Any] = {}
    labels: tuple[Label, ...] = ()
    oauth: OAuthRule = "optional"


class DestinationConfig(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A destination without its mappings and filters. The limits are None where ``[delivery]`` holds; durations are
    seconds."""

    slug: str
    definition: str
    name: str = ""
    enabled: bool = True
    settings: dict[str, Any] = {}
    consent: tuple[str, ...] = ()
    concurrency: int | None = None
    rate_limit: float | None = None
    timeout: float | None = None
    retry_window: float | None = None
    labels: tuple[Label, ...] = ()

    def __repr__(self) -> str:
        return f"<DestinationConfig {self.slug}>"  # settings may be secret (I6)


class MappingConfig(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A mapping. ``fields`` are complete, reserved keys included (RULES C8); ``rank`` orders those of a destination."""

    name: str
    action: str
    trigger: str
    fields: dict[str, Any] = {}
    enabled: bool = False
    rank: int = 0

    def __repr__(self) -> str:
        return f"<MappingConfig {self.name}>"  # fields may be secret (I6)


class FilterConfig(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A destination filter: FQL in ``condition``, and ``actions`` in the Public API's form (FEATURES F234)."""

    title: str
    condition: str = msgspec.field(name="if")
    actions: tuple[dict[str, Any], ...] = ()
    enabled: bool = True
    description: str = ""


class SchemaConfig(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a source lets in. ``settings`` and ``filters`` are the JSON of :mod:`actionsd.protocols.settings`, without
    where things are forwarded to; ``plan`` is the id of a tracking plan, the last two are ids of sources, 0: none."""

    settings: dict[str, Any] = {}
    filters: dict[str, Any] = {}
    plan: int = 0
    violations_to: int = 0
    blocked_to: int = 0


class PlanConfig(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A tracking plan without its rules; ``type`` as the Public API has it."""

    slug: str
    name: str
    description: str = ""
    type: str = "LIVE"


class RuleConfig(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A rule of a tracking plan: a JSON schema for the events of one type and name; ``key`` "" for those that need
    none."""

    type: str
    key: str = ""
    version: int
    schema: dict[str, Any]


class TransformationConfig(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A transformation: FQL in ``condition``; ``edits`` in the Public API's form (FEATURES F154). It acts on all events
    of its source, or with a ``definition`` (its slug) only on their way to the destinations made from that."""

    name: str
    condition: str = msgspec.field(name="if")
    edits: dict[str, Any] = {}
    definition: str = ""
    enabled: bool = True

    def __repr__(self) -> str:
        return f"<TransformationConfig {self.name}>"  # the key of hashes is secret (I6)


Config = (
    SourceConfig
    | DestinationConfig
    | MappingConfig
    | FilterConfig
    | SchemaConfig
    | PlanConfig
    | RuleConfig
    | TransformationConfig
)

TYPES: MappingOf[str, type[Config]] = {
    "source": SourceConfig,
    "destination": DestinationConfig,
    "mapping": MappingConfig,
    "filter": FilterConfig,
    "schema": SchemaConfig,
    "tracking_plan": PlanConfig,
    "rule": RuleConfig,
    "transformation": TransformationConfig,
}
KINDS: MappingOf[type, Kind] = {
    SourceConfig: "source",
    DestinationConfig: "destination",
    MappingConfig: "mapping",
    FilterConfig: "filter",
    SchemaConfig: "schema",
    PlanConfig: "tracking_plan",
    RuleConfig: "rule",
    TransformationConfig: "transformation",
}
SEALED = frozenset({"destination", "mapping", "transformation"})  # kinds whose values may be secret


class Put(msgspec.Struct, frozen=True, kw_only=True):
    """Make an object, or with ``id`` give it another config. ``parent`` is needed for a new one: the source of a
    destination or transformation, the destination of a mapping or filter, the plan of a rule, by id or, also where it
    is made in the same call, by slug; a transformation may get another. A schema has the ``id`` of its source, or that
    as its parent; ``names`` are the slugs of what it refers to, for what is made in the same call. ``restored``: one
    that was deleted may come back under its id."""

    config: Config
    id: int = 0
    parent: int | str = 0
    restored: bool = False
    names: MappingOf[str, str] = {}


class Delete(msgspec.Struct, frozen=True, kw_only=True):
    """Delete an object and what belongs to it."""

    kind: Kind
    id: int


Change = Put | Delete


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the history: ``who`` did ``verb`` to an object ``at`` (milliseconds), which made it ``version``.
    ``config`` is what it was from then on, or, when it was deleted, at last; ``batch`` is the same for all that one
    call changed."""

    id: int
    batch: int
    at: int
    who: str
    kind: Kind
    object: int
    parent: int
    version: int
    verb: Verb
    config: Config
