"""Discovery: one hook, asked once per plugin when the catalogue is loaded (DESIGN.md, "The plugin contract")."""

from typing import Any

import pluggy

from actionsd.sdk.definition import Definition

CONTRACT = 1
"""The version of this contract. A plugin module says which one it is written for, as a number (RULES C7).

A daemon speaks this version and those before it down to :data:`OLDEST_CONTRACT`; a module of another version, or of
none, is quarantined. Within a version things are only added. What is to go warns with
:exc:`ContractDeprecationWarning` throughout at least one version before it goes with the next.

Example:
    actionsd_contract = 1  # in the module; not CONTRACT, which changes under it
"""

OLDEST_CONTRACT = 1
"""The oldest version that is still spoken: a daemon takes ``OLDEST_CONTRACT <= actionsd_contract <= CONTRACT``."""


class ContractDeprecationWarning(DeprecationWarning):
    """A plugin uses what a later version of the contract will not have. The daemon tells it in its log and in
    ``actionsctl plugins``; in a plugin's own tests it is a warning like any other.

    Example:
        warnings.warn("Field(kind=...) goes with contract 3: use the type", ContractDeprecationWarning, stacklevel=2)
    """


ENTRY_POINTS = "actionsd"
"""The entry-point group under which plugins register their module."""

hookimpl = pluggy.HookimplMarker("actionsd")
"""Marks the plugin's answer to the one hook.

Example:
    @hookimpl
    def actionsd_definitions() -> list[Definition[Any]]:
        return [acme]
"""

hookspec = pluggy.HookspecMarker("actionsd")


@hookspec
def actionsd_definitions() -> list[Definition[Any]]:
    """The definitions that a plugin offers.

    Example:
        @hookimpl
        def actionsd_definitions() -> list[Definition[Any]]:
            return [acme]
    """
    return []  # a specification: pluggy never calls it
