"""What the catalogue tells of kinds of sources and of definitions, all read from the definitions themselves."""

import functools
import re
from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from actionsd.admin.publicapi import kinds
from actionsd.admin.publicapi.operation import Shape
from actionsd.operate.parts import Parts
from actionsd.sdk import Action, Definition, Preset
from actionsd.sdk.payload import FieldShape, shape

_METHODS = {"page": "pageview", "screen": "pageview", "identify": "identify", "alias": "alias", "track": "track",
            "group": "group"}  # fmt: skip
_TYPE = re.compile(r"""type\s*=\s*["'](\w+)["']""")


class Logos(Shape, frozen=True, kw_only=True):
    """Pictures; nothing here has any."""

    default: str = ""


class Option(Shape, frozen=True, kw_only=True):
    """A setting."""

    name: str
    type: str
    required: bool
    description: str | UnsetType = UNSET
    default_value: Any = UNSET
    label: str | UnsetType = UNSET


class SourceMetadata(Shape, frozen=True, kw_only=True):
    """A kind of source."""

    id: str
    name: str
    slug: str
    description: str
    logos: Logos
    options: list[Option]
    categories: list[str]
    is_cloud_event_source: bool


class Component(Shape, frozen=True, kw_only=True):
    """Where the code is: the package."""

    type: Literal["ANDROID", "BROWSER", "IOS", "SERVER"]
    code: str


class Features(Shape, frozen=True, kw_only=True):
    """What a source may have of it."""

    cloud_mode_instances: Literal["0", "1", "MULTIPLE", "NONE", "SINGLE"]
    device_mode_instances: Literal["0", "1", "NONE", "SINGLE"]
    replay: bool
    browser_unbundling: bool
    browser_unbundling_public: bool


class Methods(Shape, frozen=True, kw_only=True):
    """Types of events that its actions are made for, as far as their triggers tell."""

    pageview: bool
    identify: bool
    alias: bool
    track: bool
    group: bool


class Platforms(Shape, frozen=True, kw_only=True):
    """Where events may come from."""

    browser: bool
    server: bool
    mobile: bool
    warehouse: bool
    cloud_app_object: bool


class ActionField(Shape, frozen=True, kw_only=True):
    """A field of an action."""

    id: str
    sort_order: int
    field_key: str
    label: str
    type: Literal["BOOLEAN", "DATETIME", "HIDDEN", "INTEGER", "NUMBER", "OBJECT", "PASSWORD", "STRING", "TEXT"]
    description: str
    placeholder: str | UnsetType = UNSET
    default_value: Any = UNSET
    required: bool
    multiple: bool
    choices: Any
    dynamic: bool
    allow_null: bool


class ActionMetadata(Shape, frozen=True, kw_only=True):
    """An action; its id is its slug."""

    id: str
    slug: str
    name: str
    description: str
    platform: Literal["CLOUD", "MOBILE", "WEB"]
    hidden: bool
    default_trigger: str | None
    fields: list[ActionField]


class PresetMetadata(Shape, frozen=True, kw_only=True):
    """A mapping that is offered ready-made."""

    action_id: str
    name: str
    fields: dict[str, Any]
    trigger: str


class DestinationMetadata(Shape, frozen=True, kw_only=True):
    """A definition."""

    id: str
    name: str
    description: str
    slug: str
    logos: Logos
    options: list[Option]
    status: Literal[
        "DEPRECATED", "PRIVATE_BETA", "PRIVATE_BUILDING", "PRIVATE_SUBMITTED", "PUBLIC", "PUBLIC_BETA", "UNAVAILABLE"
    ]
    previous_names: list[str]
    categories: list[str]
    website: str
    components: list[Component]
    supported_features: Features
    supported_methods: Methods
    supported_platforms: Platforms
    actions: list[ActionMetadata]
    presets: list[PresetMetadata]
    partner_owned: bool


def of_kind(kind: kinds.SourceKind) -> SourceMetadata:
    """The metadata of a kind of source."""
    return SourceMetadata(
        id=kind.id,
        name=kind.name,
        slug=kind.slug,
        description=kind.description,
        logos=Logos(),
        options=[],
        categories=[kind.category],
        is_cloud_event_source=False,
    )


