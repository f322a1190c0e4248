"""Events that are made up: one of each type for testers and the test kit, and one that a given trigger takes."""

from actionsd.samples.events import alias, all_types, group, identify, page, screen, track
from actionsd.samples.fitting import Unsatisfied, fitting

__all__ = ["Unsatisfied", "alias", "all_types", "fitting", "group", "identify", "page", "screen", "track"]
