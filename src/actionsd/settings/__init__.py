"""actionsd.toml as one frozen struct; the sample file in the project's root is the manual of its keys."""

from actionsd.settings.files import default_path, load, load_listeners, located, resolve
from actionsd.settings.objects import Objects, load_objects, written
from actionsd.settings.readers import Address, Reading, did_you_mean, read_table
from actionsd.settings.tables import (
    Admin,
    Delivery,
    DestinationDecl,
    Ingest,
    Journal,
    LabelDecl,
    MappingDecl,
    PlanDecl,
    SchemaDecl,
    Settings,
    SourceDecl,
)

__all__ = [
    "Address",
    "Admin",
    "Delivery",
    "DestinationDecl",
    "Ingest",
    "Journal",
    "LabelDecl",
    "MappingDecl",
    "Objects",
    "PlanDecl",
    "Reading",
    "SchemaDecl",
    "Settings",
    "SourceDecl",
    "default_path",
    "did_you_mean",
    "load",
    "load_listeners",
    "load_objects",
    "located",
    "read_table",
    "resolve",
    "written",
]
