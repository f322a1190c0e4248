r"""Mappings: what of an event is sent to an action, written as JSON in the form that Segment stores.

A mapping is compiled once and then applied to events (FEATURES F100-F122). Compiling checks it and finds every error at
once:

    >>> to_payload = compile_mapping({"id": {"@path": "$.userId"}, "kind": "user"})
    >>> to_payload({"type": "identify", "userId": "u1"})
    {'id': 'u1', 'kind': 'user'}
    >>> compile_mapping({"a": {"@path": 1}, "b": {"@nope": ""}})
    Traceback (most recent call last):
    actionsd.mapping.errors.MappingError: /a/@path should be a string or a mapping directive but it is a number.
    /b has an invalid directive: @nope.

`MappingError.errors` lists path and message of each; the compiled function raises the same class where an event makes
a directive fail. The function is Python made for this mapping; `source` shows it.

# Values

Anything that is no directive stands for itself, at any depth. A part that leads to nothing is left out; null stays.

    >>> compile_mapping({"a": {"b": [1, "x"], "gone": {"@path": "$.nope"}}, "n": None})({})
    {'a': {'b': [1, 'x']}, 'n': None}

A directive is an object with one key that starts with `@`. Next to it only `_metadata` may stand, which is ignored.

# @path

The value at a path: keys with dots between, indexes and other keys in brackets. `$.` in front may be left out, and
nothing at all means the whole event. A key that has a dot in it can't be reached.

    >>> event = {"userId": "u1", "properties": {"products": [{"sku": "s1", "unit price": 5.0}], "note": None}}
    >>> get(event, "properties.products[0].sku"), get(event, "properties.products[0]['unit price']")
    ('s1', 5.0)
    >>> compile_mapping({"@path": "$.properties.products.length"})(event)
    1

Missing gives `UNDEFINED`; null, false, 0 and "" on the way are the result themselves.

    >>> compile_mapping({"@path": "$.properties.nope.deeper"})(event)
    UNDEFINED
    >>> compile_mapping({"@path": "$.properties.note.deeper"})(event) is None
    True

# @template

Text with `{{path}}` in it, here without `$.`. Values print as JavaScript prints them, nothing is escaped.

    >>> compile_mapping({"@template": "{{userId}}: {{properties.products[0].unit price}} EUR{{nope}}"})(event)
    'u1: 5 EUR'
    >>> render("{{a}}|{{b}}|{{c}}", {"a": [1, [None, 2]], "b": {}, "c": True})
    '1,,2|[object Object]|true'

# @if

With `exists`: the then-part where the value is there and not null. With `blank`: where it is, besides, not empty: `""`,
0 and false are. An else-part that is 0, false or "" is nothing.

    >>> either = {"exists": {"@path": "$.userId"}, "then": {"@path": "$.userId"}, "else": "anonymous"}
    >>> compile_mapping({"@if": either})(event), compile_mapping({"@if": either})({})
    ('u1', 'anonymous')
    >>> compile_mapping({"@if": {"blank": {"@path": "$.x"}, "then": "set", "else": "blank"}})({"x": 0})
    'blank'

# @case

    >>> compile_mapping({"@case": {"operator": "upper", "value": {"@path": "$.x"}}})({"x": "straße"})
    'STRASSE'

# @replace

A literal pattern and a replacement of at most 10 characters, `""` if it is missing; a second pair is applied after it.
In the replacement `$&` is what was found, and `$$` a dollar. Numbers and booleans are text here, other values give "".

    >>> once = {"pattern": "a", "replacement": "<$&>", "value": {"@path": "$.x"}}
    >>> compile_mapping({"@replace": once})({"x": "banana"})
    'b<a>n<a>n<a>'
    >>> options = {"pattern": "A", "replacement": "", "ignorecase": True, "global": False, "value": {"@path": "$.x"}}
    >>> compile_mapping({"@replace": options})({"x": "banana"})
    'bnana'
    >>> pairs = {"pattern": "-", "replacement": " ", "pattern2": "_", "replacement2": "", "value": {"@path": "$.x"}}
    >>> compile_mapping({"@replace": pairs})({"x": "a-b_c"})
    'a bc'

# @arrayPath

An array and a shape for its items, whose paths start at the item. A lone object becomes an array of one. Without a
shape, it is a path.

    >>> compile_mapping({"@arrayPath": ["$.properties.products", {"id": {"@path": "$.sku"}}]})(event)
    [{'id': 's1'}]
    >>> compile_mapping({"@arrayPath": ["$.userId"]})(event)
    'u1'

# @merge

Objects as one. `right`: members of later ones win; `left`: of earlier ones.

    >>> objects = [{"a": 1, "b": 1}, {"@path": "$.x"}]
    >>> compile_mapping({"@merge": {"direction": "right", "objects": objects}})({"x": {"b": 2}})
    {'a': 1, 'b': 2}
    >>> compile_mapping({"@merge": {"direction": "left", "objects": objects}})({"x": {"b": 2, "c": 3}})
    {'b': 1, 'c': 3, 'a': 1}

# @transform

A mapping of what another one made: `mapping` sees the result of `apply` in the place of the event.

    >>> steps = {"apply": {"all": {"@template": "{{userId}}/x"}}, "mapping": {"key": {"@path": "$.all"}}}
    >>> compile_mapping({"@transform": steps})(event)
    {'key': 'u1/x'}

# @flatten

    >>> nested = {"a": {"b": [1, {"c": 2}]}}
    >>> compile_mapping({"@flatten": {"separator": "_", "value": {"@path": "$.x"}}})({"x": nested})
    {'a_b_0': 1, 'a_b_1_c': 2}
    >>> compile_mapping({"@flatten": {"separator": ".", "value": {"@path": "$.x"}, "omitArrays": True}})({"x": nested})
    {'a.b': [1, {'c': 2}]}

# @json

    >>> compile_mapping({"@json": {"mode": "encode", "value": {"@path": "$.x"}}})({"x": {"b": 1.0, "10": "é"}})
    '{"10":"é","b":1}'
    >>> compile_mapping({"@json": {"mode": "decode", "value": {"@path": "$.x"}}})({"x": "[1, 2]"})
    [1, 2]

Text that is no JSON is returned as it is.

# @literal

    >>> compile_mapping({"@literal": {"a": "{{x}}"}})({"x": 1})
    {'a': '{{x}}'}

# @excludeWhenNull

Nothing where the value is null, and an object without its null members; arrays are not looked into.

    >>> compile_mapping({"a": {"@excludeWhenNull": {"@path": "$.x"}}})({"x": None})
    {}
    >>> compile_mapping({"@excludeWhenNull": {"@path": "$.x"}})({"x": {"a": None, "b": [None]}})
    {'b': [None]}

# @liquid

A template in the Liquid language of at most 1,000 characters, bounded in time and output. Loops, partials and the
filters on arrays that need them are disabled.

    >>> template = "{% if properties.note %}noted{% else %}{{ userId | append: '!' | upcase }}{% endif %}"
    >>> compile_mapping({"@liquid": template})(event)
    'U1!'

# The whole mapping in a directive

The reserved key `__segment_internal_directive` holds a directive that gets all other fields as its `mapping`.

    >>> rooted = {"__segment_internal_directive": {"@transform": {"apply": {"who": {"@path": "$.userId"}}}}}
    >>> compile_mapping(rooted | {"name": {"@path": "$.who"}})(event)
    {'name': 'u1'}

# Field keys

Where people write fields, dots and indexes in keys make objects and arrays; double quotes make a key literal.

    >>> expand_keys({"info.name": {"@path": "$.name"}, "info.tags[0]": "a", '"user.email"': "b"})
    {'info': {'name': {'@path': '$.name'}, 'tags': ['a']}, 'user.email': 'b'}
"""

from actionsd.mapping.compiler import apply_batch, compile_mapping, source
from actionsd.mapping.errors import MappingError, Problem
from actionsd.mapping.fields import Reserved, expand_keys, field_paths, split_reserved
from actionsd.mapping.functions import FUNCTIONS, Function
from actionsd.mapping.operations import flatten
from actionsd.mapping.paths import get
from actionsd.mapping.templates import render
from actionsd.mapping.validation import validate
from actionsd.sdk.js import UNDEFINED

__all__ = [
    "FUNCTIONS",
    "UNDEFINED",
    "Function",
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
