"""Payload types from and to JSON: built from the catalogue's form, rendered as JSON schema."""

import keyword
from collections.abc import Mapping
from types import new_class
from typing import Annotated, Any, cast

import msgspec

from actionsd.sdk import js
from actionsd.sdk.coerce import schema_types
from actionsd.sdk.errors import ContractError
from actionsd.sdk.fields import (
    UNSET,
    Choice,
    DateTime,
    Field,
    Json,
    Number,
    Secret,
    Text,
    UnsetType,
    When,
    Whens,
    field,
)
from actionsd.sdk.payload import FieldShape, Payload, Settings, shape

_TYPES: dict[str, Any] = {
    "string": str, "text": Text, "password": Secret, "number": Number, "integer": int, "boolean": bool,
    "datetime": DateTime, "object": Json,
}  # fmt: skip
_RENAMED = {
    "description": "description", "default": "default", "format": "format", "minimum": "minimum",
    "maximum": "maximum", "dynamic": "dynamic", "placeholder": "placeholder", "category": "category",
    "unsafe_hidden": "hidden", "readOnly": "read_only", "defaultObjectUI": "object_editor",
    "displayMode": "display_mode", "disabledInputMethods": "disabled_input_methods",
}  # fmt: skip
_UNDEFINED = ({"$undefined": True}, js.UNDEFINED, UNSET)


def payload_type(fields: Mapping[str, Mapping[str, Any]], name: str = "Built") -> type[Payload]:
    """A payload type from the catalogue's form: field key to ``{"type", "label", "required", "properties", ...}``.

    A field without a label gets its key, capitalised. Where an object has conditionally required properties, its
    plainly required ones are optional, as upstream (destinations/NOTES.md, "Conditional required").

    Raises:
        ContractError: an unknown type, or a condition with an operator other than ``is`` and ``is_not``.

    Example:
        payload_type({"event": {"type": "string", "required": True}})(event="Signed Up")
    """
    return _build(fields, name, nested=False)


def _build(fields: Mapping[str, Mapping[str, Any]], name: str, *, nested: bool) -> type[Payload]:
    lenient = nested and any(isinstance(spec.get("required"), Mapping) for spec in fields.values())
    annotations: dict[str, Any] = {}
    namespace: dict[str, Any] = {"__annotations__": annotations, "__module__": __name__, "__qualname__": name}
    for index, (key, spec) in enumerate(fields.items()):
        attribute = key if key.isidentifier() and not keyword.iskeyword(key) and key[0] != "_" else f"field_{index}"
        annotations[attribute], default = _annotation(key, spec, name, lenient)
        if default is not msgspec.NODEFAULT:
            namespace[attribute] = field(name=key, default=default)
        elif attribute != key:
            namespace[attribute] = field(name=key)
    return cast("type[Payload]", new_class(name, (Payload,), exec_body=lambda body: body.update(namespace)))


def _annotation(key: str, spec: Mapping[str, Any], owner: str, lenient: bool) -> tuple[Any, Any]:
    """The annotation of one field and its default."""
    kind = str(spec.get("type"))
    if kind not in _TYPES:
        raise ContractError(f"{owner}.{key}: unknown type {kind!r}, expected one of {', '.join(_TYPES)}")
    properties = spec.get("properties")
    struct = _build(properties, f"{owner}.{key}", nested=True) if properties else None
    additional = bool(spec.get("additionalProperties"))
    bare: Any = _TYPES[kind] if struct is None or additional else struct
    hint: Any = list[bare] if spec.get("multiple") else bare  # type: ignore[valid-type,unused-ignore]
    meta = _meta(key, spec, struct if additional else None)
    required = spec.get("required") is True and not lenient
    if spec.get("allowNull"):
        hint = hint | None if required else hint | None | UnsetType
        return Annotated[hint, meta], msgspec.NODEFAULT if required else UNSET
    return (Annotated[hint, meta], msgspec.NODEFAULT) if required else (Annotated[hint | None, meta], None)


def _meta(key: str, spec: Mapping[str, Any], properties: type[Payload] | None) -> Field:
    known = {ours: spec[theirs] for theirs, ours in _RENAMED.items() if theirs in spec}
    required = spec.get("required")
    return Field(
        str(spec.get("label") or key[:1].upper() + key[1:]),
        required=_conditions(required) if isinstance(required, Mapping) else None,
        depends_on=_conditions(spec["depends_on"]) if spec.get("depends_on") else None,
        choices=[_choice(choice) for choice in spec["choices"]] if isinstance(spec.get("choices"), list) else None,
        properties=properties,
        **known,
    )


