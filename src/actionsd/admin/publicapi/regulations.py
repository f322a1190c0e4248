"""Regulations and suppressions (FEATURES F221-F224). Deletions go on after the answer; a regulation tells how far they
are. There are no cloud sources here, and so no objects to be deleted."""

from msgspec import UNSET, UnsetType

from actionsd import wire
from actionsd.admin.publicapi import ids, times
from actionsd.admin.publicapi.errors import Refused
from actionsd.admin.publicapi.operation import (
    Call,
    Nothing,
    Operation,
    Paged,
    PageRequest,
    Row,
    Shape,
    Success,
)
from actionsd.admin.publicapi.paging import decode, encode
from actionsd.admin.publicapi.sources import WORKSPACE
from actionsd.operate import regulations
from actionsd.store.records import Source
from actionsd.store.regulations import Choice, Deletion, Page, Regulation

_most_rows = 100  # of one page, whatever is asked for: each may hold 5,000 users
_most_users = 999  # with the next page's first, the most that is read at once (RULES R34)


class RegulationQuery(Shape, frozen=True, kw_only=True):
    """Which regulations are wanted."""

    status: wire.RegulationStatus | UnsetType = UNSET
    regulation_types: list[wire.RegulationType] = []
    pagination: PageRequest = PageRequest()


class SourceRegulations(Shape, frozen=True, kw_only=True):
    """Upstream tells no pagination here."""

    regulations: list[wire.RegulationRow]


async def listed(call: Call[RegulationQuery, Nothing]) -> wire.RegulationPage:
    """Regulations of all sources and of single ones, the newest first."""
    return await _page(call)


async def listed_of_source(call: Call[RegulationQuery, Nothing]) -> SourceRegulations:
    """Regulations of one source, the newest first."""
    page = await _page(call, ids.source(call.parts, call.path["sourceId"]))
    return SourceRegulations(regulations=page.regulations)


async def get(call: Call[Nothing, Nothing]) -> wire.OneRegulation:
    """A regulation, and how far it is at each destination."""
    id = ids.number("regulation", call.path["regulateId"])
    store = call.parts.store.regulations
    found, deletions = await store.get(id), await store.deletions(id)
    by_source: dict[int, list[Deletion]] = {}
    for each in deletions:
        by_source.setdefault(each.source, []).append(each)
    return wire.OneRegulation(
        regulation=wire.RegulationDetail(
            id=str(found.id),
            workspace_id=WORKSPACE,
            overall_status=found.status,
            finished_at=times.text(found.finished_at) if found.finished_at else "",
            created_at=times.text(found.created_at),
            stream_status=[
                wire.StreamStatus(id=str(source), destination_status=list(map(_deletion, each)))
                for source, each in by_source.items()
            ],
        )
    )


async def create(call: Call[Nothing, wire.RegulationCreate]) -> wire.RegulationMade:
    """Suppress users of all sources, let them in again, or delete them."""
    return await _create(call, None)


async def create_for_source(call: Call[Nothing, wire.RegulationCreate]) -> wire.RegulationMade:
    """The same for one source and its destinations."""
    return await _create(call, ids.source(call.parts, call.path["sourceId"]))


async def none_of_cloud_sources(call: Call[Nothing, Nothing]) -> wire.RegulationMade:
    """There are no cloud sources."""
    raise Refused(404, "actionsd has no cloud sources")


async def delete(call: Call[Nothing, Nothing]) -> Success:
    """Delete a regulation that has not begun."""
    await call.parts.store.regulations.delete(ids.number("regulation", call.path["regulateId"]))
    return Success()


async def suppressed(call: Call[Paged, Nothing]) -> wire.SuppressedPage:
    """Users whose events are refused."""
    wanted = call.query.pagination
    first = decode(wanted, 0)
    rows, page = await call.parts.store.regulations.list_suppressed(first=first, limit=min(wanted.count, _most_users))
    users = list(dict.fromkeys(user for _, user in rows))
    return wire.SuppressedPage(
        suppressed=[wire.Suppressed(subject_type="USER_ID", subject_ids=users)] if users else [],
        pagination=_pagination(rows[0][0] if rows else first, page),
    )


async def _create(call: Call[Nothing, wire.RegulationCreate], source: Source | None) -> wire.RegulationMade:
    body = call.body
    if body.subject_type != "USER_ID":
        raise Refused(422, "actionsd has no objects of cloud sources, only users", field="subjectType")
    id = await regulations.create(call.parts, call.who, body.regulation_type, body.subject_ids, source)
    return wire.RegulationMade(regulate_id=str(id))


async def _page(call: Call[RegulationQuery, Nothing], source: Source | None = None) -> wire.RegulationPage:
    query, wanted = call.query, call.query.pagination
    status = "" if query.status is UNSET else query.status
    choice = Choice(source.id if source else 0, status, tuple(query.regulation_types))
    first = decode(wanted, 0)
    found, page = await call.parts.store.regulations.list_regulations(
        choice, first=first, limit=min(wanted.count, _most_rows)
    )
    return wire.RegulationPage(
        regulations=list(map(_row, found)), pagination=_pagination(found[0].id if found else first, page)
    )


def _pagination(first: int, page: Page) -> wire.Pagination:
    return wire.Pagination(
        current=encode(first),
        next=UNSET if page.next is None else encode(page.next),
        previous=UNSET if page.previous is None else encode(page.previous),
        total_entries=page.total,
    )


def _row(regulation: Regulation) -> wire.RegulationRow:
    return wire.RegulationRow(
        id=str(regulation.id),
        subject_type="USER_ID",
        subjects=list(regulation.users),
        status=regulation.status,
        created_at=times.text(regulation.created_at),
        regulation_type=regulation.type,
        finished_at=times.text(regulation.finished_at) if regulation.finished_at else UNSET,
    )


def _deletion(deletion: Deletion) -> wire.DeletionRow:
    return wire.DeletionRow(
        name=deletion.name,
        id=str(deletion.destination),
        status=deletion.status,
        err_string=deletion.error,
        finished_at=times.text(deletion.finished_at),
    )


OPERATIONS: tuple[Row, ...] = (
    Operation(
        "listWorkspaceRegulations", "GET", "/regulations", "read", listed, wire.RegulationPage, RegulationQuery
    ),
    Operation(
        "createWorkspaceRegulation", "POST", "/regulations", "admin", create, wire.RegulationMade,
        body=wire.RegulationCreate,
    ),
    Operation("getRegulation", "GET", "/regulations/{regulateId}", "read", get, wire.OneRegulation),
    Operation("deleteRegulation", "DELETE", "/regulations/{regulateId}", "admin", delete, Success),
    Operation(
        "createCloudSourceRegulation", "POST", "/regulations/cloudsources/{sourceId}", "admin",
        none_of_cloud_sources, wire.RegulationMade,
    ),
    Operation(
        "listRegulationsFromSource", "GET", "/regulations/sources/{sourceId}", "read", listed_of_source,
        SourceRegulations, RegulationQuery,
    ),
    Operation(
        "createSourceRegulation", "POST", "/regulations/sources/{sourceId}", "admin", create_for_source,
        wire.RegulationMade, body=wire.RegulationCreate,
    ),
    Operation("listSuppressions", "GET", "/suppressions", "read", suppressed, wire.SuppressedPage, Paged),
)  # fmt: skip
