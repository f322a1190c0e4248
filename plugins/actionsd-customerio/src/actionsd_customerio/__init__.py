"""Customer.io: people, objects, devices, events and what became of messages."""

from typing import Any
from urllib.parse import quote

from actionsd.sdk import (
    Action,
    BaseCall,
    Definition,
    DeleteCall,
    PayloadValidationError,
    Preset,
    Response,
    hookimpl,
)
from actionsd_customerio.api import CustomerioSettings, action_of, authorized, url_of
from actionsd_customerio.devices import CreateUpdateDevice, DeleteDevice, create_update_device, delete_device
from actionsd_customerio.events import (
    ReportContentEvent,
    ReportDeliveryEvent,
    TrackEvent,
    TrackPageView,
    TrackScreenView,
    report_content_event,
    report_delivery_event,
    track_event,
    track_page_view,
    track_screen_view,
)
from actionsd_customerio.objects import (
    CreateUpdateObject,
    DeleteObject,
    DeleteRelationship,
    create_update_object,
    delete_object,
    delete_relationship,
)
from actionsd_customerio.people import (
    CreateUpdatePerson,
    MergePeople,
    ThePerson,
    create_update_person,
    delete_person,
    merge_people,
    suppress_person,
    unsuppress_person,
)

actionsd_contract = 1

_WITH_OWN_ACTION = (
    "Application Installed", "Application Opened", "Application Uninstalled", "Device Created or Updated",
    "Device Deleted", "Relationship Deleted", "User Deleted", "User Suppressed", "User Unsuppressed", "Object Deleted",
    "Report Delivery Event", "Report Content Event",
)  # fmt: skip


async def test_authentication(call: BaseCall[CustomerioSettings]) -> Response:
    """Ask whether site ID and API key belong together."""
    return await call.http.get(url_of("auth", call.settings))


async def on_delete(call: DeleteCall[CustomerioSettings]) -> Response:
    """Delete a person."""
    if not call.user_id:
        raise PayloadValidationError("Customer.io deletes people by user ID, and this deletion has none.")
    return await call.http.delete(url_of(f"api/v1/customers/{quote(call.user_id, safe='')}", call.settings))


_ACTIONS: list[Action[CustomerioSettings, Any]] = [
    action_of("createUpdateDevice", CreateUpdateDevice, create_update_device, title="Create or Update Device",
              description="Add a device to a person.",
              trigger='event = "Application Installed" or event = "Application Opened" '
                      'or event = "Device Created or Updated"'),
    action_of("deleteDevice", DeleteDevice, delete_device, title="Delete Device",
              description="Take a device from a person.",
              trigger='event = "Application Uninstalled" or event = "Device Deleted"'),
    action_of("deleteRelationship", DeleteRelationship, delete_relationship, title="Delete Relationship",
              description="End the relationship of a person with an object.", trigger='event = "Relationship Deleted"'),
    action_of("deletePerson", ThePerson, delete_person, title="Delete Person", description="Delete a person.",
              trigger='event = "User Deleted"'),
    action_of("deleteObject", DeleteObject, delete_object, title="Delete Object", description="Delete an object.",
              trigger='event = "Object Deleted"'),
    action_of("createUpdatePerson", CreateUpdatePerson, create_update_person, title="Create or Update Person",
              description="Set attributes of a person.", trigger='type = "identify"'),
    action_of("trackEvent", TrackEvent, track_event, title="Track Event", description="Send an event.",
              trigger=" and ".join(['type = "track"', *(f'event != "{name}"' for name in _WITH_OWN_ACTION)])),
    action_of("trackPageView", TrackPageView, track_page_view, title="Track Page View",
              description="Send a view of a page.", trigger='type = "page"'),
    action_of("trackScreenView", TrackScreenView, track_screen_view, title="Track Screen View",
              description="Send a view of a screen.", trigger='type = "screen"'),
    action_of("createUpdateObject", CreateUpdateObject, create_update_object, title="Create or Update Object",
              description="Set attributes of an object and relate it to a person.", trigger='type = "group"'),
    action_of("mergePeople", MergePeople, merge_people, title="Merge People", description="Merge two people into one.",
              trigger='type = "alias"'),
    action_of("suppressPerson", ThePerson, suppress_person, title="Suppress Person",
              description="Delete a person and accept none of this ID.", trigger='event = "User Suppressed"'),
    action_of("unsuppressPerson", ThePerson, unsuppress_person, title="Unsuppress Person",
              description="Accept a person again.", trigger='event = "User Unsuppressed"'),
    Action("reportDeliveryEvent", title="Report Delivery Event", description="Report what became of a message.",
           payload=ReportDeliveryEvent, trigger='event = "Report Delivery Event"', perform=report_delivery_event),
    action_of("reportContentEvent", ReportContentEvent, report_content_event, title="Report Content Event",
              description="Report what a visitor did with content.", trigger='event = "Report Content Event"'),
]  # fmt: skip


def _specific_preset(name: str, action: str, slug: str) -> Preset:
    return Preset(name, action, type="specificEvent", event_slug=slug)


customerio = Definition(
    "customerio",
    id="5f7dd78fe27ce7ff2b8bfa37",
    name="Actions Customerio",
    description="Customer engagement: people, objects, devices and events.",
    settings=CustomerioSettings,
    scheme="basic",
    request=authorized,
    test_authentication=test_authentication,
    on_delete=on_delete,
    hosts=("track.customer.io", "track-eu.customer.io"),
    categories=("Email Marketing", "Push Notifications"),
    actions=_ACTIONS,
    presets=[
        *(Preset(action.title, action.slug, action.trigger) for action in _ACTIONS),
        _specific_preset("Associated Entity Added", "trackEvent", "warehouse_entity_added_track"),
        _specific_preset("Associated Entity Removed", "trackEvent", "warehouse_entity_removed_track"),
        _specific_preset("Entities Audience Entered", "trackEvent", "warehouse_audience_entered_track"),
        _specific_preset("Entities Exited", "trackEvent", "warehouse_audience_exited_track"),
        _specific_preset("Entities Audience Membership Changed", "createUpdatePerson",
                         "warehouse_audience_membership_changed_identify"),
        _specific_preset("Journeys Step Transition Track", "trackEvent", "journeys_step_entered_track"),
    ],
)  # fmt: skip


@hookimpl
def actionsd_definitions() -> list[Definition[Any]]:
    return [customerio]
