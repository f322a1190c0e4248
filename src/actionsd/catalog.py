"""What is installed: definitions found through entry points, each plugin guarded on its own (issue: "Discovery").

A plugin that can't be imported, speaks another contract, misspells a hook or brings a slug that is taken is quarantined
with its error; everything else runs.
"""

import difflib
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType
from typing import Any

import msgspec
import pluggy

from actionsd.sdk import ContractDeprecationWarning, Definition, hooks


class Plugin(msgspec.Struct, frozen=True):
    """One entry point: its name, the package it is from, and what it offers, or the error that quarantines it.
    ``deprecations`` say what a later version of the contract will not have."""

    name: str
    package: str
    version: str
    definitions: tuple[Definition[Any], ...] = ()
    error: str = ""
    deprecations: tuple[str, ...] = ()


class Catalog:
    """All plugins, and the definitions of those that are not quarantined, looked up by slug, name or id (RULES C9)."""

    def __init__(self, plugins: Iterable[Plugin]) -> None:
        self.plugins: tuple[Plugin, ...] = tuple(_without_conflicts(plugins))
        self.definitions = {made.slug: made for plugin in self.plugins for made in plugin.definitions}
        self._by_name = {made.name: made for made in self.definitions.values()}
        self._by_id = {made.id: made for made in self.definitions.values()}

    def find(self, key: str) -> Definition[Any]:
        """The definition with this slug, name, id or Segment's ``definitionSlug`` ("actions-" before the slug).

        Raises:
            LookupError: there is none; the text names the nearest, or the quarantined plugin.
        """
        slug = key.removeprefix("actions-")
        for table in (self.definitions, self._by_name, self._by_id):
            found = table.get(key) or table.get(slug)
            if found is not None:
                return found
        raise LookupError(self._not_found(key))

    def plugin_of(self, slug: str) -> Plugin:
        """The plugin that offers a definition. Raises ``LookupError`` where there is none."""
        for plugin in self.plugins:
            if any(made.slug == slug for made in plugin.definitions):
                return plugin
        raise LookupError(self._not_found(slug))

    def _not_found(self, key: str) -> str:
        broken = next((one for one in self.plugins if one.error and key in (one.name, one.package)), None)
        if broken is not None:
            return f"definition {key!r}: its plugin {broken.package} {broken.version} is quarantined: {broken.error}"
        near = difflib.get_close_matches(key, self.definitions, 1)
        hint = f"; did you mean {near[0]!r}?" if near else f"; installed: {', '.join(self.definitions) or 'none'}"
        return f"no definition {key!r} is installed{hint}"


def load(found: Iterable[EntryPoint] | None = None) -> Catalog:
    """The catalogue of what is installed, or of the entry points given."""
    points = entry_points(group=hooks.ENTRY_POINTS) if found is None else found
    return Catalog(_plugin(point) for point in sorted(points, key=lambda point: point.name))


def _plugin(point: EntryPoint) -> Plugin:
    package, version = (point.dist.name, point.dist.version) if point.dist else (point.module, "")
    try:
        with _deprecations() as deprecations:
            definitions = definitions_of(point.load())
    except (Exception, SystemExit) as error:
        return Plugin(point.name, package, version, error=f"{type(error).__name__}: {error}")
    return Plugin(point.name, package, version, definitions, deprecations=tuple(dict.fromkeys(deprecations)))


@contextmanager
def _deprecations() -> Iterator[list[str]]:
    """Collects the texts of deprecations of the contract; other warnings go where they always go."""
    texts: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ContractDeprecationWarning)
        yield texts
    for warning in caught:
        if issubclass(warning.category, ContractDeprecationWarning):
            texts.append(str(warning.message))
        else:
            warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)


def definitions_of(module: ModuleType) -> tuple[Definition[Any], ...]:
    """The definitions of a plugin module.

    Raises:
        TypeError: the module breaks the contract; the text says how.
    """
    _negotiate(module)
    manager = pluggy.PluginManager("actionsd")
    manager.add_hookspecs(hooks)
    manager.register(module)
    _check_hooks(manager, module)
    offered = [made for made in manager.hook.actionsd_definitions() for made in made]
    for made in offered:
        if not isinstance(made, Definition):
            raise TypeError(f"actionsd_definitions of {module.__name__} returned a {type(made).__name__}")
    if not offered:
        raise TypeError(f"{module.__name__} offers no definitions; is actionsd_definitions marked with @hookimpl?")
    return tuple(offered)


def _negotiate(module: ModuleType) -> None:
    """Whether this daemon speaks the version of the contract that a module is written for (:data:`sdk.CONTRACT`)."""
    contract = getattr(module, "actionsd_contract", None)
    oldest, newest = hooks.OLDEST_CONTRACT, hooks.CONTRACT
    if not isinstance(contract, int) or not oldest <= contract <= newest:
        said = "says nothing" if contract is None else f"says {contract!r}"
        spoken = str(newest) if oldest == newest else f"{oldest} to {newest}"
        raise TypeError(f"actionsd_contract: {module.__name__} {said}, this daemon speaks {spoken} (RULES C7)")
    if contract < newest:
        text = f"{module.__name__} is written for version {contract} of the contract; {newest} is the current one"
        warnings.warn(text, ContractDeprecationWarning, stacklevel=1)


def _check_hooks(manager: pluggy.PluginManager, module: ModuleType) -> None:
    """A hook nobody calls is an error: pluggy would ignore a misspelt one."""
    try:
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        raise TypeError(f"{module.__name__}: {error}") from None


def _without_conflicts(plugins: Iterable[Plugin]) -> Iterable[Plugin]:
    taken: dict[str, str] = {}
    for plugin in plugins:
        clash = next((made.slug for made in plugin.definitions if made.slug in taken), None)
        own = [made.slug for made in plugin.definitions]
        if clash is None and len(set(own)) < len(own):
            clash = next(slug for slug in own if own.count(slug) > 1)
        if clash is None:
            taken |= dict.fromkeys(own, plugin.package)
            yield plugin
        else:
            error = f"the slug {clash!r} is taken by {taken.get(clash, plugin.package)}"
            yield Plugin(plugin.name, plugin.package, plugin.version, error=error)
