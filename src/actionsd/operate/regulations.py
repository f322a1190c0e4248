"""Regulations: users suppressed, unsuppressed, deleted at destinations (FEATURES F221-F224)."""

from collections.abc import Sequence
from typing import Literal

from actionsd.errors import ConfigError
from actionsd.operate.callers import Caller
from actionsd.operate.parts import Parts
from actionsd.store.records import Source
from actionsd.store.regulations import DELETING, Type

Wanted = Type | Literal["DELETE_INTERNAL", "SUPPRESS_WITH_DELETE_INTERNAL"]

MOST_USERS = 5_000  # of one call (F223)
_longest_id = 1_000  # characters


async def create(parts: Parts, who: Caller, type: Wanted, users: Sequence[str], source: Source | None = None) -> int:
    """Suppress these users, at one source or at all, from the next event on; let them in again; have destinations
    forget them, which goes on after this returns. Returns the id of the regulation.

    Raises:
        ConfigError: a type that cannot be, or what is wrong with the users.
        Conflict: too many users are suppressed.
    """
    if type == "DELETE_INTERNAL" or type == "SUPPRESS_WITH_DELETE_INTERNAL":  # narrows the type
        retention = f"{parts.settings.journal.retention / 86400:g} days"
        raise ConfigError(
            f"regulationType: INVALID: what actionsd keeps of events itself goes only with its retention, here after "
            f"{retention}; SUPPRESS_WITH_DELETE and DELETE_ONLY delete at destinations"
        )
    unique = list(dict.fromkeys(users))
    if not 0 < len(unique) <= MOST_USERS:
        raise ConfigError(f"subjectIds: from 1 to {MOST_USERS} users, got {len(unique)}")
    if any(not 0 < len(user) <= _longest_id or not _is_text(user) for user in unique):
        raise ConfigError(f"subjectIds: a user id is a text of 1 to {_longest_id} characters")
    id = await parts.store.regulations.create(type, source.id if source else 0, unique, who.name)
    if type in DELETING:
        parts.deletions.wake()
    return id


def _is_text(user: str) -> bool:
    try:
        user.encode()
    except UnicodeEncodeError:
        return False
    return True
