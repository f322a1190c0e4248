"""The test kit for plugin authors: run actions for real, with nothing leaving the process. DESIGN.md, "Test kit"."""

from actionsd.samples.events import alias, all_types, group, identify, page, screen, track
from actionsd.testing.conformance import check_definition, sample
from actionsd.testing.kit import Called, Kind, Run, call, run
from actionsd.testing.stub import Answer, Respond, StubTransport, recorded

__all__ = [
    "Answer",
    "Called",
    "Kind",
    "Respond",
    "Run",
    "StubTransport",
    "alias",
    "all_types",
    "call",
    "check_definition",
    "group",
    "identify",
    "page",
    "recorded",
    "run",
    "sample",
    "screen",
    "track",
]
