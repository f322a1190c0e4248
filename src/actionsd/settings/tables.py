"""The tables of actionsd.toml. Each field is annotated with the function that reads it; without default it is required.

The sample file in the project's root is the manual of these keys.
"""

from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from actionsd.settings import readers as read

_kilobyte = 1024
_megabyte = 1024 * 1024
_minute, _hour, _day = 60.0, 3600.0, 86400.0

Text = Annotated[str, read.text]
Slug = Annotated[str, read.slug]
Flag = Annotated[bool, read.flag]
Whole = Annotated[int, read.whole]
Duration = Annotated[float, read.duration]
Size = Annotated[int, read.size]
Addresses = Annotated[tuple[read.Address, ...], read.many(read.address)]
Texts = Annotated[tuple[str, ...], read.many(read.text)]
OptionalDuration = Annotated[float | None, read.duration]
OptionalRate = Annotated[float | None, read.rate]
Object = Annotated[dict[str, Any], read.json_object]


class LabelDecl(read.Table, frozen=True, kw_only=True):
    """A pair that people sort sources and destinations by."""

    key: Text
    value: Text
    description: Annotated[str, read.any_text] = ""


Labels = Annotated[tuple[LabelDecl, ...], read.many(read.table(LabelDecl))]


class Ingest(read.Table, frozen=True, kw_only=True):
    """How events come in. Limits of FEATURES part 2.3; ``rate_limit`` is events a second over all sources."""

    listen: Addresses = ()
    stream: Addresses = ()
    strict_keys: Flag = False
    max_event: Size = 32 * _kilobyte
    max_batch: Size = 500 * _kilobyte
    max_items: Whole = 2500
    dedup_window: Duration = _day
    queue_bytes: Size = 64 * _megabyte
    rate_limit: OptionalRate = None
    trusted_proxies: Annotated[tuple[str, ...], read.many(read.network)] = ()


class Admin(read.Table, frozen=True, kw_only=True):
    """Where the management API listens. ``token`` None: one is made in ``<data_dir>/admin.token``."""

    listen: Addresses = ()
    token: Annotated[str | None, read.text] = None


class Journal(read.Table, frozen=True, kw_only=True):
    """How long events stay, and what the disk must keep free (RULES R6, R12)."""

    retention: Duration = 7 * _day
    max_size: Annotated[int | None, read.size] = None
    synchronous: Annotated[Literal["full", "normal"], read.synchronous] = "full"
    min_free: Size = 256 * _megabyte


class Delivery(read.Table, frozen=True, kw_only=True):
    """How events go out; a destination may set some of it for itself (FEATURES part 7, RULES R4, R16, R32)."""

    retry_window: Duration = 4 * _hour
    retry_base: Duration = 10.0
    retry_cap: Duration = 10 * _minute
    in_flight: Whole = 4096
    checkpoint_interval: Duration = 0.05
    request_timeout: Duration = 10.0
    concurrency: Whole = 32
    batch_linger: Duration = 1.0
    drain_timeout: Duration = 10.0


class SourceDecl(read.Table, frozen=True, kw_only=True):
    """A source that the file declares. All its write keys are valid at once, for rotation (FEATURES F024).
    ``definition`` is its kind in Segment's catalogue of sources, ``settings`` what that kind has, ``labels`` are tables
    of ``key``, ``value`` and ``description``. ``oauth``: whether its events must come with an access token (F011)."""

    slug: Slug
    write_keys: Texts
    name: Text = ""
    enabled: Flag = True
    definition: Text = "http-api"
    settings: Object = msgspec.field(default_factory=dict)
    labels: Labels = ()
    oauth: Annotated[Literal["optional", "required"], read.oauth_rule] = "optional"


class MappingDecl(read.Table, frozen=True, kw_only=True):
    """A mapping that the file declares. ``trigger`` or ``fields`` None: the action's defaults; ``sync_mode`` stands for
    the reserved key (RULES C8)."""

    name: Text
    action: Text
    trigger: Annotated[str | None, read.text] = None
    fields: Annotated[dict[str, Any] | None, read.json_object] = None
    enabled: Flag = True
    sync_mode: Annotated[str | None, read.text] = None


class DestinationDecl(read.Table, frozen=True, kw_only=True):
    """A destination that the file declares; ``source`` and ``definition`` are slugs, ``filters`` tables of ``if`` and
    ``actions``, ``consent`` the categories that must all be granted (FEATURES F043). The limits are None where
    ``[delivery]`` holds."""

    slug: Slug
    source: Slug
    definition: Text
    name: Text = ""
    enabled: Flag = True
    settings: Object = msgspec.field(default_factory=dict)
    consent: Texts = ()
    concurrency: Annotated[int | None, read.whole] = None
    rate_limit: OptionalRate = None
    timeout: OptionalDuration = None
    retry_window: OptionalDuration = None
    labels: Labels = ()
    filters: Annotated[tuple[dict[str, Any], ...], read.many(read.json_object)] = ()
    mappings: Annotated[tuple[MappingDecl, ...], read.many(read.table(MappingDecl))] = ()


class PlanDecl(read.Table, frozen=True, kw_only=True):
    """A tracking plan, in files of config as code; ``rules`` in the Public API's form."""

    slug: Slug
    name: Text = ""
    description: Annotated[str, read.any_text] = ""
    type: Text = "LIVE"
    rules: Annotated[tuple[dict[str, Any], ...], read.many(read.json_object)] = ()


class SchemaDecl(read.Table, frozen=True, kw_only=True):
    """What a source lets in: a tracking plan, the settings for it, schema filters; all are named by slug."""

    source: Slug
    plan: Annotated[str, read.slug] = ""
    settings: Object = msgspec.field(default_factory=dict)
    filters: Object = msgspec.field(default_factory=dict)
    violations_to: Annotated[str, read.slug] = ""
    blocked_to: Annotated[str, read.slug] = ""


Plans = Annotated[tuple[PlanDecl, ...], read.many(read.table(PlanDecl))]
Schemas = Annotated[tuple[SchemaDecl, ...], read.many(read.table(SchemaDecl))]
Transformations = Annotated[tuple[dict[str, Any], ...], read.many(read.json_object)]
Sources = Annotated[tuple[SourceDecl, ...], read.many(read.table(SourceDecl))]
Destinations = Annotated[tuple[DestinationDecl, ...], read.many(read.table(DestinationDecl))]


class Settings(read.Table, frozen=True, kw_only=True):
    """The whole file. ``data_dir`` holds the database, the lock and the sockets that nobody placed elsewhere."""

    data_dir: Annotated[Path, read.path]
    ingest: Annotated[Ingest, read.table(Ingest)] = Ingest()
    admin: Annotated[Admin, read.table(Admin)] = Admin()
    journal: Annotated[Journal, read.table(Journal)] = Journal()
    delivery: Annotated[Delivery, read.table(Delivery)] = Delivery()
    sources: Sources = ()
    destinations: Destinations = ()
