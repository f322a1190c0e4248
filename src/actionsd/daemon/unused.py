"""Loads the plugins that no destination uses: no start should wait for them, and no event either.

Each takes the loop some ten milliseconds. Right after a start clients send what they have kept meanwhile, so it is done
when there is nothing better to do.
"""

import logging
from collections.abc import Callable

from actionsd.catalog import Catalog
from actionsd.clock import Clock

log = logging.getLogger(__name__)

look = 0.1  # seconds in which nothing is counted, after which the next is loaded
patience = 5.0  # seconds after which it is loaded all the same


async def load_unused(definitions: Catalog, counted: Callable[[], int], clock: Clock) -> None:
    """Load them one by one, then log which of all are broken. ``counted`` grows with everything that is done."""
    more = True
    while more:
        await _quiet(counted, clock)
        more = definitions.load_next()
    for plugin in definitions.plugins:
        named = (plugin.package, plugin.version)
        if plugin.error:
            log.error("the plugin %s %s is in quarantine: %s", *named, plugin.error)
        for text in plugin.deprecations:
            log.warning("the plugin %s %s uses what will go: %s", *named, text)


async def _quiet(counted: Callable[[], int], clock: Clock) -> None:
    """Return once nothing has happened for a while, or something for too long."""
    until, before = clock.monotonic() + patience, -1
    while counted() != before and clock.monotonic() < until:
        before = counted()
        await clock.sleep(look)
