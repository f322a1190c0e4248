"""The functions that Segment's product names, each with the directive behind it and an example."""

from typing import Any

import msgspec


class Function(msgspec.Struct, frozen=True):
    """One function of a mapping's fields. Compiling `mapping` and applying it to `event` gives `output`."""

    name: str
    """As Segment's product and documentation call it."""
    directive: str
    """What a mapping writes for it; `value` for a static value, which needs no directive."""
    meaning: str
    mapping: Any
    event: Any
    output: Any


FUNCTIONS: tuple[Function, ...] = (
    Function("String", "value", "A static text.", "free", {}, "free"),
    Function("Boolean", "value", "A static true or false.", True, {}, True),
    Function("Number", "value", "A static number.", 9.5, {}, 9.5),
    Function("Null", "value", "A static null, which is sent as null.", None, {}, None),
    Function(
        "Event variable", "@path", "The value at a path of the event; the field is left out where there is none.",
        {"@path": "$.traits.email"}, {"traits": {"email": "a@b.co"}}, "a@b.co",
    ),
    Function(
        "Concatenate", "@template", "Text with values of the event in it.",
        {"@template": "{{traits.first}} {{traits.last}}"}, {"traits": {"first": "Ada", "last": "L."}}, "Ada L.",
    ),
    Function(
        "Coalesce", "@if", "A value, or another one where it is missing or null (`exists`) or empty (`blank`).",
        {"@if": {"exists": {"@path": "$.userId"}, "then": {"@path": "$.userId"}, "else": {"@path": "$.anonymousId"}}},
        {"anonymousId": "a-1"}, "a-1",
    ),
    Function(
        "Case", "@case", "Text in lower or upper case.",
        {"@case": {"operator": "lower", "value": {"@path": "$.email"}}}, {"email": "A@B.co"}, "a@b.co",
    ),
    Function(
        "Replace", "@replace", "Text with one or two pieces replaced, everywhere or only first, in any case if told.",
        {"@replace": {"pattern": "-", "replacement": "", "value": {"@path": "$.phone"}}}, {"phone": "555-01-02"},
        "5550102",
    ),
    Function(
        "Flatten", "@flatten", "An object's nested members as one level of members.",
        {"@flatten": {"separator": ".", "value": {"@path": "$.cart"}}}, {"cart": {"total": {"eur": 5}}},
        {"total.eur": 5},
    ),
    Function(
        "JSON", "@json", "A value as JSON text (`encode`), or the value of JSON text (`decode`).",
        {"@json": {"mode": "encode", "value": {"@path": "$.tags"}}}, {"tags": ["a", 1.0]}, '["a",1]',
    ),
    Function(
        "Array mapping", "@arrayPath", "An array with each item shaped anew; a lone object counts as one item.",
        {"@arrayPath": ["$.products", {"id": {"@path": "$.sku"}}]}, {"products": [{"sku": "s1"}, {"sku": "s2"}]},
        [{"id": "s1"}, {"id": "s2"}],
    ),
    Function(
        "Merge", "@merge", "Several objects as one; the first (`left`) or the last (`right`) wins.",
        {"@merge": {"objects": [{"plan": "free"}, {"@path": "$.traits"}], "direction": "right"}},
        {"traits": {"plan": "pro"}}, {"plan": "pro"},
    ),
    Function(
        "Transform", "@transform", "A mapping of what another mapping made.",
        {"@transform": {"apply": {"name": {"@path": "$.event"}}, "mapping": {"label": {"@path": "$.name"}}}},
        {"event": "Signed Up"}, {"label": "Signed Up"},
    ),
    Function(
        "Exclude when null", "@excludeWhenNull", "A value that is left out where it is null, also inside objects.",
        {"@excludeWhenNull": {"a": {"@path": "$.a"}, "b": {"@path": "$.b"}}}, {"a": None, "b": 1}, {"b": 1},
    ),
    Function("Literal", "@literal", "A value that is not looked at as text.", {"@literal": "{{x}}"}, {}, "{{x}}"),
    Function(
        "Liquid", "@liquid", "A template in the Liquid language, with conditions and filters.",
        {"@liquid": "{% if traits.vip %}VIP {% endif %}{{ traits.name | upcase }}"},
        {"traits": {"vip": True, "name": "Ada"}}, "VIP ADA",
    ),
)  # fmt: skip
"""Every function, the static values first."""
