"""The daemon's exception tree; pick the level you mean to catch.

    ActionsdError
    ├── ConfigError       actionsd.toml, a mapping or a setting is wrong; the text names the key (exit 2)
    ├── Unavailable       not now, and not the caller's fault: disk full, writer behind, stopping (503 + Retry-After)
    ├── StoreBroken       the outcome of a commit is unknown or the file is damaged; the daemon must stop (RULES R5)
    ├── NotFound          a slug, id or position that does not exist
    ├── Forbidden         the caller's role is too weak for this
    └── Conflict          the thing exists, but not in a state that allows this

Errors of the pure engines (``MappingError``, ``FQLError``) and of the plugin contract (``actionsd.sdk.errors``) have
trees of their own, because partners and tests catch them without the daemon.
"""


class ActionsdError(Exception):
    """Base of all errors that the daemon raises on purpose. Its text is one line, fit to be shown to a user."""


class ConfigError(ActionsdError):
    """A wrong configuration. ``problems`` holds every one found, a line each; the text joins them."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Unavailable(ActionsdError):
    """The daemon cannot take this now; the same call may go through after ``retry_after`` seconds."""

    def __init__(self, message: str, *, reason: str, retry_after: int = 1) -> None:
        super().__init__(message)
        self.reason = reason
        self.retry_after = retry_after


class StoreBroken(ActionsdError):
    """A commit failed in a way that leaves its outcome unknown, or the writer died: stop, and let recovery decide."""


class NotFound(ActionsdError):
    """What was asked for does not exist."""


class Forbidden(ActionsdError):
    """What was asked for needs a stronger role than the caller has."""


class Conflict(ActionsdError):
    """What was asked for is not possible in the present state."""
