"""HubSpot: contacts, companies, records of any object type with associations and lists, and events."""

from typing import Any

from actionsd.sdk import Action, Definition, hookimpl
from actionsd_hubspot.api import OAUTH, HubSpotSettings, authorized, refresh, test_authentication
from actionsd_hubspot.behavioral import BehavioralEvent, send_behavioral_event
from actionsd_hubspot.choices import (
    association_choices,
    custom_object_choices,
    event_choices,
    event_name_choices,
    event_property_choices,
    group_choices,
    id_field_choices,
    label_choices,
    list_choices,
    object_choices,
    property_choices,
    sensitive_choices,
)
from actionsd_hubspot.companies import Company, upsert_company
from actionsd_hubspot.contacts import Contact, upsert_contact, upsert_contacts
from actionsd_hubspot.custom_events import CustomEvent, send_custom_event
from actionsd_hubspot.custom_objects import CustomObjectRecord, upsert_custom_object_record
from actionsd_hubspot.object_fields import UpsertObject
from actionsd_hubspot.objects import upsert_object, upsert_objects

actionsd_contract = 1

_ACTIONS: list[Action[HubSpotSettings, Any]] = [
    Action("sendCustomBehavioralEvent", title="Send Custom Behavioral Event", payload=BehavioralEvent,
           description="Send an event that is defined at HubSpot.", trigger='type = "track"',
           perform=send_behavioral_event, choices={"eventName": event_choices}),
    Action("upsertContact", title="Upsert Contact", description="Write a contact.", payload=Contact,
           trigger='type = "identify"', perform=upsert_contact, perform_batch=upsert_contacts),
    Action("upsertCompany", title="Upsert Company", description="Write a company and its association with a contact.",
           payload=Company, trigger='type = "group"', perform=upsert_company),
    Action("upsertCustomObjectRecord", title="Upsert Custom Object Record", payload=CustomObjectRecord,
           description="Write a record of a custom object.", perform=upsert_custom_object_record,
           choices={"objectType": custom_object_choices, "toObjectType": custom_object_choices,
                    "associationLabel": label_choices}),
    Action("upsertObject", title="Custom Object V2", payload=UpsertObject,
           description="Write a record of any object type, its associations and lists.",
           perform=upsert_object, perform_batch=upsert_objects, sync_modes=["upsert", "add", "update"],
           choices={"object_details.object_type": object_choices, "object_details.id_field_name": id_field_choices,
                    "object_details.property_group": group_choices, "properties.__keys__": property_choices,
                    "sensitive_properties.__keys__": sensitive_choices, **association_choices("associations"),
                    **association_choices("dissociations"), "list_details.list_name": list_choices}),
    Action("customEvent", title="Custom Event V2", description="Send an event; define it at HubSpot if need be.",
           payload=CustomEvent, perform=send_custom_event, sync_modes=["upsert", "add", "update"],
           choices={"event_name": event_name_choices, "record_details.object_type": object_choices,
                    "properties.__keys__": event_property_choices}),
]  # fmt: skip

hubspot = Definition(
    "hubspot",
    id="632b1116e0cb83902f3fd717",
    name="HubSpot Cloud Mode (Actions)",
    description="CRM: contacts, companies, other records and events.",
    settings=HubSpotSettings,
    scheme="oauth2",
    request=authorized,
    test_authentication=test_authentication,
    refresh=refresh,
    oauth=OAUTH,
    hosts=("api.hubapi.com",),
    categories=("CRM", "Marketing Automation"),
    actions=_ACTIONS,
)


@hookimpl
def actionsd_definitions() -> list[Definition[Any]]:
    return [hubspot]
