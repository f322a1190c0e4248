"""All operations of the Public API at one glance: each group brings its own."""

from actionsd.admin.publicapi import (
    absent,
    catalog,
    destinations,
    echo,
    filters,
    overview,
    regulations,
    schemas,
    sources,
    subscriptions,
    trackingplans,
    transformations,
)
from actionsd.admin.publicapi.operation import Row

OPERATIONS: tuple[Row, ...] = (
    *catalog.OPERATIONS,
    *sources.OPERATIONS,
    *schemas.OPERATIONS,
    *destinations.OPERATIONS,
    *subscriptions.OPERATIONS,
    *filters.OPERATIONS,
    *trackingplans.OPERATIONS,
    *transformations.OPERATIONS,
    *overview.OPERATIONS,
    *regulations.OPERATIONS,
    *absent.OPERATIONS,
    *echo.OPERATIONS,
)
