"""What a plugin offers, for its developer: definitions, default mappings, and what is wrong with the settings.

Run as a module it answers one :class:`Question` from stdin on stdout. It is a process of its own, so that each look
imports the plugin anew; it finds the plugin as the daemon will, by its entry points.
"""

import subprocess
import sys
import traceback
from collections.abc import Iterator, Mapping
from importlib.metadata import distribution
from typing import Any

import msgspec

from actionsd.cli.http import Failed

_reserved = ("batch_size", "batch_keys", "batch_bytes")  # a mapping may have them whatever its action is (RULES C8)

Fields = dict[str, dict[str, Any]]  # by the action's slug


class Question(msgspec.Struct, frozen=True):
    """About the plugin in ``package``: does it work with these ``settings``, and ``fields`` over its default mappings?
    With ``sample``, what is required and missing is made up."""

    package: str
    settings: dict[str, Any]
    fields: Fields
    sample: bool


class Mapped(msgspec.Struct, frozen=True):
    """An action with the mapping that it gets; a ``trigger`` of "" is for an action that has none by default."""

    action: str
    trigger: str
    fields: dict[str, Any]


class Offered(msgspec.Struct, frozen=True):
    """One definition. ``notes`` tell what was made up or left out, ``problems`` why it cannot work."""

    slug: str
    settings: dict[str, Any]
    mappings: list[Mapped]
    notes: list[str]
    problems: list[str]


class Offer(msgspec.Struct, frozen=True):
    """All definitions of the plugin, or the ``error`` that would quarantine it, with its traceback."""

    definitions: list[Offered] = []
    error: str = ""


def ask(question: Question, environment: Mapping[str, str]) -> Offer:
    """The answer, from a Python with that environment.

    Raises:
        Failed: it ended without one.
    """
    program = [sys.executable, "-m", __name__]
    done = subprocess.run(program, input=msgspec.json.encode(question), capture_output=True, env=environment)
    try:
        return msgspec.json.decode(done.stdout, type=Offer)
    except msgspec.DecodeError:
        raise Failed(f"the plugin cannot be loaded:\n{done.stderr.decode(errors='replace').rstrip()}") from None


def answer(question: Question) -> Offer:
    """The answer, found in this process."""
    from actionsd import catalog

    loaded = [plugin for plugin in catalog.load().plugins if plugin.package == question.package]
    broken = next((plugin.error for plugin in loaded if plugin.error), "")
    if broken:
        return Offer(error=_traceback(question.package) or broken)
    return Offer([_offered(made, question) for plugin in loaded for made in plugin.definitions])


def _traceback(package: str) -> str:
    """Why the plugin's module cannot be imported, from its own line on; "" when it can."""
    for point in distribution(package).entry_points.select(group="actionsd"):
        try:
            point.load()
        except Exception as error:
            return "".join(traceback.format_exception(error.with_traceback(_own(error))))
    return ""


def _own(error: Exception) -> Any:
    """The part of a traceback that does not tell how imports work."""
    trace = error.__traceback__
    while trace is not None and ("importlib" in (name := trace.tb_frame.f_code.co_filename) or name == __file__):
        trace = trace.tb_next
    return trace


def _offered(definition: Any, question: Question) -> Offered:
    from actionsd.sdk import PayloadValidationError, validate
    from actionsd.sdk.payload import shape
    from actionsd.testing import sample

    notes: list[str] = []
    settings = dict(question.settings)
    if question.sample:
        required = [item for item in shape(definition.settings) if item.required and item.key not in settings]
        made_up = sample(tuple(required))
        settings |= made_up
        notes += [f"setting {key}: made up, {value!r}" for key, value in made_up.items()]
    try:
        validate(definition.settings, {key: value for key, value in settings.items() if key != "oauth"})
        problems: list[str] = []
    except PayloadValidationError as error:
        problems = [f"settings: {problem} (--set KEY=VALUE)" for problem in error.problems]
    problems += _unknown(definition, question)
    mappings = [mapped for action in definition.actions.values() for mapped in _mapped(action, question, notes)]
    return Offered(definition.slug, settings, mappings, notes, problems)


def _unknown(definition: Any, question: Question) -> Iterator[str]:
    """Actions, fields and settings that were given and do not exist."""
    from actionsd.sdk.payload import shape

    known = {item.key for item in shape(definition.settings)} | {"oauth"}
    yield from (f"settings: there is no {key!r}" for key in question.settings if key not in known)
    for slug, fields in question.fields.items():
        action = definition.actions.get(slug)
        if action is None:
            yield f"--field: there is no action {slug!r}, only {', '.join(definition.actions)}"
            continue
        keys = [item.key for item in shape(action.payload)]
        for key in fields.keys() - {*keys, *_reserved}:
            yield f"--field: {slug} has no field {key!r}, only {', '.join(keys)}"


def _mapped(action: Any, question: Question, notes: list[str]) -> Iterator[Mapped]:
    from actionsd.sdk.payload import shape
    from actionsd.testing import sample

    fields = action.default_mapping | question.fields.get(action.slug, {})
    missing = tuple(item for item in shape(action.payload) if item.required and item.key not in fields)
    for item in missing:
        value = sample((item,))[item.key]
        give = f"--field {action.slug}.{item.key}=VALUE"
        notes.append(
            f"{action.slug}: {item.key} has no default; made up, {value!r} ({give})"
            if question.sample
            else f"{action.slug}: left out, its field {item.key} has no default ({give})"
        )
        fields |= {item.key: value}
    if question.sample or not missing:
        yield Mapped(action.slug, action.trigger, fields)


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(answer(msgspec.json.decode(sys.stdin.buffer.read(), type=Question))))
