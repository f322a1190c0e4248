"""Protocols done plainly: deep copies, nothing compiled, one rule at a time. The real one has to agree with it."""

import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from actionsd.fql import FQLError, compile_condition, compile_expression

Json = Any
Path = tuple[str | int, ...]
MISSING = type("Missing", (), {"__deepcopy__": lambda self, memo: self})()


def violations(schema: Mapping[str, Any], value: Json, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Path and keyword of each, for the keywords that the generated schemas have."""
    if "type" in schema and not is_of(value, schema["type"]):
        yield path, "type"
    if "enum" in schema and value not in schema["enum"]:
        yield path, "enum"
    if "minimum" in schema and is_of(value, "number") and value < schema["minimum"]:
        yield path, "minimum"
    if "maxLength" in schema and isinstance(value, str) and len(value) > schema["maxLength"]:
        yield path, "maxLength"
    if isinstance(value, list) and "items" in schema:
        for index, item in enumerate(value):
            yield from violations(schema["items"], item, (*path, index))
    if isinstance(value, dict):
        members = schema.get("properties", {})
        for name in schema.get("required", []):
            if name not in value:
                yield (*path, name), "required"
        for name, member in value.items():
            if name in members:
                yield from violations(members[name], member, (*path, name))
            elif schema.get("additionalProperties") is False:
                yield (*path, name), "additionalProperties"
    for part in schema.get("allOf", []):
        yield from violations(part, value, path)


def is_of(value: Json, kind: str) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return {
        "object": isinstance(value, dict),
        "array": isinstance(value, list),
        "string": isinstance(value, str),
        "boolean": isinstance(value, bool),
        "null": value is None,
        "number": number,
        "integer": number and value == int(value),
    }[kind]


def planned(schemas: Sequence[Mapping[str, Any]], name: str, *, strict: bool) -> list[Mapping[str, Any]] | None:
    """The schemas of a planned member, None for one that is not."""
    schemas = [part for schema in schemas for part in [schema, *schema.get("allOf", [])]]
    named = [schema["properties"][name] for schema in schemas if name in schema.get("properties", {})]
    if named:
        return named
    silent = not any(schema.get("properties") for schema in schemas) and not strict
    return [] if silent or any(schema.get("additionalProperties") is True for schema in schemas) else None


def prune(value: Json, schemas: Sequence[Mapping[str, Any]], *, strict: bool = False) -> None:
    """Takes out what is not planned, in place."""
    if isinstance(value, list):
        flat = [part for schema in schemas for part in [schema, *schema.get("allOf", [])]]
        for item in value:
            prune(item, [part["items"] for part in flat if "items" in part])
    if isinstance(value, dict):
        for name in list(value):
            found = planned(schemas, name, strict=strict)
            if found is None:
                del value[name]
            else:
                prune(value[name], found)


def take_out(event: Json, path: Path) -> None:
    """Deletes the innermost member of an object on the path, below properties or traits, where it is there."""
    while path and isinstance(path[-1], int):
        path = path[:-1]
    if len(path) < 2 or path[0] not in ("properties", "traits"):
        return
    target = event
    for key in path[:-1]:
        if not (isinstance(target, dict) and key in target) and not isinstance(target, list):
            return
        target = target[key]
    if isinstance(target, dict):
        target.pop(path[-1], None)


def enforce(settings: dict[str, Any], filters: dict[str, Any], rules: list[dict[str, Any]], event: Json) -> Any:
    """Event (None where blocked), reason and the set of violations; ``context.protocols`` is not written."""
    event = copy.deepcopy(event)
    kind = event["type"]
    name = event.get("event" if kind == "track" else "name", "")
    if kind in ("track", "page", "screen") and name in filters.get(kind, []):
        return None, "event_setting", set()
    for trait in filters.get(f"{kind}Traits", []):
        event.get("traits", {}).pop(trait, None)
    part = "properties" if kind in ("track", "page", "screen") else "traits"
    own = settings.get(kind, {})
    rule = pick(rules, [(kind.upper(), name), (kind.upper(), None)], event)
    common = pick(rules, [("COMMON", None)], event)
    if rule is None and own.get("allowUnplannedEvents") is False:
        found = set(violations(common, event)) if common else set()
        both = found and own.get("commonEventOnViolations") == "BLOCK"
        return None, "unplanned_and_schema_violation" if both else "unplanned", found
    found = set(violations(rule, event)) if rule else set()
    if found and own.get("allowEventOnViolations") is False:
        return None, "schema_violation", found | (set(violations(common, event)) if common else set())
    if part in event and False in (own.get("allowUnplannedEventProperties"), own.get("allowUnplannedTraits")):
        declared = (rule or {}).get("properties", {}).get(part)
        prune(event[part], [declared] if declared is not None else [], strict=True)
    if False in (own.get("allowPropertiesOnViolations"), own.get("allowTraitsOnViolations")):
        for path, _ in found:
            take_out(event, path)
    second = set(violations(common, event)) if common else set()
    if second and own.get("commonEventOnViolations") == "BLOCK":
        return None, "common_schema_violation", found | second
    if own.get("commonEventOnViolations", "ALLOW").startswith("OMIT"):
        for path, _ in second:
            take_out(event, path)
    return event, "", found | second


def pick(rules: list[dict[str, Any]], wanted: list[tuple[str, str | None]], event: Json) -> Any:
    """The schema of the first wanted (type, key) that has a rule, in the event's version or the oldest."""
    for kind, key in wanted:
        versions = {
            rule["version"]: rule["jsonSchema"] for rule in rules if (rule["type"], rule.get("key")) == (kind, key)
        }
        if versions:
            version = event.get("context", {}).get("protocols", {}).get("event_version")
            asked = version if isinstance(version, int) and not isinstance(version, bool) else None
            return versions[asked] if asked in versions else versions[min(versions)]
    return None


def transform(transformations: list[dict[str, Any]], event: Json) -> Json | None:
    """The event as transformations leave it."""
    original, event = event, copy.deepcopy(event)
    holding = []
    for each in transformations:
        try:
            if each["if"] == "all" or compile_condition(each["if"])(original):
                holding.append(each)
        except FQLError:
            return None
    if any(each.get("drop") for each in holding):
        return None
    for each in holding:
        _apply(each, original, event)
    return event


def _apply(each: dict[str, Any], original: Json, event: Json) -> None:
    def full(path: str) -> list[str]:
        keys = path.split(".")
        if keys[0] in ("properties", "traits", "context") and len(keys) > 1:
            return keys
        return ["properties" if event["type"] in ("track", "page", "screen") else "traits", *keys]

    if each.get("newEventName") and event["type"] == "track":
        event["event"] = each["newEventName"]
    values = [
        (full(rename["newName"]), copy.deepcopy(get(event, full(rename["oldName"]))))
        for rename in each.get("propertyRenames", [])
    ]
    for rename in each.get("propertyRenames", []):
        delete(event, full(rename["oldName"]))
    for value in each.get("propertyValueTransformations", []):
        values += [(full(path), value["propertyValue"]) for path in value["propertyPaths"]]
    for defined in each.get("fqlDefinedProperties", []):
        found = compile_expression(defined["fql"])(original)
        values.append((full(defined["propertyName"]), MISSING if found is None else copy.deepcopy(found)))
    for keys, value in values:
        if value is not MISSING:
            put(event, keys, value)
    if allowed := [full(path) for path in each.get("allowProperties", [])]:
        for root in {keys[0] for keys in allowed}:
            if isinstance(event.get(root), dict):
                keep_only(event[root], [keys[1:] for keys in allowed if keys[0] == root])


def keep_only(value: dict[str, Any], paths: list[list[str]]) -> None:
    """Deletes all members that no path leads to or through."""
    for name in list(value):
        below = [path[1:] for path in paths if path[0] == name]
        if not below:
            del value[name]
        elif [] not in below and isinstance(value[name], dict):
            keep_only(value[name], below)


def get(value: Json, keys: list[str]) -> Json:
    for key in keys:
        if not isinstance(value, dict) or key not in value:
            return MISSING
        value = value[key]
    return value


def delete(value: Json, keys: list[str]) -> None:
    parent = get(value, keys[:-1])
    if isinstance(parent, dict):
        parent.pop(keys[-1], None)


def put(value: Json, keys: list[str], new: Json) -> None:
    """Sets it, unless something on the way is no object; what is missing is made."""
    for count in range(1, len(keys)):
        if not isinstance(get(value, keys[:count]), dict) and get(value, keys[:count]) is not MISSING:
            return
    for key in keys[:-1]:
        value = value.setdefault(key, {})
    value[keys[-1]] = new
