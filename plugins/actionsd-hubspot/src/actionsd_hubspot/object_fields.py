"""The fields of Custom Object V2."""

from typing import Annotated

from actionsd.sdk import Choice, Field, Json, Number, Payload, if_exists, path
from actionsd_hubspot.api import ONLY_CHOICES

ObjectType = Annotated[str, Field("Object Type", dynamic=True, disabled_input_methods=ONLY_CHOICES)]
IdFieldName = Annotated[
    str, Field("ID Field Name", "A property with unique values.", dynamic=True, disabled_input_methods=ONLY_CHOICES)
]


class ObjectDetails(Payload):
    """Which record."""

    object_type: ObjectType
    id_field_name: IdFieldName
    id_field_value: Annotated[str, Field("ID Field Value", "The record's value of that property.")]
    property_group: Annotated[
        str | None,
        Field("Property Group", "Where properties that are missing at HubSpot are made.", dynamic=True,
              disabled_input_methods=ONLY_CHOICES),
    ] = None  # fmt: skip


class Association(Payload):
    """Another record."""

    object_type: ObjectType
    association_label: Annotated[
        str, Field("Association Label", "What the two records are to each other.", dynamic=True,
                   disabled_input_methods=ONLY_CHOICES)
    ]  # fmt: skip
    id_field_name: IdFieldName
    id_field_value: Annotated[str | None, Field("ID Field Value", "None: no association.")] = None


class ListDetails(Payload):
    """A static list that the record shall be in, or not."""

    connected_to_engage_audience: Annotated[
        bool | None,
        Field("Connected to Engage Audience", "The audience tells whether the record is in the list.",
              disabled_input_methods=("literal", "freeform")),
    ] = None  # fmt: skip
    list_name: Annotated[
        str | None, Field("List Name", "None: the name of the audience, if connected to one.", dynamic=True)
    ] = None
    list_action: Annotated[
        bool | None,
        Field("List Action", "True puts the record into the list, false takes it out.",
              disabled_input_methods=("literal", "freeform")),
    ] = None  # fmt: skip
    should_create_list: Annotated[
        bool | None,
        Field("Create List if Not Found", disabled_input_methods=("literal", "freeform")),
    ] = None


class UpsertObject(Payload):
    """A record, its properties, and what it is connected with."""

    object_details: Annotated[
        ObjectDetails, Field("Object Details", "Type and ID of the record.", object_editor="keyvalue:only")
    ]
    properties: Annotated[
        Json | None, Field("Properties", "By internal name.", object_editor="keyvalue", dynamic=True)
    ] = None
    sensitive_properties: Annotated[
        Json | None,
        Field("Sensitive Properties", "Kept as sensitive data at HubSpot.", object_editor="keyvalue", dynamic=True),
    ] = None
    association_sync_mode: Annotated[
        str,
        Field("Association Sync Mode", "Whether associated records are made.", default="upsert",
              choices=[Choice("upsert", "Make those that do not exist"), Choice("read", "Only existing ones")],
              disabled_input_methods=ONLY_CHOICES),
    ]  # fmt: skip
    associations: Annotated[
        list[Association] | None, Field("Associations", "Added to the record.", object_editor="arrayeditor")
    ] = None
    dissociations: Annotated[
        list[Association] | None, Field("Dissociations", "Taken off the record.", object_editor="arrayeditor")
    ] = None
    list_details: Annotated[
        ListDetails | None,
        Field("List Details", object_editor="keyvalue:only",
              default={"connected_to_engage_audience": False, "should_create_list": True}),
    ] = None  # fmt: skip
    enable_batching: Annotated[bool | None, Field("Batch Data to HubSpot", default=True, hidden=True)] = None
    batch_size: Annotated[Number, Field("Batch Size", "At most 100.", default=100, hidden=True)]
    batch_keys: Annotated[list[str] | None, Field("Batch Keys", default=["list_details"], hidden=True)] = None
    timestamp: Annotated[
        str | None,
        Field("Timestamp", "Later values of a property win within a batch.", default=path("$.timestamp"),
              disabled_input_methods=ONLY_CHOICES),
    ] = None  # fmt: skip
    traits_or_props: Annotated[
        Json | None,
        Field("Traits or Properties", default=if_exists("$.properties", "$.traits"), hidden=True),
    ] = None
    computation_key: Annotated[
        str | None,
        Field("Computation Key", default=path("$.context.personas.computation_key"), hidden=True),
    ] = None
    computation_class: Annotated[
        str | None,
        Field("Computation Class", default=path("$.context.personas.computation_class"), hidden=True),
    ] = None