def of_slug(parts: Parts, definition: str) -> DestinationMetadata:
    """The metadata of a destination's definition; where that is not installed (any more), of an unavailable one."""
    try:
        return of_definition(parts, parts.catalog.find(definition))
    except LookupError:
        return _metadata(definition, definition, definition, "no plugin that offers it is installed", "UNAVAILABLE")


def of_definition(parts: Parts, definition: Definition[Any]) -> DestinationMetadata:
    """The metadata of a definition."""
    plugin = parts.catalog.plugin_of(definition.slug)
    component = Component(type="SERVER", code=f"{plugin.package} {plugin.version}")
    return msgspec.structs.replace(_of(definition), components=[component])


@functools.lru_cache(512)
def _of(definition: Definition[Any]) -> DestinationMetadata:
    triggers = [*(action.trigger for action in definition.actions.values()), *(p.trigger for p in definition.presets)]
    made_for = {_METHODS.get(type) for trigger in triggers for type in _TYPE.findall(trigger)}
    known = {name: not made_for or name in made_for for name in _METHODS.values()}
    return msgspec.structs.replace(
        _metadata(definition.id, definition.slug, definition.name, definition.description, "PUBLIC"),
        options=_options(definition),
        categories=list(definition.categories),
        supported_methods=Methods(**known),
        actions=[_action(action) for action in definition.actions.values()],
        presets=[_preset(definition, preset) for preset in definition.presets],
    )


def _metadata(
    id: str, slug: str, name: str, description: str, status: Literal["PUBLIC", "UNAVAILABLE"]
) -> DestinationMetadata:
    return DestinationMetadata(
        id=id,
        name=name,
        description=description,
        slug=slug,
        logos=Logos(),
        options=[],
        status=status,
        previous_names=[],
        categories=[],
        website="",
        components=[],
        supported_features=Features(
            cloud_mode_instances="MULTIPLE",
            device_mode_instances="NONE",
            replay=True,
            browser_unbundling=False,
            browser_unbundling_public=False,
        ),
        supported_methods=Methods(pageview=True, identify=True, alias=True, track=True, group=True),
        supported_platforms=Platforms(browser=True, server=True, mobile=True, warehouse=False, cloud_app_object=False),
        actions=[],
        presets=[],
        partner_owned=False,
    )


def _options(definition: Definition[Any]) -> list[Option]:
    defaults = {info.encode_name: info.default for info in msgspec.structs.fields(definition.settings)}
    return [
        Option(
            name=field.key,
            type=field.kind,
            required=field.required,
            description=field.meta.description,
            default_value=_given(defaults[field.key]),
            label=field.meta.label,
        )
        for field in shape(definition.settings)
    ]


def _given(default: Any) -> Any:
    return UNSET if default is msgspec.NODEFAULT or default is None else default


def _action(action: Action[Any, Any]) -> ActionMetadata:
    return ActionMetadata(
        id=action.slug,
        slug=action.slug,
        name=action.title,
        description=action.description,
        platform="CLOUD",
        hidden=action.hidden,
        default_trigger=action.trigger or None,
        fields=[_field(action.slug, order, field) for order, field in enumerate(shape(action.payload))],
    )


def _field(action: str, order: int, field: FieldShape) -> ActionField:
    type: Any = field.kind.upper()
    return ActionField(
        id=f"{action}.{field.key}",
        sort_order=order,
        field_key=field.key,
        label=field.meta.label,
        type=type,
        description=field.meta.description,
        placeholder=field.meta.placeholder or UNSET,
        default_value=field.meta.default,
        required=field.required,
        multiple=field.multiple,
        choices=[{"label": choice.label, "value": choice.value} for choice in field.choices] or None,
        dynamic=field.meta.dynamic,
        allow_null=field.allow_null,
    )


def _preset(definition: Definition[Any], preset: Preset) -> PresetMetadata:
    action = definition.actions[preset.action]
    return PresetMetadata(
        action_id=action.slug,
        name=preset.name,
        fields=action.default_mapping if preset.mapping is None else dict(preset.mapping),
        trigger=preset.trigger or action.trigger,
    )
