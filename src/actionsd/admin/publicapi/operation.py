"""One operation of the Public API: what it takes, what it answers, and the function that does it.

Requests and answers are structs; from them come the checks, the answers and the OpenAPI document. Optional members are
``UNSET`` where they are absent, so that they are left out and not null.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any, Generic, Literal, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from actionsd.operate.callers import Caller
from actionsd.operate.parts import Parts
from actionsd.wire import Pagination as Pagination
from actionsd.wire import Role
from actionsd.wire.base import Wire


class Shape(Wire, frozen=True, kw_only=True):
    """Base of what only the Public API takes and answers."""


class Nothing(Shape, frozen=True, kw_only=True):
    """No query, or no body."""


class PageRequest(Shape, frozen=True, kw_only=True):
    """Which page of a list (FEATURES F236); without a cursor the first."""

    cursor: str | UnsetType = UNSET
    count: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 100


class Paged(Shape, frozen=True, kw_only=True):
    """The query of a list."""

    pagination: PageRequest = PageRequest()


class Success(Shape, frozen=True, kw_only=True):
    """The answer of what has nothing to show."""

    status: Literal["SUCCESS"] = "SUCCESS"


Q = TypeVar("Q", bound=Shape)
B = TypeVar("B", bound=Wire)
A = TypeVar("A", bound=Wire)

V1 = ("v1", "v1beta", "v1alpha")
BETA = ("v1beta", "v1alpha")
ALPHA = ("v1alpha",)


class Call(msgspec.Struct, Generic[Q, B], frozen=True):
    """One call: ``path`` has the parameters of the path as text."""

    parts: Parts
    who: Caller
    path: Mapping[str, str]
    query: Q
    body: B
    headers: Mapping[str, str]


class Operation(msgspec.Struct, Generic[Q, B, A], frozen=True):
    """A row of the table of operations. ``versions`` are those of the vendor media types that it answers."""

    id: str
    method: str
    path: str
    least: Role
    do: Callable[[Call[Q, B]], Awaitable[A]]
    answer: type[A]
    query: type[Q] = Nothing  # type: ignore[assignment]
    body: type[B] = Nothing  # type: ignore[assignment]
    versions: tuple[str, ...] = V1
    status: int = 200


Row = Operation[Any, Any, Any]
