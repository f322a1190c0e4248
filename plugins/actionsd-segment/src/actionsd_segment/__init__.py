"""Segment: forwards events to a source of another workspace, or to another actionsd."""

from typing import Any

from actionsd.sdk import Action, Definition, hookimpl
from actionsd_segment.api import SegmentSettings, test_authentication, with_write_key
from actionsd_segment.fields import Group, Identify, Page, Screen, Track
from actionsd_segment.messages import send_group, send_identify, send_page, send_screen, send_track

actionsd_contract = 1

segment = Definition(
    "segment",
    id="6371eee1ae5e324869aa8b1b",
    name="Segment",
    description="Forward events to another Segment workspace or another actionsd.",
    settings=SegmentSettings,
    request=with_write_key,
    test_authentication=test_authentication,
    categories=("Raw Data",),
    actions=[
        Action("sendIdentify", title="Send Identify", description="Who a user is.", payload=Identify,
               trigger='type = "identify"', perform=send_identify),
        Action("sendGroup", title="Send Group", description="Which group a user is in.", payload=Group,
               trigger='type = "group"', perform=send_group),
        Action("sendScreen", title="Send Screen", description="Which screen of an app was viewed.", payload=Screen,
               trigger='type = "screen"', perform=send_screen),
        Action("sendPage", title="Send Page", description="Which page of a site was viewed.", payload=Page,
               trigger='type = "page"', perform=send_page),
        Action("sendTrack", title="Send Track", description="What a user did.", payload=Track,
               trigger='type = "track"', perform=send_track),
    ],
)  # fmt: skip


@hookimpl
def actionsd_definitions() -> list[Definition[Any]]:
    return [segment]
