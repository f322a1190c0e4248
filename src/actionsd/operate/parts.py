"""The running parts that an operator's verbs act on, and the names by which people know what the store knows by id."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from actionsd.catalog import Catalog
from actionsd.clock import Clock
from actionsd.delivery.lanes import Lanes
from actionsd.errors import NotFound
from actionsd.ingest import Ingest
from actionsd.observe import Tap
from actionsd.operate.deletions import Deletions
from actionsd.operate.flows import Flows
from actionsd.operate.totals import Rates
from actionsd.sdk import Definition
from actionsd.settings import Settings, did_you_mean
from actionsd.store import Store
from actionsd.store.records import Destination, Mapping, Source, Workspace


class Parts(msgspec.Struct):
    """One daemon while it runs. ``settings`` and the catalog change with a reload, the rest stays.

    ``loop_delay`` tells the worst lateness of a timer in the last minute, in seconds; ``listeners`` where ingest,
    stream and admin really listen; ``started_at`` is in milliseconds since the epoch.
    """

    path: Path
    settings: Settings
    catalog: Catalog
    clock: Clock
    tap: Tap
    store: Store
    lanes: Lanes
    ingest: Ingest
    deletions: Deletions
    started_at: int
    listeners: dict[str, list[str]]
    rates: Rates
    loop_delay: Callable[[], float]
    flows: Flows

    @property
    def workspace(self) -> Workspace:
        return self.store.workspace.current

    def apply(self, workspace: Workspace) -> None:
        """Let events come in and go out by this workspace from now on."""
        self.ingest.apply(workspace)
        self.lanes.apply(workspace)


def definition_of(parts: Parts, destination: Destination) -> Definition[Any] | None:
    """The definition of a destination; None where the file no longer declares it, so that nobody knows which it is."""
    return parts.catalog.find(destination.definition) if destination.definition else None


class Names:
    """Slugs and names of one workspace by id; what was deleted since shows as ``#id``."""

    def __init__(self, workspace: Workspace) -> None:
        self._sources = {source.id: source.slug for source in workspace.sources}
        self._destinations = {destination.id: destination.slug for destination in workspace.destinations}
        self._mappings = {
            mapping.id: mapping.name for destination in workspace.destinations for mapping in destination.mappings
        }

    def source(self, id: int) -> str:
        return _name(self._sources, id)

    def destination(self, id: int) -> str:
        return _name(self._destinations, id)

    def mapping(self, id: int) -> str:
        return _name(self._mappings, id)


def _name(names: dict[int, str], id: int) -> str:
    return names.get(id) or (f"#{id}" if id else "")


def find_source(workspace: Workspace, slug: str) -> Source:
    """The source with this slug.

    Raises:
        NotFound: there is none; the text names the nearest.
    """
    for source in workspace.sources:
        if source.slug == slug:
            return source
    raise NotFound(f'no source "{slug}"{did_you_mean(slug, (source.slug for source in workspace.sources))}')


def find_destination(workspace: Workspace, slug: str) -> Destination:
    """The destination with this slug.

    Raises:
        NotFound: there is none; the text names the nearest.
    """
    for destination in workspace.destinations:
        if destination.slug == slug:
            return destination
    known = (destination.slug for destination in workspace.destinations)
    raise NotFound(f'no destination "{slug}"{did_you_mean(slug, known)}')


def find_mapping(destination: Destination, name: str) -> Mapping:
    """The mapping of a destination with this name.

    Raises:
        NotFound: there is none; the text names the nearest.
    """
    for mapping in destination.mappings:
        if mapping.name == name:
            return mapping
    known = (mapping.name for mapping in destination.mappings)
    raise NotFound(f'{destination.slug} has no mapping "{name}"{did_you_mean(name, known)}')
