"""Users suppressed and deleted, in the Public API's shapes (FEATURES F222-F224)."""

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, UnsetType

from actionsd.wire.base import Wire
from actionsd.wire.publicapi import Pagination

RegulationType = Literal[
    "DELETE_INTERNAL", "DELETE_ONLY", "SUPPRESS_ONLY", "SUPPRESS_WITH_DELETE", "SUPPRESS_WITH_DELETE_INTERNAL",
    "UNSUPPRESS",
]  # fmt: skip
RegulationStatus = Literal[
    "FAILED", "FINISHED", "INITIALIZED", "INVALID", "NOT_SUPPORTED", "PARTIAL_SUCCESS", "RUNNING"
]


class RegulationCreate(Wire, frozen=True, kw_only=True):
    """A regulation that is wanted, of at most 5,000 users."""

    regulation_type: RegulationType
    subject_type: Literal["USER_ID", "OBJECT_ID"] = "USER_ID"
    subject_ids: Annotated[list[str], msgspec.Meta(min_length=1, max_length=5000)]


class RegulationMade(Wire, frozen=True, kw_only=True):
    """The id of a new regulation; what it deletes is deleted after this answer."""

    regulate_id: str


class RegulationRow(Wire, frozen=True, kw_only=True):
    """A regulation as lists show it."""

    id: str
    subject_type: str
    subjects: list[str]
    status: RegulationStatus
    created_at: str
    regulation_type: RegulationType
    finished_at: str | UnsetType = UNSET


class RegulationPage(Wire, frozen=True, kw_only=True):
    """A page of regulations, the newest first."""

    regulations: list[RegulationRow]
    pagination: Pagination


class DeletionRow(Wire, frozen=True, kw_only=True):
    """How the deletion went at one destination; ``errString`` is "" where it went well."""

    name: str
    id: str
    status: RegulationStatus
    err_string: str
    finished_at: str


class StreamStatus(Wire, frozen=True, kw_only=True):
    """The destinations of one source."""

    id: str
    destination_status: list[DeletionRow]


class RegulationDetail(Wire, frozen=True, kw_only=True):
    """A regulation whole; ``finishedAt`` is "" until it is finished."""

    id: str
    workspace_id: str
    overall_status: RegulationStatus
    finished_at: str
    created_at: str
    stream_status: list[StreamStatus]


class OneRegulation(Wire, frozen=True, kw_only=True):
    regulation: RegulationDetail


class Suppressed(Wire, frozen=True, kw_only=True):
    """Users whose events are refused."""

    subject_type: str
    subject_ids: list[str]


class SuppressedPage(Wire, frozen=True, kw_only=True):
    """A page of them, in the order in which they were suppressed."""

    suppressed: list[Suppressed]
    pagination: Pagination
