"""Devices for push messages: added, updated and deleted."""

from typing import Annotated

from actionsd.sdk import Field, Json, path
from actionsd_customerio.api import Operation
from actionsd_customerio.entities import (
    Batched,
    ConvertTimestamp,
    PersonId,
    operation,
    person,
    present,
    unix_time,
    with_unix_times,
)

DeviceToken = Annotated[str, Field("Device ID", "Token of the mobile device.", default=path("$.context.device.token"))]


class CreateUpdateDevice(Batched):
    """A person's device."""

    person_id: PersonId
    device_id: DeviceToken
    app_version: Annotated[
        str | None, Field("App Version", "Version of the app.", default=path("$.context.app.version"))
    ] = None
    platform: Annotated[str, Field("Platform", "ios or android.", default=path("$.context.device.type"))]
    last_used: Annotated[
        str | None, Field("Last Used", "When the device was used last.", default=path("$.timestamp"))
    ] = None
    attributes: Annotated[
        Json | None, Field("Event Attributes", "Attributes of the device.", default=path("$.properties"))
    ] = None
    convert_timestamp: ConvertTimestamp = None


class DeleteDevice(Batched):
    """The device to delete."""

    person_id: PersonId
    device_id: DeviceToken


def create_update_device(payload: CreateUpdateDevice) -> Operation:
    """Add a device to a person, or set its attributes."""
    device = present(
        token=payload.device_id, platform=payload.platform,
        last_used=unix_time(payload.last_used, payload.convert_timestamp),
        attributes=with_unix_times(payload.attributes or {}, payload.convert_timestamp)
        | present(app_version=payload.app_version),
    )  # fmt: skip
    return operation("person", "add_device", person(payload.person_id), device=device)


def delete_device(payload: DeleteDevice) -> Operation:
    """Take a device from a person."""
    return operation("person", "delete_device", person(payload.person_id), device={"token": payload.device_id})
