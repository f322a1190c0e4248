"""The OpenAPI 3.1 document of the Public API, made of the table of operations and their structs, so that it says what
the code does."""

import functools
import re
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from typing import Any

import msgspec
from aiohttp import web

from actionsd.admin.publicapi import media
from actionsd.admin.publicapi.errors import Problems
from actionsd.admin.publicapi.operation import Nothing, Row
from actionsd.admin.publicapi.table import OPERATIONS

_REF = "#/components/schemas/{name}"
_LIMITS = {
    "X-RateLimit-Consumed": "Calls made in this minute",
    "X-RateLimit-Remaining": "Calls left in it",
    "X-RateLimit-Reset": "When it ends, as a date",
}

Object = dict[str, Any]


async def serve(request: web.Request) -> web.Response:
    """``GET /openapi.json``."""
    return web.Response(body=_encoded(), content_type=media.PLAIN)


@functools.cache
def _encoded() -> bytes:
    return msgspec.json.encode(document(OPERATIONS))


def document(operations: Iterable[Row]) -> Object:
    """The document of these operations."""
    rows = list(operations)
    types = {type for row in rows for type in (row.query, row.body, row.answer)} | {Problems}
    ordered = sorted(types, key=lambda type: (type.__module__, type.__qualname__))
    found, schemas = msgspec.json.schema_components(ordered, ref_template=_REF)
    refs = dict(zip(ordered, found, strict=True))
    paths: Object = {}
    for row in rows:
        paths.setdefault(row.path, {})[row.method.lower()] = _operation(row, refs, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "actionsd",
            "description": "Segment's Public API, as actionsd speaks it.",
            "version": version("actionsd"),
        },
        "security": [{"token": []}],
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
    }


def _operation(row: Row, refs: dict[type, Object], schemas: Object) -> Object:
    doc = " ".join((row.do.__doc__ or "").split())
    query = schemas[refs[row.query]["$ref"].rpartition("/")[2]]
    described: Object = {
        "operationId": row.id,
        "tags": [row.do.__module__.rpartition(".")[2]],
        "description": f"{doc} Needs the role {row.least}.".strip(),
        "parameters": [*_path_parameters(row.path), *_query_parameters(query, schemas)],
        "responses": {str(row.status): _success(row, refs[row.answer]), "default": _failure(refs[Problems])},
    }
    if row.body is not Nothing:
        described["requestBody"] = {"required": True, "content": {media.PLAIN: {"schema": refs[row.body]}}}
    return described


def _path_parameters(path: str) -> Iterator[Object]:
    for name in re.findall(r"{(\w+)}", path):
        yield {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}


def _query_parameters(struct: Object, schemas: Object, inside: str = "") -> Iterator[Object]:
    """The members of a query; those of an object in it are ``object[member]``."""
    for name, schema in struct.get("properties", {}).items():
        reference = schema.get("$ref") or next((one["$ref"] for one in schema.get("anyOf", ()) if "$ref" in one), "")
        full = f"{inside}[{name}]" if inside else name
        if reference:
            yield from _query_parameters(schemas[reference.rpartition("/")[2]], schemas, full)
        else:
            required = name in struct.get("required", ()) and not inside
            yield {"name": full, "in": "query", "required": required, "schema": schema}


def _success(row: Row, answer: Object) -> Object:
    schema = {"type": "object", "properties": {"data": answer}, "required": ["data"]}
    headers = {
        name: {"description": text, "required": True, "schema": {"type": "string"}} for name, text in _LIMITS.items()
    }
    content = {type: {"schema": schema} for type in media.types_of(row.versions)}
    return {"description": "Done", "headers": headers, "content": content}


def _failure(problems: Object) -> Object:
    return {"description": "Why not", "content": {media.PLAIN: {"schema": problems}}}
