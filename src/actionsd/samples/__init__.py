"""Events that are made up: one of each type for testers and the test kit, one that a given trigger takes, and the call
that would make an event."""

from actionsd.samples.calls import call_of
from actionsd.samples.events import alias, all_types, group, identify, page, screen, track
from actionsd.samples.fitting import Unsatisfied, fitting

__all__ = ["Unsatisfied", "alias", "all_types", "call_of", "fitting", "group", "identify", "page", "screen", "track"]
