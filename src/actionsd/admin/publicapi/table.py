"""All operations of the Public API at one glance: each group brings its own."""

from actionsd.admin.publicapi import absent, catalog, destinations, echo, filters, sources, subscriptions
from actionsd.admin.publicapi.operation import Row

OPERATIONS: tuple[Row, ...] = (
    *catalog.OPERATIONS,
    *sources.OPERATIONS,
    *destinations.OPERATIONS,
    *subscriptions.OPERATIONS,
    *filters.OPERATIONS,
    *absent.OPERATIONS,
    *echo.OPERATIONS,
)
