"""Discovery: one hook, asked once per plugin when the catalogue is loaded (DESIGN.md, "The plugin contract")."""

from typing import Any

import pluggy

from actionsd.sdk.definition import Definition

CONTRACT = 1
"""The version of this contract. A plugin module says ``actionsd_contract = 1`` (RULES C7)."""

ENTRY_POINTS = "actionsd"
"""The entry-point group under which plugins register their module."""

hookimpl = pluggy.HookimplMarker("actionsd")
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
