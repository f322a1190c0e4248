"""Protocols: what a source lets in, and how events are rewritten on their way (FEATURES F148-F156).

`Enforcement` is a source's schema filters, settings and tracking plan as one function of an event (`compile_plan` makes
the plan), `compile_transformations` the transformations of a source or a destination. All of it is pure.
"""

from actionsd.protocols.enforcement import Enforcement, Verdict
from actionsd.protocols.errors import ProtocolsError
from actionsd.protocols.plan import Plan, compile_plan
from actionsd.protocols.settings import SchemaFilters, SchemaSettings, read_filters, read_settings
from actionsd.protocols.transformations import Rewritten, Transformations, compile_transformations
from actionsd.protocols.violations import Violation

__all__ = [
    "Enforcement",
    "Plan",
    "ProtocolsError",
    "Rewritten",
    "SchemaFilters",
    "SchemaSettings",
    "Transformations",
    "Verdict",
    "Violation",
    "compile_plan",
    "compile_transformations",
    "read_filters",
    "read_settings",
]
