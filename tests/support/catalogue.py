"""Compares a definition with the catalogue: ids, settings, actions, field keys and their rules, defaults, presets.

A plugin's test is no more than this:

    def test_the_definition_is_the_catalogues() -> None:
        assert catalogue.differences(acme) == []

Labels and descriptions are a plugin's own words and not compared. ``differences`` skips where ../shared is not there.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from actionsd.sdk import UNSET, Action, Definition
from actionsd.sdk.fields import Whens
from actionsd.sdk.payload import FieldShape, shape

CATALOGUE = Path(__file__).parents[3] / "shared" / "destinations" / "catalog.json"
_META = {"format": "format", "minimum": "minimum", "maximum": "maximum", "dynamic": "dynamic", "category": "category",
         "unsafe_hidden": "hidden", "readOnly": "read_only", "defaultObjectUI": "object_editor"}  # fmt: skip


def differences(definition: Definition[Any], *, browser_presets: tuple[str, ...] = ()) -> list[str]:
    """A line for everything that is not as the catalogue has it.

    Args:
        definition: what the plugin offers.
        browser_presets: names of presets left out because their action runs in browsers only.
    """
    if not CATALOGUE.exists():
        pytest.skip(f"no catalogue at {CATALOGUE}")
    entry = next(item for item in json.loads(CATALOGUE.read_text())["destinations"] if item["slug"] == definition.slug)
    return list(_differences(definition, entry, browser_presets))


def _differences(definition: Definition[Any], entry: Any, browser_presets: tuple[str, ...]) -> Iterator[str]:
    authentication = entry["authentication"] or {}
    wanted = {"id": entry["id"], "name": entry["name"], "onDelete": entry["hasOnDelete"],
              "scheme": authentication.get("scheme"), "test": authentication.get("hasTestAuthentication"),
              "refresh": authentication.get("hasRefreshAccessToken")}  # fmt: skip
    yield from _unequal("definition", wanted, {
        "id": definition.id, "name": definition.name, "onDelete": definition.on_delete is not None,
        "scheme": definition.scheme if authentication else None, "test": definition.test_authentication is not None,
        "refresh": definition.refresh is not None,
    })  # fmt: skip
    yield from _fields("settings", authentication.get("settings") or {}, shape(definition.settings))
    yield from _missing("actions", entry["actions"], definition.actions)
    for slug in entry["actions"].keys() & definition.actions.keys():
        yield from _action(definition.actions[slug], entry["actions"][slug])
    yield from _presets(definition, entry["presets"], browser_presets)


def _action(action: Action[Any, Any], entry: Any) -> Iterator[str]:
    wanted = {"title": entry["title"], "trigger": _trigger(entry.get("defaultSubscription", "")),
              "batch": entry["hasBatch"], "choices": sorted(entry.get("dynamicFieldHandlers", []))}  # fmt: skip
    yield from _unequal(action.slug, wanted, {
        "title": action.title, "trigger": _trigger(action.trigger), "batch": action.perform_batch is not None,
        "choices": sorted({key.partition(".")[0] for key in action.choices}),
    })  # fmt: skip
    yield from _fields(action.slug, entry["fields"], shape(action.payload))


def _presets(definition: Definition[Any], presets: list[Any], left_out: tuple[str, ...]) -> Iterator[str]:
    ours = {preset.name: preset for preset in definition.presets}
    theirs = {preset["name"]: preset for preset in presets if preset["name"] not in left_out}
    yield from _missing("presets", theirs, ours)
    for name in theirs.keys() & ours.keys():
        entry, preset = theirs[name], ours[name]
        defaults = definition.actions[preset.action].default_mapping
        kept = {key: value for key, value in defaults.items() if key not in entry.get("mappingWithoutDefaults", [])}
        wanted = {"action": entry["partnerAction"], "trigger": _trigger(entry.get("subscribe", "")),
                  "type": entry["type"], "event": entry.get("eventSlug", ""),
                  "fields": entry.get("mapping", kept | entry.get("mappingOverDefaults", {}))}  # fmt: skip
        yield from _unequal(f"preset {name}", wanted, {
            "action": preset.action, "trigger": _trigger(preset.trigger), "type": preset.type,
            "event": preset.event_slug, "fields": defaults if preset.mapping is None else dict(preset.mapping),
        })  # fmt: skip


def _trigger(text: str) -> str:
    """FQL on one line: how it is broken into lines means nothing."""
    return " ".join(text.split())


def _fields(where: str, wanted: Mapping[str, Any], fields: tuple[FieldShape, ...]) -> Iterator[str]:
    ours = {item.key: item for item in fields}
    yield from _missing(where, wanted, ours)
    for key in wanted.keys() & ours.keys():
        spec, item = wanted[key], ours[key]
        yield from _fields(f"{where}.{key}", spec.get("properties") or {}, shape(item.struct) if item.struct else ())
        yield from _unequal(f"{where}.{key}", _wanted(spec), _form(item))


def _form(item: FieldShape) -> dict[str, Any]:
    """One field in the catalogue's words."""
    form: dict[str, Any] = {"type": item.kind, "multiple": item.multiple, "allowNull": item.allow_null,
                            "additionalProperties": item.additional}  # fmt: skip
    form |= {theirs: getattr(item.meta, ours) for theirs, ours in _META.items()}
    form["disabledInputMethods"] = list(item.meta.disabled_input_methods)
    form["choices"] = [choice.value for choice in item.choices]
    form["required"] = item.required or (_conditions(item.conditions) if item.conditions else False)
    return form if item.meta.default is UNSET else form | {"default": item.meta.default}


def _wanted(spec: Mapping[str, Any]) -> dict[str, Any]:
    """A field of the catalogue with its conditions as ours are compared; what only the form shows is left out."""
    form = {name: value for name, value in spec.items() if name not in ("properties", "depends_on")}
    if not spec.get("properties"):
        form.pop("additionalProperties", None)  # an object without declared properties keeps everything
    if isinstance(spec.get("required"), Mapping):
        form["required"] = [
            (part.get("fieldKey", part.get("type")), part["operator"], _value(part))
            for part in spec["required"]["conditions"]
        ]
    return form


def _conditions(whens: Whens) -> list[tuple[str, str, Any]]:
    return [(when.key, when.operator, None if when.value is UNSET else when.value) for when in whens.conditions]


def _value(condition: Mapping[str, Any]) -> Any:
    value = condition.get("value")
    return None if value == {"$undefined": True} else value


def _missing(where: str, wanted: Mapping[str, Any], ours: Mapping[str, Any]) -> Iterator[str]:
    for key in wanted.keys() - ours.keys():
        yield f"{where}: {key} is missing"
    for key in ours.keys() - wanted.keys():
        yield f"{where}: {key} is not in the catalogue"


def _unequal(where: str, wanted: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[str]:
    """A line for every name whose values differ; what is false, empty or absent is alike."""
    for name in sorted(wanted.keys() | found.keys()):
        want, got = wanted.get(name), found.get(name)
        if want != got and (want or got or name == "default"):
            yield f"{where}: {name} is {got!r}, expected {want!r}"
