"""What is installed: definitions found through entry points, each plugin guarded on its own (issue: "Discovery").

A plugin that can't be imported, speaks another contract, misspells a hook or brings a slug that is taken is quarantined
with its error; everything else runs.
"""

import difflib
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
    """All plugins, and the definitions of those that are not quarantined, looked up by slug, name or id (RULES C9).

    Entry points are loaded when they are asked for: for a definition first the one that is named after it, as plugins
    name theirs, else all. So a start takes no longer for what is installed and not used.
    """

    def __init__(self, plugins: Iterable[Plugin] = (), points: Iterable[EntryPoint] = ()) -> None:
        self._points = sorted(points, key=lambda point: point.name)  # not loaded yet
        self._plugins: list[Plugin] = []
        self._definitions: dict[str, Definition[Any]] = {}
        self._others: dict[str, Definition[Any]] = {}  # by name and id
        for plugin in plugins:
            self._add(plugin)

    @property
    def plugins(self) -> Sequence[Plugin]:
        """All that are installed, in the order of their names."""
        self._load_all()
        return sorted(self._plugins, key=lambda plugin: plugin.name)

    @property
    def definitions(self) -> Mapping[str, Definition[Any]]:
        """All that are offered, by slug."""
        self._load_all()
        return self._definitions

    def has_name(self, name: str) -> bool:
        """Whether a definition has this name, as ``integrations`` objects use it."""
        self._load_all()
        return name in self._others and self._others[name].name == name

    def find(self, key: str) -> Definition[Any]:
        """The definition with this slug, name, id or Segment's ``definitionSlug`` ("actions-" before the slug).

        Raises:
            LookupError: there is none; the text names the nearest, or the quarantined plugin.
        """
        slug = key.removeprefix("actions-")
        self._load(slug)
        found = self._found(key, slug)
        if found is None:
            self._load_all()
            found = self._found(key, slug)
        if found is None:
            raise LookupError(self._not_found(key))
        return found

    def load_next(self) -> bool:
        """Load one more of the entry points; false when all are."""
        if not self._points:
            return False
        self._load(self._points[0].name)
        return True

    def _found(self, *keys: str) -> Definition[Any] | None:
        tables = (self._definitions, self._others)
        return next((table[key] for table in tables for key in keys if key in table), None)

    def _load(self, name: str) -> None:
        named = [point for point in self._points if point.name == name]
        self._points = [point for point in self._points if point.name != name]
        for point in named:
            self._add(_plugin(point))
        if not self._points:
            self._definitions = dict(sorted(self._definitions.items()))

    def _load_all(self) -> None:
        while self.load_next():
            pass

    def _add(self, plugin: Plugin) -> None:
        """Take a plugin in, or into quarantine when it brings a slug that is taken."""
        own = [made.slug for made in plugin.definitions]
        clash = next((slug for slug in own if slug in self._definitions or own.count(slug) > 1), None)
        if clash is not None:
            taken = next((each.package for each in self._plugins if _offers(each, clash)), plugin.package)
            error = f"the slug {clash!r} is taken by {taken}"
            plugin = Plugin(plugin.name, plugin.package, plugin.version, error=error)
        self._plugins.append(plugin)
        for made in plugin.definitions:
            self._definitions[made.slug] = made
            self._others |= {made.name: made, made.id: made}

    def plugin_of(self, slug: str) -> Plugin:
        """The plugin that offers a definition. Raises ``LookupError`` where there is none."""
        for plugin in self.plugins:
            if _offers(plugin, slug):
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
    return Catalog(points=entry_points(group=hooks.ENTRY_POINTS) if found is None else found)


def _offers(plugin: Plugin, slug: str) -> bool:
    return any(made.slug == slug for made in plugin.definitions)


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