def _choice(spec: Any) -> Choice:
    if isinstance(spec, Mapping):
        return Choice(spec["value"], str(spec.get("label", spec["value"])), str(spec.get("description", "")))
    return Choice(spec, str(spec))


def _conditions(spec: Mapping[str, Any]) -> Whens:
    conditions = []
    for condition in spec["conditions"]:
        operator = condition["operator"]
        if operator not in ("is", "is_not"):
            raise ContractError(f"Unsupported conditionally required field operator: {operator}")
        value = condition.get("value", UNSET)
        key = condition.get("fieldKey", condition.get("type"))
        conditions.append(When(key, operator, UNSET if value in _UNDEFINED else value))
    return Whens("any" if spec.get("match") == "any" else "all", tuple(conditions))


def json_schema(struct: type[Payload] | type[Settings]) -> dict[str, Any]:
    """The JSON schema (draft 7) of a payload or settings type, as upstream renders it; labels are not in it.

    >>> class Ping(Payload):
    ...     at: Annotated[DateTime, Field("At")]
    >>> json_schema(Ping)["properties"]
    {'at': {'type': ['string', 'number'], 'format': 'date-like'}}
    """
    return _object_schema(shape(struct), additional=False, root=True)


def _object_schema(fields: tuple[FieldShape, ...], *, additional: bool, root: bool) -> dict[str, Any]:
    schema: dict[str, Any] = {
        "type": "object",
        "additionalProperties": additional,
        "properties": {item.key: _field_schema(item) for item in fields},
    }
    if root or not any(item.conditions for item in fields):
        schema["required"] = [item.key for item in fields if item.required]
    branches = _branches(fields) if root else []
    return schema | {"allOf": branches} if branches else schema


def _field_schema(item: FieldShape) -> dict[str, Any]:
    schema: dict[str, Any]
    if item.struct is not None:
        schema = _object_schema(shape(item.struct), additional=item.additional, root=False)
    else:
        types = schema_types(item)
        schema = {"type": types[0] if len(types) == 1 else types}
        schema |= {"enum": _enum(item)} if item.choices else {}
    if item.multiple:
        schema = {"type": "array", "items": schema}
    return schema | _keywords(item)


def _enum(item: FieldShape) -> list[Any]:
    return [choice.value for choice in item.choices] + [None] * ("null" in schema_types(item))


def _keywords(item: FieldShape) -> dict[str, Any]:
    meta = item.meta
    found: dict[str, Any] = {}
    if item.kind == "datetime" or meta.format:
        found["format"] = meta.format or "date-like"
    if meta.default is not UNSET and not isinstance(meta.default, dict | list):
        found["default"] = meta.default
    limits = {"number": ("minimum", "maximum"), "string": ("minLength", "maxLength")}.get(item.kind)
    if limits and not item.multiple:
        found |= {name: limit for name, limit in zip(limits, (meta.minimum, meta.maximum), strict=True) if limit}
    return found


def _branches(fields: tuple[FieldShape, ...]) -> list[dict[str, Any]]:
    """An if/then for each conditional requirement; those of nested objects stand at the root too."""
    branches = []
    for item in fields:
        if item.conditions:
            branches.append({"if": _if(item.conditions), "then": {"required": [item.key]}})
        for child in shape(item.struct) if item.struct is not None and not item.multiple else ():
            if child.conditions:
                then = {"required": [item.key], "properties": {item.key: {"required": [child.key]}}}
                branches.append({"if": _if(child.conditions), "then": then})
    return branches


def _if(whens: Whens) -> dict[str, Any]:
    if len(whens.conditions) == 1:
        return _condition(whens.conditions[0], alone=True)
    parts = [_condition(condition, alone=False) for condition in whens.conditions]
    return {"anyOf" if whens.match == "any" else "allOf": parts}


def _condition(condition: When, *, alone: bool) -> dict[str, Any]:
    parent, _, child = condition.key.partition(".")
    inner = _test(child or parent, condition, alone)
    if not child:
        return inner
    return {"properties": {parent: inner}, "required": [parent]}


def _test(key: str, condition: When, alone: bool) -> dict[str, Any]:
    if condition.value is not UNSET:
        const: dict[str, Any] = {"const": condition.value}
        wanted = const if condition.operator == "is" else {"not": const}
        return {"required": [key], "properties": {key: wanted}}
    if condition.operator == "is_not":
        return {"required": [key], "properties": {key: {"not": {"type": "null"}}}} if alone else {"required": [key]}
    absent: dict[str, Any] = {"not": {"required": [key]}}
    return {"anyOf": [absent, {"properties": {key: {"type": "null"}}}]} if alone else absent
