"""Mappings."""

from actionsd.mapping.compiler import apply_batch, compile_mapping, source
from actionsd.mapping.errors import MappingError, Problem
from actionsd.mapping.fields import Reserved, expand_keys, field_paths, split_reserved
from actionsd.mapping.operations import flatten
from actionsd.mapping.paths import get
from actionsd.mapping.templates import render
from actionsd.mapping.validation import validate
from actionsd.sdk.js import UNDEFINED

__all__ = [
    "UNDEFINED",
    "MappingError",
    "Problem",
    "Reserved",
    "apply_batch",
    "compile_mapping",
    "expand_keys",
    "field_paths",
    "flatten",
    "get",
    "render",
    "source",
    "split_reserved",
    "validate",
]
