"""Plugins, backups, checks of the config."""

from actionsd.wire.base import Wire


class PluginStatus(Wire, frozen=True, kw_only=True):
    """A definition that is installed, or one that was quarantined with its ``error``. ``deprecations`` say what its
    plugin uses that a later version of the contract will not have."""

    slug: str
    name: str
    package: str
    version: str
    actions: list[str]
    error: str
    deprecations: list[str] = []


class BackupRequest(Wire, frozen=True, kw_only=True):
    """Where the copy goes: a path on the daemon's machine that does not exist yet."""

    path: str


class Backup(Wire, frozen=True, kw_only=True):
    """A finished copy of the database."""

    path: str
    bytes: int


class CheckResult(Wire, frozen=True, kw_only=True):
    """What a reload would say of the config file now; no problems: it would be taken. ``troubles`` is what was made
    elsewhere and does not work."""

    path: str
    problems: list[str]
    troubles: list[str]
