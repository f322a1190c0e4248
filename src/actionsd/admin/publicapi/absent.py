"""Functions and insert functions, which actionsd has none of: lists are empty, all else is refused and says so."""

from typing import Any, Literal

from msgspec import UNSET, UnsetType

from actionsd.admin.publicapi.errors import Refused
from actionsd.admin.publicapi.operation import (
    ALPHA,
    Call,
    Nothing,
    Operation,
    PageRequest,
    Pagination,
    Row,
    Shape,
    Success,
)
from actionsd.admin.publicapi.paging import page

Resource = Literal["DESTINATION", "INSERT_DESTINATION", "SOURCE"]


class Function(Shape, frozen=True, kw_only=True):
    """A function; there are none."""

    id: str


class FunctionQuery(Shape, frozen=True, kw_only=True):
    """Which functions are wanted."""

    resource_type: Resource | UnsetType = UNSET
    pagination: PageRequest = PageRequest()


class Functions(Shape, frozen=True, kw_only=True):
    """A page of functions."""

    functions: list[Function]
    pagination: Pagination


class OneFunction(Shape, frozen=True, kw_only=True):
    """One function."""

    function: Function


class Deployment(Shape, frozen=True, kw_only=True):
    """A deployment of a function."""

    function_deployment: Success


class Version(Shape, frozen=True, kw_only=True):
    """A version of a function."""

    id: str
    code: str


class Versions(Shape, frozen=True, kw_only=True):
    """A page of versions."""

    versions: list[Version]
    pagination: Pagination


class OneVersion(Shape, frozen=True, kw_only=True):
    """One version."""

    version: Version


class Instance(Shape, frozen=True, kw_only=True):
    """An insert function at a destination; there are none."""

    id: str


class InstanceQuery(Shape, frozen=True, kw_only=True):
    """Whose instances are wanted."""

    function_id: str | UnsetType = UNSET
    pagination: PageRequest = PageRequest()


class Instances(Shape, frozen=True, kw_only=True):
    """A page of instances."""

    instances: list[Instance]
    pagination: Pagination


class OneInstance(Shape, frozen=True, kw_only=True):
    """One instance."""

    insert_function_instance: Instance


async def functions(call: Call[FunctionQuery, Nothing]) -> Functions:
    """No functions."""
    return Functions(functions=[], pagination=_empty(call.query.pagination))


async def instances(call: Call[InstanceQuery, Nothing]) -> Instances:
    """No insert functions."""
    return Instances(instances=[], pagination=_empty(call.query.pagination))


async def none_made(call: Call[Nothing, Nothing]) -> Any:
    """Nothing can be made, whatever the body says."""
    raise Refused(422, "actionsd has no functions; write a destination plugin instead (actionsctl plugin new)")


async def none_found(call: Call[Nothing, Nothing]) -> Any:
    """There is no function."""
    raise Refused(404, "actionsd has no functions")


def _empty(wanted: PageRequest) -> Pagination:
    none: list[int] = []
    return page(none, lambda each: each, 0, wanted)[1]


_one = "/functions/{functionId}"
_instance = "/insert-function-instances/{instanceId}"

OPERATIONS: tuple[Row, ...] = (
    Operation("listFunctions", "GET", "/functions", "read", functions, Functions, FunctionQuery),
    Operation("createFunction", "POST", "/functions", "write", none_made, OneFunction),
    Operation("getFunction", "GET", _one, "read", none_found, OneFunction),
    Operation("updateFunction", "PATCH", _one, "write", none_found, OneFunction),
    Operation("deleteFunction", "DELETE", _one, "write", none_found, Success),
    Operation("createFunctionDeployment", "POST", _one + "/deploy", "write", none_found, Deployment),
    Operation("listFunctionVersions", "GET", _one + "/versions", "read", none_found, Versions, versions=ALPHA),
    Operation("restoreFunctionVersion", "POST", _one + "/versions", "write", none_found, OneVersion, versions=ALPHA),
    Operation(
        "getFunctionVersion", "GET", _one + "/versions/{versionId}", "read", none_found, OneVersion, versions=ALPHA
    ),
    Operation(
        "listInsertFunctionInstances", "GET", "/insert-function-instances", "read", instances, Instances,
        InstanceQuery, versions=ALPHA,
    ),
    Operation(
        "createInsertFunctionInstance", "POST", "/insert-function-instances", "write", none_made, OneInstance,
        versions=ALPHA,
    ),
    Operation("getInsertFunctionInstance", "GET", _instance, "read", none_found, OneInstance, versions=ALPHA),
    Operation("updateInsertFunctionInstance", "PATCH", _instance, "write", none_found, OneInstance, versions=ALPHA),
    Operation("deleteInsertFunctionInstance", "DELETE", _instance, "write", none_found, Success, versions=ALPHA),
)  # fmt: skip
