"""Who asks for something to be done."""

import msgspec

from actionsd.wire import Role


class Caller(msgspec.Struct, frozen=True):
    """Who makes a call: ``socket``, ``admin token`` (the one of the config) or ``token:NAME``."""

    name: str
    role: Role
